/* Every question is answered once, whatever telltale-lookup does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "deliver/resolve.h"

static char folder[64];
static const char *path;
static struct arena mem;
static struct resolve *resolve;
static struct ipc_conn server;
static int listener;

static int setup(void **state)
{
	struct err e = { 0 };

	(void)state;
	strcpy(folder, "/tmp/test-resolve.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	path = arena_fmt(&mem, "%s/lookup.sock", folder).p;
	listener = ipc_listen(path, 0600, &e);
	resolve = resolve_new(path, &e);
	server.fd = -1;
	return listener < 0 || resolve == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	resolve_free(resolve);
	ipc_conn_clear(&server);
	fd_clear(&listener);
	unlink(path);
	rmdir(folder);
	arena_clear(&mem);
	return 0;
}

static void accept_one(void)
{
	assert_int_equal(io_wait(listener, POLLIN, deadline_in(5000)), 0);
	ipc_conn_init(&server, accept(listener, NULL, NULL));
}

/* The next question that telltale-lookup hears. */
static uint64_t heard(const char *address)
{
	struct lookup_resolve m;
	struct ipc_frame f;
	struct err e = { 0 };

	assert_int_equal(ipc_recv(&server, &f, deadline_in(5000), &e), 0);
	assert_int_equal(f.type, lookup_resolve_number);
	assert_int_equal(ipc_unpack(f.body, &lookup_resolve_type, &m, &e), 0);
	assert_true(str_eqz(m.address, address));
	return f.id;
}

static void say(uint64_t id, uint64_t result, const char *targets, const char *channels)
{
	struct lookup_resolved m = { result, str_of(targets), str_of(channels), STR(""), STR(""), 0, 0 };
	struct err e = { 0 };

	assert_int_equal(ipc_send(&server, &lookup_resolved_type, id, &m, -1, deadline_in(5000), &e), 0);
}

static enum resolved told(uint64_t want, struct lookup_answer *a)
{
	struct resolve_told x;

	(void)io_wait(resolve_fd(resolve), POLLIN, deadline_in(5000));
	if (!resolve_next(resolve, &mem, &x))
		fail_msg("question %llu has no answer", (unsigned long long)want);
	assert_int_equal(x.id, want);
	assert_false(x.leaves);
	*a = x.answer;
	return a->result;
}

static void nothing_more(void)
{
	struct resolve_told x;

	assert_false(resolve_next(resolve, &mem, &x));
}

static void questions_are_answered_in_any_order(void **state)
{
	struct lookup_answer a;

	(void)state;
	assert_true(resolve_ask(resolve, 7, STR("ann@x.example")));
	assert_true(resolve_ask(resolve, 8, STR("list@example.com")));
	assert_false(resolve_ask(resolve, 8, STR("list@example.com")));
	nothing_more();
	accept_one();
	assert_int_equal(heard("ann@x.example"), 7);
	assert_int_equal(heard("list@example.com"), 8);
	say(8, RESOLVED_ALIAS, "a@example.com\nb@other.test", "lr");
	assert_int_equal(told(8, &a), RESOLVED_ALIAS);
	assert_int_equal(a.n, 2);
	assert_true(str_eqz(a.targets[1].final, "b@other.test") && a.targets[1].channel == CHANNEL_REMOTE);
	assert_true(str_eqz(a.targets[0].original, "list@example.com"));
	assert_true(resolve_busy(resolve));
	say(7, RESOLVED_NOT_OURS, "", "");
	assert_int_equal(told(7, &a), RESOLVED_NOT_OURS);
	assert_false(resolve_busy(resolve));
	nothing_more();
}

static void an_answer_that_makes_no_sense_is_no_answer(void **state)
{
	struct lookup_answer a;

	(void)state;
	assert_true(resolve_ask(resolve, 1, STR("a@b.example")));
	accept_one();
	heard("a@b.example");
	say(1, RESOLVED_MAILBOX, "a@b.example", "x");
	assert_int_equal(told(1, &a), RESOLVED_TEMPORARY);
	assert_true(resolve_ask(resolve, 2, STR("a@b.example")));
	heard("a@b.example");
	say(99, RESOLVED_MAILBOX, "a@b.example", "l"); /* of a question that nobody asked: the channel is given up */
	assert_int_equal(told(2, &a), RESOLVED_TEMPORARY);
	ipc_conn_clear(&server);
	assert_true(resolve_ask(resolve, 3, STR("a@b.example")));
	accept_one();
	heard("a@b.example");
	assert_int_equal(send(server.fd, "\xff\xff\xff\xff junk", 9, 0), 9);
	assert_int_equal(told(3, &a), RESOLVED_TEMPORARY);
}

static void a_lookup_that_dies_or_is_away_is_no_answer(void **state)
{
	struct lookup_answer a;

	(void)state;
	assert_true(resolve_ask(resolve, 1, STR("a@b.example")));
	accept_one();
	heard("a@b.example");
	ipc_conn_clear(&server);
	assert_int_equal(told(1, &a), RESOLVED_TEMPORARY);
	fd_clear(&listener);
	assert_false(resolve_ask(resolve, 2, STR("a@b.example")));
	assert_false(resolve_busy(resolve));
	nothing_more();
}

static void there_is_a_limit(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 64; i++)
		assert_true(resolve_ask(resolve, i, STR("a@b.example")));
	assert_false(resolve_ask(resolve, 64, STR("a@b.example")));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(questions_are_answered_in_any_order),
		T(an_answer_that_makes_no_sense_is_no_answer),
		T(a_lookup_that_dies_or_is_away_is_no_answer),
		T(there_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
