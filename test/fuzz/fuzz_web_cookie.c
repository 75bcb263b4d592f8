/* Whatever a Cookie field holds: its values are pieces of it, none of them is anybody's session, and what we set is
 * found again behind it. */
#include <stdlib.h>

#include "web/cookie.h"
#include "web/sessions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The fuzzer learns our own id from the comparison with it: then it is a session, and no other value is. */
static void read_all(struct sessions *s, const char *id, struct str field, bool secure)
{
	struct str rest = field, value;
	struct session x;
	char by[SESSION_ACCOUNT_MAX + 1];
	size_t n = 0;

	while (cookie_next(&rest, secure, &value)) {
		MUST(value.n > 0 && value.p >= field.p && value.p + value.n <= field.p + field.n);
		MUST(++n <= field.n);
		MUST(sessions_find(s, value, 5, &x) == str_eqz(value, id));
		MUST(!sessions_take_link(s, value, 5, by));
	}
}

static void find_ours(struct str field, const char *id, bool secure)
{
	struct str rest, value = STR("");
	BUF(all);

	buf_addstr(&all, field);
	buf_adds(&all, "; ");
	cookie_put(&all, str_of(id), secure, STR("/mail/"));
	rest = buf_str(&all);
	while (cookie_next(&rest, secure, &value) && !str_eqz(value, id))
		;
	MUST(str_eqz(value, id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sessions_limits limits = { { 100, 1000 }, { 100, 1000 } };
	static struct sessions *s;
	static char id[SESSION_ID + 1], token[SESSION_ID + 1];
	const struct session bob = { .account = "bob@example.com" };

	if (s == NULL) {
		s = sessions_open(-1, &limits, NULL);
		sessions_begin(s, &bob, 1, id);
		sessions_link(s, STR("root"), 1, token);
	}
	for (int secure = 0; secure < 2; secure++) {
		read_all(s, id, str_mem(data, size), secure != 0);
		find_ours(str_mem(data, size), id, secure != 0);
	}
	return 0;
}
