/* Ranges laid over each other: the line of all addresses is cut at every edge, and each piece belongs to the oldest
 * range that covers it.  `next` leads over pieces that have an owner already, so laying is nearly linear. */
#include "gate/ip_range.h"

#include <stdlib.h>
#include <string.h>
#include "base/err.h"

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ip));
}

/* The address behind it; the family in front takes the carry of the last one. */
static struct ip behind(struct ip x)
{
	for (size_t i = sizeof(x.b); i-- > 0;)
		if (++x.b[i] != 0)
			break;
	return x;
}

/* The last edge that is not behind `at`; n when there is none. */
static size_t piece_of(const struct ip_cover *c, const struct ip *at)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare(&c->edges[mid], at) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low == 0 ? c->n : low - 1;
}

static void cut(struct ip_cover *c, const struct ip_range *r, size_t n)
{
	size_t kept = 0;

	c->edges = mem_alloc((2 * n + 1) * sizeof(*c->edges));
	for (size_t i = 0; i < n; i++) {
		c->edges[2 * i] = r[i].from;
		c->edges[2 * i + 1] = behind(r[i].to);
	}
	qsort(c->edges, 2 * n, sizeof(*c->edges), compare);
	for (size_t i = 0; i < 2 * n; i++)
		if (kept == 0 || compare(&c->edges[kept - 1], &c->edges[i]) != 0)
			c->edges[kept++] = c->edges[i];
	c->n = kept;
}

/* The first piece from i on that has no owner. */
static size_t open_from(size_t *next, size_t i)
{
	while (next[i] != i) {
		next[i] = next[next[i]];
		i = next[i];
	}
	return i;
}

void ip_cover_init(struct ip_cover *c, const struct ip_range *r, size_t n)
{
	size_t *next;

	*c = (struct ip_cover){ 0 };
	cut(c, r, n);
	c->owners = mem_alloc((c->n + 1) * sizeof(*c->owners));
	next = mem_alloc((c->n + 1) * sizeof(*next));
	for (size_t i = 0; i <= c->n; i++) {
		c->owners[i] = IP_NOBODY;
		next[i] = i;
	}
	for (size_t i = 0; i < n; i++) {
		size_t last = piece_of(c, &r[i].to);

		for (size_t k = open_from(next, piece_of(c, &r[i].from)); k <= last; k = open_from(next, k)) {
			c->owners[k] = r[i].owner;
			next[k] = k + 1;
		}
	}
	free(next);
}

void ip_cover_clear(struct ip_cover *c)
{
	free(c->edges);
	free(c->owners);
	*c = (struct ip_cover){ 0 };
}

unsigned ip_cover_find(const struct ip_cover *c, const struct ip *at)
{
	size_t i = piece_of(c, at);

	return i == c->n ? IP_NOBODY : c->owners[i];
}
