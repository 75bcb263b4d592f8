/* deliver/pool.h - threads that do the blocking part of local deliveries, in batches.
 *
 * One thread owns the pool: it puts jobs in and takes finished ones out; the
 * workers only touch a job in between.  A worker takes up to POOL_BATCH 128jobs of
 * one step, which share their syncs (batch.h).  Where every file must be synced
 * by itself it takes its share of what waits, so that the disk gets many syncs
 * at one time.
 */
#ifndef DELIVER_POOL_H
#define DELIVER_POOL_H

#include "base/err.h"
#include "deliver/maildir.h"

#define POOL_BATCH 200

struct pool_job {
	struct maildir_job m;
	bool finish;           /* which step: stage (false) or finish */
	struct pool_job *next; /* the pool's, while it has the job */
};

struct pool;

/* m must outlive the process: the workers never end. */
struct pool *pool_new(const struct maildir *m, size_t workers, struct err *e);
/* Readable when pool_take() has something. */
int pool_fd(const struct pool *p);
/* Put a job in: it waits for pool_go(), so that jobs which came together are done together. */
void pool_put(struct pool *p, struct pool_job *j);
void pool_go(struct pool *p);
/* A job whose step is done, or NULL. */
struct pool_job *pool_take(struct pool *p);
/* Jobs that no worker has begun come back undone, those that run are waited for:
 * afterwards the pool is idle and pool_take() returns all it had. */
void pool_drain(struct pool *p);

#endif
