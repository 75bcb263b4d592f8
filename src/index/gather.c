/* The lines of a family: every one that a record of it points at, by file and number. */
#include <stdlib.h>
#include <string.h>

#include "index/pack_inside.h"

enum { FEW = 256 }; /* so many are kept in order while they come; more are sorted at the end */

static struct gathered_line line_at(const struct line *x)
{
	return (struct gathered_line){ (uint64_t)x->file << 32 | x->number, x };
}

/* By file and number; of several structs of one line the one that lies first. */
static int by_place(const void *a, const void *b)
{
	const struct gathered_line *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void insert(struct gathered *g, size_t to, struct gathered_line new)
{
	if (g->n == g->cap) {
		g->cap = g->cap > 0 ? g->cap * 2 : 64;
		g->at = mem_grow(g->at, g->cap * sizeof(*g->at));
	}
	memmove(&g->at[to + 1], &g->at[to], (g->n - to) * sizeof(*g->at));
	g->at[to] = new;
	g->n++;
	g->hint = to;
}

/* Does it go behind the i-th one, and before the next? */
static bool fits(const struct gathered *g, size_t i, const struct gathered_line *new)
{
	return by_place(&g->at[i], new) < 0 && (i + 1 == g->n || by_place(&g->at[i + 1], new) > 0);
}

/* Most come in order, and most others were there before. */
static void add(struct gathered *g, const struct line *x)
{
	struct gathered_line new = line_at(x);
	size_t i = g->hint, to = g->n;

	if (i < g->n && g->at[i].line == x)
		return;
	if (i + 1 < g->n && g->at[i + 1].line == x) {
		g->hint++;
		return;
	}
	if (g->n >= FEW || (to > 0 && fits(g, to - 1, &new))) {
		insert(g, to, new);
		return;
	}
	if (i < g->n && fits(g, i, &new)) {
		insert(g, i + 1, new);
		return;
	}
	while (to > 0 && by_place(&g->at[to - 1], &new) > 0)
		to--;
	if (to > 0 && g->at[to - 1].line == x)
		g->hint = to - 1;
	else
		insert(g, to, new);
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
#define gather_WIDE NOTHING
#define gather_QP NOTHING
#define gather_CONNECTION NOTHING
#define gather_DELIVERY NOTHING
#define gather_FLAG NOTHING
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

static void sort(struct gathered *g)
{
	size_t kept = 0;

	qsort(g->at, g->n, sizeof(*g->at), by_place);
	for (size_t i = 0; i < g->n; i++)
		if (i == 0 || g->at[i].line != g->at[i - 1].line)
			g->at[kept++] = g->at[i];
	g->n = kept;
}

void gather_family(struct gathered *g, struct story *const *at, size_t n)
{
	g->n = g->hint = 0;
	for (size_t i = 0; i < n; i++)
		gather_story(g, at[i]);
	if (g->n >= FEW)
		sort(g);
}

size_t gathered_find(const struct gathered *g, const struct line *x)
{
	struct gathered_line wanted = line_at(x);
	size_t low = 0, high = g->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_place(&g->at[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->n && g->at[low].line == x ? low : SIZE_MAX;
}
