/* Rows of several chapters as those of one tale: without the hidden stories, the newest first. */
#include <stdlib.h>

#include "base/numbered.h"
#include "index/inside.h"

/* A story that has rows: when it began, where it stands among all, and which rows. */
struct counted {
	int64_t time;
	uint64_t place;
	uint32_t from, n;
};

struct merge {
	struct counted *at;
	size_t n, cap;
};

/* 32 bits of seconds since 1970, as rows have them. */
static uint32_t seconds_of(int64_t time)
{
	return time < 0 ? 0 : time > UINT32_MAX ? UINT32_MAX : (uint32_t)time;
}

/* The newest first, of one second the last one that was met (select.c). */
static void sort(struct counted **at, size_t n)
{
	struct numbered *order = mem_grow(NULL, (n + 1) * sizeof(*order));
	struct counted *to = mem_grow(NULL, (n + 1) * sizeof(*to));

	for (size_t i = 0; i < n; i++)
		order[i] = (struct numbered){ ~(*at)[i].place, ~seconds_of((*at)[i].time), (uint32_t)i };
	numbered_sort(&order, n);
	for (size_t i = 0; i < n; i++)
		to[i] = (*at)[order[i].of];
	free(order);
	free(*at);
	*at = to;
}

/* Where it stands among the stories of all chapters. */
static uint64_t place_among_all(const struct index *x, const struct index_row *row)
{
	struct place p = row->place;

	if (p.class != PLACE_NONE && x->rank != NULL)
		p.file = x->rank[p.file];
	return place_number(p);
}

/* The table is kept where the chapter has it already. */
static const struct index_row *table_of(struct index *x, struct arena *mem)
{
	struct index_table t;

	if (x->rows != NULL)
		return x->rows;
	return find_table(x, mem, &t) ? t.rows : NULL;
}

/* The chapter's stories that have rows, as its rows count them: the table is in the order of its tale.  place: in the
 * table; from: the family. */
static struct counted *stories_of(const struct index *x, const struct index_row *table, size_t *n)
{
	struct counted *at;

	*n = 0;
	if (table == NULL)
		return NULL;
	at = mem_grow(NULL, (x->root.stories + 1) * sizeof(*at));
	for (uint64_t i = 0; i < x->root.stories; i++)
		if (table[i].rows)
			at[(*n)++] = (struct counted){ .time = table[i].time, .place = i, .from = table[i].family };
	sort(&at, *n);
	return at;
}

static void add(struct merge *m, struct counted t)
{
	if (m->n == m->cap) {
		m->cap = 2 * m->cap + 1024;
		m->at = mem_grow(m->at, m->cap * sizeof(*m->at));
	}
	m->at[m->n++] = t;
}

/* A chapter as it is merged. */
struct part {
	const struct index *x;
	const struct index_row *table;
	struct rows r;
	struct counted *stories; /* as they have rows */
	size_t n;
};

/* False: they are not the rows of these stories. */
static bool add_stories(struct merge *m, const struct part *p, uint32_t base)
{
	const struct rows *r = &p->r;
	const struct index *x = p->x;

	for (size_t i = 0; i < r->n;) {
		uint32_t number = r->story[i], family;
		size_t end = i;

		while (end < r->n && r->story[end] == number)
			end++;
		if (number >= p->n)
			return false;
		family = p->stories[number].from;
		if (x->hidden == NULL || !set_has(x->hidden, family)) {
			struct counted t = p->stories[number];

			t.place = place_among_all(x, &p->table[t.place]);
			t.from = base + (uint32_t)i;
			t.n = (uint32_t)(end - i);
			add(m, t);
		}
		i = end;
	}
	return true;
}

/* mem: for as long as the rows are there. */
static bool read_rows(struct index *x, unsigned with, struct arena *mem, struct rows *out)
{
	struct term_texts names = { NULL, 0 }, ips = { NULL, 0 };
	struct str packed;

	return x->root.rows.size > 0 &&
	       ((with & MERGE_NAMES) == 0 || terms_texts(&x->terms, x->c, TERM_ADDRESS, mem, &names)) &&
	       ((with & MERGE_IPS) == 0 || terms_texts(&x->terms, x->c, TERM_IP, mem, &ips)) &&
	       chapter_get(x->c, x->root.rows, mem, &packed) &&
	       rows_unpack(out, packed,
			   &(struct rows_texts){ names.at, ips.at, names.n, ips.n, .bare = (with & MERGE_WHOLE) == 0 });
}

bool merge_read(struct index *x, unsigned with, struct rows *out)
{
	return read_rows(x, with, &x->mem, out);
}

/* mem: for the time being. */
static bool merge_chapter(struct merge *m, struct index *x, struct rows *out, uint32_t *stories, struct arena *mem)
{
	struct part p = { .x = x };
	bool good;

	if (!read_rows(x, MERGE_NAMES | MERGE_IPS, mem, &p.r))
		return false;
	p.table = table_of(x, mem);
	p.stories = stories_of(x, p.table, &p.n);
	good = p.stories != NULL && add_stories(m, &p, (uint32_t)out->n);
	if (good) {
		rows_append(out, &p.r, *stories);
		*stories += (uint32_t)p.n;
	}
	free(p.stories);
	rows_clear(&p.r);
	return good;
}

/* Their order, row by row. */
static void arrange(struct rows *out, struct merge *m)
{
	uint32_t *order = mem_alloc((out->n + 1) * sizeof(*order));
	size_t n = 0;

	sort(&m->at, m->n);
	for (size_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->at[i].n; k++)
			order[n++] = m->at[i].from + k;
	rows_arrange(out, order, n);
	free(order);
}

#define ROW(type, name, meaning) +sizeof(type)
static const size_t row_bytes = 0
#include "trace/rows.def"
    ;
#undef ROW

/* Of all that is within the span, so that nothing need grow: packed rows are little else. */
static void make_room(struct merge *m, const struct index *x, struct span span, struct rows *out)
{
	size_t n = 0;

	for (; x != NULL; x = x->before) {
		if (!index_within(x, span))
			continue;
		n += x->root.rows.size / row_bytes;
		m->cap += x->root.stories;
	}
	rows_reserve(out, n);
	m->at = mem_grow(NULL, (m->cap + 1) * sizeof(*m->at));
}

static bool merge_chapters(struct index *x, struct span span, struct rows *out)
{
	struct merge m = { 0 };
	uint32_t stories = 0;
	bool good = true;
	ARENA(mem);

	make_room(&m, x, span, out);
	for (; x != NULL && good; x = x->before) {
		good = !index_within(x, span) || merge_chapter(&m, x, out, &stories, &mem);
		arena_reset(&mem);
	}
	if (good)
		arrange(out, &m);
	else
		rows_clear(out);
	free(m.at);
	return good;
}

bool merge_rows(struct index *x, struct span span, struct rows *out)
{
	*out = (struct rows){ 0 };
	if (x->before != NULL)
		return merge_chapters(x, span, out);
	return !index_within(x, span) || merge_read(x, MERGE_NAMES | MERGE_IPS | MERGE_WHOLE, out);
}

uint32_t *merge_families(struct index *x, size_t *n)
{
	struct counted *at = find_rows(x) ? stories_of(x, x->rows, n) : NULL;
	uint32_t *out = at != NULL ? mem_alloc((*n + 1) * sizeof(*out)) : NULL;

	for (size_t i = 0; i < *n; i++)
		out[i] = at[i].from;
	free(at);
	return out;
}

bool merge_reason(struct index *x, uint16_t reason, struct family_set *out)
{
	struct rows r = { 0 };
	size_t n;
	bool good = merge_read(x, 0, &r);
	uint32_t *family = good ? merge_families(x, &n) : NULL;

	good = family != NULL;
	for (size_t i = 0; i < r.n && good; i++) {
		good = r.story[i] < n;
		if (good && r.reason[i] == reason)
			set_add(out, family[r.story[i]]);
	}
	free(family);
	rows_clear(&r);
	return good;
}
