/* The same log under two names: a copy, an archive beside what it was made of, one that is just being made. */
#include <stdlib.h>
#include <string.h>

#include "trace/source.h"

enum { LOOK_AHEAD = 16 }; /* copies of one beginning that are looked at */

static bool same_label(const struct source_file *a, const struct source_file *b)
{
	return a->label.n == 0 || b->label.n == 0 || str_eq(a->label, b->label);
}

/* Which of two equal ones is the worse to show: gone, without a label, packed, later by name. */
static int worth(const struct source_file *a, const struct source_file *b)
{
	if (a->gone != b->gone)
		return a->gone ? -1 : 1;
	if ((a->label.n > 0) != (b->label.n > 0))
		return a->label.n > 0 ? 1 : -1;
	if ((a->packed.form == UNPACK_PLAIN) != (b->packed.form == UNPACK_PLAIN))
		return a->packed.form == UNPACK_PLAIN ? 1 : -1;
	return str_cmp(b->path, a->path);
}

/* By family and text; so a text stands before all that begin with it. */
static int by_text(const void *x, const void *y)
{
	const struct source_file *a = *(struct source_file *const *)x, *b = *(struct source_file *const *)y;
	int c;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	c = str_cmp(buf_str(&a->text), buf_str(&b->text));
	return c != 0 ? c : worth(a, b);
}

static bool holds(const struct source_file *whole, const struct source_file *part)
{
	return whole->family == part->family && str_starts(buf_str(&whole->text), buf_str(&part->text));
}

static void pass_over(struct source *s, struct source_file *f, struct source_file *better)
{
	if (better->label.n == 0)
		better->label = f->label;
	if (!f->gone)
		source_skip(s, f->path, "%s %.*s",
			    f->text.n == better->text.n ? "the same content as" : "only the beginning of",
			    STR_ARG(better->path));
	s->loaded -= f->text.n;
	buf_clear(&f->text);
	f->path = STR("");
}

static void look_for_better(struct source *s, struct source_file **order, size_t n, size_t i)
{
	struct source_file *f = order[i];

	for (size_t k = i + 1; k < n && k <= i + LOOK_AHEAD && holds(order[k], f); k++) {
		if (!same_label(f, order[k]))
			continue;
		pass_over(s, f, order[k]);
		return;
	}
}

/* A log that was read just before it became a part of an archive: the second one of its day stands behind the first. */
static void look_in_archives(struct source *s, struct source_file *f)
{
	for (size_t i = 0; i < s->n && f->path.n > 0; i++) {
		struct source_file *g = &s->files[i];
		const char *at;

		if (g == f || g->gone || g->packed.form == UNPACK_PLAIN || g->family != f->family ||
		    !str_eq(g->label, f->label) || g->path.n == 0)
			continue;
		at = memmem(g->text.p, g->text.n, f->text.p, f->text.n);
		if (at != NULL && (at == g->text.p || at[-1] == '\n'))
			pass_over(s, f, g);
	}
}

static void forget_passed(struct source *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].path.n > 0)
			s->files[n++] = s->files[i];
	s->n = n;
}

void source_settle(struct source *s)
{
	struct source_file **order = mem_alloc((s->n + 1) * sizeof(struct source_file *));
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct source_file *f = &s->files[i];

		f->gone = f->gone || (f->seen != NULL && !source_stands(f->seen));
		if (f->text.n > 0 && (f->kept == NULL || !f->kept->known))
			order[n++] = f;
	}
	if (n > 0)
		qsort(order, n, sizeof(*order), by_text);
	for (size_t i = 0; i < n; i++)
		look_for_better(s, order, n, i);
	for (size_t i = 0; i < n; i++)
		if (order[i]->gone && order[i]->path.n > 0 && order[i]->packed.form == UNPACK_PLAIN)
			look_in_archives(s, order[i]);
	free(order);
	forget_passed(s);
}

struct last {
	int64_t at;
};

static struct last *last_of(struct source *s, struct map *logs, const struct source_file *f)
{
	struct str folder = str_take(f->path, f->path.n - source_base_name(f->path).n);
	struct str stem = source_stem(f->path);
	struct str key = arena_fmt(&s->mem, "%d%.*s/%.*s", (int)f->family, STR_ARG(folder), STR_ARG(stem));
	struct last *x = map_get(logs, key);

	if (x == NULL) {
		x = arena_alloc(&s->mem, sizeof(*x));
		map_put(logs, key, x);
	}
	return x;
}

void source_rotations(struct source *s)
{
	struct map logs = MAP_INIT;

	for (size_t i = 0; i < s->n; i++) {
		struct last *x = last_of(s, &logs, &s->files[i]);

		if (s->files[i].last > x->at)
			x->at = s->files[i].last;
	}
	for (size_t i = 0; i < s->n; i++)
		s->files[i].log_last = last_of(s, &logs, &s->files[i])->at;
	map_clear(&logs);
}
