#include "base/ordered.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { PAGE = 256, CROWD = PAGE / 4 /* two neighbours with no more than this together become one */ };

struct ordered_page {
	size_t n;
	uint64_t number[PAGE];
	void *value[PAGE];
};

/* The last page that begins at or below the number; 0 when there is none. */
static size_t page_of(const struct ordered *o, uint64_t number)
{
	size_t low = 0, high = o->npages;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (o->pages[middle]->number[0] <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The first place in the page whose number is not below. */
static size_t place_in(const struct ordered_page *p, uint64_t number)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (p->number[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct ordered_page *p, size_t i, uint64_t number)
{
	return i < p->n && p->number[i] == number;
}

void *ordered_get(const struct ordered *o, uint64_t number)
{
	const struct ordered_page *p;
	size_t i;

	if (o->n == 0)
		return NULL;
	p = o->pages[page_of(o, number)];
	i = place_in(p, number);
	return is_at(p, i, number) ? p->value[i] : NULL;
}

void *ordered_from(const struct ordered *o, uint64_t number)
{
	size_t page, i;

	if (o->n == 0)
		return NULL;
	page = page_of(o, number);
	i = place_in(o->pages[page], number);
	if (i < o->pages[page]->n)
		return o->pages[page]->value[i];
	return page + 1 < o->npages ? o->pages[page + 1]->value[0] : NULL;
}

static struct ordered_page *page_new(struct ordered *o, size_t at)
{
	struct ordered_page *p = mem_alloc(sizeof(*p));

	if (o->npages == o->cap) {
		o->cap = o->cap > 0 ? o->cap * 2 : 8;
		o->pages = mem_grow(o->pages, o->cap * sizeof(struct ordered_page *));
	}
	memmove(o->pages + at + 1, o->pages + at, (o->npages - at) * sizeof(struct ordered_page *));
	o->pages[at] = p;
	o->npages++;
	p->n = 0;
	return p;
}

static void page_free(struct ordered *o, size_t at)
{
	free(o->pages[at]);
	o->npages--;
	memmove(o->pages + at, o->pages + at + 1, (o->npages - at) * sizeof(struct ordered_page *));
}

/* `n` entries of `from`, beginning at `first`, go behind those of `to`. */
static void move_entries(struct ordered_page *to, struct ordered_page *from, size_t first, size_t n)
{
	memcpy(to->number + to->n, from->number + first, n * sizeof(uint64_t));
	memcpy(to->value + to->n, from->value + first, n * sizeof(void *));
	to->n += n;
}

/* A full page gets a neighbour: an empty one behind the last number, half of it elsewhere. */
static void split(struct ordered *o, size_t page, size_t place)
{
	struct ordered_page *full = o->pages[page], *fresh = page_new(o, page + 1);
	size_t keep = page + 2 == o->npages && place == full->n ? full->n : full->n / 2;

	move_entries(fresh, full, keep, full->n - keep);
	full->n = keep;
}

void ordered_put(struct ordered *o, uint64_t number, void *value)
{
	size_t page, i;
	struct ordered_page *p;

	if (o->npages == 0)
		page_new(o, 0);
	page = page_of(o, number);
	i = place_in(o->pages[page], number);
	if (is_at(o->pages[page], i, number)) {
		o->pages[page]->value[i] = value;
		return;
	}
	if (o->pages[page]->n == PAGE) {
		split(o, page, i);
		if (i >= o->pages[page]->n) {
			i -= o->pages[page]->n;
			page++;
		}
	}
	p = o->pages[page];
	memmove(p->number + i + 1, p->number + i, (p->n - i) * sizeof(uint64_t));
	memmove(p->value + i + 1, p->value + i, (p->n - i) * sizeof(void *));
	p->number[i] = number;
	p->value[i] = value;
	p->n++;
	o->n++;
}

/* Nearly empty neighbours become one page, so that memory follows the entries down. */
static void settle(struct ordered *o, size_t page)
{
	if (o->pages[page]->n == 0) {
		page_free(o, page);
		return;
	}
	if (page > 0 && o->pages[page - 1]->n + o->pages[page]->n <= CROWD)
		page--;
	if (page + 1 >= o->npages || o->pages[page]->n + o->pages[page + 1]->n > CROWD)
		return;
	move_entries(o->pages[page], o->pages[page + 1], 0, o->pages[page + 1]->n);
	page_free(o, page + 1);
}

void *ordered_del(struct ordered *o, uint64_t number)
{
	size_t page, i;
	struct ordered_page *p;
	void *value;

	if (o->n == 0)
		return NULL;
	page = page_of(o, number);
	p = o->pages[page];
	i = place_in(p, number);
	if (!is_at(p, i, number))
		return NULL;
	value = p->value[i];
	p->n--;
	memmove(p->number + i, p->number + i + 1, (p->n - i) * sizeof(uint64_t));
	memmove(p->value + i, p->value + i + 1, (p->n - i) * sizeof(void *));
	o->n--;
	settle(o, page);
	return value;
}

void ordered_clear(struct ordered *o)
{
	for (size_t i = 0; i < o->npages; i++)
		free(o->pages[i]);
	free(o->pages);
	*o = (struct ordered){ 0 };
}
