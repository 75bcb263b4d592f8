/* Exim: everything by message id; what was refused before there was one, by the process or port that the log names. */
#include "trace/group_foreign.h"

/* An index that goes on with the log knows of a message one connection by which it came, or that there was none. */
static void note_talk(struct foreign_reader *r, struct mail *m, struct talk *t)
{
	const struct line *was = m->visit->foreign->talk;
	bool same =
	    t == NULL ? was == NULL : was != NULL && was->file == t->begins.file && was->number == t->begins.number;

	if (m->asked && !same)
		r->b->unsteady = "a message came by more than one connection";
	else if (!m->asked && t != NULL)
		talk_has(r, t, m->visit);
	m->asked = true;
}

/* What the connection had refused before belongs to the message that it brings, if the sender is the same. */
static void join_talk(struct foreign_reader *r, struct mail *m)
{
	struct talk *t;

	if (!talk_is_named(r))
		return;
	t = talk_known(r);
	note_talk(r, m, t);
	if (t == NULL)
		return;
	m->refused = t->refused;
	t->refused = NULL;
	t->mail = m;
}

/* "for A B": waiting until they are tried. */
static void name_recipients(struct foreign_reader *r, struct mail *m)
{
	struct str rest = mail_field(r, FF_rcpts), rcpt;

	while (foreign_next_rcpt(&rest, &rcpt))
		mail_party(r, m, book_name(r->b, rcpt));
}

static void on_arrival(struct foreign_reader *r)
{
	struct mail *m = mail_known(r, mail_field(r, FF_id)), *parent;
	struct visit *v;

	if (m == NULL || m->named)
		m = mail_new(r, mail_field(r, FF_id));
	v = m->visit;
	m->named = true;
	join_talk(r, m);
	mail_client(r, v);
	mail_from(r, m, mail_field(r, FF_sender));
	name_recipients(r, m);
	v->foreign->queued = true;
	v->foreign->message_id = name_bare(mail_field(r, FF_message_id));
	v->foreign->parent_id = mail_field(r, FF_parent);
	mail_names(r, m, v->foreign->parent_id);
	v->size = group_number(mail_field(r, FF_bytes));
	v->sized = mail_field(r, FF_bytes).n > 0;
	v->size_code = 250;
	v->mail = v->final = mail_line(r, v);
	parent = v->from->text.n == 0 && v->foreign->parent_id.n > 0 ? mail_known(r, v->foreign->parent_id) : NULL;
	if (parent != NULL && parent->visit->foreign->bounce == NULL) {
		parent->visit->foreign->bounce = line_new(r->b, r->line);
		parent->visit->foreign->bounce_id = v->foreign->id;
		mail_names(r, parent, v->foreign->id);
	}
}

/* ADDRESS is a mailbox's, a file's or a pipe's; ADDRESS <ORIGINAL> what it came from. */
static struct str target(const struct foreign_reader *r)
{
	struct str to = mail_field(r, FF_rcpt), original = mail_field(r, FF_original);

	return original.n > 0 && str_chr(to, '@') < 0 ? original : to;
}

static enum went where(const struct foreign_reader *r)
{
	if (str_eqz(mail_field(r, FF_rcpt), ":blackhole:"))
		return WENT_DISCARDED;
	return mail_field(r, FF_ip).n > 0 ? WENT_AWAY : WENT_HERE;
}

static struct str relay(struct foreign_reader *r)
{
	struct str name = mail_field(r, FF_peer), ip = mail_field(r, FF_ip), by = mail_field(r, FF_channel);

	if (ip.n == 0)
		return by;
	return arena_fmt(&r->b->mem, "%.*s[%.*s]", STR_ARG(name), STR_ARG(ip));
}

static void on_result(struct foreign_reader *r)
{
	struct mail *m = mail_of(r, mail_field(r, FF_id), false);
	struct attempt *a = mail_attempt(r, m, target(r), mail_field(r, FF_original));
	struct str flag = mail_field(r, FF_status);

	a->plain = a->resulted = true;
	a->ended = a->started;
	a->report = mail_field(r, FF_text);
	a->relay = relay(r);
	a->went = where(r);
	a->remote = a->went == WENT_AWAY;
	a->outcome = str_eqz(flag, "**") ? OUTCOME_FAILURE : str_eqz(flag, "==") ? OUTCOME_DEFERRAL : OUTCOME_SUCCESS;
	a->next_id = foreign_queued_as(a->report);
	mail_names(r, m, a->next_id);
}

/* Without anything that names the connection each line stands alone: the client's address is not enough. */
static struct visit *refused_visit(struct foreign_reader *r)
{
	struct visit *v;

	if (talk_is_named(r))
		return talk_refused(r, talk_of(r));
	v = mail_visit(r);
	mail_book(r, v);
	return v;
}

static void on_reject(struct foreign_reader *r)
{
	bool queued = mail_field(r, FF_id).n > 0;
	struct mail *m = queued ? mail_of(r, mail_field(r, FF_id), true) : NULL;
	struct visit *v = queued ? m->visit : refused_visit(r);
	struct str text;
	int code = foreign_reply(r->l, &text);

	mail_client(r, v);
	if (mail_field(r, FF_sender).p != NULL && queued) {
		join_talk(r, m);
		mail_from(r, m, mail_field(r, FF_sender));
	} else if (mail_field(r, FF_sender).p != NULL) {
		v->from = book_name(r->b, mail_field(r, FF_sender));
	} else if (mail_field(r, FF_rcpt).p != NULL && str_eqz(mail_field(r, FF_stage), "MAIL")) {
		v->from = book_name(r->b, mail_field(r, FF_rcpt));
	}
	if (mail_field(r, FF_rcpt).n > 0 && str_eqz(mail_field(r, FF_stage), "RCPT")) {
		mail_refuse(r, v, code);
		return;
	}
	v->final = mail_line(r, v);
	v->from_code = code;
}

/* The connection ended early.  What it had refused before stands for it. */
static void on_session(struct foreign_reader *r)
{
	struct talk *t = talk_is_named(r) ? talk_known(r) : NULL;
	struct visit *v;

	if (t != NULL && t->refused != NULL && r->l->kind == FOREIGN_LOST) {
		mail_line(r, t->refused);
		talk_end(r, t, STR(""));
		return;
	}
	v = mail_visit(r);
	if (t != NULL)
		talk_has(r, t, v);
	mail_client(r, v);
	if (mail_field(r, FF_sender).p != NULL)
		v->from = book_name(r->b, mail_field(r, FF_sender));
	v->ended = r->l->frame.rest;
	mail_line(r, v);
	mail_book(r, v);
}

static void on_disconnect(struct foreign_reader *r)
{
	struct talk *t = talk_is_named(r) ? talk_known(r) : NULL;

	if (t != NULL)
		talk_end(r, t, STR(""));
}

static void on_remark(struct foreign_reader *r)
{
	struct mail *m = mail_field(r, FF_id).n > 0 ? mail_known(r, mail_field(r, FF_id)) : NULL;

	if (m != NULL)
		mail_line(r, m->visit);
}

void exim_take(struct foreign_reader *r)
{
	static void (*const take[FOREIGN_KINDS])(struct foreign_reader *) = {
		[FOREIGN_QUEUED] = on_arrival, [FOREIGN_RESULT] = on_result,       [FOREIGN_REMOVED] = mail_ends,
		[FOREIGN_REJECT] = on_reject,  [FOREIGN_AUTH_FAILED] = on_session, [FOREIGN_LOST] = on_session,
		[FOREIGN_NOTE] = on_remark,    [FOREIGN_CONNECT] = on_disconnect,  [FOREIGN_DISCONNECT] = on_disconnect,
	};

	if (take[r->l->kind] != NULL)
		take[r->l->kind](r);
}
