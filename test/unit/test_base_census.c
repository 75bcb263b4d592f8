#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/census.h"

static const struct census_limit limit = { 5, 2 };

static struct in6_addr ip(const char *text)
{
	struct in6_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	return a;
}

static void rows(void **state)
{
	static const struct {
		const char *client;
		int enter; /* 0: leaves */
		enum census_answer answer;
	} t[] = {
		{ "::ffff:192.0.2.1", 1, CENSUS_IN },
		{ "::ffff:192.0.2.1", 1, CENSUS_IN },
		{ "::ffff:192.0.2.1", 1, CENSUS_CLIENT_FULL },
		{ "::ffff:192.0.2.2", 1, CENSUS_IN },
		{ "::ffff:192.0.2.1", 0, CENSUS_IN },
		{ "::ffff:192.0.2.1", 1, CENSUS_IN },
		{ "2001:db8::1", 1, CENSUS_IN },
		{ "2001:db8::2", 1, CENSUS_IN },
		{ "2001:db8::3", 1, CENSUS_FULL },
		{ "::ffff:192.0.2.2", 0, CENSUS_IN },
		{ "2001:db8::3", 1, CENSUS_CLIENT_FULL },
		{ "2001:db8:0:1::3", 1, CENSUS_IN },
	};
	struct err e;
	struct census *c = census_open(-1, 0, &e);

	(void)state;
	assert_non_null(c);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct in6_addr a = ip(t[i].client);

		if (t[i].enter)
			assert_int_equal(census_enter(c, &a, limit), t[i].answer);
		else
			census_leave(c, &a);
	}
	assert_int_equal(census_total(c), 5);
	census_close(c);
}

static void loopback_has_no_limit_per_client(void **state)
{
	static const char *const t[] = { "::1", "::ffff:127.0.0.1", "::ffff:127.0.0.7" };
	struct err e;
	struct census *c = census_open(-1, 3, &e);

	(void)state;
	for (int i = 0; i < 9; i++) {
		struct in6_addr a = ip(t[i % 3]);

		assert_int_equal(census_enter(c, &a, (struct census_limit){ 9, 1 }), CENSUS_IN);
	}
	assert_int_equal(census_total(c), 9);
	census_close(c);
}

/* A killed worker's sessions count until a worker takes its place, and no longer; the lock dies with it. */
static void a_killed_worker_is_forgotten(void **state)
{
	int fd = memfd_create("census", 0);
	struct in6_addr a = ip("::ffff:192.0.2.1");
	struct err e;
	struct census *c = census_open(dup(fd), 0, &e);
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		struct census *d = census_open(dup(fd), 1, &e);

		census_enter(d, &a, limit);
		census_enter(d, &a, limit);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(census_total(c), 2);
	assert_int_equal(census_enter(c, &a, limit), CENSUS_CLIENT_FULL);
	census_close(census_open(dup(fd), 1, &e));
	assert_int_equal(census_total(c), 0);
	assert_int_equal(census_enter(c, &a, limit), CENSUS_IN);
	census_close(c);
	close(fd);
}

static void many_clients_only_lose_their_own_count(void **state)
{
	struct err e;
	struct census *c = census_open(-1, 0, &e);

	(void)state;
	for (unsigned i = 0; i < 2 * CENSUS_CLIENTS; i++) {
		struct in6_addr a = ip("::ffff:10.0.0.0");

		a.s6_addr[13] = (unsigned char)(i >> 16);
		a.s6_addr[14] = (unsigned char)(i >> 8);
		a.s6_addr[15] = (unsigned char)i;
		assert_int_equal(census_enter(c, &a, (struct census_limit){ UINT64_MAX, 1 }), CENSUS_IN);
	}
	assert_int_equal(census_total(c), 2 * CENSUS_CLIENTS);
	census_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(loopback_has_no_limit_per_client),
		cmocka_unit_test(a_killed_worker_is_forgotten),
		cmocka_unit_test(many_clients_only_lose_their_own_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
