/* The lines of a family: places in files, and their texts read from there. */
#include "index/unpack_inside.h"

enum { GAP = 256 }; /* bytes between two lines that are read with them rather than apart */

uint64_t unpack_take_long(struct family *k, struct cur *c)
{
	uint64_t v = bytes_take(c);

	if (c->why != NULL)
		cur_fail(k->c, c->why);
	return v;
}

uint64_t unpack_shape(struct family *k, enum pack_of of, int members)
{
	bool line = of == PACK_OF_line;
	const struct pack_shapes *s = &k->k->keys->shapes[of];
	uint64_t i = unpack_below(k, unpack_take(k, line ? LANE_LINE : LANE_SMALL), s->n + 1), has;

	has = i > 0 ? s->at[i - 1] : unpack_take(k, line ? LANE_LINE : LANE_WIDE);
	if (has >> members == 0 && k->c->why == NULL)
		return has;
	cur_fail(k->c, "no such members");
	return 0;
}

size_t unpack_told(struct family *k, uint64_t step)
{
	uint64_t line = unpack_below(k, (uint64_t)bytes_add(step, (int64_t)k->told), k->nlines);

	if (line != k->told)
		k->end = 0;
	return k->told = line;
}

struct line *unpack_line_ref(struct family *k)
{
	uint64_t step = unpack_take(k, LANE_SMALL);
	size_t i;

	if (k->skipped)
		return NULL;
	i = unpack_told(k, step);
	return k->c->why == NULL ? &k->lines[i].line : NULL;
}

/* Of a line that stands somewhere else than the one before it: its length; the rest is the step's then. */
static uint64_t take_place(struct family *k, uint64_t flags, struct pack_step *s, uint64_t *offset)
{
	uint32_t number = s->number + 1;
	uint64_t length;

	*offset = s->offset;
	if (!(flags & LINE_ADJOINS)) {
		number = (uint32_t)bytes_add(unpack_take(k, LANE_PLACE), s->number);
		*offset = (uint64_t)bytes_add(unpack_take(k, LANE_PLACE), (int64_t)s->offset);
	}
	length = unpack_below(k, unpack_take(k, LANE_LENGTH), SOURCE_LINE_MAX + 1);
	pack_step_to(s, (unsigned)flags, *offset, number, length);
	return length;
}

static void put_place(struct family *k, struct line *x, uint64_t flags, struct pack_step *s)
{
	uint64_t offset, length = take_place(k, flags, s, &offset);

	if (offset > UINT32_MAX) {
		cur_fail(k->c, "a line beyond every file");
		return;
	}
	x->number = s->number;
	x->at = (uint32_t)offset;
	x->length = length;
}

/* Within its file, and behind the line before it. */
static bool stands(const struct family *k, size_t i)
{
	const struct line *x = &k->lines[i].line, *before = i > 0 ? &k->lines[i - 1].line : NULL;
	size_t size = k->k->source->files[x->file].text.n;

	if (x->at > size || x->length > size - x->at)
		return false;
	if (before == NULL || before->file < x->file)
		return true;
	return before->file == x->file && x->at > (uint64_t)before->at + before->length && x->number > before->number;
}

/* What follows from the line before it, or from itself, of the line's place. */
static void take_rest(struct family *k, size_t i, uint64_t flags, int64_t local)
{
	struct line *x = &k->lines[i].line;
	const struct line *before = i > 0 ? &k->lines[i - 1].line : NULL;
	struct pack_step *s;

	if ((flags & (LINE_FILE | LINE_SAME | LINE_ADJOINS)) == LINE_FILE)
		x->file = unpack_below(k, unpack_take(k, LANE_LINE), k->k->source->n);
	else if (before == NULL || flags & LINE_FILE)
		cur_fail(k->c, "no line before");
	else
		x->file = before->file;
	if (k->c->why != NULL)
		return;
	s = pack_step_of(&k->k->steps[x->file], k->k->family, &k->k->said);
	s->local = (int64_t)((uint64_t)local + (uint64_t)s->local);
	x->local = s->local;
	if (flags & LINE_SAME) {
		x->number = before->number;
		x->length = before->length;
		x->at = before->at;
		return;
	}
	put_place(k, x, flags, s);
	if (k->c->why == NULL && !stands(k, i))
		cur_fail(k->c, "a line beyond its file, or out of order");
}

static struct line *other_line(struct family *k)
{
	uint64_t i = unpack_below(k, unpack_take(k, LANE_LINE), k->nlines);

	return k->c->why == NULL ? &k->lines[i].line : NULL;
}

static void take_line(struct family *k, size_t i)
{
	struct line *x = &k->lines[i].line;
	uint64_t shape = unpack_shape(k, PACK_OF_line, LINE_BITS), flags = shape % LINE_KIND, counted = 0;
	int64_t local;

	if (flags & LINE_OTHER)
		x->next = other_line(k);
	else if (flags & LINE_NEXT && i + 1 < k->nlines)
		x->next = &k->lines[i + 1].line;
	if (flags & LINE_COUNTED)
		counted = unpack_take(k, LANE_WIDE);
	x->times = counted >> 2 & 0x3fffffff;
	x->pass = counted & 3;
	if (shape / LINE_KIND >= LOG_KINDS)
		cur_fail(k->c, "no such kind of line");
	x->kind = shape / LINE_KIND;
	local = flags & LINE_LATER ? bytes_unfold(unpack_take(k, LANE_TIME)) : 0;
	if (k->c->why == NULL)
		take_rest(k, i, flags, local);
}

/* Only what later families are told by. */
static struct pack_step *skip_line(struct family *k, struct pack_step *s)
{
	uint64_t flags = unpack_shape(k, PACK_OF_line, LINE_BITS) % LINE_KIND, file, offset;

	if (flags & LINE_OTHER)
		(void)unpack_take(k, LANE_LINE);
	if (flags & LINE_COUNTED)
		(void)unpack_take(k, LANE_WIDE);
	if (flags & LINE_LATER)
		(void)unpack_take(k, LANE_TIME);
	if (flags & LINE_FILE) {
		file = unpack_below(k, unpack_take(k, LANE_LINE), k->k->source->n);
		s = pack_step_of(&k->k->steps[file], k->k->family, &k->k->said);
	}
	if (s == NULL)
		cur_fail(k->c, "no line before");
	else if (!(flags & LINE_SAME))
		(void)take_place(k, flags, s, &offset);
	return s;
}

static void skip_lines(struct family *k)
{
	struct pack_step *s = NULL;

	for (size_t i = 0; i < k->nlines && k->c->why == NULL; i++)
		s = skip_line(k, s);
}

/* Those that stand together are read at once. */
static void read_texts(struct family *k)
{
	size_t end;

	for (size_t i = 0; i < k->nlines && k->c->why == NULL; i = end) {
		const struct line *first = &k->lines[i].line, *last = first;
		const char *p;

		for (end = i + 1; end < k->nlines && k->lines[end].line.file == first->file &&
				  k->lines[end].line.at <= (uint64_t)last->at + last->length + GAP;
		     end++)
			last = &k->lines[end].line;
		p = k->k->text.read(k->k->text.with, first->file, first->at,
				    (size_t)last->at + last->length - first->at);
		if (p == NULL) {
			cur_fail(k->c, "its lines cannot be read");
			return;
		}
		for (size_t j = i; j < end; j++)
			k->lines[j].text = p + (k->lines[j].line.at - first->at);
	}
}

void unpack_lines(struct family *k)
{
	const struct cur *lines = &k->k->lane[LANE_LINE];

	k->nlines = unpack_take(k, LANE_LINE);
	if (k->nlines > PACK_LINES_MAX || k->nlines > (size_t)(lines->end - lines->p)) /* each has a byte there */
		cur_fail(k->c, "too many lines");
	if (k->c->why != NULL)
		return;
	if (k->skipped) {
		skip_lines(k);
		return;
	}
	k->lines = arena_alloc(k->mem, (k->nlines + 1) * sizeof(*k->lines));
	for (size_t i = 0; i < k->nlines && k->c->why == NULL; i++)
		take_line(k, i);
	if (k->c->why == NULL)
		read_texts(k);
	for (size_t i = 0; i < k->nlines && k->c->why == NULL; i++)
		k->lines[i].line.file = unpack_file_of(k, k->lines[i].line.file);
}
