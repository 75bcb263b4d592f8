/* queue/custody.h - struct spool, for the files that make it up; nobody else includes this.
 *
 * One lock covers all.  A fetcher thread asks telltale-queue for what runs
 * low (numbers, a spare segment), so that sessions find it ready; a committer
 * thread writes and syncs what they bring.
 */
#ifndef QUEUE_CUSTODY_H
#define QUEUE_CUSTODY_H

#include <pthread.h>
#include <stdatomic.h>
#include "base/cond.h"
#include "queue/bigfile.h"
#include "queue/spool.h"

/* A segment we may write: only while the connection that gave it (its epoch) lives. */
struct paper {
	int fd; /* -1: none */
	uint64_t id, nonce, at, size, epoch;
};

struct block {
	uint64_t next, end;        /* of the numbers in use */
	uint64_t ahead, ahead_end; /* the block after it */
	bool used;                 /* this kind was ever asked for */
};

/* One record on its way into a segment. */
struct put {
	struct record r;
	struct buf front; /* header, envelope and, unless it is big, head */
	struct str body;
	uint64_t length;
	uint64_t epoch; /* of a big file; else 0 */
	enum { PUT_WAITS, PUT_TAKEN, PUT_DONE } state;
	int rc;
	bool tried; /* its bytes may be on disk */
	struct err why;
	int64_t deadline;
	struct cond wake;
	struct put *next;
};

struct spool {
	struct spool_set set;
	char *path;
	struct ipc_client *ipc;
	pthread_mutex_t lock;
	struct cond wanted, came; /* the fetcher waits for the one, those it serves for the other */
	struct cond work;         /* the committer waits for it */
	pthread_t fetcher, committer;
	_Atomic bool stop;
	struct block blocks[NUMBER_DELIVERY + 1];
	struct paper paper, spare;
	bool leading;              /* the committer, or a lone client's fiber, makes a batch */
	int64_t disk_us;           /* how long the latest batch took to be written and synced */
	uint64_t need;             /* bytes the next segment must have room for */
	uint64_t refusals;         /* counts telltale-queue's noes */
	struct err why;            /* the fetcher's last failure */
	struct put *first, **last; /* who waits to be written */
	_Atomic size_t memory;     /* bytes of bodies */
};

/* Ask telltale-queue, again after a broken channel until the deadline: 0 and *reply of that type, or -1
 * (e->code is EAGAIN when it said no).  *epoch: the connection that answered. */
struct question {
	const struct ipc_type *type;
	const void *message;
	const struct ipc_type *answer;
	void *reply;
	int *fd; /* where its descriptor goes, or NULL */
	uint64_t epoch;
};
int custody_ask(struct spool *s, struct question *q, int64_t deadline, struct err *e);
/* Commit one record: 0 when it is durable and told. */
int commit_put(struct spool *s, struct put *p);
/* The thread that writes for all, until s->stop; takes the spool. */
void *commit_all(void *spool);
void paper_drop(struct paper *p);

struct spool_body {
	struct spool *spool;
	struct buf mem; /* all of it, or what is not yet in the file */
	size_t held;    /* beside the body */
	size_t counted; /* our share of spool->memory */
	uint64_t size;
	struct bigfile big; /* fd < 0 while in memory */
	uint64_t epoch;     /* of the connection that gave the file */
	bool kept;          /* a record names the file: it is not ours to give back */
};

#endif
