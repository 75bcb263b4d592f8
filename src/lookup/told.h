/* lookup/told.h - ask telltale-lookup, and believe its answer only after looking at all of it. */
#ifndef LOOKUP_TOLD_H
#define LOOKUP_TOLD_H

#include "lookup/graylist.h"

enum { LOOKUP_TARGETS_MAX = 1000 };

/* Where an answer goes, and how long it is waited for. */
struct lookup_call {
	struct arena *mem;
	void *answer;
	int64_t deadline;
	struct err *e;
};

/* A question and its answer, which must be of the type `want` and is unpacked, not yet looked at. */
int lookup_call(struct ipc_client *c, const struct ipc_type *t, const void *question, const struct ipc_type *want,
		struct lookup_call *call);

/* -1 (and RESOLVED_TEMPORARY in *out) with the reason in *e when it is malformed or was no answer. */
int lookup_told_read(const struct lookup_resolved *told, struct str original, struct arena *a,
		     struct lookup_answer *out, struct err *e);

/* Of an automatic answer; original: whom it goes to. */
int lookup_told_reply(const struct lookup_reply_told *told, struct str original, struct arena *a,
		      struct lookup_answer *out, struct err *e);

int lookup_told_list(const struct lookup_list_told *told, struct arena *a, struct lookup_answer *out, struct err *e);

/* The same for a login (LOGIN_TEMPORARY as an answer is 0, with the sentence in *e) and for a quota. */
int lookup_told_login(const struct lookup_login_told *told, struct str user, struct arena *a, struct login_answer *out,
		      struct err *e);
int lookup_told_quota(const struct lookup_quota_told *told, uint64_t *limit, struct err *e);
/* And for the sender of a forward: LEAVES_LATER in *out when it is malformed. */
int lookup_told_leaves(const struct lookup_leaves_told *told, struct arena *a, struct leaves_answer *out,
		       struct err *e);
/* And for the graylist. */
int lookup_told_gray(const struct lookup_gray_told *told, struct gray_known *out, struct err *e);

#endif
