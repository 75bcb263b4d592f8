/* AUTH: who is it? (RFC 4954)  The passwords are telltale-lookup's; here one is read, handed over and wiped. */
#include "base/clock.h"
#include "base/fiber.h"
#include "session/session.h"
#include "wire/sasl.h"

enum { SLICE = 200 }; /* ms between two looks at whether the server is stopping */

bool session_offers_auth(const struct session *s)
{
	bool plain = s->server->conf->tls.auth_without_tls;

	return session_encrypted(s) || plain;
}

void session_forget_login(struct session *s)
{
	s->facts.authenticated = false;
	s->facts.user = str_of(NULL);
	s->method = NULL;
	s->facts.may_relay = false;
	visit_anew(&s->visit);
}

/* What was thought of a stranger is thought anew. */
static void welcome(struct session *s, const char *method, struct str account)
{
	s->facts.authenticated = true;
	s->facts.user = arena_str(&s->mem, account);
	s->method = method;
	s->login_at = clock_wall();
	s->facts.may_relay = true;
	visit_anew(&s->visit);
	record_login(s);
	session_say(s, REPLY_AUTH_OK);
}

/* ---- the answer ---- */

/* Guessing is made slow; nobody is kept when the server stops. */
static void hold_back(struct session *s, int64_t ms)
{
	int64_t until = deadline_in(ms), left;

	while ((left = until - clock_mono()) > 0 && !atomic_load(&s->server->stopping))
		fiber_sleep(left < SLICE ? left : SLICE);
}

static void refuse(struct session *s, const char *method, struct str account, const char *why)
{
	struct reply r;

	record_login_failed(s, method, account, why);
	if (++s->logins_failed >= SESSION_LOGINS_MAX) {
		session_close(s, REPLY_TOO_MANY_ERRORS, end_words(END_LOGINS));
		return;
	}
	r = session_words_or(s, REPLY_AUTH_FAILED, REASON_FAILED_AUTH);
	session_reply(s, &r);
	session_count_error(s);
}

static void put_off(struct session *s, const char *method, const struct err *e)
{
	server_trouble(s->server, TROUBLE_LOGIN, e->text);
	record_login_failed(s, method, str_of(NULL), "it could not be checked");
	session_say(s, REPLY_AUTH_LATER);
}

/* Who wants to be somebody else is asked for the own password all the same, and then refused like anybody. */
static void judge(struct session *s, const struct sasl *x)
{
	const char *method = sasl_name(x->mechanism);
	struct login_answer answer;
	struct err e;

	lookup_login(s->server->lookup, x->user, x->password, str_of(s->peer.ip), &s->scratch, &answer,
		     deadline_in(SESSION_LOOKUP_WAIT), &e);
	hold_back(s, answer.wait);
	if (answer.result == LOGIN_TEMPORARY)
		put_off(s, method, &e);
	else if (answer.result == LOGIN_NO)
		refuse(s, method, answer.account, answer.account.n > 0 ? "the password is wrong" : "no such account");
	else if (x->other)
		refuse(s, method, answer.account, "it wanted to act as somebody else");
	else
		welcome(s, method, answer.account);
}

/* ---- the exchange ---- */

static void ask(struct session *s, const struct sasl *x)
{
	struct reply r = { 334, "", str_of(NULL) };

	if (x->wants == SASL_WANTS_BOTH)
		session_reply(s, &r);
	else
		session_say(s, x->wants == SASL_WANTS_USER ? REPLY_AUTH_USERNAME : REPLY_AUTH_PASSWORD);
}

/* Until the client has said it all.  False: there was no line, and that has been dealt with. */
static bool hear(struct session *s, struct sasl *x, enum sasl_step *step)
{
	while (*step == SASL_MORE) {
		struct str text = { 0 };
		enum line_end end;

		ask(s, x);
		s->line.answer = true;
		end = session_line(s, &text);
		s->line.answer = false;
		if (end != LINE_OK && end != LINE_BARE) {
			session_no_line(s, end);
			return false;
		}
		*step = end == LINE_OK ? sasl_take(x, text) : SASL_MALFORMED;
	}
	return true;
}

static void conclude(struct session *s, const struct sasl *x, enum sasl_step step)
{
	if (step == SASL_DONE) {
		judge(s, x);
		return;
	}
	session_say(s, step == SASL_CANCELED ? REPLY_AUTH_CANCELED : REPLY_AUTH_MALFORMED);
	session_count_error(s);
}

static void exchange(struct session *s, enum sasl_mechanism m, struct str initial)
{
	enum sasl_step step = SASL_MORE;
	struct sasl x;

	sasl_begin(&x, m);
	if (initial.n > 0)
		step = sasl_initial(&x, initial);
	if (hear(s, &x, &step))
		conclude(s, &x, step);
	sasl_clear(&x);
	line_clear(&s->line);
	wire_wipe(&s->wire);
}

/* Why there is no login now; REPLY_COUNT: there is. */
static enum reply_id no_login(const struct session *s, enum sasl_mechanism m)
{
	if (!session_offers_auth(s))
		return session_offers_tls(s) ? REPLY_AUTH_NEEDS_TLS : REPLY_UNIMPLEMENTED;
	if (s->helo_at == 0 || !s->esmtp)
		return REPLY_HELO_FIRST;
	if (s->facts.authenticated)
		return REPLY_AUTH_ALREADY;
	if (s->t.open)
		return REPLY_AUTH_IN_MAIL;
	return m == SASL_UNKNOWN ? REPLY_AUTH_UNKNOWN : REPLY_COUNT;
}

void session_auth(struct session *s, const struct command *c)
{
	struct str rest = c->arg;
	enum sasl_mechanism m = sasl_mechanism(str_word(&rest));
	enum reply_id no = no_login(s, m);
	struct reply r;

	if (no == REPLY_AUTH_UNKNOWN) {
		r = session_words_or(s, no, REASON_UNKNOWN_AUTH);
		session_reply(s, &r);
	} else if (no != REPLY_COUNT)
		session_say(s, no);
	else
		exchange(s, m, str_trim(rest));
}
