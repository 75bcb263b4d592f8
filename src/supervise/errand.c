#include "supervise/errand.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/say.h"

bool errand_start(struct errand *r, const struct generation *g, const struct proc_user *user)
{
	const char *const argv[] = { r->program, r->quiet ? "--quiet" : NULL, NULL };
	const struct proc_pass pass[] = { { "conf", g->text }, { "log", r->log }, { "why-key", g->why_key } };
	struct proc_plan plan = { r->program, argv, pass, r->seals ? COUNT(pass) : COUNT(pass) - 1, user };
	struct err e = { 0 };

	r->pid = proc_start(&plan, &e);
	if (r->pid > 0)
		return true;
	r->pid = 0;
	if (!r->quiet)
		say(SAY_WARNING, "%s: %s", r->lacking, e.text);
	return false;
}

enum errand_end errand_reap(struct errand *r)
{
	int status = 0;
	pid_t pid = r->pid > 0 ? waitpid(r->pid, &status, WNOHANG) : 0;

	if (pid == 0 || (pid < 0 && errno != ECHILD))
		return ERRAND_RUNS;
	r->pid = 0;
	if (pid < 0) /* whoever collects all was faster, and how it ended is not known */
		return ERRAND_FAILED;
	if (WIFSIGNALED(status) && !r->quiet)
		say(SAY_WARNING, "%s[%d] was ended by signal %d", r->program, (int)pid, WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ERRAND_WELL : ERRAND_FAILED;
}

void errand_end(struct errand *r)
{
	int status;

	if (r->pid <= 0)
		return;
	kill(r->pid, SIGKILL);
	(void)waitpid(r->pid, &status, 0);
	r->pid = 0;
}
