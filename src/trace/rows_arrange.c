/* Rows in another order: those of several chapters of an index become the rows of one tale. */
#include <stdlib.h>
#include <string.h>

#include "trace/rows.h"

/* What is known beside rows goes with the row that it hangs on. */
static void arrange_also(struct rows *r, const uint32_t *at, size_t n)
{
	size_t *first = mem_alloc((r->n + 2) * sizeof(*first)), kept = 0;
	struct row_also *also = mem_alloc((r->nalso + 1) * sizeof(*also));

	for (size_t i = 0; i < r->nalso; i++)
		first[r->also[i].row + 1]++;
	for (size_t i = 0; i < r->n; i++)
		first[i + 1] += first[i];
	for (size_t i = 0; i < n; i++)
		for (size_t k = first[at[i]]; k < first[at[i] + 1]; k++) {
			also[kept] = r->also[k];
			also[kept++].row = (uint32_t)i;
		}
	free(first);
	free(r->also);
	r->also = also;
	r->also_cap = r->nalso + 1;
	r->nalso = kept;
}

static void number_stories(uint32_t *story, size_t n)
{
	uint32_t before = 0, number = 0;

	for (size_t i = 0; i < n; i++) {
		number += i > 0 && story[i] != before;
		before = story[i];
		story[i] = number;
	}
}

void rows_arrange(struct rows *r, const uint32_t *at, size_t n)
{
	if (r->nalso > 0)
		arrange_also(r, at, n);
#define ROW(type, name, meaning) \
	{ \
		type *column = mem_grow(NULL, (n + 1) * sizeof(type)); \
		for (size_t i = 0; i < n; i++) \
			column[i] = r->name[at[i]]; \
		free(r->name); \
		r->name = column; \
	}
#include "trace/rows.def"
#undef ROW
	r->n = n;
	r->cap = n + 1;
	number_stories(r->story, n);
}
