/* The letter as text. */
#include "mail/digest_parts.h"
#include "mail/dsn_text.h"

enum { FROM_WIDTH = 40 };

static void put_line(struct buf *b, const struct digest_view *v, const struct digest_line *x)
{
	size_t number = digest_number(v, x), from;
	const char *off = digest_put_off(x);

	buf_fmt(b, "%6llu  ", (unsigned long long)(x->count + x->later));
	from = b->n;
	digest_put_sender(b, x->from);
	do
		buf_addc(b, ' ');
	while (b->n - from < FROM_WIDTH);
	digest_put_time(b, x->last);
	if (number > 0)
		buf_fmt(b, "  [%zu]", number);
	buf_fmt(b, "%s%s\r\n", off[0] != '\0' ? "  " : "", off);
}

static void put_section(struct buf *b, const struct digest_view *v, const struct digest_section *s)
{
	dsn_put_paragraph(b, "", str_of(s->title));
	buf_adds(b, "\r\n times  sender");
	for (int i = 6; i < FROM_WIDTH; i++)
		buf_addc(b, ' ');
	buf_adds(b, "last              why\r\n");
	for (size_t i = 0; i < s->shown; i++)
		put_line(b, v, &s->lines[i]);
	if (s->shown < s->n)
		buf_fmt(b, "%6llu  from %zu others\r\n", (unsigned long long)digest_total(s, s->shown),
			s->n - s->shown);
	buf_adds(b, "\r\n");
}

static void put_reasons(struct buf *b, const struct digest_view *v)
{
	ARENA(a);

	for (size_t i = 0; i < v->nreasons; i++) {
		const struct word *w = v->reasons[i];

		dsn_put_paragraph(b, "", arena_fmt(&a, "[%zu] %.*s", i + 1, STR_ARG(word_settled(w, &a))));
		if (w->advice[0] != '\0')
			dsn_put_paragraph(b, "    ", str_of(w->advice));
		buf_adds(b, "\r\n");
	}
}

/* A link is never broken. */
static void put_link(struct buf *b, struct str page, const char *place)
{
	buf_fmt(b, "\r\n    %.*s%s\r\n", STR_ARG(page), place);
}

void digest_plain(struct buf *b, const struct digest_view *v)
{
	const struct digest_letter *d = v->d;

	dsn_put_paragraph(b, "", buf_str(&v->begin));
	buf_adds(b, "\r\n");
	for (size_t i = 0; i < v->nsections; i++)
		put_section(b, v, &v->sections[i]);
	put_reasons(b, v);
	dsn_put_paragraph(b, "", buf_str(&v->todo));
	if (d->page.n > 0)
		put_link(b, d->page, "#/refused");
	buf_adds(b, "\r\n");
	dsn_put_paragraph(b, "", buf_str(&v->questions));
	buf_adds(b, "\r\n");
	dsn_put_paragraph(b, "", buf_str(&v->stop));
	if (d->unsubscribe.n > 0)
		put_link(b, d->unsubscribe, "");
}
