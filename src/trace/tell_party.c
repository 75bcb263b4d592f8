/* One recipient: a sentence, a meaning, who must do what. */
#include "trace/moment.h"
#include "trace/tell_foreign.h"

/* What decided, as a row of words/ gives it. */
struct cause {
	const struct word *word;
	struct str said; /* the sentence's end: what was said by whom */
};

void tell_advise(struct told *t, struct told_party *out, enum who who, struct str what)
{
	struct advice **end = &out->advice, *a = arena_alloc(t->mem, sizeof(*a));

	while (*end != NULL)
		end = &(*end)->next;
	a->who = who;
	a->what = what;
	*end = a;
}

void tell_use(struct told *t, struct told_party *out, const struct word *w)
{
	if (w == NULL)
		return;
	out->word = w;
	out->explanation = str_of(w->meaning);
	out->passes = str_of(w->passes);
	if (w->advice[0] != '\0')
		tell_advise(t, out, w->who, str_of(w->advice));
}

struct str tell_client_words(struct told *t)
{
	if (t->ip.n == 0)
		return STR("the client");
	if (t->rdns.n == 0)
		return arena_fmt(t->mem, "the client %.*s", STR_ARG(t->ip));
	return arena_fmt(t->mem, "the client %.*s (%.*s)", STR_ARG(t->ip), STR_ARG(t->rdns));
}

/* The reply that refused: at the recipient, else the one to the whole message (its RCPT was answered 250). */
static struct str said_by_party(struct told *t, const struct party *p)
{
	bool whole = p->code < 400 && p->visit != NULL && p->visit->size_code >= 400 && p->visit->final != NULL;
	const struct line *resp = whole ? p->visit->final : p->resp;
	struct str text;
	int code;

	if (resp == NULL)
		return STR("");
	return arena_fmt(t->mem, ": %.*s", STR_ARG(tell_reply(t, resp, &code, &text)));
}

static const char *refused_word(enum verdict v)
{
	return v == VERDICT_REFUSED_TEMPORARILY ? "Refused for now" : "Refused";
}

/* The refusal's number as it was sent; 0: that is not in the logs. */
static int code_of(const struct party *p)
{
	return p->code >= 400 ? p->code : p->visit != NULL ? p->visit->size_code : 0;
}

/* The gate's log names no reply: what is known of it is how it is by default. */
static struct str stock_words(struct told *t, const struct reason_row *row)
{
	if (row->word.final == FINAL_UNKNOWN)
		return arena_fmt(t->mem,
				 "The reply is not in these logs, so they do not say whether this was final: stock "
				 "spamdyke answers %d, after which the sender's server tries again; the default of "
				 "this server, and of the provider that it is made for, is 554, which is final.",
				 row->reply);
	return arena_fmt(t->mem, "The reply is not in these logs; the stock one is %d, %s.", row->reply,
			 row->reply < 500 ? "after which the sender's server tries again" : "which is final");
}

static void by_gate(struct told *t, struct told_party *out, const struct party *p, const struct reason_row *row)
{
	const char *when = row->reply > 0 && p->check == NULL ? ", before the mailbox was asked" : "";
	bool silent = code_of(p) == 0 && row->reply > 0;

	out->summary = arena_fmt(t->mem, "%s by the gate (%s)%s%.*s%s", refused_word(out->verdict), row->code, when,
				 STR_ARG(said_by_party(t, p)), silent ? "; the reply is not in these logs" : "");
	out->brief = arena_fmt(t->mem, "gate: %s", row->code);
	out->gate = row;
	tell_use(t, out, &row->word);
	out->explanation = word_settled(&row->word, t->mem);
	if (silent)
		out->explanation =
		    arena_fmt(t->mem, "%.*s %.*s", STR_ARG(out->explanation), STR_ARG(stock_words(t, row)));
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
	tell_use(t, out, row != NULL ? &row->word : NULL);
}

static struct str first_word(struct str s)
{
	return str_word(&s);
}

/* A reply that neither gate nor check accounts for: its own words, else its class. */
void tell_by_reply(struct told *t, struct told_party *out, const struct line *resp, const char *when)
{
	const struct status_row *class, *status;
	const struct check_row *check;
	const struct reply_row *reply;
	struct str said, text;
	int code;

	said = tell_reply(t, resp, &code, &text);
	out->gate = reason_by_reply(code, text);
	check = check_by_reply(code, text);
	reply = reply_match(code, text);
	status = status_match(first_word(text));
	class = status_class(str_take(said, 3));
	out->summary = arena_fmt(t->mem, "%s %s: %.*s", refused_word(out->verdict), when, STR_ARG(said));
	out->brief = said;
	tell_use(t, out,
		 out->gate != NULL ? &out->gate->word
		 : check != NULL   ? &check->word
		 : reply != NULL   ? &reply->word
		 : status != NULL  ? &status->word
		 : class != NULL   ? &class->word
				   : NULL);
}

/* DENIED_OTHER without an SMTP log: the gate quotes the reply. */
static void by_quote(struct told *t, struct told_party *out, const struct gate *g)
{
	struct str said = log_reason_plain(t->mem, g->reason), text = str_skip(said, 4);
	uint64_t code = 0;
	const struct check_row *row;

	if (!str_u64(str_take(said, 3), 599, &code))
		said = STR("the reply is not in these logs");
	row = check_by_reply((int)code, text);
	out->gate = row == NULL ? reason_by_code(g->code) : NULL;
	out->summary = arena_fmt(t->mem, "%s %s the gate (%.*s): %.*s", refused_word(out->verdict),
				 str_eqz(g->code, "DENIED_OTHER") ? "behind" : "by", STR_ARG(g->code), STR_ARG(said));
	out->brief = code > 0 ? said : arena_fmt(t->mem, "gate: %.*s", STR_ARG(g->code));
	tell_use(t, out, row != NULL ? &row->word : out->gate != NULL ? &out->gate->word : NULL);
}

/* Final or not: what the number that was really answered says, whatever the stock number is. */
static void add_class(struct told *t, struct told_party *out)
{
	int code = code_of(out->party);
	const struct status_row *row = code >= 400 ? status_class(arena_fmt(t->mem, "%d", code)) : NULL;

	if (foreign_unsaid(code)) {
		out->explanation = arena_fmt(t->mem, "%.*s %s", STR_ARG(out->explanation), TELL_UNSAID);
		return;
	}
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
		tell_by_reply(t, out, p->resp, "at the recipient");
	else if (v != NULL && v->final != NULL)
		tell_by_reply(t, out, v->final, "after the whole message was sent");
	else if (p->gates != NULL)
		by_quote(t, out, p->last_gate);
	add_class(t, out);
}

static bool ends_well(enum verdict v)
{
	return v == VERDICT_DELIVERED || v == VERDICT_FORWARDED || v == VERDICT_RELAYED || v == VERDICT_DISCARDED;
}

unsigned tell_tries(const struct told *t, const struct party *p)
{
	unsigned n = 0;

	if (p->code < 400 && (p->visit == NULL || p->visit->size_code < 400))
		return 0;
	for (struct story *s = ties_of(t->story)->first_tries; s != NULL; s = ties_of(s)->next_try)
		n += story_party(s, p->name) != NULL;
	return n > 0 ? n + 1 : 0;
}

/* Refused for now, tried again and refused again. */
static void tell_in_vain(struct told *t, struct told_party *out, const struct party *p)
{
	unsigned n = tell_tries(t, p);

	if (n == 0 || p->to == NULL || p->first_try == NULL || p->first_try->to == NULL)
		return;
	out->summary =
	    arena_fmt(t->mem, "%.*s; tried %u times, from %.*s to %.*s, and refused each time", STR_ARG(out->summary),
		      n, STR_ARG(tell_moment(t, moment_of(t->book, p->first_try->to))),
		      STR_ARG(tell_moment(t, moment_of(t->book, p->to))));
	if (tell_gate_reason(t, p) == reason_row(REASON_GRAYLISTED))
		tell_advise(t, out, WHO_POSTMASTER,
			    STR("The sender's server did come again: our postmaster looks whether its tries fall "
				"between graylist-min-secs and graylist-max-secs, or exempts the sender."));
}

static struct str tell_late_by(struct told *t, int64_t seconds)
{
	return seconds < 60 ? arena_fmt(t->mem, "%lld s", (long long)seconds)
			    : arena_fmt(t->mem, "%lld min", (long long)(seconds + 30) / 60);
}

/* Refused for now, then sent again and taken: why it came late. */
static void tell_late(struct told *t, struct told_party *out, const struct party *p)
{
	const struct reason_row *row;
	int64_t late;

	if (p->first_try == NULL || p->to == NULL || p->first_try->to == NULL || p->code >= 400 ||
	    p->visit->size_code >= 400)
		return;
	row = tell_gate_reason(t, p->first_try);
	late = moment_of(t->book, p->to) - moment_of(t->book, p->first_try->to);
	out->summary = arena_fmt(t->mem, "%.*s, %.*s after its first try, which was refused for now%s%s%s",
				 STR_ARG(out->summary), STR_ARG(tell_late_by(t, late)), row != NULL ? " (" : "",
				 row != NULL ? row->code : "", row != NULL ? ")" : "");
	out->explanation =
	    arena_fmt(t->mem, "The first try was put off, and the sender's server came again by itself. %.*s",
		      STR_ARG(out->explanation));
	if (row == reason_row(REASON_GRAYLISTED))
		tell_advise(t, out, WHO_POSTMASTER,
			    STR("If mail of this sender must not wait, our postmaster exempts it from graylisting."));
}

void tell_party(struct told *t, struct told_party *out, const struct party *p)
{
	*out = (struct told_party){ .party = p, .address = p->name->text };
	out->verdict = verdict_of_party(t->book, t->story, p);
	if (tell_foreign_party(t, out, p))
		; /* told */
	else if (out->verdict == VERDICT_REFUSED || out->verdict == VERDICT_REFUSED_TEMPORARILY)
		tell_refused(t, out, p);
	else if (ends_well(out->verdict) && tell_succeeded(p) != NULL)
		tell_success(t, out, p);
	else if (p->attempts != NULL && tell_troubled(p)->resulted)
		tell_trouble(t, out, p);
	else
		tell_open(t, out, p);
	tell_late(t, out, p);
	tell_in_vain(t, out, p);
	tell_quota(t, out);
	if (out->advice == NULL)
		tell_advise(t, out, WHO_NOBODY, STR("Nothing to do."));
}
