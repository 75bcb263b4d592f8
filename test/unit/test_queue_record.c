#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "queue/record.h"
#include "queue/sum.h"

#define NONCE 0x1122334455667788u
enum { SEGMENT = 12, BASE = 8192, ROOM = 1024 };

/* A record with that body at bytes + at. */
static size_t plant(char *bytes, size_t at, uint64_t qp, const char *body)
{
	struct record r = {
		.segment = SEGMENT, .offset = BASE + at, .qp = qp, .envelope = 3, .head = 4, .body = strlen(body)
	};
	char *p = bytes + at + RECORD_HEADER;

	memcpy(p, "envhead", 7);
	memcpy(p + 7, body, strlen(body));
	r.sum = sum_bytes(qp, str_mem(p, 7 + strlen(body)));
	record_header(&r, NONCE, bytes + at);
	return (size_t)record_length(&r);
}

/* Three records a, b, c, 96 bytes each; then something happens to them. */
enum { LENGTH = 96 };

static void none(char *p)
{
	(void)p;
}

static void flip_body_of_b(char *p)
{
	p[LENGTH + RECORD_HEADER + 8] ^= 1;
}

static void flip_header_of_b(char *p)
{
	p[LENGTH + 30] ^= 1;
}

static void flip_mark_of_b(char *p)
{
	p[LENGTH] ^= 1;
}

static void flip_mark_of_c(char *p)
{
	p[2 * LENGTH] ^= 1;
}

static void flip_header_of_c(char *p)
{
	p[2 * LENGTH + 40] ^= 1;
}

static void zero_b(char *p)
{
	memset(p + LENGTH, 0, LENGTH);
}

static void b_elsewhere(char *p)
{
	memmove(p + LENGTH, p, LENGTH);
}

static void stale_tail(char *p)
{
	memset(p + 3 * LENGTH, 'x', 100);
}

static const struct {
	const char *name;
	void (*harm)(char *);
	bool recycled, whole;
	const char *found; /* r: record, B: bad range */
} table[] = {
	{ "all good", none, false, false, "abc" },
	{ "all good, all committed", none, false, true, "abc" },
	{ "a body is damaged", flip_body_of_b, false, false, "aBc" },
	{ "a header is damaged", flip_header_of_b, false, false, "aBc" },
	{ "a header is damaged, recycled", flip_header_of_b, true, false, "aBc" },
	{ "a mark is damaged", flip_mark_of_b, true, false, "aBc" },
	{ "the last header is damaged, its mark says it is ours", flip_header_of_c, true, false, "abB" },
	{ "the last mark is damaged, fresh file", flip_mark_of_c, false, false, "abB" },
	{ "the last mark is damaged, but the range was committed", flip_mark_of_c, true, true, "abB" },
	{ "a hole", zero_b, true, false, "aBc" },
	{ "a copy at another place is not a record", b_elsewhere, true, false, "aBc" },
	{ "bytes of an earlier life are nothing", stale_tail, true, false, "abc" },
	{ "bytes of no life are bad", stale_tail, false, false, "abcB" },
};

static void test_the_scan(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char bytes[ROOM] = { 0 }, found[20] = "";
		struct scan s = { .bytes = str_mem(bytes, ROOM),
				  .base = BASE,
				  .segment = SEGMENT,
				  .nonce = NONCE,
				  .recycled = table[i].recycled,
				  .whole = table[i].whole };
		struct scan_hit hit;
		enum scan_found f;
		size_t n = 0;

		assert_int_equal(plant(bytes, 0, 'a', "body a"), LENGTH);
		assert_int_equal(plant(bytes, LENGTH, 'b', "body b"), LENGTH);
		assert_int_equal(plant(bytes, 2 * LENGTH, 'c', "body c"), LENGTH);
		if (table[i].whole)
			s.bytes.n = 3 * LENGTH;
		table[i].harm(bytes);
		while ((f = record_next(&s, &hit)) != SCAN_END && n < sizeof(found) - 1)
			found[n++] = f == SCAN_BAD ? 'B' : (char)hit.r.qp;
		if (strcmp(found, table[i].found) != 0)
			fail_msg("%s: %s, not %s", table[i].name, found, table[i].found);
	}
}

static void test_a_record_says_what_was_put(void **state)
{
	char bytes[ROOM] = { 0 };
	struct scan s = { .base = BASE, .segment = SEGMENT, .nonce = NONCE };
	struct scan_hit hit;

	(void)state;
	s.bytes = str_mem(bytes, plant(bytes, 0, 77, "hello"));
	assert_int_equal(record_next(&s, &hit), SCAN_RECORD);
	assert_int_equal(hit.r.qp, 77);
	assert_int_equal(hit.from, BASE);
	assert_int_equal(hit.to, BASE + s.bytes.n);
	assert_true(str_eqz(hit.envelope, "env") && str_eqz(hit.head, "head") && str_eqz(hit.body, "hello"));
	assert_int_equal(record_next(&s, &hit), SCAN_END);
}

/* A hostile body that holds whole records of the same segment is one record. */
static void test_a_record_inside_a_body_is_a_body(void **state)
{
	char inner[ROOM] = { 0 }, bytes[ROOM] = { 0 };
	struct record r = { .segment = SEGMENT, .offset = BASE, .qp = 1, .body = LENGTH };
	struct scan s = { .bytes = str_mem(bytes, ROOM), .base = BASE, .segment = SEGMENT, .nonce = NONCE };
	struct scan_hit hit;

	(void)state;
	plant(inner, 0, 2, "body x");
	memcpy(bytes + RECORD_HEADER, inner, LENGTH);
	r.sum = sum_bytes(1, str_mem(inner, LENGTH));
	record_header(&r, NONCE, bytes);
	assert_int_equal(record_next(&s, &hit), SCAN_RECORD);
	assert_int_equal(hit.r.qp, 1);
	assert_int_equal(record_next(&s, &hit), SCAN_END);
	/* Even when the outer one is damaged, the inner one stands at the wrong offset. */
	bytes[8] ^= 1;
	s.at = 0;
	assert_int_equal(record_next(&s, &hit), SCAN_BAD);
	assert_int_equal(record_next(&s, &hit), SCAN_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_scan),
		cmocka_unit_test(test_a_record_says_what_was_put),
		cmocka_unit_test(test_a_record_inside_a_body_is_a_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
