/* The table of stories, as digest.c writes it. */
#include "index/bytes.h"
#include "index/inside.h"

static void take_calls(struct cur *c, struct index_row *row)
{
	row->calls = bytes_take(c);
	row->called = row->calls > 0 ? bytes_take_diff(c, row->time) : 0;
}

static void take_open(struct cur *c, const struct index *x, struct arena *mem, struct index_table *out)
{
	uint32_t pair = 0;

	out->nopen = bytes_take_count(c);
	out->open = arena_alloc(mem, (out->nopen + 1) * sizeof(*out->open));
	for (size_t i = 0; i < out->nopen && c->why == NULL; i++) {
		uint64_t family;

		pair += (uint32_t)bytes_take(c);
		family = bytes_take(c);
		if (family >= x->root.families)
			cur_fail(c, "no such family");
		out->open[i] = (struct index_open){ pair, (uint32_t)family };
	}
}

bool find_table(struct index *x, struct arena *mem, struct index_table *out)
{
	struct index_row row = { 0 }, *rows;
	struct str table;
	uint64_t where;
	struct cur c;
	ARENA(packed);

	if (!chapter_get(x->c, x->root.table, &packed, &table) || x->root.stories > table.n)
		return false;
	rows = arena_alloc(mem, (x->root.stories + 1) * sizeof(*rows));
	c = cur_of(table);
	for (uint64_t i = 0; i < x->root.stories; i++) {
		row.time = bytes_take_diff(&c, row.time);
		row.family = (uint32_t)bytes_take_diff(&c, row.family);
		row.verdicts = (uint32_t)bytes_take(&c);
		where = bytes_take(&c);
		row.rows = (where & 1) != 0;
		row.place.class = (enum place_class)(where >> 1 & 3);
		row.place.file = (uint32_t)(where >> 3);
		row.place.number = (uint32_t)bytes_take_diff(&c, row.place.number);
		row.label = row.place.class == PLACE_VISIT ? row.place.file + 1 : 0;
		if (row.family >= x->root.families || where >> 3 >= x->nfiles + (row.place.class == PLACE_NONE))
			cur_fail(&c, "no such family");
		take_calls(&c, &row);
		rows[i] = row;
	}
	*out = (struct index_table){ .rows = rows };
	take_open(&c, x, mem, out);
	return c.why == NULL;
}

bool find_rows(struct index *x)
{
	struct index_table t;

	if (x->rows == NULL && find_table(x, &x->mem, &t))
		x->rows = t.rows;
	return x->rows != NULL;
}
