#include "trace/tell_foreign.h"

#include "base/cur.h"
#include "trace/explain_parts.h"

const struct foreign *tell_is_foreign(const struct story *s)
{
	return s->visit != NULL ? s->visit->foreign : NULL;
}

struct str tell_called(struct arena *a, const struct story *s)
{
	const struct foreign *f = tell_is_foreign(s);

	if (f == NULL)
		return arena_fmt(a, "message %llu", (unsigned long long)s->qp);
	if (f->id.n == 0)
		return arena_fmt(a, "a connection to %.*s", STR_ARG(f->host.n > 0 ? f->host : STR("that server")));
	return arena_fmt(a, "message %.*s%s%.*s", STR_ARG(f->id), f->host.n > 0 ? " on " : "", STR_ARG(f->host));
}

struct str tell_question(struct arena *a, const struct story *s)
{
	const struct foreign *f = tell_is_foreign(s);

	if (f == NULL || f->id.n == 0)
		return arena_fmt(a, "qp %llu", (unsigned long long)s->qp);
	return arena_fmt(a, "id:%.*s", STR_ARG(f->id));
}

/* Without the addresses in it, whose words are nobody's reason. */
static struct str without_addresses(struct arena *a, struct str text)
{
	BUF(b);

	for (size_t i = 0; i < text.n; i++) {
		ptrdiff_t close = text.p[i] == '<' ? str_chr(str_skip(text, i), '>') : -1;

		if (close > 0 && str_chr(str_take(str_skip(text, i), (size_t)close), ' ') < 0) {
			i += (size_t)close;
			i += i + 2 < text.n && text.p[i + 1] == ':' && text.p[i + 2] == ' ' ? 2 : 0;
		} else {
			buf_addc(&b, text.p[i]);
		}
	}
	return arena_str(a, buf_str(&b));
}

static struct str final_words(bool final)
{
	return final ? STR("That is a final no.")
		     : STR("That is a no for now: the sender's server tries again by itself.");
}

/* Meaning and advice of a reply, or of words whose number nobody wrote down. */
static void use_reply(struct told *t, struct told_party *out, struct str reply, struct str dsn, bool final)
{
	struct explanation said = { .final = FINAL_UNKNOWN };
	struct explaining x = { .mem = t->mem, .out = &said };

	reply = without_addresses(t->mem, reply);
	if (!foreign_is_reply(reply))
		explain_words(&x, dsn, reply, final);
	else if (!explain_reply(&x, reply))
		return;
	out->explanation = said.meaning;
	if (!foreign_is_reply(reply))
		out->explanation = arena_fmt(t->mem, "%.*s%s%.*s", STR_ARG(said.meaning), said.meaning.n > 0 ? " " : "",
					     STR_ARG(final_words(final)));
	if (said.advice.n > 0)
		tell_advise(t, out, said.who, said.advice);
}

/* Of an attempt of this server: what follows from it, it says itself. */
static void use_answer(struct told *t, struct told_party *out, struct str said, struct str dsn, bool final)
{
	use_reply(t, out, said, dsn, final);
	out->explanation = explain_without_class(out->explanation, said);
	if (str_ends(out->explanation, final_words(final)))
		out->explanation = str_trim(str_take(out->explanation, out->explanation.n - final_words(final).n));
	if (out->explanation.n == 0)
		out->explanation = final ? STR("That is final.") : STR("That may pass.");
}

static const char *refused_word(enum verdict v)
{
	return v == VERDICT_REFUSED_TEMPORARILY ? "Refused for now" : "Refused";
}

/* ", 3 times" */
static struct str times_words(struct told *t, uint64_t again)
{
	return again > 0 ? arena_fmt(t->mem, ", %llu times", (unsigned long long)again + 1) : STR("");
}

/* Refused by this line, and so many times more by lines that syslog only counted. */
static void by_line(struct told *t, struct told_party *out, const struct line *x, uint64_t again)
{
	struct str said, text, stage, words;
	struct foreign_line l;
	int code;

	foreign_read(line_raw(t->book, x), &l);
	said = tell_reply(t, x, &code, &text);
	stage = l.field[FF_stage].n < 40 ? tell_stage(t, &l) : STR("");
	words = said.n > 0 ? said : STR("the log does not say why");
	out->summary = arena_fmt(t->mem, "%s%.*s%.*s: %.*s", refused_word(out->verdict), STR_ARG(stage),
				 STR_ARG(times_words(t, again)), STR_ARG(words));
	out->brief = words;
	use_reply(t, out, said, STR(""), code >= 500);
	if (foreign_unsaid(code))
		out->explanation = arena_fmt(t->mem, "%.*s %s", STR_ARG(out->explanation), TELL_UNSAID);
}

static bool tell_refusal(struct told *t, struct told_party *out, const struct party *p)
{
	const struct line *x = p->resp != NULL && p->code >= 400 ? p->resp : p->visit->final;

	if (p->check != NULL || p->gates != NULL || x == NULL)
		return false;
	by_line(t, out, x, party_again(p));
	return true;
}

static struct str who_took(struct told *t, const struct attempt *a)
{
	if (a->relay.n == 0 || str_eqz(a->relay, "none"))
		return a->remote ? STR("the other server") : STR("the server");
	return arena_str(t->mem, a->relay);
}

static void tell_taken(struct told *t, struct told_party *out, const struct attempt *a)
{
	struct str who = who_took(t, a);

	out->summary = arena_fmt(t->mem, "Passed on: %.*s took the message over%s%.*s", STR_ARG(who),
				 a->report.n > 0 ? " and said: " : "", STR_ARG(a->report));
	out->brief = arena_fmt(t->mem, "taken by %.*s", STR_ARG(who));
	out->explanation = STR("Another server has taken charge of the message. What it did with it stands in its own "
			       "log.");
	if (a->next_id.n > 0)
		tell_advise(t, out, WHO_NOBODY,
			    arena_fmt(t->mem,
				      "Nothing to do here. If the recipient misses the message, ask the postmaster of "
				      "%.*s for their number %.*s of that time.",
				      STR_ARG(who), STR_ARG(a->next_id)));
	else
		tell_advise(t, out, WHO_NOBODY,
			    arena_fmt(t->mem,
				      "Nothing to do here. If the recipient misses the message, ask the postmaster of "
				      "%.*s with the time and the words of that reply.",
				      STR_ARG(who)));
}

static void tell_arrived(struct told *t, struct told_party *out, const struct attempt *a)
{
	static const char *const words[] = { [WENT_HERE] = "Delivered: taken by %.*s",
					     [WENT_FORWARDED] = "Forwarded by %.*s",
					     [WENT_DISCARDED] = "Discarded by a rule of %.*s" };
	struct str who = who_took(t, a);

	out->summary = arena_fmt(t->mem, words[a->went], STR_ARG(who));
	if (a->report.n > 0)
		out->summary = arena_fmt(t->mem, "%.*s (%.*s)", STR_ARG(out->summary), STR_ARG(a->report));
	out->brief = arena_fmt(t->mem, "%s by %.*s", verdict_words[out->verdict], STR_ARG(who));
	if (a->went == WENT_FORWARDED) {
		out->explanation = STR("The address leads elsewhere. The copy is a message of its own.");
		tell_advise(t, out, WHO_NOBODY,
			    arena_fmt(t->mem, "To see what became of the copy, trace id:%.*s.", STR_ARG(a->next_id)));
	} else if (a->went == WENT_DISCARDED) {
		out->explanation = STR("The server took the message and threw it away, as it is configured to do for "
				       "this address.");
		tell_advise(t, out, WHO_POSTMASTER,
			    STR("If the message was wanted, look at the rules of the address."));
	} else {
		out->explanation = STR("The mailbox's own server program took the message. The server's knowledge ends "
				       "there.");
		tell_advise(t, out, WHO_NOBODY,
			    STR("Nothing to do here. If the message cannot be found, look into the junk folder and the "
				"filter rules of the mailbox."));
	}
}

static unsigned tries_of(const struct party *p, const struct name *to)
{
	unsigned n = 0;

	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		n += a->to == to;
	return n;
}

static const char *opening(enum verdict v)
{
	switch (v) {
	case VERDICT_WAITING:
		return "Waiting in the queue";
	case VERDICT_RETURNED:
		return "Not delivered, returned to the sender";
	case VERDICT_DISCARDED:
		return "Not delivered, and nobody was told";
	default:
		return "Not delivered";
	}
}

static void add_patience(struct told *t, struct told_party *out, enum foreign_server server)
{
	const char *often = server == FOREIGN_POSTFIX
				? "Postfix tries again after 5 minutes at first, later every 67 minutes, "
				  "for five days"
				: "Exim tries again every 15 minutes at first, later every few hours, "
				  "for four days";

	out->explanation = arena_fmt(t->mem,
				     "%.*s The message is safe in the queue. When it is tried again the log does not "
				     "say: unless it is configured otherwise, %s.",
				     STR_ARG(out->explanation), often);
}

static void tell_failed(struct told *t, struct told_party *out, const struct party *p)
{
	const struct attempt *a = tell_troubled(p);
	struct str said = foreign_answer(a->report), target = tell_target(t, p, a);
	unsigned n = tries_of(p, a->to);

	out->summary = arena_fmt(t->mem, "%s after %u attempt%s: %.*s%.*s", opening(out->verdict), n, n == 1 ? "" : "s",
				 STR_ARG(a->report), STR_ARG(target));
	out->summary = arena_fmt(t->mem, "%.*s%.*s", STR_ARG(out->summary), STR_ARG(tell_other_targets(t, p, a)));
	out->brief = a->report;
	use_answer(t, out, said.n > 0 ? said : a->report, a->dsn, a->outcome == OUTCOME_FAILURE);
	if (a->went == WENT_AWAY && said.n > 0)
		out->explanation = arena_fmt(t->mem, TELL_NOT_OURS " (%.*s) that said this, not ours. %.*s",
					     STR_ARG(who_took(t, a)), STR_ARG(out->explanation));
	if (out->verdict == VERDICT_WAITING)
		add_patience(t, out, tell_is_foreign(t->story)->server);
	else if (a->gave_up)
		out->explanation = arena_fmt(t->mem, "The message waited as long as messages may wait there. %.*s",
					     STR_ARG(out->explanation));
}

/* Of our own delivery: the way and the number there, too. */
static struct str passed_to(struct told *t, const struct attempt *a)
{
	struct remote r;

	if (tell_is_foreign(t->story) != NULL)
		return who_took(t, a);
	tell_read_remote(t, a, &r);
	return arena_fmt(t->mem, "%.*s%.*s, whose number for it is %.*s", STR_ARG(r.host), STR_ARG(tell_way(t, &r)),
			 STR_ARG(r.id));
}

/* The next server's log tells the end of it. */
static bool tell_onward(struct told *t, struct told_party *out, const struct party *p)
{
	const struct attempt *a = tell_succeeded(p);
	const struct party *there = a != NULL && a->onward != NULL ? story_party(a->onward, a->to) : NULL;
	struct told u = { .story = a != NULL ? a->onward : NULL,
			  .book = t->book,
			  .scope = t->scope,
			  .mem = t->mem,
			  .frame = t->frame };
	struct told_party inner;

	if (there == NULL || there->attempts == NULL || verdict_of_attempt(t->book, t->story, a) != out->verdict)
		return false;
	tell_client(&u);
	tell_party(&u, &inner, there);
	out->summary =
	    arena_fmt(t->mem, "Passed on to %.*s. There: %.*s", STR_ARG(passed_to(t, a)), STR_ARG(inner.summary));
	out->brief = inner.brief;
	out->explanation = inner.explanation;
	out->advice = inner.advice;
	return true;
}

/* Accepted with the others, and no line tells more. */
static void tell_untried(struct told_party *out)
{
	out->summary = STR("Accepted; the server was done with the message, but no line of the log names a delivery to "
			   "this address");
	out->brief = STR("no line names its delivery");
	out->explanation = STR("It may have been delivered under another name: an alias, a rewritten or a repeated "
			       "address. The deliveries that the log names stand in the timeline.");
}

bool tell_foreign_party(struct told *t, struct told_party *out, const struct party *p)
{
	const struct attempt *a = tell_succeeded(p);

	if (tell_is_foreign(t->story) == NULL)
		return p->last_attempt != NULL && tell_onward(t, out, p);
	if (out->verdict == VERDICT_REFUSED || out->verdict == VERDICT_REFUSED_TEMPORARILY)
		return tell_refusal(t, out, p);
	if (p->last_attempt != NULL && tell_onward(t, out, p))
		return true;
	if (p->last_attempt == NULL && out->verdict == VERDICT_UNKNOWN && tell_is_foreign(t->story)->removed) {
		tell_untried(out);
		return true;
	}
	if (p->last_attempt == NULL || !p->last_attempt->plain || !tell_troubled(p)->resulted)
		return false;
	if (a == NULL || out->verdict == VERDICT_WAITING || out->verdict == VERDICT_RETURNED) {
		tell_failed(t, out, p);
		return true;
	}
	if (a->went == WENT_AWAY)
		tell_taken(t, out, a);
	else
		tell_arrived(t, out, a);
	out->summary = arena_fmt(t->mem, "%.*s%.*s%.*s", STR_ARG(out->summary), STR_ARG(tell_target(t, p, a)),
				 STR_ARG(tell_other_targets(t, p, a)));
	return true;
}

bool tell_foreign_lost(struct told *t, struct told_party *out)
{
	const struct visit *v = t->story->visit;
	const struct foreign *f = tell_is_foreign(t->story);

	if (f == NULL)
		return false;
	if (v->final != NULL && (v->from_code >= 400 || v->size_code >= 400)) {
		by_line(t, out, v->final, v->again);
		return true;
	}
	if (tell_failed_login(t, out))
		return true;
	if (!f->queued && f->id.n > 0 && v->ended.n > 0) {
		tell_open(t, out, &(struct party){ .visit = t->story->visit });
		return true;
	}
	if (!f->queued)
		return false;
	out->summary = f->deleted   ? STR("Taken out of the queue by the postmaster")
		       : f->removed ? STR("Accepted and done, but no line about its delivery was among those searched")
				    : STR("Accepted and in the queue; its recipients are named when they are tried");
	out->brief = f->removed ? STR("the log lacks its delivery") : STR("in the queue");
	out->explanation = STR("The server has taken charge of the message and has not yet reported a result.");
	tell_advise(t, out, WHO_POSTMASTER, STR("Search the log of the time after that too (--logs)."));
	return true;
}
