#include "mail/encoded.h"

#include "base/base64.h"
#include "base/buf.h"

enum letters { LETTERS_UTF8, LETTERS_LATIN1, LETTERS_OTHER };

static enum letters letters_of(struct str charset)
{
	struct str name, language;

	str_cut(charset, STR("*"), &name, &language); /* RFC 2231 */
	if (str_ieq(name, STR("utf-8")) || str_ieq(name, STR("us-ascii")))
		return LETTERS_UTF8;
	return str_ieq(name, STR("iso-8859-1")) ? LETTERS_LATIN1 : LETTERS_OTHER;
}

static int hex_of(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool quoted(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '=') {
			buf_addc(out, s.p[i] == '_' ? ' ' : s.p[i]);
			continue;
		}
		if (i + 2 >= s.n || hex_of(s.p[i + 1]) < 0 || hex_of(s.p[i + 2]) < 0)
			return false;
		buf_addc(out, (char)(hex_of(s.p[i + 1]) * 16 + hex_of(s.p[i + 2])));
		i += 2;
	}
	return true;
}

static void add_letters(struct buf *out, struct str s, enum letters letters)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (letters == LETTERS_LATIN1 && c >= 0x80) {
			buf_addc(out, (char)(0xc0 | c >> 6));
			c = 0x80 | (c & 0x3f);
		}
		buf_addc(out, (char)c);
	}
}

/* word = "=?" charset "?" ( "Q" / "B" ) "?" text "?=".  Taken off *s and decoded; false: none stands there. */
static bool take_word(struct str *s, struct buf *out)
{
	struct str rest = str_skip(*s, 2), charset, how, text;
	enum letters letters;
	BUF(raw);

	if (!str_starts(*s, STR("=?")) || !str_cut(rest, STR("?"), &charset, &rest) ||
	    !str_cut(rest, STR("?"), &how, &rest) || !str_cut(rest, STR("?="), &text, &rest))
		return false;
	letters = letters_of(charset);
	if (letters == LETTERS_OTHER || str_chr(text, ' ') >= 0)
		return false;
	if (!(str_ieq(how, STR("B")) && base64_decode(text, &raw)) && !(str_ieq(how, STR("Q")) && quoted(text, &raw)))
		return false;
	add_letters(out, buf_str(&raw), letters);
	*s = rest;
	return true;
}

/* White space between two words belongs to neither. */
static struct str to_next_word(struct str s)
{
	struct str rest = s;

	while (rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t'))
		rest = str_skip(rest, 1);
	return str_starts(rest, STR("=?")) ? rest : s;
}

struct str encoded_text(struct str field, struct arena *mem)
{
	struct str s = str_take(field, ENCODED_MAX);
	BUF(out);

	while (s.n > 0 && out.n < ENCODED_MAX) {
		if (take_word(&s, &out)) {
			s = to_next_word(s);
		} else {
			buf_addc(&out, s.p[0]);
			s = str_skip(s, 1);
		}
	}
	return arena_str(mem, str_take(buf_str(&out), ENCODED_MAX));
}
