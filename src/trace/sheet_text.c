/* A report on a terminal. */
#include <string.h>

#include "trace/page.h"
#include "trace/sheet.h"

enum {
	TEXT_LEAST = 16,
	TEXT_GOOD = 32,
	TEXT_MOST = 60,
	BAR_LEAST = 8,
	BAR_MOST = 40,
	TIMES_SHOWN = 24,
	SPARKS_MOST = 120
};

struct text {
	struct page page;
	enum { SHOWN, EMPTY, NARROW } hidden[SHEET_COLUMNS]; /* of the sheet that is being put */
	struct report *r;
	const struct sheet_look *look;
};

static size_t columns_of(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static void pad(struct buf *out, size_t have, size_t want)
{
	for (; have < want; have++)
		buf_addc(out, ' ');
}

/* At most `width` columns of it, with ... where it was cut. */
static void put_cut(struct buf *out, struct str s, size_t width)
{
	size_t i = 0, n = 0;

	if (columns_of(s) <= width) {
		buf_addstr(out, s);
		return;
	}
	while (i < s.n && (((unsigned char)s.p[i] & 0xc0) == 0x80 || n++ < width - 3))
		i++;
	buf_addstr(out, str_take(s, i));
	buf_adds(out, "...");
}

/* n of `most` as a bar of at most `width` columns; what is not nothing is seen. */
static void put_bar(struct text *t, int64_t n, int64_t most, size_t width)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	size_t parts = most > 0 && n > 0 ? (size_t)((double)n / (double)most * (double)width * 8 + 0.5) : 0;

	if (n > 0 && parts == 0)
		parts = 1;
	if (!t->look->blocks) {
		for (size_t i = 0; i < (parts + 7) / 8; i++)
			buf_addc(t->page.out, '#');
		return;
	}
	for (size_t i = 0; i < parts / 8; i++)
		buf_adds(t->page.out, "█");
	buf_adds(t->page.out, eighths[parts % 8]);
}

/* All rows of a sheet of time on one line. */
static void put_spark(struct text *t, const struct sheet *s, size_t column)
{
	static const char *const heights[2][8] = { { ".", ":", "-", "=", "+", "*", "%", "#" },
						   { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" } };
	size_t room = t->look->width > 4 ? t->look->width - 4 : 1, n = s->form->ncolumns, width, each;
	int64_t most = 0, sums[SPARKS_MOST] = { 0 };

	width = room < SPARKS_MOST ? room : SPARKS_MOST;
	each = (s->nrows + width - 1) / width;
	for (size_t i = 0; i < s->nrows; i++)
		sums[i / each] += s->cells[i * n + column].n;
	width = (s->nrows + each - 1) / each;
	for (size_t i = 0; i < width; i++)
		most = sums[i] > most ? sums[i] : most;
	buf_adds(t->page.out, "  ");
	for (size_t i = 0; i < width; i++)
		buf_adds(t->page.out,
			 sums[i] == 0 ? " "
				      : heights[t->look->blocks][(size_t)((sums[i] * 8 - 1) / (most > 0 ? most : 1))]);
	buf_adds(t->page.out, "\n  ");
	sheet_put(t->page.out, t->r, s->form->columns[0].kind, &s->cells[0]);
	buf_adds(t->page.out, " to ");
	sheet_put(t->page.out, t->r, s->form->columns[0].kind, &s->cells[(s->nrows - 1) * n]);
	page_fmt(&t->page, ", %zu row%s of `%s` in each column; the highest stands for ", each, page_plural(each),
		 s->form->name);
	put_count(t->page.out, most);
	buf_addc(t->page.out, '\n');
}

static bool numeric(const struct sheet *s, size_t k)
{
	return s->form->columns[k].kind != CELL_TEXT && !cell_is_time(s->form->columns[k].kind);
}

/* The cells as texts, and how wide each column is. */
static struct str *render(struct text *t, const struct sheet *s, size_t width[SHEET_COLUMNS])
{
	size_t n = s->form->ncolumns;
	struct str *out = arena_alloc(t->r->mem, (s->nrows * n + 1) * sizeof(*out));

	for (size_t k = 0; k < n; k++)
		width[k] = strlen(s->form->columns[k].title);
	for (size_t i = 0; i < s->nrows * n; i++) {
		BUF(b);
		size_t columns;

		sheet_put(&b, t->r, s->form->columns[i % n].kind, &s->cells[i]);
		out[i] = arena_str(t->r->mem, buf_str(&b));
		columns = columns_of(out[i]);
		if (columns > width[i % n])
			width[i % n] = columns;
	}
	return out;
}

static size_t all_of(const struct text *t, const struct sheet *s, const size_t width[SHEET_COLUMNS])
{
	size_t all = 0;

	for (size_t k = 0; k < s->form->ncolumns; k++)
		all += t->hidden[k] == SHOWN ? 2 + width[k] : 0;
	return all;
}

static void shorten_texts(struct text *t, const struct sheet *s, size_t width[SHEET_COLUMNS], size_t least)
{
	size_t all;

	for (size_t k = 0; k < s->form->ncolumns && (all = all_of(t, s, width)) > t->look->width; k++) {
		size_t most = s->form->columns[k].kind == CELL_TEXT && width[k] > least ? width[k] - least : 0;

		width[k] -= all - t->look->width < most ? all - t->look->width : most;
	}
}

/* Long texts give way until the row fits, then minor columns, then all texts; what is left is the bar's. */
static size_t fit(struct text *t, const struct sheet *s, size_t width[SHEET_COLUMNS])
{
	size_t all, room;

	for (size_t k = 0; k < s->form->ncolumns; k++) {
		t->hidden[k] = sheet_says_nothing(s, k) ? EMPTY : SHOWN;
		if (s->form->columns[k].kind == CELL_TEXT && width[k] > TEXT_MOST)
			width[k] = TEXT_MOST;
	}
	shorten_texts(t, s, width, TEXT_GOOD);
	for (size_t k = s->form->ncolumns; k-- > 0 && all_of(t, s, width) > t->look->width;)
		if (t->hidden[k] == SHOWN && s->form->columns[k].minor)
			t->hidden[k] = NARROW;
	shorten_texts(t, s, width, TEXT_LEAST);
	all = all_of(t, s, width);
	room = t->look->width > all + 2 ? t->look->width - all - 2 : 0;
	return s->form->bar == 0 || room < BAR_LEAST ? 0 : room < BAR_MOST ? room : BAR_MOST;
}

static bool is_last(const struct text *t, const struct sheet *s, size_t k)
{
	while (++k < s->form->ncolumns)
		if (t->hidden[k] == SHOWN)
			return false;
	return true;
}

static void put_titles(struct text *t, const struct sheet *s, const size_t width[SHEET_COLUMNS])
{
	size_t n = s->form->ncolumns;
	BUF(b);

	for (size_t k = 0; k < n; k++) {
		const char *title = s->form->columns[k].title;

		if (t->hidden[k] != SHOWN)
			continue;
		buf_adds(&b, "  ");
		if (numeric(s, k))
			pad(&b, strlen(title), width[k]);
		buf_adds(&b, title);
		if (!numeric(s, k) && !is_last(t, s, k))
			pad(&b, strlen(title), width[k]);
	}
	page_paint(&t->page, PAINT_DIM, buf_z(&b));
	buf_addc(t->page.out, '\n');
}

static void put_row(struct text *t, const struct sheet *s, const struct str *cells, const size_t width[SHEET_COLUMNS])
{
	struct buf *out = t->page.out;
	size_t n = s->form->ncolumns;

	for (size_t k = 0; k < n; k++) {
		size_t at = out->n;

		if (t->hidden[k] != SHOWN)
			continue;
		buf_adds(out, "  ");
		if (numeric(s, k))
			pad(out, columns_of(cells[k]), width[k]);
		put_cut(out, cells[k], width[k]);
		if (!numeric(s, k) && (!is_last(t, s, k) || s->form->bar > 0))
			pad(out, columns_of(str_skip(buf_str(out), at)), width[k] + 2);
	}
}

/* Sentences, each line indented by two; they were masked when they were made. */
static void put_said(struct buf *out, struct str text, size_t width)
{
	struct str rest, word;
	size_t column = 0;
	BUF(safe);

	answer_safe(&safe, text);
	rest = buf_str(&safe);
	while ((word = str_word(&rest)).n > 0) {
		if (column > 0 && column + 1 + columns_of(word) > width) {
			buf_addc(out, '\n');
			column = 0;
		}
		buf_adds(out, column == 0 ? "  " : " ");
		column += (column == 0 ? 2 : 1) + columns_of(word);
		buf_addstr(out, word);
	}
	buf_addc(out, '\n');
}

static void put_hidden(struct text *t, const struct sheet *s)
{
	const char *lead = "left out, as the terminal is narrow: ";
	BUF(b);

	for (size_t k = 0; k < s->form->ncolumns; k++) {
		if (t->hidden[k] != NARROW)
			continue;
		buf_fmt(&b, "%s%s", lead, s->form->columns[k].title);
		lead = ", ";
	}
	if (b.n > 0)
		put_said(t->page.out, buf_str(&b), t->look->width);
}

static void put_sheet(struct text *t, const struct sheet *s)
{
	size_t width[SHEET_COLUMNS], n = s->form->ncolumns, bar;
	int64_t most = sheet_most(s, (size_t)s->form->bar);
	struct str *cells = render(t, s, width);

	bar = fit(t, s, width);
	put_titles(t, s, width);
	for (size_t i = 0; i < s->nrows; i++) {
		put_row(t, s, cells + i * n, width);
		if (bar > 0 && s->cells[i * n + (size_t)s->form->bar].n > 0) {
			buf_adds(t->page.out, "  ");
			put_bar(t, s->cells[i * n + (size_t)s->form->bar].n, most, bar);
		}
		buf_addc(t->page.out, '\n');
	}
	put_hidden(t, s);
	if (s->more > 0)
		page_fmt(&t->page, "  and %.*s more (--top)\n", STR_ARG(tell_count(t->r->mem, s->more)));
}

static void put_part(struct text *t, const struct sheet *s)
{
	if (!sheet_shown(s))
		return;
	page_head(&t->page, s->form->title);
	if (s->nrows == 0)
		put_said(t->page.out, str_of(s->form->none), t->look->width);
	else if (s->form->time && s->nrows > TIMES_SHOWN)
		put_spark(t, s, (size_t)s->form->bar);
	else
		put_sheet(t, s);
	if (s->nrows > 0 && s->form->note != NULL)
		put_said(t->page.out, str_of(s->form->note), t->look->width);
}

void report_put_text(struct buf *out, struct report *r, const struct sheet_look *look)
{
	struct text t = { .page = { .out = out, .r = r->answer, .colour = look->colour }, .r = r, .look = look };

	page_paint(&t.page, PAINT_BOLD, r->title);
	buf_addc(out, '\n');
	for (const struct note *x = r->said; x != NULL; x = x->next)
		put_said(out, x->text, look->width);
	for (const struct sheet *s = r->sheets; s != NULL; s = s->next)
		put_part(&t, s);
	page_limits(&t.page);
}
