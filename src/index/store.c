/* A tale out of an index: families come to life as they are wished for, and stay. */
#include <stdlib.h>

#include "index/bytes.h"
#include "index/inside.h"
#include "index/place.h"
#include "trace/rows.h"

static const char *read_text(void *with, uint32_t file, uint64_t offset, size_t n)
{
	return texts_read(with, file, offset, n);
}

static struct index *of(struct tale_store *s)
{
	return (struct index *)(void *)s; /* its first member */
}

void store_into(struct index *x, struct tale *t)
{
	if (x->source == NULL)
		x->source = &x->own;
	x->t = t;
	x->unpacker = (struct unpacker){ .b = t->book,
					 .source = x->source,
					 .files = x->place,
					 .keys = &x->keys,
					 .text = { read_text, x },
					 .steps = arena_alloc(&x->mem, (x->source->n + 1) * sizeof(struct pack_step)) };
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
	for (; x != NULL; x = x->before)
		store_into(x, t);
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

/* The last one of those families that is wanted, plus 1; 0: none. */
static uint32_t last_wanted(const struct family_set *set, uint32_t from, uint32_t to)
{
	while (to > from && !set_has(set->bits, to - 1)) {
		if (to % 64 == 0 && set->bits[to / 64 - 1] == 0 && to - from >= 64)
			to -= 64;
		else
			to--;
	}
	return to > from ? to : 0;
}

struct seer {
	bool (*see)(void *with, struct index *x, uint32_t family, struct story *const *at, size_t n);
	void *with;
	struct arena mem, scratch;
};

/* Families from one on up to the last one that is wanted; their group goes on until `end`. */
static bool each_of_group(struct index *x, uint32_t from, uint32_t end, const struct family_set *set, struct seer *to)
{
	uint32_t last = last_wanted(set, from, end);

	for (uint32_t f = from; f < last; f++) {
		struct story **at;
		size_t n;

		if (!set_has(set->bits, f)) {
			if (!unpack_skip(&x->unpacker, &to->scratch))
				return false;
			continue;
		}
		n = unpack_family(&x->unpacker, &at);
		if (n == 0 || !to->see(to->with, x, f, at, n))
			return false;
	}
	return last < end || unpack_ended(&x->unpacker);
}

static bool each_of_block(struct index *x, const struct family_block *b, const struct family_set *set, struct seer *to)
{
	uint32_t end = b->first + b->n;
	struct str whole;

	if (!chapter_get(x->c, b->frame, &to->mem, &whole) || !unpack_block(&x->unpacker, whole, b->n))
		return false;
	for (uint32_t f = b->first; f < end; f += PACK_GROUP)
		if (!unpack_group(&x->unpacker) ||
		    !each_of_group(x, f, end - f < PACK_GROUP ? end : f + PACK_GROUP, set, to))
			return false;
	return true;
}

bool store_each(struct index *x, const struct family_set *set,
		bool (*see)(void *with, struct index *x, uint32_t family, struct story *const *at, size_t n),
		void *with)
{
	struct seer to = { see, with, ARENA_INIT, ARENA_INIT };
	bool good = true;

	for (size_t i = 0; i < x->nblocks && good; i++) {
		const struct family_block *b = &x->blocks[i];

		if (last_wanted(set, b->first, b->first + b->n) == 0)
			continue;
		good = each_of_block(x, b, set, &to);
		arena_reset(&to.mem);
	}
	arena_clear(&to.mem);
	arena_clear(&to.scratch);
	return good;
}

static bool keep_family(void *with, struct index *x, uint32_t family, struct story *const *at, size_t n)
{
	struct index *all = with;

	x->here[family / 64] |= (uint64_t)1 << (family % 64);
	keep(all, at, n);
	return true;
}

/* Those that are there already, and those that a later chapter tells. */
static void leave_out(const struct index *x, struct family_set *set)
{
	for (size_t i = 0; i <= set->n / 64; i++)
		set->bits[i] &= ~(x->here[i] | (x->hidden != NULL ? x->hidden[i] : 0));
}

static int by_order(const void *a, const void *b)
{
	const struct story *x = *(const struct story *const *)a, *y = *(const struct story *const *)b;

	return x->order < y->order ? -1 : x->order > y->order;
}

struct placed {
	uint64_t place;
	struct story *story;
};

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

/* Stories of several chapters are numbered by their places among all. */
static void number_stories(struct index *x)
{
	struct placed *at = mem_alloc((x->nall + 1) * sizeof(*at));

	for (size_t i = 0; i < x->nall; i++) {
		struct place p = place_of(x->t->book, x->all[i]);

		if (p.class != PLACE_NONE)
			p.file = x->rank[p.file];
		at[i] = (struct placed){ place_number(p), x->all[i] };
	}
	if (x->nall > 0)
		qsort(at, x->nall, sizeof(*at), by_place);
	for (size_t i = 0; i < x->nall; i++)
		at[i].story->order = (uint32_t)i;
	free(at);
}

static void relink(struct index *x)
{
	struct tale *t = x->t;

	if (x->before != NULL)
		number_stories(x);
	if (x->nall > 0)
		qsort(x->all, x->nall, sizeof(struct story *), by_order);
	for (size_t i = 0; i < x->nall; i++)
		x->all[i]->later = i + 1 < x->nall ? x->all[i + 1] : NULL;
	t->stories = x->nall > 0 ? x->all[0] : NULL;
	t->last = x->nall > 0 ? x->all[x->nall - 1] : NULL;
	t->n = x->nall;
}

/* What each chapter has of it and is not there yet; false: it is more than may come. */
static bool look_for(struct index *x, const struct wish *w, struct family_set *sets, struct arena *mem)
{
	size_t n = 0, i = 0;

	for (struct index *c = x; c != NULL && !x->broken; c = c->before, i++) {
		sets[i] = set_new(mem, c->root.families);
		x->broken = !find_wish(c, w, &sets[i]);
		leave_out(c, &sets[i]);
		n += set_count(&sets[i]);
		if (w->most > 0 && n > w->most)
			return false;
	}
	return true;
}

static bool bring(struct tale_store *s, const struct wish *w)
{
	struct index *x = of(s);
	size_t before = x->nall, i = 0;
	bool scoped = w->kind == WISH_QUESTION && !scope_all(w->scope);
	bool all = w->n == 0 && w->span.from == INT64_MIN && w->span.to == INT64_MAX;
	ARENA(mem);
	struct family_set *sets = arena_alloc(&mem, (x->root.nbefore + 1) * sizeof(*sets));

	if (x->broken || (scoped && x->scoped))
		return true;
	if (!look_for(x, w, sets, &mem))
		return false;
	for (struct index *c = x; c != NULL && !x->broken; c = c->before, i++)
		x->broken = !store_each(c, &sets[i], keep_family, x);
	x->scoped = x->scoped || (scoped && all);
	if (x->nall != before)
		relink(x);
	return true;
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
	struct index *x = of(s);
	struct namer n = { see, with };
	struct term_look look = { .kind = TERM_ADDRESS, .fits = tell_name, .with = &n };

	for (struct index *c = x; c != NULL && !x->broken; c = c->before)
		x->broken = !terms_scan(&c->terms, c->c, &look, NULL);
}

static bool rows(struct tale_store *s, struct span span, struct rows *out)
{
	struct index *x = of(s);

	x->broken = x->broken || !merge_rows(x, span, out);
	return !x->broken;
}

static bool newest(struct tale_store *s, const struct question *q, struct span span, size_t most, struct newest *out)
{
	struct index *x = of(s);

	for (const struct index *c = x; c != NULL; c = c->before)
		if (c->root.rows.size == 0)
			return false; /* they were too much for a frame: stories come to life instead */
	x->broken = x->broken || !newest_look(x, q, span, most, out);
	return !x->broken;
}

void store_init(struct index *x)
{
	x->store = (struct tale_store){ .begin = begin, .bring = bring, .names = names };
	if (x->root.rows.size > 0) {
		x->store.rows = rows;
		x->store.newest = newest;
	}
	x->here = arena_alloc(&x->mem, (x->root.families / 64 + 1) * sizeof(uint64_t));
}
