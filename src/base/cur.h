/* base/cur.h - a cursor over bytes from outside.
 *
 * It remembers its first mistake and then stands still: every later call
 * answers "nothing" and changes nothing, so a parser asks once, at the end,
 * whether c->why is NULL.  It never reads past its end.  Inline, so that a
 * parser's class of bytes is compiled into its loop.
 */
#ifndef BASE_CUR_H
#define BASE_CUR_H

#include "base/str.h"

struct cur {
	const char *p, *end;
	const char *start;
	const char *why;   /* NULL, or the first mistake in a few words (a literal) */
	const char *where; /* position of the mistake */
};

static inline struct cur cur_of(struct str s)
{
	const char *p = s.p != NULL ? s.p : "";

	return (struct cur){ .p = p, .end = p + s.n, .start = p };
}

static inline bool cur_ok(const struct cur *c)
{
	return c->why == NULL;
}

/* Nothing left (or a mistake). */
static inline bool cur_end(const struct cur *c)
{
	return c->why != NULL || c->p == c->end;
}

/* What is left, without taking it. */
static inline struct str cur_rest(const struct cur *c)
{
	return (struct str){ c->p, c->why == NULL ? (size_t)(c->end - c->p) : 0 };
}

size_t cur_pos(const struct cur *c);

/* Only the first one counts. */
static inline void cur_fail(struct cur *c, const char *why)
{
	if (c->why != NULL)
		return;
	c->why = why;
	c->where = c->p;
}

/* The next byte 0..255, or -1; cur_next() takes it. */
static inline int cur_peek(const struct cur *c)
{
	return cur_end(c) ? -1 : (unsigned char)*c->p;
}

static inline int cur_next(struct cur *c)
{
	return cur_end(c) ? -1 : (unsigned char)*c->p++;
}

/* Take it if it is `want`. */
static inline bool cur_try(struct cur *c, char want)
{
	if (cur_end(c) || *c->p != want)
		return false;
	c->p++;
	return true;
}

/* Take the literal if it stands here. */
static inline bool cur_tryz(struct cur *c, const char *want)
{
	struct str w = str_mem(want, strlen(want));

	if (!str_starts(cur_rest(c), w))
		return false;
	c->p += w.n;
	return true;
}

bool cur_itryz(struct cur *c, const char *want);

static inline void cur_want(struct cur *c, char want, const char *why)
{
	if (!cur_try(c, want))
		cur_fail(c, why);
}

static inline void cur_wantz(struct cur *c, const char *want, const char *why)
{
	if (!cur_tryz(c, want))
		cur_fail(c, why);
}

/* The longest run for which is() holds; a mistake with `why` when empty and why != NULL. */
static inline struct str cur_span(struct cur *c, bool (*is)(char), const char *why)
{
	const char *from = c->p;

	if (c->why != NULL)
		return (struct str){ from, 0 };
	while (c->p < c->end && is(*c->p))
		c->p++;
	if (c->p == from && why != NULL)
		cur_fail(c, why);
	return (struct str){ from, (size_t)(c->p - from) };
}

/* Exactly n bytes. */
static inline struct str cur_take(struct cur *c, size_t n, const char *why)
{
	struct str s = cur_rest(c);

	if (s.n < n)
		cur_fail(c, why);
	if (c->why != NULL)
		return (struct str){ c->p, 0 };
	c->p += n;
	return str_take(s, n);
}

struct str cur_until(struct cur *c, struct str sep, const char *why); /* up to sep; sep is taken, not returned */
uint64_t cur_num(struct cur *c, uint64_t max, const char *why);       /* 1*DIGIT up to max */

/* Fixed-size little-endian numbers, for records and messages. */
uint16_t cur_u16(struct cur *c);
uint32_t cur_u32(struct cur *c);
uint64_t cur_u64(struct cur *c);

#endif
