#include "sign/told.h"

#include "sign/keyring.h"
#include "vouch/arc_seal.h"

enum { NAME_MAX_BYTES = 80 };

const char *const sign_dkim_fields[] = { "DKIM-Signature: ", NULL };
const char *const sign_arc_fields[] = { "ARC-Seal: ", "ARC-Message-Signature: ", NULL };

static bool is_line(struct str line)
{
	if (line.n < 3 || !str_ends(line, STR("\r\n")))
		return false;
	line.n -= 2;
	for (size_t i = 0; i < line.n; i++)
		if (!ascii_isprint(line.p[i]) && !(i == 0 && line.p[i] == '\t'))
			return false;
	return true;
}

/* Each line begins one of the fields or goes on with one, and ends. */
static bool are_fields(struct str s, const char *const *which)
{
	size_t n = 0, kinds = which[1] == NULL ? 1 : 2;

	if (s.n == 0 || s.n > SIGN_ANSWER_MAX)
		return false;
	while (s.n > 0) {
		ptrdiff_t end = str_chr(s, '\n');
		struct str line = str_take(s, (size_t)(end + 1));
		bool goes_on = n > 0 && line.n > 0 && line.p[0] == '\t';

		if (!is_line(line) || (!goes_on && !str_starts(line, str_of(which[n % kinds]))))
			return false;
		n += !goes_on;
		s = str_skip(s, line.n);
	}
	return kinds == 1 || n == kinds;
}

enum sign_result sign_told_read(const struct sign_told *told, const char *const *which, struct arena *a,
				struct str *fields, struct err *e)
{
	*fields = str_of(NULL);
	if (told->result == SIGN_NO_KEY)
		return SIGN_NO_KEY;
	if (told->result == SIGN_FAILED) {
		err_set(e, "telltale-signer: %.*s", STR_ARG(str_take(told->why, 200)));
		return SIGN_FAILED;
	}
	if (told->result != SIGN_DONE || !are_fields(told->fields, which)) {
		err_set(e, "telltale-signer sent a malformed answer");
		return SIGN_FAILED;
	}
	*fields = arena_str(a, told->fields);
	return SIGN_DONE;
}

static bool domains_ok(struct str rest)
{
	struct str one;
	size_t n = 0;

	do {
		bool more = str_cut(rest, STR("\n"), &one, &rest);

		if (!keyring_domain_ok(one) || ++n > SIGN_DOMAINS_MAX)
			return false;
		if (!more)
			return true;
	} while (true);
}

bool sign_name_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_isprint(name.p[i]) || name.p[i] == ' ' || name.p[i] == ':' || name.p[i] == ';')
			return false;
	return name.n > 0 && name.n <= NAME_MAX_BYTES;
}

static bool names_ok(struct str rest)
{
	struct str one;
	bool more;

	if (rest.n > SIGN_NAMES_MAX || !dkim_sign_names_from(rest))
		return false;
	do {
		more = str_cut(rest, STR(":"), &one, &rest);
		if (!sign_name_ok(one))
			return false;
	} while (more);
	return true;
}

bool sign_asked_ok(const struct sign_ask *ask)
{
	return domains_ok(ask->domains) && names_ok(ask->names) && ask->fields.n <= SIGN_FIELDS_MAX &&
	       ask->body.n == SHA256_SIZE;
}

/* One field, as it is written. */
static bool results_ok(struct str s)
{
	static const struct str name = STR_INIT("ARC-Authentication-Results: i=");
	bool first = true;

	if (s.n > SIGN_RESULTS_MAX || !str_starts(s, name))
		return false;
	while (s.n > 0) {
		ptrdiff_t end = str_chr(s, '\n');
		struct str line = str_take(s, (size_t)(end + 1));

		if (!is_line(line) || (!first && line.p[0] != '\t'))
			return false;
		s = str_skip(s, line.n);
		first = false;
	}
	return true;
}

bool sign_seal_ok(const struct sign_seal *q)
{
	struct sign_ask ask = { q->domains, q->names, q->fields, q->body };

	return sign_asked_ok(&ask) && q->instance >= 1 && q->instance <= ARC_SETS_MAX && q->before <= ARC_FAIL &&
	       (q->instance == 1) == (q->before == ARC_NONE) && q->older.n <= SIGN_FIELDS_MAX && results_ok(q->results);
}
