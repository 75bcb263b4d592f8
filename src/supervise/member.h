/* supervise/member.h - one program that runs or is to run; a row of the crew. */
#ifndef SUPERVISE_MEMBER_H
#define SUPERVISE_MEMBER_H

#include <sys/types.h>
#include "supervise/crew.h"

/* How a program is exchanged by a reload. */
enum exchange {
	BESIDE,    /* the new one works beside the old one, which drains */
	AFTER,     /* the old one is told to stop, the new one waits for it */
	NOT_AT_ALL /* it stays and is told */
};

struct program {
	const char *name;
	int wave, patience; /* when it is asked to stop; how long it may take, ms */
	enum exchange exchange;
	int step; /* of a new generation: whom others ask comes first */
};

extern const struct program programs[];
enum { PROGRAMS = 11, WAVES = 4 };
enum { MEMBER_PAUSE_LEAST = 50, MEMBER_PAUSE_MOST = 10000 /* before one starts again, ms */ };

enum member_state { MEMBER_WAITING, MEMBER_STARTING, MEMBER_READY, MEMBER_DRAINING, MEMBER_STOPPING, MEMBER_KILLED };

struct member {
	struct member *next;
	const struct program *program;
	unsigned generation;
	int worker; /* its column in the census: no two that live share one */
	enum member_state state;
	pid_t pid;                   /* 0: not running */
	int ready;                   /* reading end of its pipe while it starts or takes clients, or -1 */
	int64_t started, due, pause; /* clock_mono() */
	int64_t since;               /* clock_wall() of its state */
	unsigned restarts;
	bool unusable; /* a next one that ended before it was ready */
};

struct member *member_new(const struct program *p, unsigned generation, int worker);
void member_free(struct member *m);
void member_set(struct member *m, enum member_state s);
/* Start it with what its generation has. */
void member_start(struct member *m, const struct generation *g, const struct crew_set *set);
/* Has it said that it is ready, or takes it nobody any more?  Changes its state if so. */
void member_listen(struct member *m);
/* It was asked to go, and may still take a client. */
bool member_takes(const struct member *m);
/* It is asked to finish (SIGHUP) or to stop (SIGTERM); it is never started again. */
void member_retire(struct member *m, int sig);
/* One that was asked to go and does not: SIGTERM after ten minutes, SIGKILL later; ms until the next look. */
int64_t member_hurry(struct member *m);
const char *member_state_word(const struct member *m);

/* ---- what the files of the crew share ---- */

enum { COLUMNS = 256 /* of the census: workers that may live at one time */ };

struct crew {
	struct crew_set set;
	struct member *members;
	struct generation *now, *next;
	unsigned count;      /* of generations, those that came to nothing too */
	enum crew_kind kind; /* of next */
	int step;            /* of next: who has been started */
	int64_t trial;       /* deadline of next */
	bool opened;         /* all programs were ready once */
};

size_t crew_workers(const struct conf *c);
/* How many of them a generation has. */
size_t crew_how_many(const struct program *p, const struct generation *g);
bool crew_is_sessions(const struct program *p);
bool crew_is_next(const struct crew *k, const struct member *m);
void crew_add(struct crew *k, const struct program *p, unsigned generation, int worker);
void crew_drop(struct crew *k, struct member *m);
struct member *crew_member(struct crew *k, pid_t pid);
/* The programs of one step of a generation: all, or those that are exchanged side by side; -1: the census has no
 * column left. */
int crew_add_step(struct crew *k, const struct generation *g, int step, bool all);
/* "telltale-dns[12] ended with status 3; THEN" */
void crew_tell_end(const struct member *m, int status, const char *then);

#endif
