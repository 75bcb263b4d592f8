/* In which order rotated files are read. */
#include <stdlib.h>

#include "trace/group.h"

int64_t group_opens(const struct source_file *f)
{
	struct source_walk w = { .file = f };
	struct log_line l;
	struct str raw;
	enum source_fault fault;

	for (int i = 0; i < 100 && source_next(&w, &raw, &fault); i++) {
		if (fault != SOURCE_GOOD)
			continue;
		log_parse(f->family, raw, &l);
		if (l.stamped)
			return civil_to_seconds(l.stamp);
	}
	return INT64_MAX;
}

static int by_first(const void *a, const void *b)
{
	const struct source_file *x = a, *y = b;

	if (x->opens != y->opens)
		return x->opens < y->opens ? -1 : 1;
	if (x->kept != NULL && y->kept != NULL)
		return x->kept->order < y->kept->order ? -1 : 1;
	return str_cmp(x->path, y->path);
}

void group_sort(struct source *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].kept == NULL || !s->files[i].kept->known)
			s->files[i].opens = group_opens(&s->files[i]);
	if (s->n > 0)
		qsort(s->files, s->n, sizeof(*s->files), by_first);
}
