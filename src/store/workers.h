/* store/workers.h - inside of telltale-lookup: a few threads for what takes time, each with a list of its own.
 *
 * Administrators' requests have their threads, logins have theirs, the graylist's file has one: none waits
 * for another.  A list that is full takes no more; the caller then says so at once.
 */
#ifndef STORE_WORKERS_H
#define STORE_WORKERS_H

#include "store/graylist.h"
#include "store/login.h"
#include "store/throttle.h"

enum {
	ADMINS = 2,
	ADMINS_WAITING_MAX = 64,
	LOGINS_MAX = 4, /* threads: one per core, at least 2; argon2 takes its memory once in each */
	LOGINS_WAITING_MAX = 256,
	LOGIN_AGE_MAX = 8000, /* ms in the list, after which nobody waits for the answer any more */
	GRAYLISTS_WAITING_MAX = 64,
	REPLIES_WAITING_MAX = 256
};

struct job {
	enum job_kind { JOB_ADMIN, JOB_LOGIN, JOB_GRAYLIST, JOB_REPLY, JOB_SUPPRESS } kind;
	bool own;             /* of JOB_ADMIN: an owner's request; it makes no file */
	uint64_t visitor, id; /* who asked: the loop's own number (0: the loop itself), and the frame's */
	struct buf words;     /* of the request, the user's name, or the domains of an import */
	struct buf input;     /* the password, or the entries of an import */
	struct buf reason;    /* of JOB_SUPPRESS: words is the mailbox, input the address */
	struct store_done done;
	struct store_login login;
	bool list;                      /* of JOB_REPLY: words is a list, input the member to go on behind; else */
	struct arena mem;               /* words is the mailbox, input the sender; */
	struct lookup_answer answer;    /* the answer lives there */
	struct attempt attempt;         /* of the login */
	int64_t wait, given;            /* of the login: what the throttle asked for; when it was given */
	struct err err;                 /* LOGIN_TEMPORARY, failed: why */
	const char *path;               /* of the graylist's file */
	const struct gray_batch *batch; /* what to write there; NULL: an import */
	bool failed;                    /* it could not be written */
	struct job *next;
};

struct workers;

/* path: the store's file.  NULL: see *e. */
struct workers *workers_new(const char *path, struct err *e);
/* Waits for the jobs that run; what still waits is dropped. */
void workers_free(struct workers *w);
/* Readable when a job is done. */
int workers_fd(const struct workers *w);
/* False when too many of its kind wait; the job stays the caller's. */
bool workers_give(struct workers *w, struct job *j);
/* The next job that is done, or NULL; it is the caller's again. */
struct job *workers_take(struct workers *w);
void job_free(struct job *j);

#endif
