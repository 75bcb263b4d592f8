#include "trace/group.h"

#include <string.h>

#include "trace/moment.h"

enum { ASKED_NOTHING, ASKED_FROM, ASKED_TO, ASKED_SIZE };

void smtp_begin_file(struct smtp_reader *r, struct str label)
{
	struct smtp_ended *x = r->ended;

	while (x != NULL && !str_eq(x->label, label))
		x = x->next;
	if (x == NULL) {
		x = arena_alloc(&r->b->mem, sizeof(*x));
		*x = (struct smtp_ended){ .label = label, .asked = ASKED_NOTHING, .next = r->ended };
		r->ended = x;
	}
	r->file = x;
	r->open = x->open;
	r->party = x->party;
	r->asked = x->asked;
	r->session = NULL;
	r->connection = 0;
}

/* Only a group of an old log goes on in the next file: ours are written whole. */
void smtp_end_file(struct smtp_reader *r)
{
	bool goes_on = r->open != NULL && r->session == NULL && r->open->final == NULL && r->file->label.n > 0;

	r->file->open = goes_on ? r->open : NULL;
	r->file->party = goes_on ? r->party : NULL;
	r->file->asked = goes_on ? r->asked : ASKED_NOTHING;
}

void smtp_end(struct smtp_reader *r)
{
	map_clear(&r->by_connection);
}

static struct visit *open_visit(struct smtp_reader *r)
{
	struct book *b = r->b;
	struct visit *v = arena_alloc(&b->pools.visits, sizeof(*v));

	if (b->last_visit != NULL)
		b->last_visit->later = v;
	else
		b->visits = v;
	b->last_visit = v;
	r->open = v;
	r->party = NULL;
	r->asked = ASKED_NOTHING;
	return v;
}

/* A group of more than 64 KiB goes on under a repeated session line: the same connection, and no reply to the
 * message was seen yet. */
static bool continues(const struct smtp_reader *r, enum log_kind kind)
{
	const struct visit *v = map_getn(&r->by_connection, r->connection);

	if (v == NULL || v->final != NULL || v->from == NULL || v->ended.n > 0)
		return false;
	return kind == LOG_SMTP_TO || kind == LOG_SMTP_CHECK || kind == LOG_SMTP_GATE_REFUSED ||
	       kind == LOG_SMTP_RESP || kind == LOG_SMTP_RESP_QUEUED || kind == LOG_SMTP_SIZE || kind == LOG_SMTP_END;
}

static void take_session_fields(struct smtp_reader *r, struct visit *v)
{
	v->connection = r->connection;
	v->ip = r->ip;
	v->moment = r->moment;
	lines_add(&v->lines, line_new(r->b, r->session));
}

/* The group that this line belongs to. */
static struct visit *current(struct smtp_reader *r, enum log_kind kind)
{
	struct visit *v;

	if (r->open != NULL)
		return r->open;
	if (r->session == NULL)
		return open_visit(r);
	if (continues(r, kind)) {
		v = map_getn(&r->by_connection, r->connection);
		r->open = v;
		r->party = v->parties.last;
		r->asked = r->party == NULL ? ASKED_FROM : ASKED_TO;
		return v;
	}
	v = open_visit(r);
	take_session_fields(r, v);
	v->same_connection = map_putn(&r->by_connection, r->connection, v);
	v->follows = v->same_connection != NULL;
	return v;
}

static void on_session(struct smtp_reader *r, const struct line *ln, const struct log_line *l)
{
	struct book *b = r->b;

	r->open = NULL;
	r->session = line_new(b, ln);
	r->connection = group_number(l->field[LOG_F_connection]);
	r->ip = l->field[LOG_F_ip];
	r->moment = group_moment(l->field[LOG_F_moment]);
	moment_epoch(b, ln, ln->local, r->moment / 1000);
}

static void on_from(struct smtp_reader *r, struct visit *v, struct line *ln, const struct log_line *l)
{
	v->mail = ln;
	v->from = book_name(r->b, l->field[LOG_F_sender]);
	r->asked = ASKED_FROM;
}

static void on_to(struct smtp_reader *r, struct visit *v, struct line *ln, const struct log_line *l)
{
	struct party *p = arena_alloc(&r->b->pools.parties, sizeof(*p));

	p->name = book_name(r->b, l->field[LOG_F_path]);
	p->to = ln;
	p->visit = v;
	parties_add(&v->parties, p);
	r->party = p;
	r->asked = ASKED_TO;
}

static void on_check(struct smtp_reader *r, struct visit *v, struct line *ln, const struct log_line *l)
{
	if (r->party != NULL && r->party->check == NULL)
		r->party->check = ln;
	if (v->ip.n == 0)
		v->ip = l->field[LOG_F_ip];
	if (v->rdns.n == 0 && !str_eqz(l->field[LOG_F_host], "unknown"))
		v->rdns = l->field[LOG_F_host];
}

static void on_final(struct smtp_reader *r, struct visit *v, struct line *ln, const struct log_line *l)
{
	v->final = ln;
	v->size_code = (int)group_number(str_take(l->field[LOG_F_code], 3));
	if (l->kind != LOG_SMTP_RESP_QUEUED)
		return;
	v->size_code = 250;
	v->epoch = group_number(l->field[LOG_F_epoch]);
	v->qp = group_number(l->field[LOG_F_qp]);
	moment_epoch(r->b, ln, ln->local, (int64_t)v->epoch);
}

/* A resp answers the nearest from, to or size before it (LOG-FORMATS 4.2). */
static void on_resp(struct smtp_reader *r, struct visit *v, struct line *ln, const struct log_line *l)
{
	int code = (int)group_number(str_take(l->field[LOG_F_code], 3));

	if (r->asked == ASKED_SIZE || l->kind == LOG_SMTP_RESP_QUEUED) {
		on_final(r, v, ln, l);
	} else if (r->asked == ASKED_FROM || (v->mail == NULL && v->helo.n == 0 && code >= 400)) {
		v->from_code = code; /* to MAIL, or in place of a greeting */
	} else if (r->asked == ASKED_TO && r->party->resp == NULL) {
		r->party->resp = ln;
		r->party->code = code;
	} else if (v->parties.n > 0 && v->final == NULL && code >= 400) {
		on_final(r, v, ln, l); /* refused in the middle of its data: no size was known */
	}
	r->asked = ASKED_NOTHING;
}

static void on_words(struct visit *v, const struct log_line *l)
{
	switch (l->kind) {
	case LOG_SMTP_HELO:
		v->helo = l->field[LOG_F_helo];
		break;
	case LOG_SMTP_TLS:
		v->encryption = l->field[LOG_F_encryption];
		break;
	case LOG_SMTP_AUTH:
		v->user = l->field[LOG_F_user];
		break;
	case LOG_SMTP_END:
		v->ended = l->field[LOG_F_reason].n > 0 ? l->field[LOG_F_reason] : STR("end");
		break;
	default:
		break;
	}
}

static void on_gate(struct smtp_reader *r, struct visit *v, struct line *ln, const struct log_line *l)
{
	if (r->asked == ASKED_TO && r->party->gate_line == NULL)
		r->party->gate_line = ln;
	else if (v->gate_refusal == NULL)
		v->gate_refusal = ln;
	if (v->ip.n == 0)
		v->ip = l->field[LOG_F_ip];
	if (v->rdns.n == 0 && !str_eqz(l->field[LOG_F_host], "unknown"))
		v->rdns = l->field[LOG_F_host];
}

static void put_in_group(struct smtp_reader *r, const struct line *ln, const struct log_line *l)
{
	struct visit *v = current(r, l->kind);
	struct line *own = line_new(r->b, ln);

	lines_add(&v->lines, own);
	switch (l->kind) {
	case LOG_SMTP_FROM:
		on_from(r, v, own, l);
		break;
	case LOG_SMTP_TO:
		on_to(r, v, own, l);
		break;
	case LOG_SMTP_CHECK:
		on_check(r, v, own, l);
		break;
	case LOG_SMTP_GATE_REFUSED:
		on_gate(r, v, own, l);
		break;
	case LOG_SMTP_SIZE:
		v->size = group_number(l->field[LOG_F_bytes]);
		v->sized = true;
		r->asked = ASKED_SIZE;
		break;
	case LOG_SMTP_RESP:
	case LOG_SMTP_RESP_QUEUED:
		on_resp(r, v, own, l);
		break;
	default:
		on_words(v, l);
	}
}

/* A second MAIL in one group: the first transaction was given up (RSET), the next begins. */
static bool second_mail(const struct smtp_reader *r, const struct log_line *l)
{
	return l->kind == LOG_SMTP_FROM && r->open != NULL && r->open->from != NULL;
}

void smtp_take(struct smtp_reader *r, const struct line *ln, const struct log_line *l)
{
	if (l->kind == LOG_EMPTY) {
		r->open = NULL;
		r->session = NULL;
	} else if (l->kind == LOG_SMTP_ZONE) {
		return;
	} else if (l->kind == LOG_SMTP_SESSION) {
		on_session(r, ln, l);
	} else if (l->kind != LOG_UNKNOWN || r->open != NULL) {
		if (second_mail(r, l))
			r->open = NULL;
		put_in_group(r, ln, l);
	}
}
