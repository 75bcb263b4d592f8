#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "base/err.h"

struct arena_block {
	struct arena_block *next;
	size_t cap;
	alignas(max_align_t) char data[];
};

enum { FIRST_BLOCK = 4096 - sizeof(struct arena_block), MAX_BLOCK = 256 * 1024 };
enum { HUGE_PAGE = 2 << 20 };
enum { FORMATTED = 512 /* bytes: longer texts are formatted twice */ };

/* Where an arena grows large its blocks are the kernel's huge pages: one fault each instead of 512. */
static struct arena_block *huge_block(struct arena *a, size_t n)
{
	void *p;

	if (a->total < 2 * HUGE_PAGE || n > HUGE_PAGE - sizeof(struct arena_block) ||
	    posix_memalign(&p, HUGE_PAGE, HUGE_PAGE) != 0)
		return NULL;
	madvise(p, HUGE_PAGE, MADV_HUGEPAGE);
	return p;
}

static void begin_block(struct arena *a, struct arena_block *b)
{
	a->head = b;
	a->free = b != NULL ? b->data : NULL;
	a->left = b != NULL ? b->cap : 0;
}

void *arena_alloc_block(struct arena *a, size_t n)
{
	size_t cap = a->head == NULL ? FIRST_BLOCK : a->head->cap * 2, most;
	struct arena_block *b;

	if (n > SIZE_MAX / 2)
		BUG("an allocation of %zu bytes", n);
	most = n + alignof(max_align_t);
	if (cap > MAX_BLOCK)
		cap = MAX_BLOCK;
	if (cap < most)
		cap = most & ~(alignof(max_align_t) - 1);
	b = huge_block(a, most);
	if (b != NULL)
		cap = HUGE_PAGE - sizeof(*b);
	else
		b = mem_grow(NULL, sizeof(*b) + cap);
	b->next = a->head;
	b->cap = cap;
	a->total += sizeof(*b) + cap;
	begin_block(a, b);
	return arena_alloc(a, n);
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

const char *arena_z(struct arena *a, struct str s)
{
	return arena_str(a, s).p;
}

struct str arena_fmt(struct arena *a, const char *fmt, ...)
{
	char room[FORMATTED], *p;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room, sizeof(room), fmt, ap);
	va_end(ap);
	if (n < 0)
		BUG("format %s", fmt);
	if ((size_t)n < sizeof(room))
		return arena_str(a, str_mem(room, (size_t)n));
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){ p, (size_t)n };
}

struct str arena_num(struct arena *a, uint64_t v)
{
	char *end = (char *)arena_alloc(a, BUF_DIGITS_MAX) + BUF_DIGITS_MAX, *p = end;

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	return (struct str){ p, (size_t)(end - p) };
}

struct str arena_lower(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return (struct str){ p, s.n };
}

void *arena_grow(struct arena *a, const void *old, size_t have, size_t want, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(want, size, &bytes))
		BUG("an array of %zu items of %zu bytes", want, size);
	p = arena_alloc(a, bytes);
	if (have > 0)
		memcpy(p, old, have * size);
	return p;
}

void arena_reset(struct arena *a)
{
	struct arena_block *b = a->head;

	while (b != NULL && b->next != NULL) {
		struct arena_block *next = b->next;

		a->total -= sizeof(*b) + b->cap;
		free(b);
		b = next;
	}
	begin_block(a, b);
}

void arena_clear(struct arena *a)
{
	arena_reset(a);
	free(a->head);
	*a = (struct arena)ARENA_INIT;
}
