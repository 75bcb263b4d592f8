/* The lines of a family: every one that a record of it points at, by file and number. */
#include <stdlib.h>

#include "index/pack_inside.h"

static void add(struct gathered *g, const struct line *x)
{
	if (g->n == g->cap) {
		g->cap = g->cap > 0 ? g->cap * 2 : 64;
		g->at = mem_grow(g->at, g->cap * sizeof(struct line *));
	}
	g->at[g->n++] = x;
}

static void gather_LINE(struct gathered *g, const struct line *x)
{
	if (x != NULL)
		add(g, x);
}

static void gather_LINES(struct gathered *g, struct lines l)
{
	for (const struct line *x = l.first; x != NULL; x = x->next) {
		add(g, x);
		if (x == l.last)
			break;
	}
}

/* Whatever holds no line. */
#define NOTHING(g, v) ((void)(g), (void)(v))
#define gather_NUM NOTHING
#define gather_SERVER NOTHING
#define gather_OUTCOME NOTHING
#define gather_WENT NOTHING
#define gather_TOLD NOTHING
#define gather_VERDICT NOTHING
#define gather_GRADE NOTHING
#define gather_BEYOND NOTHING
#define gather_TIME NOTHING
#define gather_MS NOTHING
#define gather_STR NOTHING
#define gather_NAME NOTHING
#define gather_JOIN NOTHING
#define gather_STORY NOTHING
#define gather_PARTY NOTHING
#define gather_OWN_STORY NOTHING
#define gather_OWN_VISIT NOTHING
#define gather_VISITORS NOTHING
#define gather_LINK NOTHING
#define gather_LAST NOTHING
#define gather_GONE NOTHING

#define ONE(s) \
	static void gather_##s(struct gathered *g, const struct s *v); \
	static void gather_ONE_##s(struct gathered *g, const struct s *v) \
	{ \
		if (v != NULL) \
			gather_##s(g, v); \
	}
#define LIST(s, link) \
	static void gather_##s(struct gathered *g, const struct s *v); \
	static void gather_LIST_##s(struct gathered *g, const struct s *v) \
	{ \
		for (; v != NULL; v = v->link) \
			gather_##s(g, v); \
	}
PACK_ONES(ONE)
PACK_LISTS(LIST)
#undef ONE
#undef LIST

static void gather_party(struct gathered *g, const struct party *v);

static void gather_PARTIES(struct gathered *g, struct parties ps)
{
	for (const struct party *p = ps.first; p != NULL; p = p->next)
		gather_party(g, p);
}

#define STRUCT(s) \
	static void gather_##s(struct gathered *g, const struct s *v) \
	{
#define FIELD(s, T, f) gather_##T(g, v->f);
#define END(s) }
static void gather_story(struct gathered *g, const struct story *v);
#include "index/fields.def"
#undef STRUCT
#undef FIELD
#undef END

int gathered_order(const struct line *x, const struct line *y)
{
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int by_place(const void *a, const void *b)
{
	return gathered_order(*(const struct line *const *)a, *(const struct line *const *)b);
}

/* They mostly stand in order already. */
static void sort(struct gathered *g)
{
	for (size_t i = 1; i < g->n; i++) {
		if (gathered_order(g->at[i - 1], g->at[i]) < 0)
			continue;
		qsort(g->at, g->n, sizeof(struct line *), by_place);
		return;
	}
}

void gather_family(struct gathered *g, struct story *const *at, size_t n)
{
	size_t kept = 0;

	g->n = 0;
	for (size_t i = 0; i < n; i++)
		gather_story(g, at[i]);
	sort(g);
	for (size_t i = 0; i < g->n; i++)
		if (i == 0 || g->at[i] != g->at[i - 1])
			g->at[kept++] = g->at[i];
	g->n = kept;
}

size_t gathered_find(const struct gathered *g, const struct line *x)
{
	size_t low = 0, high = g->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (gathered_order(g->at[middle], x) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->n && g->at[low] == x ? low : SIZE_MAX;
}
