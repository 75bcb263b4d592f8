/* Who wrote to whom, kept from one window of a build for the next ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "index/inside.h"
#include "index/pairs.h"
#include "index/touch.h"

static struct name anna = { .text = STR_INIT("anna@a.example") }, ben = { .text = STR_INIT("ben@b.example") },
		   carl = { .text = STR_INIT("carl@c.example") }, dora = { .text = STR_INIT("dora@d.example") },
		   nobody = { .text = STR_INIT("") };

/* Two stories: anna to ben, whose mail went to dora, and, as the gate says, carl; nobody to carl. */
static void gather_two(struct pairs *p)
{
	struct attempt went = { .to = &dora }, stayed = { .to = &carl };
	struct gate gate = { .from = &carl };
	struct party to_ben = { .name = &ben, .attempts = &went, .gates = &gate },
		     to_carl = { .name = &carl, .attempts = &stayed };
	struct story bounce = { .parties.first = &to_carl },
		     mail = { .from = &anna, .parties.first = &to_ben, .later = &bounce };

	pairs_gather(p, &(struct tale){ .stories = &mail, .n = 2 });
}

static void each_sender_with_each_recipient(void **state)
{
	static const struct {
		const struct name *from, *to;
		bool met;
	} t[] = {
		{ &anna, &ben, true },    { &anna, &dora, true },   { &carl, &ben, true },  { &carl, &dora, true },
		{ &nobody, &carl, true }, { &anna, &carl, false },  { &ben, &anna, false }, { &dora, &anna, false },
		{ NULL, &carl, true },    { &nobody, &ben, false },
	};
	struct pairs *p = pairs_new();
	const struct pair_list *l;

	(void)state;
	gather_two(p);
	assert_null(pairs_of(p, 7));
	pairs_name(p, 7);
	l = pairs_of(p, 7);
	assert_non_null(l);
	assert_int_equal(l->n, 5);
	for (size_t i = 0; i < COUNT(t); i++)
		if (pairs_has(l, touch_pair_hash(t[i].from, t[i].to)) != t[i].met)
			fail_msg("row %zu", i);
	assert_null(pairs_of(p, 9));
	assert_null(pairs_of(NULL, 7));
	pairs_gather(NULL, NULL);
	pairs_name(NULL, 7);
	pairs_free(p);
	pairs_free(NULL);
}

/* A chapter more than an index may have: the oldest one's are forgotten, and names are looked up there. */
static void the_oldest_are_forgotten(void **state)
{
	struct pairs *p = pairs_new();

	(void)state;
	for (uint64_t id = 1; id <= INDEX_CHAPTERS + 2; id++) {
		gather_two(p);
		pairs_name(p, id);
	}
	assert_null(pairs_of(p, 1));
	for (uint64_t id = 2; id <= INDEX_CHAPTERS + 2; id++)
		assert_int_equal(pairs_of(p, id)->n, 5);
	pairs_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sender_with_each_recipient),
		cmocka_unit_test(the_oldest_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
