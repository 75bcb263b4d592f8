/* base/ordered.h - numbers to pointers, in the order of the numbers.
 *
 * Two levels: a row of pages, each some hundred numbers.  Sixteen bytes an entry when numbers come in rising order.  A
 * walk keeps the last number that it saw, so anything may be put or taken away between two of its steps.
 */
#ifndef BASE_ORDERED_H
#define BASE_ORDERED_H

#include <stddef.h>
#include <stdint.h>

struct ordered_page;

struct ordered {
	struct ordered_page **pages;
	size_t npages, cap;
	size_t n; /* entries */
};

void *ordered_get(const struct ordered *o, uint64_t number); /* NULL when absent */
/* The entry with the smallest number that is not below this one; NULL: none. */
void *ordered_from(const struct ordered *o, uint64_t number);
void ordered_put(struct ordered *o, uint64_t number, void *value); /* value != NULL; replaces */
void *ordered_del(struct ordered *o, uint64_t number);             /* the value, or NULL */
void ordered_clear(struct ordered *o);                             /* frees the pages, not the values */

#endif
