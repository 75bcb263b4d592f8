/* Postfix: smtpd and postscreen by process or port, everything else by queue id. */
#include <stdio.h>

#include "trace/group_foreign.h"

enum { TALK_LINES = 8 }; /* more is told of no connection in each of its messages */

/* A connection is one process of one service of one host; postscreen is one process for all: there the port counts. */
static struct str talk_key(const struct foreign_reader *r, char *room, size_t size)
{
	struct str port = mail_field(r, FF_port), ip = mail_field(r, FF_ip), pid = r->l->frame.pid;
	bool screen = str_ends(r->l->frame.program, STR("/postscreen"));
	int n = snprintf(room, size, "%u %.*s %.*s", r->place, STR_ARG(screen ? str_take(ip, 64) : str_take(pid, 32)),
			 STR_ARG(screen ? str_take(port, 8) : STR("")));

	return str_mem(room, n > 0 && (size_t)n < size ? (size_t)n : 0);
}

static struct talk *talk_known(struct foreign_reader *r)
{
	char room[160];

	return map_get(&r->talks, talk_key(r, room, sizeof(room)));
}

static struct talk *talk_new(struct foreign_reader *r)
{
	char room[160];
	struct talk *t = arena_alloc(&r->b->mem, sizeof(*t));

	map_put(&r->talks, arena_str(&r->b->mem, talk_key(r, room, sizeof(room))), t);
	return t;
}

/* The connection of this line; one that began before the log did begins here. */
static struct talk *talk_of(struct foreign_reader *r)
{
	struct talk *t = talk_known(r);

	return t != NULL ? t : talk_new(r);
}

static void talk_line(struct foreign_reader *r, struct talk *t)
{
	lines_add(&t->lines, line_new(r->b, r->line));
}

static void talk_client(struct foreign_reader *r, struct talk *t)
{
	struct str name = mail_field(r, FF_peer);

	if (mail_field(r, FF_ip).n > 0)
		t->ip = mail_field(r, FF_ip);
	if (name.n > 0 && !str_eqz(name, "unknown"))
		t->rdns = name;
}

static void copy_client(struct visit *v, const struct talk *t)
{
	v->ip = t->ip;
	v->rdns = t->rdns;
	v->helo = t->helo;
	v->encryption = t->encryption;
}

/* How the connection began stands with each visit of it. */
static void copy_lines(struct foreign_reader *r, struct visit *v, const struct talk *t)
{
	const struct line *x = t->lines.first;

	for (int i = 0; i < TALK_LINES && x != NULL; i++, x = x->next)
		lines_add(&v->lines, line_new(r->b, x));
}

static struct visit *visit_of(struct foreign_reader *r, struct talk *t)
{
	struct visit *v = mail_visit(r);

	copy_client(v, t);
	copy_lines(r, v, t);
	return v;
}

/* The connection is over.  Nothing came of it: that is a story of its own. */
static void talk_end(struct foreign_reader *r, struct talk *t, struct str how)
{
	struct visit *v;
	char room[160];
	bool screen = str_ends(r->l->frame.program, STR("/postscreen"));

	if (!t->busy && t->lines.first != NULL && (!screen || t->found)) {
		v = mail_visit(r);
		copy_client(v, t);
		v->lines = t->lines;
		v->ended = t->ended.n > 0 ? t->ended : how;
		mail_book(r, v);
	}
	map_del(&r->talks, talk_key(r, room, sizeof(room)));
}

static void on_connect(struct foreign_reader *r)
{
	struct talk *t = talk_known(r);

	if (t != NULL) /* the process number is used again: the end of the former connection is not in the log */
		talk_end(r, t, STR("the log does not say how it ended"));
	t = talk_new(r);
	talk_client(r, t);
	talk_line(r, t);
}

static void on_disconnect(struct foreign_reader *r)
{
	struct talk *t = talk_known(r);

	if (t == NULL)
		return;
	if (!t->busy)
		talk_line(r, t);
	talk_end(r, t, STR("the client left"));
}

/* What was not queued by then did not arrive. */
static void on_lost(struct foreign_reader *r)
{
	struct talk *t = talk_of(r);

	talk_client(r, t);
	t->ended = r->l->frame.rest;
	t->found = true;
	if (t->mail != NULL && !t->mail->visit->foreign->queued && !t->mail->closed) {
		t->mail->visit->ended = r->l->frame.rest;
		mail_line(r, t->mail->visit);
	} else if (!t->busy) {
		talk_line(r, t);
	}
	if (str_ends(r->l->frame.program, STR("/postscreen")))
		talk_end(r, t, t->ended);
}

static void on_finding(struct foreign_reader *r)
{
	struct talk *t = talk_of(r);

	talk_client(r, t);
	talk_line(r, t);
	t->found = true;
	if (r->l->kind == FOREIGN_AUTH_FAILED)
		t->ended = r->l->frame.rest;
	if (r->l->kind == FOREIGN_TLS)
		t->encryption = mail_field(r, FF_encryption);
}

/* Before a queue id there is only the connection: refusals in a row with one sender are one transaction. */
static struct visit *refusing(struct foreign_reader *r, struct talk *t)
{
	const struct name *from = mail_field(r, FF_sender).p != NULL ? book_name(r->b, mail_field(r, FF_sender)) : NULL;

	if (t->refused != NULL && (from == NULL || t->refused->from != from || t->refused->from_code > 0))
		t->refused = NULL;
	if (t->refused == NULL) {
		t->refused = visit_of(r, t);
		mail_book(r, t->refused);
		t->refused->from = from;
	}
	t->busy = true;
	return t->refused;
}

/* A refusal that concerns no recipient, or the whole message. */
static void refuse_whole(struct foreign_reader *r, struct visit *v, int code)
{
	v->final = mail_line(r, v);
	if (v->foreign->id.n > 0)
		v->size_code = code;
	else
		v->from_code = code;
}

static void refuse(struct foreign_reader *r, struct visit *v)
{
	struct str text, stage = mail_field(r, FF_stage);
	int code = foreign_reply(r->l, &text);

	mail_client(r, v);
	code = code > 0 ? code : 550;
	if (v->from == NULL && mail_field(r, FF_sender).p != NULL)
		v->from = book_name(r->b, mail_field(r, FF_sender));
	if (mail_field(r, FF_rcpt).p == NULL)
		refuse_whole(r, v, code);
	else if (v->foreign->id.n == 0 || str_eqz(stage, "RCPT"))
		mail_refuse(r, v, code);
	else
		refuse_whole(r, v, code);
}

static void on_reject(struct foreign_reader *r)
{
	struct mail *m;
	struct talk *t;

	if (mail_field(r, FF_id).n > 0) {
		m = mail_of(r, mail_field(r, FF_id), false);
		refuse(r, m->visit);
		if (m->visit->size_code >= 400 && mail_field(r, FF_rcpt).n > 0)
			mail_party(r, m, book_name(r->b, mail_field(r, FF_rcpt)));
		return;
	}
	t = talk_of(r);
	talk_client(r, t);
	refuse(r, refusing(r, t));
	if (str_ends(r->l->frame.program, STR("/postscreen")))
		t->found = true;
}

static void on_client(struct foreign_reader *r)
{
	struct mail *m = mail_of(r, mail_field(r, FF_id), true);
	struct talk *t;

	if (m->named) /* the end of the former message of that id is not in the log */
		m = mail_new(r, mail_field(r, FF_id));
	m->named = true;
	m->visit->foreign->parent_id = mail_field(r, FF_parent);
	if (mail_field(r, FF_ip).n == 0) { /* handed in on this machine */
		mail_line(r, m->visit);
		return;
	}
	t = talk_of(r);
	talk_client(r, t);
	copy_client(m->visit, t);
	copy_lines(r, m->visit, t);
	mail_client(r, m->visit);
	mail_line(r, m->visit);
	m->refused = t->refused;
	t->refused = NULL;
	t->busy = true;
	t->mail = m;
}

static void on_message_id(struct foreign_reader *r)
{
	struct mail *m = mail_of(r, mail_field(r, FF_id), true);

	m->visit->foreign->message_id = name_bare(mail_field(r, FF_message_id));
	mail_line(r, m->visit);
}

/* Written anew each time the message becomes active; the first time the server has taken charge of it. */
static void on_queued(struct foreign_reader *r)
{
	struct mail *m = mail_of(r, mail_field(r, FF_id), true);
	struct visit *v = m->visit;

	if (v->foreign->queued)
		return;
	v->foreign->queued = true;
	v->foreign->count = group_number(mail_field(r, FF_count));
	mail_from(r, m, mail_field(r, FF_sender));
	v->size = group_number(mail_field(r, FF_bytes));
	v->sized = true;
	v->size_code = 250;
	v->ended = STR("");
	v->mail = v->final = mail_line(r, v);
}

static enum went where(const struct foreign_line *l)
{
	struct str by = l->field[FF_channel];

	if (str_eqz(by, "discard"))
		return WENT_DISCARDED;
	if (str_starts(l->field[FF_text], STR("forwarded as ")))
		return WENT_FORWARDED;
	return str_eqz(by, "smtp") ? WENT_AWAY : WENT_HERE;
}

static void on_result(struct foreign_reader *r)
{
	static const struct {
		const char *word;
		enum outcome_kind outcome;
	} t[] = { { "sent", OUTCOME_SUCCESS },      { "deliverable", OUTCOME_SUCCESS },
		  { "deferred", OUTCOME_DEFERRAL }, { "bounced", OUTCOME_FAILURE },
		  { "expired", OUTCOME_FAILURE },   { "undeliverable", OUTCOME_FAILURE } };
	struct mail *m = mail_of(r, mail_field(r, FF_id), false);
	struct attempt *a = mail_attempt(r, m, mail_field(r, FF_rcpt), mail_field(r, FF_original));

	a->plain = true;
	a->ended = a->started;
	a->report = mail_field(r, FF_text);
	a->relay = mail_field(r, FF_relay);
	a->dsn = mail_field(r, FF_dsn);
	a->outcome = OUTCOME_DEFERRAL;
	a->went = where(r->l);
	a->remote = a->went == WENT_AWAY;
	for (size_t i = 0; i < COUNT(t); i++)
		if (str_eqz(mail_field(r, FF_status), t[i].word))
			a->resulted = true, a->outcome = t[i].outcome;
	if (a->went == WENT_FORWARDED)
		a->next_id = str_skip(a->report, STR("forwarded as ").n);
	else
		a->next_id = foreign_queued_as(a->report);
}

/* The whole message is given up: whoever waited waits no more. */
static void on_expired(struct foreign_reader *r)
{
	struct visit *v = mail_of(r, mail_field(r, FF_id), false)->visit;

	if (v->foreign->expired)
		return;
	v->foreign->expired = true;
	mail_line(r, v);
	for (struct party *p = v->parties.first; p != NULL; p = p->next)
		if (p->last_attempt != NULL && p->last_attempt->outcome == OUTCOME_DEFERRAL)
			p->last_attempt->gave_up = true;
}

static void on_bounce(struct foreign_reader *r)
{
	struct foreign *f = mail_of(r, mail_field(r, FF_id), false)->visit->foreign;

	f->bounce = line_new(r->b, r->line);
	f->bounce_id = mail_field(r, FF_child);
}

static void on_removed(struct foreign_reader *r)
{
	struct mail *m = mail_known(r, mail_field(r, FF_id));

	if (m == NULL)
		return;
	m->closed = true;
	m->visit->foreign->removed = true;
	m->visit->foreign->deleted = mail_field(r, FF_status).n > 0;
	mail_line(r, m->visit);
}

static void on_remark(struct foreign_reader *r)
{
	struct mail *m = mail_field(r, FF_id).n > 0 ? mail_known(r, mail_field(r, FF_id)) : NULL;

	if (m != NULL)
		mail_line(r, m->visit);
}

void postfix_take(struct foreign_reader *r)
{
	static void (*const take[FOREIGN_KINDS])(struct foreign_reader *) = {
		[FOREIGN_CONNECT] = on_connect,       [FOREIGN_SCREEN] = on_finding, [FOREIGN_PASS] = on_disconnect,
		[FOREIGN_DISCONNECT] = on_disconnect, [FOREIGN_LOST] = on_lost,      [FOREIGN_AUTH_FAILED] = on_finding,
		[FOREIGN_TLS] = on_finding,           [FOREIGN_REJECT] = on_reject,  [FOREIGN_CLIENT] = on_client,
		[FOREIGN_MESSAGE_ID] = on_message_id, [FOREIGN_QUEUED] = on_queued,  [FOREIGN_RESULT] = on_result,
		[FOREIGN_EXPIRED] = on_expired,       [FOREIGN_BOUNCE] = on_bounce,  [FOREIGN_REMOVED] = on_removed,
		[FOREIGN_NOTICE] = on_remark,         [FOREIGN_DISCARD] = on_remark, [FOREIGN_NOTE] = on_remark,
	};

	if (take[r->l->kind] != NULL)
		take[r->l->kind](r);
}
