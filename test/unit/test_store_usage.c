/* Full or not: a telltale-local that is this test, a clock that it moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "store/usage.h"

struct world {
	struct usage *usage;
	struct ipc_conn ours, local;
	uint64_t asked[64]; /* the ids of what telltale-local was asked, in order */
	char names[64][32];
	size_t n;
};

static int setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ipc_conn_init(&w->ours, fds[0]);
	ipc_conn_init(&w->local, fds[1]);
	w->usage = usage_new();
	usage_connect(w->usage, &w->ours);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	usage_free(w->usage);
	ipc_conn_clear(&w->ours);
	ipc_conn_clear(&w->local);
	free(w);
	return 0;
}

/* Are all of these ("a b c") full, each at 100 bytes? */
static void ask(struct world *w, uint64_t id, const char *names, int64_t now)
{
	struct question *q = mem_alloc(sizeof(*q));
	struct str rest = str_of(names), one;

	q->id = id;
	q->needs = arena_alloc(&q->mem, 8 * sizeof(*q->needs));
	while ((one = str_word(&rest)).n > 0)
		q->needs[q->n++] = (struct need){ arena_str(&q->mem, one), 100 };
	usage_ask(w->usage, q, now);
}

/* What came to telltale-local since the last time. */
static size_t hear(struct world *w)
{
	struct lookup_usage m;
	struct ipc_frame f;
	size_t before = w->n;

	assert_int_equal(ipc_flush(&w->ours, NULL), 0);
	while (ipc_fill(&w->local, NULL) == 1)
		while (ipc_next(&w->local, &f, NULL) == 1) {
			assert_int_equal(f.type, lookup_usage_number);
			assert_int_equal(ipc_unpack(f.body, &lookup_usage_type, &m, NULL), 0);
			w->asked[w->n] = f.id;
			snprintf(w->names[w->n++], sizeof(w->names[0]), "%.*s", STR_ARG(m.address));
		}
	return w->n - before;
}

static void told(struct world *w, size_t which, uint64_t known, uint64_t bytes, int64_t now)
{
	usage_told(w->usage, w->asked[which], &(struct lookup_usage_told){ known, bytes }, now);
}

/* The answers that are there: "1+ 2-" is question 1 full, question 2 not. */
static const char *answers(struct world *w)
{
	static char text[256];
	struct question *q;

	text[0] = '\0';
	while ((q = usage_take(w->usage)) != NULL) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d%c", text[0] != '\0' ? " " : "",
			 (int)q->id, q->full ? '+' : '-');
		question_free(q);
	}
	return text;
}

static void full_at_its_threshold(void **state)
{
	static const struct {
		uint64_t known, bytes;
		const char *answer;
	} t[] = { { 1, 0, "1-" }, { 1, 99, "1-" }, { 1, 100, "1+" }, { 1, UINT64_MAX, "1+" }, { 0, 500, "1-" } };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(t); i++) {
		ask(w, 1, "bob", (int64_t)i * 10000);
		assert_int_equal(hear(w), 1);
		assert_string_equal(w->names[i], "bob");
		assert_string_equal(answers(w), "");
		told(w, i, t[i].known, t[i].bytes, (int64_t)i * 10000 + 5);
		assert_string_equal(answers(w), t[i].answer);
	}
}

static void asked_once_for_all_and_good_for_three_seconds(void **state)
{
	struct world *w = *state;

	ask(w, 1, "bob", 0);
	ask(w, 2, "bob", 10);
	assert_int_equal(hear(w), 1);
	told(w, 0, 1, 100, 20);
	assert_string_equal(answers(w), "1+ 2+");
	ask(w, 3, "bob", 20 + USAGE_FRESH_MS - 1);
	assert_string_equal(answers(w), "3+");
	assert_int_equal(hear(w), 0);
	ask(w, 4, "bob", 20 + USAGE_FRESH_MS);
	assert_int_equal(hear(w), 1);
	assert_string_equal(answers(w), "");
}

static void several_targets_are_full_only_together(void **state)
{
	struct world *w = *state;

	ask(w, 1, "a b c", 0);
	ask(w, 2, "c a", 0);
	assert_int_equal(hear(w), 3);
	told(w, 1, 1, 100, 1);
	told(w, 2, 1, 100, 1);
	assert_string_equal(answers(w), "");
	told(w, 0, 1, 100, 2);
	assert_string_equal(answers(w), "1+ 2+");
	ask(w, 3, "a b d c", 3);
	assert_int_equal(hear(w), 1);
	told(w, 3, 1, 7, 4);
	assert_string_equal(answers(w), "3-");
}

static void silence_is_room(void **state)
{
	struct world *w = *state;

	ask(w, 1, "a", 0);
	ask(w, 2, "b", 400);
	assert_int_equal(hear(w), 2);
	assert_int_equal(usage_expire(w->usage, 500), USAGE_WAIT_MS);
	assert_string_equal(answers(w), "");
	assert_int_equal(usage_expire(w->usage, USAGE_WAIT_MS), 400 + USAGE_WAIT_MS);
	assert_string_equal(answers(w), "1-");
	told(w, 0, 1, 100, 1001); /* too late */
	ask(w, 3, "a", 1002);
	assert_string_equal(answers(w), "3-");
	assert_int_equal(usage_expire(w->usage, 5000), INT64_MAX);
	assert_string_equal(answers(w), "2-");
}

static void without_telltale_local_nothing_is_full(void **state)
{
	struct world *w = *state;

	ask(w, 1, "a b", 0);
	usage_connect(w->usage, NULL);
	assert_false(usage_connected(w->usage));
	assert_string_equal(answers(w), "1-");
	ask(w, 2, "a", 1);
	assert_string_equal(answers(w), "2-");
	usage_connect(w->usage, &w->ours);
	hear(w);
	ask(w, 3, "a", 2);
	assert_int_equal(hear(w), 1);
	told(w, 2, 1, 100, 3);
	assert_string_equal(answers(w), "3+");
}

static void nonsense_is_passed_over(void **state)
{
	struct world *w = *state;

	ask(w, 1, "a", 0);
	assert_int_equal(hear(w), 1);
	usage_told(w->usage, w->asked[0] + 1, &(struct lookup_usage_told){ 1, 100 }, 1);
	usage_told(w->usage, 0, &(struct lookup_usage_told){ 1, 100 }, 1);
	usage_told(w->usage, UINT64_MAX, &(struct lookup_usage_told){ 1, 100 }, 1);
	assert_string_equal(answers(w), "");
	told(w, 0, 1, 100, 2);
	told(w, 0, 1, 0, 2); /* twice */
	assert_string_equal(answers(w), "1+");
}

static void no_more_is_asked_than_the_limit(void **state)
{
	struct world *w = *state;
	struct question *q;
	char name[32];
	size_t full = 0, n = 0;

	for (int i = 0; i < USAGE_ASKED_MAX + 5; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		ask(w, (uint64_t)i, name, 0);
	}
	for (; (q = usage_take(w->usage)) != NULL; n++) {
		full += q->full;
		question_free(q);
	}
	assert_int_equal(n, 5);
	assert_int_equal(full, 0);
	usage_expire(w->usage, USAGE_WAIT_MS);
	for (n = 0; (q = usage_take(w->usage)) != NULL; n++)
		question_free(q);
	assert_int_equal(n, USAGE_ASKED_MAX);
	ask(w, 1, "late", USAGE_WAIT_MS);
	assert_null(usage_take(w->usage));
}

static void thresholds(void **state)
{
	static const struct {
		uint64_t limit, percent, bytes;
	} t[] = {
		{ 1000, 100, 1000 },
		{ 1000, 90, 900 },
		{ 1001, 50, 501 },
		{ 1, 1, 1 },
		{ 99, 100, 99 },
		{ 7, 1000, 70 },
		{ INT64_MAX, 100, INT64_MAX },
		{ INT64_MAX, 1000, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_true(usage_threshold(t[i].limit, t[i].percent) == t[i].bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(full_at_its_threshold, setup, teardown),
		cmocka_unit_test_setup_teardown(asked_once_for_all_and_good_for_three_seconds, setup, teardown),
		cmocka_unit_test_setup_teardown(several_targets_are_full_only_together, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_is_room, setup, teardown),
		cmocka_unit_test_setup_teardown(without_telltale_local_nothing_is_full, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_is_passed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(no_more_is_asked_than_the_limit, setup, teardown),
		cmocka_unit_test(thresholds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
