/* Postfix: smtpd and postscreen by process or port, everything else by queue id. */
#include "trace/group_foreign.h"

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

	if (!t->busy) /* else its messages tell whose it is; this line stands in none of them */
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
		talk_secured(r, t);
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
	code = code > 0 ? code : FOREIGN_NO;
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
	refuse(r, talk_refused(r, t));
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
	mail_names(r, m, m->visit->foreign->parent_id);
	if (mail_field(r, FF_ip).n == 0) { /* handed in on this machine */
		mail_line(r, m->visit);
		return;
	}
	t = talk_of(r);
	talk_client(r, t);
	talk_begins(r, t, m);
	mail_client(r, m->visit);
	mail_line(r, m->visit);
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
	mail_names(r, m, a->next_id);
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
	mail_bounced(r, FF_child);
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
