#include <signal.h>

#include "base/clock.h"
#include "supervise/member.h"

enum { LAST_STEP = 1, TRIAL = 30000 /* ms in which a new generation must be ready */ };

int crew_next(struct crew *k, struct generation *next, enum crew_kind kind, struct err *e)
{
	size_t living = 0;

	for (const struct member *m = k->members; m != NULL; m = m->next)
		living += crew_is_sessions(m->program);
	if (living + crew_workers(&next->conf) > COLUMNS)
		return err_set(e,
			       "%zu telltale-smtpd are still finishing; with the new ones there would be more than %d",
			       living, COLUMNS);
	next->number = ++k->count;
	k->next = next;
	k->kind = kind;
	k->step = kind == CREW_ALL ? 0 : LAST_STEP;
	k->trial = deadline_in(TRIAL);
	(void)crew_add_step(k, next, k->step, false);
	return 0;
}

enum crew_trial crew_try(struct crew *k, struct err *e)
{
	bool all = true;

	for (struct member *m = k->members; m != NULL; m = m->next) {
		if (!crew_is_next(k, m))
			continue;
		member_listen(m);
		if (m->unusable) {
			err_set(e, "%s cannot work with it (its reason stands in server.log)", m->program->name);
			return CREW_FAILED;
		}
		if (m->state != MEMBER_READY && clock_mono() >= k->trial) {
			err_set(e, "%s was not ready within %d s", m->program->name, TRIAL / 1000);
			return CREW_FAILED;
		}
		all = all && m->state == MEMBER_READY;
	}
	if (!all || k->step == LAST_STEP)
		return all ? CREW_GOOD : CREW_WAIT;
	k->step++;
	(void)crew_add_step(k, k->next, k->step, false);
	return CREW_WAIT;
}

/* Those that run are asked to go, those that wait to be started are forgotten. */
static void retire(struct crew *k, struct member *m, int sig)
{
	if (m->pid > 0)
		member_retire(m, sig);
	else
		crew_drop(k, m);
}

void crew_commit(struct crew *k)
{
	bool all = k->kind == CREW_ALL;

	for (struct member *m = k->members, *after; m != NULL; m = after) {
		after = m->next;
		if (m->state >= MEMBER_DRAINING || crew_is_next(k, m))
			continue;
		if (m->program->exchange == BESIDE && (all || m->program->step == LAST_STEP))
			retire(k, m, SIGHUP);
		else if (m->program->exchange == AFTER && all)
			retire(k, m, SIGTERM);
		else
			m->generation = k->next->number;
	}
	for (size_t i = 0; all && i < PROGRAMS; i++)
		if (programs[i].exchange == AFTER && crew_how_many(&programs[i], k->next) > 0)
			crew_add(k, &programs[i], k->next->number, 0);
	generation_free(k->now);
	k->now = k->next;
	k->next = NULL;
}

void crew_give_up(struct crew *k)
{
	for (struct member *m = k->members, *after; m != NULL; m = after) {
		after = m->next;
		if (crew_is_next(k, m))
			retire(k, m, SIGHUP);
	}
	generation_free(k->next);
	k->next = NULL;
}

bool crew_takes_still(struct crew *k)
{
	bool any = false;

	for (struct member *m = k->members; m != NULL; m = m->next) {
		member_listen(m);
		any = any || member_takes(m);
	}
	return any;
}
