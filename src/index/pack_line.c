/* Lines are places in files. */
#include "index/pack_inside.h"
#include "trace/moment.h"

enum { NUMBERS = 9 }; /* of one line, at most */

/* Of the repeated hour of autumn: the marks that tell which pass it is are not kept. */
static unsigned pass_of(struct packer *k, const struct line *x)
{
	int64_t at[2], quarter = x->local / 900;

	if (x->pass > 0)
		return x->pass;
	if (quarter != k->asked) {
		k->asked = quarter;
		k->twice = zone_moments(&k->b->zone, x->local, at) == 2;
	}
	if (!k->twice || zone_moments(&k->b->zone, x->local, at) == 1)
		return 0;
	k->ambiguous = true;
	return 1 + (moment_of(k->b, x) == at[1]);
}

/* Of one file: the latest line. */
struct step {
	const struct source_kept *kept;
	const struct line *line; /* NULL: none yet */
	uint64_t offset;         /* behind it, with its newline */
	uint32_t number;
	int64_t local;
};

/* Where the line stands in its file. */
struct where {
	uint64_t at;
	uint32_t number;
};

static struct where where_of(const struct step *s, const struct line *x)
{
	return (struct where){ source_kept_offset(s->kept, x->number, x->at), source_kept_number(s->kept, x->number) };
}

static unsigned flags_of(const struct gathered *g, size_t i, const struct step *s, struct where w)
{
	const struct line *x = g->at[i].line;
	unsigned flags = x->local != s->local ? LINE_LATER : 0;

	if (x->next != NULL)
		flags |= i + 1 < g->n && g->at[i + 1].line == x->next ? LINE_NEXT : LINE_OTHER;
	if (s->line == NULL)
		return flags | LINE_FILE;
	if (s->line->number == x->number)
		return flags | LINE_SAME;
	return s->number + 1 == w.number && s->offset == w.at ? flags | LINE_ADJOINS : flags;
}

/* Of lines a shape is its flags and its kind: so few that there is a table. */
static char *put_shape(struct packer *k, char *p, unsigned shape)
{
	uint8_t *code = &k->line_codes[shape];

	if (*code == 0)
		*code = pack_shape_code(k, PACK_OF_line, shape);
	p = bytes_write(p, *code);
	return *code == 0 ? bytes_write(p, shape) : p;
}

static char *put_place(char *p, const struct line *x, unsigned flags, struct step *s, struct where w)
{
	if (flags & LINE_FILE)
		p = bytes_write(p, x->file);
	if (!(flags & LINE_ADJOINS)) {
		p = bytes_write(p, bytes_diff(w.number, s->number));
		p = bytes_write(p, bytes_diff((int64_t)w.at, (int64_t)s->offset));
	}
	s->number = w.number;
	s->offset = w.at + x->length + 1;
	return bytes_write(p, x->length);
}

static char *put_line(struct packer *k, char *p, size_t i, struct step *s)
{
	const struct line *x = k->lines.at[i].line;
	struct where w = where_of(s, x);
	unsigned pass = pass_of(k, x), flags = flags_of(&k->lines, i, s, w);
	size_t other = flags & LINE_OTHER ? gathered_find(&k->lines, x->next) : 0;

	if (x->times > 0 || pass > 0)
		flags |= LINE_COUNTED;
	p = put_shape(k, p, flags | x->kind * LINE_KIND);
	k->bad = k->bad || other == SIZE_MAX;
	if (flags & LINE_OTHER)
		p = bytes_write(p, other);
	if (flags & LINE_COUNTED)
		p = bytes_write(p, (uint64_t)x->times << 2 | pass);
	if (flags & LINE_LATER)
		p = bytes_write(p, bytes_diff(x->local, s->local));
	s->local = x->local;
	if (!(flags & LINE_SAME))
		p = put_place(p, x, flags, s, w);
	s->line = x;
	return p;
}

static void pack_run(struct packer *k, const struct pack_run *r)
{
	struct step s = { .kept = k->b->source->files[k->lines.at[r->from].line->file].kept, .local = k->base };

	for (size_t i = r->from; i < r->to; i++) {
		char *p;

		if (k->out->cap - k->out->n <= NUMBERS * BYTES_MOST)
			buf_need(k->out, NUMBERS * BYTES_MOST);
		p = put_line(k, k->out->p + k->out->n, i, &s);
		*p = '\0';
		k->out->n = (size_t)(p - k->out->p);
	}
}

void pack_lines(struct packer *k)
{
	for (size_t i = 0; i < k->nruns; i++)
		pack_run(k, &k->runs[i]);
}
