/* Canonical forms (RFC 6376 3.4), of bodies in pieces of every size and of fields. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "vouch/body.h"

static const struct {
	const char *in, *simple, *relaxed;
} bodies[] = {
	/* clang-format off */
	{ "",                             "\r\n",                     "" },
	{ "\r\n",                         "\r\n",                     "" },
	{ "\r\n\r\n\r\n",                 "\r\n",                     "" },
	{ " \r\n",                        " \r\n",                    "" },
	{ " \t\r\n \r\n\r\n",             " \t\r\n \r\n",             "" },
	{ " ",                            " \r\n",                    "" },
	{ "x",                            "x\r\n",                    "x\r\n" },
	{ "x \t",                         "x \t\r\n",                 "x\r\n" },
	{ "x\r\n",                        "x\r\n",                    "x\r\n" },
	{ "x\r\n\r\n",                    "x\r\n",                    "x\r\n" },
	{ "x\r\n \r\n",                   "x\r\n \r\n",               "x\r\n" },
	{ " C \r\nD \t E\r\n\r\n\r\n",    " C \r\nD \t E\r\n",        " C\r\nD E\r\n" }, /* 3.4.6 */
	{ "a  b\t\tc \t d \r\n",          "a  b\t\tc \t d \r\n",      "a b c d\r\n" },
	{ "\r\n\r\nx\r\n\r\n\r\ny",       "\r\n\r\nx\r\n\r\n\r\ny\r\n", "\r\n\r\nx\r\n\r\n\r\ny\r\n" },
	{ "\r\n  x",                      "\r\n  x\r\n",              "\r\n x\r\n" },
	/* What SMTP does not let through: lone CR and LF are bytes like others. */
	{ "a\rb\nc\r\n",                  "a\rb\nc\r\n",              "a\rb\nc\r\n" },
	{ "a\r",                          "a\r\r\n",                  "a\r\r\n" },
	{ "a\r\r\n",                      "a\r\r\n",                  "a\r\r\n" },
	{ "a\r\n\r",                      "a\r\n\r\r\n",              "a\r\n\r\r\n" },
	{ "a \r b\r\n\r\r\n\n",           "a \r b\r\n\r\r\n\n\r\n",   "a \r b\r\n\r\r\n\n\r\n" },
	{ "\n\r\n",                       "\n\r\n",                   "\n\r\n" },
	/* clang-format on */
};

static void digest_of(const char *p, size_t n, unsigned char out[SHA256_SIZE])
{
	struct sha256 *s = sha256_new();

	sha256_add(s, str_mem(p, n));
	sha256_get(s, out);
	sha256_free(s);
}

/* All lengths at once, in pieces of that size. */
static void check(size_t row, enum canon canon, const char *want, size_t cut)
{
	size_t all = strlen(want);
	struct str rest = str_of(bodies[row].in);
	unsigned char digest[SHA256_SIZE];
	struct body b;

	body_init(&b);
	assert_int_equal(body_want(&b, canon, BODY_ALL), 0);
	for (size_t n = 0; n <= all + 1; n++)
		assert_int_equal(body_want(&b, canon, n), n + 1);
	assert_int_equal(body_want(&b, canon, BODY_ALL), 0); /* the same one */
	for (; rest.n > 0; rest = str_skip(rest, cut))
		body_add(&b, str_take(rest, cut));
	body_end(&b);
	assert_int_equal(body_length(&b, canon), all);
	for (size_t n = 0; n <= all; n++) {
		digest_of(want, n, digest);
		if (memcmp(body_digest(&b, (int)n + 1), digest, SHA256_SIZE) != 0)
			fail_msg("row %zu, canon %d, in pieces of %zu: another digest at %zu", row, canon, cut, n);
	}
	assert_memory_equal(body_digest(&b, 0), digest, SHA256_SIZE);
	assert_null(body_digest(&b, (int)all + 2)); /* shorter than that */
	body_clear(&b);
}

static void bodies_in_pieces_of_every_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++)
		for (size_t cut = 1; cut <= strlen(bodies[i].in) + 1; cut++) {
			check(i, CANON_SIMPLE, bodies[i].simple, cut);
			check(i, CANON_RELAXED, bodies[i].relaxed, cut);
		}
}

/* More line ends and more text than any buffer in between holds. */
static void a_long_body(void **state)
{
	static char text[100000];
	unsigned char digest[SHA256_SIZE];
	struct body b;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 5000 < 3000 ? (i % 2 == 0 ? '\r' : '\n') : 'x';
	digest_of(text, sizeof(text), digest);
	for (size_t cut = 1; cut < 4000; cut += 1371) {
		body_init(&b);
		body_want(&b, CANON_SIMPLE, sizeof(text));
		body_want(&b, CANON_RELAXED, sizeof(text));
		for (struct str rest = str_mem(text, sizeof(text)); rest.n > 0; rest = str_skip(rest, cut))
			body_add(&b, str_take(rest, cut));
		body_end(&b);
		assert_memory_equal(body_digest(&b, 0), digest, SHA256_SIZE);
		assert_memory_equal(body_digest(&b, 1), digest, SHA256_SIZE);
		body_clear(&b);
	}
}

static void so_many_lengths_and_no_more(void **state)
{
	struct body b;

	(void)state;
	body_init(&b);
	for (int i = 0; i < BODY_WANTS_MAX; i++)
		assert_int_equal(body_want(&b, CANON_SIMPLE, (uint64_t)i), i);
	assert_int_equal(body_want(&b, CANON_SIMPLE, 1000), -1);
	assert_int_equal(body_want(&b, CANON_SIMPLE, 5), 5);
	body_clear(&b);
}

static void fields_relaxed(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "A: X\r\n", "a:X\r\n" }, /* 3.4.6 */
		{ "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
		{ "SUBJect: AbC  d: e ; f:  g \r\n", "subject:AbC d: e ; f: g\r\n" },
		{ "To:\r\n x\r\n", "to:x\r\n" },
		{ "To: \r\n \r\n", "to:\r\n" },
		{ "To:\r\n", "to:\r\n" },
		{ "To:x\r\n \t\r\n y", "to:x y\r\n" },
		{ "To: a\rb\r\n", "to:a\rb\r\n" },
	};
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str got = canon_relaxed(&a, str_of(t[i].in));

		if (!str_eqz(got, t[i].out))
			fail_msg("row %zu: %.*s", i, STR_ARG(got));
	}
}

static struct canon_field *next(struct canon_head *h, const char *name)
{
	return canon_head_take(h, str_of(name));
}

/* From below, each name for itself, as often as there is one (5.4.2). */
static void fields_are_taken_from_below(void **state)
{
	struct canon_head h;
	ARENA(a);

	(void)state;
	canon_head_read(&h, &a,
			STR("X: 1\r\nno field\r\nY : 2\r\n folded\r\nx: 3\r\n: 4\r\nX: 5\r\n\r\nX: in the body\r\n"));
	assert_int_equal(h.n, 4);
	assert_int_equal(canon_head_count(&h, STR("x")), 3);
	for (int pass = 0; pass < 2; pass++) {
		canon_head_rewind(&h);
		assert_true(str_eqz(next(&h, "x")->value, " 5"));
		assert_true(str_eqz(next(&h, "Y")->raw, "Y : 2\r\n folded\r\n"));
		assert_true(str_eqz(next(&h, "X")->value, " 3"));
		assert_true(str_eqz(next(&h, "X")->value, " 1"));
		assert_null(next(&h, "X"));
		assert_null(next(&h, "Y"));
		assert_null(next(&h, "no field"));
	}
	assert_true(str_eqz(canon_head_last(&h, STR("x"))->value, " 5"));
	canon_head_clear(&h);
}

static void the_hole_is_cut_out(void **state)
{
	struct canon_head h;
	struct canon_field *f;
	ARENA(a);

	(void)state;
	canon_head_read(&h, &a, STR("D: a=1; b= x\r\n y ;  c=2 \r\n"));
	f = &h.fields[0];
	assert_true(
	    str_eqz(canon_form_without(&h, f, str_take(str_skip(f->value, 8), 7), CANON_SIMPLE), "D: a=1; b=;  c=2 "));
	assert_true(
	    str_eqz(canon_form_without(&h, f, str_take(str_skip(f->value, 8), 7), CANON_RELAXED), "d:a=1; b=; c=2"));
	canon_head_clear(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_in_pieces_of_every_size), cmocka_unit_test(a_long_body),
		cmocka_unit_test(so_many_lengths_and_no_more),    cmocka_unit_test(fields_relaxed),
		cmocka_unit_test(fields_are_taken_from_below),    cmocka_unit_test(the_hole_is_cut_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
