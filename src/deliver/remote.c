#include "deliver/remote.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/map.h"
#include "base/proc.h"
#include "base/say.h"
#include "deliver/remote_sign.h"
#include "queue/spool.h"

enum {
	PAUSE = 200,
	CONNECT_TIME = 2000,
	AWAY = 3000, /* ms without a channel that is worth a word */
	TURN = 200,  /* longest sleep of a turn: how late a deadline is seen */
	REST = 2000, /* ms for tries that were given up */
	DELIVERIES_MAX = 2000,
};

/* One delivery, from deliver_remote to deliver_done. */
struct delivery {
	struct remote *home;
	struct remote_try try;
	struct arena mem;
	struct deliver_remote ask; /* its strs live in mem */
	bool unheard;              /* the channel that it came by is gone */
};

struct remote {
	const struct remote_set *set;
	struct ipc_conn conn;
	struct map deliveries; /* by delivery number; of this channel */
	size_t running;        /* fibers with a delivery, unheard ones too */
	int64_t leave;         /* deadline once we were asked to leave, else DEADLINE_NEVER */
	struct fiber *rests;   /* who waits before he knocks at telltale-queue again, or NULL */
};

static bool leaving(const struct remote *r)
{
	return r->leave != DEADLINE_NEVER;
}

static void tell(struct remote *r, const struct deliver_done *done)
{
	struct err e = { 0 };

	ipc_queue(&r->conn, &deliver_done_type, 0, done, -1);
	(void)ipc_flush(&r->conn, &e); /* what does not go now goes in a turn; that it broke is heard there */
}

static void deliver(void *arg)
{
	struct delivery *d = arg;
	struct remote *r = d->home;

	if (d->ask.ours != 0)
		remote_sign(r->set->signer, r->set->world->conf, &d->try.message, &d->mem);
	remote_try(&d->try);
	if (!d->unheard) {
		struct deliver_done done = {
			.delivery = d->ask.delivery,
			.outcome = d->try.out.kind,
			.report = d->try.out.report,
			.unreachable = d->try.unreachable,
			.host = d->try.met.host,
			.ip = d->try.met.ip,
			.port = d->try.met.port,
			.tls = d->try.met.tls,
			.source = d->try.met.source,
			.policy = str_of(d->try.met.policy),
			.connect = (uint64_t)d->try.met.connect,
			.handshake = (uint64_t)d->try.met.handshake,
			.reply = (uint64_t)d->try.met.reply,
			.dsn = d->try.met.dsn,
		};

		map_deln(&r->deliveries, d->ask.delivery);
		tell(r, &done);
	}
	fd_clear(&d->try.message.fd);
	arena_clear(&d->mem);
	free(d);
	r->running--;
}

static struct delivery *delivery_new(struct remote *r, const struct ipc_frame *f)
{
	struct delivery *d = mem_alloc(sizeof(*d));

	d->home = r;
	d->try.world = r->set->world;
	d->try.message.fd = f->fd;
	return d;
}

static int refuse(struct delivery *d)
{
	fd_clear(&d->try.message.fd);
	arena_clear(&d->mem);
	free(d);
	return -1;
}

static int take_delivery(struct remote *r, const struct ipc_frame *f, struct err *e)
{
	struct delivery *d = delivery_new(r, f);

	if (ipc_unpack(f->body, &deliver_remote_type, &d->ask, e) < 0)
		return refuse(d);
	ipc_keep(&d->mem, &deliver_remote_type, &d->ask);
	d->try.mem = &d->mem;
	d->try.message.sender = d->ask.sender;
	d->try.message.rcpt = d->ask.final;
	d->try.host = d->ask.host;
	d->try.message.offset = d->ask.offset;
	d->try.message.size = d->ask.size;
	d->try.message.envid = d->ask.envid;
	d->try.message.ret = d->ask.ret;
	d->try.message.requiretls = d->ask.requiretls != 0;
	d->try.message.notify = d->ask.notify;
	d->try.message.orcpt = d->ask.orcpt;
	if (map_getn(&r->deliveries, d->ask.delivery) != NULL || r->running >= DELIVERIES_MAX) {
		err_set(e, "delivery %llu is one too many", (unsigned long long)d->ask.delivery);
		return refuse(d);
	}
	if (fiber_start(deliver, d, e) < 0)
		return refuse(d);
	map_putn(&r->deliveries, d->ask.delivery, d);
	r->running++;
	return 0;
}

static int hear(struct remote *r, struct ipc_frame *f, struct err *e)
{
	if (f->type == deliver_remote_number)
		return take_delivery(r, f, e);
	fd_clear(&f->fd);
	return err_set(e, "message %u is not for us", f->type);
}

static int hear_all(struct remote *r, struct err *e)
{
	struct ipc_frame f;
	int rc = ipc_fill(&r->conn, e);

	while (rc > 0 && (rc = ipc_next(&r->conn, &f, e)) > 0)
		if (hear(r, &f, e) < 0)
			return -1;
	return rc;
}

/* One channel's life: 0 when we leave, -1 when it broke.  Who leaves stays until telltale-queue closes: what it sent
 * before it heard of that is still delivered. */
static int serve(struct remote *r, struct err *e)
{
	while (clock_mono() < r->leave) {
		if (ipc_flush(&r->conn, e) < 0)
			return -1;
		if (io_wait(r->conn.fd, POLLIN, deadline_in(TURN)) < 0 && errno != ETIMEDOUT)
			return err_sys(e, "the channel");
		if (hear_all(r, e) < 0)
			return leaving(r) ? 0 : -1;
		remote_tidy(r->set->world, leaving(r));
	}
	return 0;
}

/* Nobody wants to hear of what we do: it ends, and the next channel begins with nothing. */
static void forget_all(struct remote *r)
{
	int64_t until = deadline_in(REST);
	struct delivery *d;

	for (size_t i = 0; (d = map_next(&r->deliveries, &i, NULL)) != NULL;) {
		d->unheard = true;
		remote_give_up(&d->try);
	}
	map_clear(&r->deliveries);
	ipc_conn_clear(&r->conn);
	while (r->running > 0 && clock_mono() < until)
		fiber_sleep(10);
}

/* A while before telltale-queue is tried again; a signal ends it. */
static void rest(struct remote *r)
{
	r->rests = fiber_self();
	(void)fiber_park(deadline_in(PAUSE));
	r->rests = NULL;
}

/* A fiber of its own. */
static void hear_signals(void *arg)
{
	struct remote *r = arg;

	for (;;) {
		struct deliver_leaving word = { 0 };
		bool first = !leaving(r);
		int64_t until;
		int sig;

		if (io_wait(r->set->signals, POLLIN, DEADLINE_NEVER) < 0 || (sig = proc_signal(r->set->signals)) == 0)
			continue;
		word.within = (uint64_t)(sig == SIGHUP ? r->set->drain : r->set->grace);
		until = deadline_in((int64_t)word.within);
		r->leave = until < r->leave ? until : r->leave;
		if (first && r->conn.fd >= 0)
			ipc_queue(&r->conn, &deliver_leaving_type, 0, &word, -1);
		if (r->rests != NULL)
			fiber_wake(r->rests);
	}
}

/* A restart of telltale-queue is no news; that it stays away is. */
static void say_away(int64_t since, bool *said, const struct err *e)
{
	if (*said || clock_mono() - since < AWAY)
		return;
	say(SAY_WARNING, "telltale-queue: %s; trying again", e->text);
	*said = true;
}

/* The channel is open and greeted, or its fd stays -1. */
static void open_channel(struct remote *r, struct err *e)
{
	struct queue_hello hello = { .role = STR("r") };
	int fd = ipc_connect(r->set->socket, deadline_in(CONNECT_TIME), e);

	if (fd < 0)
		return;
	ipc_conn_init(&r->conn, fd);
	ipc_queue(&r->conn, &queue_hello_type, 0, &hello, -1);
	(void)ipc_flush(&r->conn, e); /* that it broke is heard in a turn */
}

static void serve_for_ever(struct remote *r)
{
	int64_t since = clock_mono();
	bool said = false;

	while (!leaving(r)) {
		struct err e = { 0 };

		if (r->conn.fd < 0)
			open_channel(r, &e);
		if (r->conn.fd >= 0) {
			int64_t begun = clock_mono();

			(void)serve(r, &e);
			forget_all(r);
			if (clock_mono() - begun >= AWAY) {
				since = clock_mono();
				said = false;
			}
		}
		say_away(since, &said, &e);
		if (!leaving(r))
			rest(r);
	}
}

void remote_run(const struct remote_set *set)
{
	/* Static: fibers that are still there at the end point to it. */
	static struct remote r = { .conn.fd = -1, .leave = DEADLINE_NEVER };
	struct err e = { 0 };

	r.set = set;
	if (fiber_start(hear_signals, &r, &e) < 0)
		BUG("%s", e.text);
	/* Ready is who can be given work: what is accepted after a reload then goes by the new settings.  Where nobody
	 * listens yet, we are ready without. */
	open_channel(&r, &e);
	proc_ready();
	serve_for_ever(&r);
	remote_tidy(set->world, true);
}
