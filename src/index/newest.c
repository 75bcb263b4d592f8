/* How many stories answer a question, and since when the newest of them began: by the rows of each chapter, whose texts
 * need not be brought together for it. */
#include <stdlib.h>

#include "index/inside.h"

struct count {
	const struct question *q;
	struct span span;
	size_t most, found;
	uint32_t *times; /* of each chapter the newest `most`, at most; 0: a time that rows do not hold (rows_make.c) */
	size_t n, cap;
};

static void add_time(struct count *k, uint32_t time)
{
	if (k->n == k->cap) {
		k->cap = 2 * k->cap + 1024;
		k->times = mem_grow(k->times, k->cap * sizeof(*k->times));
	}
	k->times[k->n++] = time;
}

/* family: of each story; NULL: nothing of the chapter is hidden.  The rows stand newest first. */
static bool count_rows(struct count *k, const struct index *x, const struct rows *r, const uint32_t *family, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (i > 0 && r->story[i] == r->story[i - 1])
			continue;
		if (family != NULL && r->story[i] >= n)
			return false;
		if (family != NULL && set_has(x->hidden, family[r->story[i]]))
			continue;
		if (found++ < k->most)
			add_time(k, r->time[i] != ROW_UNKNOWN(*r->time) ? r->time[i] : 0);
	}
	k->found += found;
	return true;
}

static unsigned needed(const struct question *q)
{
	bool names = false;

	for (size_t i = 0; i < q->n; i++)
		names = names || q->filters[i].kind == FILTER_FROM || q->filters[i].kind == FILTER_TO ||
			q->filters[i].kind == FILTER_ANY;
	return names ? MERGE_NAMES : 0;
}

static bool count_chapter(struct count *k, struct index *x)
{
	struct rows r = { 0 };
	uint32_t *family = NULL;
	size_t n = 0;
	bool good = merge_read(x, needed(k->q), &r);

	if (good && x->hidden != NULL) {
		family = merge_families(x, &n);
		good = family != NULL;
	}
	if (good) {
		rows_choose(&r, k->q, k->span);
		good = count_rows(k, x, &r, family, n);
	}
	free(family);
	rows_clear(&r);
	return good;
}

static int later_first(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x > y ? -1 : x < y;
}

bool newest_look(struct index *x, const struct question *q, struct span span, size_t most, struct newest *out)
{
	struct count k = { .q = q, .span = span, .most = most };
	bool good = true;

	for (; x != NULL && good; x = x->before)
		good = !index_within(x, span) || count_chapter(&k, x);
	*out = (struct newest){ k.found, INT64_MIN };
	if (k.found > most) {
		MUST(most > 0 && k.n >= most);
		qsort(k.times, k.n, sizeof(*k.times), later_first);
		out->since = k.times[most - 1] > 0 ? k.times[most - 1] : INT64_MIN;
	}
	free(k.times);
	return good;
}
