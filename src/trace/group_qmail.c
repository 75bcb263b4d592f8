/* qmail-send: a message number counts from `new msg` to `end msg`, a delivery number until qmail-send is started
 * anew.  chkuser: one line for each recipient that it looked at. */
#include "trace/group_foreign.h"

#include <string.h>

#include "trace/moment.h"
#include "words/words.h"

static uint64_t delivery_key(const struct foreign_reader *r)
{
	/* an odd factor: two deliveries of one place never share a key */
	return r->place ^ group_number(mail_field(r, FF_delivery)) * UINT64_C(0x9e3779b97f4a7c15);
}

static void on_new(struct foreign_reader *r)
{
	struct mail *m = mail_new(r, mail_field(r, FF_id));

	m->named = true;
	mail_line(r, m->visit);
}

static void on_info(struct foreign_reader *r)
{
	struct mail *m = mail_of(r, mail_field(r, FF_id), true);
	struct visit *v = m->visit;

	if (v->foreign->queued) /* the log lacks the end of the former message of that number */
		m = mail_new(r, mail_field(r, FF_id)), v = m->visit;
	v->foreign->queued = true;
	mail_from(r, m, mail_field(r, FF_sender));
	v->size = group_number(mail_field(r, FF_bytes));
	v->sized = true;
	v->size_code = 250;
	v->qp = group_number(mail_field(r, FF_qp));
	v->mail = v->final = mail_line(r, v);
}

/* Under virtualdomains the domain stands in front: example.com-bob@example.com is bob@example.com. */
static struct str without_domain(struct str rcpt)
{
	ptrdiff_t at = str_rchr(rcpt, '@');
	struct str domain = at < 0 ? STR("") : str_skip(rcpt, (size_t)at + 1);

	if (domain.n == 0 || (size_t)at <= domain.n || !str_istarts(rcpt, domain) || rcpt.p[domain.n] != '-')
		return rcpt;
	return str_skip(rcpt, domain.n + 1);
}

static void on_start(struct foreign_reader *r)
{
	struct mail *m = mail_of(r, mail_field(r, FF_id), true);
	struct str to = without_domain(mail_field(r, FF_rcpt));
	struct attempt *a = mail_attempt(r, m, to, to);

	a->number = group_number(mail_field(r, FF_delivery));
	a->remote = str_eqz(mail_field(r, FF_channel), "remote");
	a->join.key = "message number, from new msg to end msg";
	map_putn(&r->deliveries, delivery_key(r), a);
}

static void on_result(struct foreign_reader *r)
{
	struct attempt *a = map_deln(&r->deliveries, delivery_key(r));
	struct str how = mail_field(r, FF_status);

	if (a == NULL || kept_over(r, a->lines.first)) /* it began before the logs do */
		return;
	if (str_eqz(how, "defer"))
		how = STR("deferral");
	a->resulted = outcome_of(how, &a->outcome);
	a->report = mail_field(r, FF_text);
	a->next_id = a->remote ? foreign_queued_as(a->report) : STR("");
	mail_names(r, NULL, a->next_id);
	a->ended = moment_of(r->b, r->line);
	lines_add(&a->lines, line_new(r->b, r->line));
}

/* An index does not read again what was over. */
static void must_be_known(struct foreign_reader *r)
{
	if (r->ended != 0 && mail_known(r, mail_field(r, FF_id)) == NULL)
		r->b->unsteady = "a message goes on that was over";
}

static void on_bounce(struct foreign_reader *r)
{
	must_be_known(r);
	mail_bounced(r, FF_qp);
}

static void on_discard(struct foreign_reader *r)
{
	struct mail *m = mail_known(r, mail_field(r, FF_id));

	must_be_known(r);
	if (m != NULL)
		mail_line(r, m->visit);
}

void qmail_take(struct foreign_reader *r)
{
	static void (*const take[FOREIGN_KINDS])(struct foreign_reader *) = {
		[FOREIGN_CLIENT] = on_new,      [FOREIGN_QUEUED] = on_info,   [FOREIGN_START] = on_start,
		[FOREIGN_RESULT] = on_result,   [FOREIGN_BOUNCE] = on_bounce, [FOREIGN_REMOVED] = mail_ends,
		[FOREIGN_DISCARD] = on_discard,
	};

	if (take[r->l->kind] != NULL)
		take[r->l->kind](r);
}

/* What it let pass is told of by what comes after; what it refused, by nobody else. */
void chkuser_take(struct foreign_reader *r)
{
	const struct check_row *row = check_by_words(mail_field(r, FF_title), mail_field(r, FF_text));
	bool rejected = row != NULL ? row->reply >= 400 : str_starts(mail_field(r, FF_title), STR("rejected"));
	int code = row != NULL && row->reply < 500 ? FOREIGN_NOT_NOW : FOREIGN_NO; /* the number is not in the line */
	struct visit *v;
	struct party *p;

	if (!rejected)
		return;
	v = mail_visit(r);
	mail_client(r, v);
	v->from = book_name(r->b, mail_field(r, FF_sender));
	mail_book(r, v);
	if (mail_field(r, FF_rcpt).n == 0) {
		v->mail = v->final = mail_line(r, v);
		v->from_code = code;
		return;
	}
	p = mail_refuse(r, v, code);
	p->check = p->to;
	p->resp = NULL;
}
