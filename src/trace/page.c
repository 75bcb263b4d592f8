#include "trace/page.h"

#include <stdarg.h>
#include <string.h>

void page_put(struct page *g, struct str s)
{
	BUF(masked);

	scope_mask(&g->r->scope, &masked, s);
	answer_safe(g->out, buf_str(&masked));
}

void page_line(struct page *g, const struct line *x)
{
	BUF(masked);

	scope_mask_line(&g->r->scope, &g->r->book, &masked, x);
	answer_safe(g->out, buf_str(&masked));
}

void page_fmt(struct page *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(g->out, fmt, ap);
	va_end(ap);
}

void page_paint(struct page *g, enum paint p, const char *text)
{
	static const char *const t[] = { [PAINT_BOLD] = "1",
					 [PAINT_DIM] = "2",
					 [PAINT_GOOD] = "1;32",
					 [PAINT_BAD] = "1;31",
					 [PAINT_WAIT] = "1;33" };

	if (g->colour)
		page_fmt(g, "\033[%sm%s\033[0m", t[p], text);
	else
		buf_adds(g->out, text);
}

enum paint page_verdict(enum verdict v)
{
	switch (v) {
	case VERDICT_DELIVERED:
	case VERDICT_FORWARDED:
	case VERDICT_RELAYED:
		return PAINT_GOOD;
	case VERDICT_REFUSED:
	case VERDICT_RETURNED:
	case VERDICT_DISCARDED:
		return PAINT_BAD;
	default:
		return PAINT_WAIT;
	}
}

void page_upper(struct page *g, enum verdict v)
{
	char z[32] = "";
	size_t n = strlen(verdict_words[v]);

	for (size_t i = 0; i < n && i + 1 < sizeof(z); i++)
		z[i] = (char)(verdict_words[v][i] >= 'a' && verdict_words[v][i] <= 'z' ? verdict_words[v][i] - 32
										       : verdict_words[v][i]);
	page_paint(g, page_verdict(v), z);
}

void page_head(struct page *g, const char *title)
{
	buf_addc(g->out, '\n');
	page_paint(g, PAINT_BOLD, title);
	buf_addc(g->out, '\n');
}

void page_wrap(struct page *g, struct str text)
{
	page_wrap_at(g, text, 2);
}

void page_wrap_at(struct page *g, struct str text, int indent)
{
	BUF(safe);
	struct buf *out = g->out;
	size_t column = 0, most = g->width > 0 && g->width < PAGE_WIDTH ? g->width : PAGE_WIDTH;
	struct str rest, word;

	g->out = &safe;
	page_put(g, text);
	g->out = out;
	rest = buf_str(&safe);
	while ((word = str_word(&rest)).n > 0) {
		if (column > 0 && column + 1 + word.n > most) {
			buf_addc(out, '\n');
			column = 0;
		}
		buf_fmt(out, "%*s", column == 0 ? indent : 1, "");
		column += column == 0 ? (size_t)indent : 1;
		buf_addstr(out, word);
		column += word.n;
	}
	buf_addc(out, '\n');
}

void page_time(struct page *g, int64_t utc)
{
	int offset = day_offset(&g->r->frame, utc);

	stamp_put(g->out, civil_of_seconds(utc + offset));
	buf_addc(g->out, ' ');
	zone_put(g->out, offset);
}

static size_t columns_of(struct str safe)
{
	size_t n = 0;

	for (size_t i = 0; i < safe.n; i++)
		n += ((unsigned char)safe.p[i] & 0xc0) != 0x80;
	return n;
}

static void render(struct page *g, struct str s, struct buf *to)
{
	struct buf *out = g->out;

	g->out = to;
	page_put(g, s);
	g->out = out;
}

size_t page_columns(struct page *g, struct str s)
{
	BUF(safe);

	render(g, s, &safe);
	return columns_of(buf_str(&safe));
}

/* The first n columns of a text. */
static struct str first_columns(struct str safe, size_t n)
{
	size_t i = 0;

	for (; i < safe.n; i++) {
		if (((unsigned char)safe.p[i] & 0xc0) == 0x80)
			continue;
		if (n-- == 0)
			break;
	}
	return str_take(safe, i);
}

void page_cell(struct page *g, struct str s, size_t width, bool pad)
{
	BUF(safe);
	size_t n;

	render(g, s, &safe);
	n = columns_of(buf_str(&safe));
	if (n > width) {
		buf_addstr(g->out, first_columns(buf_str(&safe), width - 3));
		buf_adds(g->out, "...");
		return;
	}
	buf_addstr(g->out, buf_str(&safe));
	for (; pad && n < width; n++)
		buf_addc(g->out, ' ');
}

const char *page_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}
