/* base/team.h - work that may run beside other work, by a few threads of one owner.
 *
 *	struct team *c = team_new(n);	n that work, the owner among them
 *	team_begin(c, &job);		job.run(job.with), some time, in whichever thread
 *	team_end(c, &job);		it is done
 *	team_free(c);			every job was ended before
 *
 * Jobs are taken in the order in which they were begun.  Whoever ends one that
 * nobody has taken does it himself: so all is done with one thread, too, and
 * where the machine gives no more.  What a job writes nobody else reads or
 * writes until it has ended; a job begins no other and ends none.
 */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include <stdbool.h>

enum { TEAM_MOST = 4 };

struct team;

struct team_job {
	void (*run)(void *with);
	void *with;
	/*the team's */
	enum { TEAM_NONE, TEAM_WAITING, TEAM_TAKEN, TEAM_DONE } state;
	struct team_job *next;
};

/* threads: at most TEAM_MOST; 1: the owner alone. */
struct team *team_new(unsigned threads);
void team_free(struct team *c);        /* NULL is nothing to do */
bool team_alone(const struct team *c); /* one thread; NULL is that, too */
void team_begin(struct team *c, struct team_job *j);
/* Of one that was never begun, or has ended, nothing. */
void team_end(struct team *c, struct team_job *j);

/* The processors that this process may use, at most TEAM_MOST. */
unsigned team_processors(void);

#endif
