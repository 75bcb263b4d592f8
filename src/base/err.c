#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20, LARGE = 2 * HUGE_PAGE };

/* A sentence is one line, whatever bytes the names in it had. */
static void flatten(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

int err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return -1;
	e->code = 0;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	flatten(e->text);
	return -1;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int code = errno;
	char words[128];
	size_t n;
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", strerror_r(code, words, sizeof(words)));
	flatten(e->text);
	e->code = code;
	errno = code;
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[sizeof(e->text)];
	size_t n;
	va_list ap;

	if (e == NULL)
		return -1;
	memcpy(inner, e->text, sizeof(inner));
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", inner);
	flatten(e->text);
	return -1;
}

_Noreturn void bug_at(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "BUG at %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

static _Noreturn void no_memory(size_t n)
{
	fprintf(stderr, "out of memory: could not get %zu bytes\n", n);
	abort();
}

/* Large memory in the kernel's huge pages, where it has some: one fault for 2 MiB instead of 512, and a hash table
 * that is looked up all over does not wait for page tables. */
static void *use_huge_pages(void *p, size_t n)
{
	size_t skip = -(uintptr_t)p % HUGE_PAGE;
	int former = errno;

	madvise((char *)p + skip, (n - skip) / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
	errno = former;
	return p;
}

void *mem_alloc(size_t n)
{
	void *p = calloc(1, n > 0 ? n : 1);

	if (p == NULL)
		no_memory(n);
	return n >= LARGE ? use_huge_pages(p, n) : p;
}

void *mem_grow(void *p, size_t n)
{
	void *q = realloc(p, n > 0 ? n : 1);

	if (q == NULL)
		no_memory(n);
	return n >= LARGE ? use_huge_pages(q, n) : q;
}

char *mem_dupz(const char *z)
{
	size_t n = strlen(z) + 1;

	return memcpy(mem_alloc(n), z, n);
}

char *mem_dup(struct str s)
{
	char *p = mem_alloc(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}
