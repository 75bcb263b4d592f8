#include "session/session.h"

#include <string.h>
#include "base/clock.h"

/* Longest wait for a number of telltale-queue's before a client is sent away. */
enum { NUMBER_WAIT = 5000 };
/* Longest time that a client who was sent away is heard out, ms. */
enum { LINGER = 500 };

int64_t session_visit_deadline(const struct session *s)
{
	const struct policy *p = &s->port->policy;

	if (!p->on || p->set.connection_timeout_secs == 0 || s->facts.authenticated)
		return DEADLINE_NEVER;
	return s->came + p->set.connection_timeout_secs * 1000;
}

static int64_t sooner(int64_t a, int64_t b)
{
	if (a == DEADLINE_NEVER || b == DEADLINE_NEVER)
		return a == DEADLINE_NEVER ? b : a;
	return a < b ? a : b;
}

int64_t session_command_deadline(const struct session *s)
{
	const struct policy *p = &s->port->policy;
	int64_t idle = p->on ? p->set.idle_timeout_secs * 1000 : 0;
	int64_t most = s->server->conf->limits.command_timeout;

	return sooner(deadline_in(idle > 0 && idle < most ? idle : most), session_visit_deadline(s));
}

bool session_wait(struct session *s, int64_t deadline)
{
	bool more;

	s->idle = true;
	more = wire_more(&s->wire, atomic_load(&s->server->stopping) ? 0 : deadline);
	s->idle = false;
	return more;
}

enum line_end session_line(struct session *s, struct str *text)
{
	enum line_end end;

	if (atomic_load(&s->server->stopping) && !wire_more(&s->wire, 0))
		return LINE_CLOSED;
	s->idle = true;
	end = wire_line(&s->wire, &s->line, session_command_deadline(s), text);
	s->idle = false;
	return end;
}

void session_reply(struct session *s, const struct reply *r)
{
	reply_wire(&s->wire.out, r);
}

struct reply session_words(enum reply_id id)
{
	const struct reply_row *row = reply_row(id);

	return (struct reply){ row->code, row->enhanced, str_of(row->text) };
}

struct reply session_words_or(struct session *s, enum reply_id id, enum reason why)
{
	struct reply r = session_words(id);
	struct str own = gate_text(&s->port->policy, why);

	if (own.n > 0)
		r.text = own;
	return r;
}

/* Where the gate limits the time it is spamdyke's TIMEOUT, else qmail's. */
struct reply session_timeout_words(struct session *s)
{
	const struct policy *p = &s->port->policy;
	struct reply r = session_words_or(s, REPLY_TIMEOUT, REASON_TIMEOUT);

	if (p->on && (p->set.idle_timeout_secs > 0 || session_visit_deadline(s) != DEADLINE_NEVER))
		session_refusal_of(s, REASON_TIMEOUT, &r);
	return r;
}

void session_say(struct session *s, enum reply_id id)
{
	struct reply r = session_words(id);

	session_reply(s, &r);
}

void session_answer(struct session *s, const struct reply *r)
{
	record_resp(s, r);
	session_reply(s, r);
}

int session_flush(struct session *s)
{
	if (wire_flush(&s->wire, session_command_deadline(s)) == 0)
		return 0;
	s->closing = true;
	transaction_end(s, end_words(END_DEAF));
	return -1;
}

void session_count_error(struct session *s)
{
	if (++s->errors >= SESSION_ERRORS_MAX)
		session_close(s, REPLY_TOO_MANY_ERRORS, end_words(END_ERRORS));
}

/* A row's code and enhanced code with words of our own. */
static void say_with(struct session *s, enum reply_id id, const char *fmt, struct str what)
{
	struct reply r = session_words(id);

	r.text = arena_fmt(&s->scratch, fmt, STR_ARG(what));
	session_reply(s, &r);
}

void session_close(struct session *s, enum reply_id id, const char *why)
{
	s->closing = true;
	transaction_end(s, why);
	session_say(s, id);
}

/* ---- the verbs that are not about a message ---- */

static void hello(struct session *s, const struct command *c, bool esmtp)
{
	transaction_end(s, end_words(END_STARTED_OVER));
	s->helo = str_take(c->arg, SESSION_HELO_MAX);
	memcpy(s->helo_text, s->helo.p, s->helo.n);
	s->helo.p = s->helo_text;
	s->facts.helo = s->helo;
	s->helo_at = clock_wall();
	s->helos++;
	s->esmtp = esmtp;
}

static void do_ehlo(struct session *s, const struct command *c)
{
	hello(s, c, true);
	buf_fmt(&s->wire.out, "250-%.*s\r\n250-PIPELINING\r\n250-SIZE %lld\r\n250-8BITMIME\r\n",
		STR_ARG(s->server->conf->top.hostname), (long long)s->server->conf->limits.message_size);
	if (session_offers_tls(s))
		buf_adds(&s->wire.out, "250-STARTTLS\r\n");
	if (session_offers_auth(s))
		buf_adds(&s->wire.out, "250-AUTH PLAIN LOGIN\r\n");
	if (session_offers_requiretls(s))
		buf_adds(&s->wire.out, "250-REQUIRETLS\r\n");
	buf_adds(&s->wire.out, "250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n");
}

static void do_helo(struct session *s, const struct command *c)
{
	hello(s, c, false);
	buf_fmt(&s->wire.out, "250 %.*s\r\n", STR_ARG(s->server->conf->top.hostname));
}

static void do_rset(struct session *s, const struct command *c)
{
	(void)c;
	transaction_end(s, end_words(END_STARTED_OVER));
	session_say(s, REPLY_FLUSHED);
}

static void do_noop(struct session *s, const struct command *c)
{
	(void)c;
	session_say(s, REPLY_OK);
}

static void do_quit(struct session *s, const struct command *c)
{
	(void)c;
	s->closing = s->quit = true;
	transaction_end(s, end_words(END_QUIT));
	say_with(s, REPLY_BYE, "%.*s", s->server->conf->top.hostname);
}

static void do_vrfy(struct session *s, const struct command *c)
{
	(void)c;
	session_say(s, REPLY_VRFY);
}

static void do_help(struct session *s, const struct command *c)
{
	(void)c;
	say_with(s, REPLY_HELP, "%.*s", STR("EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP QUIT VRFY HELP"));
}

static void not_here(struct session *s, const struct command *c)
{
	(void)c;
	session_say(s, REPLY_UNIMPLEMENTED);
}

static void (*const handlers[VERB_UNKNOWN])(struct session *, const struct command *) = {
	[VERB_EHLO] = do_ehlo,      [VERB_HELO] = do_helo,      [VERB_MAIL] = session_mail,
	[VERB_RCPT] = session_rcpt, [VERB_DATA] = session_data, [VERB_RSET] = do_rset,
	[VERB_NOOP] = do_noop,      [VERB_QUIT] = do_quit,      [VERB_VRFY] = do_vrfy,
	[VERB_EXPN] = not_here,     [VERB_HELP] = do_help,      [VERB_STARTTLS] = session_starttls,
	[VERB_AUTH] = session_auth,
};

/* ---- one line after the other ---- */

static void mistake_words(struct session *s, struct reply r)
{
	session_reply(s, &r);
	session_count_error(s);
}

static void mistake(struct session *s, enum reply_id id)
{
	mistake_words(s, session_words(id));
}

static void command(struct session *s, struct str text)
{
	struct command c;
	bool path;

	command_parse(text, &s->scratch, &c);
	path = c.verb == VERB_MAIL || c.verb == VERB_RCPT;
	if (c.fault == COMMAND_FOREIGN)
		session_close(s, REPLY_UNIMPLEMENTED, end_words(END_FOREIGN));
	else if (c.fault == COMMAND_CONTROL || (c.fault != COMMAND_FINE && !path))
		mistake_words(s, session_fault(s, &c));
	else
		handlers[c.verb](s, &c);
}

static void timed_out(struct session *s)
{
	struct reply r = session_timeout_words(s);

	s->closing = true;
	if (s->t.open || r.code == 421) {
		struct str words = record_words(&r, &s->scratch);

		if (s->t.nnamed == 0)
			record_verdict(s, REASON_TIMEOUT, s->t.last_rcpt, words);
		for (size_t i = 0; i < s->t.nnamed; i++)
			record_verdict(s, REASON_TIMEOUT, s->t.named[i].key, words);
	}
	transaction_end(s, end_words(END_TIMEOUT));
	session_reply(s, &r);
}

static void left(struct session *s, const char *why)
{
	if (atomic_load(&s->server->stopping)) {
		session_close(s, REPLY_SHUTTING_DOWN, end_words(END_STOPPING));
		return;
	}
	s->closing = true;
	transaction_end(s, why);
}

void session_no_line(struct session *s, enum line_end end)
{
	switch (end) {
	case LINE_OK:
		BUG("a line is one");
	case LINE_BARE:
		mistake(s, REPLY_BARE_COMMAND);
		break;
	case LINE_LONG:
		mistake(s, REPLY_LINE_TOO_LONG);
		break;
	case LINE_ALIEN:
		session_close(s, REPLY_UNIMPLEMENTED, end_words(END_FOREIGN));
		break;
	case LINE_CLOSED:
		left(s, end_words(END_LEFT));
		break;
	case LINE_TIMEOUT:
		timed_out(s);
		break;
	case LINE_BROKEN:
		left(s, end_words(END_BROKE));
		break;
	}
}

static void line_came(struct session *s, enum line_end end, struct str text)
{
	if (end != LINE_OK)
		session_no_line(s, end);
	else if (atomic_load(&s->server->stopping))
		session_close(s, REPLY_SHUTTING_DOWN, end_words(END_STOPPING));
	else
		command(s, text);
}

static void converse(struct session *s)
{
	while (!s->closing) {
		struct str text = { 0 };
		enum line_end end;

		arena_reset(&s->scratch);
		if (s->wire.out.n > WIRE_BATCH && session_flush(s) < 0)
			return;
		end = session_line(s, &text);
		line_came(s, end, text);
	}
}

/* ---- the visit ---- */

/* Without a number nothing could be told about this session: better that the client comes back. */
static bool numbered(struct session *s)
{
	struct reply r = session_words(REPLY_TRY_LATER);
	struct err e;

	if (spool_number(s->server->spool, NUMBER_CONNECTION, &s->number, deadline_in(NUMBER_WAIT), &e) == 0)
		return true;
	server_trouble(s->server, TROUBLE_CLIENT, e.text);
	r.code = 421;
	session_reply(s, &r);
	return false;
}

static void begin(struct session *s)
{
	s->began = clock_wall();
	s->came = clock_mono();
	s->facts = (struct facts){
		.ip = str_of(s->peer.ip),
		.dns = s->server->dns,
		.lookup = s->server->lookup,
		.host = s->server->conf->top.hostname,
		.mem = &s->mem,
	};
	visit_begin(&s->visit, s->server->rules, &s->port->policy, &s->facts, &s->mem);
}

static void finish(struct session *s)
{
	/* Nobody leaves a transaction behind, who ended the visit in the middle of one. */
	transaction_end(s, NULL);
	/* A connection that never got to MAIL leaves a group too. */
	if (s->number != 0 && !s->record.told) {
		record_end(s, s->why != NULL ? s->why : end_words(END_LEFT));
		record_close(s);
	}
	wire_flush(&s->wire, session_command_deadline(s));
	if (!s->quit || wire_more(&s->wire, 0))
		wire_linger(&s->wire, deadline_in(LINGER));
}

void session_run(struct session *s)
{
	begin(s);
	if (numbered(s) && session_begin_tls(s) == 0) {
		session_hold_greeting(s);
		say_with(s, REPLY_GREETING, "%.*s ESMTP", s->server->conf->top.hostname);
		converse(s);
	}
	finish(s);
}

void session_clear(struct session *s)
{
	wire_clear(&s->wire);
	line_clear(&s->line);
	record_clear(&s->record);
	consult_clear(s);
	facts_clear(&s->facts);
	arena_clear(&s->scratch);
	arena_clear(&s->mem);
}
