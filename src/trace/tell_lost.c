/* What did not come to an end: the client left, the logs end, nobody was named. */
#include "trace/tell_foreign.h"

static const struct end_row *ending(const struct visit *v)
{
	return v != NULL && v->ended.n > 0 ? end_match(v->ended) : NULL;
}

static struct str ended_words(struct told *t, const struct visit *v)
{
	return v != NULL && v->ended.n > 0 ? arena_fmt(t->mem, ": %.*s", STR_ARG(log_plain(t->mem, v->ended)))
					   : STR("");
}

static void tell_abandoned(struct told *t, struct told_party *out, const struct visit *v)
{
	const struct end_row *row = ending(v);

	out->summary = arena_fmt(t->mem, "Abandoned before the message was complete, by %.*s%.*s",
				 STR_ARG(tell_client_words(t)), STR_ARG(ended_words(t, v)));
	out->brief = v != NULL && v->ended.n > 0 ? v->ended : STR("the client left early");
	out->explanation = arena_fmt(t->mem,
				     "%s%sThis server never got the whole message, so there is nothing that "
				     "could be delivered.",
				     row != NULL ? row->word.meaning : "", row != NULL ? " " : "");
	tell_advise(t, out, WHO_SENDER,
		    STR("The sender's server tries again by itself. If no later attempt is found here, ask the "
			"sender's postmaster for the log of that time."));
}

void tell_open(struct told *t, struct told_party *out, const struct party *p)
{
	const struct visit *v = p->visit;

	if (out->verdict == VERDICT_ABANDONED) {
		tell_abandoned(t, out, v);
		return;
	}
	if (out->verdict == VERDICT_WAITING) {
		out->summary = STR("Accepted and in the queue; no delivery has been finished yet");
		out->brief = STR("in the queue");
		out->explanation = STR("The server has taken charge of the message and has not yet reported a result.");
		return;
	}
	if (p->gates != NULL && str_eqz(p->last_gate->code, "TLS_ENCRYPTED")) {
		out->summary = STR("The gate saw nothing of it: encryption began behind the gate");
		out->brief = STR("hidden from the gate");
		tell_use(t, out, &reason_row(REASON_TLS_ENCRYPTED)->word);
		return;
	}
	out->summary = p->attempts != NULL ? STR("Accepted, and a delivery was begun; the logs do not say how it ended")
					   : STR("Accepted, but the logs searched say nothing of its delivery");
	if (v != NULL && v->foreign == NULL && !source_has(t->book->source, LOG_DELIVERY)) {
		out->brief = STR("no delivery log");
		out->explanation = STR("No delivery log was among the logs searched.");
	} else {
		out->brief = STR("the logs end");
		out->explanation =
		    STR("The logs end here, or the delivery log of that time was not among those searched.");
	}
	tell_advise(t, out, WHO_POSTMASTER, STR("Search the delivery log of that time too (--logs)."));
}

/* The resp line of a refused MAIL, or of a client that was sent away at once. */
static const struct line *early_reply(const struct visit *v)
{
	for (const struct line *x = v->mail != NULL ? v->mail : v->lines.first; x != NULL; x = x->next)
		if (x->kind == LOG_SMTP_RESP)
			return x;
	return NULL;
}

/* The last login that failed, and how many did; NULL: none. */
static const struct line *failed_login(const struct told *t, const struct visit *v, unsigned *n)
{
	const struct line *found = NULL;

	*n = 0;
	for (const struct line *x = v->lines.first; x != NULL; x = x->next) {
		if (x->kind != LOG_SMTP_AUTH_FAILED || !scope_line(t->scope, t->book, t->story, NULL, x))
			continue;
		++*n;
		found = x;
	}
	return found;
}

static void tell_login(struct told *t, struct told_party *out, const struct line *x, unsigned n)
{
	const struct end_row *row = end_match(str_of(end_words(END_LOGINS)));
	struct str user;
	struct log_line l;

	line_fields(t->book, x, &l);
	user = str_eqz(l.field[LOG_F_user], "-") ? STR("a user that does not exist here")
						 : log_plain(t->mem, l.field[LOG_F_user]);
	out->brief = arena_fmt(t->mem, "login failed: %.*s", STR_ARG(l.field[LOG_F_reason]));
	out->summary = arena_fmt(t->mem, "The login as %.*s failed%s (%.*s); %.*s sent no message", STR_ARG(user),
				 n > 1 ? arena_z(t->mem, arena_fmt(t->mem, ", as did %u before it", n - 1)) : "",
				 STR_ARG(log_plain(t->mem, l.field[LOG_F_reason])), STR_ARG(tell_client_words(t)));
	out->explanation =
	    STR("The client tried to log in, was turned down, and named no recipient afterwards. A login "
		"fails when the user name or the password is wrong. A user is named here only if the "
		"account exists.");
	tell_advise(t, out, row->word.who, str_of(row->word.advice));
}

void tell_lost(struct told *t, struct told_party *out)
{
	const struct visit *v = t->story->visit;
	const struct line *reply = v != NULL && v->from_code >= 400 ? early_reply(v) : NULL, *login;
	const struct end_row *row = ending(v);
	unsigned n;

	out->verdict = t->story->verdict;
	if (tell_foreign_lost(t, out))
		return;
	if (reply != NULL) {
		tell_by_reply(t, out, reply,
			      v->mail != NULL ? "at the sender's address, before a recipient was named"
					      : "at the door, before the client had said anything");
		return;
	}
	if (v != NULL && (login = failed_login(t, v, &n)) != NULL) {
		tell_login(t, out, login, n);
		return;
	}
	out->summary = arena_fmt(t->mem, "No recipient was named by %.*s%.*s", STR_ARG(tell_client_words(t)),
				 STR_ARG(ended_words(t, v)));
	out->brief = v != NULL && v->ended.n > 0 ? v->ended : STR("no recipient was named");
	out->explanation = arena_fmt(t->mem, "%s%sNo recipient had been named, so there was nothing to deliver.",
				     row != NULL ? row->word.meaning : "", row != NULL ? " " : "");
	if (row != NULL && row->word.advice[0] != '\0')
		tell_advise(t, out, row->word.who, str_of(row->word.advice));
	else
		tell_advise(t, out, WHO_NOBODY,
			    STR("Nothing to do here. If mail is missed, look for a later attempt of this client."));
}
