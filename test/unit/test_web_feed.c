/* What a feed keeps, and where a viewer begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "web/feed.h"

static void an_event_is_lines(void **state)
{
	struct feed *f = feed_new(STR("key"));
	BUF(want);

	(void)state;
	feed_add(f, STR("new"), STR("{\"a\":1}"));
	feed_add(f, STR("said"), STR("x\nid: 7\n\ny"));
	buf_fmt(&want, "id: %llu-0\nevent: new\ndata: {\"a\":1}\n\n", (unsigned long long)f->mark);
	assert_true(str_eq(buf_str(&f->at[0]), buf_str(&want)));
	/* a line end in the data is no end of the event */
	assert_true(str_ends(buf_str(&f->at[1]), STR("data: x\ndata: id: 7\ndata: \ndata: y\n\n")));
	feed_free(f);
}

static void the_oldest_make_room(void **state)
{
	struct feed *f = feed_new(STR("key"));
	BUF(large);

	(void)state;
	for (int i = 0; i < 2 * LIVE_EVENTS_MAX; i++)
		feed_add(f, STR("new"), STR("x"));
	assert_int_equal(f->last, 2 * LIVE_EVENTS_MAX);
	assert_int_equal(f->first, LIVE_EVENTS_MAX);
	while (large.n < LIVE_BYTES_MAX / 2)
		buf_addc(&large, 'x');
	for (int i = 0; i < 3; i++) {
		feed_add(f, STR("new"), buf_str(&large));
		assert_true(f->last > f->first && f->bytes <= LIVE_BYTES_MAX + 1000);
	}
	assert_true(f->last - f->first <= 2);
	feed_free(f);
}

static void where_a_viewer_begins(void **state)
{
	struct feed *f = feed_new(STR("key"));
	ARENA(mem);
	unsigned long long mark = f->mark;

	(void)state;
	for (int i = 0; i < LIVE_EVENTS_MAX + 5; i++)
		feed_add(f, STR("new"), STR("x"));
	assert_int_equal(feed_begin(f, STR("")), 5);
	assert_int_equal(feed_begin(f, arena_fmt(&mem, "%llu-10", mark)), 11);
	assert_int_equal(feed_begin(f, arena_fmt(&mem, "%llu-%d", mark, LIVE_EVENTS_MAX + 4)), f->last);
	assert_int_equal(feed_begin(f, arena_fmt(&mem, "%llu-2", mark)), 3); /* gone: it is told so */
	assert_int_equal(feed_begin(f, arena_fmt(&mem, "%llu-99999", mark)), 5);
	assert_int_equal(feed_begin(f, arena_fmt(&mem, "%llu-10", mark + 1)), 5);
	assert_int_equal(feed_begin(f, STR("10")), 5);
	assert_int_equal(feed_begin(f, STR("x-y")), 5);
	feed_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_lines),
		cmocka_unit_test(the_oldest_make_room),
		cmocka_unit_test(where_a_viewer_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
