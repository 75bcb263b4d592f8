#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/say.h"
#include "supervise/member.h"

static bool clean(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Members of the wave that still run; signals them when sig is not 0. */
static size_t running(struct crew *k, int wave, int sig)
{
	size_t n = 0;

	for (struct member *m = k->members; m != NULL; m = m->next) {
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

	for (size_t i = 0; i < PROGRAMS; i++)
		if (programs[i].wave == wave && programs[i].patience > most)
			most = programs[i].patience;
	return most;
}

static bool runs(const struct crew *k, const char *program)
{
	const struct member *m = k->members;

	while (m != NULL && (m->pid == 0 || strcmp(m->program->name, program) != 0))
		m = m->next;
	return m != NULL;
}

/* Nobody is started any more: who still calls a program that has ended is told so.  In the backlog he would wait for a
 * successor until his own grace is over, and we for him. */
static void close_sockets(const struct crew *k, struct generation *g)
{
	for (size_t i = 0; g != NULL && i < g->sockets.n; i++)
		if (!runs(k, g->sockets.at[i].program))
			fd_clear(&g->sockets.at[i].fd);
}

static void hang_up(struct crew *k)
{
	close_sockets(k, k->now);
	close_sockets(k, k->next);
}

/* Wait for the wave to end by itself until the deadline; waking every few ms is cheap in the last seconds of a life. */
static void collect(struct crew *k, int wave, int64_t deadline)
{
	int status;
	pid_t pid;

	while (running(k, wave, 0) > 0 && clock_mono() < deadline) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			struct member *m = crew_member(k, pid);

			if (m == NULL)
				continue;
			if (!clean(status))
				crew_tell_end(m, status, "the server stops");
			m->pid = 0;
			hang_up(k);
		}
		usleep(2000);
	}
}

int crew_stop(struct crew *k)
{
	int rc = 0;

	hang_up(k);
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
