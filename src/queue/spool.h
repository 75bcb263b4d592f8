/* queue/spool.h - take custody of one message (the session's side of the queue).
 *
 * When spool_put() returns 0 the message is on disk, synced and known to the
 * scheduler, and only then may the session answer 250.  On -1 nothing is
 * promised (a crash may still show it once) and *e says why: answer 451.
 * It never parses mail, speaks SMTP or writes logs.
 *
 * One struct spool per process, used by all its sessions, fibers or threads.
 * Its committer is a thread: whenever records wait it takes all of them, writes
 * them in order with one pwritev and one fdatasync, and wakes who brought them;
 * a lone client never waits for company, nor for the committer where the disk
 * is fast.  A failed write or sync fails the whole batch, and that segment is
 * sealed and never synced again.  When telltale-queue was restarted between
 * write and answer, the record is written again for the new one; so a restart
 * costs time, not mail.
 */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ipc.h"
#include "mail/envelope.h"

#define IPC_PROTO "queue/proto.def"
#include "base/ipc_declare.h"
extern const struct ipc_type *const queue_messages[];

struct spool;

struct spool_set {
	const char *socket; /* run/queue.sock */
	uint64_t worker;    /* which telltale-smtpd this is */
	size_t segment_size;
	size_t big_message; /* a longer body goes to a file of its own */
	size_t memory;      /* budget for bodies in memory, all sessions; beyond it they spill early */
};

struct spool *spool_new(const struct spool_set *set);
void spool_free(struct spool *s);

enum number_kind { NUMBER_CONNECTION, NUMBER_MESSAGE, NUMBER_DELIVERY };
/* The next number of a kind, never given out before for this data folder (blocks are fetched ahead). */
int spool_number(struct spool *s, enum number_kind kind, uint64_t *out, int64_t deadline, struct err *e);

/* The body while it comes in: memory first, a file of telltale-queue's when it grows. */
struct spool_body;
struct spool_body *spool_body_new(struct spool *s);
int spool_body_add(struct spool_body *b, const void *p, size_t n, int64_t deadline, struct err *e);
/* That much memory is held beside the body and counts like it, until the body is freed. */
void spool_body_hold(struct spool_body *b, size_t bytes);
uint64_t spool_body_size(const struct spool_body *b);
void spool_body_free(struct spool_body *b); /* an unused file is given back */

enum { SPOOL_HEAD_MAX = 65536 }; /* bytes of head */
/* head: the lines we put before the message (Received ...), CRLF ended.  v->qp is set by the caller. */
int spool_put(struct spool *s, const struct envelope *v, struct str head, struct spool_body *b, int64_t deadline,
	      struct err *e);

/* Can a message of this size be taken now?  -1 with the reason when the disk or the queue says no (452). */
int spool_ready(struct spool *s, uint64_t size, struct err *e);

#endif
