#include "base/quick.h"

static bool same_folded(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

bool str_ieq(struct str a, struct str b)
{
	return a.n == b.n && same_folded(a.p, b.p, a.n);
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (d != 0)
		return d;
	return a.n < b.n ? -1 : a.n > b.n;
}

bool str_istarts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_ieq(str_take(s, prefix.n), prefix);
}

bool str_iends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_ieq(str_skip(s, s.n - suffix.n), suffix);
}

bool str_ascii(struct str s)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return all < 0x80;
}

ptrdiff_t str_chr(struct str s, char c)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return at != NULL ? at - s.p : -1;
}

ptrdiff_t str_rchr(struct str s, char c)
{
	const char *at = s.n > 0 ? memrchr(s.p, c, s.n) : NULL;

	return at != NULL ? at - s.p : -1;
}

/* Most needles begin with a byte that is rare: memchr() then beats memmem(), which prepares itself for long ones. */
ptrdiff_t str_find(struct str s, struct str needle)
{
	enum { TRIES = 8 };
	const char *at = s.p, *last;

	if (needle.n == 0)
		return 0;
	if (needle.n > s.n)
		return -1;
	last = s.p + s.n - needle.n;
	for (int i = 0; i < TRIES; i++, at++) {
		at = at <= last ? memchr(at, needle.p[0], (size_t)(last - at) + 1) : NULL;
		if (at == NULL)
			return -1;
		if (str_same(at, needle.p, needle.n))
			return at - s.p;
	}
	at = memmem(at, (size_t)(s.p + s.n - at), needle.p, needle.n);
	return at != NULL ? at - s.p : -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = str_skip(s, 1);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_cut(struct str s, struct str sep, struct str *head, struct str *tail)
{
	ptrdiff_t at = str_find(s, sep);

	if (at < 0) {
		*head = s;
		*tail = str_skip(s, s.n);
		return false;
	}
	*head = str_take(s, (size_t)at);
	*tail = str_skip(s, (size_t)at + sep.n);
	return true;
}

struct str str_word(struct str *rest)
{
	struct str s = *rest, word;
	size_t n = 0;

	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_skip(s, 1);
	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
		n++;
	word = str_take(s, n);
	*rest = str_skip(s, n);
	return word;
}

bool str_u64(struct str s, uint64_t max, uint64_t *out)
{
	enum { NEVER_TOO_MUCH = 19 }; /* digits */
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)((unsigned char)s.p[i] - (unsigned)'0');

		if (digit > 9 || (i >= NEVER_TOO_MUCH && v > (UINT64_MAX - digit) / 10))
			return false;
		v = v * 10 + digit;
	}
	if (v > max)
		return false;
	*out = v;
	return true;
}

/* Where that letter may stand, from i on. */
static size_t next_like(struct str s, size_t i, char letter)
{
	while (i < s.n && ascii_lower(s.p[i]) != letter)
		i++;
	return i;
}

/* Only the latest star can still move, so going back to it is enough. */
bool str_glob(struct str pattern, struct str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, mark = 0;

	while (i < s.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			mark = i;
		} else if (p < pattern.n && ascii_lower(pattern.p[p]) == ascii_lower(s.p[i])) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			mark++;
			if (p == pattern.n)
				return true;
			if (pattern.p[p] != '*')
				mark = next_like(s, mark, ascii_lower(pattern.p[p]));
			i = mark;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}
