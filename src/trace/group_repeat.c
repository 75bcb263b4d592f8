/* Lines of the gate's log that syslog counted instead of writing them.  They are the same event again, as far as
 * anybody can know: never another message or recipient. */
#include "trace/group.h"

static void count(struct repeat_reader *r, struct gate *g, const struct line *ln, uint64_t times)
{
	if (g->repeat == NULL)
		g->repeat = arena_alloc(&r->b->mem, sizeof(*g->repeat));
	g->repeat->times += times;
	g->repeat->line = line_new(r->b, ln);
}

static void remember(struct repeat_reader *r, const struct line *ln, struct gate *g)
{
	r->before = g;
	r->file = ln->file;
	r->number = ln->number;
}

void repeat_see(struct repeat_reader *r, const struct line *ln, struct gate *g)
{
	r->latest[r->n++ % COUNT(r->latest)] = g;
	remember(r, ln, g);
}

void repeat_before(struct repeat_reader *r, const struct line *ln, const struct log_line *l)
{
	if (r->before == NULL || r->file != ln->file || r->number + 1 != ln->number)
		return; /* of another program, or of a file that was not read */
	count(r, r->before, ln, group_number(l->field[LOG_F_times]));
	remember(r, ln, r->before);
}

static bool same(const struct gate *a, const struct gate *b)
{
	return a->connection == b->connection && a->from == b->from && a->to == b->to && str_eq(a->code, b->code) &&
	       str_eq(a->ip, b->ip) && str_eq(a->reason, b->reason);
}

bool repeat_of(struct repeat_reader *r, const struct line *ln, const struct log_line *l, const struct gate *g)
{
	for (size_t i = 0; i < COUNT(r->latest) && i < r->n; i++) {
		struct gate *x = r->latest[(r->n - 1 - i) % COUNT(r->latest)];

		if (!same(x, g))
			continue;
		count(r, x, ln, group_number(l->again));
		remember(r, ln, x);
		return true;
	}
	return false;
}
