/* When telltale-index is due, and how the end of a program that runs now and then is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervise/errands.h"

enum { S = 1000, M = 60 * S, NEVER = -1 };

static void when_the_index_is_due(void **state)
{
	static const struct {
		bool before;
		int failures;
		pid_t pid;
		int64_t every, now, wait; /* since = 1000 s */
	} t[] = {
		{ false, 0, 0, 10 * M, 1000 * S, 1 * M }, /* a minute after a start */
		{ false, 0, 0, 10 * M, 1059 * S, 1 * S },
		{ false, 0, 0, 10 * M, 1060 * S, 0 },
		{ false, 0, 0, 5 * S, 1000 * S, 5 * S }, /* or sooner */
		{ true, 0, 0, 10 * M, 1060 * S, 9 * M },
		{ true, 0, 0, 10 * M, 1600 * S, 0 },
		{ true, 0, 0, 10 * M, 9000 * S, 0 },
		{ true, 0, 0, 20 * M, 1600 * S, 10 * M }, /* reloaded */
		{ true, 1, 0, 10 * M, 1000 * S, 20 * M }, /* it failed */
		{ true, 2, 0, 10 * M, 1000 * S, 40 * M },
		{ true, 3, 0, 10 * M, 1000 * S, 60 * M },
		{ true, 900, 0, 10 * M, 1000 * S, 60 * M },
		{ true, 900, 0, 5 * S, 1000 * S, 60 * M },
		{ true, 1, 0, 90 * M, 1000 * S, 90 * M }, /* as long as between two that succeed */
		{ true, 900, 0, INT64_MAX / 2, 1000 * S, INT64_MAX / 2 },
		{ false, 0, 0, 0, 9000 * S, NEVER },
		{ true, 3, 0, 0, 9000 * S, NEVER },
		{ true, 0, 77, 10 * M, 9000 * S, NEVER }, /* its end will be heard */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct indexing x = {
			.since = 1000 * S, .before = t[i].before, .failures = t[i].failures, .errand.pid = t[i].pid
		};

		assert_int_equal(indexing_wait(&x, t[i].every, t[i].now), t[i].wait);
	}
}

static void what_failed_is_said_once(void **state)
{
	struct indexing x = { .errand.pid = 0 };

	(void)state;
	indexing_ended(&x, false);
	assert_true(x.before && x.errand.quiet && x.failures == 1);
	indexing_ended(&x, false);
	assert_true(x.errand.quiet && x.failures == 2);
	indexing_ended(&x, true);
	assert_false(x.errand.quiet || x.failures > 0);
}

static _Noreturn void be_child(int code, int sig)
{
	if (sig != 0) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
	_exit(code);
}

static void how_it_ended(void **state)
{
	static const struct {
		int code, sig;
		bool stolen; /* somebody else collected it */
		enum errand_end end;
	} t[] = {
		{ 0, 0, false, ERRAND_WELL },
		{ 75, 0, false, ERRAND_FAILED },
		{ 0, SIGKILL, false, ERRAND_FAILED },
		{ 0, 0, true, ERRAND_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct errand r = { .program = "telltale-index", .pid = fork() };
		siginfo_t gone;
		enum errand_end end;

		assert_true(r.pid >= 0);
		if (r.pid == 0)
			be_child(t[i].code, t[i].sig);
		assert_int_equal(waitid(P_PID, (id_t)r.pid, &gone, WEXITED | (t[i].stolen ? 0 : WNOWAIT)), 0);
		end = errand_reap(&r);
		assert_int_equal(end, t[i].end);
		assert_int_equal(r.pid, 0);
		assert_int_equal(errand_reap(&r), ERRAND_RUNS); /* nobody, who cannot end */
	}
}

static void one_that_runs_is_ended(void **state)
{
	struct errand r = { .program = "telltale-index", .pid = fork() };
	pid_t pid = r.pid;

	(void)state;
	assert_true(r.pid >= 0);
	while (r.pid == 0)
		pause();
	assert_int_equal(errand_reap(&r), ERRAND_RUNS);
	assert_int_equal(r.pid, pid);
	errand_end(&r);
	assert_int_equal(r.pid, 0);
	assert_int_equal(kill(pid, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_the_index_is_due),
		cmocka_unit_test(what_failed_is_said_once),
		cmocka_unit_test(how_it_ended),
		cmocka_unit_test(one_that_runs_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
