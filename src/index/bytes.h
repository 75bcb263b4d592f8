/* index/bytes.h - numbers of variable length, as the index writes them.
 *
 * Seven bits a byte, the lowest first.  Whatever is read may be forged: a
 * number that has no end, or of more than 64 bits, is a mistake of the cursor.
 */
#ifndef INDEX_BYTES_H
#define INDEX_BYTES_H

#include "base/buf.h"
#include "base/cur.h"

enum { BYTES_MOST = 10 }; /* of one number */

/* Where there is room; the end of it. */
static inline char *bytes_write(char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (char)(v | 0x80);
	*p++ = (char)v;
	return p;
}

static inline void bytes_put(struct buf *b, uint64_t v)
{
	char *p;

	if (b->cap - b->n <= BYTES_MOST)
		buf_need(b, BYTES_MOST);
	p = bytes_write(b->p + b->n, v);
	*p = '\0';
	b->n = (size_t)(p - b->p);
}

static inline uint64_t bytes_take(struct cur *c)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64; shift += 7) {
		unsigned char x;

		if (c->why != NULL || c->p == c->end)
			break;
		x = (unsigned char)*c->p++;
		v |= (uint64_t)(x & 0x7f) << shift;
		if (x < 0x80)
			return v;
	}
	cur_fail(c, "a number without end");
	return 0;
}

/* Numbers of either sign: near to 0 they are short. */
static inline uint64_t bytes_fold(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t bytes_unfold(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (~(v & 1) + 1));
}

static inline void bytes_put_int(struct buf *b, int64_t v)
{
	bytes_put(b, bytes_fold(v));
}

static inline int64_t bytes_take_int(struct cur *c)
{
	return bytes_unfold(bytes_take(c));
}

/* a - b and back, whatever they are. */
static inline uint64_t bytes_diff(int64_t v, int64_t from)
{
	return bytes_fold((int64_t)((uint64_t)v - (uint64_t)from));
}

static inline int64_t bytes_add(uint64_t diff, int64_t from)
{
	return (int64_t)((uint64_t)bytes_unfold(diff) + (uint64_t)from);
}

static inline void bytes_put_diff(struct buf *b, int64_t v, int64_t from)
{
	bytes_put(b, bytes_diff(v, from));
}

static inline int64_t bytes_take_diff(struct cur *c, int64_t from)
{
	return bytes_add(bytes_take(c), from);
}

static inline void bytes_put_str(struct buf *b, struct str s)
{
	bytes_put(b, s.n);
	buf_addstr(b, s);
}

static inline struct str bytes_take_str(struct cur *c)
{
	return cur_take(c, bytes_take(c), "a text without end");
}

/* How many things follow, of which each takes one byte at least. */
static inline size_t bytes_take_count(struct cur *c)
{
	uint64_t n = bytes_take(c);

	if (c->why == NULL && n > (uint64_t)(c->end - c->p)) {
		cur_fail(c, "more than there are bytes");
		return 0;
	}
	return c->why == NULL ? (size_t)n : 0;
}

#endif
