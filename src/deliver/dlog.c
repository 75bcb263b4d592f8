#include "deliver/dlog.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/say.h"
#include "logs/logs.h"

/* A number that is open after a crash was opened by one of the last attempts: at 200 bytes and
 * more for each, this reaches back over some 300,000 of them. */
#define TAIL (64 * 1024 * 1024)
#define GATHER (48 * 1024)

static void put_number(struct buf *b, struct arena *a, enum log_kind kind, uint64_t delivery, int64_t now)
{
	struct log_line l;

	log_begin(&l, kind, now);
	log_setn(&l, LOG_F_delivery, a, delivery);
	log_print(b, &l);
}

static void put_init(struct buf *b, struct arena *a, const struct dlog_try *t, int64_t now)
{
	struct log_line l;

	log_begin(&l, LOG_DELIVERY_INIT, now);
	log_set(&l, LOG_F_sender, a, t->sender);
	log_print(b, &l);
	log_begin(&l, LOG_DELIVERY_INFO, now);
	log_setn(&l, LOG_F_delivery, a, t->delivery);
	log_setn(&l, LOG_F_qp, a, t->qp);
	log_setn(&l, LOG_F_attempt, a, t->attempt);
	log_setn(&l, LOG_F_bytes, a, t->bytes);
	log_set_moment(&l, LOG_F_moment, a, now);
	log_print(b, &l);
}

void dlog_put_try(struct buf *b, const struct dlog_try *t, int64_t now)
{
	ARENA(a);
	struct log_line l;

	put_init(b, &a, t, now);
	if (!str_ieq(t->rcpt->original, t->rcpt->final)) {
		log_begin(&l, LOG_DELIVERY_ALIAS, now);
		log_setn(&l, LOG_F_delivery, &a, t->delivery);
		log_set(&l, LOG_F_rcpt, &a, t->rcpt->original);
		log_print(b, &l);
	}
	log_begin(&l, LOG_DELIVERY_TRY, now);
	log_setn(&l, LOG_F_delivery, &a, t->delivery);
	log_set(&l, LOG_F_channel, &a,
		t->rcpt->channel == CHANNEL_LOCAL || t->rcpt->led == LED_PROGRAM || t->rcpt->led == LED_LIST
		    ? STR("local")
		    : STR("remote"));
	log_set(&l, LOG_F_rcpt, &a, t->rcpt->final);
	log_print(b, &l);
}

static void put_outcome(struct buf *b, struct arena *a, const struct dlog_result *r, int64_t now)
{
	struct log_line l;

	log_begin(&l, LOG_DELIVERY_RESULT, now);
	log_setn(&l, LOG_F_delivery, a, r->delivery);
	log_set(&l, LOG_F_outcome, a, outcome_word(r->kind));
	log_set(&l, LOG_F_report, a, log_report(a, r->report));
	log_print(b, &l);
}

static void put_peer(struct buf *b, struct arena *a, const struct dlog_result *r, int64_t now)
{
	const struct dlog_peer *p = &r->peer;
	struct log_line l;

	log_begin(&l, LOG_DELIVERY_REMOTE, now);
	log_setn(&l, LOG_F_delivery, a, r->delivery);
	log_set(&l, LOG_F_mx, a, p->host);
	log_set(&l, LOG_F_ip, a, p->ip);
	log_setn(&l, LOG_F_port, a, p->port);
	log_set(&l, LOG_F_tls, a, p->tls.n > 0 ? p->tls : STR("none"));
	log_set(&l, LOG_F_policy, a, p->policy);
	log_setn(&l, LOG_F_connect, a, p->connect);
	log_setn(&l, LOG_F_handshake, a, p->handshake);
	log_setn(&l, LOG_F_reply, a, p->reply);
	if (p->source.n > 0)
		log_set(&l, LOG_F_source, a, p->source);
	log_print(b, &l);
}

static void put_next(struct buf *b, struct arena *a, const struct dlog_result *r, int64_t now)
{
	BUF(when);
	struct log_line l;

	/* The logs' own zone: as a line of that moment would be stamped. */
	log_begin(&l, LOG_DELIVERY_NEXT, r->next);
	stamp_put(&when, l.stamp);
	log_begin(&l, LOG_DELIVERY_NEXT, now);
	log_setn(&l, LOG_F_delivery, a, r->delivery);
	log_set(&l, LOG_F_when, a, buf_str(&when));
	log_print(b, &l);
}

static void put_landing(struct buf *b, struct arena *a, const struct dlog_result *r, int64_t now)
{
	struct str quota = STR("-");
	struct log_line l;

	if (r->at.limit > 0)
		quota = arena_fmt(a, "%llu/%llu", (unsigned long long)r->at.used, (unsigned long long)r->at.limit);
	log_begin(&l, LOG_DELIVERY_MAILBOX, now);
	log_setn(&l, LOG_F_delivery, a, r->delivery);
	log_set(&l, LOG_F_box, a, r->at.path);
	log_set(&l, LOG_F_rule, a, r->at.rule);
	log_set(&l, LOG_F_quota, a, quota);
	log_print(b, &l);
}

void dlog_put_result(struct buf *b, const struct dlog_result *r, int64_t now)
{
	ARENA(a);
	struct log_line l;

	if (r->peer.host.n > 0)
		put_peer(b, &a, r, now);
	if (r->kind == OUTCOME_SUCCESS && r->at.path.n > 0)
		put_landing(b, &a, r, now);
	put_outcome(b, &a, r, now);
	log_begin(&l, LOG_DELIVERY_DONE, now);
	log_setn(&l, LOG_F_delivery, &a, r->delivery);
	log_setn(&l, LOG_F_millis, &a, (uint64_t)(r->millis > 0 ? r->millis : 0));
	log_print(b, &l);
	if (r->next > 0)
		put_next(b, &a, r, now);
	else if (r->gave_up)
		put_number(b, &a, LOG_DELIVERY_GAVE_UP, r->delivery, now);
}

void dlog_put_notice(struct buf *b, enum dlog_notice kind, uint64_t parent, uint64_t qp, int64_t now)
{
	static const enum log_kind kinds[] = {
		[DLOG_BOUNCE] = LOG_DELIVERY_BOUNCE,
		[DLOG_DELAY_NOTICE] = LOG_DELIVERY_DELAY_NOTICE,
		[DLOG_SUCCESS_NOTICE] = LOG_DELIVERY_SUCCESS_NOTICE,
		[DLOG_AUTOREPLY] = LOG_DELIVERY_AUTOREPLY,
	};
	ARENA(a);
	struct log_line l;

	log_begin(&l, kinds[kind], now);
	log_setn(&l, LOG_F_parent, &a, parent);
	log_setn(&l, LOG_F_qp, &a, qp);
	log_print(b, &l);
}

bool dlog_says(struct str line, struct str verb)
{
	struct str stamp, rest;

	return str_cut(line, STR(", "), &stamp, &rest) && str_starts(rest, verb);
}

/* Which numbers does one line open or close?  The value kept is a mark, not a pointer to anything. */
static void follow(struct map *open, struct str text)
{
	static char mark;
	struct log_line l;
	uint64_t delivery;

	if (!dlog_says(text, STR("try, ")) && !dlog_says(text, STR("result, ")))
		return;
	log_parse(LOG_DELIVERY, text, &l);
	if (l.kind != LOG_DELIVERY_TRY && l.kind != LOG_DELIVERY_RESULT)
		return;
	if (!str_u64(l.field[LOG_F_delivery], UINT64_MAX, &delivery))
		return;
	if (l.kind == LOG_DELIVERY_TRY)
		map_putn(open, delivery, &mark);
	else
		map_deln(open, delivery);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The numbers that are open, in order. */
static uint64_t *numbers_of(const struct map *open, struct arena *a)
{
	uint64_t *at = arena_alloc(a, (open->n + 1) * sizeof(*at));
	struct str key;

	for (size_t i = 0, n = 0; map_next(open, &i, &key) != NULL; n++)
		memcpy(&at[n], key.p, sizeof(at[n]));
	qsort(at, open->n, sizeof(*at), by_number);
	return at;
}

size_t dlog_put_restarted(struct buf *b, struct str text, int64_t now)
{
	ARENA(a);
	struct map open = MAP_INIT;
	struct str line;
	size_t n;
	uint64_t *at;

	while (str_cut(text, STR("\n"), &line, &text))
		follow(&open, line);
	at = numbers_of(&open, &a);
	n = open.n;
	for (size_t i = 0; i < n; i++) {
		struct dlog_result r = { .kind = OUTCOME_DEFERRAL, .report = STR("server restarted") };

		r.delivery = at[i];
		put_outcome(b, &a, &r, now);
	}
	map_clear(&open);
	return n;
}

struct dlog {
	struct log_writer *to;
	struct buf lines;
	bool failing;
};

struct dlog *dlog_open(const char *path, struct err *e)
{
	BUF(tail);
	struct dlog *d;

	if (log_tail(path, TAIL, &tail, e) < 0)
		return NULL;
	d = mem_alloc(sizeof(*d));
	d->to = log_writer_open(path, LOG_DELIVERY, e);
	if (d->to == NULL)
		return free(d), NULL;
	dlog_put_restarted(&d->lines, buf_str(&tail), clock_wall());
	dlog_flush(d);
	return d;
}

void dlog_close(struct dlog *d)
{
	dlog_flush(d);
	log_writer_close(d->to);
	buf_clear(&d->lines);
	free(d);
}

void dlog_flush(struct dlog *d)
{
	struct err e = { 0 };
	bool failed;

	if (d->lines.n == 0)
		return;
	failed = log_append(d->to, buf_str(&d->lines), STR(""), &e) < 0;
	if (failed && !d->failing)
		say(SAY_ERROR, "delivery log: %s; deliveries go on without it", e.text);
	if (!failed && log_regained(d->to, &e))
		say(SAY_WARNING, "%s", e.text);
	d->failing = failed;
	buf_reset(&d->lines);
}

void dlog_try(struct dlog *d, const struct dlog_try *t)
{
	dlog_put_try(&d->lines, t, clock_wall());
	if (d->lines.n > GATHER)
		dlog_flush(d);
}

void dlog_result(struct dlog *d, const struct dlog_result *r)
{
	dlog_put_result(&d->lines, r, clock_wall());
	if (d->lines.n > GATHER)
		dlog_flush(d);
}

void dlog_order(struct dlog *d, const struct dlog_order *o)
{
	ARENA(a);
	struct log_line l;

	log_begin(&l, LOG_DELIVERY_POSTMASTER, clock_wall());
	log_setn(&l, LOG_F_qp, &a, o->qp);
	log_setn(&l, LOG_F_index, &a, o->rcpt);
	log_set(&l, LOG_F_action, &a, o->action);
	log_set(&l, LOG_F_by, &a, o->by);
	if (o->detail.n > 0)
		log_set(&l, LOG_F_words, &a, o->detail);
	log_print(&d->lines, &l);
	if (d->lines.n > GATHER)
		dlog_flush(d);
}

enum dlog_notice dlog_notice_of(const struct envelope *v)
{
	return v->autoreply ? DLOG_AUTOREPLY
	       : v->delay   ? DLOG_DELAY_NOTICE
	       : v->success ? DLOG_SUCCESS_NOTICE
			    : DLOG_BOUNCE;
}

void dlog_notice(struct dlog *d, enum dlog_notice kind, uint64_t parent, uint64_t qp)
{
	dlog_put_notice(&d->lines, kind, parent, qp, clock_wall());
}
