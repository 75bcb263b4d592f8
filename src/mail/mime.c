#include "mail/mime.h"

#include "base/buf.h"
#include "mail/field.h"

enum { TAG_MAX = 512 };

static struct str type_of(struct str head)
{
	struct str type, rest, value = field_get(head, "Content-Type");

	str_cut(value, STR(";"), &type, &rest);
	type = str_trim(type);
	return type.n > 0 ? type : STR("text/plain");
}

static void add_leaf(struct mime *m, struct mime_part part)
{
	if (m->n == MIME_PARTS_MAX) {
		m->cut = true;
		return;
	}
	m->parts[m->n++] = part;
}

/* Is the line "--" boundary, and "--" behind it: the last one? */
static bool is_boundary(struct str line, struct str boundary, bool *last)
{
	struct str rest;

	if (!str_starts(line, STR("--")) || !str_starts(str_skip(line, 2), boundary))
		return false;
	rest = str_skip(line, 2 + boundary.n);
	*last = str_starts(rest, STR("--"));
	return *last || str_trim(rest).n == 0;
}

/* The next part of *body; false when there is none.  *body moves to the boundary that ends it. */
static bool next_part(struct str *body, struct str boundary, struct str *part)
{
	struct str line;
	const char *begin = NULL;
	bool last = false;

	while (body->n > 0) {
		struct str at = *body;

		str_cut(*body, STR("\n"), &line, body);
		if (!is_boundary(line, boundary, &last))
			continue;
		if (begin != NULL) {
			*part = str_mem(begin, (size_t)(at.p - begin));
			*body = at;
			return true;
		}
		if (last)
			return false;
		begin = body->p;
	}
	if (begin == NULL)
		return false;
	*part = str_mem(begin, (size_t)(body->p - begin)); /* the last boundary is missing: cut mail */
	return true;
}

static void walk(struct mime *m, struct str entity, unsigned depth)
{
	struct mime_part self = { .depth = depth };
	struct str boundary, rest, part;
	size_t before = m->n;

	field_split(entity, &self.head, &self.body);
	self.type = type_of(self.head);
	boundary = field_param(field_get(self.head, "Content-Type"), "boundary");
	if (!mime_is(&self, "multipart/") || boundary.n == 0) {
		add_leaf(m, self);
		return;
	}
	if (depth == MIME_DEPTH_MAX) {
		m->cut = true;
		return;
	}
	for (rest = self.body; !m->cut && next_part(&rest, boundary, &part);)
		walk(m, part, depth + 1);
	if (m->n == before && !m->cut)
		add_leaf(m, self);
}

void mime_walk(struct str message, struct mime *out)
{
	*out = (struct mime){ .n = 0 };
	walk(out, message, 0);
}

bool mime_is(const struct mime_part *p, const char *type)
{
	struct str want = str_of(type);

	return str_ends(want, STR("/")) ? str_istarts(p->type, want) : str_ieq(p->type, want);
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	ptrdiff_t at = str_chr(STR(digits), ascii_lower(c));

	return (int)at;
}

static void put_quoted_printable(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '=') {
			buf_addc(b, s.p[i]);
		} else if (i + 1 < s.n && s.p[i + 1] == '\n') {
			i++;
		} else if (i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
			buf_addc(b, (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2])));
			i += 2;
		} else {
			buf_addc(b, '=');
		}
	}
}

/* Loosely: what is no digit of base64 is passed over, a cut end is let go. */
static void put_base64(struct buf *b, struct str s)
{
	static const struct str digits = STR_INIT("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
	unsigned held = 0, bits = 0;

	for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
		ptrdiff_t at = str_chr(digits, s.p[i]);

		if (at < 0)
			continue;
		held = (held << 6 | (unsigned)at) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_addc(b, (char)(held >> bits & 0xff));
		}
	}
}

/* ISO-2022: ESC "(" B (or J) returns to ASCII; what another escape opened has no ASCII in it. */
static void put_ascii_islands(struct buf *b, struct str s)
{
	bool ascii = true;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == 033 && i + 2 < s.n) {
			ascii = s.p[i + 1] == '(' && (s.p[i + 2] == 'B' || s.p[i + 2] == 'J');
			i += 2;
			buf_addc(b, ' ');
		} else if (ascii || s.p[i] == '\n') {
			ascii |= s.p[i] == '\n';
			buf_addc(b, s.p[i]);
		}
	}
}

static void put_entity(struct buf *b, struct str name)
{
	static const struct {
		const char *name;
		char c;
	} known[] = { { "lt", '<' }, { "gt", '>' }, { "amp", '&' }, { "quot", '"' }, { "nbsp", ' ' }, { "#39", '\'' } };

	for (size_t i = 0; i < COUNT(known); i++)
		if (str_eqz(name, known[i].name)) {
			buf_addc(b, known[i].c);
			return;
		}
	buf_addc(b, ' ');
}

static bool ends_line(struct str tag)
{
	static const char *const blocks[] = { "br", "p", "/p", "div", "/div", "tr", "/tr", "li", "/td" };
	struct str rest = tag, name = str_word(&rest);

	if (str_ends(name, STR("/")))
		name.n--;
	for (size_t i = 0; i < COUNT(blocks); i++)
		if (str_ieq(name, str_of(blocks[i])))
			return true;
	return false;
}

static bool skip_style(struct str *s)
{
	ptrdiff_t at = str_find(*s, STR("</style>"));

	if (at >= 0)
		*s = str_skip(*s, (size_t)at);
	return at >= 0;
}

/* Tags become spaces or line ends; what a style holds is left out. */
static void put_untagged(struct buf *b, struct str s)
{
	struct str tag, rest;
	bool ends = true; /* an end of a style may stand ahead */

	while (s.n > 0) {
		if (s.p[0] == '<' && str_cut(str_take(str_skip(s, 1), TAG_MAX), STR(">"), &tag, &rest)) {
			buf_addc(b, ends_line(tag) ? '\n' : ' ');
			s = str_skip(s, tag.n + 2);
			if (ends && str_istarts(tag, STR("style")))
				ends = skip_style(&s);
		} else if (s.p[0] == '&' && str_cut(str_take(str_skip(s, 1), 12), STR(";"), &tag, &rest)) {
			put_entity(b, tag);
			s = str_skip(s, tag.n + 2);
		} else {
			buf_addc(b, s.p[0]);
			s = str_skip(s, 1);
		}
	}
}

static void put_decoded(struct buf *b, struct str encoding, struct str body)
{
	if (str_istarts(encoding, STR("quoted-printable")))
		put_quoted_printable(b, body);
	else if (str_istarts(encoding, STR("base64")))
		put_base64(b, body);
	else
		buf_addstr(b, body);
}

struct str mime_text(struct arena *a, const struct mime_part *p)
{
	struct str charset = field_param(field_get(p->head, "Content-Type"), "charset");
	BUF(raw);
	BUF(text);

	put_decoded(&raw, field_get(p->head, "Content-Transfer-Encoding"), str_take(p->body, MIME_TEXT_MAX));
	if (str_istarts(charset, STR("iso-2022")) || str_chr(buf_str(&raw), 033) >= 0)
		put_ascii_islands(&text, buf_str(&raw));
	else if (mime_is(p, "text/html"))
		put_untagged(&text, buf_str(&raw));
	else
		buf_addstr(&text, buf_str(&raw));
	return field_lines(a, buf_str(&text));
}
