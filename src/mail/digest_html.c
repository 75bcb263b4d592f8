/* The letter as a page that asks nobody for anything: no picture, no script, no sheet. */
#include "mail/digest_parts.h"

enum { WRAP = 100 };

/* ASCII comes in (digest_put_sender(), our own words, names of the configuration); lines of mail go out. */
static void put(struct buf *b, struct str s)
{
	for (size_t i = 0, begin = b->n; i < s.n; i++)
		if (s.p[i] == ' ' && b->n - begin >= WRAP) {
			buf_adds(b, "\r\n");
			begin = b->n;
		} else if (s.p[i] != '\0' && strchr("<>&\"'", s.p[i]) != NULL) {
			buf_fmt(b, "&#%d;", s.p[i]);
		} else {
			buf_addc(b, s.p[i]);
		}
}

static void put_paragraph(struct buf *b, struct str text)
{
	buf_adds(b, "<p>");
	put(b, text);
	buf_adds(b, "</p>\r\n");
}

static void put_link(struct buf *b, struct str page, const char *place, const char *words)
{
	buf_adds(b, "<p><a href=\"");
	put(b, page);
	buf_fmt(b, "%s\">%s</a></p>\r\n", place, words);
}

static void put_line(struct buf *b, const struct digest_view *v, const struct digest_line *x)
{
	size_t number = digest_number(v, x);
	BUF(sender);

	digest_put_sender(&sender, x->from);
	buf_fmt(b, "<tr><td align=\"right\">%llu</td>\r\n<td>", (unsigned long long)(x->count + x->later));
	put(b, buf_str(&sender));
	buf_adds(b, "</td>\r\n<td>");
	digest_put_time(b, x->last);
	buf_adds(b, "</td><td>");
	if (number > 0)
		buf_fmt(b, "[%zu]", number);
	buf_fmt(b, " %s</td></tr>\r\n", digest_put_off(x));
}

static void put_section(struct buf *b, const struct digest_view *v, const struct digest_section *s)
{
	buf_fmt(b,
		"<h2 style=\"font-size:1.1em\">%s</h2>\r\n<table cellpadding=\"4\">\r\n<tr><th align=\"right\">Times"
		"</th><th align=\"left\">Sender</th><th align=\"left\">Last</th><th align=\"left\">Why</th></tr>\r\n",
		s->title);
	for (size_t i = 0; i < s->shown; i++)
		put_line(b, v, &s->lines[i]);
	if (s->shown < s->n)
		buf_fmt(b, "<tr><td align=\"right\">%llu</td><td>from %zu others</td><td></td><td></td></tr>\r\n",
			(unsigned long long)digest_total(s, s->shown), s->n - s->shown);
	buf_adds(b, "</table>\r\n");
}

static void put_reasons(struct buf *b, const struct digest_view *v)
{
	ARENA(a);

	for (size_t i = 0; i < v->nreasons; i++) {
		const struct word *w = v->reasons[i];

		buf_fmt(b, "<p><strong>[%zu]</strong>\r\n", i + 1);
		put(b, word_settled(w, &a));
		if (w->advice[0] != '\0') {
			buf_adds(b, "<br>\r\n");
			put(b, str_of(w->advice));
		}
		buf_adds(b, "</p>\r\n");
	}
}

void digest_html(struct buf *b, const struct digest_view *v)
{
	const struct digest_letter *d = v->d;

	buf_adds(b, "<!doctype html>\r\n<html lang=\"en\">\r\n<head>\r\n<meta charset=\"us-ascii\">\r\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\r\n<title>Refused mail</title>\r\n</head>\r\n"
		    "<body style=\"font-family:sans-serif;line-height:1.45;max-width:44em\">\r\n");
	put_paragraph(b, buf_str(&v->begin));
	for (size_t i = 0; i < v->nsections; i++)
		put_section(b, v, &v->sections[i]);
	put_reasons(b, v);
	put_paragraph(b, buf_str(&v->todo));
	if (d->page.n > 0)
		put_link(b, d->page, "#/refused", "All refused mail, and what can be done");
	buf_adds(b, "<hr>\r\n");
	put_paragraph(b, buf_str(&v->questions));
	put_paragraph(b, buf_str(&v->stop));
	if (d->unsubscribe.n > 0)
		put_link(b, d->unsubscribe, "", "Stop this weekly letter");
	buf_adds(b, "</body>\r\n</html>\r\n");
}
