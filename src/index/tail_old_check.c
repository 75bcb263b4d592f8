/* Are these old logs as an index goes on with, and was everything there that a join of what is new depends on? */
#include "index/tail_inside.h"
#include "trace/join.h"

/* Seconds: a reply is written this long after the moment that it names; a line of the gate never before that. */
enum { SLOW = 30, SOON = 2, OUT_OF_ORDER = 1 };

static bool names_its_moment(const struct tail *t, const struct line *x, uint64_t epoch)
{
	int64_t d = moment_of(&t->book, x) - (int64_t)epoch;

	return d <= SLOW && d >= -SOON;
}

static const char *check_visits(const struct tail *t)
{
	for (const struct visit *v = t->book.visits; v != NULL; v = v->later) {
		if (v->connection > 0 || v->foreign != NULL)
			return "some visits in the SMTP log have a number, and others have none";
		if (v->lines.first->file != v->lines.last->file)
			return "a visit goes on in another file";
		if (v->qp > 0 && !names_its_moment(t, v->final, v->epoch))
			return "a reply in the SMTP log names another moment than its stamp";
	}
	return NULL;
}

static const char *check_gates(const struct tail *t)
{
	for (const struct story *s = t->tale.stories; s != NULL; s = s->later)
		for (const struct party *p = s->parties.first; p != NULL; p = p->next)
			for (const struct gate *g = p->gates; g != NULL; g = g->next) {
				if (g->repeat != NULL)
					return "the gate's log was written by syslog";
				if (g->qp > 0 && !names_its_moment(t, g->line, g->epoch))
					return "a line of the gate's log names another moment than its stamp";
			}
	return NULL;
}

/* A walk back over inits ends at the first that is too old. */
static const char *check_deliveries(const struct tail *t)
{
	for (const struct attempt *a = t->book.attempts; a != NULL; a = a->later)
		if (a->qp > 0 || a->number == 0)
			return "some attempts in the delivery log have a message's number";
	for (const struct init *x = t->book.inits; x != NULL && x->later != NULL; x = x->later)
		if (x->later->line->local < x->line->local - OUT_OF_ORDER)
			return "the delivery log is not in the order of time";
	return t->book.bounces != NULL || t->book.orders != NULL ? "the delivery log is not an old one" : NULL;
}

/* Deliveries are told by what was read before them; a group of the SMTP log does not go on in the next file. */
static const char *check_files(const struct tail *t)
{
	for (size_t i = 0; i < t->g->n; i++)
		for (size_t k = i + 1; k < t->g->n; k++) {
			const struct growth_file *a = &t->g->at[i], *b = &t->g->at[k];

			if (a->f.family != b->f.family)
				continue;
			if (a->f.family == LOG_DELIVERY &&
			    ((a->to > a->from && b->from > 0) || (a->to < a->size && b->to > 0)))
				return "a delivery log grows before another one";
			if (a->f.family == LOG_SMTP && str_eq(a->f.label, b->f.label) && a->to < a->size && b->to > 0)
				return "an SMTP log ends in the middle of a visit";
		}
	return NULL;
}

int tail_old_check(struct tail *t, struct err *e)
{
	const char *why = NULL;

	if (t->book.zone.source != ZONE_MEASURED || !zone_steady(&t->book.zone))
		why = "the logs do not say their zone, and do not show one";
	if (why == NULL)
		why = check_visits(t);
	if (why == NULL)
		why = check_gates(t);
	if (why == NULL)
		why = check_deliveries(t);
	if (why == NULL)
		why = check_files(t);
	if (why == NULL)
		why = t->book.unsteady;
	if (why == NULL && t->ask->x != NULL && tail_old_surprise(t) < t->pull.known.since)
		why = "there is a delivery to a recipient of whom none was known";
	if (why == NULL && t->damaged)
		why = "the index is damaged";
	return why != NULL ? err_set(e, "%s", why) : 0;
}
