#include "supervise/member.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"

enum {
	MAX_PASS = 256,
	DRAIN_MOST = 10 * 60 * 1000 + 5000, /* their own deadline comes first */
};

const struct program programs[PROGRAMS] = {
	{ "telltale-dns", 3, 3000, BESIDE, 0 },
	{ "telltale-lookup", 3, 5000, BESIDE, 0 },
	{ "telltale-queue", 1, 15000, NOT_AT_ALL, 0 },
	{ "telltale-local", 2, 15000, AFTER, 0 },
	{ "telltale-remote", 2, 15000, BESIDE, 0 },
	{ "telltale-pipe", 2, 15000, BESIDE, 0 },  /* where there are programs that take mail */
	{ "telltale-signer", 3, 3000, BESIDE, 0 }, /* where there is something to sign */
	{ "telltale-policy", 3, 3000, AFTER, 0 },  /* where policies of other domains count */
	{ "telltale-search", 3, 3000, BESIDE, 0 }, /* where there is a page: as many as it may ask at one time */
	{ "telltale-web", 0, 10000, BESIDE, 1 },   /* likewise */
	{ "telltale-smtpd", 0, 20000, BESIDE, 1 }, /* as many as there are workers */
};

struct member *member_new(const struct program *p, unsigned generation, int worker)
{
	struct member *m = mem_alloc(sizeof(*m));

	m->program = p;
	m->generation = generation;
	m->worker = worker;
	m->ready = -1;
	m->pause = MEMBER_PAUSE_LEAST;
	m->since = clock_wall();
	return m;
}

void member_free(struct member *m)
{
	fd_clear(&m->ready);
	free(m);
}

void member_set(struct member *m, enum member_state s)
{
	m->state = s;
	m->since = clock_wall();
	if (s == MEMBER_WAITING || s == MEMBER_KILLED)
		fd_clear(&m->ready);
}

static size_t pass_keys(struct proc_pass *pass, const struct keys *k)
{
	if (k->certificate < 0 || k->key < 0)
		return 0;
	pass[0] = (struct proc_pass){ "tls-certificate", k->certificate };
	pass[1] = (struct proc_pass){ "tls-key", k->key };
	return 2;
}

static size_t list_pass(struct proc_pass *pass, const struct member *m, const struct generation *g,
			const struct crew_set *set)
{
	bool sessions = crew_is_sessions(m->program), page = strcmp(m->program->name, "telltale-web") == 0;
	size_t n = 0;

	pass[n++] = (struct proc_pass){ "conf", g->text };
	pass[n++] = (struct proc_pass){ "log", set->log };
	if (sessions || page)
		pass[n++] = (struct proc_pass){ "why-key", g->why_key };
	if (sessions) {
		pass[n++] = (struct proc_pass){ "census", set->census };
		pass[n++] = (struct proc_pass){ "gate-rules", g->rules };
		n += pass_keys(pass + n, &g->keys);
	}
	if (page && set->census_read >= 0)
		pass[n++] = (struct proc_pass){ "census", set->census_read };
	if (page)
		pass[n++] = (struct proc_pass){ "sessions", set->sessions };
	if (page)
		n += pass_keys(pass + n, &g->web_keys);
	for (size_t i = 0; i < g->sockets.n && n < MAX_PASS - 1; i++)
		if (strcmp(g->sockets.at[i].program, m->program->name) == 0)
			pass[n++] = (struct proc_pass){ g->sockets.at[i].name, g->sockets.at[i].fd };
	return n;
}

void member_start(struct member *m, const struct generation *g, const struct crew_set *set)
{
	struct proc_pass pass[MAX_PASS];
	char worker[16];
	const char *argv[] = { m->program->name, "--worker", worker, g->signs ? "--sign" : NULL, NULL };
	struct proc_plan plan = { m->program->name, argv, pass, list_pass(pass, m, g, set),
				  users_of(set->users, m->program->name) };
	struct err e = { 0 };
	int ready[2];

	snprintf(worker, sizeof(worker), "%d", m->worker);
	m->started = clock_mono();
	m->pid = 0;
	if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) == 0) {
		pass[plan.npass++] = (struct proc_pass){ "ready", ready[1] };
		m->pid = proc_start(&plan, &e);
		m->ready = ready[0];
		close(ready[1]);
	} else {
		err_sys(&e, "pipe for %s", m->program->name);
	}
	if (m->pid > 0) {
		m->state = MEMBER_STARTING;
		m->since = clock_wall();
		return;
	}
	m->pid = 0;
	m->due = m->started + MEMBER_PAUSE_MOST;
	member_set(m, MEMBER_WAITING);
	say(SAY_ERROR, "%s", e.text);
}

void member_listen(struct member *m)
{
	ssize_t n;
	char byte;

	if (m->ready < 0)
		return;
	n = read(m->ready, &byte, 1);
	if (n == 1 && m->state == MEMBER_STARTING)
		member_set(m, MEMBER_READY);
	else if (n == 0) /* it takes nobody, or will never say that it is ready */
		fd_clear(&m->ready);
}

bool member_takes(const struct member *m)
{
	return m->ready >= 0 && m->state >= MEMBER_DRAINING;
}

void member_retire(struct member *m, int sig)
{
	member_set(m, sig == SIGHUP ? MEMBER_DRAINING : MEMBER_STOPPING);
	m->due = deadline_in(sig == SIGHUP ? DRAIN_MOST : m->program->patience);
	if (m->pid > 0)
		kill(m->pid, sig);
}

int64_t member_hurry(struct member *m)
{
	int64_t left = m->due - clock_mono();

	if (m->pid == 0 || m->state < MEMBER_DRAINING || m->state == MEMBER_KILLED)
		return -1;
	if (left > 0)
		return left;
	if (m->state == MEMBER_DRAINING) {
		member_retire(m, SIGTERM);
		return m->program->patience;
	}
	say(SAY_WARNING, "%s[%d] did not stop in time and was killed", m->program->name, (int)m->pid);
	kill(m->pid, SIGKILL);
	member_set(m, MEMBER_KILLED);
	return -1;
}

const char *member_state_word(const struct member *m)
{
	static const char *const words[] = { "waiting", "starting", "ready", "finishing", "stopping", "killed" };

	return words[m->state];
}
