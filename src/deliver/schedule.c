#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "deliver/schedule_inside.h"

enum {
	START_MOST = 200,              /* attempts begun in one turn */
	COPY_MOST = 4 * 1024 * 1024,   /* bytes forwarded in one turn, and what the last one goes over */
	CRASH_PAUSE = 1000,            /* until the next try after an agent died; doubles with each attempt */
	SET_BACK = 60 * 1000,          /* a wall clock that loses more was set */
	REPORT_MOST = 5000,            /* bytes of what an agent says (qmail's own limit is near) */
	ATTEMPT_MOST = 10 * 60 * 1000, /* no local delivery takes longer */
	STUCK_LOOK = 1000              /* until it is looked again who takes longer */
};

struct schedule *schedule_new(const struct schedule_set *set)
{
	struct schedule *s = mem_alloc(sizeof(*s));
	struct item *it;

	s->set = *set;
	s->bounce_due = INT64_MAX;
	for (size_t i = 0; (it = depot_walk(set->depot, &i)) != NULL;)
		schedule_look(s, it);
	return s;
}

void schedule_free(struct schedule *s)
{
	struct attempt *a;
	size_t i = 0;

	while ((a = map_next(&s->attempts, &i, NULL)) != NULL)
		free(a);
	map_clear(&s->attempts);
	bounce_clear(s);
	free(s);
}

static void drop_attempt(struct schedule *s, struct attempt *a)
{
	map_deln(&s->attempts, a->delivery);
	s->copies -= a->copy;
	free(a);
}

/* An agent that died may die again of the same message: wait longer each time. */
static int64_t after_crash(const struct schedule *s, const struct attempt *a)
{
	int64_t now = clock_wall(), regular = retry_next(&s->set.retry, a->channel, a->it->born, now);
	uint32_t n = attempt_rcpt(a)->attempts;
	int64_t soon = now + ((int64_t)CRASH_PAUSE << (n < 12 ? n : 12));

	return soon < regular ? soon : regular;
}

void schedule_agent(struct schedule *s, struct ipc_conn *conn)
{
	struct attempt *a;

	s->agent = conn;
	s->leaving = false;
	for (size_t i = 0; (a = map_next(&s->attempts, &i, NULL)) != NULL; free(a)) {
		struct dlog_result r = { .kind = OUTCOME_DEFERRAL, .report = STR("Aack, child crashed. (#4.3.0)") };

		r.next = after_crash(s, a);
		attempt_end(s, a, r);
	}
	map_clear(&s->attempts);
	s->copies = 0;
}

static int hear_staged(struct schedule *s, const struct ipc_frame *f, struct err *e)
{
	struct deliver_staged m;
	struct deliver_finish answer;
	struct attempt *a;

	if (ipc_unpack(f->body, &deliver_staged_type, &m, e) < 0)
		return -1;
	a = map_getn(&s->attempts, m.delivery);
	if (a == NULL || a->finishing)
		return err_set(e, "delivery %llu is not being staged", (unsigned long long)m.delivery);
	a->finishing = true;
	depot_staged(s->set.depot, a->it, a->rcpt);
	answer.delivery = m.delivery;
	ipc_queue(s->agent, &deliver_finish_type, 0, &answer, -1);
	return 0;
}

static int hear_done(struct schedule *s, const struct ipc_frame *f, struct err *e)
{
	struct deliver_done m;
	struct attempt *a;

	if (ipc_unpack(f->body, &deliver_done_type, &m, e) < 0)
		return -1;
	a = map_getn(&s->attempts, m.delivery);
	if (a == NULL || m.outcome > OUTCOME_DEFERRAL)
		return err_set(e, "delivery %llu has no such result", (unsigned long long)m.delivery);
	if (m.outcome == OUTCOME_SUCCESS && !a->finishing)
		return err_set(e, "delivery %llu was never staged", (unsigned long long)m.delivery);
	attempt_end(
	    s, a,
	    (struct dlog_result){ .kind = (enum outcome_kind)m.outcome, .report = str_take(m.report, REPORT_MOST) });
	drop_attempt(s, a);
	return 0;
}

int schedule_hear(struct schedule *s, const struct ipc_frame *f, struct err *e)
{
	switch (f->type) {
	case deliver_staged_number:
		return hear_staged(s, f, e);
	case deliver_done_number:
		return hear_done(s, f, e);
	case deliver_leaving_number:
		s->leaving = true;
		return 0;
	}
	return err_set(e, "message %u is not a deliverer's", f->type);
}

static void hand_over(struct schedule *s, struct attempt *a, const struct loaded *from)
{
	struct deliver_local m = {
		.delivery = a->delivery,
		.qp = a->it->qp,
		.rcpt = a->rcpt,
		.staged = attempt_rcpt(a)->staged,
		.offset = from->m.offset,
		.size = from->m.size,
		.time = (uint64_t)a->it->born,
		.sender = from->v.sender,
		.final = from->v.rcpts[a->rcpt].final,
		.original = from->v.rcpts[a->rcpt].original,
		.junk = envelope_junk(&from->v, a->rcpt),
	};

	a->finishing = m.staged;
	ipc_queue(s->agent, &deliver_local_type, 0, &m, from->m.fd);
}

static void start_local(struct schedule *s, struct item *it, size_t rcpt)
{
	ARENA(mem);
	struct attempt a = { .it = it, .rcpt = rcpt, .channel = CHANNEL_LOCAL };
	struct loaded loaded;
	struct attempt *kept;
	struct err e = { 0 };

	if (attempt_begin_loaded(s, &a, &mem, &loaded, &e) < 0) {
		attempt_put_back(s, it, rcpt, &e);
		return;
	}
	attempt_log(s, &a, &loaded.v);
	a.copy = it->big == 0 ? loaded.m.size : 0;
	s->copies += a.copy;
	kept = mem_alloc(sizeof(*kept));
	*kept = a;
	map_putn(&s->attempts, a.delivery, kept);
	hand_over(s, kept, &loaded);
}

static void start_remote(struct schedule *s, struct item *it, size_t rcpt)
{
	ARENA(mem);
	struct attempt a = { .it = it, .rcpt = rcpt, .channel = CHANNEL_REMOTE };
	struct dlog_result r = { .kind = OUTCOME_DEFERRAL, .report = STR("remote delivery is not configured") };
	struct envelope v;
	struct err e = { 0 };

	if (attempt_begin(s, &a, &mem, &v, &e) < 0) {
		attempt_put_back(s, it, rcpt, &e);
		return;
	}
	attempt_log(s, &a, &v);
	if (forward_due(&a, &v))
		r = forward(s, &a, &v, &mem);
	/* Whether the copy stands in the spool only recovery can say then, and it gives the open attempt its result. */
	if (!depot_broken(s->set.depot))
		attempt_end(s, &a, r);
}

static bool local_free(const struct schedule *s)
{
	return s->agent != NULL && !s->leaving && s->attempts.n < s->set.most && s->copies < s->set.memory;
}

/* The wall clock may have been set back, while we ran or before: then due times lie too far ahead. */
static void clamp_all(struct schedule *s, int64_t now)
{
	struct item *it;
	size_t i = 0;

	while ((it = depot_walk(s->set.depot, &i)) != NULL) {
		for (size_t k = 0; k < it->nrcpts; k++) {
			const struct item_rcpt *r = &it->rcpts[k];
			int64_t due = retry_clamp(&s->set.retry, r->next, now);

			if (r->state == RCPT_WAITING && due != r->next)
				depot_release(s->set.depot, it, k, due);
		}
	}
}

static void watch_clock(struct schedule *s, int64_t now)
{
	int64_t ahead = now - clock_mono();

	if (!s->clock_known || ahead < s->ahead - SET_BACK)
		clamp_all(s, now);
	if (!s->clock_known || ahead < s->ahead - SET_BACK || ahead > s->ahead)
		s->ahead = ahead;
	s->clock_known = true;
}

void schedule_start(struct schedule *s)
{
	int64_t now = clock_wall();
	struct item *it;
	size_t rcpt, n = 0;

	watch_clock(s, now);
	for (; !s->stopped && local_free(s) && n < START_MOST; n++) {
		it = depot_due(s->set.depot, CHANNEL_LOCAL, now, &rcpt);
		if (it == NULL)
			break;
		start_local(s, it, rcpt);
	}
	s->copied = 0;
	for (; !s->stopped && n < START_MOST && s->copied < COPY_MOST; n++) {
		it = depot_due(s->set.depot, CHANNEL_REMOTE, now, &rcpt);
		if (it == NULL)
			break;
		start_remote(s, it, rcpt);
	}
}

void schedule_stop(struct schedule *s)
{
	s->stopped = true;
}

size_t schedule_busy(const struct schedule *s)
{
	return s->attempts.n;
}

int64_t schedule_next(const struct schedule *s)
{
	int64_t local = local_free(s) ? depot_next(s->set.depot, CHANNEL_LOCAL) : INT64_MAX;
	int64_t remote = depot_next(s->set.depot, CHANNEL_REMOTE);

	if (s->stopped)
		return INT64_MAX;
	return local < remote ? local : remote;
}

bool schedule_parted(const struct schedule *s)
{
	return s->agent != NULL && s->leaving && s->attempts.n == 0;
}

bool schedule_stuck(struct schedule *s)
{
	const struct attempt *a;
	size_t i = 0;

	if (clock_mono() < s->look_again)
		return false;
	s->look_again = deadline_in(STUCK_LOOK);
	while ((a = map_next(&s->attempts, &i, NULL)) != NULL)
		if (clock_mono() - a->started > ATTEMPT_MOST)
			return true;
	return false;
}

void schedule_settings(struct schedule *s, const struct schedule_set *set)
{
	s->set.retry = set->retry;
	s->set.most = set->most;
	s->set.memory = set->memory;
	s->set.hostname = set->hostname;
	s->set.contact = set->contact;
}
