#include "supervise/crew.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"

enum { PAUSE_LEAST = 50, PAUSE_MOST = 10000, HEALTHY = 1000, MAX_PASS = 256 };

/* Who is in the house; wave: when he is asked to stop; patience: how long he may take, ms. */
static const struct program {
	const char *name;
	int wave, patience;
} programs[] = {
	{ "telltale-dns", 3, 3000 },    { "telltale-lookup", 3, 5000 }, { "telltale-queue", 1, 15000 },
	{ "telltale-local", 2, 15000 }, { "telltale-smtpd", 0, 20000 }, /* as many as there are workers */
};
enum { WAVES = 4 };

struct member {
	const struct program *program;
	int worker; /* index among equals */
	pid_t pid;  /* 0: not running */
	int64_t started, due, pause;
};

struct crew {
	struct member *at;
	size_t n;
	const struct sockets *sockets;
	struct crew_share share;
	int ready[2]; /* pipe: one byte per program that can work */
	size_t nready;
};

static size_t workers(const struct conf *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (c->limits.workers > 0)
		return (size_t)c->limits.workers;
	return cores > 0 ? (size_t)cores : 1;
}

struct crew *crew_new(const struct conf *c, const struct sockets *s, struct crew_share share)
{
	struct crew *k = mem_alloc(sizeof(*k));
	size_t smtpds = workers(c), others = COUNT(programs) - 1;

	k->sockets = s;
	k->share = share;
	k->n = others + smtpds;
	k->at = mem_alloc(k->n * sizeof(*k->at));
	for (size_t i = 0; i < k->n; i++) {
		k->at[i].program = &programs[i < others ? i : others];
		k->at[i].worker = i < others ? 0 : (int)(i - others);
		k->at[i].pause = PAUSE_LEAST;
	}
	if (pipe2(k->ready, O_CLOEXEC | O_NONBLOCK) < 0)
		BUG("no pipe");
	return k;
}

void crew_free(struct crew *k)
{
	close(k->ready[0]);
	close(k->ready[1]);
	free(k->at);
	free(k);
}

static void start(struct crew *k, struct member *m)
{
	struct proc_pass pass[MAX_PASS];
	char worker[16];
	const char *argv[] = { m->program->name, "--worker", worker, NULL };
	struct err e = { 0 };
	size_t n = 0;

	snprintf(worker, sizeof(worker), "%d", m->worker);
	pass[n++] = (struct proc_pass){ "conf", k->share.conf };
	pass[n++] = (struct proc_pass){ "log", k->share.log };
	pass[n++] = (struct proc_pass){ "ready", k->ready[1] };
	if (strcmp(m->program->name, "telltale-smtpd") == 0) {
		pass[n++] = (struct proc_pass){ "census", k->share.census };
		if (k->share.certificate >= 0 && k->share.key >= 0) {
			pass[n++] = (struct proc_pass){ "tls-certificate", k->share.certificate };
			pass[n++] = (struct proc_pass){ "tls-key", k->share.key };
		}
	}
	for (size_t i = 0; i < k->sockets->n && n < MAX_PASS; i++)
		if (strcmp(k->sockets->at[i].program, m->program->name) == 0)
			pass[n++] = (struct proc_pass){ k->sockets->at[i].name, k->sockets->at[i].fd };
	m->pid = proc_start(m->program->name, argv, pass, n, &e);
	m->started = clock_mono();
	if (m->pid > 0)
		return;
	m->pid = 0;
	m->due = m->started + PAUSE_MOST;
	say(SAY_ERROR, "%s", e.text);
}

int64_t crew_start_due(struct crew *k)
{
	int64_t now = clock_mono(), next = -1;

	for (size_t i = 0; i < k->n; i++) {
		struct member *m = &k->at[i];

		if (m->pid == 0 && m->due <= now)
			start(k, m);
		if (m->pid == 0 && (next < 0 || m->due - now < next))
			next = m->due > now ? m->due - now : 0;
	}
	return next;
}

static void tell_end(const struct member *m, int status)
{
	if (WIFSIGNALED(status))
		say(SAY_WARNING, "%s[%d] was ended by signal %d (%s); it starts again in %lld ms", m->program->name,
		    (int)m->pid, WTERMSIG(status), strsignal(WTERMSIG(status)), (long long)m->pause);
	else
		say(SAY_WARNING, "%s[%d] ended with status %d; it starts again in %lld ms", m->program->name,
		    (int)m->pid, WEXITSTATUS(status), (long long)m->pause);
}

static struct member *member_of(struct crew *k, pid_t pid)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->at[i].pid == pid)
			return &k->at[i];
	return NULL;
}

bool crew_reap(struct crew *k)
{
	bool usable = true;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct member *m = member_of(k, pid);

		if (m == NULL)
			continue;
		if (clock_mono() - m->started >= HEALTHY)
			m->pause = PAUSE_LEAST;
		if (WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG && k->nready < k->n)
			usable = false;
		else
			tell_end(m, status);
		m->due = clock_mono() + m->pause;
		m->pause = m->pause * 2 < PAUSE_MOST ? m->pause * 2 : PAUSE_MOST;
		m->pid = 0;
	}
	return usable;
}

int crew_ready_fd(const struct crew *k)
{
	return k->ready[0];
}

bool crew_ready(struct crew *k)
{
	char bytes[64];
	ssize_t n;

	while ((n = read(k->ready[0], bytes, sizeof(bytes))) > 0)
		k->nready += (size_t)n;
	return k->nready >= k->n;
}

/* Members of the wave that still run; signals them when sig is not 0. */
static size_t running(struct crew *k, int wave, int sig)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++) {
		struct member *m = &k->at[i];

		if (m->pid == 0 || m->program->wave != wave)
			continue;
		if (sig != 0)
			kill(m->pid, sig);
		n++;
	}
	return n;
}

static int patience(int wave)
{
	int most = 0;

	for (size_t i = 0; i < COUNT(programs); i++)
		if (programs[i].wave == wave && programs[i].patience > most)
			most = programs[i].patience;
	return most;
}

/* Wait for the wave to end by itself until the deadline; waking every few ms is cheap in the last seconds of a life. */
static void collect(struct crew *k, int wave, int64_t deadline)
{
	int status;
	pid_t pid;

	while (running(k, wave, 0) > 0 && clock_mono() < deadline) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			struct member *m = member_of(k, pid);

			if (m == NULL)
				continue;
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
				tell_end(m, status);
			m->pid = 0;
		}
		usleep(2000);
	}
}

int crew_stop(struct crew *k)
{
	int rc = 0;

	for (int wave = 0; wave < WAVES; wave++) {
		running(k, wave, SIGTERM);
		collect(k, wave, deadline_in(patience(wave)));
		if (running(k, wave, SIGKILL) == 0)
			continue;
		say(SAY_WARNING, "a program did not stop in time and was killed");
		collect(k, wave, deadline_in(2000));
		rc = -1;
	}
	return rc;
}
