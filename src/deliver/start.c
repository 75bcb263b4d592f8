/* deliver/start.c - an attempt begins: in the hands of an agent, or here. */
#include "base/clock.h"
#include "deliver/schedule_inside.h"
#include "deliver/way.h"
#include "mail/addr.h"

enum {
	DESTINATION_LIST = 2, /* it is a list of ours */
	DESTINATION_OURS = 1, /* it leads to an alias of ours: the copy is made here */
	GONE_MOST = 100,      /* of a line that are not there any more, looked at for one delivery that ended */
	AWAY_PAUSE = 2000     /* ms until it is looked again for a telltale-pipe */
};

struct agent *start_agent(const struct schedule *s, enum agent_kind kind)
{
	struct agent *a = s->agents;

	while (a != NULL && (a->kind != kind || a->leaving))
		a = a->next;
	return a;
}

static void tell_local(struct attempt *a, const struct loaded *from)
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
	ipc_queue(a->agent->conn, &deliver_local_type, 0, &m, from->m.fd);
}

static struct str host_of(const struct schedule *s, const struct item *it, size_t rcpt)
{
	const struct order *o = it->rcpts[rcpt].rerouted ? depot_order(s->set.depot, it, rcpt) : NULL;

	return str_of(o != NULL ? o->host : NULL);
}

/* That an alias of several was reached is told here: nobody hears of each that it leads to (RFC 3461, 5.2.7.3). */
static uint64_t passed_on(const struct recipient *r)
{
	uint64_t rest = r->notify & ~(uint64_t)(NOTIFY_SUCCESS | NOTIFY_EXPANDED);

	if ((r->notify & NOTIFY_EXPANDED) == 0)
		return r->notify;
	return rest == 0 ? NOTIFY_NEVER : rest;
}

static void tell_remote(const struct schedule *s, struct attempt *a, const struct loaded *from)
{
	struct deliver_remote m = {
		.delivery = a->delivery,
		.qp = a->it->qp,
		.offset = from->m.offset,
		.size = from->m.size,
		.sender = from->v.sender,
		.final = from->v.rcpts[a->rcpt].final,
		.host = host_of(s, a->it, a->rcpt),
		.envid = from->v.envid,
		.ret = from->v.ret,
		.requiretls = from->v.requiretls,
		.notify = passed_on(&from->v.rcpts[a->rcpt]),
		.orcpt = from->v.rcpts[a->rcpt].orcpt,
		.ours = from->v.connection == 0 && !from->v.forward && addr_is_nobody(from->v.sender),
	};

	ipc_queue(a->agent->conn, &deliver_remote_type, 0, &m, from->m.fd);
}

static void tell_program(struct attempt *a, const struct loaded *from)
{
	const struct recipient *r = &from->v.rcpts[a->rcpt];
	struct deliver_program m = {
		.delivery = a->delivery,
		.qp = a->it->qp,
		.offset = from->m.offset,
		.size = from->m.size,
		.sender = from->v.sender,
		.program = str_skip(r->final, 1),
		.rcpt = r->original,
	};

	ipc_queue(a->agent->conn, &deliver_program_type, 0, &m, from->m.fd);
}

void start_with_agent(struct schedule *s, enum agent_kind kind, struct item *it, size_t rcpt)
{
	ARENA(mem);
	struct attempt a = { .agent = start_agent(s, kind), .it = it, .rcpt = rcpt, .kind = kind };
	struct destination_rule rule;
	struct loaded loaded;
	struct attempt *kept;
	struct err e = { 0 };

	if (attempt_begin_loaded(s, &a, &mem, &loaded, &e) < 0) {
		attempt_put_back(s, it, rcpt, &e);
		return;
	}
	attempt_log(s, &a, &loaded.v);
	a.copy = it->big == 0 ? loaded.m.size : 0;
	s->of[kind].copies += a.copy;
	s->of[kind].busy++;
	a.agent->busy++;
	kept = mem_alloc(sizeof(*kept));
	*kept = a;
	map_putn(&s->attempts, a.delivery, kept);
	if (kind == AGENT_LOCAL) {
		tell_local(kept, &loaded);
		return;
	}
	kept->destination = it->rcpts[rcpt].destination;
	rule = schedule_rule(s, kept->destination);
	destination_begins(&s->destinations, kept->destination, &rule, clock_wall());
	if (kind == AGENT_PIPE)
		tell_program(kept, &loaded);
	else
		tell_remote(s, kept, &loaded);
}

/* The copy, under the sender that was found for it. */
static struct dlog_result send_on(struct schedule *s, const struct attempt *a, struct envelope *v,
				  const struct leaves_answer *leaves, struct arena *mem)
{
	struct dlog_result r = { .kind = OUTCOME_DEFERRAL };

	if (leaves == NULL)
		return forward(s, a, v, mem);
	switch (leaves->result) {
	case LEAVES_AS:
		v->sender = leaves->sender;
		return forward(s, a, v, mem);
	case LEAVES_NEVER:
		r.kind = OUTCOME_FAILURE;
		r.report = arena_fmt(mem, "Unable to forward message: %.*s. (#5.1.7)", STR_ARG(leaves->why));
		return r;
	case LEAVES_LATER:
		break;
	}
	r.next = schedule_soon(s, a);
	r.report = STR("Unable to forward message: its sender cannot be rewritten now. (#4.3.0)");
	return r;
}

void start_here(struct schedule *s, struct item *it, size_t rcpt, const struct leaves_answer *leaves)
{
	ARENA(mem);
	struct attempt a = { .it = it, .rcpt = rcpt };
	struct dlog_result r = { .kind = OUTCOME_DEFERRAL, .report = STR("remote delivery is not configured") };
	struct envelope v;

	if (!attempt_open(s, &a, &mem, &v))
		return;
	if (forward_due(&a, &v))
		r = send_on(s, &a, &v, leaves, &mem);
	/* Whether the copy stands in the spool only recovery can say then, and it gives the open attempt its result. */
	if (!depot_broken(s->set.depot))
		attempt_end(s, &a, r);
}

/* How many of a program run at one time is its own row's matter; no rate of relay { } is for it. */
static struct destination_rule rule_of_program(const struct schedule *s)
{
	return (struct destination_rule){ (size_t)s->set.conf->queue.destination_concurrency, s->set.retry.first, 0 };
}

struct destination_rule schedule_rule(const struct schedule *s, uint32_t destination)
{
	unsigned number = destination_way(destination);
	struct way w;

	if (number == WAY_PROGRAMS)
		return rule_of_program(s);
	/* Its way may be gone after a reload, while its last deliveries end. */
	way_of(s->set.conf, number <= s->set.conf->nways ? number : 0, &w);
	return (struct destination_rule){ (size_t)w.concurrency, s->set.retry.first,
					  w.rate.count > 0 ? w.rate.each / w.rate.count : 0 };
}

bool schedule_destination(const struct schedule *s, uint32_t number, struct destination_look *out)
{
	struct destination_rule rule = schedule_rule(s, number);

	return destination_look(&s->destinations, number, &rule, out);
}

static uint32_t destination(struct schedule *s, struct str sender, struct str rcpt, struct arena *mem)
{
	struct way w;

	way_of(s->set.conf, way_find(s->set.conf, sender, rcpt), &w);
	return destination_of(&s->destinations, way_destination(w.host, rcpt, mem), w.number);
}

/* The destination of the recipient is noted: 0; -1: his record cannot be read. */
static int note_destination(struct schedule *s, struct item *it, size_t rcpt, struct err *e)
{
	ARENA(mem);
	struct envelope v;
	const struct recipient *r;

	if (it->rcpts[rcpt].destination != 0)
		return 0;
	if (it->rcpts[rcpt].rerouted) {
		it->rcpts[rcpt].destination =
		    destination_of(&s->destinations, arena_fmt(&mem, "host %.*s", STR_ARG(host_of(s, it, rcpt))), 0);
		return 0;
	}
	if (depot_envelope(s->set.depot, it, &mem, &v, e) < 0)
		return -1;
	if (rcpt >= v.nrcpts)
		return err_set(e, "its envelope lacks recipient %zu", rcpt);
	r = &v.rcpts[rcpt];
	if (r->led == LED_LIST)
		it->rcpts[rcpt].destination = DESTINATION_LIST;
	else if (r->led == LED_PROGRAM)
		it->rcpts[rcpt].destination = destination_of(&s->destinations, r->final, WAY_PROGRAMS);
	else
		it->rcpts[rcpt].destination =
		    str_ieq(r->final, r->original) ? destination(s, v.sender, r->final, &mem) : DESTINATION_OURS;
	return 0;
}

/* Is he still the one who stood in the line? */
static bool still_waits(const struct item *it, size_t rcpt, uint32_t number, int64_t now)
{
	const struct item_rcpt *r = it != NULL && rcpt < it->nrcpts ? &it->rcpts[rcpt] : NULL;

	return r != NULL && r->state == RCPT_WAITING && !r->held && !it->held && !r->paused && !rcpt_over(r) &&
	       r->destination == number && r->next > now;
}

void start_from_line(struct schedule *s, uint32_t number, int64_t now)
{
	struct destination_waiting w;

	for (size_t gone = 0; gone < GONE_MOST && destination_first(&s->destinations, number, now, &w);) {
		struct item *it = depot_find(s->set.depot, w.qp);

		if (!still_waits(it, w.rcpt, number, now)) {
			gone++;
			continue;
		}
		depot_release(s->set.depot, it, w.rcpt, it->born); /* before all that came later */
		destination_called(&s->destinations, number);
	}
}

/* His destination is left alone, and his time is over: this was his last attempt, though nobody was asked. */
static void end_untried(struct schedule *s, struct item *it, size_t rcpt)
{
	ARENA(mem);
	struct attempt a = { .it = it, .rcpt = rcpt };
	struct envelope v;

	if (attempt_open(s, &a, &mem, &v))
		attempt_end(s, &a, (struct dlog_result){ .kind = OUTCOME_DEFERRAL, .report = STR(LEFT_ALONE) });
}

/* He found no place.  True: that was the end of it. */
static bool waits(struct schedule *s, struct item *it, size_t rcpt, const struct destination_rule *rule, int64_t now,
		  int64_t next)
{
	uint32_t to = it->rcpts[rcpt].destination;
	struct destination_look look;
	bool alone = destination_look(&s->destinations, to, rule, &look) && look.down > now;

	if (alone && retry_over(&s->set.retry, it->born, now)) {
		end_untried(s, it, rcpt);
		return true;
	}
	destination_waits(&s->destinations, to, rule, (struct destination_waiting){ it->qp, (uint32_t)rcpt });
	if (alone)
		depot_release_alone(s->set.depot, it, rcpt, next);
	else
		depot_release(s->set.depot, it, rcpt, next);
	schedule_look(s, it);
	schedule_late(s, it);
	return false;
}

bool start_remote(struct schedule *s, struct item *it, size_t rcpt, int64_t now)
{
	enum agent_kind kind = AGENT_REMOTE;
	struct destination_rule rule;
	struct err e = { 0 };
	uint32_t to;
	int64_t next;

	if (note_destination(s, it, rcpt, &e) < 0) {
		attempt_put_back(s, it, rcpt, &e);
		return true;
	}
	to = it->rcpts[rcpt].destination;
	if (to == DESTINATION_LIST)
		return list_start(s, it, rcpt);
	if (to == DESTINATION_OURS)
		return leaves_start(s, it, rcpt);
	if (destination_way(to) == WAY_PROGRAMS)
		kind = AGENT_PIPE;
	if (!s->set.remote && kind == AGENT_REMOTE) {
		start_here(s, it, rcpt, NULL);
		return true;
	}
	if (start_agent(s, kind) == NULL) { /* no telltale-pipe */
		depot_release(s->set.depot, it, rcpt, now + AWAY_PAUSE);
		return false;
	}
	rule = schedule_rule(s, to);
	if (destination_may(&s->destinations, to, &rule, now, &next)) {
		start_with_agent(s, kind, it, rcpt);
		return true;
	}
	return waits(s, it, rcpt, &rule, now, next);
}
