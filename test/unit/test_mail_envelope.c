#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "mail/envelope.h"

static const struct recipient two[] = {
	{ STR_INIT("a@b.example"), STR_INIT("a@b.example"), .channel = CHANNEL_LOCAL },
	{ STR_INIT("c@d.example"), STR_INIT("List@b.example"), .channel = CHANNEL_REMOTE },
};

static const struct recipient asked[] = {
	{ STR_INIT("a@b.example"), STR_INIT("a@b.example"), .channel = CHANNEL_LOCAL, .notify = NOTIFY_NEVER },
	{ STR_INIT("c@b.example"), STR_INIT("@b.example"), .notify = NOTIFY_NEVER, .led = LED_CATCHALL },
	{ STR_INIT("d@b.example"), STR_INIT("d@b.example"), .replies = true, .led = LED_LIST },
	{ STR_INIT("e@b.example"), STR_INIT("e@b.example"), .replies = true },
	{ STR_INIT("b@b.example"), STR_INIT("b@b.example"), .channel = CHANNEL_LOCAL,
	  .orcpt = STR_INIT("rfc822;b@old.example") },
	{ STR_INIT("c@d.example"), STR_INIT("List@b.example"), .channel = CHANNEL_REMOTE,
	  .notify = NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY, .orcpt = STR_INIT("rfc822;a b+@b.example") },
};

static const struct envelope samples[] = {
	{ .connection = 15280,
	  .qp = 15309,
	  .time = 1615286631123,
	  .sender = STR_INIT("s@x.example"),
	  .ip = STR_INIT("127.0.0.7"),
	  .helo = STR_INIT("x"),
	  .rdns = STR_INIT("x.example"),
	  .auth = STR_INIT("u@b.example"),
	  .label = STR_INIT("25"),
	  .junk = STR_INIT("\1\0\0\0"),
	  .parent_qp = 7,
	  .parent_rcpt = 1,
	  .rcpts = two,
	  .nrcpts = 2 },
	{ .qp = 8,
	  .parent_qp = 7,
	  .parent_rcpt = 1,
	  .parent_rcpts = STR_INIT("\1\0\0\0\0\0\1\0"),
	  .forward = 1,
	  .rcpts = two,
	  .nrcpts = 1 },
	{ .qp = 1, .time = -5, .rcpts = two, .nrcpts = 1 },
	{ .qp = UINT64_MAX },
	{ .qp = 9,
	  .envid = STR_INIT("a b=c"),
	  .ret = RET_HDRS,
	  .requiretls = 1,
	  .rcpts = asked,
	  .nrcpts = COUNT(asked) },
};

static void same(const struct envelope *a, const struct envelope *b)
{
#define FIELD_STR(number, member) assert_true(str_eq(a->member, b->member));
#define FIELD_NUM(number, member) assert_true(a->member == b->member);
#include "mail/envelope.def"
#undef FIELD_STR
#undef FIELD_NUM
	assert_int_equal(a->nrcpts, b->nrcpts);
	for (size_t i = 0; i < a->nrcpts; i++) {
		assert_true(str_eq(a->rcpts[i].final, b->rcpts[i].final));
		assert_true(str_eq(a->rcpts[i].original, b->rcpts[i].original));
		assert_int_equal(a->rcpts[i].channel, b->rcpts[i].channel);
		assert_int_equal(a->rcpts[i].notify, b->rcpts[i].notify);
		assert_true(str_eq(a->rcpts[i].orcpt, b->rcpts[i].orcpt));
		assert_int_equal(a->rcpts[i].led, b->rcpts[i].led);
		assert_int_equal(a->rcpts[i].replies, b->rcpts[i].replies);
	}
}

static void what_a_child_settles(void **state)
{
	struct envelope none = { .parent_rcpt = 3 }, old = { .parent_qp = 7, .parent_rcpt = 3 };
	BUF(list);

	(void)state;
	assert_int_equal(envelope_settles(&none), 0);
	assert_int_equal(envelope_settles(&old), 1);
	assert_int_equal(envelope_settled(&old, 0), 3);
	envelope_add_index(&list, 3);
	envelope_add_index(&list, 70000);
	old.parent_rcpts = buf_str(&list);
	assert_int_equal(envelope_settles(&old), 2);
	assert_int_equal(envelope_settled(&old, 0), 3);
	assert_int_equal(envelope_settled(&old, 1), 70000);
	old.delay = 1;
	assert_int_equal(envelope_settles(&old), 0);
}

static void whose_copy_is_junk(void **state)
{
	struct envelope v = { 0 };
	BUF(list);

	(void)state;
	assert_false(envelope_junk(&v, 0));
	envelope_add_index(&list, 0);
	envelope_add_index(&list, 2);
	envelope_add_index(&list, 70000);
	v.junk = buf_str(&list);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(envelope_junk(&v, i), i == 0 || i == 2);
	assert_true(envelope_junk(&v, 70000));
	assert_false(envelope_junk(&v, 70001));
}

static void round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		ARENA(a);
		BUF(b);
		struct envelope v;
		struct err e = { 0 };

		envelope_pack(&b, &samples[i]);
		if (envelope_unpack(buf_str(&b), &a, &v, &e) < 0)
			fail_msg("%s", e.text);
		same(&samples[i], &v);
	}
}

/* No cut of an envelope is an envelope with all its recipients: a torn one is refused. */
static void every_cut_is_refused_or_lacks_no_recipient(void **state)
{
	BUF(b);

	(void)state;
	envelope_pack(&b, &samples[0]);
	for (size_t n = 0; n < b.n; n++) {
		ARENA(a);
		struct envelope v;
		struct err e = { 0 };

		assert_int_equal(envelope_unpack(str_mem(b.p, n), &a, &v, &e), -1);
		assert_true(e.text[0] != '\0');
	}
}

static void unknown_fields_are_skipped(void **state)
{
	ARENA(a);
	BUF(b);
	struct envelope v;
	struct err e;

	(void)state;
	envelope_pack(&b, &samples[0]);
	buf_add(&b, "\310\3\0\0\0new", 8);
	assert_int_equal(envelope_unpack(buf_str(&b), &a, &v, &e), 0);
	same(&samples[0], &v);
}

static void hostile(void **state)
{
	static const struct str t[] = {
		STR_INIT(""),
		STR_INIT("TE1"),
		STR_INIT("TE2\0\0\0\0"),
		STR_INIT("TE1\377\377\377\377"),
		STR_INIT("TE1\0\0\0\0\4\377\377\377\377x"),
		STR_INIT("TE1\0\0\0\0\2\1\0\0\0x"),
		STR_INIT("TE1\0\0\0\0\100\6\0\0\0\0\1\0\0\0a"),
		STR_INIT("TE1\1\0\0\0\100\6\0\0\0\2\1\0\0\0a"),
		STR_INIT("TE1\1\0\0\0\101\1\0\0\0\1\100\6\0\0\0\0\1\0\0\0a"),
		STR_INIT("TE1\1\0\0\0\100\6\0\0\0\0\1\0\0\0a\101\0\0\0\0"),
		STR_INIT("TE1\1\0\0\0\100\5\0\0\0\0\0\0\0\0"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct envelope v;
		struct err e = { 0 };

		assert_int_equal(envelope_unpack(t[i], &a, &v, &e), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_copy_is_junk),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(what_a_child_settles),
		cmocka_unit_test(every_cut_is_refused_or_lacks_no_recipient),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
