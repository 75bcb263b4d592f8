#include "index/touch.h"

#include <stdlib.h>
#include <string.h>

#include "index/terms.h"
#include "trace/group.h"
#include "trace/moment.h"
#include "trace/reach.h"

enum { UNEVEN = 3600 /* seconds by which moments differ that were found in two ways: at a change of the clock */ };

void touch_init(struct touch *k, struct book *names)
{
	*k = (struct touch){ .names = names };
}

void touch_clear(struct touch *k)
{
	for (int i = 0; i < KEY_KINDS; i++) {
		free(k->of[i].at);
		map_clear(&k->of[i].known);
	}
	free(k->pairs);
	map_clear(&k->known_pairs);
	map_clear(&k->tried);
	arena_clear(&k->mem);
}

void touch_number(struct touch *k, enum key_kind kind, uint64_t number)
{
	struct key_numbers *x = &k->of[kind];

	if (number == 0 || map_putn(&x->known, number, k) != NULL)
		return;
	if (x->n == x->cap) {
		x->cap = 2 * x->cap + 64;
		x->at = mem_grow(x->at, x->cap * sizeof(*x->at));
	}
	x->at[x->n++] = number;
}

uint32_t touch_pair_hash(const struct name *from, const struct name *to)
{
	uint64_t sender = terms_hash(from != NULL ? from->text : STR(""));

	return (uint32_t)(sender * 0x9e3779b1u + terms_hash(to->text));
}

static struct key_pair *pair_of(struct touch *k, const struct name *from, const struct name *to)
{
	uint64_t key = (uint64_t)from->id << 32 | to->id;
	uintptr_t at = (uintptr_t)map_getn(&k->known_pairs, key);

	if (at > 0)
		return &k->pairs[at - 1];
	if (k->npairs == k->pairs_cap) {
		k->pairs_cap = 2 * k->pairs_cap + 64;
		k->pairs = mem_grow(k->pairs, k->pairs_cap * sizeof(*k->pairs));
	}
	k->pairs[k->npairs] = (struct key_pair){ .from = from, .to = to, .hash = touch_pair_hash(from, to) };
	map_putn(&k->known_pairs, key, (void *)(uintptr_t)(k->npairs + 1));
	return &k->pairs[k->npairs++];
}

/* By a hash, as terms are found by it. */
static void touch_id(struct touch *k, struct str id)
{
	if (id.n > 0)
		touch_number(k, KEY_ID, (uint64_t)1 << 32 | terms_hash(id));
}

void touch_foreign(struct touch *k, const struct foreign_line *l)
{
	static const struct str forwarded = STR_INIT("forwarded as ");
	struct str text = l->field[FF_text];

	if (l->server == FOREIGN_QMAIL)
		return;
	touch_id(k, l->field[FF_id]);
	touch_id(k, l->field[FF_parent]);
	touch_id(k, l->field[FF_child]);
	if (str_starts(text, forwarded))
		touch_id(k, str_skip(text, forwarded.n));
	else if (text.n > 0)
		touch_id(k, foreign_queued_as(text));
}

/* One more time, or one that is not looked through yet becomes longer. */
static void add_span(struct touch *k, struct key_pair *p, struct key_span x)
{
	for (size_t i = p->n; i-- > 0;)
		if (p->at[i].from <= x.from && p->at[i].to >= x.to && p->at[i].all >= x.all)
			return;
	for (size_t i = p->done; i < p->n; i++) {
		struct key_span *s = &p->at[i];

		if (s->all != x.all || s->from > x.to || s->to < x.from)
			continue;
		s->from = x.from < s->from ? x.from : s->from;
		s->to = x.to > s->to ? x.to : s->to;
		return;
	}
	if (p->n == p->cap) {
		p->cap = 2 * p->cap + 2;
		p->at = arena_grow(&k->mem, p->at, p->n, p->cap, sizeof(*p->at));
	}
	p->at[p->n++] = x;
}

/* An acceptance ends refusals before it, or makes doubtful which one did.  A refusal is ended by what comes after it;
 * beside others it may be one message with them. */
void touch_call(struct touch *k, const struct name *from, const struct name *to, int64_t at, bool open)
{
	struct key_pair *p = pair_of(k, from, to);
	const int64_t after = REACH_AGAIN + REACH_RIVAL + UNEVEN;

	if (open)
		add_span(k, p, (struct key_span){ at - REACH_NEXT - UNEVEN, at + after, true });
	else
		add_span(k, p, (struct key_span){ at - after, at + UNEVEN, false });
}

/* The number of a message that came out of a delivery. */
static void take_report(struct touch *k, struct str report)
{
	struct did did;

	if (did_of(report, &did))
		touch_number(k, KEY_QP, did.qp);
}

/* "250_ok_1615286631_qp_15309" */
static void take_reason(struct touch *k, struct str reason)
{
	struct str before, qp;

	if (str_cut(reason, STR("_qp_"), &before, &qp))
		touch_number(k, KEY_QP, group_number(qp));
}

static void take_recipient(struct touch *k, const struct log_line *l)
{
	const struct name *to = book_name(k->names, l->field[LOG_F_path]);
	int64_t at = zone_utc(&k->names->zone, civil_to_seconds(l->stamp));

	if (k->from == NULL)
		k->from = book_spelling(k->names, STR(""));
	/* of so many that it is not remembered which, none is forgotten */
	touch_call(k, k->from, to, at, k->ngroup == COUNT(k->group));
	if (k->ngroup == COUNT(k->group))
		return;
	k->group[k->ngroup].to = to;
	k->group[k->ngroup++].at = at;
}

static void take_smtp(struct touch *k, const struct log_line *l)
{
	switch (l->kind) {
	case LOG_SMTP_SESSION:
	case LOG_EMPTY:
		k->from = NULL;
		k->ngroup = 0;
		break;
	case LOG_SMTP_FROM:
		k->from = book_name(k->names, l->field[LOG_F_sender]);
		k->ngroup = 0;
		break;
	case LOG_SMTP_TO:
		take_recipient(k, l);
		break;
	case LOG_SMTP_RESP:
		for (size_t i = 0; i < k->ngroup && str_starts(l->field[LOG_F_code], STR("4")); i++)
			touch_call(k, k->from, k->group[i].to, k->group[i].at, true);
		break;
	default:
		break;
	}
}

/* A result whose try is not among what is new. */
static void take_old(struct touch *k, const struct log_line *l)
{
	uint64_t number = group_number(l->field[LOG_F_delivery]);

	if (number > 0 && l->kind == LOG_DELIVERY_TRY)
		map_putn(&k->tried, number, k);
	else if (number > 0 && map_getn(&k->tried, number) == NULL)
		touch_number(k, KEY_DELIVERY, number);
}

static void take_numbers(struct touch *k, const struct log_line *l)
{
	touch_number(k, KEY_CONNECTION, group_number(l->field[LOG_F_connection]));
	touch_number(k, KEY_CONNECTION, group_number(l->connection));
	touch_number(k, KEY_DELIVERY, group_number(l->field[LOG_F_delivery]));
	touch_number(k, KEY_QP, group_number(l->field[LOG_F_qp]));
	touch_number(k, KEY_QP, group_number(l->field[LOG_F_parent]));
	if (l->kind == LOG_DELIVERY_RESULT)
		take_report(k, l->field[LOG_F_report]);
	if (l->kind == LOG_SPAMDYKE_VERDICT)
		take_reason(k, l->field[LOG_F_reason]);
}

void touch_line(struct touch *k, const struct log_line *l)
{
	if (k->old)
		take_old(k, l);
	else
		take_numbers(k, l);
	k->again = k->again || l->kind == LOG_SPAMDYKE_REPEATED || l->again.n > 0;
	take_smtp(k, l);
}

bool touch_loose(const struct gate *g)
{
	const char *key = g->join.key;

	return key == NULL || (strcmp(key, "connection number") != 0 && strcmp(key, "epoch and qp of the reply") != 0);
}

static const struct name *name_in(struct touch *k, const struct name *x)
{
	return book_spelling(k->names, x != NULL ? x->text : STR(""));
}

static bool for_now(int code)
{
	return code >= 400 && code < 500;
}

static bool refused_for_now(const struct party *p)
{
	return for_now(p->code) || for_now(p->visit->size_code);
}

void touch_open(const struct story *s, void (*see)(void *with, uint32_t pair), void *with)
{
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		if (p->visit != NULL && party_called(p) != NULL && refused_for_now(p))
			see(with, touch_pair_hash(s->from, p->name));
		for (const struct gate *g = p->gates; g != NULL; g = g->next)
			if (touch_loose(g))
				see(with, touch_pair_hash(g->from, p->name));
	}
}

static void take_party(struct touch *k, const struct story *s, const struct party *p)
{
	const struct name *from = name_in(k, s->from), *to = name_in(k, p->name);
	const struct line *called = p->visit != NULL ? party_called(p) : NULL;

	if (called != NULL)
		touch_call(k, from, to, moment_of(k->names, called), refused_for_now(p));
	if (k->old)
		return;
	for (const struct gate *g = p->gates; g != NULL; g = g->next) {
		touch_number(k, KEY_CONNECTION, g->connection);
		touch_number(k, KEY_QP, g->qp);
		if (touch_loose(g))
			touch_call(k, name_in(k, g->from), to, moment_of(k->names, g->line), true);
	}
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next) {
		touch_number(k, KEY_DELIVERY, a->number);
		touch_number(k, KEY_QP, a->qp);
		touch_id(k, a->next_id);
		take_report(k, a->report);
	}
}

static void widen(const struct book *b, const struct line *x, struct key_span *out)
{
	int64_t at;

	if (x == NULL)
		return;
	at = moment_of(b, x);
	out->from = at < out->from ? at : out->from;
	out->to = at > out->to ? at : out->to;
}

bool touch_span(const struct book *b, const struct story *s, struct key_span *out)
{
	*out = (struct key_span){ .from = INT64_MAX, .to = INT64_MIN };
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		widen(b, p->visit != NULL ? party_called(p) : NULL, out);
		for (const struct gate *g = p->gates; g != NULL; g = g->next)
			widen(b, g->line, out);
	}
	return out->from <= out->to;
}

static void take_foreign(struct touch *k, const struct book *book, const struct foreign *f)
{
	touch_id(k, f->id);
	touch_id(k, f->parent_id);
	touch_id(k, f->bounce_id);
	if (f->shared)
		touch_id(k, line_raw(book, f->talk));
}

void touch_story(struct touch *k, const struct book *book, const struct story *s)
{
	if (s->visit != NULL && s->visit->foreign != NULL && s->visit->foreign->server == FOREIGN_QMAIL)
		return;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		take_party(k, s, p);
	if (k->old)
		return;
	touch_number(k, KEY_QP, s->qp);
	if (s->visit != NULL) {
		touch_number(k, KEY_CONNECTION, s->visit->connection);
		touch_number(k, KEY_QP, s->visit->qp);
	}
	if (s->visit != NULL && s->visit->foreign != NULL)
		take_foreign(k, book, s->visit->foreign);
	for (const struct bounce *x = ties_of(s)->bounce; x != NULL; x = x->beside) {
		touch_number(k, KEY_QP, x->parent);
		touch_number(k, KEY_QP, x->qp);
	}
	for (const struct bounce *x = ties_of(s)->notices; x != NULL; x = x->beside) {
		touch_number(k, KEY_QP, x->parent);
		touch_number(k, KEY_QP, x->qp);
	}
	for (const struct order *x = ties_of(s)->orders; x != NULL; x = x->later)
		touch_number(k, KEY_QP, x->qp);
}
