/* Families as a block, and back: whichever of them are wanted, each comes to life as it was. */
#include "growing_world.h"
#include "index/kin.h"
#include "index/pack.h"
#include "trace/group.h"

enum { NOW = 1615300000 };

/* Logs that were read and joined, and all of their families as one block. */
struct packed {
	struct source source;
	struct book book;
	struct tale tale;
	struct kin kin;
	struct pack_keys keys;
	struct buf whole;
};

static void put_block(struct pack_block *b, struct buf *out)
{
	struct str parts[PACK_PARTS];

	pack_block_end(b, parts);
	for (int i = 0; i < PACK_PARTS; i++)
		buf_addstr(out, parts[i]);
	pack_block_clear(b);
}

static void begin_packed(struct packed *p, const char *path)
{
	struct pack_block b = { 0 };
	struct packer *k;
	struct err e = { 0 };

	*p = (struct packed){ 0 };
	source_init(&p->source);
	if (source_add(&p->source, path, &e) < 0)
		fail_msg("%s", e.text);
	book_init(&p->book, &p->source);
	group_files(&p->book);
	group_lines(&p->book, NOW);
	complete(&p->tale, &p->book);
	kin_find(&p->kin, &p->tale);
	k = pack_new(&p->tale, &p->keys);
	for (uint32_t f = 0; f < p->kin.families; f++)
		assert_true(
		    pack_family(k, &b, p->kin.stories + p->kin.first[f], p->kin.first[f + 1] - p->kin.first[f]));
	pack_free(k);
	put_block(&b, &p->whole);
}

static void end_packed(struct packed *p)
{
	kin_clear(&p->kin);
	book_clear(&p->book);
	source_clear(&p->source);
	buf_clear(&p->whole);
}

/* The family alone: what it is, in bytes. */
static void put_alone(struct packed *p, const struct tale *t, struct story *const *at, size_t n, struct buf *out)
{
	struct packer *k = pack_new(t, &p->keys);
	struct pack_block b = { 0 };

	assert_true(pack_family(k, &b, at, n));
	pack_free(k);
	put_block(&b, out);
}

static const char *read_text(void *with, uint32_t file, uint64_t offset, size_t n)
{
	const struct packed *p = with;

	assert_true(file < p->source.n && offset + n <= p->source.files[file].text.n);
	return p->source.files[file].text.p + offset;
}

static void compare(struct packed *p, struct book *b, uint32_t f, struct story *const *at, size_t n)
{
	struct tale t = { .book = b, .n = p->tale.n };
	size_t first = p->kin.first[f];
	BUF(was);
	BUF(is);

	assert_int_equal(n, p->kin.first[f + 1] - first);
	put_alone(p, &p->tale, p->kin.stories + first, n, &was);
	put_alone(p, &t, at, n, &is);
	if (!str_eq(buf_str(&was), buf_str(&is)))
		fail_msg("family %u is another one", f);
}

struct row {
	const char *name;
	uint32_t every, from; /* of which number on which ones are wanted */
};

static const struct row rows[] = {
	{ "all", 1, 0 },
	{ "every second one", 2, 1 },
	{ "every third one", 3, 0 },
	{ "the first one of each group", PACK_GROUP, 0 },
	{ "the last one of each group", PACK_GROUP, PACK_GROUP - 1 },
	{ "one", UINT32_MAX, PACK_GROUP + 1 },
};

static bool wanted(const struct row *t, uint32_t f)
{
	return f >= t->from && (f - t->from) % t->every == 0;
}

static void look_at_block(struct packed *p, const struct row *t)
{
	struct pack_step *steps = calloc(p->source.n + 1, sizeof(*steps));
	struct book b;
	struct unpacker k = {
		.b = &b, .source = &p->source, .keys = &p->keys, .text = { read_text, p }, .steps = steps
	};
	ARENA(scratch);

	assert_non_null(steps);
	book_init(&b, &p->source);
	b.kept = true;
	assert_true(unpack_block(&k, buf_str(&p->whole), p->kin.families));
	for (uint32_t f = 0; f < p->kin.families; f++) {
		struct story **at;
		size_t n;

		if (f % PACK_GROUP == 0)
			assert_true(unpack_group(&k));
		if (!wanted(t, f)) {
			assert_true(unpack_skip(&k, &scratch));
			continue;
		}
		n = unpack_family(&k, &at);
		if (n == 0)
			fail_msg("%s: %s", t->name, k.lane[0].why);
		compare(p, &b, f, at, n);
	}
	assert_true(unpack_ended(&k));
	book_clear(&b);
	free(steps);
}

static void look_at_logs(const char *path)
{
	struct packed p;

	begin_packed(&p, path);
	assert_true(p.kin.families > 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		look_at_block(&p, &rows[i]);
	end_packed(&p);
}

static void each_comes_back_as_it_was(void **state)
{
	static const char *const worlds[] = { "provider", "foreign", "foreign/hops" };
	ARENA(mem);

	(void)state;
	for (size_t i = 0; i < COUNT(worlds); i++)
		look_at_logs(arena_fmt(&mem, "%s/test/golden/%s", getenv("TELLTALE_SOURCE"), worlds[i]).p);
}

/* More than one group, and what rises from one to the next. */
static void begin_ours(struct world *w)
{
	begin(w);
	for (int n = 4; n <= 9; n++)
		append_message(w, n, n % 2 == 0);
	build(w);
}

static void so_do_our_own(void **state)
{
	struct world w;

	(void)state;
	begin_ours(&w);
	look_at_logs(w.logs);
	end(&w);
}

/* What is no block, or one of more or fewer groups. */
static void another_size_is_refused(void **state)
{
	struct unpacker k = { 0 };
	struct packed p;
	struct world w;

	(void)state;
	begin_ours(&w);
	begin_packed(&p, w.logs);
	assert_true(p.kin.families > PACK_GROUP);
	for (size_t n = 0; n < p.whole.n; n++)
		assert_false(unpack_block(&k, str_take(buf_str(&p.whole), n), p.kin.families));
	assert_false(unpack_block(&k, buf_str(&p.whole), p.kin.families + PACK_GROUP));
	assert_false(unpack_block(&k, buf_str(&p.whole), p.kin.families - PACK_GROUP));
	end_packed(&p);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_comes_back_as_it_was),
		cmocka_unit_test(so_do_our_own),
		cmocka_unit_test(another_size_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
