/* Warnings: what does not fit together, and what is only a guess. */
#include "trace/tell.h"

static struct str length_words(struct arena *a, int64_t seconds)
{
	long long s = seconds < 0 ? -seconds : seconds;

	if (s % 86400 < 600 || s % 86400 > 86400 - 600)
		return arena_fmt(a, "%lld day%s", (s + 600) / 86400, (s + 600) / 86400 == 1 ? "" : "s");
	if (s >= 3600)
		return arena_fmt(a, "%lld h %lld min", s / 3600, s % 3600 / 60);
	return arena_fmt(a, "%lld min", s / 60);
}

static void note_epoch(struct told *t, const struct line *x, uint64_t epoch)
{
	const struct zone_table *z = &t->book->zone;
	int64_t off = epoch > 0 ? zone_disagrees(z, x->local, (int64_t)epoch) : 0;
	BUF(said);

	if (off == 0)
		return;
	stamp_put_iso(&said, (int64_t)epoch, zone_at(z, (int64_t)epoch));
	tell_note(t, "the reply's epoch %llu is %s, %.*s off the line's date: one of the two clocks or dates is wrong",
		  (unsigned long long)epoch, buf_z(&said), STR_ARG(length_words(t->mem, off)));
}

static void note_addresses(struct told *t, const struct party *p)
{
	struct log_line l;

	if (p->check == NULL || p->gates == NULL)
		return;
	line_fields(t->book, p->check, &l);
	if (l.field[LOG_F_ip].n == 0 || str_eq(l.field[LOG_F_ip], p->gates->ip))
		return;
	tell_note(
	    t,
	    "the SMTP log names another client address (%.*s) than the gate log (%.*s); addresses were not used to "
	    "join the lines",
	    STR_ARG(l.field[LOG_F_ip]), STR_ARG(p->gates->ip));
}

static void note_attempt(struct told *t, const struct attempt *a)
{
	if (a->restarted)
		tell_note(t,
			  "delivery number %llu is lower than an earlier one in the log: the delivery program was "
			  "restarted in between, or a date is wrong",
			  (unsigned long long)a->number);
	if (a->join.grade == GRADE_GUESS)
		tell_note(
		    t,
		    "that delivery %llu belongs to this message is a guess (by %s): another message fits as well, "
		    "or the times lie apart",
		    (unsigned long long)a->number, a->join.key);
}

static void note_gate(struct told *t, const struct gate *g)
{
	if (g->repeat != NULL)
		tell_note(
		    t,
		    "the gate's line about %.*s stands for %llu: syslog wrote how often it was repeated instead of "
		    "the others, which say nothing more",
		    STR_ARG(g->to->text), (unsigned long long)g->repeat->times + 1);
	if (g->join.grade == GRADE_GUESS)
		tell_note(t,
			  "that the gate's line belongs to this message is a guess (by %s): another one fits as well",
			  g->join.key);
}

static void note_party(struct told *t, const struct party *p)
{
	note_addresses(t, p);
	for (const struct gate *g = p->gates; g != NULL; g = g->next)
		note_gate(t, g);
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		note_attempt(t, a);
}

void tell_notes(struct told *t)
{
	const struct story *s = t->story;

	if (s->visit != NULL && s->visit->final != NULL)
		note_epoch(t, s->visit->final, s->visit->epoch);
	for (size_t i = 0; i < t->nparties; i++)
		note_party(t, t->parties[i].party);
	if (s->parent != NULL)
		tell_note(t, "this message came out of message %llu (a forward or a bounce): trace qp %llu",
			  (unsigned long long)s->parent->qp, (unsigned long long)s->parent->qp);
	if (s->parent == NULL && s->visit == NULL && s->from != NULL && s->parties.first != NULL &&
	    s->parties.first->gates == NULL)
		tell_note(t,
			  "no SMTP or gate line belongs to it: it was sent from this machine, is a bounce, or came in "
			  "through a log that was not searched");
}
