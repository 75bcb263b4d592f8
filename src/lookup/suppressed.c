#include "lookup/suppressed.h"

#include "lookup/told.h"

enum { REASON_MAX = 300 };

static bool printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isprint(s.p[i]))
			return false;
	return true;
}

bool lookup_suppressed(struct ipc_client *c, struct str mailbox, struct str address, struct arena *a,
		       struct suppressed *out, int64_t deadline)
{
	struct lookup_suppressed question = { mailbox, address };
	struct lookup_suppressed_told told;
	struct err e = { 0 };
	struct lookup_call call = { a, &told, deadline, &e };

	if (lookup_call(c, &lookup_suppressed_type, &question, &lookup_suppressed_told_type, &call) < 0 ||
	    told.since == 0 || told.since > INT64_MAX || told.until > INT64_MAX || told.reason.n > REASON_MAX ||
	    !printable(told.reason))
		return false;
	*out = (struct suppressed){ (int64_t)told.since, (int64_t)told.until, arena_str(a, told.reason) };
	return true;
}
