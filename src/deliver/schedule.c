#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "deliver/schedule_inside.h"

enum {
	START_MOST = 200,                 /* attempts begun in one turn */
	LOOK_MOST = 2000,                 /* recipients looked at in one turn, whose destination has no place */
	COPY_MOST = 4 * 1024 * 1024,      /* bytes forwarded in one turn, and what the last one goes over */
	CRASH_PAUSE = 1000,               /* until the next try after an agent died; doubles with each attempt */
	SET_BACK = 60 * 1000,             /* a wall clock that loses more was set */
	REPORT_MOST = 5000,               /* bytes of what an agent says (qmail's own limit is near) */
	LOCAL_MOST = 10 * 60 * 1000,      /* no local delivery takes longer, */
	REMOTE_MOST = 6 * 60 * 60 * 1000, /* and no remote one: its own deadlines add up to less */
	STUCK_LOOK = 1000,                /* until it is looked again who takes longer */
	ASKER_SHIFT = 56 /* in the number of a question; messages have less than 2^53 (queue/numbers.h) */
};

struct schedule *schedule_new(const struct schedule_set *set)
{
	struct schedule *s = mem_alloc(sizeof(*s));
	struct item *it;

	s->set = *set;
	s->bounce_due = INT64_MAX;
	for (uint64_t i = 0; (it = depot_walk(set->depot, &i)) != NULL;) {
		schedule_look(s, it);
		schedule_late(s, it);
	}
	return s;
}

void schedule_free(struct schedule *s)
{
	struct attempt *a;
	size_t i = 0;

	while ((a = map_next(&s->attempts, &i, NULL)) != NULL)
		free(a);
	map_clear(&s->attempts);
	while (s->agents != NULL) {
		struct agent *agent = s->agents;

		s->agents = agent->next;
		free(agent);
	}
	destinations_clear(&s->destinations);
	bounce_clear(s);
	autoreply_clear(s);
	list_clear(s);
	leaves_clear(s);
	free(s);
}

static void drop_attempt(struct schedule *s, struct attempt *a, enum destination_news news)
{
	map_deln(&s->attempts, a->delivery);
	s->of[a->kind].copies -= a->copy;
	s->of[a->kind].busy--;
	a->agent->busy--;
	if (a->channel == CHANNEL_REMOTE) {
		struct destination_rule rule = schedule_rule(s, a->destination);

		destination_ends(&s->destinations, a->destination, &rule, news, clock_mono() - a->started,
				 clock_wall());
		start_from_line(s, a->destination, clock_wall());
	}
	free(a);
}

/* An agent that died may die again of the same message: wait longer each time. */
int64_t schedule_soon(const struct schedule *s, const struct attempt *a)
{
	int64_t now = clock_wall(), regular = retry_next(&s->set.retry, a->channel, a->it->born, now);
	uint32_t n = attempt_rcpt(a)->attempts;
	int64_t soon = now + ((int64_t)CRASH_PAUSE << (n < 12 ? n : 12));

	return soon < regular ? soon : regular;
}

struct agent *schedule_agent(struct schedule *s, enum agent_kind kind, struct ipc_conn *conn)
{
	struct agent *a = mem_alloc(sizeof(*a));

	a->conn = conn;
	a->kind = kind;
	a->next = s->agents;
	s->agents = a;
	return a;
}

void schedule_agent_gone(struct schedule *s, struct agent *agent)
{
	struct agent **at = &s->agents;
	struct attempt *a;

	for (size_t i = 0; (a = map_next(&s->attempts, &i, NULL)) != NULL;) {
		struct dlog_result r = { .kind = OUTCOME_DEFERRAL, .report = STR("Aack, child crashed. (#4.3.0)") };

		if (a->agent != agent)
			continue;
		r.next = schedule_soon(s, a);
		attempt_end(s, a, r);
		drop_attempt(s, a, DESTINATION_UNKNOWN);
	}
	while (*at != agent)
		at = &(*at)->next;
	*at = agent->next;
	free(agent);
}

static int hear_staged(struct schedule *s, struct agent *agent, const struct ipc_frame *f, struct err *e)
{
	struct deliver_staged m;
	struct deliver_finish answer;
	struct attempt *a;

	if (ipc_unpack(f->body, &deliver_staged_type, &m, e) < 0)
		return -1;
	a = map_getn(&s->attempts, m.delivery);
	if (a == NULL || a->agent != agent || a->finishing || a->channel != CHANNEL_LOCAL)
		return err_set(e, "delivery %llu is not being staged", (unsigned long long)m.delivery);
	a->finishing = true;
	depot_staged(s->set.depot, a->it, a->rcpt);
	answer.delivery = m.delivery;
	ipc_queue(agent->conn, &deliver_finish_type, 0, &answer, -1);
	return 0;
}

static struct dlog_peer peer_of(const struct deliver_done *m)
{
	return (struct dlog_peer){ .host = m->host,
				   .ip = m->ip,
				   .port = m->port,
				   .tls = m->tls,
				   .policy = m->policy,
				   .connect = m->connect,
				   .handshake = m->handshake,
				   .reply = m->reply,
				   .source = m->source };
}

static int hear_done(struct schedule *s, struct agent *agent, const struct ipc_frame *f, struct err *e)
{
	struct deliver_done m;
	struct attempt *a;

	if (ipc_unpack(f->body, &deliver_done_type, &m, e) < 0)
		return -1;
	a = map_getn(&s->attempts, m.delivery);
	if (a == NULL || a->agent != agent || m.outcome > OUTCOME_DEFERRAL)
		return err_set(e, "delivery %llu has no such result", (unsigned long long)m.delivery);
	if (m.outcome == OUTCOME_SUCCESS && a->channel == CHANNEL_LOCAL && !a->finishing && m.handed == 0)
		return err_set(e, "delivery %llu was never staged", (unsigned long long)m.delivery);
	attempt_end(s, a,
		    (struct dlog_result){ .kind = (enum outcome_kind)m.outcome,
					  .report = str_take(m.report, REPORT_MOST),
					  .handed_on = m.dsn != 0,
					  .peer = peer_of(&m),
					  .at = { m.path, m.rule, m.used, m.limit } });
	drop_attempt(s, a, m.unreachable != 0 ? DESTINATION_UNREACHABLE : DESTINATION_ANSWERED);
	return 0;
}

int schedule_hear(struct schedule *s, struct agent *a, const struct ipc_frame *f, struct err *e)
{
	switch (f->type) {
	case deliver_staged_number:
		return hear_staged(s, a, f, e);
	case deliver_done_number:
		return hear_done(s, a, f, e);
	case deliver_leaving_number:
		a->leaving = true;
		return 0;
	}
	return err_set(e, "message %u is not a deliverer's", f->type);
}

static bool is_free(const struct schedule *s, enum channel channel)
{
	size_t most = channel == CHANNEL_LOCAL ? s->set.most : s->set.remote_most;

	if (channel == CHANNEL_REMOTE && !s->set.remote)
		return true;
	return start_agent(s, (enum agent_kind)channel) != NULL && s->of[channel].busy < most &&
	       s->of[channel].copies < s->set.memory;
}

/* The wall clock may have been set back, while we ran or before: then due times lie too far ahead. */
static void clamp_all(struct schedule *s, int64_t now)
{
	struct item *it;

	for (uint64_t i = 0; (it = depot_walk(s->set.depot, &i)) != NULL;) {
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
	for (size_t k = 0; !s->stopped && is_free(s, CHANNEL_LOCAL) && n < START_MOST && k < LOOK_MOST; k++) {
		it = depot_due(s->set.depot, CHANNEL_LOCAL, now, &rcpt);
		if (it == NULL)
			break;
		if (start_paused(s, it, rcpt, now))
			continue;
		start_with_agent(s, AGENT_LOCAL, it, rcpt);
		n++;
	}
	s->copied = 0;
	for (size_t k = 0; !s->stopped && is_free(s, CHANNEL_REMOTE) && n < START_MOST && k < LOOK_MOST; k++) {
		it = s->copied < COPY_MOST ? depot_due(s->set.depot, CHANNEL_REMOTE, now, &rcpt) : NULL;
		if (it == NULL)
			break;
		if (!start_paused(s, it, rcpt, now))
			n += start_remote(s, it, rcpt, now);
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
	int64_t local = is_free(s, CHANNEL_LOCAL) ? depot_next(s->set.depot, CHANNEL_LOCAL) : INT64_MAX;
	int64_t remote = is_free(s, CHANNEL_REMOTE) ? depot_next(s->set.depot, CHANNEL_REMOTE) : INT64_MAX;

	if (s->stopped)
		return INT64_MAX;
	if (s->copied > 0)
		return 0; /* the copies are news, and may be due */
	return local < remote ? local : remote;
}

bool schedule_parted(const struct agent *a)
{
	return a->leaving && a->busy == 0;
}

bool schedule_stuck(struct schedule *s, struct agent *agent)
{
	int64_t most = agent->kind == AGENT_LOCAL ? LOCAL_MOST : REMOTE_MOST;
	const struct attempt *a;
	size_t i = 0;

	if (clock_mono() < agent->look_again)
		return false;
	agent->look_again = deadline_in(STUCK_LOOK);
	while ((a = map_next(&s->attempts, &i, NULL)) != NULL)
		if (a->agent == agent && clock_mono() - a->started > most)
			return true;
	return false;
}

uint64_t question_of(enum asker who, uint64_t own)
{
	return (uint64_t)who << ASKER_SHIFT | own;
}

uint64_t question_own(uint64_t id)
{
	return id & ((UINT64_C(1) << ASKER_SHIFT) - 1);
}

enum asker schedule_asker(uint64_t id)
{
	return (enum asker)(id >> ASKER_SHIFT);
}

void schedule_answer(struct schedule *s, uint64_t id, const struct lookup_answer *answer)
{
	switch (schedule_asker(id)) {
	case ASKER_BOUNCE:
		bounce_answer(s, question_own(id), answer);
		break;
	case ASKER_AUTOREPLY:
		autoreply_answer(s, question_own(id), answer);
		break;
	case ASKER_LIST:
		list_answer(s, question_own(id), answer);
		break;
	case ASKER_LEAVES:
	case ASKER_COMMAND:
		break; /* schedule_leaves(); sweep_answer() */
	}
}

uint64_t schedule_ask(struct schedule *s, struct str address)
{
	uint64_t id = question_of(ASKER_COMMAND, s->questions + 1);

	if (!s->set.lookup.ask(s->set.lookup.asker, id, address))
		return 0;
	s->questions++;
	return id;
}

int schedule_put(struct schedule *s, const struct envelope *v, struct str head, struct str body, struct err *e)
{
	dlog_flush(s->set.log);
	return depot_put(s->set.depot, v, head, body, e);
}

void schedule_revive(struct schedule *s)
{
	destinations_revive(&s->destinations);
}

/* Where mail leaves by other ways, everybody may have another destination. */
static void forget_destinations(struct schedule *s)
{
	struct item *it;

	for (uint64_t i = 0; (it = depot_walk(s->set.depot, &i)) != NULL;)
		for (size_t k = 0; k < it->nrcpts; k++)
			it->rcpts[k].destination = 0;
	destinations_revive(&s->destinations);
}

void schedule_settings(struct schedule *s, const struct schedule_set *set)
{
	struct schedule_set former = s->set;

	s->set = *set;
	s->set.depot = former.depot;
	s->set.log = former.log;
	s->set.lookup = former.lookup;
	if (former.ways != set->ways)
		forget_destinations(s);
	if (former.delay_notice != set->delay_notice)
		bounce_ask_anew(s);
}
