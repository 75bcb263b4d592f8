/* Texts of records are parts of lines: which, and where in them. */
#include <stdlib.h>
#include <string.h>

#include "index/pack_inside.h"

bool pack_same_text(const struct line *a, const struct line *b)
{
	return a->file == b->file && a->number == b->number;
}

static void add_run(struct packer *k, size_t i)
{
	const struct buf *text = &k->b->source->files[k->lines.at[i].line->file].text;

	if (i > 0 && k->lines.at[i - 1].line->file == k->lines.at[i].line->file) {
		k->runs[k->nruns - 1].to = i + 1;
		return;
	}
	if (k->nruns == k->runs_cap) {
		k->runs_cap = 2 * k->runs_cap + 8;
		k->runs = mem_grow(k->runs, k->runs_cap * sizeof(*k->runs));
	}
	k->runs[k->nruns++] = (struct pack_run){ i, i + 1, buf_str(text) };
}

void pack_runs(struct packer *k)
{
	k->nruns = 0;
	for (size_t i = 0; i < k->lines.n; i++)
		add_run(k, i);
}

static void put_here(struct packer *k, struct str s)
{
	pack_put(k, LANE_SMALL, TEXT_HERE);
	pack_put(k, LANE_TEXT, s.n);
	buf_addstr(&k->out->lane[LANE_TEXT], s);
}

/* As a step from the one that was told before: mostly it is that, or the next one. */
static void put_step(struct packer *k, size_t line, unsigned more)
{
	pack_put(k, LANE_SMALL, bytes_diff((int64_t)line, (int64_t)k->told) + more);
	if (line != k->told)
		k->end = 0;
	k->told = line;
}

void pack_line_ref(struct packer *k, size_t line)
{
	put_step(k, line, 0);
}

/* What stands between two texts of one line is mostly the same. */
static void put_place(struct packer *k, size_t line, size_t at, size_t n)
{
	k->hint = line;
	put_step(k, line, TEXT_IN_LINE);
	pack_put(k, LANE_TEXT, bytes_diff((int64_t)at, (int64_t)k->end));
	pack_put(k, LANE_TEXT, n);
	k->end = at + n;
}

/* The last line of the run that begins at this place of its file or before it; SIZE_MAX: none. */
static size_t line_in_run(const struct packer *k, const struct pack_run *r, size_t at)
{
	size_t low = r->from, high = r->to;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->lines.at[middle].line->at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low > r->from ? low - 1 : SIZE_MAX;
}

/* Is it a part of that line? */
static bool is_part(const struct packer *k, struct str s, size_t line, size_t *from)
{
	const struct line *x = k->lines.at[line].line;
	const char *text = k->b->source->files[x->file].text.p + x->at;

	if (s.p < text || s.p + s.n > text + x->length)
		return false;
	*from = (size_t)(s.p - text);
	return true;
}

/* The line that holds the text, and where it begins in it. */
static bool find_text(const struct packer *k, struct str s, size_t *line, size_t *from)
{
	*line = k->hint;
	if (*line < k->lines.n && is_part(k, s, *line, from))
		return true;
	for (size_t i = 0; i < k->nruns; i++) {
		const struct pack_run *r = &k->runs[i];

		if (s.p < r->text.p || s.p >= r->text.p + r->text.n)
			continue;
		*line = line_in_run(k, r, (size_t)(s.p - r->text.p));
		return *line != SIZE_MAX && is_part(k, s, *line, from);
	}
	return false;
}

void pack_text(struct packer *k, struct str s)
{
	size_t line, from;

	if (find_text(k, s, &line, &from))
		put_place(k, line, from, s.n);
	else {
		put_here(k, s);
		k->elsewhere = true;
	}
}

/* Does the text stand there, but for its case? */
static bool stands(const char *at, struct str low)
{
	size_t i = memcmp(at, low.p, low.n) == 0 ? low.n : 0;

	while (i < low.n && ascii_lower(at[i]) == low.p[i])
		i++;
	return i == low.n;
}

/* Where the text, in lower case, stands in the line, found by its byte at `anchor`; SIZE_MAX: nowhere. */
static size_t find_low(struct str line, struct str low, size_t anchor)
{
	for (size_t i = anchor; i + low.n <= line.n + anchor; i++) {
		const char *at = memchr(line.p + i, low.p[anchor], line.n + anchor - low.n - i + 1);

		if (at == NULL)
			return SIZE_MAX;
		i = (size_t)(at - line.p);
		if (stands(at - anchor, low))
			return i - anchor;
	}
	return SIZE_MAX;
}

/* An address: mostly it stands in a line as it is, but for its case.  Few other things there have an `@`. */
static bool find_spelling(const struct packer *k, struct str low, size_t *line, size_t *from)
{
	const struct gathered *g = &k->lines;
	size_t first = k->hint < g->n ? k->hint : 0;
	ptrdiff_t at_sign = str_rchr(low, '@');

	for (size_t i = 0; i < g->n; i++) {
		*line = first + i < g->n ? first + i : first + i - g->n;
		*from = find_low(line_raw(k->b, g->at[*line].line), low, at_sign > 0 ? (size_t)at_sign : 0);
		if (*from != SIZE_MAX)
			return true;
	}
	return false;
}

void pack_spelling(struct packer *k, struct str s)
{
	size_t line, from;

	if (s.n > 0 && find_spelling(k, s, &line, &from))
		put_place(k, line, from, s.n);
	else
		put_here(k, s);
}

bool pack_in_line(const struct packer *k, struct str text)
{
	size_t line, from;

	return text.n > 0 && (!k->elsewhere || find_text(k, text, &line, &from));
}
