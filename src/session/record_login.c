/* Encryption and login, in the SMTP log and for the spamdyke log. */
#include "base/clock.h"
#include "session/session.h"

static void put(struct session *s, struct log_line *l)
{
	log_print(&s->record.text, l);
	arena_reset(&s->record.mem);
}

static void put_tls(struct session *s)
{
	struct log_line l;

	/* The handshake was before the EHLO that it stands behind. */
	log_begin(&l, LOG_SMTP_TLS, s->helo_at > s->tls_at ? s->helo_at : s->tls_at);
	log_set(&l, LOG_F_encryption, &s->record.mem, wire_encryption(&s->wire));
	put(s, &l);
}

static void put_auth(struct session *s)
{
	struct log_line l;

	log_begin(&l, LOG_SMTP_AUTH, s->login_at);
	log_set(&l, LOG_F_method, &s->record.mem, str_of(s->method));
	log_set(&l, LOG_F_user, &s->record.mem, s->facts.user);
	put(s, &l);
}

void record_secured(struct session *s)
{
	if (session_encrypted(s))
		put_tls(s);
	if (s->facts.authenticated)
		put_auth(s);
}

void record_login(struct session *s)
{
	if (record_is_open(s))
		put_auth(s);
}

void record_login_failed(struct session *s, const char *method, struct str account, const char *why)
{
	struct log_line l;

	record_open(s);
	log_begin(&l, LOG_SMTP_AUTH_FAILED, clock_wall());
	log_set(&l, LOG_F_method, &s->record.mem, str_of(method));
	log_set(&l, LOG_F_user, &s->record.mem, account);
	log_set(&l, LOG_F_reason, &s->record.mem, str_of(why));
	put(s, &l);
}

struct str record_encryption(const struct session *s)
{
	if (!session_encrypted(s))
		return STR("(none)");
	return s->port->conf->tls == CONF_TLS_IMPLICIT ? STR("SSL") : STR("TLS");
}
