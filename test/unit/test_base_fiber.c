/* Fibers: taking turns, waiting for descriptors, times and each other, and being woken by threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/fiber.h"
#include "base/io.h"

/* What happened, in order. */
static struct buf story;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void told(const char *expected)
{
	assert_string_equal(buf_z(&story), expected);
	buf_reset(&story);
}

static void start(void (*run)(void *), void *arg)
{
	struct err e;

	assert_int_equal(fiber_start(run, arg, &e), 0);
}

static void run(void (*main)(void *))
{
	struct err e;

	buf_reset(&story);
	assert_null(fiber_self());
	assert_int_equal(fiber_run(main, NULL, &e), 0);
	assert_null(fiber_self());
}

static void says_twice(void *arg)
{
	buf_adds(&story, arg);
	fiber_yield();
	buf_adds(&story, arg);
}

static void turns(void *arg)
{
	(void)arg;
	start(says_twice, (void *)(uintptr_t) "a");
	start(says_twice, (void *)(uintptr_t) "b");
	for (int i = 0; i < 3; i++) {
		buf_adds(&story, ".");
		fiber_yield();
	}
}

static void test_each_has_its_turn(void **state)
{
	(void)state;
	run(turns);
	told(".ab.ab.");
}

static int ends[2];

static void hears(void *arg)
{
	char got[8];

	(void)arg;
	assert_int_equal(io_read(ends[0], got, sizeof(got), deadline_in(10000)), 2);
	buf_add(&story, got, 2);
	assert_int_equal(io_read(ends[0], got, sizeof(got), deadline_in(10)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	buf_adds(&story, " late");
	assert_int_equal(io_read(ends[0], got, sizeof(got), deadline_in(10000)), 0);
	buf_adds(&story, " end");
}

static void speaks(void *arg)
{
	(void)arg;
	start(hears, NULL);
	fiber_yield();
	assert_int_equal(write(ends[1], "hi", 2), 2);
	fiber_sleep(60);
	close(ends[1]);
	fiber_sleep(20);
}

static void test_a_descriptor_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	run(speaks);
	close(ends[0]);
	told("hi late end");
}

static void sleeps(void *arg)
{
	int n = *(int *)arg;

	fiber_sleep(n);
	buf_fmt(&story, "%d ", n);
}

static void many_sleep(void *arg)
{
	static int ms[] = { 50, 10, 40, 20, 30, 0 };

	(void)arg;
	for (size_t i = 0; i < COUNT(ms); i++)
		start(sleeps, &ms[i]);
	fiber_sleep(90);
}

static void test_the_earliest_wakes_first(void **state)
{
	(void)state;
	run(many_sleep);
	told("0 10 20 30 40 50 ");
}

/* A number that threads raise and fibers wait for. */
static struct {
	struct cond changed;
	int value, met;
} number;

static void awaits(void *arg)
{
	int wanted = (int)(intptr_t)arg;

	pthread_mutex_lock(&lock);
	while (number.value < wanted)
		cond_wait(&number.changed, &lock, deadline_in(20000));
	number.met++;
	pthread_mutex_unlock(&lock);
}

static void *raises(void *arg)
{
	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&lock);
		number.value++;
		cond_broadcast(&number.changed);
		pthread_mutex_unlock(&lock);
	}
	return arg;
}

static void conditions(void *arg)
{
	pthread_t threads[2];

	(void)arg;
	for (intptr_t i = 1; i <= 1000; i++)
		start(awaits, (void *)i);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, raises, NULL), 0);
	awaits((void *)(intptr_t)1000);
	while (number.met < 1001)
		fiber_yield();
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

static void test_threads_wake_fibers(void **state)
{
	(void)state;
	cond_init(&number.changed);
	run(conditions);
	assert_int_equal(number.met, 1001);
	cond_clear(&number.changed);
}

/* Those with an even number give up, wherever in the line they stand. */
static void stands_in_line(void *arg)
{
	intptr_t i = (intptr_t)arg;
	int64_t deadline = i % 2 == 0 ? deadline_in(i) : DEADLINE_NEVER;

	pthread_mutex_lock(&lock);
	cond_wait(&number.changed, &lock, deadline);
	pthread_mutex_unlock(&lock);
	buf_fmt(&story, "%d ", (int)i);
}

static void a_line(void *arg)
{
	(void)arg;
	for (intptr_t i = 0; i < 5; i++)
		start(stands_in_line, (void *)i);
	while (fiber_count() > 3)
		fiber_sleep(1);
	start(stands_in_line, (void *)(intptr_t)5);
	fiber_yield();
	while (fiber_count() > 1) {
		pthread_mutex_lock(&lock);
		cond_signal(&number.changed);
		pthread_mutex_unlock(&lock);
		fiber_yield();
	}
}

static void test_who_gives_up_leaves_the_line_of_the_others_as_it_was(void **state)
{
	(void)state;
	cond_init(&number.changed);
	run(a_line);
	told("0 2 4 1 3 5 ");
	cond_clear(&number.changed);
}

static void nobody_comes(void *arg)
{
	struct cond never;
	int64_t began = clock_mono();

	(void)arg;
	cond_init(&never);
	pthread_mutex_lock(&lock);
	while (clock_mono() - began < 15)
		cond_wait(&never, &lock, began + 15);
	cond_signal(&never); /* finds nobody */
	pthread_mutex_unlock(&lock);
	cond_clear(&never);
	buf_adds(&story, "in vain");
}

static void test_a_wait_has_its_end(void **state)
{
	(void)state;
	run(nobody_comes);
	told("in vain");
}

static void blocks(void *arg)
{
	(void)arg;
	bool alone = true;

	assert_null(fiber_self());
	for (int ms = 0; ms < 10000 && alone; ms++) {
		usleep(1000);
		pthread_mutex_lock(&lock);
		alone = story.n == 0;
		pthread_mutex_unlock(&lock);
	}
	buf_adds(&story, " slept");
}

static void goes_on(void *arg)
{
	(void)arg;
	fiber_sleep(5);
	pthread_mutex_lock(&lock);
	buf_adds(&story, "meanwhile");
	pthread_mutex_unlock(&lock);
}

static void at_the_end(void *arg)
{
	buf_adds(&story, arg);
}

static void aside(void *arg)
{
	(void)arg;
	start(goes_on, NULL);
	fiber_aside(blocks, NULL);
	assert_true(fiber_later(at_the_end, (void *)(uintptr_t) "!"));
	buf_adds(&story, " later");
	fiber_yield();
}

static void test_what_blocks_goes_aside(void **state)
{
	(void)state;
	assert_false(fiber_later(at_the_end, NULL));
	run(aside);
	told("meanwhile slept later!");
}

/* A stack deep enough to hold a session, and whatever it is left with, many times over. */
static void uses_stack(void *arg)
{
	volatile char deep[100 * 1024];

	for (size_t i = 0; i < sizeof(deep); i += 1024)
		deep[i] = (char)i;
	fiber_yield();
	(*(int *)arg) += deep[2048] == 0;
}

static void crowd(void *arg)
{
	int n = 0;

	(void)arg;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 600; i++)
			start(uses_stack, &n);
		fiber_sleep(1);
		while (n < 600 * (round + 1))
			fiber_yield();
	}
	buf_fmt(&story, "%d", n);
}

static void test_stacks_come_and_go(void **state)
{
	(void)state;
	run(crowd);
	told("1800");
}

static void gives_up(void *arg)
{
	fiber_sleep(10); /* until the others have ended: their stacks are kept, ours is not */
	assert_int_equal(io_wait(ends[0], POLLIN, deadline_in(10)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	(*(int *)arg)++;
}

static void hangs_up(void *arg)
{
	int n = 0, given_up = 0;

	(void)arg;
	start(gives_up, &given_up);
	for (int i = 0; i < 300; i++)
		start(uses_stack, &n);
	while (given_up == 0)
		fiber_sleep(5);
	fiber_yield();
	close(ends[1]);
	fiber_sleep(5);
	buf_fmt(&story, "%d", n);
}

/* The kernel tells of a hang-up even those who ask it for nothing any more. */
static void test_who_gave_up_hears_no_more(void **state)
{
	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	run(hangs_up);
	close(ends[0]);
	told("300");
}

static void leaves_one_waiting(void *arg)
{
	(void)arg;
	number.value = 0;
	start(awaits, (void *)(intptr_t)1);
	fiber_sleep(5);
}

/* As a program does that ends while its disk does not answer. */
static void test_who_is_left_behind_may_be_woken(void **state)
{
	(void)state;
	cond_init(&number.changed);
	run(leaves_one_waiting);
	pthread_mutex_lock(&lock);
	cond_broadcast(&number.changed);
	pthread_mutex_unlock(&lock);
	cond_clear(&number.changed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_has_its_turn),
		cmocka_unit_test(test_a_descriptor_is_waited_for),
		cmocka_unit_test(test_the_earliest_wakes_first),
		cmocka_unit_test(test_threads_wake_fibers),
		cmocka_unit_test(test_who_gives_up_leaves_the_line_of_the_others_as_it_was),
		cmocka_unit_test(test_a_wait_has_its_end),
		cmocka_unit_test(test_what_blocks_goes_aside),
		cmocka_unit_test(test_stacks_come_and_go),
		cmocka_unit_test(test_who_gave_up_hears_no_more),
		cmocka_unit_test(test_who_is_left_behind_may_be_woken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
