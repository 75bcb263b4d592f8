/* Encryption: TLS from the first byte, and STARTTLS (RFC 3207).
 *
 * What was said in the clear may have been said by somebody else: with the handshake all of it is forgotten, and a
 * byte that came in the clear behind STARTTLS is never looked at. */
#include "base/clock.h"
#include "session/session.h"

bool session_encrypted(const struct session *s)
{
	return wire_encryption(&s->wire).n > 0;
}

bool session_offers_tls(const struct session *s)
{
	return s->port->conf->tls == CONF_TLS_STARTTLS && !session_encrypted(s);
}

/* RFC 8689, 2: what came in the clear cannot ask for it. */
bool session_offers_requiretls(const struct session *s)
{
	return session_encrypted(s);
}

/* How a handshake failed, in the words of the log. */
static const char *how(struct session *s, const struct err *e)
{
	struct str failed = str_of(end_words(END_TLS_FAILED));

	if (atomic_load(&s->server->stopping))
		return end_words(END_STOPPING);
	if (e->code == ETIMEDOUT)
		return end_words(END_TLS_SLOW);
	if (e->code != EPROTO)
		return end_words(END_TLS_LEFT);
	return arena_fmt(&s->mem, "%.*s%s", (int)failed.n - 1, failed.p, e->text).p; /* behind its star */
}

/* 0; or -1, and the visit is over, with a group in the log that says why. */
static int shake_hands(struct session *s, int64_t deadline)
{
	struct err e;

	if (wire_start_tls(&s->wire, s->server->tls, s->port->conf->label, deadline, &e) == 0) {
		s->tls_at = clock_wall();
		return 0;
	}
	s->closing = true;
	record_end(s, how(s, &e));
	record_close(s);
	return -1;
}

int session_begin_tls(struct session *s)
{
	int64_t until = deadline_in(SESSION_HANDSHAKE);

	if (s->port->conf->tls != CONF_TLS_IMPLICIT)
		return 0;
	return shake_hands(s, session_wait(s, until) ? until : clock_mono());
}

static void forget_all(struct session *s)
{
	s->helo = str_of(NULL);
	s->helo_at = 0;
	s->esmtp = false;
	session_forget_login(s);
}

void session_starttls(struct session *s, const struct command *c)
{
	(void)c;
	if (!session_offers_tls(s)) {
		enum reply_id no = session_encrypted(s) ? REPLY_TLS_ALREADY : REPLY_UNIMPLEMENTED;
		struct reply r = session_words_or(s, no, REASON_FAILED_TLS);

		session_reply(s, &r);
		return;
	}
	if (wire_input(&s->wire).n > 0) {
		session_close(s, REPLY_TLS_EARLY, end_words(END_TLS_EARLY));
		return;
	}
	transaction_end(s, end_words(END_STARTED_OVER));
	session_say(s, REPLY_TLS_READY);
	if (session_flush(s) == 0 && shake_hands(s, deadline_in(SESSION_HANDSHAKE)) == 0)
		forget_all(s);
}
