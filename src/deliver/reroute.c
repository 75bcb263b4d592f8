/* deliver/reroute.c - the postmaster sends a recipient's mail elsewhere: by another host, or to another address.
 *
 * Another host is an order that the recipient keeps (queue/order.h).  Another address is a copy with recipients of its
 * own, made as for an alias that leads elsewhere (forward.c): its record settles the recipient, so a crash leaves both
 * or neither.
 */
#include "deliver/act.h"

#include "deliver/remote_route.h"
#include "deliver/remote_settings.h"
#include "deliver/schedule_inside.h"
#include "deliver/show.h"
#include "mail/addr.h"

/* A host of the postmaster's is told of other servers' addresses only: a program has none, a list's members are asked
 * for, and what an alias sends on is made a copy with a sender of its own first. */
static bool may_go_by_host(struct deed *d, size_t rcpt)
{
	const struct envelope *v = picked_envelope(d->at);
	const struct recipient *r = v != NULL && rcpt < v->nrcpts ? &v->rcpts[rcpt] : NULL;

	return r != NULL && r->channel == CHANNEL_REMOTE && r->led != LED_PROGRAM && r->led != LED_LIST &&
	       str_ieq(r->final, r->original);
}

static void by_host(struct deed *d, struct item *it, size_t rcpt)
{
	ARENA(mem);
	struct str host = str_eqz(d->pick->host, "none") ? STR("") : d->pick->host;
	struct order o = act_order(d, it, rcpt, &mem);

	if (it->rcpts[rcpt].channel != CHANNEL_REMOTE || str_eq(host, str_of(o.host)) ||
	    (host.n > 0 && !may_go_by_host(d, rcpt))) {
		d->n.same++;
		return;
	}
	o.host = arena_z(&mem, host);
	depot_order_set(d->schedule->set.depot, it, &o);
	it->rcpts[rcpt].destination = 0; /* another than before */
	act_log(d, it, rcpt, "rerouted");
	d->n.changed++;
}

/* As when an alias of several is named (RFC 3461, 5.2.7.3): that they were reached is told once. */
static uint64_t wishes(const struct deed *d, const struct recipient *of, size_t i)
{
	uint64_t rest = of->notify & ~(uint64_t)(NOTIFY_SUCCESS | NOTIFY_EXPANDED);

	if (d->ntargets == 1 || (of->notify & NOTIFY_SUCCESS) == 0)
		return of->notify;
	if (i == 0)
		return of->notify | NOTIFY_EXPANDED;
	return rest != 0 ? rest : NOTIFY_NEVER;
}

/* What their sender wants to hear, and by which name he knows them, is what he said of the one whose mail they get. */
static struct recipient *copy_targets(const struct deed *d, const struct recipient *of, struct arena *mem)
{
	struct recipient *to = arena_alloc(mem, d->ntargets * sizeof(*to));
	struct str known_as = forward_known_as(of, mem);

	for (size_t i = 0; i < d->ntargets; i++) {
		to[i] = d->targets[i];
		to[i].notify = wishes(d, of, i);
		to[i].orcpt = known_as;
	}
	return to;
}

/* 0: it is in the queue as *qp. */
static int put_copy(struct deed *d, const struct attempt *a, const struct envelope *v, uint64_t *qp, struct err *e)
{
	ARENA(mem);
	struct mapped m;
	struct envelope child = forward_envelope(a, v, copy_targets(d, &v->rcpts[a->rcpt], &mem), d->ntargets);
	int rc;

	if (forward_map(d->schedule, a->it, &m, e) < 0)
		return -1;
	rc = depot_number(d->schedule->set.depot, NUMBER_MESSAGE, &child.qp, e);
	if (rc == 0)
		rc = schedule_put(d->schedule, &child, STR(""), m.whole, e);
	forward_unmap(&m);
	*qp = child.qp;
	return rc;
}

/* What was staged for a mailbox would be delivered there all the same: it is not sent elsewhere too. */
static void to_address(struct deed *d, struct item *it, size_t rcpt)
{
	ARENA(mem);
	struct attempt a = { .it = it, .rcpt = rcpt };
	struct envelope v;
	uint64_t qp = 0;
	struct err e = { 0 };
	int rc;

	if (it->rcpts[rcpt].staged || it->held || attempt_begin(d->schedule, &a, &mem, &v, &e) < 0) {
		d->n.same++;
		return;
	}
	act_log(d, it, rcpt, "rerouted");
	a.auth = a.replies = false; /* it did not reach him */
	attempt_log(d->schedule, &a, &v);
	rc = put_copy(d, &a, &v, &qp, &e);
	if (rc == 0)
		d->n.changed++;
	else
		d->n.same++;
	/* Whether the copy stands in the spool only recovery can say then. */
	if (!depot_broken(d->schedule->set.depot))
		attempt_end(d->schedule, &a, forward_result(rc, qp, &e, &mem));
}

void act_reroute(struct deed *d, struct item *it, size_t rcpt)
{
	if (it->rcpts[rcpt].state == RCPT_BUSY)
		d->n.busy++;
	else if (rcpt_delivered(&it->rcpts[rcpt]) || (rcpt_over(&it->rcpts[rcpt]) && d->pick->host.n > 0))
		d->n.same++;
	else if (d->pick->host.n > 0)
		by_host(d, it, rcpt);
	else
		to_address(d, it, rcpt);
}

/* telltale-remote is shut in: it reaches the ports of the configuration only. */
static bool is_open_port(const struct schedule *s, uint16_t port)
{
	uint16_t ports[SANDBOX_PORTS];
	size_t n = remote_settings_ports(s->set.conf, ports);

	for (size_t i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

static int no(struct shown *out, const char *sentence, struct str what)
{
	shown_no(out, SHOWN_USAGE, sentence, what);
	return -1;
}

int act_reroute_check(struct schedule *s, struct pick *p, struct shown *out)
{
	ARENA(mem);
	struct addr a;
	struct str name;
	uint16_t port;

	if ((p->host.n > 0) == (p->address.n > 0))
		return no(out, "%.*s wants either --host or --to-address", STR("reroute"));
	if (p->named && show_named(s->set.depot, p, out) == NULL)
		return -1;
	if (p->address.n > 0)
		return addr_parse(p->address, &mem, &a) == 0 ? 0 : no(out, "%.*s is not an address", p->address);
	if (str_eqz(p->host, "none"))
		return 0;
	if (!route_host(p->host, (uint16_t)s->set.conf->relay.port, &name, &port))
		return no(out, "%.*s is not NAME, ADDRESS, NAME:PORT or [V6]:PORT", p->host);
	if (!is_open_port(s, port))
		return no(
		    out, "%.*s: telltale-remote is shut off from that port; relay { port } or relay { host } opens one",
		    p->host);
	return 0;
}
