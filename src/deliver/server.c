#include "deliver/server.h"

#include <errno.h>
#include <sys/epoll.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"
#include "deliver/clients.h"

enum {
	TURN_MOST = 5 * 1000, /* longest sleep: deadlines are looked at between */
	TEST_TURN = 100,      /* the same under the test clock */
	LOOKUP_TURN = 1000,   /* while telltale-lookup owes an answer */
	SYNC_PAUSE = 200,     /* before a failed sync is tried again */
	EVENTS = 64
};

struct server {
	struct server_set set;
	struct source signals, service, control, depot, lookup;
	struct clients clients;
	int64_t leave; /* deadline once asked to leave, else DEADLINE_NEVER */
	int64_t pause; /* ms to wait after a sync that failed */
};

static bool leaving(const struct server *s)
{
	return s->leave != DEADLINE_NEVER;
}

static void asked_to_leave(struct server *s)
{
	if (proc_signal(s->set.signals) == 0 || leaving(s))
		return;
	s->leave = deadline_in(s->set.grace);
	schedule_stop(s->set.schedule);
	(void)epoll_ctl(s->clients.epoll, EPOLL_CTL_DEL, s->service.fd, NULL);
	if (s->control.fd >= 0)
		(void)epoll_ctl(s->clients.epoll, EPOLL_CTL_DEL, s->control.fd, NULL);
}

static void take_event(struct server *s, const struct epoll_event *ev)
{
	struct source *source = ev->data.ptr;

	switch (source->kind) {
	case SOURCE_SIGNALS:
		asked_to_leave(s);
		break;
	case SOURCE_SERVICE:
	case SOURCE_CONTROL:
		clients_take(&s->clients, source);
		break;
	case SOURCE_DEPOT:
		depot_tend(s->set.depot);
		break;
	case SOURCE_LOOKUP:
		break; /* heard in every turn */
	case SOURCE_CLIENT:
		if (ev->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			clients_hear(&s->clients, source);
		break;
	}
}

/* Until something is due by the monotonic clock. */
static int64_t most_sleep(const struct server *s)
{
	int64_t most = clock_begin() ? TEST_TURN : TURN_MOST, bounce = schedule_bounces_next(s->set.schedule);

	if (s->clients.nmuted > 0)
		most = most < CLIENTS_MUTED ? most : CLIENTS_MUTED;
	if (resolve_busy(s->set.resolve) && most > LOOKUP_TURN)
		most = LOOKUP_TURN;
	if (bounce == INT64_MAX || bounce - clock_mono() > most)
		return most;
	return bounce > clock_mono() ? bounce - clock_mono() : 0;
}

static int sleep_time(const struct server *s)
{
	int64_t next = schedule_next(s->set.schedule), ms, most = most_sleep(s);

	if (s->clients.again || depot_working(s->set.depot))
		return 0;
	if (leaving(s))
		return 100;
	ms = next == INT64_MAX ? most : next - clock_wall();
	if (ms < s->pause)
		ms = s->pause;
	return ms < 0 ? 0 : ms > most ? (int)most : (int)ms;
}

static void take_events(struct server *s)
{
	struct epoll_event ev[EVENTS];
	int n = epoll_wait(s->clients.epoll, ev, EVENTS, sleep_time(s));

	s->clients.again = n == EVENTS;
	for (int i = 0; i < n; i++)
		take_event(s, &ev[i]);
}

static void say_complaints(struct server *s)
{
	BUF(b);

	while (depot_complaint(s->set.depot, &b))
		say(SAY_WARNING, "%s", buf_z(&b));
}

/* 0 all is on disk, 1 not now, -1 never again. */
static int sync_turn(struct server *s, struct err *e)
{
	bool said = s->pause > 0;

	dlog_flush(s->set.log);
	if (depot_sync(s->set.depot, e) == 0) {
		s->pause = 0;
		return 0;
	}
	if (depot_broken(s->set.depot))
		return -1;
	if (!said)
		say(SAY_ERROR, "spool: %s; trying again", e->text);
	s->pause = SYNC_PAUSE;
	return 1;
}

static void hear_answers(struct server *s)
{
	ARENA(mem);
	struct resolve_told told;

	while (resolve_next(s->set.resolve, &mem, &told)) {
		if (told.leaves)
			schedule_leaves(s->set.schedule, told.id, &told.sender);
		else if (schedule_asker(told.id) == ASKER_COMMAND)
			clients_answer(&s->clients, told.id, &told.answer);
		else
			schedule_answer(s->set.schedule, told.id, &told.answer);
		arena_reset(&mem);
	}
}

/* They are due from now on. */
static void take_news(struct server *s)
{
	struct item *it;

	while ((it = depot_news(s->set.depot)) != NULL)
		if (it->recovered)
			recovered_see(s->set.recovered, s->set.depot, it);
}

static int one_turn(struct server *s, struct err *e)
{
	int rc;

	take_events(s);
	clients_check_deadlines(&s->clients);
	hear_answers(s);
	schedule_bounces(s->set.schedule);
	take_news(s);
	clients_work(&s->clients);
	recovered_write(s->set.recovered, clock_mono());
	schedule_start(s->set.schedule);
	rc = sync_turn(s, e);
	if (rc >= 0)
		clients_tell(&s->clients, rc == 0);
	clients_bury(&s->clients);
	say_complaints(s);
	return rc < 0 ? -1 : 0;
}

/* Those who still have something to hand over, or to tell us, are waited for. */
static bool over(const struct server *s)
{
	if (!leaving(s))
		return false;
	return clock_mono() > s->leave || (schedule_busy(s->set.schedule) == 0 && !clients_smtpd(&s->clients));
}

static int server_open(struct server *s, struct err *e)
{
	s->clients.depot = s->set.depot;
	s->clients.schedule = s->set.schedule;
	s->clients.settings = s->set.settings;
	s->clients.recovered = s->set.recovered;
	s->clients.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->clients.epoll < 0)
		return err_sys(e, "epoll");
	if (io_nonblock(s->set.service) < 0 || (s->set.control >= 0 && io_nonblock(s->set.control) < 0))
		return err_sys(e, "the sockets of telltale-queue");
	if (source_watch(s->clients.epoll, &s->signals, SOURCE_SIGNALS, s->set.signals) < 0 ||
	    source_watch(s->clients.epoll, &s->service, SOURCE_SERVICE, s->set.service) < 0 ||
	    source_watch(s->clients.epoll, &s->control, SOURCE_CONTROL, s->set.control) < 0 ||
	    source_watch(s->clients.epoll, &s->depot, SOURCE_DEPOT, depot_fd(s->set.depot)) < 0 ||
	    source_watch(s->clients.epoll, &s->lookup, SOURCE_LOOKUP, resolve_fd(s->set.resolve)) < 0)
		return err_sys(e, "epoll");
	return 0;
}

int server_run(const struct server_set *set, struct err *e)
{
	struct server s = { .set = *set, .leave = DEADLINE_NEVER, .clients = { .again = true } };
	int rc = server_open(&s, e);

	say_complaints(&s);
	while (rc == 0 && !over(&s))
		rc = one_turn(&s, e);
	clients_clear(&s.clients);
	fd_clear(&s.clients.epoll);
	return rc;
}
