/* A line of another mail server's log. */
#include "logs/foreign.h"
#include "trace/explain_parts.h"

static const struct {
	const char *what, *meaning;
} rows[FOREIGN_KINDS] = {
#define FOREIGN_KIND(id, w, m) [FOREIGN_##id] = { (w), (m) },
#include "logs/foreign.def"
#undef FOREIGN_KIND
};

static const char *const field_names[FOREIGN_FIELDS] = {
#define FOREIGN_FIELD(name) [FF_##name] = #name,
#include "logs/foreign.def"
#undef FOREIGN_FIELD
};

static const char *const kinds[FOREIGN_SERVERS] = {
	[FOREIGN_POSTFIX] = "postfix-log-line",
	[FOREIGN_QMAIL] = "qmail-log-line",
	[FOREIGN_EXIM] = "exim-log-line",
	[FOREIGN_CHKUSER] = "chkuser-log-line",
};

static void say_fields(struct explaining *x, const struct foreign_line *l)
{
	const struct frame *f = &l->frame;
	BUF(b);

	if (f->stamp.year > 0)
		stamp_put(&b, f->stamp);
	else
		buf_fmt(&b, "%s %d %02d:%02d:%02d", month_names[f->stamp.month - 1], f->stamp.day, f->stamp.hour,
			f->stamp.minute, f->stamp.second);
	explain_field(x, "time", arena_str(x->mem, buf_str(&b)));
	if (f->host.n > 0)
		explain_field(x, "server", f->host);
	if (f->program.n > 0)
		explain_field(x, "program", f->program);
	for (int i = 0; i < FOREIGN_FIELDS; i++)
		if (l->field[i].p != NULL && i != FF_skip && i != FF_client)
			explain_field(x, field_names[i], l->field[i]);
}

static void use(struct explaining *x, const struct explanation *inner)
{
	x->out->meaning = inner->meaning;
	x->out->final = inner->final;
	x->out->who = inner->who;
	x->out->advice = inner->advice;
}

/* What did not go well: for good, for now, or the line does not say. */
static enum final how_final(const struct foreign_line *l)
{
	struct str status = l->field[FF_status], dsn = l->field[FF_dsn];
	int code = foreign_reply(l, &(struct str){ 0 });

	if (str_eqz(status, "==") || str_eqz(status, "deferred"))
		return FINAL_NO;
	if (str_eqz(status, "**") || str_eqz(status, "bounced") || str_eqz(status, "expired"))
		return FINAL_YES;
	if (code >= 400)
		return code >= 500 ? FINAL_YES : FINAL_NO;
	return dsn.n > 0 && dsn.p[0] == '5' ? FINAL_YES : dsn.n > 0 && dsn.p[0] == '4' ? FINAL_NO : FINAL_UNKNOWN;
}

/* "192.0.2.9[192.0.2.9]:25", or Exim's client fields, as the line has them; empty: no other server. */
static struct str next_server(struct explaining *x, const struct foreign_line *l)
{
	struct str relay = l->field[FF_relay], name = l->field[FF_peer], ip = l->field[FF_ip];

	if (l->server == FOREIGN_POSTFIX)
		return str_eqz(l->field[FF_channel], "smtp") ? relay : STR("");
	if (ip.n == 0)
		return STR("");
	return arena_fmt(x->mem, "%.*s[%.*s]", STR_ARG(name), STR_ARG(ip));
}

static bool is_here(struct str server)
{
	return str_find(server, STR("[127.")) >= 0 || str_find(server, STR("[::1]")) >= 0;
}

/* Whose line it is: "mx1", or "this server". */
static struct str writer(struct explaining *x, const struct foreign_line *l)
{
	if (l->frame.host.n == 0)
		return STR("The server that wrote this line");
	return arena_fmt(x->mem, "The server that wrote this line (%.*s)", STR_ARG(l->frame.host));
}

/* A delivery that did not go well: who said it, what it means, and where the message is now. */
static struct str say_attempt(struct explaining *x, const struct foreign_line *l, struct str meaning, enum final final)
{
	bool answered = foreign_answer(l->field[FF_text]).n > 0;
	struct str to = next_server(x, l), who = writer(x, l);
	struct str said = answered && to.n > 0
			      ? arena_fmt(x->mem, "It was the other server, %.*s, that said this. ", STR_ARG(to))
			      : STR("");
	const char *now = final == FINAL_NO    ? " keeps the message and tries again by itself."
			  : final == FINAL_YES ? " has given up: the sender gets the message back."
					       : " says no more of it here.";

	return arena_fmt(x->mem, "%.*s%.*s%s%.*s%s", STR_ARG(said), STR_ARG(meaning), meaning.n > 0 ? " " : "",
			 STR_ARG(who), now);
}

/* A reply that the line quotes, or its words with their status code. */
static bool say_reply(struct explaining *x, const struct foreign_line *l)
{
	struct explanation inner = { .final = FINAL_UNKNOWN };
	struct explaining y = { .mem = x->mem, .out = &inner };
	struct str text = foreign_answer(l->field[FF_text]);
	enum final final = how_final(l);

	if (text.n == 0 && final != FINAL_UNKNOWN)
		explain_words(&y, l->field[FF_dsn], l->field[FF_text], final == FINAL_YES);
	else if (text.n == 0 || !explain_reply(&y, text))
		return false;
	if (l->kind == FOREIGN_RESULT)
		inner.meaning = say_attempt(x, l, explain_without_class(inner.meaning, text), final);
	else if (text.n == 0)
		explain_add(&y, "%s",
			    final == FINAL_YES ? "That is a final no."
					       : "That is a no for now: the sender's server tries again by "
						 "itself.");
	use(x, &inner);
	return true;
}

static void say_passed_on(struct explaining *x, const struct foreign_line *l, struct str to)
{
	struct str id = foreign_queued_as(l->field[FF_text]), who = writer(x, l);
	struct str number = id.n > 0 ? arena_fmt(x->mem, ", under its number %.*s", STR_ARG(id)) : STR("");

	if (is_here(to)) {
		x->out->meaning = arena_fmt(x->mem,
					    "%.*s handed the message to a program on the same machine (%.*s: a filter, "
					    "most likely), which took it%.*s.",
					    STR_ARG(who), STR_ARG(to), STR_ARG(number));
		x->out->advice = STR("Nothing. How it went on stands in the same log, under that number.");
		return;
	}
	x->out->meaning = arena_fmt(x->mem,
				    "%.*s handed the message to the next one, %.*s, which took charge of it%.*s. What "
				    "became of it from there on stands in the log of that server.",
				    STR_ARG(who), STR_ARG(to), STR_ARG(number));
	x->out->advice = arena_fmt(
	    x->mem,
	    "Nothing. If the recipient misses the message, ask the postmaster of %.*s with the "
	    "time of this line and %.*s.",
	    STR_ARG(to), STR_ARG(id.n > 0 ? arena_fmt(x->mem, "the number %.*s", STR_ARG(id)) : STR("the addresses")));
}

/* A delivery that went well. */
static bool say_sent(struct explaining *x, const struct foreign_line *l)
{
	struct str status = l->field[FF_status], to = next_server(x, l);
	bool done =
	    l->server == FOREIGN_EXIM ? str_ends(status, STR(">")) && !str_eqz(status, "*>") : str_eqz(status, "sent");

	if (!done)
		return false;
	x->out->final = FINAL_YES;
	if (str_eqz(l->field[FF_rcpt], ":blackhole:") || str_eqz(l->field[FF_channel], "discard")) {
		x->out->meaning =
		    arena_fmt(x->mem, "%.*s threw the message away, as one of its rules says.", STR_ARG(writer(x, l)));
		x->out->advice = STR("If the message was wanted, our postmaster looks at the rules of the address.");
		return true;
	}
	if (to.n > 0) {
		say_passed_on(x, l, to);
		return true;
	}
	x->out->meaning = arena_fmt(x->mem,
				    "%.*s delivered the message itself (%.*s): into a mailbox, to a program, or on to "
				    "another address, as the line says.",
				    STR_ARG(writer(x, l)), STR_ARG(l->field[FF_channel]));
	x->out->advice = STR("Nothing. If the message cannot be found, look into the junk folder and the filter rules "
			     "of the mailbox.");
	return true;
}

static void say_report(struct explaining *x, const struct foreign_line *l)
{
	struct explanation inner = { .final = FINAL_UNKNOWN };
	struct explaining y = { .mem = x->mem, .out = &inner };

	if (explain_report(&y, l->field[FF_text], l->field[FF_status]))
		use(x, &inner);
}

static void say_check(struct explaining *x, const struct foreign_line *l)
{
	const struct check_row *row = check_by_words(l->field[FF_title], l->field[FF_text]);

	if (row != NULL)
		explain_word(x, &row->word);
}

static void say_login(struct explaining *x)
{
	const struct end_row *row = end_match(str_of(end_words(END_LOGINS)));

	x->out->meaning =
	    STR("The client tried to log in and was turned down: the user name or the password is wrong.");
	x->out->final = FINAL_YES;
	x->out->who = row->word.who;
	x->out->advice = str_of(row->word.advice);
}

static void say_content(struct explaining *x, const struct foreign_line *l)
{
	if (l->kind == FOREIGN_AUTH_FAILED)
		say_login(x);
	else if (l->kind == FOREIGN_CHECK)
		say_check(x, l);
	else if (l->kind == FOREIGN_RESULT && l->server == FOREIGN_QMAIL)
		say_report(x, l);
	else if (l->kind == FOREIGN_REJECT || (l->kind == FOREIGN_RESULT && !say_sent(x, l)))
		say_reply(x, l);
	if (l->kind == FOREIGN_EXPIRED || l->kind == FOREIGN_REMOVED)
		x->out->final = FINAL_YES;
}

bool explain_foreign(struct explaining *x, struct str text)
{
	struct foreign_line l;

	if (!foreign_read(text, &l) || kinds[l.server] == NULL || l.frame.stamp.month == 0)
		return false;
	x->out->kind = kinds[l.server];
	x->out->what = arena_fmt(x->mem, "%s, in a log of %s", rows[l.kind].what, foreign_servers[l.server]);
	x->out->meaning = str_of(rows[l.kind].meaning);
	x->out->who = WHO_NOBODY;
	say_fields(x, &l);
	say_content(x, &l);
	return true;
}
