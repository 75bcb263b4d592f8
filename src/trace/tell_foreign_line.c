/* One line of another server's log, in a few plain words. */
#include "trace/tell_foreign.h"

enum {
	HOPS = 10,       /* next servers that are told of */
	SKEW = 2,        /* seconds: less is the time that a message takes */
	LATER = 10000000 /* rank of what happened elsewhere: behind ours of the same second */
};

static struct str client(struct told *t, const struct foreign_line *l)
{
	struct str name = l->field[FF_peer], ip = l->field[FF_ip];

	if (name.n == 0 || str_eqz(name, "unknown"))
		return arena_fmt(t->mem, "%.*s", STR_ARG(ip.n > 0 ? ip : STR("a client")));
	return arena_fmt(t->mem, "%.*s (%.*s)", STR_ARG(ip), STR_ARG(name));
}

static struct str named(struct told *t, const char *what, struct str value)
{
	return value.n > 0 ? arena_fmt(t->mem, "%s%.*s", what, STR_ARG(value)) : STR("");
}

/* The name of a login is its owner's; an address in it is masked where it goes out. */
static struct str login(struct told *t, const struct foreign_line *l)
{
	struct str user = l->field[FF_user];

	if (!scope_all(t->scope) && str_chr(user, '@') < 0)
		return STR("");
	return named(t, ", logged in as ", user);
}

static struct str incoming(struct told *t, const struct foreign_line *l)
{
	if (l->server == FOREIGN_QMAIL)
		return STR("");
	if (l->field[FF_ip].n == 0)
		return arena_fmt(t->mem, "handed in on that machine by user %.*s", STR_ARG(l->field[FF_uid]));
	return arena_fmt(t->mem, "coming in from %.*s%.*s", STR_ARG(client(t, l)), STR_ARG(login(t, l)));
}

static struct str queued(struct told *t, const struct foreign_line *l)
{
	uint64_t bytes = 0;
	bool sized = str_u64(l->field[FF_bytes], UINT64_MAX, &bytes);
	struct str from = l->field[FF_ip].n > 0 ? arena_fmt(t->mem, " from %.*s", STR_ARG(client(t, l))) : STR("");

	return arena_fmt(t->mem, "accepted%.*s%s%.*s%s%.*s%.*s", STR_ARG(from), sized ? ", " : "",
			 STR_ARG(sized ? tell_count(t->mem, bytes) : STR("")), sized ? " bytes" : "",
			 STR_ARG(login(t, l)), STR_ARG(named(t, ", Message-ID ", l->field[FF_message_id])));
}

static const char *flag_word(struct str status)
{
	static const char *const t[][2] = { { "=>", "delivered" },
					    { "->", "delivered too" },
					    { ">>", "delivered at once" },
					    { "*>", "delivery was suppressed" },
					    { "**", "failed" },
					    { "==", "put off" } };

	for (size_t i = 0; i < COUNT(t); i++)
		if (str_eqz(status, t[i][0]))
			return t[i][1];
	return NULL;
}

static struct str result(struct told *t, const struct foreign_line *l)
{
	const char *flag = flag_word(l->field[FF_status]);
	bool thrown = str_eqz(l->field[FF_rcpt], ":blackhole:");
	struct str status = thrown         ? STR("thrown away (:blackhole:)")
			    : flag != NULL ? str_of(flag)
					   : l->field[FF_status];
	struct str relay = l->field[FF_relay];
	struct str text = l->server == FOREIGN_QMAIL ? tell_report(t, l->field[FF_text]) : l->field[FF_text];

	if (l->server == FOREIGN_EXIM)
		relay = l->field[FF_ip].n > 0 ? client(t, l) : l->field[FF_channel];
	if (str_eqz(relay, "none"))
		relay = STR("");
	if (l->field[FF_delivery].n > 0)
		return arena_fmt(t->mem, "delivery %.*s: %.*s, %.*s", STR_ARG(l->field[FF_delivery]), STR_ARG(status),
				 STR_ARG(text));
	return arena_fmt(t->mem, "%.*s%.*s%s%.*s", STR_ARG(status), STR_ARG(named(t, ", by ", relay)),
			 text.n > 0 ? ": " : "", STR_ARG(text));
}

struct str tell_stage(struct told *t, const struct foreign_line *l)
{
	struct str stage = l->field[FF_stage];

	if (stage.n == 0 || str_starts(stage, STR("after ")))
		return named(t, " ", stage);
	return named(t, " at ", stage);
}

/* Other servers have told of the client in a line before; Exim names it here. */
static struct str refusal(struct told *t, const struct line *x, const struct foreign_line *l)
{
	struct str who = l->server == FOREIGN_EXIM ? client(t, l) : STR(""), said, text;
	int code;

	said = tell_reply(t, x, &code, &text);
	return arena_fmt(t->mem, "refused%s%.*s%.*s%s%.*s", who.n > 0 ? " " : "", STR_ARG(who),
			 STR_ARG(l->field[FF_stage].n > 0 ? tell_stage(t, l) : STR(" at the door")),
			 said.n > 0 ? ": " : "", STR_ARG(said));
}

static struct str finding(struct told *t, const struct foreign_line *l)
{
	struct str all = l->frame.rest, count = l->field[FF_count];

	if (str_starts(all, STR("PREGREET ")))
		return arena_fmt(t->mem, "spoke before it was greeted (%.*s bytes): %.*s", STR_ARG(count),
				 STR_ARG(l->field[FF_text]));
	if (str_starts(all, STR("DNSBL ")))
		return arena_fmt(t->mem, "stands on DNS block lists, their weight is %.*s", STR_ARG(count));
	return all;
}

/* Why a login failed, as the server wrote it down, in brackets.  That it had asked "Password:" in base64 is no reason. */
static struct str login_reason(struct told *t, const struct foreign_line *l)
{
	struct str text = l->field[FF_text];

	if (!scope_all(t->scope) || text.n == 0 || str_starts(text, STR("UGFzc3dvcmQ6")) ||
	    str_starts(text, STR("VXNlcm5hbWU6")))
		return STR("");
	return arena_fmt(t->mem, ": %.*s", STR_ARG(text));
}

/* How many of the lines are of a failed login; the last of them. */
static uint64_t count_logins(const struct told *t, const struct lines *lines, struct foreign_line *last)
{
	struct foreign_line l;
	uint64_t n = 0;
	bool login = false;

	for (const struct line *x = lines->first; x != NULL; x = x->next) {
		foreign_read(line_raw(t->book, x), &l);
		login = l.kind == FOREIGN_AUTH_FAILED || (login && l.kind == FOREIGN_REPEATED);
		n += !login ? 0 : x->times > 0 ? x->times : 1;
		if (l.kind == FOREIGN_AUTH_FAILED)
			*last = l;
	}
	return n;
}

bool tell_failed_login(struct told *t, struct told_party *out)
{
	const struct end_row *row = end_match(str_of(end_words(END_LOGINS)));
	struct foreign_line last = { 0 };
	uint64_t n = count_logins(t, &t->story->visit->lines, &last);
	struct str reason;

	if (n == 0)
		return false;
	reason = login_reason(t, &last);
	out->brief = STR("login failed");
	if (n == 1)
		out->summary = arena_fmt(t->mem, "A login by %.*s failed, and no message followed%.*s",
					 STR_ARG(tell_client_words(t)), STR_ARG(reason));
	else
		out->summary = arena_fmt(t->mem, "%llu logins by %.*s failed, and no message followed%.*s",
					 (unsigned long long)n, STR_ARG(tell_client_words(t)), STR_ARG(reason));
	out->explanation = STR("The client tried to log in, was turned down, and named no recipient afterwards. A "
			       "login fails when the user name or the password is wrong.");
	tell_advise(t, out, row->word.who, str_of(row->word.advice));
	return true;
}

static struct str words_of(struct told *t, const struct line *x, const struct foreign_line *l)
{
	switch (l->kind) {
	case FOREIGN_CONNECT:
		return arena_fmt(t->mem, "connection from %.*s", STR_ARG(client(t, l)));
	case FOREIGN_SCREEN:
		return finding(t, l);
	case FOREIGN_DISCONNECT:
		return STR("the connection ended");
	case FOREIGN_TLS:
		return named(t, "encrypted: ", l->field[FF_encryption]);
	case FOREIGN_AUTH_FAILED:
		return arena_fmt(t->mem, "a login failed (%.*s)%.*s", STR_ARG(l->field[FF_method]),
				 STR_ARG(login_reason(t, l)));
	case FOREIGN_REJECT:
		return refusal(t, x, l);
	case FOREIGN_CHECK:
		return arena_fmt(t->mem, "recipient check: %.*s, %.*s", STR_ARG(l->field[FF_title]),
				 STR_ARG(l->field[FF_text]));
	case FOREIGN_CLIENT:
		return incoming(t, l);
	case FOREIGN_MESSAGE_ID:
		return named(t, "Message-ID ", l->field[FF_message_id]);
	case FOREIGN_QUEUED:
		return queued(t, l);
	case FOREIGN_START:
		return arena_fmt(t->mem, "delivery %.*s begins, %.*s", STR_ARG(l->field[FF_delivery]),
				 STR_ARG(l->field[FF_channel]));
	case FOREIGN_RESULT:
		return result(t, l);
	case FOREIGN_EXPIRED:
		return STR("given up: the message has been in the queue too long");
	case FOREIGN_BOUNCE:
		return arena_fmt(t->mem, "the sender is told: bounce as message %.*s",
				 STR_ARG(l->field[FF_child].n > 0 ? l->field[FF_child] : l->field[FF_qp]));
	case FOREIGN_NOTICE:
		return arena_fmt(t->mem, "a notice goes to the sender: message %.*s", STR_ARG(l->field[FF_child]));
	case FOREIGN_REPEATED:
		return STR("the same again");
	case FOREIGN_REMOVED:
		return str_eqz(l->field[FF_status], "deleted") ? STR("taken out of the queue by the postmaster")
							       : STR("done, and out of the queue");
	default:
		return l->frame.rest;
	}
}

struct foreign_event tell_foreign_line(struct told *t, const struct line *x, const char *station)
{
	struct foreign_event e = { .station = station };
	struct foreign_line l;

	if (!foreign_read(line_raw(t->book, x), &l))
		return e;
	if (str_ends(l.frame.program, STR("/postscreen")))
		e.station = "gate";
	e.ends = l.kind == FOREIGN_REMOVED;
	e.what = words_of(t, x, &l);
	if (x->times > 0)
		e.what = arena_fmt(t->mem, "%.*s (%u time%s, counted by syslog)", STR_ARG(e.what), x->times,
				   x->times == 1 ? "" : "s");
	return e;
}

static struct str seconds(struct arena *a, int64_t n)
{
	return arena_fmt(a, "%lld s", (long long)(n < 0 ? -n : n));
}

static void note_skew(struct told *t, const struct hop_skew *k)
{
	tell_note(t,
		  "the clock of %.*s is %.*s %s that of %.*s (median of %zu message%s between them); times are as each "
		  "log has them",
		  STR_ARG(k->to_host), STR_ARG(seconds(t->mem, k->median)), k->median > 0 ? "ahead of" : "behind",
		  STR_ARG(k->from_host), k->n, k->n == 1 ? "" : "s");
}

static void note_hop(struct told *t, const struct story *child)
{
	const struct foreign *from = tell_is_foreign(ties_of(child)->parent), *to = tell_is_foreign(child);
	uint64_t place = from != NULL ? from->place : HOP_OURS;

	for (const struct hop_skew *k = to != NULL ? t->book->hop_skews : NULL; k != NULL; k = k->next)
		if (k->from == place && k->to == to->place && (k->median >= SKEW || k->median <= -SKEW))
			note_skew(t, k);
}

/* Exim: what of a connection was refused before a message had an id is joined by its port or process alone. */
static void note_apart(struct told *t)
{
	const struct foreign *f = tell_is_foreign(t->story);
	struct foreign_line l;

	if (f == NULL || f->server != FOREIGN_EXIM || f->id.n > 0 || !foreign_read(line_raw(t->book, f->begins), &l) ||
	    l.kind != FOREIGN_REJECT || l.field[FF_port].n > 0 || l.frame.pid.n > 0)
		return;
	tell_note(t, "the log names neither the port nor the process of the connection, so what else it had refused is "
		     "told apart (Exim: log_selector = +incoming_port +pid)");
}

void tell_foreign_notes(struct told *t)
{
	const struct story *s = t->story;
	int n = 0;

	note_apart(t);

	if (ties_of(s)->hop.key != NULL && ties_of(s)->parent != NULL)
		note_hop(t, s);
	for (const struct story *c = story_next_hop(s, NULL); c != NULL && n < HOPS; c = story_next_hop(s, c), n++)
		note_hop(t, c);
}

static void add_hop(struct told *t, const struct story *child)
{
	const struct foreign *f = tell_is_foreign(child);
	struct told u = { .mem = t->mem, .frame = t->frame };

	tell(&u, t->book, child, t->scope);
	for (size_t i = 0; i < u.nevents; i++) {
		struct event e = u.events[i];

		if (!e.elsewhere)
			e.what = arena_fmt(t->mem, "on %.*s: %.*s",
					   STR_ARG(f != NULL && f->host.n > 0 ? f->host : STR("the next server")),
					   STR_ARG(e.what));
		e.elsewhere = true;
		e.rank = (int)(LATER + (t->nevents < LATER ? t->nevents : LATER));
		if (ties_of(child)->hop.grade < e.grade)
			e.grade = ties_of(child)->hop.grade;
		tell_add(t, e);
	}
}

void tell_hops(struct told *t)
{
	const struct story *s = t->story;
	int n = 0;

	for (const struct story *c = story_next_hop(s, NULL); c != NULL && n < HOPS; c = story_next_hop(s, c))
		if (scope_story(t->scope, t->book, c))
			n++, add_hop(t, c);
}
