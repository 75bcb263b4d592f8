#include "mail/dsn_text.h"

#include "base/utf8.h"
#include "mail/field.h"

enum {
	WRAP = 72,        /* people's width */
	FIELD_MAX = 2000, /* bytes of one field */
	LINE_MAX = 900    /* bytes before we break a line that somebody else wrote */
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

void dsn_put_paragraph(struct buf *b, const char *indent, struct str text)
{
	buf_adds(b, indent);
	put_wrapped(b, text, WRAP, indent);
}

void dsn_put_raw(struct buf *b, const char *indent, struct str line)
{
	BUF(clean);

	dsn_put_clean(&clean, line, true);
	buf_adds(b, indent);
	put_wrapped(b, buf_str(&clean), LINE_MAX, indent);
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

/* RFC 5321 4.5.3.1.6, and the controls that RFC 5322 does not know. */
bool dsn_fits(struct str message)
{
	size_t width = 0;

	for (size_t i = 0; i < message.n; i++) {
		char c = message.p[i];

		if (c == '\r' && i + 1 < message.n && message.p[i + 1] == '\n') {
			i++;
			width = 0;
		} else if (c == '\0' || c == '\r' || c == '\n' || ++width > 998) {
			return false;
		}
	}
	return width == 0;
}

struct str dsn_field(struct str message, const char *name, struct arena *mem)
{
	struct str head, body;

	field_split(field_lines(mem, str_take(message, DSN_HEADERS_MAX)), &head, &body);
	return field_plain(mem, field_get(head, name));
}
