/* Messages by the number of the process that queued them (qmail's qp), which comes again: nearest to a moment. */
#include "trace/join.h"

enum { HOUR = 3600, LOOKS = 64 };

static uint64_t key_of(uint64_t qp, int64_t hour)
{
	return qp << 24 ^ (uint64_t)hour; /* which is of 20 bits; one too many is told by its qp */
}

/* When it was said, which for most is when the message began. */
static int64_t when(const struct book *b, const struct visit *v)
{
	return v->final != NULL ? moment_of(b, v->final) : v->story->time;
}

void join_number_put(const struct book *b, struct map *m, struct visit *v)
{
	v->foreign->same_number = map_putn(m, key_of(v->qp, when(b, v) / HOUR), v);
}

struct visit *join_number_near(const struct book *b, const struct map *m, uint64_t qp, struct number_reach near)
{
	struct visit *best = NULL;

	MUST(near.reach <= HOUR);
	for (int64_t hour = near.at / HOUR - 1; hour <= near.at / HOUR + 1; hour++) {
		struct visit *v = map_getn(m, key_of(qp, hour));

		for (int i = 0; i < LOOKS && v != NULL; i++, v = v->foreign->same_number)
			if (v->qp == qp && join_apart(when(b, v), near.at) <= near.reach &&
			    (best == NULL || join_apart(when(b, v), near.at) < join_apart(when(b, best), near.at)))
				best = v;
	}
	return best;
}

/* The gate's line names epoch and qp, qmail's the qp alone: near in time, they are one message. */
void join_foreign_begin(struct completer *c)
{
	struct map by_qp = MAP_INIT;

	if (c->b->gates == NULL)
		return;
	for (struct gate *g = c->b->gates; g != NULL; g = g->next)
		if (g->qp > 0)
			map_putn(&by_qp, g->qp, g);
	for (struct visit *v = c->b->visits; v != NULL; v = v->later) {
		const struct gate *g = v->foreign != NULL && v->qp > 0 ? map_getn(&by_qp, v->qp) : NULL;

		if (g != NULL && join_apart(moment_of(c->b, g->line), moment_of(c->b, v->final)) <= REACH_REPLY)
			v->epoch = g->epoch;
	}
	map_clear(&by_qp);
}
