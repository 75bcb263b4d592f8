#include "base/json.h"

struct json json_to(struct buf *out)
{
	return (struct json){ .out = out, .comma = false };
}

static void lead(struct json *j)
{
	if (j->comma)
		buf_addc(j->out, ',');
	j->comma = true;
}

static void begin(struct json *j, char open)
{
	lead(j);
	buf_addc(j->out, open);
	j->comma = false;
}

static void end(struct json *j, char close)
{
	buf_addc(j->out, close);
	j->comma = true;
}

void json_begin_object(struct json *j)
{
	begin(j, '{');
}

void json_end_object(struct json *j)
{
	end(j, '}');
}

void json_begin_array(struct json *j)
{
	begin(j, '[');
}

void json_end_array(struct json *j)
{
	end(j, ']');
}

/* How many bytes after the first one, the least code point of that length, and the bits of the first byte.
 * (RFC 3629: no overlong form, no surrogate, nothing over U+10FFFF.) */
static int utf8_more(unsigned char c, uint32_t *least, uint32_t *bits)
{
	if (c >= 0xc2 && c <= 0xdf)
		return *least = 0x80, *bits = c & 0x1f, 1;
	if (c >= 0xe0 && c <= 0xef)
		return *least = 0x800, *bits = c & 0x0f, 2;
	if (c >= 0xf0 && c <= 0xf4)
		return *least = 0x10000, *bits = c & 0x07, 3;
	return 0;
}

/* Length of the UTF-8 sequence at the start of s, which is not ASCII; 0 when it is none. */
static size_t utf8_length(struct str s)
{
	uint32_t least = 0, code = 0;
	int more = utf8_more((unsigned char)s.p[0], &least, &code);

	if (more == 0 || s.n <= (size_t)more)
		return 0;
	for (int i = 1; i <= more; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c & 0x3f);
	}
	if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return (size_t)more + 1;
}

static void put_ascii(struct buf *b, unsigned char c)
{
	static const char named[][3] = { "\bb", "\tt", "\nn", "\ff", "\rr", "\"\"", "\\\\" };

	for (size_t i = 0; i < COUNT(named); i++)
		if (c == (unsigned char)named[i][0]) {
			buf_addc(b, '\\');
			buf_addc(b, named[i][1]);
			return;
		}
	if (c < 0x20 || c == 0x7f)
		buf_fmt(b, "\\u%04x", c);
	else
		buf_addc(b, (char)c);
}

static void put_quoted(struct buf *b, struct str s)
{
	buf_addc(b, '"');
	while (s.n > 0) {
		unsigned char c = (unsigned char)s.p[0];
		size_t n = c < 0x80 ? 1 : utf8_length(s);

		if (c < 0x80)
			put_ascii(b, c);
		else if (n > 0)
			buf_add(b, s.p, n);
		else
			buf_adds(b, "\xef\xbf\xbd");
		s = str_skip(s, n > 0 ? n : 1);
	}
	buf_addc(b, '"');
}

void json_key_str(struct json *j, struct str key)
{
	lead(j);
	put_quoted(j->out, key);
	buf_addc(j->out, ':');
	j->comma = false;
}

void json_key(struct json *j, const char *key)
{
	json_key_str(j, str_of(key));
}

void json_str(struct json *j, struct str s)
{
	lead(j);
	put_quoted(j->out, s);
}

void json_z(struct json *j, const char *z)
{
	if (z == NULL)
		json_null(j);
	else
		json_str(j, str_of(z));
}

void json_num(struct json *j, int64_t n)
{
	lead(j);
	buf_fmt(j->out, "%lld", (long long)n);
}

void json_bool(struct json *j, bool value)
{
	lead(j);
	buf_adds(j->out, value ? "true" : "false");
}

void json_null(struct json *j)
{
	lead(j);
	buf_adds(j->out, "null");
}
