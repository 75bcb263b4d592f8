/* Hours or days as columns that stand on each other.  No text stands in the picture: it is stretched to its place. */
#include "trace/sheet.h"

enum { COLUMNS_MOST = 200, HEIGHT = 1000, TICKS = 7 };

struct plot {
	struct buf *out;
	const struct report *r;
	const struct sheet *s;
	size_t n, each; /* columns of the picture, rows in each */
	int64_t most;
};

static const struct cell *row(const struct sheet *s, size_t i)
{
	return s->cells + i * s->form->ncolumns;
}

static int64_t sum(const struct plot *p, size_t i, size_t column)
{
	int64_t n = 0;

	for (size_t k = i * p->each; k < (i + 1) * p->each && k < p->s->nrows; k++)
		n += row(p->s, k)[column].n;
	return n;
}

static int64_t height(const struct plot *p, size_t i)
{
	int64_t n = 0;

	for (size_t k = p->s->form->stack[0]; k < p->s->form->stack[1]; k++)
		n += sum(p, i, k);
	return n;
}

/* What the column stands for, to those who point at it. */
static void put_hint(const struct plot *p, size_t i)
{
	BUF(words);
	const struct sheet_form *f = p->s->form;

	sheet_put(&words, p->r, f->columns[0].kind, row(p->s, i * p->each));
	for (size_t k = f->stack[0]; k < f->stack[1]; k++) {
		buf_fmt(&words, "%s %s ", k == f->stack[0] ? ":" : ",", f->columns[k].title);
		put_count(&words, sum(p, i, k));
	}
	buf_adds(p->out, "<title>");
	html_put(p->out, buf_str(&words));
	buf_adds(p->out, "</title>");
}

static void put_column(const struct plot *p, size_t i)
{
	double y = HEIGHT, width = 1000.0 / (double)p->n;

	if (height(p, i) == 0)
		return;
	buf_adds(p->out, "<g>");
	put_hint(p, i);
	for (size_t k = p->s->form->stack[0]; k < p->s->form->stack[1]; k++) {
		double h = (double)HEIGHT * (double)sum(p, i, k) / (double)p->most;

		y -= h;
		if (h > 0)
			buf_fmt(p->out, "<rect class=\"c%zu\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"/>",
				k - p->s->form->stack[0], (double)i * width + width * 0.06, y, width * 0.88, h);
	}
	buf_adds(p->out, "</g>\n");
}

static void put_keys(const struct plot *p)
{
	const struct sheet_form *f = p->s->form;

	buf_adds(p->out, "<div class=\"key\">");
	for (size_t k = f->stack[0]; k < f->stack[1]; k++) {
		buf_fmt(p->out,
			"<span><svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"c%zu\" width=\"1\" "
			"height=\"1\"/></svg>",
			k - f->stack[0]);
		html_put(p->out, str_of(f->columns[k].title));
		buf_adds(p->out, "</span> ");
	}
	buf_adds(p->out, "</div>\n");
}

/* "11-22 14:00": the year stands in the table. */
static void put_tick(const struct plot *p, size_t i)
{
	BUF(words);

	sheet_put(&words, p->r, p->s->form->columns[0].kind, row(p->s, i * p->each));
	buf_adds(p->out, "<span>");
	html_put(p->out, str_skip(buf_str(&words), 5));
	buf_adds(p->out, "</span>");
}

/* The next even number of two digits and zeros, so that its half can be read too. */
static int64_t round_up(int64_t n)
{
	int64_t step = 1;

	while (step * 100 <= n)
		step *= 10;
	for (int64_t m = step; m < 1000 * step; m += step)
		if (m >= n && m % 2 == 0)
			return m;
	return n;
}

void sheet_plot(struct buf *out, const struct report *r, const struct sheet *s)
{
	struct plot p = { .out = out, .r = r, .s = s, .each = (s->nrows + COLUMNS_MOST - 1) / COLUMNS_MOST };

	p.n = (s->nrows + p.each - 1) / p.each;
	for (size_t i = 0; i < p.n; i++)
		p.most = height(&p, i) > p.most ? height(&p, i) : p.most;
	p.most = round_up(p.most > 0 ? p.most : 1);
	put_keys(&p);
	buf_adds(out, "<div class=\"plot\"><div class=\"y\"><span>");
	put_count(out, p.most);
	buf_adds(out, "</span><span>");
	put_count(out, p.most / 2);
	buf_fmt(out,
		"</span><span>0</span></div><svg viewBox=\"0 0 1000 %d\" preserveAspectRatio=\"none\" role=\"img\">",
		HEIGHT);
	for (size_t i = 0; i < p.n; i++)
		put_column(&p, i);
	buf_adds(out, "</svg><div class=\"x\">");
	for (size_t i = 0; i < TICKS && i < p.n; i++)
		put_tick(&p, p.n > TICKS ? i * (p.n - 1) / (TICKS - 1) : i);
	buf_adds(out, "</div></div>\n");
}
