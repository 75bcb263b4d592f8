/* Work that may run beside other work: each job once, whoever does it, and done when it was ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/team.h"

enum { JOBS = 300 };

struct done {
	int times;
	pthread_t by;
};

static void count(void *with)
{
	struct done *d = with;

	d->times++;
	d->by = pthread_self();
}

static void each_job_is_done_once(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= TEAM_MOST; threads++) {
		struct team *c = team_new(threads);
		struct team_job job[JOBS] = { 0 };
		struct done done[JOBS] = { 0 };

		for (size_t i = 0; i < JOBS; i++) {
			job[i] = (struct team_job){ .run = count, .with = &done[i] };
			team_begin(c, &job[i]);
			if (i % 7 == 0)
				team_end(c, &job[i / 2]);
		}
		for (size_t i = JOBS; i-- > 0;)
			team_end(c, &job[i]);
		team_free(c);
		for (size_t i = 0; i < JOBS; i++)
			assert_int_equal(done[i].times, 1);
	}
}

static void one_is_nobody_but_the_owner(void **state)
{
	struct team *teams[] = { team_new(1), NULL };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct done d = { 0 };
		struct team_job j = { .run = count, .with = &d };

		assert_true(team_alone(teams[i]));
		team_begin(teams[i], &j);
		assert_int_equal(d.times, 0);
		team_end(teams[i], &j);
		assert_int_equal(d.times, 1);
		assert_true(pthread_equal(d.by, pthread_self()));
	}
	team_free(teams[0]);
}

static void a_job_may_be_begun_anew_and_need_not_be_begun(void **state)
{
	struct team *c = team_new(2);
	struct done d = { 0 };
	struct team_job j = { .run = count, .with = &d };

	(void)state;
	team_end(c, &j);
	assert_int_equal(d.times, 0);
	for (int i = 1; i <= 3; i++) {
		team_begin(c, &j);
		team_end(c, &j);
		team_end(c, &j);
		assert_int_equal(d.times, i);
	}
	team_free(c);
	team_free(NULL);
}

/* Two that wait for each other come to an end only where they run at the same time. */
static void meet(void *with)
{
	pthread_barrier_wait(with);
}

static void two_run_beside_each_other(void **state)
{
	struct team *c = team_new(2);
	pthread_barrier_t b;
	struct team_job j = { .run = meet, .with = &b };

	(void)state;
	assert_false(team_alone(c));
	pthread_barrier_init(&b, NULL, 2);
	team_begin(c, &j);
	pthread_barrier_wait(&b);
	team_end(c, &j);
	team_free(c);
	pthread_barrier_destroy(&b);
}

static void processors_are_some(void **state)
{
	(void)state;
	assert_in_range(team_processors(), 1, TEAM_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_job_is_done_once),
		cmocka_unit_test(one_is_nobody_but_the_owner),
		cmocka_unit_test(a_job_may_be_begun_anew_and_need_not_be_begun),
		cmocka_unit_test(two_run_beside_each_other),
		cmocka_unit_test(processors_are_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
