#include "lookup/graylist.h"

#include "lookup/told.h"

int lookup_told_gray(const struct lookup_gray_told *told, struct gray_known *out, struct err *e)
{
	if (told->known > 1 || told->domain > 1 || told->first > INT64_MAX || told->passed > INT64_MAX ||
	    told->wrote > INT64_MAX || (told->first == 0 && told->passed > 0))
		return err_set(e, "telltale-lookup sent a malformed answer");
	if (told->known == 0)
		return err_set(e, "the graylist cannot be asked now");
	*out = (struct gray_known){
		.domain = told->domain == 1,
		.first = (int64_t)told->first,
		.passed = (int64_t)told->passed,
		.wrote = (int64_t)told->wrote,
	};
	return 0;
}

int lookup_gray(struct ipc_client *c, const struct gray_key *key, struct gray_known *out, int64_t deadline,
		struct err *e)
{
	struct lookup_gray question = { key->rcpt, key->sender, key->network };
	struct lookup_gray_told told;
	ARENA(a);
	struct lookup_call call = { &a, &told, deadline, e };

	if (lookup_call(c, &lookup_gray_type, &question, &lookup_gray_told_type, &call) < 0)
		return -1;
	return lookup_told_gray(&told, out, e);
}

int lookup_gray_tell(struct ipc_client *c, const struct gray_event *what, int64_t deadline, struct err *e)
{
	struct lookup_gray_note note = {
		.what = (uint64_t)what->what,
		.rcpt = what->key.rcpt,
		.sender = what->key.sender,
		.network = what->key.network,
		.time = (uint64_t)what->time,
		.until = (uint64_t)what->until,
	};

	return ipc_tell(c, ipc_client_epoch(c), &lookup_gray_note_type, &note, deadline, e);
}
