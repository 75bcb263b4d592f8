/* store/workers.h - inside of telltale-lookup: a few threads that do administrators' requests, one after the other. */
#ifndef STORE_WORKERS_H
#define STORE_WORKERS_H

#include "store/store.h"

enum { WORKERS = 2, WORKERS_QUEUE_MAX = 64 };

struct job {
	uint64_t visitor, id; /* who asked: the loop's own number, and the frame's */
	struct buf words, input;
	struct store_done done;
	struct job *next;
};

struct workers;

/* path: the store's file.  NULL: see *e. */
struct workers *workers_new(const char *path, struct err *e);
/* Waits for the jobs that run; what still waits is dropped. */
void workers_free(struct workers *w);
/* Readable when a job is done. */
int workers_fd(const struct workers *w);
/* False when too many wait; the job stays the caller's. */
bool workers_give(struct workers *w, struct job *j);
/* The next job that is done, or NULL; it is the caller's again. */
struct job *workers_take(struct workers *w);
void job_free(struct job *j);

#endif
