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
	const struct buf *text = &k->b->source->files[k->lines.at[i]->file].text;

	if (i > 0 && k->lines.at[i - 1]->file == k->lines.at[i]->file) {
		k->runs[k->nruns - 1].to = i + 1;
		return;
	}
	if (k->nruns == k->runs_cap) {
		k->runs_cap = 2 * k->runs_cap + 8;
		k->runs = mem_grow(k->runs, k->runs_cap * sizeof(*k->runs));
	}
	k->runs[k->nruns++] = (struct pack_run){ i, i + 1, buf_str(text) };
}

static void add_low(struct buf *low, struct str text)
{
	char *p;

	buf_need(low, text.n);
	p = low->p + low->n;
	for (size_t i = 0; i < text.n; i++)
		p[i] = (char)(text.p[i] + (text.p[i] >= 'A' && text.p[i] <= 'Z' ? 'a' - 'A' : 0));
	low->n += text.n;
}

/* The texts of all lines for names to be looked up in. */
void pack_lower(struct packer *k)
{
	const struct gathered *g = &k->lines;

	if (k->low_cap < g->n + 1) {
		k->low_cap = 2 * (g->n + 1);
		k->low_at = mem_grow(k->low_at, k->low_cap * sizeof(*k->low_at));
	}
	buf_reset(&k->low);
	k->nruns = 0;
	for (size_t i = 0; i < g->n; i++) {
		size_t from = k->low.n;

		k->low_at[i] = from;
		add_run(k, i);
		if (i > 0 && pack_same_text(g->at[i - 1], g->at[i]))
			continue;
		add_low(&k->low, line_raw(k->b, g->at[i]));
	}
	k->low_at[g->n] = k->low.n;
}

static void put_here(struct packer *k, struct str s)
{
	bytes_put(k->out, TEXT_HERE);
	bytes_put_str(k->out, s);
}

static void put_place(struct packer *k, size_t line, size_t at, size_t n)
{
	bytes_put(k->out, TEXT_IN_LINE + line);
	bytes_put(k->out, at);
	bytes_put(k->out, n);
}

/* The last line of the run that begins at this place of its file or before it; SIZE_MAX: none. */
static size_t line_in_run(const struct packer *k, const struct pack_run *r, size_t at)
{
	size_t low = r->from, high = r->to;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->lines.at[middle]->at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low > r->from ? low - 1 : SIZE_MAX;
}

/* The line that holds the text, and where it begins in it. */
static bool find_text(const struct packer *k, struct str s, size_t *line, size_t *from)
{
	for (size_t i = 0; i < k->nruns; i++) {
		const struct pack_run *r = &k->runs[i];
		size_t at, found;

		if (s.p < r->text.p || s.p >= r->text.p + r->text.n)
			continue;
		at = (size_t)(s.p - r->text.p);
		found = line_in_run(k, r, at);
		if (found == SIZE_MAX || at + s.n > (size_t)k->lines.at[found]->at + k->lines.at[found]->length)
			return false;
		*line = found;
		*from = at - k->lines.at[found]->at;
		return true;
	}
	return false;
}

void pack_text(struct packer *k, struct str s)
{
	size_t line, from;

	if (s.n == 0)
		bytes_put(k->out, TEXT_EMPTY);
	else if (find_text(k, s, &line, &from))
		put_place(k, line, from, s.n);
	else
		put_here(k, s);
}

/* The line whose lower-case text holds that place. */
static size_t line_of_low(const struct packer *k, size_t at)
{
	size_t low = 0, high = k->lines.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->low_at[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* An address: mostly it stands in a line as it is, but for its case. */
void pack_spelling(struct packer *k, struct str s)
{
	const char *p = s.n > 0 && k->low.n > 0 ? memmem(k->low.p, k->low.n, s.p, s.n) : NULL;
	size_t at = p != NULL ? (size_t)(p - k->low.p) : 0, line = p != NULL ? line_of_low(k, at) : 0;

	/* of several structs of one line the last one has it */
	if (s.n == 0)
		bytes_put(k->out, TEXT_EMPTY);
	else if (p != NULL && at + s.n <= k->low_at[line + 1])
		put_place(k, line, at - k->low_at[line], s.n);
	else
		put_here(k, s);
}

bool pack_in_line(const struct packer *k, struct str text)
{
	size_t line, from;

	return text.n > 0 && find_text(k, text, &line, &from);
}
