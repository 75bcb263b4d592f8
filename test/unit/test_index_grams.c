/* Which blocks can hold what: one that holds it is never left out, and most others are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/cur.h"
#include "chapter_house.h"
#include "index/grams.h"
#include "logs/frames.h"

/* A chapter of one text. */
static void build(struct house *h, struct str text)
{
	struct chapter_out *out = house_begin(h);
	struct gram_sets *sets = grams_of(text);
	BUF(root);

	grams_write(&root, out, sets);
	grams_free(sets);
	house_publish(h, out, &root);
}

static bool take(struct house *h, struct grams *g, struct str root, uint64_t size)
{
	struct cur c = cur_of(root);

	grams_take(g, &c, &h->mem, 0, size);
	return c.why == NULL && c.p == c.end;
}

static bool note(void *with, const struct gram_block *b)
{
	struct buf *out = with;

	buf_fmt(out, "%llu ", (unsigned long long)(b->from / FRAME_TEXT + (b->from % FRAME_TEXT > 0)));
	return true;
}

/* So many lines that a block and its neighbour hold numbers of their own. */
static void fill(struct buf *text, size_t until, unsigned from)
{
	for (unsigned i = from; text->n + 80 < until; i++)
		buf_fmt(text, "Mar  9 10:00:00 mx1 spamdyke[%u]: ALLOWED from: a%u@b.example reason: 250_ok\n",
			i % 32768, i * 7919 % 100000);
}

/* Three blocks and a small rest: a word of its own in each, and one at the end of the second. */
static void make_text(struct buf *text)
{
	buf_adds(text, "550 Mailbox_Full (zwieback)\n");
	fill(text, FRAME_TEXT + 200, 0);
	buf_adds(text, "554 quixotic\n");
	fill(text, 2 * FRAME_TEXT - 400, 20000);
	buf_adds(text, "reason: 4.7.99\n");
	fill(text, 3 * FRAME_TEXT - 500, 40000);
	buf_adds(text, "x");
	for (int i = 0; i < 1000; i++)
		buf_adds(text, "y");
	buf_adds(text, "\nvanilla\n");
}

static void blocks_are_found(void **state)
{
	static const struct {
		const char *pattern, *blocks; /* of four; the last one is small */
	} t[] = {
		{ "*zwieback*", "0 3 " },
		{ "*MAILBOX FULL*", "0 3 " },
		{ "*mailbox_full*", "0 3 " },
		{ "*quixotic*", "1 3 " },
		{ "*4.7.99*", "1 3 " }, /* the last line but some of its block */
		{ "*vanilla*", "3 " },
		{ "*nowhere at all*", "3 " },
		{ "*zwieback*quixotic*", "3 " }, /* never in one line */
		{ "*mailbox*zwieback*", "0 3 " },
		{ "*reason: 250_ok*", "0 1 2 3 " },
		{ "*abc*", "0 1 2 3 " }, /* too short to tell */
		{ "*z*w*i*e*", "0 1 2 3 " },
		{ "*", "0 1 2 3 " },
		{ "", "0 1 2 3 " },
	};
	struct house h;
	struct grams g;
	BUF(text);

	(void)state;
	make_text(&text);
	build(&h, buf_str(&text));
	assert_true(take(&h, &g, chapter_root(h.c), text.n));
	assert_int_equal(g.n, 4);
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(found);

		assert_true(grams_find(&g, h.c, str_of(t[i].pattern), note, &found));
		if (!str_eqz(buf_str(&found), t[i].blocks))
			fail_msg("%s: %s", t[i].pattern, buf_z(&found));
	}
	house_clear(&h);
}

/* Whatever stands in a block: any piece of any of its lines. */
static void nothing_is_left_out(void **state)
{
	unsigned seed = 3;
	struct house h;
	struct grams g;
	BUF(text);

	(void)state;
	while (text.n < FRAME_TEXT + FRAME_TEXT / 2)
		buf_addc(&text, rand_r(&seed) % 60 == 0 ? '\n' : (char)(rand_r(&seed) % 256));
	build(&h, buf_str(&text));
	assert_true(take(&h, &g, chapter_root(h.c), text.n));
	for (int round = 0; round < 500; round++) {
		size_t at = (size_t)rand_r(&seed) % (text.n - 40), n = 1 + (size_t)rand_r(&seed) % 40;
		struct str piece = str_take(str_skip(buf_str(&text), at), n);
		ptrdiff_t end = str_chr(piece, '\n');
		const struct gram_block *second = &g.blocks[1];
		BUF(found);

		piece = end >= 0 ? str_take(piece, (size_t)end) : piece;
		assert_true(grams_find(&g, h.c, piece, note, &found));
		assert_true(str_find(buf_str(&found), at < second->from ? STR("0") : STR("1")) >= 0);
	}
	house_clear(&h);
}

static void what_is_forged_is_refused(void **state)
{
	struct house h;
	struct grams g;
	BUF(text);
	BUF(bad);

	(void)state;
	make_text(&text);
	build(&h, buf_str(&text));
	assert_false(take(&h, &g, chapter_root(h.c), text.n - 1)); /* of another text */
	assert_false(take(&h, &g, chapter_root(h.c), text.n + 1));
	for (size_t n = 0; n < chapter_root(h.c).n; n++)
		assert_false(take(&h, &g, str_take(chapter_root(h.c), n), text.n));
	buf_addstr(&bad, chapter_root(h.c));
	for (size_t i = 0; i < bad.n; i++) {
		BUF(found);

		bad.p[i] ^= 0x11;
		if (take(&h, &g, buf_str(&bad), text.n))
			(void)grams_find(&g, h.c, STR("*zwieback*"), note, &found);
		bad.p[i] ^= 0x11;
	}
	house_clear(&h);
}

static void an_empty_text_has_no_blocks(void **state)
{
	struct house h;
	struct grams g;
	BUF(found);

	(void)state;
	build(&h, STR(""));
	assert_true(take(&h, &g, chapter_root(h.c), 0));
	assert_true(grams_find(&g, h.c, STR("*x*"), note, &found));
	assert_int_equal(found.n, 0);
	house_clear(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_found),
		cmocka_unit_test(nothing_is_left_out),
		cmocka_unit_test(what_is_forged_is_refused),
		cmocka_unit_test(an_empty_text_has_no_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
