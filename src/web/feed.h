/* web/feed.h - the last events of one follower, and who waits for the next. */
#ifndef WEB_FEED_H
#define WEB_FEED_H

#include "base/cond.h"
#include "web/live.h"

struct feed {
	struct feed *next; /* of web->feeds */
	struct str key;    /* question and scope; in mem */
	struct arena mem;
	uint64_t mark;                  /* tells this feed from its predecessors, in event numbers */
	uint64_t first, last;           /* events that are kept: first..last-1 */
	struct buf at[LIVE_EVENTS_MAX]; /* by number modulo; as they go over the wire */
	size_t bytes;
	size_t viewers;
	struct web *web;
	bool running;       /* its follower is being asked, or listened to */
	bool begun;         /* it was accepted */
	bool over;          /* no more events will come */
	int refused;        /* if it was not: the code */
	struct buf refusal; /* and the sentence, as JSON */
	struct ipc_conn conn;
	pthread_mutex_t mutex; /* of the condition; fibers of one loop need no other */
	struct cond news;
};

struct feed *feed_new(struct str key);
void feed_free(struct feed *f);
/* One more event; the oldest ones make room. */
void feed_add(struct feed *f, struct str name, struct str data);
void feed_wake(struct feed *f);  /* all who wait */
void feed_began(struct feed *f); /* each wakes all who wait */
void feed_end(struct feed *f);
void feed_wait_begun(struct feed *f, int64_t deadline); /* or over, or the deadline */
/* Wait for an event with that number or a later one, the end, or the deadline. */
void feed_wait(struct feed *f, uint64_t number, int64_t deadline);
/* Where a viewer begins: behind the event of Last-Event-ID when that is one of this feed, else at the oldest one. */
uint64_t feed_begin(const struct feed *f, struct str last_id);

#endif
