#include "queue/due.h"

#include <stdlib.h>

#include "base/err.h"

static void place(struct due *d, size_t i, struct due_entry e)
{
	d->at[i] = e;
	e.item->rcpts[e.rcpt].place = (uint32_t)(i + 1);
}

static void rise(struct due *d, size_t i)
{
	struct due_entry e = d->at[i];

	while (i > 0 && e.next < d->at[(i - 1) / 2].next) {
		place(d, i, d->at[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(d, i, e);
}

static void sink(struct due *d, size_t i)
{
	struct due_entry e = d->at[i];

	for (;;) {
		size_t c = 2 * i + 1;

		if (c + 1 < d->n && d->at[c + 1].next < d->at[c].next)
			c++;
		if (c >= d->n || d->at[c].next >= e.next)
			break;
		place(d, i, d->at[c]);
		i = c;
	}
	place(d, i, e);
}

void due_add(struct due *d, struct item *it, size_t rcpt, int64_t next)
{
	MUST(it->rcpts[rcpt].place == 0);
	if (d->n == d->cap) {
		d->cap = d->cap > 0 ? d->cap * 2 : 64;
		d->at = mem_grow(d->at, d->cap * sizeof(*d->at));
	}
	it->rcpts[rcpt].next = next;
	d->at[d->n] = (struct due_entry){ next, it, (uint32_t)rcpt };
	rise(d, d->n++);
}

void due_remove(struct due *d, struct item *it, size_t rcpt)
{
	size_t i = it->rcpts[rcpt].place;

	if (i == 0)
		return;
	i--;
	MUST(i < d->n && d->at[i].item == it && d->at[i].rcpt == rcpt);
	it->rcpts[rcpt].place = 0;
	d->n--;
	if (i == d->n)
		return;
	place(d, i, d->at[d->n]);
	sink(d, i);
	rise(d, i);
}

const struct due_entry *due_first(const struct due *d)
{
	return d->n > 0 ? &d->at[0] : NULL;
}

void due_clear(struct due *d)
{
	free(d->at);
	*d = (struct due){ 0 };
}
