/* Lines are places in files. */
#include "index/pack_inside.h"
#include "trace/moment.h"

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
	return 1 + (moment_of(k->b, x) == at[1]);
}

static struct pack_step *step_of(struct packer *k, uint32_t file)
{
	struct pack_step *s = &k->steps[file];

	if (s->family != k->family)
		*s = (struct pack_step){ .family = k->family, .local = k->base };
	return s;
}

static unsigned flags_of(struct packer *k, size_t i, unsigned pass)
{
	const struct gathered *g = &k->lines;
	const struct line *x = g->at[i];
	const struct pack_step *s = step_of(k, x->file);
	unsigned flags = x->times > 0 || pass > 0 ? LINE_COUNTED : 0;

	if (x->next != NULL)
		flags |= i + 1 < g->n && g->at[i + 1] == x->next ? LINE_NEXT : LINE_OTHER;
	if (i > 0 && pack_same_text(g->at[i - 1], x))
		flags |= LINE_SAME;
	else if (i > 0 && g->at[i - 1]->file == x->file && s->number + 1 == x->number && s->offset == x->at)
		flags |= LINE_ADJOINS;
	return flags;
}

void pack_line(struct packer *k, size_t i)
{
	const struct line *x = k->lines.at[i];
	struct pack_step *s = step_of(k, x->file);
	unsigned pass = pass_of(k, x), flags = flags_of(k, i, pass);

	bytes_put(k->out, flags);
	if (flags & LINE_OTHER)
		pack_line_ref(k, x->next);
	if (flags & LINE_COUNTED)
		bytes_put(k->out, (uint64_t)x->times << 2 | pass);
	bytes_put(k->out, x->kind);
	bytes_put_diff(k->out, x->local, s->local);
	s->local = x->local;
	if (flags & LINE_SAME)
		return;
	if (!(flags & LINE_ADJOINS)) {
		bytes_put(k->out, x->file);
		bytes_put_diff(k->out, x->number, s->number);
		bytes_put_diff(k->out, x->at, (int64_t)s->offset);
	}
	bytes_put(k->out, x->length);
	s->number = x->number;
	s->offset = x->at + x->length + 1;
}
