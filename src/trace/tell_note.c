/* Warnings: what does not fit together, and what is only a guess. */
#include "mail/srs.h"
#include "trace/erase.h"
#include "trace/moment.h"
#include "trace/tell_foreign.h"

static struct str length_words(struct arena *a, int64_t seconds)
{
	long long s = seconds < 0 ? -seconds : seconds;

	if (s < 60)
		return arena_fmt(a, "%lld s", s);
	if (s >= 3600 && (s % 86400 < 600 || s % 86400 > 86400 - 600))
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

/* "another message fits as well (smtp-25.log:7)" */
static struct str rival_words(struct told *t, const struct join *j)
{
	struct str path;

	if (j->rival == NULL)
		return STR("another message fits as well, or the times lie apart");
	path = t->book->source->files[j->rival->file].path;
	return arena_fmt(t->mem, "another message fits as well: %.*s:%u",
			 STR_ARG(str_skip(path, (size_t)(str_rchr(path, '/') + 1))), line_number(t->book, j->rival));
}

static void note_attempt(struct told *t, const struct attempt *a)
{
	if (a->restarted)
		tell_note(t,
			  "delivery number %llu is lower than an earlier one in the log: the delivery program was "
			  "restarted in between, or a date is wrong",
			  (unsigned long long)a->number);
	if (a->join.grade == GRADE_GUESS)
		tell_note(t, "that delivery %llu belongs to this message is a guess (by %s): %.*s",
			  (unsigned long long)a->number, a->join.key, STR_ARG(rival_words(t, &a->join)));
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
		tell_note(t, "that the gate's line belongs to this message is a guess (by %s): %.*s", g->join.key,
			  STR_ARG(rival_words(t, &g->join)));
}

static struct str time_words(struct told *t, int64_t utc)
{
	BUF(b);

	stamp_put_iso(&b, utc, day_offset(t->frame, utc));
	return arena_str(t->mem, buf_str(&b));
}

/* Another server's log names an accepted recipient only when it delivers. */
static int64_t called_at(const struct told *t, const struct party *p)
{
	return moment_of(t->book, p->to != NULL ? p->to : p->visit->final);
}

static bool refused(const struct party *p)
{
	return p->code >= 400 || p->visit->size_code >= 400;
}

/* Refused each time: a refused try does not say for which message it was. */
static void note_tries(struct told *t, const struct party *p, const struct party *other)
{
	const struct story *first = ties_of(t->story)->first_tries;
	unsigned n = tell_tries(t, p);

	if (n == 0)
		tell_note(t,
			  "this sender's mail to %.*s was refused in the same way at %.*s too: perhaps another try of "
			  "this message",
			  STR_ARG(p->name->text), STR_ARG(time_words(t, called_at(t, other))));
	else if (ties_of(first)->again.grade == GRADE_GUESS)
		tell_note(
		    t,
		    "that the %u tries are of one message is a guess (by %s): nothing is known of the client, and "
		    "a refused try does not say for which message it was",
		    n, ties_of(first)->again.key);
	else
		tell_note(
		    t,
		    "the %u tries are taken for one message's: sender, recipient, refusal and the client's network "
		    "or name are the same; a refused try does not say for which message it was",
		    n);
}

/* Refused for now, and accepted later: surely the same message, or perhaps. */
static void note_again(struct told *t, const struct party *p)
{
	const struct party *other = p->first_try != NULL ? p->first_try : p->seen_again;
	int64_t here, there;

	if (other == NULL)
		return;
	if (refused(p) && refused(other)) {
		note_tries(t, p, other);
		return;
	}
	here = called_at(t, p);
	there = called_at(t, other);
	if (p->first_try != NULL)
		tell_note(t, "%.*s was first refused for now at %.*s; the next try was accepted %.*s later",
			  STR_ARG(p->name->text), STR_ARG(time_words(t, there)),
			  STR_ARG(length_words(t->mem, here - there)));
	else
		tell_note(t,
			  "a message from this sender to %.*s was accepted at %.*s: perhaps this one, which was sent "
			  "again",
			  STR_ARG(p->name->text), STR_ARG(time_words(t, there)));
}

static void note_party(struct told *t, const struct party *p)
{
	note_addresses(t, p);
	for (const struct gate *g = p->gates; g != NULL; g = g->next)
		note_gate(t, g);
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		note_attempt(t, a);
	note_again(t, p);
}

static void note_skew(struct told *t)
{
	const struct book *b = t->book;
	uint32_t said = UINT32_MAX;

	for (size_t i = 0; i < t->nevents; i++) {
		uint32_t f = t->events[i].line->file;
		int64_t off = b->skew != NULL ? b->skew[f] : 0;

		if (f == said || off == 0 || (off <= 2 && off >= -2))
			continue;
		said = f;
		tell_note(t, "the clock of %.*s is about %lld seconds %s that of the SMTP log; the joins allow for it",
			  STR_ARG(b->source->files[f].path), (long long)(off < 0 ? -off : off),
			  off < 0 ? "behind" : "ahead of");
	}
}

static void note_parent(struct told *t)
{
	const struct story *parent = ties_of(t->story)->parent;
	struct join j = ties_of(t->story)->parent_join;
	const char *perhaps = j.grade == GRADE_GUESS ? "perhaps " : "";
	struct str by = j.grade == GRADE_EXACT ? STR("") : arena_fmt(t->mem, ", by %s", j.key);

	if (parent->qp > 0)
		tell_note(t, "this message %scame out of message %llu (a forward or a bounce)%.*s: trace qp %llu",
			  perhaps, (unsigned long long)parent->qp, STR_ARG(by), (unsigned long long)parent->qp);
	else
		tell_note(t, "this message %scame out of the one that began at %.*s (a forward or a bounce)%.*s",
			  perhaps, STR_ARG(time_words(t, parent->time)), STR_ARG(by));
}

/* The sender of a forward, readable; whoever sees only his own mail sees such an address masked whole. */
static void note_rewritten(struct told *t)
{
	struct addr origin;

	if (t->story->from != NULL && scope_all(t->scope) && srs_origin(t->story->from->text, t->mem, &origin))
		tell_note(t, "its sender was rewritten when it was forwarded (SRS), and stands for %.*s",
			  STR_ARG(addr_text(t->mem, &origin)));
}

static void note_erased(struct told *t)
{
	bool erased = t->story->from != NULL && str_eqz(t->story->from->text, ERASED_ADDRESS);

	for (size_t i = 0; i < t->nparties; i++)
		erased = erased || str_eqz(t->parties[i].address, ERASED_ADDRESS);
	if (erased)
		tell_note(t, "erased on request: " ERASED_ADDRESS
			     " stands where an address was erased from the logs; it may be several people's");
}

void tell_notes(struct told *t)
{
	const struct story *s = t->story;

	if (s->visit != NULL && s->visit->final != NULL)
		note_epoch(t, s->visit->final, s->visit->epoch);
	for (size_t i = 0; i < t->nparties; i++)
		note_party(t, t->parties[i].party);
	note_skew(t);
	note_erased(t);
	note_rewritten(t);
	tell_foreign_notes(t);
	if (ties_of(s)->parent != NULL && tell_is_foreign(s) == NULL)
		note_parent(t);
	else if (ties_of(s)->parent != NULL && ties_of(s)->hop.key == NULL)
		tell_note(t, "this message came out of %.*s (a forward or a bounce): trace %.*s",
			  STR_ARG(tell_called(t->mem, ties_of(s)->parent)),
			  STR_ARG(tell_question(t->mem, ties_of(s)->parent)));
	else if (ties_of(s)->parent == NULL && s->visit == NULL && s->from != NULL && s->parties.first != NULL &&
		 s->parties.first->gates == NULL)
		tell_note(t,
			  "no SMTP or gate line belongs to it: it was sent from this machine, is a bounce, or came in "
			  "through a log that was not searched");
}
