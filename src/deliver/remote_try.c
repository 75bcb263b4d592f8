#include "deliver/remote_try.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "deliver/remote_count.h"
#include "deliver/remote_report.h"
#include "deliver/remote_talk.h"

enum {
	HASTE = 10 * 1000,           /* for a connection while others are left to try */
	HOSTS_TIME = 20 * 60 * 1000, /* after which no other host is visited */
};

/* Has the try its result, or is the next host asked?  A message is never ended twice. */
static bool decides(const struct client *c, enum client_end end)
{
	if (end == CLIENT_DIED)
		return c->critical;
	if (end == CLIENT_NO) /* who closes to everybody (421) has said nothing of the message */
		return c->step == CLIENT_MESSAGE || (c->step >= CLIENT_MAIL && c->said.code != 421);
	return end != CLIENT_NO_TLS && end != CLIENT_BAD_TLS && end != CLIENT_NO_AUTH && end != CLIENT_NO_REQUIRETLS;
}

/* The conversation is over, or may go on with another message. */
static void leave(struct remote_try *t, struct remote_talk *k, enum client_end end)
{
	t->talk = NULL;
	if (!t->given_up && (end == CLIENT_YES || (end == CLIENT_NO && k->client.step >= CLIENT_MAIL &&
						   !k->client.wire.shut && client_again(&k->client))))
		remote_talk_keep(t->world, k);
	else
		remote_talk_close(k);
}

/* The message over an open conversation.  True: the try has its result. */
static bool send_over(struct remote_try *t, struct remote_talk *k)
{
	enum client_end end = client_send(&k->client, &t->message);
	bool decided = decides(&k->client, end);

	t->answered = t->answered || k->client.said.done;
	remote_report_end(t, k, end);
	leave(t, k, end);
	return decided;
}

static struct remote_talk *meet(struct remote_try *t, struct remote_race *r, bool last)
{
	int64_t ms = t->world->connect;

	if (t->given_up)
		return NULL;
	t->talk = remote_talk_open(t, r, deadline_in(last || ms < HASTE ? ms : HASTE));
	return t->talk;
}

static enum client_end begin(struct remote_try *t, struct remote_talk *k, const struct route_stop *stop)
{
	enum client_end end = client_begin(&k->client, fd_steal(&k->client.wire.fd), &k->set);

	if (k->set.tls != CLIENT_TLS_NEVER) /* else it is the consequence of one that failed */
		remote_count(t->one, stop, t->policy, &k->client, end);
	k->set.peer = (struct tls_peer){ .name = k->host }; /* the policy's memory is this message's */
	if (end == CLIENT_YES)
		return end;
	remote_report_end(t, k, end);
	t->talk = NULL;
	remote_talk_close(k);
	return end;
}

/* In the clear, after a handshake that failed and was nobody's demand. */
static bool visit_in_the_clear(struct remote_try *t, const struct route_stop *stop)
{
	struct remote_race again = { .at = stop, .n = 1 };
	struct remote_talk *k = meet(t, &again, true);

	if (k == NULL)
		return false;
	k->set.tls = CLIENT_TLS_NEVER;
	return begin(t, k, stop) == CLIENT_YES && send_over(t, k);
}

/* The address that answers first.  True: the try has its result. */
static bool visit(struct remote_try *t, struct remote_race *r, bool last)
{
	struct remote_talk *k = meet(t, r, last);
	const struct route_stop *stop = &r->at[r->won];
	enum client_end end;

	if (k == NULL) {
		t->missed = true;
		return false;
	}
	k->set.tls = t->policy->tls;
	k->set.peer = t->policy->peer;
	k->proof = t->policy->proof;
	t->policy->fault = TLS_FAULT_NONE;
	end = begin(t, k, stop);
	if (end == CLIENT_BAD_TLS && t->policy->tls == CLIENT_TLS_MAY && t->way->client.user.n == 0 &&
	    !t->way->client.implicit)
		return visit_in_the_clear(t, stop);
	return end == CLIENT_YES && send_over(t, k);
}

/* A connection that was kept may have ended meanwhile: then that is no result. */
static bool use_kept(struct remote_try *t, const struct remote_race *r)
{
	while (!t->given_up && (t->talk = remote_talk_take(t, r)) != NULL)
		if (send_over(t, t->talk))
			return true;
	return false;
}

/* The addresses of one host that are vouched for alike, which have one policy.  True: the try has its result. */
static bool visit_host(struct remote_try *t, struct remote_race *r, bool last)
{
	t->policy = remote_policy_for(t->one, r->at);
	if (t->policy->refusal.n > 0) {
		remote_count_refused(t->one, r->at, t->policy);
		remote_report(t, t->policy->refused, t->policy->refusal);
		t->answered = true; /* somebody may be there: it is not the network */
		return false;
	}
	if (use_kept(t, r))
		return true;
	while (!t->given_up && race_goes_on(r))
		if (visit(t, r, last))
			return true;
	return false;
}

/* By the host that the postmaster named: as relay { } has it, but no password goes to a host that it is not for. */
static void choose_host(struct remote_try *t)
{
	struct remote_way *way = arena_alloc(t->mem, sizeof(*way));

	*way = t->world->ways[0];
	if (!str_ieq(way->route.host, t->host)) {
		way->client.user = way->client.password = STR("");
		way->client.implicit = false;
	}
	way->route.host = t->host;
	t->way = way;
	t->key = way_key("host", t->message.requiretls, &way->source, t->message.sender, t->host, t->mem);
}

/* By which way; and who goes the same one from the same address, and to the same destination, shares connections. */
static void choose(struct remote_try *t)
{
	unsigned number = way_find(t->world->conf, t->message.sender, t->message.rcpt);

	t->way = &t->world->ways[number];
	t->key = way_key(arena_fmt(t->mem, "%u", number).p, t->message.requiretls, &t->way->source, t->message.sender,
			 way_destination(t->way->route.host, t->message.rcpt, t->mem), t->mem);
}

/* The recipient's domain, or the smart host, and what is wanted there. */
static struct remote_case case_of(const struct remote_try *t)
{
	const struct remote_way *w = t->way;
	ptrdiff_t at = str_rchr(t->message.rcpt, '@');
	struct remote_case c = { .desk = &t->world->desk,
				 .want = w->want,
				 .domain = str_skip(t->message.rcpt, (size_t)(at + 1)),
				 .requiretls = t->message.requiretls,
				 .smart = w->route.host.n > 0,
				 .mem = t->mem };
	uint16_t port;

	if (t->message.requiretls && c.want.level < POLICY_VERIFIED)
		c.want.level = POLICY_VERIFIED;
	if (c.smart && !route_host(w->route.host, w->route.port, &c.domain, &port))
		c.domain = STR("");
	return c;
}

void remote_try(struct remote_try *t)
{
	int64_t until = deadline_in(HOSTS_TIME);
	struct remote_case c;
	struct route r;

	if (t->host.n > 0)
		choose_host(t);
	else
		choose(t);
	c = case_of(t);
	t->one = &c;
	if (use_kept(t, NULL))
		return;
	t->answered = false;
	t->met = (struct remote_met){ .policy = "none" };
	route_find(&t->way->route, t->message.rcpt, t->mem, &r);
	t->out = r.none;
	if (r.n == 0)
		return;
	remote_report(t, OUTCOME_DEFERRAL, STR("Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)"));
	for (size_t i = 0; i < r.n && !t->given_up && clock_mono() < until;) {
		struct remote_race race = race_of(&r, i);

		i += race.n;
		if (visit_host(t, &race, i == r.n))
			return;
	}
	if (t->missed && t->out.kind == OUTCOME_FAILURE)
		t->out.kind = OUTCOME_DEFERRAL; /* another host may have what the one that answered lacks */
	t->unreachable = !t->answered;
}

void remote_give_up(struct remote_try *t)
{
	t->given_up = true;
	if (t->talk != NULL && t->talk->client.wire.fd >= 0)
		(void)shutdown(t->talk->client.wire.fd, SHUT_RDWR);
}
