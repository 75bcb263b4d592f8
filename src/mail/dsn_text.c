#include "mail/dsn_text.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "words/words.h"

enum {
	WRAP = 72,        /* people's width */
	FIELD_MAX = 2000, /* bytes of one field */
	LINE_MAX = 900,   /* bytes before we break a line that somebody else wrote */
	MEANINGS = 3      /* said about one report */
};

void dsn_put_clean(struct buf *b, struct str s, bool wide)
{
	while (s.n > 0) {
		uint32_t code;
		size_t n = utf8_at(s, &code);

		if (n == 0 || utf8_unseen(code) || (n > 1 && !wide))
			buf_addc(b, '?');
		else
			buf_add(b, s.p, n);
		s = str_skip(s, n > 0 ? n : 1);
	}
}

/* Broken at spaces where there are some; every line but the first begins with `indent`. */
static void put_wrapped(struct buf *b, struct str s, size_t width, const char *indent)
{
	while (s.n > width) {
		ptrdiff_t space = str_rchr(str_take(s, width), ' ');
		size_t n = space > 0 ? (size_t)space : width;

		while (space <= 0 && n > width - 4 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--; /* not in the middle of a character */
		buf_addstr(b, str_take(s, n));
		buf_fmt(b, "\r\n%s", indent);
		s = str_skip(s, space > 0 ? n + 1 : n);
	}
	buf_addstr(b, s);
	buf_adds(b, "\r\n");
}

void dsn_put_field(struct buf *b, struct str line)
{
	BUF(clean);

	dsn_put_clean(&clean, str_take(line, FIELD_MAX), false);
	put_wrapped(b, str_trim(buf_str(&clean)), WRAP, "  ");
}

static void put_paragraph(struct buf *b, const char *indent, struct str text)
{
	buf_adds(b, indent);
	put_wrapped(b, text, WRAP, indent);
}

/* Who must act, as the reader of a bounce sees it. */
static void put_who(struct buf *b, const struct dsn *d, const struct word *w)
{
	BUF(line);

	switch (w->who) {
	case WHO_SENDER:
		buf_adds(&line, "You can do something about it. ");
		break;
	case WHO_RECIPIENT:
		buf_adds(&line, "The recipient can do something about it; you may want to tell them by another way. ");
		break;
	case WHO_POSTMASTER:
		buf_fmt(&line, "The postmaster of %.*s can do something about it (%.*s). ", STR_ARG(d->hostname),
			STR_ARG(d->contact));
		break;
	case WHO_NOBODY:
		break;
	}
	buf_adds(&line, w->advice);
	if (line.n > 0)
		put_paragraph(b, "  ", str_trim(buf_str(&line)));
}

/* What the vocabulary knows of a report: each line's meaning, and who must act on the first of them. */
static void put_meaning(struct buf *b, const struct dsn *d, struct str report)
{
	const struct report_row *first = NULL, *last = NULL;
	struct str line;
	int n = 0;

	while (report.n > 0 && n < MEANINGS) {
		const struct report_row *row;

		str_cut(report, STR("\n"), &line, &report);
		row = str_trim(line).n > 0 ? report_match(str_trim(line)) : NULL;
		if (row == NULL || row == last || row->outcome[0] == '\0')
			continue;
		first = first != NULL ? first : row;
		last = row;
		put_paragraph(b, "  ", str_of(row->word.meaning));
		n++;
	}
	if (first != NULL)
		put_who(b, d, &first->word);
}

/* What was said of a report: thousands of recipients often have the same one. */
struct said {
	struct str report;
	struct buf text;
};

static void put_meaning_once(struct buf *b, const struct dsn *d, struct str report, struct said *said)
{
	if (said->text.n == 0 || !str_eq(said->report, report)) {
		buf_reset(&said->text);
		put_meaning(&said->text, d, report);
		said->report = report;
	}
	buf_addstr(b, buf_str(&said->text));
}

static void put_rcpt_words(struct buf *b, const struct dsn *d, const struct dsn_rcpt *r, struct said *said)
{
	struct str rest = r->report, line;

	buf_adds(b, "\r\n<");
	dsn_put_clean(b, r->original, true);
	buf_adds(b, ">");
	if (!str_ieq(r->original, r->final)) {
		buf_adds(b, " (it leads to <");
		dsn_put_clean(b, r->final, true);
		buf_adds(b, ">)");
	}
	buf_adds(b, ":\r\n");
	put_meaning_once(b, d, r->report, said);
	buf_adds(b, "  The report, word by word:\r\n");
	while (rest.n > 0) {
		BUF(clean);

		str_cut(rest, STR("\n"), &line, &rest);
		dsn_put_clean(&clean, line, true);
		buf_adds(b, "    ");
		put_wrapped(b, buf_str(&clean), LINE_MAX, "    ");
	}
}

static void put_opening(struct buf *b, const struct dsn *d)
{
	buf_fmt(b, "Hi. This is the mail server at %.*s.\r\n", STR_ARG(d->hostname));
	if (d->until == 0) {
		buf_fmt(b, "I could not deliver your message to the following address%s.\r\n", d->n == 1 ? "" : "es");
		buf_adds(b, "I have given up; sorry it did not work out.\r\n");
		return;
	}
	buf_fmt(b, "Your message is late: I could not yet deliver it to the following address%s.\r\n",
		d->n == 1 ? "" : "es");
	buf_adds(b, "It waits here and I go on trying by myself. You need not send it again.\r\n"
		    "If it cannot be delivered by ");
	stamp_put_rfc5322(b, d->until / 1000, zone_offset(d->until / 1000));
	buf_adds(b, ",\r\nI give up, and you get it back.\r\n");
}

void dsn_put_words(struct buf *b, const struct dsn *d)
{
	int64_t seconds = d->arrival / 1000;
	struct said said = { .text = BUF_INIT };
	BUF(line);

	put_opening(b, d);
	for (size_t i = 0; i < d->n; i++)
		put_rcpt_words(b, d, &d->rcpts[i], &said);
	buf_clear(&said.text);
	buf_fmt(b, "\r\nI took the message on ");
	stamp_put_rfc5322(b, seconds, zone_offset(seconds));
	buf_fmt(b, "; its number here is qp %llu.\r\n", (unsigned long long)d->parent);
	buf_fmt(&line, "Questions: write to %.*s and quote that number.", STR_ARG(d->contact));
	put_paragraph(b, "", buf_str(&line));
	buf_adds(b, "What follows is the same for programs, and the header of your message.\r\n");
}

/* One line of the header: bytes as they are, but no control among them, and none too long. */
static void put_header_line(struct buf *b, struct str line)
{
	size_t width = 0;

	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if (width++ == LINE_MAX) {
			buf_adds(b, "\r\n ");
			width = 0;
		}
		buf_addc(b, (c < 0x20 && c != '\t') || c == 0x7f ? '?' : (char)c);
	}
	buf_adds(b, "\r\n");
}

void dsn_put_headers(struct buf *b, struct str message)
{
	struct str line;

	message = str_take(message, DSN_HEADERS_MAX);
	while (str_cut(message, STR("\r\n"), &line, &message) && line.n > 0)
		put_header_line(b, line);
}
