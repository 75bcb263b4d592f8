#include "lookup/suppressed.h"

#include "base/io.h"

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
	struct ipc_frame reply = { .fd = -1 };
	struct err e = { 0 };

	if (ipc_call(c, &lookup_suppressed_type, &question, a, &reply, deadline, &e) < 0)
		return false;
	fd_clear(&reply.fd);
	if (reply.type != lookup_suppressed_told_number ||
	    ipc_unpack(reply.body, &lookup_suppressed_told_type, &told, &e) < 0 || told.since == 0 ||
	    told.since > INT64_MAX || told.until > INT64_MAX || told.reason.n > REASON_MAX || !printable(told.reason))
		return false;
	*out = (struct suppressed){ (int64_t)told.since, (int64_t)told.until, arena_str(a, told.reason) };
	return true;
}
