/* queue/maker.h - the thread that makes, recycles and removes files; the scheduler never waits for it. */
#ifndef QUEUE_MAKER_H
#define QUEUE_MAKER_H

#include "queue/segment.h"

enum maker_kind {
	MAKER_SEGMENT,    /* a new file for made.id, made.size */
	MAKER_RECYCLE,    /* `old` becomes made.id; made.id == 0 afterwards: `old` was removed instead */
	MAKER_REMOVE,     /* remove the segment `old` */
	MAKER_BIG,        /* an empty file big/ID for made.id */
	MAKER_BIG_REMOVE, /* remove big/ID of `old` */
	MAKER_SYNC        /* sync the descriptor `fd`, which stays the caller's */
};

struct maker_job {
	enum maker_kind kind;
	uint64_t old;
	int fd; /* of MAKER_SYNC */
	struct segment_head made;
	enum segment_room room; /* of MAKER_SEGMENT */
	int rc;                 /* 0, or -1 and why */
	struct err why;
	struct maker_job *next;
};

struct maker;
/* The folders' descriptors stay the caller's. */
struct maker *maker_new(int segments, int big, struct err *e);
void maker_ask(struct maker *m, const struct maker_job *job);
int maker_fd(const struct maker *m);           /* readable when jobs are done */
struct maker_job *maker_take(struct maker *m); /* a job that is done (free() it), or NULL */
void maker_free(struct maker *m);              /* after the job in hand; the others are dropped */

#endif
