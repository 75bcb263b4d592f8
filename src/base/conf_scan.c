#include "base/conf_scan.h"

#include <string.h>

enum { DEEPEST = 2 }; /* a list in a section */

struct scan {
	struct str in;
	size_t at;
	int line;
	int opened[DEEPEST]; /* line of each open bracket */
	int depth;
	enum { MARK, WORD, STRING } last; /* the kind of the last token */
	struct buf *out;
	const char *file;
	struct err *e;
};

static int wrong(const struct scan *s, int line, const char *what)
{
	return err_set(s->e, "%s:%d: %s", s->file, line, what);
}

size_t conf_utf8(struct str s)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} shapes[] = { { 0x80, 0x00, 0x20 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };
	const unsigned char *p = (const unsigned char *)s.p;
	uint32_t c;

	if (s.n > 0 && (p[0] == '\t' || p[0] == '\n'))
		return 1;
	for (size_t n = 0; n < COUNT(shapes) && n < s.n; n++) {
		if ((p[0] & shapes[n].mask) != shapes[n].lead)
			continue;
		c = p[0] & (unsigned char)~shapes[n].mask;
		for (size_t i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[i] & 0x3f);
		}
		if (c < shapes[n].least || c == 0x7f || (c >= 0x80 && c < 0xa0) || (c >= 0xd800 && c < 0xe000))
			return 0;
		return c > 0x10ffff ? 0 : n + 1;
	}
	return 0;
}

static int check_bytes(const struct scan *s)
{
	int line = 1;

	for (size_t i = 0; i < s->in.n;) {
		size_t n = conf_utf8(str_skip(s->in, i));

		if (n == 0 && s->in.p[i] == '\r')
			return wrong(s, line, "a carriage return: lines must end in a newline only");
		if (n == 0)
			return wrong(s, line, "a byte that is neither printable text nor UTF-8");
		if (s->in.p[i] == '\n')
			line++;
		i += n;
	}
	return 0;
}

static struct str rest(const struct scan *s)
{
	return str_skip(s->in, s->at);
}

static bool sees(const struct scan *s, const char *z)
{
	return str_starts(rest(s), str_of(z));
}

static void keep(struct scan *s, size_t n)
{
	buf_addstr(s->out, str_take(rest(s), n));
	s->at += n;
}

static void blank_one(struct scan *s)
{
	bool newline = s->in.p[s->at] == '\n';

	buf_addc(s->out, newline ? '\n' : ' ');
	s->line += newline;
	s->at++;
}

static int take_comment(struct scan *s)
{
	int from = s->line;
	bool block = sees(s, "/*");

	if (!block) {
		while (s->at < s->in.n && s->in.p[s->at] != '\n')
			blank_one(s);
		return 0;
	}
	blank_one(s);
	blank_one(s);
	while (s->at < s->in.n && !sees(s, "*/"))
		blank_one(s);
	if (s->at == s->in.n)
		return wrong(s, from, "this comment is not closed");
	blank_one(s);
	blank_one(s);
	return 0;
}

static int take_string(struct scan *s)
{
	const char quote = s->in.p[s->at];

	keep(s, 1);
	while (s->at < s->in.n && s->in.p[s->at] != quote) {
		struct str r = rest(s);

		if (r.p[0] == '\n')
			break;
		if (quote == '"' && sees(s, "${"))
			return wrong(s, s->line,
				     "${...} is not expanded here; write it in single quotes if it is meant so");
		if (r.p[0] == '\\' && (r.n < 2 || (r.p[1] != '\\' && r.p[1] != quote)))
			return wrong(s, s->line, "after a backslash only a backslash or the quote may stand");
		keep(s, r.p[0] == '\\' ? 2 : 1);
	}
	if (s->at == s->in.n || s->in.p[s->at] != quote)
		return wrong(s, s->line, "this string is not closed on its line");
	keep(s, 1);
	s->last = STRING;
	return 0;
}

static bool in_word(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("_-.:@/%", c) != NULL);
}

static int take_word(struct scan *s)
{
	while (s->at < s->in.n && in_word(s->in.p[s->at])) {
		if (sees(s, "//") || sees(s, "/*"))
			return wrong(s, s->line, "put a space before the comment or quotes around the value");
		keep(s, 1);
	}
	if (s->at < s->in.n && strchr(" \t\n={},#\"'+", s->in.p[s->at]) == NULL)
		return wrong(s, s->line, "put quotes around this value");
	s->last = WORD;
	return 0;
}

static int take_bracket(struct scan *s)
{
	bool open = s->in.p[s->at] == '{';

	if (open && s->depth == DEEPEST)
		return wrong(s, s->line, "a { too many");
	if (!open && s->depth == 0)
		return wrong(s, s->line, "a } too many");
	if (open)
		s->opened[s->depth++] = s->line;
	else
		s->depth--;
	s->last = MARK;
	keep(s, 1);
	return 0;
}

static int take_token(struct scan *s)
{
	char c = s->in.p[s->at];

	if (c == '"' || c == '\'')
		return take_string(s);
	if (c == '{' || c == '}')
		return take_bracket(s);
	if (in_word(c))
		return take_word(s);
	if (c != '=' && c != ',' && !sees(s, "+="))
		return wrong(s, s->line, "a character that has no meaning outside of a string");
	if (c != ',' && s->last == STRING) /* libconfuse would take "dns|zone" for an option of another section */
		return wrong(s, s->line, "the name of an option stands without quotes");
	s->last = MARK;
	keep(s, c == '+' ? 2 : 1);
	return 0;
}

int conf_scan(struct str text, const char *file, struct buf *clean, struct err *e)
{
	struct scan s = { .in = text, .line = 1, .out = clean, .file = file, .e = e };

	if (check_bytes(&s) < 0)
		return -1;
	while (s.at < text.n) {
		char c = text.p[s.at];
		int rc = 0;

		if (c == ' ' || c == '\t' || c == '\n')
			blank_one(&s);
		else if (c == '#' || sees(&s, "//") || sees(&s, "/*"))
			rc = take_comment(&s);
		else
			rc = take_token(&s);
		if (rc < 0)
			return -1;
	}
	if (s.depth > 0)
		return wrong(&s, s.opened[s.depth - 1], "the { of this line is not closed");
	if (s.last == WORD && text.p[text.n - 1] != '\n')
		return wrong(&s, s.line, "the file ends inside a word (the last line needs a newline)");
	return 0;
}
