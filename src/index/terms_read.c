#include <string.h>

#include "index/terms_inside.h"

void terms_take(struct term_blocks *b, struct cur *c, struct arena *mem)
{
	size_t n = bytes_take_count(c);

	b->at = arena_alloc(mem, (n + 1) * sizeof(*b->at));
	b->n = 0;
	for (size_t i = 0; i < n && c->why == NULL; i++) {
		struct term_block *x = &b->at[b->n++];
		uint64_t kind = bytes_take(c);

		if (kind >= TERM_KINDS)
			cur_fail(c, "no such kind of term");
		x->kind = (enum term_kind)kind;
		x->first = bytes_take_str(c);
		x->keys = chapter_take_frame(c);
		x->lists = chapter_take_frame(c);
	}
}

/* A block that was unpacked. */
struct block {
	struct chapter *c;
	const struct term_block *from;
	struct arena *mem;
	size_t n;
	struct str *texts;
	struct piece {
		size_t at, n; /* of the lists */
	} * pieces;
	struct str keys, lists; /* lists: unpacked when one is needed */
};

static bool open_block(struct block *x, struct chapter *c, const struct term_block *from, struct arena *mem)
{
	size_t at = 0, list = 0;
	struct str whole;
	struct cur r;

	*x = (struct block){ .c = c, .from = from, .mem = mem };
	if (!chapter_get(c, from->keys, mem, &whole))
		return false;
	r = cur_of(whole);
	x->n = bytes_take_count(&r);
	x->texts = arena_alloc(mem, (x->n + 1) * sizeof(*x->texts));
	x->pieces = arena_alloc(mem, (x->n + 1) * sizeof(*x->pieces));
	for (size_t i = 0; i < x->n; i++) {
		x->texts[i].n = bytes_take(&r);
		x->pieces[i] = (struct piece){ list, bytes_take(&r) };
		if (x->texts[i].n > whole.n || x->pieces[i].n > CHAPTER_FRAME_MAX)
			return false;
		list += x->pieces[i].n;
	}
	x->keys = cur_rest(&r);
	for (size_t i = 0; i < x->n; at += x->texts[i++].n) {
		if (x->texts[i].n > x->keys.n - at)
			return false;
		x->texts[i].p = x->keys.p + at;
	}
	return r.why == NULL;
}

static bool put_list(struct block *x, size_t i, struct family_set *out)
{
	uint64_t family = 0;
	struct cur c;

	if (x->lists.p == NULL && !chapter_get(x->c, x->from->lists, x->mem, &x->lists))
		return false;
	if (x->pieces[i].at > x->lists.n || x->pieces[i].n > x->lists.n - x->pieces[i].at)
		return false;
	c = cur_of(str_take(str_skip(x->lists, x->pieces[i].at), x->pieces[i].n));
	while (c.p < c.end && c.why == NULL) {
		family += bytes_take(&c);
		if (family >= out->n)
			return false;
		out->bits[family / 64] |= (uint64_t)1 << (family % 64);
	}
	return c.why == NULL;
}

/* The last block that begins before the term or with it: equal ones may begin in the block before. */
static size_t block_of(const struct term_blocks *b, enum term_kind kind, struct str text)
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct term_block *x = &b->at[middle];

		if (x->kind < kind || (x->kind == kind && str_cmp(x->first, text) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? low - 1 : 0;
}

static bool find_in(struct block *x, struct str text, struct family_set *out)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_cmp(x->texts[middle], text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < x->n && str_eq(x->texts[low], text); low++)
		if (!put_list(x, low, out))
			return false;
	return true;
}

bool terms_find(const struct term_blocks *b, struct chapter *c, enum term_kind kind, struct str text,
		struct family_set *out)
{
	bool good = true;
	ARENA(mem);

	for (size_t i = block_of(b, kind, text); i < b->n && good; i++) {
		struct block x;

		if (b->at[i].kind > kind || (b->at[i].kind == kind && str_cmp(b->at[i].first, text) > 0))
			break;
		if (b->at[i].kind == kind)
			good = open_block(&x, c, &b->at[i], &mem) && find_in(&x, text, out);
		arena_reset(&mem);
	}
	return good;
}

bool terms_find_number(const struct term_blocks *b, struct chapter *c, enum term_kind kind, uint64_t number,
		       struct family_set *out)
{
	char room[8];

	return terms_find(b, c, kind, term_number(number, room), out);
}

/* The term that holds this place of the block's texts. */
static size_t text_at(const struct block *x, const char *p)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (x->texts[middle].p <= p)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

static bool scan_parts(struct block *x, const struct term_look *look, struct family_set *out)
{
	const char *p = x->keys.p, *end = p + x->keys.n;

	while (p < end && (p = memmem(p, (size_t)(end - p), look->part.p, look->part.n)) != NULL) {
		size_t i = text_at(x, p);

		if (look->fits(look->with, x->texts[i]) && out != NULL && !put_list(x, i, out))
			return false;
		/* on with the next term: this one was asked */
		if (p < x->texts[i].p + x->texts[i].n)
			p = x->texts[i].p + x->texts[i].n;
	}
	return true;
}

static bool scan_all(struct block *x, const struct term_look *look, struct family_set *out)
{
	for (size_t i = 0; i < x->n; i++)
		if (look->fits(look->with, x->texts[i]) && out != NULL && !put_list(x, i, out))
			return false;
	return true;
}

bool terms_scan(const struct term_blocks *b, struct chapter *c, const struct term_look *look, struct family_set *out)
{
	bool good = true;
	ARENA(mem);

	for (size_t i = 0; i < b->n && good; i++) {
		struct block x;

		if (b->at[i].kind != look->kind)
			continue;
		good = open_block(&x, c, &b->at[i], &mem) &&
		       (look->part.n > 0 ? scan_parts(&x, look, out) : scan_all(&x, look, out));
		arena_reset(&mem);
	}
	return good;
}
