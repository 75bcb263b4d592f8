#include "sts/sts.h"

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "vouch/text.h"

#define IPC_PROTO "sts/proto.def"
#define IPC_ALL sts_messages
#include "base/ipc_define.h"

enum {
	ANSWER_MS = 5000, /* beyond what it may wait itself */
	PAUSE_MS = 100,
};

static bool is_pattern(struct str s)
{
	return sts_domain_ok(str_starts(s, STR("*.")) ? str_skip(s, 2) : s);
}

static int read_patterns(struct str text, struct arena *a, struct sts_answer *out)
{
	struct str *mx = arena_alloc(a, STS_MX_MOST * sizeof(*mx)), rest = arena_str(a, text);

	while (rest.n > 0 && out->nmx < STS_MX_MOST) {
		str_cut(rest, STR("\n"), &mx[out->nmx], &rest);
		if (!is_pattern(mx[out->nmx++]))
			return -1;
	}
	out->mx = mx;
	return rest.n > 0 ? -1 : 0;
}

int sts_told_read(const struct sts_told *told, struct arena *a, struct sts_answer *out)
{
	*out = (struct sts_answer){ .mode = STS_NONE };
	if (told->mode > STS_ENFORCE || told->fault >= STS_RESULTS || (told->id.n > 0 && !sts_id_ok(told->id)) ||
	    read_patterns(told->mx, a, out) < 0) {
		*out = (struct sts_answer){ .mode = STS_NONE,
					    .why = STR("telltale-policy sent something else"),
					    .unheard = true };
		return -1;
	}
	out->mode = (enum sts_mode)told->mode;
	out->id = arena_str(a, told->id);
	out->fetched = (int64_t)told->fetched;
	out->until = (int64_t)told->until;
	out->fault = (enum sts_result)told->fault;
	out->why = vouch_shown(told->why, 200, a);
	return 0;
}

/* telltale-policy may have ended since it was asked last, and is back in a moment: its socket is there all the time. */
static int call(struct ipc_client *c, const struct sts_ask *ask, struct arena *a, struct ipc_frame *reply)
{
	int64_t deadline = deadline_in((int64_t)ask->wait + ANSWER_MS);
	struct err e = { 0 };

	while (ipc_call(c, &sts_ask_type, ask, a, reply, deadline, &e) < 0) {
		if (clock_mono() + PAUSE_MS >= deadline)
			return -1;
		fiber_sleep(PAUSE_MS);
	}
	return 0;
}

void sts_find(struct ipc_client *c, struct str domain, int64_t wait, struct arena *a, struct sts_answer *out)
{
	struct sts_ask ask = { .domain = arena_lower(a, domain), .wait = (uint64_t)wait };
	struct ipc_frame f;
	struct sts_told told;
	struct err e = { 0 };

	*out = (struct sts_answer){ .mode = STS_NONE, .why = STR("no domain that could have one") };
	if (!sts_domain_ok(ask.domain))
		return;
	*out = (struct sts_answer){ .mode = STS_NONE, .why = STR("telltale-policy gives no answer"), .unheard = true };
	if (call(c, &ask, a, &f) < 0)
		return;
	fd_clear(&f.fd);
	if (f.type == sts_told_number && ipc_unpack(f.body, &sts_told_type, &told, &e) == 0)
		(void)sts_told_read(&told, a, out);
}
