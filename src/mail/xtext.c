#include "mail/xtext.h"

static int hex_of(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One character of the text: 0..255, and *s goes behind it; -1. */
static int next(struct str *s)
{
	int c = (unsigned char)s->p[0], high, low;

	if (c != '+') {
		*s = str_skip(*s, 1);
		return c > ' ' && c <= '~' && c != '=' ? c : -1;
	}
	if (s->n < 3)
		return -1;
	high = hex_of(s->p[1]);
	low = hex_of(s->p[2]);
	*s = str_skip(*s, 3);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool xtext_read(struct str s, struct arena *a, struct str *out)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	while (s.n > 0) {
		int c = next(&s);

		if (c < ' ' || c > '~')
			return false;
		p[n++] = (char)c;
	}
	*out = str_mem(p, n);
	return true;
}

void xtext_put(struct buf *b, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c > ' ' && c <= '~' && c != '+' && c != '=')
			buf_addc(b, (char)c);
		else
			buf_fmt(b, "+%02X", c);
	}
}
