#include "store/serve.h"

#include <signal.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"
#include "store/server.h"

enum { EVENTS = 64, DRAIN_MS = 10 * 60 * 1000 };

/* SIGHUP: serve those who are here, until the last has left.  SIGTERM: stop. */
static void take_signals(struct server *s)
{
	int sig;

	while ((sig = proc_signal(s->signals.fd)) != 0) {
		if (sig != SIGHUP) {
			s->stop = true;
		} else if (s->drain == 0) {
			s->drain = deadline_in(DRAIN_MS);
			server_listen(s, &s->service, false);
			server_listen(s, &s->control, false);
			s->dismiss = true;
		}
	}
}

/* Visitors that a batch's event may still lead to must not be freed inside it, but by their own event: what
 * frees others comes when the batch is over. */
static void take_events(struct server *s, const struct epoll_event *ev, int n)
{
	bool done = false;

	for (int i = 0; i < n; i++) {
		struct source *from = ev[i].data.ptr;

		if (from->kind == VISITOR)
			visitor_serve(s, (struct visitor *)from);
		else if (from->kind == SIGNALS)
			take_signals(s);
		else if (from->kind == DONE)
			done = true;
		else if (!from->deaf)
			server_accept(s, from);
	}
	if (done)
		server_tell_done(s);
	if (s->dismiss && s->usage_server != NULL)
		visitor_free(s, s->usage_server); /* it never leaves by itself: it is to come to our successor */
	s->dismiss = false;
}

static void server_clear(struct server *s)
{
	struct visitor *v;

	while ((v = TAILQ_FIRST(&s->visitors)) != NULL)
		visitor_free(s, v);
	if (s->workers != NULL)
		workers_free(s->workers);
	server_forget_early(s);
	throttle_free(s->throttle);
	usage_free(s->usage);
	graylist_free(s->graylist);
	store_close(s->store);
	map_clear(&s->by_number);
	fd_clear(&s->epoll);
}

static int server_init(struct server *s, const struct store_sockets *k, struct err *e)
{
	struct source *all[] = { &s->service, &s->control, &s->signals, &s->done };
	ARENA(mem);

	TAILQ_INIT(&s->visitors);
	s->looked = INT64_MIN / 2;
	s->throttle = throttle_new();
	s->usage = usage_new();
	s->graylist = graylist_new(gray_path(s->path, &mem));
	s->workers = workers_new(s->path, e);
	if (s->workers == NULL)
		return -1;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return err_sys(e, "epoll");
	s->service = (struct source){ .kind = SERVICE, .fd = k->service };
	s->control = (struct source){ .kind = CONTROL, .fd = k->control };
	s->signals = (struct source){ .kind = SIGNALS, .fd = k->signals };
	s->done = (struct source){ .kind = DONE, .fd = workers_fd(s->workers) };
	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i]->fd >= 0 &&
		    (io_nonblock(all[i]->fd) < 0 || server_watch(s, all[i], EPOLLIN, EPOLL_CTL_ADD) < 0))
			return err_sys(e, "watch a socket");
	server_look_at_file(s);
	return 0;
}

/* How long nothing may happen, ms; -1: as long as it likes. */
static int patience(const struct server *s)
{
	int64_t now = clock_mono(), until = s->drain > 0 ? s->drain : INT64_MAX;

	if (s->drain == 0 && s->service.deaf)
		until = s->service.deaf_for;
	if (s->drain == 0 && s->control.deaf && s->control.deaf_for < until)
		until = s->control.deaf_for;
	if (s->usage_due < until)
		until = s->usage_due;
	if (graylist_due(s->graylist) < until)
		until = graylist_due(s->graylist);
	return until == INT64_MAX ? -1 : until <= now ? 0 : (int)(until - now);
}

/* The end of a turn: what the clock asks for, and what one's event brought to another.  All that was asked in this
 * turn was one transaction: what an administrator changes from now on, the next turn sees. */
static void end_turn(struct server *s)
{
	struct err e = { 0 };

	if (s->store != NULL && store_rest(s->store, &e) < 0)
		server_sick(s, &e);
	graylist_rest(s->graylist);
	server_write_gray(s);
	s->usage_due = usage_expire(s->usage, clock_mono());
	server_tell_resolved(s);
	server_flush_all(s);
	if (s->drain > 0 && (s->n == 0 || clock_mono() >= s->drain))
		s->stop = true;
	if (s->drain == 0 && clock_mono() >= s->service.deaf_for)
		server_listen(s, &s->service, true);
	if (s->drain == 0 && clock_mono() >= s->control.deaf_for)
		server_listen(s, &s->control, true);
}

int store_serve(const struct conf *conf, const struct store_sockets *sockets, struct err *e)
{
	struct server s = { .conf = conf, .path = conf_z(conf->accounts.sqlite), .epoll = -1, .usage_due = INT64_MAX };
	struct epoll_event ev[EVENTS];
	int rc = server_init(&s, sockets, e);

	if (rc == 0)
		proc_ready();
	while (rc == 0 && !s.stop) {
		int n = epoll_wait(s.epoll, ev, EVENTS, patience(&s));

		if (n < 0 && errno != EINTR)
			rc = err_sys(e, "epoll");
		else
			take_events(&s, ev, n);
		end_turn(&s);
	}
	server_clear(&s);
	return rc;
}
