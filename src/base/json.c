#include "base/json.h"

#include "base/utf8.h"

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

/* How many bytes stand for themselves. */
static size_t plain(struct str s)
{
	size_t n = 0;

	while (n < s.n && (unsigned char)s.p[n] >= 0x20 && (unsigned char)s.p[n] < 0x7f && s.p[n] != '"' &&
	       s.p[n] != '\\')
		n++;
	return n;
}

/* One character that is not plain; its length. */
static size_t put_character(struct buf *b, struct str s)
{
	uint32_t code;
	size_t n = utf8_at(s, &code);

	if (n == 1)
		put_ascii(b, (unsigned char)s.p[0]);
	else if (n > 0)
		buf_add(b, s.p, n);
	else
		buf_adds(b, "\xef\xbf\xbd");
	return n > 0 ? n : 1;
}

static void put_quoted(struct buf *b, struct str s)
{
	buf_addc(b, '"');
	while (s.n > 0) {
		size_t n = plain(s);

		buf_add(b, s.p, n);
		s = str_skip(s, n);
		if (s.n > 0)
			s = str_skip(s, put_character(b, s));
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
		json_none(j);
	else
		json_str(j, str_of(z));
}

void json_num(struct json *j, int64_t n)
{
	lead(j);
	if (n < 0)
		buf_addc(j->out, '-');
	buf_num(j->out, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void json_bool(struct json *j, bool value)
{
	lead(j);
	buf_adds(j->out, value ? "true" : "false");
}

void json_none(struct json *j)
{
	lead(j);
	buf_adds(j->out, "null");
}
