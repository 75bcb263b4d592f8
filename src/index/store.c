/* A tale out of an index: families come to life as they are wished for, and stay. */
#include <stdlib.h>

#include "index/bytes.h"
#include "index/inside.h"
#include "trace/rows.h"

static const char *read_text(void *with, uint32_t file, uint64_t offset, size_t n)
{
	return texts_read(with, file, offset, n);
}

static struct index *of(struct tale_store *s)
{
	return (struct index *)(void *)s; /* its first member */
}

static void begin(struct tale_store *s, struct tale *t, struct book *b)
{
	struct index *x = of(s);

	*t = (struct tale){ .book = b, .store = s };
	b->zone.steps = x->facts.zone.steps;
	b->zone.nsteps = x->facts.zone.nsteps;
	b->zone.source = x->facts.zone.source;
	b->zone.outliers = x->facts.zone.outliers;
	b->skew = x->facts.skew;
	b->hop_skews = x->facts.hop_skews;
	b->nhop_skews = x->facts.nhop_skews;
	b->oldest = x->facts.oldest;
	b->newest = x->facts.newest;
	b->year_proven = x->facts.year_proven;
	b->year_guessed = x->facts.year_guessed;
	b->kept = true;
	x->t = t;
	x->unpacker = (struct unpacker){ .b = b,
					 .keys = &x->keys,
					 .text = { read_text, x },
					 .steps = arena_alloc(&x->mem, (x->source->n + 1) * sizeof(struct pack_step)) };
}

static void keep(struct index *x, struct story *const *at, size_t n)
{
	if (x->nall + n > x->all_cap) {
		x->all_cap = 2 * (x->nall + n);
		x->all = mem_grow(x->all, x->all_cap * sizeof(struct story *));
	}
	for (size_t i = 0; i < n; i++)
		x->all[x->nall++] = at[i];
}

static bool has(const uint64_t *bits, uint32_t family)
{
	return (bits[family / 64] >> (family % 64) & 1) != 0;
}

/* Is a family of the block wanted that is not there yet? */
static bool wanted(const struct index *x, const struct family_block *b, const struct family_set *set)
{
	for (uint32_t f = b->first; f < b->first + b->n; f++)
		if (has(set->bits, f) && !has(x->here, f))
			return true;
	return false;
}

static bool bring_block(struct index *x, const struct family_block *b, const struct family_set *set, struct arena *mem)
{
	struct str whole, sizes, rest;
	struct cur c;

	if (!chapter_get(x->c, b->frame, mem, &whole))
		return false;
	c = cur_of(whole);
	sizes = bytes_take_str(&c);
	rest = cur_rest(&c);
	c = cur_of(sizes);
	for (uint32_t f = b->first; f < b->first + b->n; f++) {
		struct str family = str_take(rest, bytes_take(&c));
		struct story **at;
		size_t n;

		rest = str_skip(rest, family.n);
		if (!has(set->bits, f) || has(x->here, f))
			continue;
		n = unpack_family(&x->unpacker, family, &at);
		if (n == 0)
			return false;
		x->here[f / 64] |= (uint64_t)1 << (f % 64);
		keep(x, at, n);
	}
	return c.why == NULL;
}

static bool bring_set(struct index *x, const struct family_set *set)
{
	bool good = true;
	ARENA(mem);

	for (size_t i = 0; i < x->nblocks && good; i++) {
		if (!wanted(x, &x->blocks[i], set))
			continue;
		good = bring_block(x, &x->blocks[i], set, &mem);
		arena_reset(&mem);
	}
	return good;
}

static int by_order(const void *a, const void *b)
{
	const struct story *x = *(const struct story *const *)a, *y = *(const struct story *const *)b;

	return x->order < y->order ? -1 : x->order > y->order;
}

static void relink(struct index *x)
{
	struct tale *t = x->t;

	if (x->nall > 0)
		qsort(x->all, x->nall, sizeof(struct story *), by_order);
	for (size_t i = 0; i < x->nall; i++)
		x->all[i]->later = i + 1 < x->nall ? x->all[i + 1] : NULL;
	t->stories = x->nall > 0 ? x->all[0] : NULL;
	t->last = x->nall > 0 ? x->all[x->nall - 1] : NULL;
	t->n = x->nall;
}

static void bring(struct tale_store *s, const struct wish *w)
{
	struct index *x = of(s);
	size_t before = x->nall;
	bool scoped = w->kind == WISH_QUESTION && !scope_all(w->scope);
	struct family_set set;
	ARENA(mem);

	if (x->broken || (scoped && x->scoped))
		return;
	set = set_new(&mem, x->root.families);
	x->broken = !find_wish(x, w, &set) || !bring_set(x, &set);
	x->scoped = x->scoped || scoped;
	if (x->nall != before)
		relink(x);
}

struct namer {
	void (*see)(void *, struct str);
	void *with;
};

static bool tell_name(void *with, struct str text)
{
	const struct namer *n = with;

	n->see(n->with, text);
	return false;
}

static void names(struct tale_store *s, void (*see)(void *, struct str), void *with)
{
	static const enum term_kind kinds[] = { TERM_FROM, TERM_TO, TERM_NAME };
	struct index *x = of(s);
	struct namer n = { see, with };

	for (size_t i = 0; i < COUNT(kinds) && !x->broken; i++) {
		struct term_look look = { .kind = kinds[i], .fits = tell_name, .with = &n };

		x->broken = !terms_scan(&x->terms, x->c, &look, NULL);
	}
}

static bool rows(struct tale_store *s, struct rows *out)
{
	struct index *x = of(s);
	struct str packed;

	x->broken = x->broken || !chapter_get(x->c, x->root.rows, &x->mem, &packed) || !rows_unpack(out, packed);
	return !x->broken;
}

void store_init(struct index *x)
{
	x->store = (struct tale_store){ .begin = begin, .bring = bring, .names = names };
	if (x->root.rows.size > 0)
		x->store.rows = rows;
	x->here = arena_alloc(&x->mem, (x->root.families / 64 + 1) * sizeof(uint64_t));
}
