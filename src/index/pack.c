#include "index/pack.h"

#include <stdlib.h>
#include <string.h>

#include "index/pack_inside.h"

struct packer *pack_new(const struct tale *t, struct pack_keys *keys)
{
	struct packer *k = mem_alloc(sizeof(*k));

	k->b = t->book;
	k->keys = keys;
	k->number = mem_alloc((t->n + 1) * sizeof(*k->number));
	k->steps = mem_alloc((t->book->source->n + 1) * sizeof(*k->steps));
	k->names = mem_alloc((t->book->nnames + 1) * sizeof(*k->names));
	k->asked = INT64_MIN;
	return k;
}

void pack_free(struct packer *k)
{
	free(k->lines.at);
	free(k->runs);
	free(k->number);
	free(k->steps);
	free(k->names);
	map_clear(&k->parties);
	free(k->places);
	free(k);
}

uint8_t pack_shape_code(struct packer *k, enum pack_of of, uint64_t has)
{
	struct pack_shapes *s = &k->keys->shapes[of];
	size_t i = 0;

	while (i < s->n && s->at[i] != has)
		i++;
	if (i == PACK_SHAPES_MAX)
		return 0;
	if (i == s->n)
		s->at[s->n++] = has;
	return (uint8_t)(i + 1);
}

static void pack_shape(struct packer *k, enum pack_of of, uint64_t has)
{
	const struct pack_shapes *s = &k->keys->shapes[of];
	uint8_t *known = &k->known[of][has * UINT64_C(0x9e3779b97f4a7c15) >> 58];

	if (*known == 0 || s->at[*known - 1] != has)
		*known = pack_shape_code(k, of, has);
	pack_put(k, LANE_SMALL, *known);
	if (*known == 0)
		pack_put(k, LANE_WIDE, has);
}

/* ---- members, of which each has a value ---- */

static void put_NAME(struct packer *k, const struct name *x)
{
	struct pack_name *n = &k->names[x->id];
	bool known = n->family == k->family;

	if (!known)
		*n = (struct pack_name){ k->family, k->nnames++ };
	pack_put(k, LANE_SMALL, n->number);
	if (!known)
		pack_spelling(k, x->text);
}

#define put_STR pack_text
#define put_NUM(k, v) pack_put(k, LANE_SMALL, (uint64_t)(v))
#define put_WIDE(k, v) pack_put(k, LANE_WIDE, (uint64_t)(v))
#define put_QP(k, v) put_counter(k, COUNT_QP, v)
#define put_CONNECTION(k, v) put_counter(k, COUNT_CONNECTION, v)
#define put_DELIVERY(k, v) put_counter(k, COUNT_DELIVERY, v)
#define put_FLAG(k, v) ((void)0)
#define put_SERVER put_NUM
#define put_OUTCOME put_NUM
#define put_WENT put_NUM
#define put_TOLD put_NUM
#define put_VERDICT put_NUM
#define put_GRADE put_NUM
#define put_BEYOND put_NUM
#define put_TIME(k, v) pack_put(k, LANE_TIME, bytes_diff((int64_t)(v), (k)->said.base))
#define put_MS(k, v) pack_put(k, LANE_WIDE, bytes_diff(v, (k)->said.base * 1000))

static void put_counter(struct packer *k, enum pack_counter c, uint64_t v)
{
	pack_put(k, LANE_COUNTER, bytes_diff((int64_t)v, (int64_t)k->said.counter[c]));
	k->said.counter[c] = v;
}

static void put_LINE(struct packer *k, const struct line *x)
{
	const struct gathered *g = &k->lines;
	size_t i = k->hint;

	if (i + 1 < g->n && g->at[i + 1].line == x)
		i++;
	else if (i >= g->n || g->at[i].line != x)
		i = gathered_find(g, x);
	k->bad = k->bad || i == SIZE_MAX;
	k->hint = i;
	pack_line_ref(k, i);
}

static void put_LINES(struct packer *k, struct lines l)
{
	put_LINE(k, l.first);
	put_LINE(k, l.last);
}

static size_t key_number(struct packer *k, const char *key)
{
	size_t i = 0;

	while (i < k->keys->n && strcmp(k->keys->at[i], key) != 0)
		i++;
	if (i == k->keys->n && i < PACK_KEYS_MAX)
		k->keys->at[k->keys->n++] = key;
	k->bad = k->bad || i == PACK_KEYS_MAX;
	return i;
}

static void put_JOIN(struct packer *k, struct join j)
{
	pack_put(k, LANE_SMALL, key_number(k, j.key));
	pack_put(k, LANE_SMALL, (uint64_t)j.grade << 1 | (j.rival != NULL));
	if (j.rival == NULL)
		return;
	pack_put(k, LANE_WIDE, j.rival->file);
	pack_put(k, LANE_WIDE, line_number(k->b, j.rival));
}

static void put_STORY(struct packer *k, const struct story *s)
{
	k->bad = k->bad || k->number[s->order] == 0;
	pack_put(k, LANE_SMALL, k->number[s->order] - 1);
}

static void put_PARTY(struct packer *k, const struct party *p)
{
	const uint32_t *at = map_getn(&k->parties, (uintptr_t)p);

	k->bad = k->bad || at == NULL;
	pack_put(k, LANE_SMALL, at != NULL ? *at - 1 : 0);
}

static void put_OWN_VISIT(struct packer *k, const struct visit *v)
{
	k->bad = k->bad || v != k->story->visit;
}

/* The visit's recipients are the first ones of the story. */
static void put_VISITORS(struct packer *k, struct parties ps)
{
	k->bad = k->bad || ps.first != k->story->parties.first || ps.n > k->story->parties.n;
	pack_put(k, LANE_SMALL, ps.n);
}

#define put_OWN_STORY put_FLAG
#define put_LINK put_FLAG
#define put_LAST put_FLAG
#define put_GONE put_FLAG

#define ONE(s) \
	static void put_##s(struct packer *k, const struct s *v); \
	static void put_ONE_##s(struct packer *k, const struct s *v) \
	{ \
		put_##s(k, v); \
	}
#define LIST(s, link) \
	static void put_##s(struct packer *k, const struct s *v); \
	static void put_LIST_##s(struct packer *k, const struct s *v) \
	{ \
		size_t n = 0; \
		for (const struct s *x = v; x != NULL; x = x->link) \
			n++; \
		pack_put(k, LANE_SMALL, n); \
		for (; v != NULL; v = v->link) \
			put_##s(k, v); \
	}
PACK_ONES(ONE)
PACK_LISTS(LIST)
#undef ONE
#undef LIST

static void put_party(struct packer *k, const struct party *v);

static void put_PARTIES(struct packer *k, struct parties ps)
{
	size_t n = 0;

	pack_put(k, LANE_SMALL, ps.n);
	for (const struct party *p = ps.first; p != NULL; p = p->next, n++)
		put_party(k, p);
	k->bad = k->bad || n != ps.n;
}

/* ---- which members have a value ---- */

#define HAS(name, type, value) \
	static inline bool has_##name(struct packer *k, type v) \
	{ \
		(void)k; \
		return value; \
	}
#define ONE(s) HAS(ONE_##s, const struct s *, v != NULL)
#define LIST(s, link) HAS(LIST_##s, const struct s *, v != NULL)
#define NUMBER(T) HAS(T, uint64_t, v != 0)
#define POINTER(T) HAS(T, const void *, v != NULL)
PACK_ONES(ONE)
PACK_LISTS(LIST)
PACK_NUMBERS(NUMBER)
PACK_POINTERS(POINTER)
HAS(STR, struct str, v.n > 0)
HAS(LINES, struct lines, v.first != NULL)
HAS(PARTIES, struct parties, v.first != NULL || v.n > 0)
HAS(VISITORS, struct parties, v.n > 0)
#define has_LINK(k, v) false
#define has_LAST has_LINK
#define has_GONE has_LINK

static bool has_JOIN(struct packer *k, struct join j)
{
	k->bad = k->bad || (j.key == NULL && (j.rival != NULL || j.grade != GRADE_GUESS));
	return j.key != NULL;
}

static bool has_OWN_STORY(struct packer *k, const struct story *s)
{
	k->bad = k->bad || s != k->story;
	return false;
}

#define STRUCT(s) \
	static uint64_t shape_##s(struct packer *k, const struct s *v) \
	{ \
		uint64_t has = 0; \
		(void)k;
#define FIELD(s, T, f) has |= (uint64_t)(has_##T(k, v->f)) << BIT_##s##_##f;
#define END(s) \
	return has; \
	}
#include "index/fields.def"
#undef STRUCT
#undef FIELD
#undef END

#define STRUCT(s) \
	static void put_##s(struct packer *k, const struct s *v) \
	{ \
		uint64_t has = shape_##s(k, v); \
		pack_shape(k, PACK_OF_##s, has);
#define FIELD(s, T, f) \
	if (has >> BIT_##s##_##f & 1) \
		put_##T(k, v->f);
#define END(s) }
static void put_story(struct packer *k, const struct story *v);
#include "index/fields.def"
#undef STRUCT
#undef FIELD
#undef END

/* ---- families ---- */

/* Recipients that point at others: rare, and then of few stories. */
static bool parties_asked(struct story *const *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (const struct party *p = at[i]->parties.first; p != NULL; p = p->next)
			if (p->first_try != NULL || p->seen_again != NULL)
				return true;
	return false;
}

static size_t count_parties(struct story *const *at, size_t n)
{
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += at[i]->parties.n;
	return all;
}

static void number_parties(struct packer *k, struct story *const *at, size_t n)
{
	size_t all = count_parties(at, n), number = 0;

	map_clear(&k->parties);
	if (!parties_asked(at, n))
		return;
	if (k->places_cap < all) {
		k->places_cap = 2 * all;
		k->places = mem_grow(k->places, k->places_cap * sizeof(*k->places));
	}
	for (size_t i = 0; i < n; i++)
		for (const struct party *p = at[i]->parties.first; p != NULL && number < all; p = p->next) {
			k->places[number] = (uint32_t)number + 1;
			map_putn(&k->parties, (uintptr_t)p, &k->places[number++]);
		}
}

void pack_look(struct packer *k, struct story *const *at, size_t n)
{
	k->family++;
	k->hint = 0;
	k->elsewhere = true; /* who packs it looks for each */
	gather_family(&k->lines, at, n);
	pack_runs(k);
}

static void put_head(struct packer *k, struct story *const *at, size_t n)
{
	pack_put(k, LANE_SMALL, n);
	pack_put(k, LANE_SMALL, count_parties(at, n));
	pack_put(k, LANE_TIME, bytes_diff(at[0]->time, k->said.base));
	k->said.base = at[0]->time;
	pack_put(k, LANE_LINE, k->lines.n);
}

static void put_stories(struct packer *k, struct story *const *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		k->story = at[i];
		pack_put(k, LANE_SMALL, at[i]->order - (i > 0 ? at[i - 1]->order : k->said.order));
		put_story(k, at[i]);
	}
	k->said.order = at[0]->order;
}

bool pack_family(struct packer *k, struct pack_block *out, struct story *const *at, size_t n)
{
	size_t from = pack_block_size(out);

	if (pack_block_next(out))
		k->said = (struct pack_said){ .group = k->said.group + 1 };
	k->out = out;
	k->bad = false;
	k->nnames = 0;
	k->told = k->end = 0;
	pack_look(k, at, n);
	k->elsewhere = false;
	for (size_t i = 0; i < n; i++)
		k->number[at[i]->order] = (uint32_t)i + 1;
	number_parties(k, at, n);
	put_head(k, at, n);
	pack_lines(k);
	put_stories(k, at, n);
	for (size_t i = 0; i < n; i++)
		k->number[at[i]->order] = 0;
	return !k->bad && pack_block_size(out) - from <= PACK_FAMILY_MAX && k->lines.n <= PACK_LINES_MAX;
}

const struct line *pack_each_line(const struct packer *k, size_t i)
{
	return i < k->lines.n ? k->lines.at[i].line : NULL;
}
