/* base/arena.h - memory that lives as long as a session, an attempt, a request or a query.
 *
 * Allocation is a pointer bump; everything goes at once.  Not for two threads.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdalign.h>
#include <string.h>
#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *head;
	char *free; /* the rest of its newest block */
	size_t left;
	size_t total; /* bytes taken from the system */
};

#define ARENA_INIT \
	{ \
		NULL, NULL, 0, 0 \
	}
#define ARENA(name) __attribute__((cleanup(arena_clear))) struct arena name = ARENA_INIT

void *arena_alloc_block(struct arena *a, size_t n); /* what arena_alloc() does when the block is used up */

/* Zeroed, aligned for any type.  Inline: of the tracer's inner loop. */
static inline void *arena_alloc(struct arena *a, size_t n)
{
	size_t whole = (n + (n == 0) + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	char *p = a->free;

	if (whole < n || whole > a->left)
		return arena_alloc_block(a, n);
	a->free = p + whole;
	a->left -= whole;
	return memset(p, 0, whole);
}

struct str arena_str(struct arena *a, struct str s); /* a copy, NUL behind it */
const char *arena_z(struct arena *a, struct str s);  /* a NUL-terminated copy */
struct str arena_fmt(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str arena_num(struct arena *a, uint64_t v);     /* decimal */
struct str arena_lower(struct arena *a, struct str s); /* a copy, ASCII lower case */
/* A grown copy of an array: room for `want` items of `size` bytes, the first `have` kept. */
void *arena_grow(struct arena *a, const void *old, size_t have, size_t want, size_t size);
void arena_reset(struct arena *a); /* all memory back, but the first block kept */
void arena_clear(struct arena *a);

#endif
