/* Bytes to families.  Whatever the bytes are, what comes to life is sound: no pointer leads out of the family, no list
 * and no ancestry goes in a circle. */
#include "index/pack.h"

#include <string.h>

#include "index/unpack_inside.h"

enum {
	NAME_MAX = 4 << 10 /* no address is longer (book_name) */
};

/* ---- texts ---- */

static struct str take_here(struct family *k)
{
	uint64_t n = unpack_take(k, LANE_TEXT);
	struct cur *c = &k->k->lane[LANE_TEXT];
	struct str text = cur_take(c, n, "a text without end");

	if (c->why != NULL)
		cur_fail(k->c, c->why);
	return k->skipped ? STR("") : arena_str(k->mem, text);
}

static struct str take_STR(struct family *k)
{
	uint64_t how = unpack_take(k, LANE_SMALL), at, n;
	const struct kept_line *x;

	if (how == TEXT_HERE)
		return take_here(k);
	at = unpack_take(k, LANE_TEXT);
	n = unpack_take(k, LANE_TEXT);
	if (k->skipped)
		return STR("");
	x = &k->lines[unpack_told(k, how - TEXT_IN_LINE)];
	at = (uint64_t)bytes_add(at, (int64_t)k->end);
	if (at > x->line.length || n > x->line.length - at)
		cur_fail(k->c, "a text beyond its line");
	if (k->c->why != NULL)
		return STR("");
	k->end = at + n;
	return (struct str){ x->text + at, n };
}

static struct name *name_of(struct book *b, struct str spelling)
{
	char low[NAME_MAX];

	for (size_t i = 0; i < spelling.n; i++)
		low[i] = ascii_lower(spelling.p[i]);
	return book_spelling(b, str_mem(low, spelling.n));
}

static struct name *take_NAME(struct family *k)
{
	uint64_t i = unpack_upto(k, k->nnames + 1);
	struct str spelling;

	if (i < k->nnames || k->c->why != NULL)
		return i < k->nnames && !k->skipped ? k->names[i] : NULL;
	spelling = take_STR(k);
	if (k->skipped) {
		k->nnames++;
		return NULL;
	}
	if (spelling.n > NAME_MAX || k->c->why != NULL) {
		cur_fail(k->c, "no name");
		return NULL;
	}
	if ((k->nnames & (k->nnames - 1)) == 0)
		k->names =
		    arena_grow(k->mem, k->names, k->nnames, k->nnames > 0 ? 2 * k->nnames : 1, sizeof(struct name *));
	return k->names[k->nnames++] = name_of(k->b, spelling);
}

/* ---- other members ---- */

#define take_LINE unpack_line_ref
#define take_NUM(k) unpack_take(k, LANE_SMALL)
#define take_WIDE(k) unpack_take(k, LANE_WIDE)
#define take_QP(k) take_counter(k, COUNT_QP)
#define take_CONNECTION(k) take_counter(k, COUNT_CONNECTION)
#define take_DELIVERY(k) take_counter(k, COUNT_DELIVERY)
#define take_FLAG(k) true
#define take_SERVER(k) unpack_upto(k, FOREIGN_SERVERS)
#define take_OUTCOME(k) unpack_upto(k, OUTCOME_DEFERRAL + 1)
#define take_WENT(k) unpack_upto(k, WENT_DISCARDED + 1)
#define take_TOLD(k) unpack_upto(k, TOLD_ANSWER + 1)
#define take_VERDICT(k) unpack_upto(k, VERDICT_COUNT)
#define take_GRADE(k) unpack_upto(k, GRADE_EXACT + 1)
#define take_BEYOND(k) unpack_upto(k, VERDICT_COUNT + 1)

#define take_TIME(k) bytes_add(unpack_take(k, LANE_TIME), (k)->k->said.base)
#define take_MS(k) bytes_add(unpack_take(k, LANE_WIDE), (int64_t)((uint64_t)(k)->k->said.base * 1000))

static uint64_t take_counter(struct family *k, enum pack_counter c)
{
	uint64_t *last = &k->k->said.counter[c];

	return *last = (uint64_t)bytes_add(unpack_take(k, LANE_COUNTER), (int64_t)*last);
}

static struct lines take_LINES(struct family *k)
{
	struct lines l = { unpack_line_ref(k), NULL };

	l.last = unpack_line_ref(k);
	return l;
}

static struct join take_JOIN(struct family *k)
{
	uint64_t key = unpack_upto(k, k->k->keys->n), grade;
	struct join j = { 0 };
	struct kept_line *rival;

	if (k->c->why != NULL)
		return j;
	grade = unpack_upto(k, (GRADE_EXACT + 1) << 1);
	j.key = k->k->keys->at[key];
	j.grade = (enum grade)(grade >> 1);
	if ((grade & 1) == 0)
		return j;
	rival = arena_alloc(k->mem, sizeof(*rival));
	rival->line.file = unpack_file_of(k, (uint32_t)unpack_below(k, unpack_take(k, LANE_WIDE), k->k->source->n));
	rival->line.number = (uint32_t)unpack_take(k, LANE_WIDE);
	j.rival = &rival->line;
	return j;
}

static struct story *take_STORY(struct family *k)
{
	uint64_t i = unpack_upto(k, k->nstories);

	return k->stories[i];
}

static struct party *take_PARTY(struct family *k)
{
	uint64_t i = unpack_upto(k, k->nparties);

	return i < k->nparties ? k->parties[i] : NULL;
}

#define take_OWN_STORY(k) ((k)->story)
#define take_OWN_VISIT(k) ((k)->story->visit)

/* Which they are is known when the story's recipients are (take_PARTIES). */
static struct parties take_VISITORS(struct family *k)
{
	k->visitors = unpack_upto(k, k->nparties + 1);
	return (struct parties){ 0 };
}

#define take_LINK(k) NULL
#define take_GONE(k) 0

/* Of the list that stands before it, which may be empty. */
static void *take_LAST(struct family *k)
{
	void *last = k->last;

	k->last = NULL;
	return last;
}

#define ONE(s) \
	static void take_##s(struct family *k, struct s *v); \
	static struct s *take_ONE_##s(struct family *k) \
	{ \
		struct s *v = arena_alloc(k->mem, sizeof(*v)); \
		take_##s(k, v); \
		return v; \
	}
#define LIST(s, link) \
	static void take_##s(struct family *k, struct s *v); \
	static struct s *take_LIST_##s(struct family *k) \
	{ \
		size_t n = bytes_take_count(k->c); \
		struct s *first = NULL, **end = &first; \
		for (size_t i = 0; i < n && k->c->why == NULL; i++) { \
			struct s *v = arena_alloc(k->mem, sizeof(*v)); \
			take_##s(k, v); \
			*end = v; \
			end = &v->link; \
			k->last = v; \
		} \
		return first; \
	}
PACK_ONES(ONE)
PACK_LISTS(LIST)
#undef ONE
#undef LIST

static void take_party(struct family *k, struct party *v);

static void give_visitors(struct family *k, struct parties *ps)
{
	struct visit *v = k->story->visit;

	if (v == NULL || k->visitors == 0)
		return;
	if (k->visitors > ps->n) {
		cur_fail(k->c, "more recipients of the visit than of the story");
		return;
	}
	v->parties.first = ps->first;
	v->parties.n = k->visitors;
	v->parties.last = k->parties[k->party - ps->n + k->visitors - 1];
}

static struct parties take_PARTIES(struct family *k)
{
	size_t n = bytes_take_count(k->c);
	struct parties ps = { 0 };

	if (n > k->nparties - k->party) {
		cur_fail(k->c, "more recipients than the family has");
		return ps;
	}
	for (size_t i = 0; i < n && k->c->why == NULL; i++) {
		struct party *p = k->parties[k->party++];

		take_party(k, p);
		parties_add(&ps, p);
	}
	if (k->c->why == NULL)
		give_visitors(k, &ps);
	return ps;
}

/* Members that have no bit of their own. */
enum {
	BY_ITSELF_LAST = 1,
	BY_ITSELF_OWN_STORY = 1,
#define T(type) BY_ITSELF_##type = 0,
	PACK_NUMBERS(T) PACK_POINTERS(T) PACK_OTHERS(T)
#undef T
#define ONE(s) BY_ITSELF_ONE_##s = 0,
#define LIST(s, link) BY_ITSELF_LIST_##s = 0,
	    PACK_ONES(ONE) PACK_LISTS(LIST)
#undef ONE
#undef LIST
};

#define STRUCT(s) \
	static void take_##s(struct family *k, struct s *v) \
	{ \
		uint64_t has = unpack_shape(k, PACK_OF_##s, BITS_##s); \
		k->last = NULL;
#define FIELD(s, T, f) \
	if (BY_ITSELF_##T || (has >> BIT_##s##_##f & 1) != 0) \
		v->f = take_##T(k);
#define END(s) }
static void take_story(struct family *k, struct story *v);
#include "index/fields.def"
#undef STRUCT
#undef FIELD
#undef END

/* ---- families ---- */

/* Room for what points at each other. */
static void make_room(struct family *k)
{
	k->nstories = bytes_take_count(k->c);
	k->nparties = bytes_take_count(k->c);
	k->k->said.base = bytes_add(unpack_take(k, LANE_TIME), k->k->said.base);
	k->stories = arena_alloc(k->mem, (k->nstories + 1) * sizeof(struct story *));
	k->parties = arena_alloc(k->mem, (k->nparties + 1) * sizeof(struct party *));
	for (size_t i = 0; i < k->nstories; i++)
		k->stories[i] = arena_alloc(k->mem, sizeof(struct story));
	for (size_t i = 0; i < k->nparties; i++)
		k->parties[i] = arena_alloc(k->mem, sizeof(struct party));
}

static void take_stories(struct family *k)
{
	uint64_t order = k->k->said.order;

	for (size_t i = 0; i < k->nstories && k->c->why == NULL; i++) {
		k->story = k->stories[i];
		k->visitors = 0;
		order += bytes_take(k->c);
		if (i == 0)
			k->k->said.order = order;
		take_story(k, k->story);
		k->story->order = (uint32_t)order;
	}
}

static void take_family(struct family *k)
{
	k->c = &k->k->lane[LANE_SMALL];
	k->k->family++;
	make_room(k);
	unpack_lines(k);
	take_stories(k);
	if (k->party != k->nparties)
		cur_fail(k->c, "more recipients than stories have");
}

size_t unpack_family(struct unpacker *u, struct story ***at)
{
	struct family k = { .k = u, .b = u->b, .mem = &u->b->mem };

	take_family(&k);
	for (size_t i = 0; i < k.nstories && k.c->why == NULL; i++)
		unpack_check(&k, k.stories[i]);
	*at = k.stories;
	return k.c->why == NULL ? k.nstories : 0;
}

bool unpack_skip(struct unpacker *u, struct arena *scratch)
{
	struct family k = { .k = u, .b = u->b, .mem = scratch, .skipped = true };

	take_family(&k);
	arena_reset(scratch);
	return k.c->why == NULL;
}
