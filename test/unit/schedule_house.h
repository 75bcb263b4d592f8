/* A schedule with a real depot behind it, in a folder of the test's own; the test is its telltale-local. */
#ifndef SCHEDULE_HOUSE_H
#define SCHEDULE_HOUSE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/conf.h"
#include "base/io.h"
#include "deliver/schedule.h"
#include "deliver/sweep.h"
#include "logs/logs.h"

#define DAY (INT64_C(86400) * 1000)

static char top[64];
static struct depot *depot;
static struct dlog *dlog;
static struct schedule *schedule;
static struct agent *agent;
static struct ipc_conn ours, theirs;
static struct arena mem;

static const struct conf house_conf = { .queue.destination_concurrency = 20 };

/* Who was asked about last; the test answers. */
static struct {
	uint64_t id;
	struct str address;
	size_t n;
	bool away;
} asked;

static bool ask(void *asker, uint64_t id, struct str address)
{
	(void)asker;
	if (asked.away)
		return false;
	asked.id = id;
	asked.address = arena_str(&mem, address);
	asked.n++;
	return true;
}

/* So many mailboxes were asked whether they answer by themselves. */
static size_t replies_asked;

static bool ask_reply(void *asker, uint64_t id, struct str address, struct str sender)
{
	(void)asker, (void)id, (void)address, (void)sender;
	replies_asked++;
	return true;
}

static size_t lists_asked;

static bool ask_list(void *asker, uint64_t id, struct str list, struct str after)
{
	(void)asker, (void)id, (void)list, (void)after;
	lists_asked++;
	return true;
}

/* telltale-lookup's word about the one asked last: its targets are `to`, if any. */
static inline void answer(enum resolved result, const char *to, enum channel channel)
{
	struct recipient r = { str_of(to), asked.address, .channel = channel };
	struct lookup_answer a = { .result = result, .targets = &r, .n = to != NULL };

	schedule_answer(schedule, asked.id, &a);
}

/* A command about the queue, from its words to its answer. */
static inline void command(struct str words, struct shown *a)
{
	struct sweep *w = sweep_new(schedule, words, a);

	while (w != NULL && !sweep_step(w, a))
		;
	if (w != NULL)
		sweep_free(w);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void agent_comes(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ipc_conn_init(&ours, pair[0]);
	ipc_conn_init(&theirs, pair[1]);
	agent = schedule_agent(schedule, AGENT_LOCAL, &ours);
}

/* What that agent says, as it comes over its socket. */
static inline int agent_says(struct agent *from, const struct ipc_type *t, const void *message)
{
	BUF(b);
	struct ipc_frame f = { .type = t->number, .fd = -1 };
	struct err e = { 0 };

	ipc_pack(&b, t, 0, message);
	f.body = str_skip(buf_str(&b), 16);
	return schedule_hear(schedule, from, &f, &e);
}

static inline void agent_goes(void)
{
	schedule_agent_gone(schedule, agent);
	ipc_conn_clear(&ours);
	ipc_conn_clear(&theirs);
}

/* The settings that all tests begin with. */
static inline struct schedule_set house_set(void)
{
	return (struct schedule_set){ .conf = &house_conf,
				      .retry = { 100 * 1000, 2 * DAY },
				      .most = 2,
				      .memory = 1 << 20,
				      .hostname = STR("mx.example.com"),
				      .contact = STR("abuse@example.com") };
}

static void start(void)
{
	struct depot_set set = { .dir = top, .segment_size = 1 << 20, .spares = 1 };
	struct schedule_set s = house_set();
	struct err e = { 0 };

	if (depot_open(&set, &depot, &e) < 0)
		fail_msg("%s", e.text);
	dlog = dlog_open(arena_fmt(&mem, "%s/delivery.log", top).p, &e);
	assert_non_null(dlog);
	s.lookup.ask = ask;
	s.lookup.ask_reply = ask_reply;
	s.depot = depot;
	s.lookup.ask_list = ask_list;
	replies_asked = 0;
	s.log = dlog;
	schedule = schedule_new(&s);
	agent_comes();
}

static void stop(void)
{
	schedule_free(schedule);
	ipc_conn_clear(&ours);
	ipc_conn_clear(&theirs);
	dlog_close(dlog);
	depot_close(depot);
}

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test-schedule.XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	stop();
	arena_clear(&mem);
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void turn(void)
{
	struct err e = { 0 };

	schedule_bounces(schedule);
	while (depot_news(depot) != NULL)
		;
	schedule_start(schedule);
	dlog_flush(dlog);
	assert_int_equal(depot_sync(depot, &e), 0);
	if (ours.fd >= 0)
		assert_int_equal(ipc_flush(&ours, &e), 0);
}

static uint64_t put_envelope(struct envelope v)
{
	struct err e = { 0 };

	assert_int_equal(depot_number(depot, NUMBER_MESSAGE, &v.qp, &e), 0);
	if (depot_put(depot, &v, STR("Received: x\r\n"), STR("\r\nhello\r\n"), &e) < 0)
		fail_msg("%s", e.text);
	turn();
	return v.qp;
}

static inline uint64_t put(int64_t age, enum channel channel, const char *auth)
{
	struct recipient r = { STR_INIT("bob@example.com"), STR_INIT("Bob@example.com"), .channel = channel };
	struct envelope v = { .time = clock_wall() - age, .sender = STR("ann@x.example"), .rcpts = &r, .nrcpts = 1 };

	v.auth = str_of(auth);
	return put_envelope(v);
}

/* The first message that was made of that one: a bounce, a notice, a copy that leaves; NULL: none was. */
static inline struct item *child_of(uint64_t qp)
{
	struct item *it;

	for (uint64_t i = 0; (it = depot_walk(depot, &i)) != NULL;)
		if (it->parent_qp == qp)
			return it;
	return NULL;
}

/* In the test's arena. */
static inline struct envelope envelope_in(struct item *it)
{
	struct envelope v;
	struct err e = { 0 };

	assert_non_null(it);
	assert_int_equal(depot_envelope(depot, it, &mem, &v, &e), 0);
	return v;
}

/* The text of a message in the spool. */
static inline struct str text_of(struct item *it)
{
	struct message m;
	struct err e = { 0 };
	char *p;

	assert_non_null(it);
	assert_int_equal(depot_read(depot, it, &m, &e), 0);
	p = arena_alloc(&mem, m.size + 1);
	assert_int_equal(io_pread_all(m.fd, p, m.size, (off_t)m.offset), 0);
	close(m.fd);
	return str_mem(p, m.size);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
