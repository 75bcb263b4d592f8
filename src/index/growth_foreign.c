/* Other servers' logs that grow: each is read to its end before the next one, in the order in which they begin. */
#include <stdlib.h>

#include "base/clock.h"
#include "index/growth.h"
#include "logs/foreign.h"

enum { HEAD = 64 << 10, HORIZON = 86400 };

const char growth_not_theirs[] = "they are neither Postfix's alone nor Exim's, nor qmail-send's";

bool growth_goes_on(unsigned servers)
{
	return servers == 0 || servers == 1u << FOREIGN_POSTFIX || servers == 1u << FOREIGN_EXIM ||
	       servers == 1u << FOREIGN_QMAIL;
}

bool growth_foreign(const struct growth *g)
{
	return g->n > 0 && g->at[0].f.family == LOG_FOREIGN;
}

/* In the latest year that does not put it behind the file's last change. */
static int64_t moment_in(const struct growth_file *f, struct civil stamp)
{
	if (stamp.year > 0)
		return civil_to_seconds(stamp);
	stamp.year = civil_of_seconds(f->f.mtime + HORIZON).year;
	if (civil_to_seconds(stamp) > f->f.mtime + HORIZON)
		stamp.year--;
	return civil_to_seconds(stamp);
}

/* The stamp of the first line that has one. */
static int64_t first_stamp(const struct growth_file *f, struct str rest)
{
	struct frame frame = { 0 };
	struct str line;

	while (rest.n > 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		if (frame_glance(line, &frame) && frame.stamp.month > 0)
			return moment_in(f, frame.stamp);
	}
	return INT64_MAX;
}

/* Is it another server that the first line of a mail server is of? */
static bool is_anothers(struct str rest)
{
	struct foreign_line l = { 0 };
	struct str line;

	while (rest.n > 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		if (foreign_read_next(line, &l) && l.kind != FOREIGN_STRANGER && l.server != FOREIGN_NOBODY)
			return !growth_goes_on(1u << l.server);
	}
	return false;
}

int growth_see_foreign(struct growth_file *f, struct err *e)
{
	BUF(head);

	f->f.begins = INT64_MAX;
	if (!growth_text(f, 0, f->size < HEAD ? f->size : HEAD, &head))
		return err_set(e, "%.*s cannot be read", STR_ARG(f->f.path));
	if (is_anothers(buf_str(&head)))
		return err_set(e, "%s", growth_not_theirs);
	f->f.begins = first_stamp(f, buf_str(&head));
	return 0;
}

static int by_beginning(const void *a, const void *b)
{
	const struct growth_file *const *x = a, *const *y = b;

	if ((*x)->f.begins != (*y)->f.begins)
		return (*x)->f.begins < (*y)->f.begins ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

int growth_line_up(struct growth *g, struct err *e)
{
	const struct growth_file *grown = NULL;

	g->order = arena_alloc(&g->mem, (g->n + 1) * sizeof(*g->order));
	for (size_t i = 0; i < g->n; i++) {
		g->order[i] = &g->at[i];
		if (g->at[i].f.family != LOG_FOREIGN)
			return err_set(e, "there are logs of ours, and of other servers");
	}
	qsort(g->order, g->n, sizeof(struct growth_file *), by_beginning);
	for (size_t i = 0; i < g->n; i++) {
		if (grown != NULL && g->order[i]->from > 0)
			return err_set(e, "%.*s grows before %.*s", STR_ARG(grown->f.path),
				       STR_ARG(g->order[i]->f.path));
		if (g->order[i]->size > g->order[i]->from)
			grown = g->order[i];
	}
	return 0;
}

bool growth_cut(struct growth *g, uint64_t most)
{
	bool more = false;

	for (size_t i = 0; i < g->n; i++) {
		struct growth_file *f = g->order[i];
		uint64_t left = f->size - f->from;

		f->to = f->from + (left < most ? left : most);
		more = more || f->to < f->size;
		most -= f->to - f->from;
	}
	return more;
}
