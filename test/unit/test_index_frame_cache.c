/* Frames that are kept: the same bytes, of the same file, within the room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "index/frame_cache.h"

enum { ROOM = 800 };

static const struct frame_file one = { 1, 2, 3, 4, 5 };

static struct chapter_frame at(uint64_t offset)
{
	return (struct chapter_frame){ offset, 10, 100 };
}

static bool keep(uint64_t offset, char c)
{
	char *room = frame_cache_room(&one, at(offset));

	if (room != NULL)
		memset(room, c, 100);
	frame_cache_turn();
	return room != NULL;
}

/* Its content, or 0. */
static char get(const struct frame_file *f, uint64_t offset)
{
	const char *p = frame_cache_get(f, at(offset));

	return p != NULL && p[0] == p[99] ? p[99] : 0;
}

static void nothing_is_kept_before_the_beginning(void **state)
{
	(void)state;
	frame_cache_begin(0);
	assert_false(keep(1, 'a'));
	assert_int_equal(get(&one, 1), 0);
	assert_null(frame_cache_room(&one, (struct chapter_frame){ 1, 10, 0 })); /* also what has no bytes */
}

static void what_was_put_is_found_by_all_of_its_name(void **state)
{
	struct frame_file f = one;

	(void)state;
	frame_cache_begin(ROOM);
	keep(1, 'a');
	assert_false(keep(1, 'b')); /* a frame does not change */
	assert_int_equal(get(&one, 1), 'a');
	assert_int_equal(get(&one, 2), 0);
	f.ctime++;
	assert_int_equal(get(&f, 1), 0);
	f = one;
	f.ino++;
	assert_int_equal(get(&f, 1), 0);
	frame_cache_begin(0);
}

static void what_was_not_asked_for_for_longest_makes_room(void **state)
{
	(void)state;
	frame_cache_begin(ROOM);
	for (uint64_t i = 0; i < 8; i++)
		assert_true(keep(i, (char)('a' + i)));
	assert_int_equal(get(&one, 0), 'a');
	assert_true(keep(8, 'x'));
	assert_int_equal(get(&one, 0), 'a');
	assert_int_equal(get(&one, 1), 0);
	assert_int_equal(get(&one, 8), 'x');
	frame_cache_begin(ROOM - 8); /* a frame of 100 is more than an eighth of it */
	assert_false(keep(1, 'a'));
	assert_int_equal(get(&one, 1), 0);
	frame_cache_begin(0);
}

static void what_is_in_use_stays_until_the_question_is_answered(void **state)
{
	const char *first, *second;

	(void)state;
	frame_cache_begin(ROOM);
	for (uint64_t i = 0; i < 8; i++)
		assert_true(keep(i, (char)('a' + i)));
	first = frame_cache_get(&one, at(0));
	second = frame_cache_get(&one, at(1));
	for (uint64_t i = 8; i < 14; i++)
		assert_non_null(frame_cache_room(&one, at(i)));
	assert_null(frame_cache_room(&one, at(14)));
	assert_true(first[0] == 'a' && second[99] == 'b');
	frame_cache_turn();
	assert_non_null(frame_cache_room(&one, at(14)));
	assert_int_equal(get(&one, 0), 0); /* it was asked for before all others */
	frame_cache_begin(0);
}

static void what_could_not_be_filled_is_not_kept(void **state)
{
	(void)state;
	frame_cache_begin(ROOM);
	assert_non_null(frame_cache_room(&one, at(1)));
	frame_cache_drop(&one, at(1));
	assert_null(frame_cache_get(&one, at(1)));
	assert_true(keep(1, 'a'));
	frame_cache_begin(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_kept_before_the_beginning),
		cmocka_unit_test(what_was_put_is_found_by_all_of_its_name),
		cmocka_unit_test(what_was_not_asked_for_for_longest_makes_room),
		cmocka_unit_test(what_is_in_use_stays_until_the_question_is_answered),
		cmocka_unit_test(what_could_not_be_filled_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
