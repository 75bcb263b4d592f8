/* Terms, written and found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "chapter_house.h"
#include "index/terms.h"

enum { FAMILIES = 20000 };

/* A chapter that holds nothing but terms. */
static struct term_blocks build(struct house *h, struct terms *t)
{
	struct term_blocks blocks = { 0 };
	struct chapter_out *out = house_begin(h);
	struct cur c;
	BUF(root);

	terms_write(t, out, &root);
	house_publish(h, out, &root);
	c = cur_of(chapter_root(h->c));
	terms_take(&blocks, &c, &h->mem);
	assert_true(c.why == NULL && c.p == c.end);
	return blocks;
}

static struct family_set set_of(struct arena *mem)
{
	return (struct family_set){ arena_alloc(mem, (FAMILIES / 64 + 1) * sizeof(uint64_t)), FAMILIES };
}

static void put_set(struct buf *out, const struct family_set *s)
{
	for (uint32_t f = 0; f < s->n; f++)
		if (s->bits[f / 64] >> (f % 64) & 1)
			buf_fmt(out, "%u ", f);
}

static bool any(void *with, struct str text)
{
	(void)with;
	(void)text;
	return true;
}

/* Who sends and receives in which family; "alias of" stands for another address. */
static const struct {
	enum term_kind kind;
	const char *text;
	uint32_t family;
} seen[] = {
	{ TERM_FROM, "a@x.example", 1 },
	{ TERM_TO, "b@x.example", 1 },
	{ TERM_FROM, "a@x.example", 3 },
	{ TERM_TO, "a@x.example", 4 },
	{ TERM_FROM, "c@a.example", 5 },
	{ TERM_TO, "root", 5 },
	{ TERM_FROM, "", 6 },
	{ TERM_FROM, "@", 6 },
	{ TERM_TO, "x@", 6 },
	{ TERM_TO, "maria.todorov2@m.example", 1 }, /* which begin alike */
	{ TERM_FROM, "maria.todorov10@m.example", 1 },
	{ TERM_TO, "maria.to@m.example", 4 },
	{ TERM_TO, "maria.todorov1@m.example", 4 },
	{ TERM_IP, "192.0.2.9", 2 },
	{ TERM_IP, "192.0.2.10", 3 },
	{ TERM_LOGIN, "a@x.example", 9 },
	{ TERM_FROM, "d@e@x.example", 7 },
	{ TERM_TO, "srs0=q=x@x.example", 8 },
};

static uint32_t neither;

static void fill(struct terms *t)
{
	for (size_t i = 0; i < COUNT(seen); i++) {
		uint32_t term = terms_of(t, seen[i].kind, str_of(seen[i].text));

		terms_see(t, term, seen[i].family);
		terms_see(t, term, seen[i].family); /* once */
	}
	terms_alias(t, TERM_TO, STR("b@x.example"), terms_of(t, TERM_TO, STR("srs0=q=x@x.example")));
	neither = terms_address(t, TERM_ADDRESS, STR("neither@x.example"));
}

/* All addresses of them, in their order. */
static const char *const order[] = { "",
				     "root",
				     "@",
				     "x@",
				     "c@a.example",
				     "maria.to@m.example",
				     "maria.todorov1@m.example",
				     "maria.todorov10@m.example",
				     "maria.todorov2@m.example",
				     "a@x.example",
				     "b@x.example",
				     "d@e@x.example",
				     "neither@x.example",
				     "srs0=q=x@x.example" };

static uint32_t term_of(struct terms *t, struct str text)
{
	for (size_t i = 0; i < COUNT(seen); i++)
		if (seen[i].kind <= TERM_ADDRESS && str_eqz(text, seen[i].text))
			return terms_of(t, seen[i].kind, text);
	return neither;
}

static void addresses_stand_once_by_domain(void **state)
{
	static const struct {
		enum term_kind kind;
		const char *text, *families;
	} t[] = {
		{ TERM_FROM, "a@x.example", "1 3 " },
		{ TERM_TO, "a@x.example", "4 " },
		{ TERM_ADDRESS, "a@x.example", "1 3 4 " },
		{ TERM_LOGIN, "a@x.example", "9 " },
		{ TERM_TO, "b@x.example", "1 8 " }, /* its own, and what stands for it */
		{ TERM_FROM, "b@x.example", "" },
		{ TERM_ADDRESS, "neither@x.example", "" },
		{ TERM_FROM, "", "6 " },
		{ TERM_FROM, "@", "6 " },
		{ TERM_TO, "x@", "6 " },
		{ TERM_TO, "x", "" },
		{ TERM_TO, "root", "5 " },
		{ TERM_FROM, "d@e@x.example", "7 " },
		{ TERM_FROM, "nobody@x.example", "" },
		{ TERM_IP, "192.0.2.10", "3 " },
	};
	struct terms *terms = terms_new();
	struct term_texts all;
	struct house h;
	struct term_blocks blocks;

	(void)state;
	fill(terms);
	terms_sort(terms);
	for (size_t i = 0; i < COUNT(order); i++)
		assert_int_equal(terms_address_place(terms, term_of(terms, str_of(order[i]))), i);
	assert_true(terms_ip_place(terms, STR("192.0.2.10")) == 0 && terms_ip_place(terms, STR("192.0.2.9")) == 1);
	blocks = build(&h, terms);
	terms_free(terms);
	for (size_t i = 0; i < COUNT(t); i++) {
		struct family_set s = set_of(&h.mem);
		BUF(found);

		assert_true(terms_find(&blocks, h.c, t[i].kind, str_of(t[i].text), &s));
		put_set(&found, &s);
		if (!str_eqz(buf_str(&found), t[i].families))
			fail_msg("%zu: %s: %s", i, t[i].text, buf_z(&found));
	}
	assert_true(terms_texts(&blocks, h.c, TERM_ADDRESS, &h.mem, &all));
	assert_int_equal(all.n, COUNT(order));
	for (size_t i = 0; i < all.n; i++)
		assert_true(str_eqz(all.at[i], order[i]));
	assert_true(terms_texts(&blocks, h.c, TERM_IP, &h.mem, &all) && all.n == 2 && str_eqz(all.at[1], "192.0.2.9"));
	house_clear(&h);
}

static void parts_are_looked_for(void **state)
{
	static const struct {
		enum term_kind kind;
		const char *part, *families;
	} t[] = {
		{ TERM_FROM, "", "1 3 5 6 7 " },
		{ TERM_TO, "", "1 4 5 6 8 " },
		{ TERM_ADDRESS, "x.example", "1 3 4 7 8 " },
		{ TERM_FROM, "x.example", "1 3 7 " },
		{ TERM_TO, "srs0", "8 " },
		{ TERM_TO, "root", "5 " },
		{ TERM_FROM, "c@a.ex", "5 " },
		{ TERM_ADDRESS, "c@", "5 " },
		{ TERM_FROM, "d@e", "7 " },
		{ TERM_FROM, "e@x.ex", "7 " },
		{ TERM_ADDRESS, "zebra", "" },
		{ TERM_IP, "192.0.2.1", "3 " },
	};
	struct terms *terms = terms_new();
	struct house h;
	struct term_blocks blocks;

	(void)state;
	fill(terms);
	terms_sort(terms);
	blocks = build(&h, terms);
	terms_free(terms);
	for (size_t i = 0; i < COUNT(t); i++) {
		struct term_look look = { .kind = t[i].kind, .part = str_of(t[i].part), .fits = any };
		struct family_set s = set_of(&h.mem);
		BUF(found);

		assert_true(terms_scan(&blocks, h.c, &look, &s));
		put_set(&found, &s);
		if (!str_eqz(buf_str(&found), t[i].families))
			fail_msg("%zu: %s: %s", i, t[i].part, buf_z(&found));
	}
	house_clear(&h);
}

/* Over many blocks: each is found, in the families that it was seen in and in no others. */
static void many_are_found(void **state)
{
	struct terms *terms = terms_new();
	struct house h;
	struct term_blocks blocks;
	char text[64];
	ARENA(mem);

	(void)state;
	for (uint32_t f = 0; f < FAMILIES; f++) {
		snprintf(text, sizeof(text), "user%u@domain%u.example", f * 7919 % FAMILIES, f % 997);
		terms_see(terms, terms_of(terms, f % 2 == 0 ? TERM_FROM : TERM_TO, str_of(text)), f);
		terms_see_number(terms, TERM_QP, 1000 + (FAMILIES - f) / 2 * 5, f);
		terms_see_number(terms, TERM_ID, terms_hash(str_of(text)), f);
		terms_see_number(terms, TERM_PLACE, (uint64_t)(f % 3) << 32 | f / 100, f);
	}
	terms_sort(terms);
	blocks = build(&h, terms);
	terms_free(terms);
	for (uint32_t f = 1; f < FAMILIES - 1; f += 173) {
		struct family_set from = set_of(&mem), id = set_of(&mem), qp = set_of(&mem);
		BUF(found);
		BUF(want);

		snprintf(text, sizeof(text), "user%u@domain%u.example", f * 7919 % FAMILIES, f % 997);
		assert_true(terms_find(&blocks, h.c, f % 2 == 0 ? TERM_FROM : TERM_TO, str_of(text), &from));
		assert_true(terms_find_number(&blocks, h.c, TERM_ID, terms_hash(str_of(text)), &id));
		assert_true(terms_find_number(&blocks, h.c, TERM_QP, 1000 + (FAMILIES - f) / 2 * 5, &qp));
		put_set(&found, &from);
		buf_fmt(&want, "%u ", f);
		assert_true(str_eq(buf_str(&found), buf_str(&want)));
		assert_true((id.bits[f / 64] >> (f % 64) & 1) != 0);
		buf_reset(&found);
		put_set(&found, &qp);
		buf_reset(&want);
		buf_fmt(&want, "%u %u ", f - (f % 2 == 0), f + (f % 2 == 1));
		if (!str_eq(buf_str(&found), buf_str(&want)))
			fail_msg("%u: %s, not %s", f, buf_z(&found), buf_z(&want));
		arena_reset(&mem);
	}
	house_clear(&h);
}

static bool ends_so(void *with, struct str text)
{
	return str_ends(text, str_of(with));
}

/* The blocks of a domain hold all that a look through all of them finds. */
static void a_domain_stands_together(void **state)
{
	struct terms *terms = terms_new();
	struct house h;
	struct term_blocks blocks;
	ARENA(mem);

	(void)state;
	for (uint32_t f = 0; f < FAMILIES; f++)
		terms_see(terms, terms_of(terms, TERM_FROM, arena_fmt(&mem, "user%u@domain%u.example", f, f % 97)), f);
	terms_sort(terms);
	blocks = build(&h, terms);
	terms_free(terms);
	assert_true(blocks.n > 3);
	for (int d = -1; d <= 97; d++) {
		char end[64];
		struct term_look look = { TERM_FROM, { end + 1, 0 }, ends_so, end };
		struct family_set some = set_of(&mem), all = set_of(&mem);
		BUF(found);
		BUF(want);

		look.part.n = (size_t)snprintf(end, sizeof(end), d < 0 ? "@a.example" : "@domain%d.example", d) - 1;
		assert_true(terms_scan_domain(&blocks, h.c, &look, &some));
		assert_true(terms_scan(&blocks, h.c, &look, &all));
		put_set(&found, &some);
		put_set(&want, &all);
		assert_true(str_eq(buf_str(&found), buf_str(&want)));
		assert_true((found.n > 0) == (d >= 0 && d < 97));
		arena_reset(&mem);
	}
	house_clear(&h);
}

/* Where a part names the beginning of a domain, few blocks are looked at, and all that fits is found; unless some local
 * part has an `@`. */
static void a_part_with_a_domain(void **state)
{
	static const char *const parts[] = { "9@domain1",
					     "@domain1",
					     "user7@domain7.example",
					     "7@domain96.example",
					     "@",
					     "e@domain96",
					     "@zzz",
					     "user1234@d",
					     "9@domain9.",
					     "@domain",
					     "q@domain5",
					     "x@q",
					     "main5",
					     "user19",
					     "ser1" };
	struct term_blocks blocks;
	struct house h;
	ARENA(mem);

	(void)state;
	for (int odd = 0; odd < 2; odd++) {
		struct terms *terms = terms_new();

		for (uint32_t f = 0; f < FAMILIES - 1; f++)
			terms_see(terms,
				  terms_of(terms, TERM_TO, arena_fmt(&mem, "user%u@domain%u.example", f, f % 97)), f);
		terms_see(terms, terms_of(terms, TERM_TO, odd ? STR("x@q@domain5.example") : STR("bare")),
			  FAMILIES - 1);
		terms_sort(terms);
		blocks = build(&h, terms);
		terms_free(terms);
		assert_int_equal(blocks.ats, odd);
		for (size_t i = 0; i < COUNT(parts); i++) {
			struct term_look look = { .kind = TERM_TO, .part = str_of(parts[i]), .fits = any };
			struct family_set found = set_of(&mem), want = set_of(&mem);

			for (uint32_t f = 0; f < FAMILIES; f++) {
				struct str text = arena_fmt(&mem, "user%u@domain%u.example", f, f % 97);

				if (f == FAMILIES - 1)
					text = odd ? STR("x@q@domain5.example") : STR("bare");
				if (str_find(text, look.part) >= 0)
					want.bits[f / 64] |= (uint64_t)1 << (f % 64);
			}
			assert_true(terms_scan(&blocks, h.c, &look, &found));
			if (memcmp(found.bits, want.bits, (FAMILIES / 64 + 1) * sizeof(uint64_t)) != 0)
				fail_msg("%s%s", parts[i], odd ? ", beside an odd address" : "");
		}
		arena_reset(&mem);
		house_clear(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_stand_once_by_domain),
		cmocka_unit_test(parts_are_looked_for),
		cmocka_unit_test(many_are_found),
		cmocka_unit_test(a_domain_stands_together),
		cmocka_unit_test(a_part_with_a_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
