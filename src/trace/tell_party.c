/* One recipient: a sentence, a meaning, who must do what. */
#include "trace/tell.h"

/* What decided, as a row of words/ gives it. */
struct cause {
	const struct word *word;
	struct str said; /* the sentence's end: what was said by whom */
};

static struct advice *add_advice(struct told *t, struct told_party *out, enum who who, struct str what)
{
	struct advice **end = &out->advice, *a = arena_alloc(t->mem, sizeof(*a));

	while (*end != NULL)
		end = &(*end)->next;
	a->who = who;
	a->what = what;
	return *end = a;
}

static void use_word(struct told *t, struct told_party *out, const struct word *w)
{
	if (w == NULL)
		return;
	out->explanation = str_of(w->meaning);
	if (w->advice[0] != '\0')
		add_advice(t, out, w->who, str_of(w->advice));
}

static struct str client_of(struct told *t)
{
	if (t->ip.n == 0)
		return STR("the client");
	if (t->rdns.n == 0)
		return arena_fmt(t->mem, "the client %.*s", STR_ARG(t->ip));
	return arena_fmt(t->mem, "the client %.*s (%.*s)", STR_ARG(t->ip), STR_ARG(t->rdns));
}

static struct str said_by_party(struct told *t, const struct party *p)
{
	struct str text;
	int code;

	if (p->resp == NULL)
		return STR("");
	return arena_fmt(t->mem, ": %.*s", STR_ARG(tell_reply(t, p->resp, &code, &text)));
}

static const char *refused_word(enum verdict v)
{
	return v == VERDICT_REFUSED_TEMPORARILY ? "Refused for now" : "Refused";
}

static void by_gate(struct told *t, struct told_party *out, const struct party *p, const struct reason_row *row)
{
	const char *when = row->reply > 0 && p->check == NULL ? ", before the mailbox was asked" : "";

	out->summary = arena_fmt(t->mem, "%s by the gate (%s)%s%.*s", refused_word(out->verdict), row->code, when,
				 STR_ARG(said_by_party(t, p)));
	out->brief = arena_fmt(t->mem, "gate: %s", row->code);
	use_word(t, out, &row->word);
}

static void by_check(struct told *t, struct told_party *out, const struct party *p)
{
	const struct check_row *row;
	struct log_line l;

	line_fields(t->book, p->check, &l);
	row = check_by_words(l.field[LOG_F_title], l.field[LOG_F_description]);
	out->summary = arena_fmt(t->mem, "%s by the recipient check (%.*s)%.*s", refused_word(out->verdict),
				 STR_ARG(l.field[LOG_F_description]), STR_ARG(said_by_party(t, p)));
	out->brief = arena_fmt(t->mem, "recipient check: %.*s", STR_ARG(l.field[LOG_F_description]));
	use_word(t, out, row != NULL ? &row->word : NULL);
}

static struct str first_word(struct str s)
{
	return str_word(&s);
}

/* A reply that neither gate nor check accounts for: its own words, else its class. */
static void by_reply(struct told *t, struct told_party *out, const struct line *resp, const char *when)
{
	const struct status_row *class, *status;
	const struct check_row *check;
	const struct reply_row *reply;
	struct str said, text;
	int code;

	said = tell_reply(t, resp, &code, &text);
	check = check_by_reply(code, text);
	reply = reply_match(code, text);
	status = status_match(first_word(text));
	class = status_class(str_take(said, 3));
	out->summary = arena_fmt(t->mem, "%s %s: %.*s", refused_word(out->verdict), when, STR_ARG(said));
	out->brief = said;
	use_word(t, out,
		 check != NULL    ? &check->word
		 : reply != NULL  ? &reply->word
		 : status != NULL ? &status->word
		 : class != NULL  ? &class->word
				  : NULL);
}

/* DENIED_OTHER without an SMTP log: the gate quotes the reply. */
static void by_quote(struct told *t, struct told_party *out, const struct gate *g)
{
	struct str said = log_reason_plain(t->mem, g->reason), text = str_skip(said, 4);
	uint64_t code = 0;
	const struct check_row *row;
	const struct reason_row *reason = reason_by_code(g->code);

	str_u64(str_take(said, 3), 599, &code);
	row = check_by_reply((int)code, text);
	out->summary = arena_fmt(t->mem, "%s behind the gate (%.*s): %.*s", refused_word(out->verdict),
				 STR_ARG(g->code), STR_ARG(said));
	out->brief = said;
	use_word(t, out, row != NULL ? &row->word : reason != NULL ? &reason->word : NULL);
}

/* Final or not: what the number that was really answered says, whatever the stock number is. */
static void add_class(struct told *t, struct told_party *out, const struct visit *v)
{
	int code = out->party->code >= 400 ? out->party->code : v != NULL ? v->size_code : 0;
	const struct status_row *row = code >= 400 ? status_class(arena_fmt(t->mem, "%d", code)) : NULL;

	if (row == NULL || str_eqz(out->explanation, row->word.meaning))
		return; /* the reply had no words but its number's: they stand there already */
	out->explanation =
	    arena_fmt(t->mem, "%.*s The answer was %d. %s", STR_ARG(out->explanation), code, row->word.meaning);
}

static void tell_refused(struct told *t, struct told_party *out, const struct party *p)
{
	const struct reason_row *gate = tell_gate_reason(t, p);
	const struct visit *v = p->visit;

	if (gate != NULL)
		by_gate(t, out, p, gate);
	else if (p->check != NULL && p->code >= 400)
		by_check(t, out, p);
	else if (p->resp != NULL && p->code >= 400)
		by_reply(t, out, p->resp, "at the recipient");
	else if (v != NULL && v->final != NULL)
		by_reply(t, out, v->final, "after the whole message was sent");
	else if (p->gates != NULL)
		by_quote(t, out, p->last_gate);
	add_class(t, out, v);
}

/* The line of a report that the vocabulary knows best; else its first line. */
static const struct report_row *report_row_of(struct told *t, struct str report, struct str *line)
{
	struct str rest = log_report_plain(t->mem, report), one;
	const struct report_row *found = NULL;

	*line = STR("");
	while (rest.n > 0) {
		const struct report_row *row;

		str_cut(rest, STR("\n"), &one, &rest);
		one = str_trim(one);
		if (line->n == 0)
			*line = one;
		row = one.n > 0 ? report_match(one) : NULL;
		if (row == NULL || row->outcome[0] == '\0')
			continue;
		found = row;
		*line = one;
	}
	return found;
}

/* All lines of a report as one: what the other server said, with its queue id. */
static struct str report_in_line(struct told *t, struct str report)
{
	struct str plain = str_trim(log_report_plain(t->mem, report));
	BUF(b);

	for (size_t i = 0; i < plain.n; i++)
		buf_addc(&b, plain.p[i] == '\n' ? ' ' : plain.p[i]);
	return arena_str(t->mem, buf_str(&b));
}

static void tell_did(struct told *t, struct told_party *out, const struct attempt *a)
{
	struct did d;

	if (!did_of(a->report, &d))
		return;
	out->explanation = arena_fmt(t->mem, "%.*s Here: %llu to a mailbox, %llu forwarded, %llu to a program.",
				     STR_ARG(out->explanation), (unsigned long long)d.files,
				     (unsigned long long)d.forwards, (unsigned long long)d.programs);
	if (d.files == 0 && d.programs > 0)
		add_advice(
		    t, out, WHO_NOBODY,
		    STR("Nothing to do here. A delivery program took the message; if it cannot be found, look into "
			"the junk folder and the filter rules of the mailbox."));
	else if (d.files > 0)
		add_advice(
		    t, out, WHO_NOBODY,
		    STR("Nothing to do here. The message was written to the mailbox; if it cannot be found, look into "
			"the other folders and the rules of the mail program."));
	else if (d.forwards > 0 && d.qp > 0)
		add_advice(
		    t, out, WHO_NOBODY,
		    arena_fmt(t->mem, "The copy is a message of its own: trace qp %llu.", (unsigned long long)d.qp));
}

/* The latest attempt that succeeded; NULL: none. */
static const struct attempt *succeeded(const struct party *p)
{
	const struct attempt *found = NULL;

	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (a->resulted && a->outcome == OUTCOME_SUCCESS)
			found = a;
	return found;
}

static const char *success_words(const struct attempt *a)
{
	struct did d;

	if (!did_of(a->report, &d))
		return a->remote ? "the other server took it" : "the delivery succeeded";
	if (d.forwards > 0 && d.files + d.programs == 0)
		return "it was forwarded";
	if (d.files + d.programs + d.forwards == 0)
		return "the mailbox's rules threw it away";
	return d.files > 0 ? "it was written to the mailbox" : "a delivery program on this server took it";
}

static void tell_success(struct told *t, struct told_party *out, const struct party *p)
{
	static const char *const opening[VERDICT_COUNT] = { [VERDICT_DELIVERED] = "Delivered",
							    [VERDICT_FORWARDED] = "Forwarded",
							    [VERDICT_RELAYED] = "Passed on",
							    [VERDICT_DISCARDED] = "Discarded" };
	const struct attempt *a = succeeded(p);
	const struct report_row *row;
	struct str line;
	struct did d;

	row = report_row_of(t, a->report, &line);
	out->summary =
	    arena_fmt(t->mem, "%s: %s%.*s", opening[out->verdict], success_words(a), STR_ARG(tell_target(t, p, a)));
	if (did_of(a->report, &d) && d.authenticated)
		out->summary = arena_fmt(t->mem, "%.*s; the sender had logged in here, so it never left this server",
					 STR_ARG(out->summary));
	if (a->remote && !did_of(a->report, &d))
		out->summary = arena_fmt(t->mem, "Passed on: %.*s", STR_ARG(report_in_line(t, a->report)));
	else if (!did_of(a->report, &d) && line.n > 0)
		out->summary = arena_fmt(t->mem, "%.*s: %.*s", STR_ARG(out->summary), STR_ARG(line));
	out->summary = arena_fmt(t->mem, "%.*s%.*s", STR_ARG(out->summary), STR_ARG(tell_other_targets(t, p, a)));
	out->brief = str_of(success_words(a));
	use_word(t, out, row != NULL ? &row->word : NULL);
	tell_did(t, out, a);
}

static unsigned tries_of(const struct party *p, const struct name *to)
{
	unsigned n = 0;

	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		n += a->to == to;
	return n;
}

/* The attempt that decided: of an alias's targets the one in trouble. */
static const struct attempt *troubled(const struct party *p)
{
	const struct attempt *found = p->last_attempt;

	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (a->resulted && a->outcome != OUTCOME_SUCCESS)
			found = a;
	return found;
}

static void tell_trouble(struct told *t, struct told_party *out, const struct party *p)
{
	const struct attempt *a = troubled(p);
	const struct report_row *row;
	unsigned n = tries_of(p, a->to);
	struct str line;

	row = report_row_of(t, a->report, &line);
	line = arena_fmt(t->mem, "%.*s%.*s", STR_ARG(line), STR_ARG(tell_target(t, p, a)));
	if (out->verdict == VERDICT_WAITING)
		out->summary =
		    arena_fmt(t->mem, "%s after %u attempt%s: %.*s",
			      a->outcome == OUTCOME_FAILURE ? "Failed, and kept in the queue," : "Waiting in the queue",
			      n, n == 1 ? "" : "s", STR_ARG(line));
	else
		out->summary = arena_fmt(t->mem, "%s after %u attempt%s: %.*s",
					 out->verdict == VERDICT_RETURNED ? "Not delivered, returned to the sender"
					 : attempt_deleted(a)             ? "Not delivered, taken out of the queue"
							      : "Not delivered, and no sender to return it to",
					 n, n == 1 ? "" : "s", STR_ARG(line));
	if (out->verdict == VERDICT_WAITING && a->retry.n > 0)
		out->summary = arena_fmt(t->mem, "%.*s; tried again at %.*s", STR_ARG(out->summary),
					 STR_ARG(tell_stamp(t, a->retry)));
	out->summary = arena_fmt(t->mem, "%.*s%.*s", STR_ARG(out->summary), STR_ARG(tell_other_targets(t, p, a)));
	out->brief = line;
	use_word(t, out, row != NULL ? &row->word : NULL);
	if (out->verdict == VERDICT_WAITING && row == NULL)
		out->explanation =
		    STR("The delivery failed for now. The message stays in the queue and is tried again by "
			"itself.");
}

static void tell_open(struct told *t, struct told_party *out, const struct party *p)
{
	const struct visit *v = p->visit;

	if (out->verdict == VERDICT_ABANDONED) {
		out->summary =
		    arena_fmt(t->mem, "Abandoned before the message was complete, by %.*s%s%.*s", STR_ARG(client_of(t)),
			      v != NULL && v->ended.n > 0 ? ": " : "", STR_ARG(v != NULL ? v->ended : STR("")));
		out->brief = v != NULL && v->ended.n > 0 ? v->ended : STR("the client left early");
		out->explanation =
		    STR("The server never got the whole message, so nothing was stored and nothing can be "
			"delivered. Responsible sending servers try again by themselves.");
		add_advice(t, out, WHO_SENDER,
			   STR("The sender's server tries again by itself. If no later attempt is found here, ask the "
			       "sender's postmaster for the log of that time."));
		return;
	}
	if (out->verdict == VERDICT_WAITING) {
		out->summary = STR("Accepted and in the queue; no delivery has been finished yet");
		out->brief = STR("in the queue");
		out->explanation = STR("The server has taken charge of the message and has not yet reported a result.");
		return;
	}
	out->summary = p->attempts != NULL ? STR("Accepted, and a delivery was begun; the logs do not say how it ended")
					   : STR("Accepted, but the logs searched say nothing of its delivery");
	out->brief = STR("the logs end");
	out->explanation = STR("The logs end here, or the delivery log of that time was not among those searched.");
	add_advice(t, out, WHO_POSTMASTER, STR("Search the delivery log of that time too (--logs)."));
}

static bool ends_well(enum verdict v)
{
	return v == VERDICT_DELIVERED || v == VERDICT_FORWARDED || v == VERDICT_RELAYED || v == VERDICT_DISCARDED;
}

/* The resp line of a refused MAIL, or of a client that was sent away at once. */
static const struct line *early_reply(const struct visit *v)
{
	for (const struct line *x = v->mail != NULL ? v->mail : v->lines.first; x != NULL; x = x->next)
		if (x->kind == LOG_SMTP_RESP)
			return x;
	return NULL;
}

void tell_lost(struct told *t, struct told_party *out)
{
	const struct visit *v = t->story->visit;
	const struct line *reply = v != NULL && v->from_code >= 400 ? early_reply(v) : NULL;

	out->verdict = t->story->verdict;
	if (reply != NULL) {
		by_reply(t, out, reply,
			 v->mail != NULL ? "at the sender's address, before a recipient was named"
					 : "at the door, before the client had said anything");
		return;
	}
	out->summary = v != NULL && v->ended.n > 0 ? arena_fmt(t->mem, "No recipient was named by %.*s: %.*s",
							       STR_ARG(client_of(t)), STR_ARG(v->ended))
						   : STR("No recipient was named");
	out->brief = v != NULL && v->ended.n > 0 ? v->ended : STR("no recipient was named");
	out->explanation = STR("The connection ended before a recipient was named, so there was nothing to deliver.");
	add_advice(t, out, WHO_NOBODY,
		   STR("Nothing to do here. If mail is missed, look for a later attempt of this client."));
}

void tell_party(struct told *t, struct told_party *out, const struct party *p)
{
	*out = (struct told_party){ .party = p, .address = p->name->text };
	out->verdict = verdict_of_party(t->book, t->story, p);
	if (out->verdict == VERDICT_REFUSED || out->verdict == VERDICT_REFUSED_TEMPORARILY)
		tell_refused(t, out, p);
	else if (ends_well(out->verdict) && succeeded(p) != NULL)
		tell_success(t, out, p);
	else if (p->attempts != NULL && troubled(p)->resulted)
		tell_trouble(t, out, p);
	else
		tell_open(t, out, p);
	if (out->advice == NULL)
		add_advice(t, out, WHO_NOBODY, STR("Nothing to do."));
}
