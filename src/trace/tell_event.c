/* The timeline: each line that says something, as a few plain words. */
#include "trace/tell_foreign.h"

enum { RANK_OPEN, RANK_GATE, RANK_SMTP, RANK_BEHIND, RANK_DELIVERY, RANK_END };

void tell_add(struct told *t, struct event e)
{
	if (t->nevents == t->events_cap) {
		t->events_cap = t->events_cap > 0 ? t->events_cap * 2 : 16;
		t->events = arena_grow(t->mem, t->events, t->nevents, t->events_cap, sizeof(*t->events));
	}
	t->events[t->nevents++] = e;
}

static void add_event(struct told *t, struct event e)
{
	if (e.time == 0)
		e.time = tell_time(t, e.line);
	e.rank = e.rank * 100000 + (int)(t->nevents < 99999 ? t->nevents : 99999);
	tell_add(t, e);
}

static bool of_gate(enum log_kind kind)
{
	return kind >= LOG_SMTP_GATE_REFUSED && kind <= LOG_SMTP_GATE_STAGE;
}

static void add_smtp(struct told *t, const struct party *p, const struct line *x, struct event e)
{
	e.rank = x->kind == LOG_SMTP_SESSION ? RANK_OPEN : RANK_SMTP;
	e.station = of_gate(x->kind) ? "gate" : "smtp";
	e.party = p;
	e.line = x;
	add_event(t, e);
}

static struct str gate_words(struct told *t, const struct gate *g)
{
	bool named = g->rdns.n > 0 && !str_eqz(g->rdns, "(unknown)");
	bool other = str_eqz(g->code, "DENIED_OTHER");
	/* A `_` stands for a space in words, and for itself in the entry or the file of a list. */
	bool entry = !other && (str_starts(g->reason, STR("/")) || str_chr(g->reason, '@') >= 0);
	struct str said = entry ? g->reason : log_reason_plain(t->mem, g->reason), reason = STR("");

	if (g->reason.n > 0 && !str_eqz(g->reason, "(empty)") && !str_eqz(g->code, "ALLOWED"))
		reason = arena_fmt(t->mem, ": %.*s", STR_ARG(said));
	if (other)
		return arena_fmt(t->mem, "no objection; what came after it refused (%.*s)%.*s", STR_ARG(g->code),
				 STR_ARG(reason));
	return arena_fmt(t->mem, "%s %.*s (%.*s): %.*s%.*s", str_eqz(g->code, "ALLOWED") ? "let in" : "refused",
			 STR_ARG(g->ip), STR_ARG(named ? g->rdns : STR("no reverse name")), STR_ARG(g->code),
			 STR_ARG(reason));
}

static void tell_gate(struct told *t, const struct party *p, const struct gate *g, enum grade grade)
{
	add_event(t, (struct event){ .rank = str_eqz(g->code, "DENIED_OTHER") ? RANK_BEHIND : RANK_GATE,
				     .station = "gate",
				     .party = p,
				     .what = gate_words(t, g),
				     .line = g->line,
				     .grade = g->join.grade < grade ? g->join.grade : grade });
}

static struct str session_words(struct told *t, const struct log_line *l)
{
	const struct visit *v = t->story->visit;
	struct str who = arena_fmt(t->mem, "connection %.*s from %.*s", STR_ARG(l->field[LOG_F_connection]),
				   STR_ARG(l->field[LOG_F_ip]));

	return v->helo.n == 0 ? who
			      : arena_fmt(t->mem, "%.*s, which calls itself %.*s", STR_ARG(who),
					  STR_ARG(log_plain(t->mem, v->helo)));
}

static struct str opening_words(struct told *t, const struct log_line *l)
{
	switch (l->kind) {
	case LOG_SMTP_SESSION:
		return session_words(t, l);
	case LOG_SMTP_TLS:
		return arena_fmt(t->mem, "encrypted: %.*s", STR_ARG(l->field[LOG_F_encryption]));
	case LOG_SMTP_AUTH:
		return arena_fmt(t->mem, "logged in as %.*s", STR_ARG(l->field[LOG_F_user]));
	case LOG_SMTP_AUTH_FAILED:
		return arena_fmt(t->mem, "login as %.*s failed: %.*s", STR_ARG(l->field[LOG_F_user]),
				 STR_ARG(l->field[LOG_F_reason]));
	case LOG_SMTP_GATE_REFUSED:
	case LOG_SMTP_GATE_ERROR:
	case LOG_SMTP_GATE_ALLOWED:
	case LOG_SMTP_GATE_PASSED:
	case LOG_SMTP_GATE_SKIPPED:
		return tell_check(t, l);
	case LOG_SMTP_CHECK:
		return arena_fmt(t->mem, "recipient check: %.*s, %.*s", STR_ARG(l->field[LOG_F_title]),
				 STR_ARG(log_plain(t->mem, l->field[LOG_F_description])));
	case LOG_SMTP_END:
		return arena_fmt(t->mem, "the end, without a message: %.*s", STR_ARG(l->field[LOG_F_reason]));
	case LOG_SMTP_RECOVERED:
		return STR("this group was written again after a crash");
	default:
		return STR("");
	}
}

static struct str final_words(struct told *t, const struct visit *v, const struct line *x)
{
	struct str text, said;
	int code;

	said = tell_reply(t, x, &code, &text);
	if (code >= 400)
		return arena_fmt(t->mem, "the message was refused: %.*s", STR_ARG(said));
	if (!v->sized)
		return arena_fmt(t->mem, "accepted: %.*s", STR_ARG(said));
	return arena_fmt(t->mem, "accepted, %.*s bytes: %.*s", STR_ARG(tell_count(t->mem, v->size)), STR_ARG(said));
}

static struct str answer_words(struct told *t, const struct line *x, const char *to)
{
	struct str text, said;
	int code;

	said = tell_reply(t, x, &code, &text);
	return code >= 400 ? arena_fmt(t->mem, "answer to %s: %.*s", to, STR_ARG(said)) : STR("");
}

/* An accepted MAIL or RCPT says nothing that the lines around it do not. */
static struct str resp_words(struct told *t, const struct visit *v, const struct party *p, const struct line *x)
{
	if (x == v->final)
		return final_words(t, v, x);
	if (p != NULL && x == p->resp)
		return answer_words(t, x, "this recipient");
	return answer_words(t, x, p == NULL ? "the sender's address" : "the client");
}

static void add_foreign(struct told *t, const struct party *p, const struct line *x, int rank, enum grade grade)
{
	struct foreign_event e = tell_foreign_line(t, x, rank == RANK_DELIVERY ? "delivery" : "smtp");

	if (e.what.n > 0)
		add_event(t, (struct event){ .rank = e.ends ? RANK_END : rank,
					     .station = e.ends ? "delivery" : e.station,
					     .party = p,
					     .what = e.what,
					     .line = x,
					     .grade = grade });
}

static void tell_line(struct told *t, const struct visit *v, const struct party *p, const struct line *x, bool *quiet,
		      enum grade grade)
{
	struct event e = { .grade = grade };
	struct log_line l;

	line_fields(t->book, x, &l);
	if (l.kind == LOG_SMTP_GATE_STAGE) {
		e.checks = tell_gate_stage(t, &l, &e.what);
	} else if ((e.checks = tell_quiet(t, p, x, quiet, &e.what)) != NULL) {
		add_smtp(t, p, x, e);
		return;
	} else if (l.kind == LOG_SMTP_RESP || l.kind == LOG_SMTP_RESP_QUEUED) {
		e.what = resp_words(t, v, p, x);
	} else {
		e.what = opening_words(t, &l);
	}
	if (e.what.n > 0)
		add_smtp(t, p, x, e);
}

/* Of the story that is told or, with the grade of that join, of its beginning. */
static void tell_visit(struct told *t, const struct scope *sc, const struct story *s, enum grade grade)
{
	const struct visit *v = s->visit;
	const struct party *p = NULL, *next = v->parties.first;
	bool quiet = false;

	for (const struct line *x = v->lines.first; x != NULL; x = x->next) {
		if (next != NULL && x == next->to) {
			p = next;
			next = next->next;
		}
		if (!scope_line(sc, t->book, s, p, x))
			continue;
		if (v->foreign != NULL) {
			add_foreign(t, x == v->final ? NULL : p, x, RANK_SMTP, GRADE_EXACT);
			continue;
		}
		tell_line(t, v, x == v->final ? NULL : p, x, &quiet, grade);
	}
}

static struct str try_words(struct told *t, const struct attempt *a)
{
	const char *where = a->remote ? "to another server" : "on this server";

	if (a->original != a->to)
		return arena_fmt(t->mem, "delivery %llu %s begins, for %.*s (the alias %.*s)",
				 (unsigned long long)a->number, where, STR_ARG(a->to->text),
				 STR_ARG(a->original->text));
	return arena_fmt(t->mem, "delivery %llu %s begins", (unsigned long long)a->number, where);
}

static struct str result_words(struct told *t, const struct attempt *a)
{
	static const char *const ended[] = {
		[OUTCOME_SUCCESS] = "succeeded", [OUTCOME_FAILURE] = "failed", [OUTCOME_DEFERRAL] = "was put off"
	};
	struct remote r;

	tell_read_remote(t, a, &r);
	if (a->peer != NULL && r.said.n > 0 && a->outcome == OUTCOME_SUCCESS)
		return arena_fmt(t->mem, "delivery %llu succeeded: handed to %.*s%.*s, its reply: %.*s",
				 (unsigned long long)a->number, STR_ARG(r.host), STR_ARG(tell_way(t, &r)),
				 STR_ARG(r.said));
	if (r.said.n > 0 && r.host.n > 0)
		return arena_fmt(t->mem, "delivery %llu %s: %.*s said: %.*s", (unsigned long long)a->number,
				 ended[a->outcome], STR_ARG(r.host), STR_ARG(r.said));
	return arena_fmt(t->mem, "delivery %llu %s: %.*s", (unsigned long long)a->number,
			 a->resulted ? ended[a->outcome] : "ended", STR_ARG(tell_report(t, a->report)));
}

static struct str delivery_words(struct told *t, const struct attempt *a, const struct log_line *l)
{
	switch (l->kind) {
	case LOG_DELIVERY_TRY:
		return try_words(t, a);
	case LOG_DELIVERY_REMOTE:
		return tell_peer(t, a);
	case LOG_DELIVERY_MAILBOX:
		return tell_landing(t, a);
	case LOG_DELIVERY_RESULT:
		return result_words(t, a);
	case LOG_DELIVERY_NEXT:
		return arena_fmt(t->mem, "the next attempt is at %.*s", STR_ARG(tell_stamp(t, l->field[LOG_F_when])));
	case LOG_DELIVERY_GAVE_UP:
		return STR("no further attempt: the message has been in the queue too long");
	default:
		return STR("");
	}
}

static void tell_attempt(struct told *t, const struct party *p, const struct attempt *a)
{
	for (const struct line *x = a->lines.first; x != NULL; x = x->next) {
		struct log_line l;
		struct str what;

		if (tell_is_foreign(t->story) != NULL) {
			add_foreign(t, p, x, RANK_DELIVERY, a->join.grade);
			continue;
		}
		line_fields(t->book, x, &l);
		what = delivery_words(t, a, &l);
		if (what.n == 0)
			continue;
		add_event(t, (struct event){ .rank = RANK_DELIVERY,
					     .station = "delivery",
					     .party = p,
					     .what = what,
					     .line = x,
					     .grade = a->join.grade });
	}
}

static void tell_notice(struct told *t, const struct bounce *x)
{
	static const char *const words[] = {
		[TOLD_LATE] = "the sender is told that it is late: notice",
		[TOLD_ARRIVED] = "the sender is told that it arrived: notice",
		[TOLD_ANSWER] = "the mailbox answers by itself: automatic answer",
	};

	add_event(
	    t, (struct event){ .rank = RANK_DELIVERY,
			       .station = "delivery",
			       .what = arena_fmt(t->mem, "%s as message %llu", words[x->of], (unsigned long long)x->qp),
			       .line = x->line,
			       .grade = GRADE_EXACT });
}

static void tell_order(struct told *t, const struct order *x)
{
	static const struct {
		const char *action, *words;
	} did[] = {
		{ "held", "held it by hand" },
		{ "released", "released it" },
		{ "retried", "wanted it tried at once" },
		{ "deleted", "deleted it from the queue" },
		{ "rerouted", "rerouted it by hand" },
	};
	struct str what = x->action;

	for (size_t i = 0; i < COUNT(did); i++)
		if (str_eqz(x->action, did[i].action))
			what = str_of(did[i].words);
	add_event(t, (struct event){ .rank = RANK_DELIVERY,
				     .station = "delivery",
				     .what = arena_fmt(t->mem, "the postmaster (%.*s) %.*s%s%.*s", STR_ARG(x->by),
						       STR_ARG(what), x->words.n > 0 ? ": " : "", STR_ARG(x->words)),
				     .line = x->line,
				     .grade = GRADE_EXACT });
}

static void tell_bounce(struct told *t, const struct bounce *x)
{
	const struct foreign *f = tell_is_foreign(t->story);
	struct str id = f != NULL ? f->bounce_id : arena_fmt(t->mem, "%llu", (unsigned long long)x->qp);

	add_event(t,
		  (struct event){ .rank = RANK_DELIVERY,
				  .station = "delivery",
				  .what = arena_fmt(t->mem, "the sender is told: bounce as message %.*s", STR_ARG(id)),
				  .line = x->line,
				  .grade = GRADE_EXACT });
}

static void tell_door(struct told *t, const struct scope *sc, const struct story *s, enum grade grade)
{
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		for (const struct gate *g = scope_party(sc, s, p) ? p->gates : NULL; g != NULL; g = g->next)
			tell_gate(t, p, g, grade);
	if (s->visit != NULL)
		tell_visit(t, sc, s, grade);
}

void tell_events(struct told *t, const struct scope *sc)
{
	const struct story *s = t->story;

	for (const struct story *first = ties_of(s)->first_tries; first != NULL; first = ties_of(first)->next_try)
		tell_door(t, sc, first, ties_of(first)->again.grade);
	tell_door(t, sc, s, GRADE_EXACT);
	for (size_t i = 0; i < t->nparties; i++)
		for (const struct attempt *a = t->parties[i].party->attempts; a != NULL; a = a->next)
			tell_attempt(t, t->parties[i].party, a);
	for (const struct bounce *x = scope_all(sc) ? ties_of(s)->notices : NULL; x != NULL; x = x->beside)
		tell_notice(t, x);
	for (const struct order *x = scope_all(sc) ? ties_of(s)->orders : NULL; x != NULL; x = x->later)
		tell_order(t, x);
	if (scope_bounce(sc, t->book, s))
		tell_bounce(t, ties_of(s)->bounce);
}
