#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

void buf_clear(struct buf *b)
{
	free(b->p);
	*b = (struct buf)BUF_INIT;
}

void buf_trunc(struct buf *b, size_t n)
{
	if (n >= b->n)
		return;
	b->n = n;
	b->p[n] = '\0';
}

void buf_reset(struct buf *b)
{
	buf_trunc(b, 0);
}

void buf_need(struct buf *b, size_t more)
{
	size_t want, cap = b->cap > 0 ? b->cap : 64;

	if (__builtin_add_overflow(b->n, more, &want) || want >= SIZE_MAX / 2)
		BUG("a buffer of %zu + %zu bytes", b->n, more);
	if (want < b->cap)
		return;
	while (cap <= want)
		cap *= 2;
	b->p = mem_grow(b->p, cap);
	b->p[b->n] = '\0';
	b->cap = cap;
}

void buf_fit(struct buf *b, size_t more)
{
	size_t want;

	if (__builtin_add_overflow(b->n, more, &want) || want >= SIZE_MAX / 2)
		BUG("a buffer of %zu + %zu bytes", b->n, more);
	if (want < b->cap)
		return;
	b->p = mem_grow(b->p, want + 1);
	b->p[b->n] = '\0';
	b->cap = want + 1;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n >= b->cap - b->n)
		buf_need(b, n);
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_addc(struct buf *b, char c)
{
	if (b->cap - b->n < 2)
		buf_need(b, 1);
	b->p[b->n++] = c;
	b->p[b->n] = '\0';
}

void buf_digits(struct buf *b, uint64_t v, size_t width)
{
	char text[BUF_DIGITS_MAX];
	size_t at = sizeof(text);

	MUST(width <= sizeof(text));
	do
		text[--at] = (char)('0' + v % 10);
	while ((v /= 10) > 0 || sizeof(text) - at < width);
	buf_add(b, text + at, sizeof(text) - at);
}

void buf_num(struct buf *b, uint64_t v)
{
	buf_digits(b, v, 1);
}

void buf_adds(struct buf *b, const char *z)
{
	buf_add(b, z, strlen(z));
}

void buf_addstr(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	buf_need(b, strlen(fmt));
	room = b->cap - b->n;
	va_copy(again, ap);
	n = vsnprintf(b->p + b->n, room, fmt, ap);
	if (n < 0)
		BUG("format %s", fmt);
	if ((size_t)n >= room) {
		buf_need(b, (size_t)n + 1);
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	b->n += (size_t)n;
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(b, fmt, ap);
	va_end(ap);
}

void buf_cut(struct buf *b, size_t n)
{
	if (n == 0 || b->n == 0)
		return;
	if (n > b->n)
		n = b->n;
	memmove(b->p, b->p + n, b->n - n + 1);
	b->n -= n;
}

struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

const char *buf_z(struct buf *b)
{
	buf_need(b, 0);
	return b->p;
}
