#include "wire/dot.h"

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

/* The run of plain text in front, so that a body is copied by lines and not by bytes. */
static size_t plain(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] != '\r' && p[i] != '\n')
		i++;
	return i;
}

size_t dot_feed(struct dot *d, const char *p, size_t n, struct buf *out)
{
	size_t i = 0;

	while (i < n && !d->done) {
		size_t run = d->at == DOT_TEXT ? plain(p + i, n - i) : 0;

		buf_add(out, p + i, run);
		i += run;
		if (i < n)
			step(d, p[i++], out);
	}
	return i;
}
