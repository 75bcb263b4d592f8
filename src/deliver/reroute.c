/* deliver/reroute.c - the postmaster sends a recipient's mail elsewhere: by another host, or to another address.
 *
 * Another host is an order that the recipient keeps (queue/order.h).  Another address is a copy with recipients of its
 * own, made as for an alias that leads elsewhere (forward.c): its record settles the recipient, so a crash leaves both
 * or neither.
 */
#include "deliver/act.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "deliver/remote_route.h"
#include "deliver/remote_settings.h"
#include "deliver/schedule_inside.h"
#include "deliver/show.h"
#include "mail/addr.h"

static void by_host(struct deed *d, struct item *it, size_t rcpt)
{
	ARENA(mem);
	const struct order *known = depot_order(d->schedule->set.depot, it, rcpt);
	struct str host = str_eqz(d->pick->host, "none") ? STR("") : d->pick->host;
	struct order o = { .rcpt = (uint32_t)rcpt, .since = clock_wall() };

	if (it->rcpts[rcpt].channel != CHANNEL_REMOTE || str_eq(host, str_of(known != NULL ? known->host : ""))) {
		d->n.same++;
		return;
	}
	o.held = known != NULL && known->held;
	o.host = arena_z(&mem, host);
	o.by = arena_z(&mem, d->pick->by);
	o.why = arena_z(&mem, d->pick->why);
	depot_order_set(d->schedule->set.depot, it, &o);
	schedule_rerouted(d->schedule, it, rcpt);
	act_log(d, it, rcpt, "rerouted");
	d->n.changed++;
}

static int put_copy(struct deed *d, const struct attempt *a, const struct envelope *v, struct envelope *child,
		    struct err *e)
{
	struct depot *depot = d->schedule->set.depot;
	struct message msg;
	size_t skip;
	void *at;
	int rc;

	if (depot_read(depot, a->it, &msg, e) < 0)
		return -1;
	skip = (size_t)(msg.offset % (uint64_t)sysconf(_SC_PAGESIZE));
	at = mmap(NULL, skip + msg.size, PROT_READ, MAP_PRIVATE, msg.fd, (off_t)(msg.offset - skip));
	rc = at == MAP_FAILED ? err_sys(e, "map the message") : 0;
	close(msg.fd);
	*child = (struct envelope){ .time = clock_wall(),
				    .sender = v->sender,
				    .parent_qp = a->it->qp,
				    .parent_rcpt = a->rcpt,
				    .forward = 1,
				    .rcpts = d->targets,
				    .nrcpts = d->ntargets };
	if (rc == 0)
		rc = depot_number(depot, NUMBER_MESSAGE, &child->qp, e);
	dlog_flush(d->schedule->set.log); /* depot_put() may sync what was recorded so far */
	if (rc == 0)
		rc = depot_put(depot, child, STR(""), str_mem((const char *)at + skip, msg.size), e);
	if (at != MAP_FAILED)
		munmap(at, skip + msg.size);
	return rc;
}

/* What was staged for a mailbox would be delivered there all the same: it is not sent elsewhere too. */
static void to_address(struct deed *d, struct item *it, size_t rcpt)
{
	ARENA(mem);
	struct attempt a = { .it = it, .rcpt = rcpt };
	struct envelope v, child;
	struct err e = { 0 };

	if (it->rcpts[rcpt].staged || it->held || attempt_begin(d->schedule, &a, &mem, &v, &e) < 0) {
		d->n.same++;
		return;
	}
	act_log(d, it, rcpt, "rerouted");
	a.auth = false;
	attempt_log(d->schedule, &a, &v);
	if (put_copy(d, &a, &v, &child, &e) == 0) {
		attempt_end(d->schedule, &a,
			    (struct dlog_result){
				.kind = OUTCOME_SUCCESS,
				.report = arena_fmt(&mem, "did 0+1+0\nqp %llu", (unsigned long long)child.qp) });
		d->n.changed++;
		return;
	}
	d->n.same++;
	if (!depot_broken(d->schedule->set.depot))
		attempt_end(
		    d->schedule, &a,
		    (struct dlog_result){ .kind = OUTCOME_DEFERRAL,
					  .report = arena_fmt(&mem, "Unable to forward message: %s.", e.text) });
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
