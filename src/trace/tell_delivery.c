/* What came of the attempts to deliver, for one recipient. */
#include "trace/tell_foreign.h"

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

/* What the report counted, in words. */
static const char *did_words(struct told *t, const struct did *d)
{
	if (d->folder.n > 0)
		return arena_fmt(
			   t->mem,
			   "The message was written to the folder %.*s of the recipient's mailbox, which the address "
			   "named behind the plus. This server's part ends there.",
			   STR_ARG(d->folder))
		    .p;
	if (d->junk)
		return "The gate doubted the message, so it was put into the Junk folder of the recipient's mailbox; "
		       "the "
		       "gate's steps say why.";
	if (d->lmtp)
		return "The server that keeps the mailboxes took the message over LMTP. This server's part ends there: "
		       "into "
		       "which folder it went, and what the recipient's rules did, stands in that server's log.";
	if (d->files > 0)
		return "The message was written to the recipient's mailbox. This server's part ends there: what "
		       "happens in "
		       "the mailbox afterwards is not in these logs.";
	if (d->programs > 0)
		return "A program on this server (a delivery agent or a filter) took the message. What it decided (a "
		       "folder, "
		       "an automatic answer, to throw it away) stands in that program's own log, not in these.";
	if (d->forwards > 0)
		return "The rules of this address sent the message on. The copy is a message of its own, with its own "
		       "fate.";
	return "The rules of this address are empty, so the message was accepted and thrown away.";
}

static struct str did_advice(struct told *t, const struct did *d)
{
	if (d->junk)
		return STR("The recipient finds it in the Junk folder, and moves it out if it was wanted.");
	if (d->files > 0)
		return STR(
		    "Nothing to do here. If the message cannot be found: look into the junk and other folders, the "
		    "rules of the mail program, and other devices that fetch mail and delete it here.");
	if (d->programs > 0)
		return STR(
		    "Nothing to do here. If the message cannot be found: look into the junk folder and at the filter "
		    "rules of the mailbox.");
	if (d->forwards > 0 && d->qp > 0)
		return arena_fmt(t->mem, "The copy is a message of its own: trace qp %llu.", (unsigned long long)d->qp);
	return d->forwards > 0 ? STR("Nothing to do here.")
			       : STR("If such mail is wanted, our postmaster looks at the rules of the address.");
}

static void tell_did(struct told *t, struct told_party *out, const struct attempt *a)
{
	struct did d;

	if (!did_of(a->report, &d))
		return;
	out->explanation = arena_fmt(
	    t->mem, "%s The report counts: %llu to a mailbox, %llu forwarded, %llu to a program.", did_words(t, &d),
	    (unsigned long long)d.files, (unsigned long long)d.forwards, (unsigned long long)d.programs);
	out->advice = NULL;
	tell_advise(t, out, d.files + d.forwards + d.programs == 0 ? WHO_POSTMASTER : WHO_NOBODY, did_advice(t, &d));
}

/* The latest attempt that succeeded; NULL: none. */
const struct attempt *tell_succeeded(const struct party *p)
{
	const struct attempt *found = NULL;

	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (a->resulted && a->outcome == OUTCOME_SUCCESS)
			found = a;
	return found;
}

static const char *success_words(struct told *t, const struct attempt *a)
{
	struct did d;

	if (!did_of(a->report, &d))
		return a->remote ? "the other server took it" : "the delivery succeeded";
	if (d.forwards > 0 && d.files + d.programs == 0)
		return "the rules of this address sent it on";
	if (d.files + d.programs + d.forwards == 0)
		return "the mailbox's rules threw it away";
	if (d.junk)
		return "it was put into the mailbox's Junk folder";
	if (d.folder.n > 0)
		return arena_fmt(t->mem, "it was written to the mailbox's folder %.*s", STR_ARG(d.folder)).p;
	if (d.lmtp)
		return "the mailbox server took it";
	return d.files > 0 ? "it was written to the mailbox" : "a delivery program on this server took it";
}

/* It is theirs from here on: who has it, under which number, and what we do not know. */
static void tell_relayed(struct told *t, struct told_party *out, const struct attempt *a)
{
	struct remote r;
	struct str host;

	tell_read_remote(t, a, &r);
	host = r.host.n > 0 ? r.host : STR("the other server");
	out->summary =
	    arena_fmt(t->mem, "Passed on at %.*s: %.*s took the message over%s%.*s", STR_ARG(tell_moment(t, a->ended)),
		      STR_ARG(host), r.said.n > 0 ? " and said: " : "", STR_ARG(r.said));
	out->brief = arena_fmt(t->mem, "taken by %.*s", STR_ARG(host));
	out->explanation = arena_fmt(
	    t->mem,
	    "Since then %.*s answers for the message; what it did with it afterwards is not in our logs. %s%.*s%s",
	    STR_ARG(host), r.encryption.n > 0 ? "The way there was encrypted (" : "", STR_ARG(r.encryption),
	    r.encryption.n > 0 ? ")."
	    : r.clear          ? "The way there was not encrypted."
			       : "Our log does not say whether the way there was encrypted.");
	if (r.id.n > 0)
		tell_advise(
		    t, out, WHO_NOBODY,
		    arena_fmt(t->mem,
			      "Nothing to do here. If the recipient misses the message, ask the postmaster of %.*s "
			      "for their number %.*s of that time.",
			      STR_ARG(host), STR_ARG(r.id)));
	else
		tell_advise(
		    t, out, WHO_NOBODY,
		    arena_fmt(t->mem,
			      "Nothing to do here. If the recipient misses the message, ask the postmaster of %.*s "
			      "with the time and the words of that reply.",
			      STR_ARG(host)));
}

/* A try before it broke off when all had been sent: qmail-remote's "Possible duplicate!". */
static void tell_twice(struct told *t, struct told_party *out, const struct party *p, const struct attempt *last)
{
	for (const struct attempt *a = p->attempts; a != NULL && a != last; a = a->next) {
		if (str_find(a->report, STR("Possible_duplicate!")) < 0)
			continue;
		out->explanation =
		    arena_fmt(t->mem,
			      "%.*s An earlier try (delivery %llu) broke off after the whole message had "
			      "been sent and before the answer came, so the recipient may have it twice.",
			      STR_ARG(out->explanation), (unsigned long long)a->number);
		return;
	}
}

void tell_success(struct told *t, struct told_party *out, const struct party *p)
{
	static const char *const opening[VERDICT_COUNT] = { [VERDICT_DELIVERED] = "Delivered",
							    [VERDICT_FORWARDED] = "Forwarded",
							    [VERDICT_RELAYED] = "Passed on",
							    [VERDICT_DISCARDED] = "Discarded" };
	const struct attempt *a = tell_succeeded(p);
	const struct report_row *row;
	struct str line, landing;
	struct did d;
	bool counted = did_of(a->report, &d);

	row = report_row_of(t, a->report, &line);
	landing = tell_landing(t, a);
	out->summary = arena_fmt(t->mem, "%s: %s", opening[out->verdict], success_words(t, a));
	out->brief = str_of(success_words(t, a));
	if (a->remote && !counted) {
		tell_relayed(t, out, a);
		tell_twice(t, out, p, a);
	} else {
		tell_use(t, out, row != NULL ? &row->word : NULL);
		tell_did(t, out, a);
	}
	out->summary = arena_fmt(t->mem, "%.*s%.*s", STR_ARG(out->summary), STR_ARG(tell_target(t, p, a)));
	if (landing.n > 0)
		out->summary = arena_fmt(t->mem, "%.*s; %.*s", STR_ARG(out->summary), STR_ARG(landing));
	if (counted && d.authenticated)
		out->summary = arena_fmt(t->mem, "%.*s; the sender had logged in here, so it never left this server",
					 STR_ARG(out->summary));
	if (!a->remote && !counted && line.n > 0)
		out->summary = arena_fmt(t->mem, "%.*s: %.*s", STR_ARG(out->summary), STR_ARG(line));
	out->summary = arena_fmt(t->mem, "%.*s%.*s", STR_ARG(out->summary), STR_ARG(tell_other_targets(t, p, a)));
	tell_copy(t, out, a);
}

static unsigned tries_of(const struct party *p, const struct name *to)
{
	unsigned n = 0;

	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		n += a->to == to;
	return n;
}

/* The attempt that decided: of an alias's targets the one in trouble. */
const struct attempt *tell_troubled(const struct party *p)
{
	const struct attempt *found = p->last_attempt;

	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (a->resulted && a->outcome != OUTCOME_SUCCESS)
			found = a;
	return found;
}

/* Who said no, in whose words. */
static struct str trouble_words(struct told *t, const struct remote *r, struct str line)
{
	if (r->said.n == 0)
		return line;
	return r->host.n > 0 ? arena_fmt(t->mem, "%.*s said: %.*s", STR_ARG(r->host), STR_ARG(r->said))
			     : arena_fmt(t->mem, "the other server said: %.*s", STR_ARG(r->said));
}

static int64_t whole_root(int64_t n)
{
	int64_t r = 0;

	while ((r + 1) * (r + 1) <= n)
		r++;
	return r;
}

/* qmail's schedule (LOG-FORMATS 3.2): birth + (root of the age + 10, or 20 to other servers) squared. */
static int64_t next_by_schedule(const struct told *t, const struct attempt *a)
{
	int64_t birth = t->story->time, age = a->ended - birth,
		root = whole_root(age > 0 ? age : 0) + (a->remote ? 20 : 10);

	return birth + root * root;
}

static void add_next_try(struct told *t, struct told_party *out, const struct attempt *a)
{
	if (a->retry.n > 0) {
		out->summary = arena_fmt(t->mem, "%.*s; tried again at %.*s", STR_ARG(out->summary),
					 STR_ARG(tell_stamp(t, a->retry)));
	} else if (a->qp == 0 && a->outcome == OUTCOME_DEFERRAL) {
		out->summary = arena_fmt(
		    t->mem, "%.*s; tried again at about %.*s (an estimate by qmail's schedule, the log does not say)",
		    STR_ARG(out->summary), STR_ARG(tell_moment(t, next_by_schedule(t, a))));
	}
}

static const char *trouble_opening(const struct told_party *out, const struct attempt *a)
{
	if (out->verdict == VERDICT_WAITING)
		return a->outcome == OUTCOME_FAILURE ? "Failed, and kept in the queue," : "Waiting in the queue";
	return out->verdict == VERDICT_RETURNED ? "Not delivered, returned to the sender"
	       : attempt_deleted(a)             ? "Not delivered, taken out of the queue"
	       : attempt_unwanted(a)            ? "Not delivered, and the sender had asked not to be told"
						: "Not delivered, and no sender to return it to";
}

/* Is it us or them?  The one who said it is named, and what it would not take. */
static void tell_refusal(struct told *t, struct told_party *out, const struct remote *r)
{
	struct str host = r->host.n > 0 ? arena_fmt(t->mem, " (%.*s)", STR_ARG(r->host)) : STR("");

	tell_use_reply(t, out, r->said);
	out->explanation = arena_fmt(t->mem, TELL_NOT_OURS "%.*s that said this, not ours%s%.*s", STR_ARG(host),
				     r->stage, STR_ARG(out->explanation));
}

enum { PROVIDER_DAYS = 2, QMAIL_DAYS = 7 }; /* LOG-FORMATS 3.2; no log says it */

/* Until when it may wait, as far as that is known of the server whose log it is. */
static struct str patience_words(struct told *t, const struct attempt *a)
{
	const struct foreign *f = tell_is_foreign(t->story);
	int64_t days = f != NULL ? QMAIL_DAYS : PROVIDER_DAYS, born = t->story->time;

	if (a->qp > 0 && t->book->lifetime == 0)
		return STR("how long that is these logs do not say (queue.lifetime of that server).");
	if (a->qp > 0)
		return arena_fmt(t->mem, "at about %.*s, as queue.lifetime is configured here.",
				 STR_ARG(tell_moment(t, born + t->book->lifetime)));
	return arena_fmt(t->mem, "at about %.*s, if messages may wait there for %s.",
			 STR_ARG(tell_moment(t, born + days * 86400)),
			 f != NULL ? "seven days, as with qmail unless it is configured otherwise"
				   : "two days, as at the provider that writes such logs");
}

static void tell_cause(struct told *t, struct told_party *out, const struct attempt *a, const struct remote *r)
{
	if (r->said.n > 0)
		tell_refusal(t, out, r);
	else
		tell_use_report(t, out, a->report, a->outcome);
	if (out->explanation.n == 0)
		out->explanation = STR("The delivery did not succeed, and the report is not one that is known here.");
	if (a->gave_up)
		out->explanation = arena_fmt(t->mem, "%.*s It was tried for as long as messages may wait here.",
					     STR_ARG(out->explanation));
	if (out->verdict == VERDICT_WAITING && a->outcome == OUTCOME_DEFERRAL)
		out->explanation = arena_fmt(
		    t->mem,
		    "%.*s The message is safe in the queue and is tried again by itself. If nothing helps, the sender "
		    "gets it back when its time there is over: %.*s",
		    STR_ARG(out->explanation), STR_ARG(patience_words(t, a)));
}

void tell_trouble(struct told *t, struct told_party *out, const struct party *p)
{
	const struct attempt *a = tell_troubled(p);
	unsigned n = tries_of(p, a->to);
	struct remote r;
	struct str line;

	report_row_of(t, a->report, &line);
	tell_read_remote(t, a, &r);
	line = arena_fmt(t->mem, "%.*s%.*s", STR_ARG(trouble_words(t, &r, line)), STR_ARG(tell_target(t, p, a)));
	out->summary = arena_fmt(t->mem, "%s after %u attempt%s: %.*s", trouble_opening(out, a), n, n == 1 ? "" : "s",
				 STR_ARG(line));
	if (out->verdict == VERDICT_WAITING)
		add_next_try(t, out, a);
	out->summary = arena_fmt(t->mem, "%.*s%.*s", STR_ARG(out->summary), STR_ARG(tell_other_targets(t, p, a)));
	out->brief = line;
	tell_cause(t, out, a, &r);
}
