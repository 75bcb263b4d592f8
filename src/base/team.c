#include "base/team.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/err.h"

enum { STACK = 1 << 20 };

struct team {
	pthread_t thread[TEAM_MOST - 1];
	unsigned n; /* that run beside the owner */
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct team_job *first, **last; /* that wait */
	bool over;
};

/* Out of those that wait, with the lock held. */
static struct team_job *take(struct team *c, struct team_job *which)
{
	struct team_job **at = &c->first;

	while (*at != which)
		at = &(*at)->next;
	*at = which->next;
	if (which->next == NULL)
		c->last = at;
	which->state = TEAM_TAKEN;
	return which;
}

static void *be_of_it(void *arg)
{
	struct team *c = arg;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		struct team_job *j;

		while (c->first == NULL && !c->over)
			pthread_cond_wait(&c->work, &c->lock);
		if (c->first == NULL)
			break;
		j = take(c, c->first);
		pthread_mutex_unlock(&c->lock);
		j->run(j->with);
		pthread_mutex_lock(&c->lock);
		j->state = TEAM_DONE;
		pthread_cond_broadcast(&c->done);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static void start(struct team *c, unsigned threads)
{
	pthread_attr_t a;

	if (pthread_attr_init(&a) != 0)
		return;
	pthread_attr_setstacksize(&a, STACK);
	while (c->n + 1 < threads && pthread_create(&c->thread[c->n], &a, be_of_it, c) == 0)
		c->n++;
	pthread_attr_destroy(&a);
}

struct team *team_new(unsigned threads)
{
	struct team *c = mem_alloc(sizeof(*c));

	MUST(threads >= 1 && threads <= TEAM_MOST);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	pthread_cond_init(&c->done, NULL);
	c->last = &c->first;
	start(c, threads);
	return c;
}

void team_free(struct team *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	MUST(c->first == NULL);
	c->over = true;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->n; i++)
		pthread_join(c->thread[i], NULL);
	pthread_cond_destroy(&c->work);
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

bool team_alone(const struct team *c)
{
	return c == NULL || c->n == 0;
}

void team_begin(struct team *c, struct team_job *j)
{
	MUST(j->state == TEAM_NONE || j->state == TEAM_DONE);
	j->state = TEAM_WAITING;
	j->next = NULL;
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	*c->last = j;
	c->last = &j->next;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->lock);
}

/* False: it is not for the caller to do. */
static bool take_or_wait(struct team *c, struct team_job *j)
{
	bool mine;

	pthread_mutex_lock(&c->lock);
	mine = j->state == TEAM_WAITING;
	if (mine)
		take(c, j);
	while (!mine && j->state == TEAM_TAKEN)
		pthread_cond_wait(&c->done, &c->lock);
	pthread_mutex_unlock(&c->lock);
	return mine;
}

void team_end(struct team *c, struct team_job *j)
{
	if (c == NULL ? j->state == TEAM_WAITING : take_or_wait(c, j)) {
		j->run(j->with);
		j->state = TEAM_DONE;
	}
}

unsigned team_processors(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : n > TEAM_MOST ? TEAM_MOST : (unsigned)n;
}
