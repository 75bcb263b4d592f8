#include "mail/field.h"

#include <string.h>

enum { ADDRESS_MAX = 320 };

struct str field_lines(struct arena *a, struct str text)
{
	char *out = arena_alloc(a, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\r') {
			if (i + 1 < text.n && text.p[i + 1] == '\n')
				continue;
			c = '\n';
		}
		if (c != '\0')
			out[n++] = c;
	}
	return str_mem(out, n);
}

void field_split(struct str text, struct str *head, struct str *body)
{
	if (str_starts(text, STR("\n"))) {
		*head = str_take(text, 0);
		*body = str_skip(text, 1);
	} else if (str_cut(text, STR("\n\n"), head, body)) {
		head->n++; /* its last line is whole */
	}
	*head = str_take(*head, FIELD_HEAD_MAX);
}

static bool is_name_char(char c)
{
	return c > ' ' && c < 0x7f && c != ':';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

size_t field_name(struct str raw)
{
	size_t n = 0, colon;

	while (n < raw.n && is_name_char(raw.p[n]))
		n++;
	for (colon = n; colon < raw.n && is_blank(raw.p[colon]);)
		colon++;
	return colon < raw.n && raw.p[colon] == ':' ? n : 0;
}

struct str field_raw(struct str *block)
{
	struct str all = *block;
	size_t n = 0;

	do {
		ptrdiff_t at = str_chr(str_skip(all, n), '\n');

		n = at < 0 ? all.n : n + (size_t)at + 1;
	} while (n < all.n && is_blank(all.p[n]));
	*block = str_skip(all, n);
	return str_take(all, n);
}

static struct str take_line(struct str *text)
{
	struct str line;

	str_cut(*text, STR("\n"), &line, text);
	return line;
}

bool field_next(struct str *head, struct field *f)
{
	while (head->n > 0) {
		struct str line = take_line(head), value;
		size_t n = field_name(line);

		if (n == 0)
			continue;
		value = str_skip(line, (size_t)str_chr(line, ':') + 1);
		while (head->n > 0 && is_blank(head->p[0])) {
			struct str more = take_line(head);

			value.n = (size_t)(more.p + more.n - value.p);
		}
		f->name = str_take(line, n);
		f->value = str_trim(value);
		return true;
	}
	return false;
}

struct str field_get(struct str head, const char *name)
{
	struct field f;

	while (field_next(&head, &f))
		if (str_ieq(f.name, str_of(name)))
			return f.value;
	return STR("");
}

struct str field_plain(struct arena *a, struct str value)
{
	char *out;
	size_t n = 0;
	bool blank = false;

	value = str_trim(str_take(value, FIELD_PLAIN_MAX));
	out = arena_alloc(a, value.n + 1);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			blank = true;
			continue;
		}
		if (blank)
			out[n++] = ' ';
		blank = false;
		out[n++] = c;
	}
	return str_mem(out, n);
}

static struct str unquoted(struct str s)
{
	struct str inside, rest;

	s = str_trim(s);
	if (s.n == 0 || s.p[0] != '"')
		return s;
	str_cut(str_skip(s, 1), STR("\""), &inside, &rest);
	return inside;
}

/* The next parameter of *rest, up to a `;` that stands outside quotes. */
static struct str take_param(struct str *rest)
{
	bool quoted = false;
	size_t n = 0;
	struct str param;

	while (n < rest->n && (quoted || rest->p[n] != ';'))
		quoted ^= rest->p[n++] == '"';
	param = str_take(*rest, n);
	*rest = str_skip(*rest, n + 1);
	return param;
}

struct str field_param(struct str value, const char *name)
{
	struct str rest = value;

	take_param(&rest);
	while (rest.n > 0) {
		struct str key, content, param = take_param(&rest);

		if (str_cut(param, STR("="), &key, &content) && str_ieq(str_trim(key), str_of(name)))
			return unquoted(content);
	}
	return STR("");
}

static bool is_local(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr(".!#$%&'*+-/=?^_`{|}~", c) != NULL) || (unsigned char)c >= 0x80;
}

static bool is_domain(char c)
{
	return ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

struct str field_address(struct str *text, size_t *at)
{
	struct str s = *text;
	size_t from = 0;

	for (;;) {
		ptrdiff_t sign = str_chr(str_skip(s, from), '@');
		size_t mid, begin, end;

		if (sign < 0)
			break;
		mid = begin = from + (size_t)sign;
		while (begin > from && mid - begin < ADDRESS_MAX && is_local(s.p[begin - 1]))
			begin--;
		end = mid + 1;
		while (end < s.n && end - mid < ADDRESS_MAX && is_domain(s.p[end]))
			end++;
		while (end > mid + 1 && (s.p[end - 1] == '.' || s.p[end - 1] == '-'))
			end--;
		from = end;
		if (begin == mid || end - mid < 3)
			continue;
		*text = str_skip(s, end);
		*at = begin;
		return str_mem(s.p + begin, end - begin);
	}
	*at = s.n;
	*text = str_skip(s, s.n);
	return STR("");
}
