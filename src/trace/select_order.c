/* The order of answers. */
#include <stdlib.h>
#include <string.h>

#include "base/numbered.h"
#include "trace/select.h"

static int64_t newest_of(const struct story *const *at, size_t n)
{
	int64_t newest = INT64_MIN;

	for (size_t i = 0; i < n; i++)
		newest = at[i]->time > newest ? at[i]->time : newest;
	return newest;
}

/* By seconds before the newest one; of one second the last one first. */
void select_newest_first(const struct story **at, size_t n)
{
	struct numbered *age = mem_alloc((n + 1) * sizeof(*age));
	const struct story **was = mem_alloc((n + 1) * sizeof(*was));
	int64_t newest = newest_of(at, n);

	MUST(n <= UINT32_MAX);
	for (size_t i = 0; i < n; i++) {
		was[i] = at[n - 1 - i];
		age[i] = (struct numbered){ .number = (uint64_t)newest - (uint64_t)was[i]->time, .of = (uint32_t)i };
	}
	numbered_sort(&age, n);
	for (size_t i = 0; i < n; i++)
		at[i] = was[age[i].of];
	free(age);
	free(was);
}
