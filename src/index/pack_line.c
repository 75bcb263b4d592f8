/* Lines are places in files. */
#include "index/pack_inside.h"
#include "trace/moment.h"

enum { QUARTER = 15 * 60 };

/* Has some moment of that quarter of an hour two?  Clocks are set by quarters, so one at its begin or its end has then;
 * they need not be set at a quarter. */
static bool is_twice(const struct packer *k, int64_t from)
{
	int64_t at[2];

	return zone_moments(&k->b->zone, from, at) == 2 || zone_moments(&k->b->zone, from + QUARTER - 1, at) == 2;
}

/* Of the repeated hour of autumn: the marks that tell which pass it is are not kept. */
static unsigned pass_of(struct packer *k, const struct line *x)
{
	int64_t at[2], quarter = x->local / QUARTER;

	if (x->pass > 0)
		return x->pass;
	if (quarter != k->asked) {
		k->asked = quarter;
		k->twice = is_twice(k, quarter * QUARTER);
	}
	if (!k->twice || zone_moments(&k->b->zone, x->local, at) == 1)
		return 0;
	k->ambiguous = true;
	return 1 + (moment_of(k->b, x) == at[1]);
}

/* Of one file of the family. */
struct run {
	const struct source_kept *kept;
	const struct line *line; /* the latest one; NULL: none yet */
	struct pack_step *step;
};

/* Where the line stands in its file. */
struct where {
	uint64_t at;
	uint32_t number;
};

static struct where where_of(const struct run *s, const struct line *x)
{
	return (struct where){ source_kept_offset(s->kept, x->number, x->at), source_kept_number(s->kept, x->number) };
}

static unsigned flags_of(const struct gathered *g, size_t i, const struct run *s, struct where w)
{
	const struct line *x = g->at[i].line;
	unsigned flags = x->local != s->step->local ? LINE_LATER : 0;

	if (x->next != NULL)
		flags |= i + 1 < g->n && g->at[i + 1].line == x->next ? LINE_NEXT : LINE_OTHER;
	if (s->line == NULL)
		return flags | LINE_FILE;
	if (s->line->number == x->number)
		return flags | LINE_SAME;
	return s->step->number + 1 == w.number && s->step->offset == w.at ? flags | LINE_ADJOINS : flags;
}

/* Of lines a shape is its flags and its kind: so few that there is a table. */
static void put_shape(struct packer *k, unsigned shape)
{
	uint8_t *code = &k->line_codes[shape];

	if (*code == 0)
		*code = pack_shape_code(k, PACK_OF_line, shape);
	pack_put(k, LANE_LINE, *code);
	if (*code == 0)
		pack_put(k, LANE_LINE, shape);
}

static void put_place(struct packer *k, const struct line *x, unsigned flags, struct pack_step *s, struct where w)
{
	if (flags & LINE_FILE)
		pack_put(k, LANE_LINE, x->file);
	if (!(flags & LINE_ADJOINS)) {
		pack_put(k, LANE_PLACE, bytes_diff(w.number, s->number));
		pack_put(k, LANE_PLACE, bytes_diff((int64_t)w.at, (int64_t)s->offset));
	}
	pack_put(k, LANE_LENGTH, x->length);
	pack_step_to(s, flags, w.at, w.number, x->length);
}

static void put_line(struct packer *k, size_t i, struct run *r)
{
	const struct line *x = k->lines.at[i].line;
	struct where w = where_of(r, x);
	unsigned pass = pass_of(k, x), flags = flags_of(&k->lines, i, r, w);
	size_t other = flags & LINE_OTHER ? gathered_find(&k->lines, x->next) : 0;

	if (x->times > 0 || pass > 0)
		flags |= LINE_COUNTED;
	put_shape(k, flags | x->kind * LINE_KIND);
	k->bad = k->bad || other == SIZE_MAX;
	if (flags & LINE_OTHER)
		pack_put(k, LANE_LINE, other);
	if (flags & LINE_COUNTED)
		pack_put(k, LANE_WIDE, (uint64_t)x->times << 2 | pass);
	if (flags & LINE_LATER)
		pack_put(k, LANE_TIME, bytes_diff(x->local, r->step->local));
	r->step->local = x->local;
	if (flags & LINE_SAME)
		k->bad = k->bad || x->length != r->line->length;
	else
		put_place(k, x, flags, r->step, w);
	r->line = x;
}

static void pack_run(struct packer *k, const struct pack_run *r)
{
	size_t file = k->lines.at[r->from].line->file;
	struct run run = { .kept = k->b->source->files[file].kept,
			   .step = pack_step_of(&k->steps[file], k->family, &k->said) };

	for (size_t i = r->from; i < r->to; i++)
		put_line(k, i, &run);
}

void pack_lines(struct packer *k)
{
	for (size_t i = 0; i < k->nruns; i++)
		pack_run(k, &k->runs[i]);
}
