#include "supervise/crew.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/say.h"
#include "supervise/member.h"

enum { HEALTHY = 1000 };

/* ---- who there is ---- */

struct crew *crew_new(const struct crew_set *set)
{
	struct crew *k = mem_alloc(sizeof(*k));

	k->set = *set;
	return k;
}

void crew_free(struct crew *k)
{
	struct member *m;

	while ((m = k->members) != NULL) {
		k->members = m->next;
		member_free(m);
	}
	generation_free(k->now);
	generation_free(k->next);
	free(k);
}

struct generation *crew_now(struct crew *k)
{
	return k->now;
}

size_t crew_workers(const struct conf *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (c->limits.workers > 0)
		return (size_t)c->limits.workers;
	return cores > 1 ? ((size_t)cores + 1) / 2 : 1; /* each keeps two busy: one with sessions, one with the disk */
}

bool crew_is_sessions(const struct program *p)
{
	return p == &programs[PROGRAMS - 1];
}

/* The lowest number that nobody alive has, or -1. */
static int free_column(const struct crew *k)
{
	bool taken[COLUMNS] = { false };

	for (const struct member *m = k->members; m != NULL; m = m->next)
		if (crew_is_sessions(m->program))
			taken[m->worker] = true;
	for (int i = 0; i < COLUMNS; i++)
		if (!taken[i])
			return i;
	return -1;
}

void crew_add(struct crew *k, const struct program *p, unsigned generation, int worker)
{
	struct member *m = member_new(p, generation, worker), **at = &k->members;

	while (*at != NULL)
		at = &(*at)->next;
	*at = m;
}

void crew_drop(struct crew *k, struct member *m)
{
	struct member **at = &k->members;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	member_free(m);
}

size_t crew_how_many(const struct program *p, const struct generation *g)
{
	if (crew_is_sessions(p))
		return crew_workers(&g->conf);
	if (strcmp(p->name, "telltale-signer") == 0)
		return g->signs ? 1 : 0;
	if (strcmp(p->name, "telltale-pipe") == 0)
		return g->conf.nrunners > 0 ? 1 : 0;
	if (strcmp(p->name, "telltale-policy") == 0)
		return generation_asks_policies(g) ? 1 : 0;
	if (strcmp(p->name, "telltale-web") == 0)
		return generation_has_page(g) ? 1 : 0;
	if (strcmp(p->name, "telltale-search") == 0)
		return generation_has_page(g) ? 1 + (size_t)g->conf.web.searchers : 0;
	return 1;
}

/* The programs of one step of a generation; -1 when the census has no column left. */
int crew_add_step(struct crew *k, const struct generation *g, int step, bool all)
{
	for (size_t i = 0; i < PROGRAMS; i++) {
		const struct program *p = &programs[i];
		size_t n = crew_how_many(p, g);

		if ((!all && p->exchange != BESIDE) || p->step != step)
			continue;
		for (; n > 0; n--) {
			int column = crew_is_sessions(p) ? free_column(k) : (int)n - 1;

			if (column < 0)
				return -1;
			crew_add(k, p, g->number, column);
		}
	}
	return 0;
}

void crew_begin(struct crew *k, struct generation *first)
{
	k->now = first;
	k->count = first->number;
	for (int step = 0; step < 2; step++)
		if (crew_add_step(k, first, step, true) < 0)
			BUG("more workers than the census has columns");
}

/* ---- start, end, start again ---- */

bool crew_is_next(const struct crew *k, const struct member *m)
{
	return k->next != NULL && m->generation == k->next->number;
}

static const struct generation *generation_of(const struct crew *k, const struct member *m)
{
	return crew_is_next(k, m) ? k->next : k->now;
}

int64_t crew_tick(struct crew *k)
{
	int64_t now = clock_mono(), next = -1;

	for (struct member *m = k->members; m != NULL; m = m->next) {
		if (m->state == MEMBER_WAITING && m->due <= now && !m->unusable)
			member_start(m, generation_of(k, m), &k->set);
		if (m->state == MEMBER_WAITING && !m->unusable)
			next = wait_shorter(next, m->due > now ? m->due - now : 0);
		next = wait_shorter(next, member_hurry(m));
	}
	if (k->next != NULL)
		next = wait_shorter(next, k->trial > now ? k->trial - now : 0);
	return next;
}

void crew_tell_end(const struct member *m, int status, const char *then)
{
	if (WIFSIGNALED(status))
		say(SAY_WARNING, "%s[%d] was ended by signal %d (%s); %s", m->program->name, (int)m->pid,
		    WTERMSIG(status), strsignal(WTERMSIG(status)), then);
	else
		say(SAY_WARNING, "%s[%d] ended with status %d; %s", m->program->name, (int)m->pid, WEXITSTATUS(status),
		    then);
}

struct member *crew_member(struct crew *k, pid_t pid)
{
	for (struct member *m = k->members; m != NULL; m = m->next)
		if (m->pid == pid)
			return m;
	return NULL;
}

static bool clean(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* One of the generation at work: it starts again. */
static void again(struct member *m, int status)
{
	BUF(then);

	if (clock_mono() - m->started >= HEALTHY)
		m->pause = MEMBER_PAUSE_LEAST;
	buf_fmt(&then, "it starts again in %lld ms", (long long)m->pause);
	crew_tell_end(m, status, buf_z(&then));
	m->due = clock_mono() + m->pause;
	m->pause = m->pause * 2 < MEMBER_PAUSE_MOST ? m->pause * 2 : MEMBER_PAUSE_MOST;
	m->restarts++;
	member_set(m, MEMBER_WAITING);
	m->pid = 0;
}

/* True: the house cannot be opened. */
static bool ended(struct crew *k, struct member *m, int status)
{
	if (!clean(status) && crew_is_sessions(m->program))
		k->set.house->census_forget(k->set.census, (unsigned)m->worker);
	if (m->state >= MEMBER_DRAINING) {
		if (!clean(status) && m->state != MEMBER_KILLED)
			crew_tell_end(m, status, "it was on its way out");
		crew_drop(k, m);
		return false;
	}
	if (crew_is_next(k, m)) {
		crew_tell_end(m, status, "the new configuration is not used");
		m->unusable = true;
		m->pid = 0;
		member_set(m, MEMBER_WAITING);
		return false;
	}
	if (!k->opened && WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG) {
		m->pid = 0;
		member_set(m, MEMBER_WAITING);
		return true;
	}
	again(m, status);
	return false;
}

bool crew_reap(struct crew *k)
{
	bool usable = true;
	int status;
	pid_t pid;

	for (struct member *m = k->members; m != NULL; m = m->next)
		member_listen(m);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct member *m = crew_member(k, pid);

		if (m == NULL)
			continue;
		member_listen(m);
		if (ended(k, m, status))
			usable = false;
	}
	return usable;
}

bool crew_opened(struct crew *k)
{
	bool all = true;

	for (struct member *m = k->members; m != NULL && !k->opened; m = m->next) {
		member_listen(m);
		all = all && m->state == MEMBER_READY;
	}
	k->opened = k->opened || all;
	return k->opened;
}

/* ---- looked at from outside ---- */

size_t crew_watch(struct crew *k, struct pollfd *at, size_t most)
{
	size_t n = 0;

	for (const struct member *m = k->members; m != NULL && n < most; m = m->next)
		if (m->ready >= 0)
			at[n++] = (struct pollfd){ .fd = m->ready, .events = POLLIN };
	return n;
}

void crew_put(struct crew *k, struct json *j)
{
	json_begin_array(j);
	for (const struct member *m = k->members; m != NULL; m = m->next) {
		json_begin_object(j);
		json_key(j, "program"), json_z(j, m->program->name);
		json_key(j, "pid"), m->pid > 0 ? json_num(j, m->pid) : json_none(j);
		json_key(j, "state"), json_z(j, member_state_word(m));
		json_key(j, "since"), json_num(j, m->since / 1000);
		json_key(j, "restarts"), json_num(j, m->restarts);
		json_key(j, "generation"), json_num(j, m->generation);
		json_end_object(j);
	}
	json_end_array(j);
}
