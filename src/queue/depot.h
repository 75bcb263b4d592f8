/* queue/depot.h - the spool as telltale-queue sees it (doc/QUEUE.md).
 *
 * The scheduler's loop owns the one struct depot and is its only thread (a
 * maker thread inside prepares and removes files).  Life of a loop turn:
 *
 *	ipc frames of telltale-smtpd    -> depot_hear()
 *	depot_fd() readable             -> depot_tend()
 *	while ((it = depot_news(d)))    log it; its recipients are due from now on
 *	while ((it = depot_due(d, channel, clock_wall(), &r)))  start an attempt
 *	results of agents               -> depot_staged(), depot_settle(), depot_defer()
 *	depot_sync()                    one fdatasync for all of the above,
 *	then tell: deliver_finish ..., log lines were appended before the sync
 *	while (depot_complaint(d, &b))  say it
 *	poll until depot_next() at the latest
 *
 * "Do, sync, tell": what depot_staged(), depot_settle() and depot_defer()
 * record counts only when a later depot_sync() has returned 0.
 */
#ifndef QUEUE_DEPOT_H
#define QUEUE_DEPOT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ipc.h"
#include "mail/envelope.h"
#include "queue/item.h"
#include "queue/order.h"
#include "queue/spool.h"

struct depot;

struct depot_set {
	/* Called for each message that a telltale-smtpd told of, with its packed envelope; or NULL. */
	void (*taken)(void *taker, const struct item *it, struct str envelope);
	void *taker;
	const char *dir; /* the spool folder; it must exist */
	uint64_t segment_size;
	unsigned spares; /* pre-written segments kept ready (2 is enough for most) */
};

/* Lock the folder, recover what is there, start the maker thread.  -1: the
 * folder cannot be used now (another telltale-queue has it, numbers damaged,
 * disk) and *e says what to do.  Damage found is no failure: see depot_complaint(). */
int depot_open(const struct depot_set *set, struct depot **out, struct err *e);
void depot_close(struct depot *d); /* syncs; clients must be gone */

/* The next sentence that an operator should read (damage, quarantine, torn
 * tails, disk trouble), into *out (replaced); false when there is none. */
bool depot_complaint(struct depot *d, struct buf *out);

/* Readable when the maker thread has something ready: then depot_tend(). */
int depot_fd(const struct depot *d);
void depot_tend(struct depot *d);

/* One connection of a telltale-smtpd.  depot_hear() takes every message of
 * proto.def from queue_want_numbers to queue_sealed and puts the answers into conn (the
 * caller flushes; some answers come later, out of depot_tend()).  -1: the peer
 * broke the protocol; close the channel.  queue_hello is the caller's.
 * depot_client_free() is the end of the channel, for whatever reason: it closes
 * conn (nothing may be told any more), then scans the client's segments to their
 * end and seals them; unused big files go. */
struct depot_client;
struct depot_client *depot_client_new(struct depot *d, struct ipc_conn *conn);
int depot_hear(struct depot_client *c, const struct ipc_frame *f, struct err *e);
void depot_client_free(struct depot_client *c);
/* Has it given all its segments back?  Then it left in order, with all its sessions ended. */
bool depot_client_left(const struct depot_client *c);

/* The next number of a kind for telltale-queue's own use (delivery numbers, qp of bounces). */
int depot_number(struct depot *d, enum number_kind kind, uint64_t *out, struct err *e);

/* Messages accepted since the last call, oldest first; NULL: no more.  What was
 * known before a restart is not news; what the recovery found by scanning is
 * (item->recovered).  An item is valid until the depot_sync() that follows the
 * settling of its last recipient. */
struct item *depot_news(struct depot *d);

/* The recipient of that channel that is due and was waiting longest: it is RCPT_BUSY until
 * depot_settle(), depot_defer() or depot_release().  NULL: nothing is due. */
struct item *depot_due(struct depot *d, enum channel channel, int64_t now, size_t *rcpt);
/* When the next waiting recipient of that channel is due, ms since 1970; INT64_MAX: never. */
int64_t depot_next(const struct depot *d, enum channel channel);

/* What was said about the message.  The strs live in `a`. */
int depot_envelope(struct depot *d, struct item *it, struct arena *a, struct envelope *out, struct err *e);
/* The message's bytes: `size` of them at `offset` of a read-only descriptor (a sealed memfd, or
 * the message's own file when it is big), which the caller owns.  -1 with
 * e->code == EBADMSG: the record is damaged; it was quarantined and the item is held now. */
struct message {
	int fd;
	uint64_t offset, size;
};
int depot_read(struct depot *d, struct item *it, struct message *out, struct err *e);
/* Both, for one reading of the disk. */
struct loaded {
	struct envelope v;
	struct message m;
};
int depot_load(struct depot *d, struct item *it, struct arena *a, struct loaded *out, struct err *e);

/* The agent has the message staged; after depot_sync() it may be told to finish. */
void depot_staged(struct depot *d, struct item *it, size_t rcpt);
/* Final: done (delivered) or failed (a bounce for it was put, or none is due). */
void depot_settle(struct depot *d, struct item *it, size_t rcpt, bool delivered);
/* Not now: try again at `next`, because of `report` (kept up to 1000 bytes). */
void depot_defer(struct depot *d, struct item *it, size_t rcpt, int64_t next, struct str report);
/* The attempt ended without a result (the agent died): waiting again, due at `next`.  Not recorded. */
void depot_release(struct depot *d, struct item *it, size_t rcpt, int64_t next);
/* It was due, and its destination is paused: it waits until `next`.  Not recorded. */
void depot_release_paused(struct depot *d, struct item *it, size_t rcpt, int64_t next);
/* The same where its destination is left alone. */
void depot_release_alone(struct depot *d, struct item *it, size_t rcpt, int64_t next);
/* Its sender was told that it is late, or nobody is to be told. */
void depot_noticed(struct depot *d, struct item *it);
/* The postmaster's words: a waiting recipient, also one that has failed, is due now; */
void depot_retry(struct depot *d, struct item *it, size_t rcpt, int64_t now);
/* all that holds for o->rcpt from now on; its texts may be those of the order that held so far. */
void depot_order_set(struct depot *d, struct item *it, const struct order *o);
const struct order *depot_order(const struct depot *d, const struct item *it, size_t rcpt); /* NULL: nothing */
/* A destination is paused, until then; until 0: it is not.  Only remembered here: who starts attempts asks. */
void depot_pause(struct depot *d, const struct pause *p);
const struct pause *depot_paused(const struct depot *d, struct str name, int64_t now); /* NULL: it is not */
/* All of them, also those whose time is over, in no order; `size_t i = 0`. */
const struct pause *depot_pauses(const struct depot *d, size_t *i);
/* Its domain, lower case; read from the disk when nobody has asked before.  NULL: it cannot be read. */
const char *depot_domain(struct depot *d, struct item *it, size_t rcpt, struct err *e);

/* All that was recorded since the last call, on disk with one sync; finished
 * items are freed and their segments go.  -1: nothing may be told.  The caller
 * may try again later, unless depot_broken(): after a failed sync the kernel's
 * word is worth nothing, and only a restart with its recovery is right. */
int depot_sync(struct depot *d, struct err *e);
bool depot_broken(const struct depot *d);
/* Does it want to go on at once with work of its own, a little in each depot_sync()? */
bool depot_working(const struct depot *d);

/* A message of our own (bounce, forward) with v->qp set: news at once, durable with the next
 * depot_sync(), before all that is recorded after it.  When it names a parent, the recipients that it
 * names (envelope_settles()) are settled by it: a crash leaves both or neither. */
int depot_put(struct depot *d, const struct envelope *v, struct str head, struct str body, struct err *e);

/* Of segments made from now on; kept within its limits. */
void depot_segment_size(struct depot *d, uint64_t size);

struct item *depot_find(const struct depot *d, uint64_t qp);
/* All by their numbers: the first that is not below *from, which becomes the number behind it; NULL: no more.  Anything
 * may happen between two steps. */
struct item *depot_walk(const struct depot *d, uint64_t *from);
/* The number that a new message gets is not below it, that of every one so far is. */
uint64_t depot_next_number(const struct depot *d);

struct depot_state {
	uint64_t messages, recipients; /* waiting or busy */
	uint64_t segments, spares, live_bytes;
};
struct depot_state depot_state(const struct depot *d);

#endif
