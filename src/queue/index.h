/* queue/index.h - what the journal says, in memory: live messages, their recipients, the segments they lie in.
 *
 * The journal's entries are the only way to change states: a running
 * telltale-queue writes an entry and applies it, recovery reads entries and
 * applies them, both by index_apply_*().  No files here.
 */
#ifndef QUEUE_INDEX_H
#define QUEUE_INDEX_H

#include "base/intern.h"
#include "base/map.h"
#include "base/ordered.h"
#include "queue/due.h"
#include "queue/journal.h"
#include "queue/order.h"
#include "queue/segment.h"
#include "mail/envelope.h"

struct depot_client;

struct range {
	uint64_t from, to;
};

struct seg {
	struct segment_head head;
	bool exists;        /* its file was seen; false: only the journal speaks of it */
	bool sealed;        /* nobody writes there any more */
	bool own;           /* telltale-queue writes there: its records may name a parent */
	bool leaving;       /* drained: the maker recycles or removes it */
	bool stuck;         /* something in it cannot be moved elsewhere */
	uint64_t covered;   /* all before it was looked at, except ... */
	struct range *gaps; /* ... these, where journal entries were lost */
	size_t ngaps;
	uint64_t live, live_bytes; /* messages in it that are not final */
	uint64_t promised,
	    listed; /* live messages the checkpoint says it lists; found listed, or listed in a new one */
	struct depot_client *owner; /* the connection that writes there, or NULL */
	int fd;                     /* open for reading, or -1 */
};

#define INDEX_UNKNOWN UINT64_MAX /* of journal_segment.live */

enum { CHANNELS = CHANNEL_REMOTE + 1 };

struct index {
	struct ordered items; /* qp -> struct item */
	struct intern texts;  /* reports and domains of recipients, words of the postmaster */
	struct map orders;    /* qp -> struct order, one for each recipient that has any */
	struct map pauses;    /* name -> struct pause */
	struct map segs;      /* id -> struct seg */
	struct map rescued;   /* qp -> struct journal_rescued; longer than the message is live, also over restarts */
	struct due due[CHANNELS];
	uint64_t waiting; /* recipients not yet final */
	uint64_t live_bytes;
};

/* Keeps item->failed and ->open: once with -1 before a recipient changes, once with 1 after. */
void index_tally(struct item *it, size_t rcpt, int by);
void index_clear(struct index *ix);
struct item *index_item(const struct index *ix, uint64_t qp);
struct seg *index_seg(const struct index *ix, uint64_t id);
struct seg *index_seg_add(struct index *ix, const struct segment_head *h);
void index_seg_drop(struct index *ix, struct seg *s); /* closes its descriptor */

/* Apply one entry of the journal.  A message that is new is returned by
 * index_apply_taken(), which returns NULL for one that was known (it may have
 * moved) or that makes no sense.  Nothing here makes a recipient due. */
struct item *index_apply_taken(struct index *ix, const struct journal_taken *t);
void index_apply_segment(struct index *ix, const struct journal_segment *t);
void index_apply_listed(struct index *ix, const struct journal_listed *t);
void index_apply_held(struct index *ix, const struct journal_held *t);
void index_apply_order(struct index *ix, const struct journal_order *t);
void index_apply_paused(struct index *ix, const struct journal_paused *t);
void index_apply_staged(struct index *ix, const struct journal_staged *t);
void index_apply_settled(struct index *ix, const struct journal_settled *t);
void index_apply_deferred(struct index *ix, const struct journal_deferred *t);
void index_apply_noticed(struct index *ix, const struct journal_noticed *t);
void index_apply_rescued(struct index *ix, const struct journal_rescued *t);
/* Was this number seen?  Then a record that bears it is a repetition, though the message may be gone by now. */
bool index_knows(const struct index *ix, uint64_t qp);
/* After a crash: a bounce or forward that exists settles what it was made for. */
/* Any of the above; -1: the entry is malformed. */
int index_apply(struct index *ix, const struct ipc_frame *entry, struct err *e);

/* Make the waiting recipients of a message due at the times they have. */
void index_schedule(struct index *ix, struct item *it);
/* Take all of its recipients out of the heaps (the message is held, or goes). */
void index_unschedule(struct index *ix, struct item *it);
bool rcpt_final(const struct item_rcpt *r);
/* The message is final or lost: forget it. */
void index_drop(struct index *ix, struct item *it);

/* Where the message is, as an entry; channels has room for one byte per recipient. */
struct journal_taken index_entry(const struct item *it, char *channels);
/* All that is known as entries: a checkpoint.  Its beginning (rescued numbers whose time is over are forgotten), each
 * message, its end.  Between these, entries of what happens meanwhile may stand. */
void index_list_begin(struct index *ix, struct journal *j, int64_t now);
void index_list_item(struct index *ix, const struct item *it, struct journal *j);
void index_list_end(struct index *ix, struct journal *j);

/* What the postmaster said about the recipient, or NULL (index_order.c). */
const struct order *index_order(const struct index *ix, const struct item *it, size_t rcpt);
struct journal_order index_order_entry(const struct item *it, const struct order *o);
struct journal_paused index_pause_entry(const struct pause *p);
void index_orders_drop(struct index *ix, struct item *it);
void index_orders_clear(struct index *ix);
void index_list_orders(struct index *ix, const struct item *it, struct journal *j);
void index_list_pauses(struct index *ix, struct journal *j, int64_t now);

#endif
