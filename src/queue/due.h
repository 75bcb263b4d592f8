/* queue/due.h - waiting recipients, ordered by their next try (a heap; the recipient knows its place in it). */
#ifndef QUEUE_DUE_H
#define QUEUE_DUE_H

#include "queue/item.h"

struct due_entry {
	int64_t next;
	struct item *item;
	uint32_t rcpt;
};

struct due {
	struct due_entry *at;
	size_t n, cap;
};

/* The recipient waits until `next`; it was not in the heap. */
void due_add(struct due *d, struct item *it, size_t rcpt, int64_t next);
void due_remove(struct due *d, struct item *it, size_t rcpt); /* nothing happens when it is not there */
const struct due_entry *due_first(const struct due *d);       /* the smallest next, or NULL */
void due_clear(struct due *d);

#endif
