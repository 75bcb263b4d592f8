#include "wire/dot.h"

#include <string.h>

/* One byte in mid-line or after a dot that was not the last: c goes on as text. */
static void text(struct dot *d, char c, struct buf *out)
{
	if (c == '\r') {
		d->at = DOT_CR;
		return;
	}
	if (c == '\n')
		d->bare = true;
	buf_addc(out, c);
	d->at = DOT_TEXT;
}

/* A CR was held back: only an LF makes it a line end. */
static void after_cr(struct dot *d, char c, struct buf *out)
{
	buf_addc(out, '\r');
	if (c == '\n') {
		buf_addc(out, '\n');
		d->at = DOT_LINE;
		return;
	}
	d->bare = true;
	text(d, c, out);
}

static void step(struct dot *d, char c, struct buf *out)
{
	switch (d->at) {
	case DOT_LINE:
		if (c == '.')
			d->at = DOT_DOT;
		else
			text(d, c, out);
		break;
	case DOT_TEXT:
		text(d, c, out);
		break;
	case DOT_CR:
		after_cr(d, c, out);
		break;
	case DOT_DOT:
		if (c == '\r')
			d->at = DOT_DOTCR;
		else
			text(d, c, out);
		break;
	case DOT_DOTCR:
		if (c == '\n')
			d->done = true;
		else
			after_cr(d, c, out);
		break;
	}
}

/* The run in front that goes through as it is: text and whole lines, up to what step() must look at (a CR or LF
 * alone, a CR that is the last byte, a dot that begins a line).  Each search ends at a CR that is then behind us. */
static size_t clean(struct dot *d, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && !(d->at == DOT_LINE && p[i] == '.')) {
		const char *cr = memchr(p + i, '\r', n - i);
		size_t end = cr != NULL ? (size_t)(cr - p) : n;
		const char *lf = memchr(p + i, '\n', end - i);

		if (lf != NULL)
			end = (size_t)(lf - p);
		if (end > i)
			d->at = DOT_TEXT;
		if (lf != NULL || end + 1 >= n || p[end + 1] != '\n')
			return end;
		i = end + 2;
		d->at = DOT_LINE;
	}
	return i;
}

/* A message with a bare CR or LF is not stored: it goes byte by byte, for in it clean() would search far for little. */
size_t dot_feed(struct dot *d, const char *p, size_t n, struct buf *out)
{
	size_t i = 0;

	while (i < n && !d->done) {
		size_t run = !d->bare && (d->at == DOT_TEXT || d->at == DOT_LINE) ? clean(d, p + i, n - i) : 0;

		buf_add(out, p + i, run);
		i += run;
		if (i < n)
			step(d, p[i++], out);
	}
	return i;
}
