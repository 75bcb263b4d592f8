#include "trace/group.h"
#include "trace/moment.h"
#include "trace/story.h"

void delivery_begin_file(struct delivery_reader *r, struct str path)
{
	ptrdiff_t end = str_rchr(path, '/');
	uint64_t host = 0;

	for (ptrdiff_t i = 0; i < end; i++)
		host = host * 31 + (unsigned char)path.p[i];
	r->host = host << 53;
	memset(r->recent, 0, sizeof(r->recent));
}

static struct attempt *attempt_of(struct delivery_reader *r, uint64_t number)
{
	struct attempt *a = r->recent[number % COUNT(r->recent)];

	return a != NULL && a->number == number ? a : map_getn(&r->by_number, number ^ r->host);
}

static void on_init(struct delivery_reader *r, const struct line *ln, const struct log_line *l)
{
	struct book *b = r->b;

	struct init *x = arena_alloc(&b->mem, sizeof(*x));

	r->init = line_new(b, ln);
	r->from = book_name(b, l->field[LOG_F_sender]);
	r->init_fresh = true;
	*x = (struct init){ .line = r->init, .from = r->from, .before = b->last_init };
	if (b->last_init != NULL)
		b->last_init->later = x;
	else
		b->inits = x;
	b->last_init = x;
}

static struct attempt *new_attempt(struct delivery_reader *r, uint64_t number)
{
	struct book *b = r->b;
	struct attempt *a = arena_alloc(&b->pools.attempts, sizeof(*a));

	a->number = number;
	a->init = r->init;
	a->from = r->from;
	map_putn(&r->by_number, number ^ r->host, a);
	r->recent[number % COUNT(r->recent)] = a;
	return a;
}

static void on_info(struct delivery_reader *r, const struct line *ln, const struct log_line *l)
{
	struct attempt *a = new_attempt(r, group_number(l->field[LOG_F_delivery]));

	a->qp = group_number(l->field[LOG_F_qp]);
	a->moment = group_moment(l->field[LOG_F_moment]);
	moment_epoch(r->b, ln, ln->local, a->moment / 1000);
	lines_add(&a->lines, line_new(r->b, ln));
}

/* Numbers of old logs count up; those of programs that work side by side may change places. */
static bool restarted(const struct delivery_reader *r, uint64_t number)
{
	enum { SIDE_BY_SIDE = 200 };

	return number < r->highest && (r->highest - number > SIDE_BY_SIDE || number < r->highest / 2);
}

static void on_try(struct delivery_reader *r, const struct line *ln, const struct log_line *l)
{
	struct book *b = r->b;
	uint64_t number = group_number(l->field[LOG_F_delivery]);
	struct attempt *a = attempt_of(r, number);

	/* Our info or alias line opened it; an old log's number may be a used one again. */
	if (a == NULL || a->to != NULL) {
		a = new_attempt(r, number);
		a->restarted = restarted(r, number);
		r->highest = number;
	}
	a->latest = b->last_init;
	a->opens = r->init_fresh;
	r->init_fresh = false;
	a->to = book_name(b, l->field[LOG_F_rcpt]);
	if (a->original == NULL)
		a->original = a->to;
	a->remote = str_eqz(l->field[LOG_F_channel], "remote");
	lines_add(&a->lines, line_new(b, ln));
	if (b->last_attempt != NULL)
		b->last_attempt->later = a;
	else
		b->attempts = a;
	b->last_attempt = a;
}

static void on_alias(struct delivery_reader *r, const struct line *ln, const struct log_line *l)
{
	uint64_t number = group_number(l->field[LOG_F_delivery]);
	struct attempt *a = attempt_of(r, number);

	if (a == NULL || a->to != NULL)
		a = new_attempt(r, number);
	a->original = book_name(r->b, l->field[LOG_F_rcpt]);
	lines_add(&a->lines, line_new(r->b, ln));
}

static void on_result(struct attempt *a, const struct log_line *l)
{
	a->resulted = outcome_of(l->field[LOG_F_outcome], &a->outcome);
	a->report = l->field[LOG_F_report];
	a->did = did_flags(a->report);
	if (a->remote && a->resulted && a->outcome == OUTCOME_SUCCESS)
		a->next_id = foreign_queued_as(a->report);
}

static void on_remote(struct delivery_reader *r, struct attempt *a, const struct log_line *l)
{
	a->peer = arena_alloc(&r->b->mem, sizeof(*a->peer));
	*a->peer = (struct peer){ .host = l->field[LOG_F_mx],
				  .ip = l->field[LOG_F_ip],
				  .port = l->field[LOG_F_port],
				  .tls = l->field[LOG_F_tls],
				  .policy = l->field[LOG_F_policy],
				  .source = l->field[LOG_F_source],
				  .connect = group_number(l->field[LOG_F_connect]),
				  .handshake = group_number(l->field[LOG_F_handshake]),
				  .reply = group_number(l->field[LOG_F_reply]) };
}

static void on_mailbox(struct delivery_reader *r, struct attempt *a, const struct log_line *l)
{
	a->filed = arena_alloc(&r->b->mem, sizeof(*a->filed));
	*a->filed =
	    (struct filed){ .box = l->field[LOG_F_box], .rule = l->field[LOG_F_rule], .quota = l->field[LOG_F_quota] };
}

/* A line about an attempt whose beginning was seen; without it the line says nothing to anybody. */
static void on_follow(struct delivery_reader *r, const struct line *ln, const struct log_line *l)
{
	struct attempt *a = attempt_of(r, group_number(l->field[LOG_F_delivery]));

	if (a == NULL || a->to == NULL)
		return;
	if (l->kind == LOG_DELIVERY_REMOTE)
		on_remote(r, a, l);
	else if (l->kind == LOG_DELIVERY_RESULT)
		on_result(a, l);
	else if (l->kind == LOG_DELIVERY_NEXT)
		a->retry = l->field[LOG_F_when];
	else if (l->kind == LOG_DELIVERY_GAVE_UP)
		a->gave_up = true;
	else if (l->kind == LOG_DELIVERY_MAILBOX)
		on_mailbox(r, a, l);
	lines_add(&a->lines, line_new(r->b, ln));
}

static void on_bounce(struct delivery_reader *r, const struct line *ln, const struct log_line *l)
{
	struct bounce *x = arena_alloc(&r->b->mem, sizeof(*x));

	x->of = l->kind == LOG_DELIVERY_BOUNCE         ? TOLD_FAILED
		: l->kind == LOG_DELIVERY_DELAY_NOTICE ? TOLD_LATE
		: l->kind == LOG_DELIVERY_AUTOREPLY    ? TOLD_ANSWER
						       : TOLD_ARRIVED;
	x->line = line_new(r->b, ln);
	x->parent = group_number(l->field[LOG_F_parent]);
	x->qp = group_number(l->field[LOG_F_qp]);
	x->later = r->b->bounces;
	r->b->bounces = x;
}

static void on_order(struct delivery_reader *r, const struct line *ln, const struct log_line *l)
{
	struct order *x = arena_alloc(&r->b->mem, sizeof(*x));

	*x = (struct order){ .line = line_new(r->b, ln),
			     .qp = group_number(l->field[LOG_F_qp]),
			     .rcpt = group_number(l->field[LOG_F_index]),
			     .action = l->field[LOG_F_action],
			     .by = l->field[LOG_F_by],
			     .words = l->field[LOG_F_words],
			     .later = r->b->orders };
	r->b->orders = x;
}

void delivery_take(struct delivery_reader *r, const struct line *ln, const struct log_line *l)
{
	switch (l->kind) {
	case LOG_DELIVERY_INIT:
		on_init(r, ln, l);
		break;
	case LOG_DELIVERY_INFO:
		on_info(r, ln, l);
		break;
	case LOG_DELIVERY_ALIAS:
		on_alias(r, ln, l);
		break;
	case LOG_DELIVERY_TRY:
		on_try(r, ln, l);
		break;
	case LOG_DELIVERY_BOUNCE:
	case LOG_DELIVERY_DELAY_NOTICE:
	case LOG_DELIVERY_SUCCESS_NOTICE:
	case LOG_DELIVERY_AUTOREPLY:
		on_bounce(r, ln, l);
		break;
	case LOG_DELIVERY_POSTMASTER:
		on_order(r, ln, l);
		break;
	case LOG_DELIVERY_REMOTE:
	case LOG_DELIVERY_MAILBOX:
	case LOG_DELIVERY_RESULT:
	case LOG_DELIVERY_DONE:
	case LOG_DELIVERY_NEXT:
	case LOG_DELIVERY_GAVE_UP:
		on_follow(r, ln, l);
		break;
	default:
		break;
	}
}

void delivery_end(struct delivery_reader *r)
{
	map_clear(&r->by_number);
}
