#include "session/record.h"

#include "base/clock.h"
#include "base/say.h"
#include "session/session.h"

void record_clear(struct record *r)
{
	buf_clear(&r->text);
	buf_clear(&r->again);
	arena_clear(&r->mem);
}

struct str record_host(const struct session *s)
{
	return s->facts.rdns.n > 0 ? s->facts.rdns : STR("unknown");
}

struct str record_words(const struct reply *r, struct arena *a)
{
	BUF(b);

	reply_log(&b, r);
	return arena_str(a, buf_str(&b));
}

static void line(struct session *s, struct log_line *l)
{
	log_print(&s->record.text, l);
	arena_reset(&s->record.mem);
}

/* A line with one field. */
static void line_of(struct session *s, enum log_kind kind, enum log_field f, struct str value)
{
	struct log_line l;

	log_begin(&l, kind, clock_wall());
	log_set(&l, f, &s->record.mem, value);
	line(s, &l);
}

static void open_with_session(struct session *s)
{
	struct arena *a = &s->record.mem;
	struct log_line l;

	log_begin(&l, LOG_SMTP_SESSION, s->began);
	log_setn(&l, LOG_F_connection, a, s->number);
	log_set(&l, LOG_F_ip, a, str_of(s->peer.ip));
	log_setn(&l, LOG_F_port, a, s->peer.port);
	log_set_moment(&l, LOG_F_moment, a, s->began);
	line(s, &l);
	buf_reset(&s->record.again);
	buf_addstr(&s->record.again, buf_str(&s->record.text));
}

static void open_with_helo(struct session *s)
{
	struct log_line l;

	if (s->helo_at == 0)
		return;
	log_begin(&l, LOG_SMTP_HELO, s->helo_at);
	log_set(&l, LOG_F_helo, &s->record.mem, s->helo);
	line(s, &l);
}

bool record_is_open(const struct session *s)
{
	return s->record.text.n > 0;
}

void record_open(struct session *s)
{
	if (record_is_open(s))
		return;
	open_with_session(s);
	open_with_helo(s);
	record_secured(s);
}

void record_from(struct session *s, struct str sender)
{
	record_open(s);
	line_of(s, LOG_SMTP_FROM, LOG_F_sender, sender);
}

void record_to(struct session *s, struct str path)
{
	line_of(s, LOG_SMTP_TO, LOG_F_path, path);
}

void record_resp(struct session *s, const struct reply *r)
{
	struct arena *a = &s->record.mem;
	struct log_line l;

	log_begin(&l, LOG_SMTP_RESP, clock_wall());
	log_setn(&l, LOG_F_code, a, (uint64_t)r->code);
	log_set(&l, LOG_F_cont, a, STR(" "));
	log_set(&l, LOG_F_text, a, r->text);
	line(s, &l);
}

void record_queued(struct session *s, int64_t epoch, uint64_t qp)
{
	struct log_line l;

	log_begin(&l, LOG_SMTP_RESP_QUEUED, clock_wall());
	log_setn(&l, LOG_F_epoch, &s->record.mem, (uint64_t)epoch);
	log_setn(&l, LOG_F_qp, &s->record.mem, qp);
	line(s, &l);
}

void record_size(struct session *s, uint64_t bytes)
{
	struct log_line l;

	log_begin(&l, LOG_SMTP_SIZE, clock_wall());
	log_setn(&l, LOG_F_bytes, &s->record.mem, bytes);
	line(s, &l);
}

void record_check(struct session *s, const struct check_row *row, struct str rcpt)
{
	struct arena *a = &s->record.mem;
	struct log_line l;

	log_begin(&l, LOG_SMTP_CHECK, clock_wall());
	log_set(&l, LOG_F_title, a, str_of(row->title));
	log_set(&l, LOG_F_host, a, record_host(s));
	log_set(&l, LOG_F_ip, a, str_of(s->peer.ip));
	log_set(&l, LOG_F_rcpt, a, rcpt);
	log_set(&l, LOG_F_description, a, str_of(row->description));
	line(s, &l);
}

void record_end(struct session *s, const char *why)
{
	record_open(s);
	line_of(s, LOG_SMTP_END, LOG_F_reason, str_of(why));
}

/* Logging never loses mail: a group that cannot be written is lost, and somebody is told. */
static void append(struct session *s, struct log_writer *w, struct str text, struct str again)
{
	struct err e;

	if (log_append(w, text, again, &e) < 0)
		server_trouble(s->server, TROUBLE_LOG, e.text);
	else if (log_regained(w, &e))
		say(SAY_WARNING, "%s", e.text);
}

void record_close(struct session *s)
{
	if (record_is_open(s)) {
		append(s, s->port->smtp, buf_str(&s->record.text), buf_str(&s->record.again));
		s->record.told = true;
	}
	buf_reset(&s->record.text);
}

/* A whole line of the spamdyke log; it is the session's number and host that stand in front. */
void record_spamdyke(struct session *s, struct log_line *l)
{
	struct str host, rest;
	BUF(text);

	/* The host as a syslog has it: our name up to the first dot. */
	str_cut(s->server->conf->top.hostname, STR("."), &host, &rest);
	log_origin(l, &s->record.mem, host, s->number);
	log_print(&text, l);
	append(s, s->server->spamdyke, buf_str(&text), str_of(NULL));
	arena_reset(&s->record.mem);
}

void record_verdict(struct session *s, enum reason code, struct str rcpt, struct str reason)
{
	struct arena *a = &s->record.mem;
	struct log_line l;

	if (!s->port->policy.on)
		return;
	log_begin(&l, LOG_SPAMDYKE_VERDICT, clock_wall());
	log_set(&l, LOG_F_verdict, a, str_of(reason_row(code)->code));
	log_set(&l, LOG_F_sender, a, s->t.sender_key);
	log_set(&l, LOG_F_rcpt, a, arena_lower(a, rcpt));
	log_set(&l, LOG_F_ip, a, str_of(s->peer.ip));
	log_set(&l, LOG_F_rdns, a, s->facts.rdns);
	log_set(&l, LOG_F_user, a, s->facts.user);
	log_set(&l, LOG_F_encryption, a, record_encryption(s));
	log_set(&l, LOG_F_reason, a, log_reason(a, reason));
	record_spamdyke(s, &l);
}
