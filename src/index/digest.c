#include "index/digest.h"

#include <stdlib.h>

#include "index/bytes.h"
#include "index/inside.h"
#include "index/place.h"
#include "index/touch.h"
#include "mail/srs.h"

/* Of a name: its terms as sender and as recipient, plus 1. */
struct roles {
	uint32_t from, to;
};

struct digest {
	const struct tale *t;
	struct terms *terms;
	struct roles *roles; /* by the name's id */
	uint32_t nobody;
	uint32_t family;
	const struct packer *k;
	struct str caller, ip; /* of the family: the latest ones */
	struct buf low;
};

struct digest *digest_new(const struct tale *t)
{
	struct digest *d = mem_alloc(sizeof(*d));

	d->t = t;
	d->terms = terms_new();
	d->roles = mem_alloc((t->book->nnames + 1) * sizeof(*d->roles));
	d->nobody = terms_of(d->terms, TERM_NOBODY, STR(""));
	return d;
}

void digest_free(struct digest *d)
{
	terms_free(d->terms);
	free(d->roles);
	buf_clear(&d->low);
	free(d);
}

struct terms *digest_terms(struct digest *d)
{
	return d->terms;
}

uint32_t digest_name_place(const struct digest *d, size_t id)
{
	const struct roles *r = &d->roles[id];

	MUST(r->from > 0 || r->to > 0);
	return terms_address_place(d->terms, (r->from > 0 ? r->from : r->to) - 1);
}

static void see_name(struct digest *d, enum term_kind kind, const struct name *x)
{
	struct roles *r = &d->roles[x->id];
	uint32_t *term = kind == TERM_FROM ? &r->from : &r->to;

	if (*term == 0)
		*term = terms_address(d->terms, kind, x->text) + 1;
	terms_see(d->terms, *term - 1, d->family);
}

static void see(struct digest *d, enum term_kind kind, struct str text)
{
	if (text.n > 0)
		terms_see(d->terms, terms_of(d->terms, kind, text), d->family);
}

static void see_low(struct digest *d, enum term_kind kind, struct str text)
{
	size_t same = 0;

	while (same < text.n && ascii_lower(text.p[same]) == text.p[same])
		same++;
	if (same < text.n) {
		buf_reset(&d->low);
		buf_addstr(&d->low, text);
		for (size_t i = same; i < text.n; i++)
			d->low.p[i] = ascii_lower(text.p[i]);
		text = buf_str(&d->low);
	}
	see(d, kind, text);
}

/* A client has one name in its visit and in the gate's lines. */
static void see_caller(struct digest *d, struct str text)
{
	if (str_eq(text, d->caller))
		return;
	d->caller = text;
	see_low(d, TERM_CALLER, text);
}

static void see_ip(struct digest *d, struct str text)
{
	if (str_eq(text, d->ip))
		return;
	d->ip = text;
	see(d, TERM_IP, text);
}

/* Found by looking through the lines, if it stands in one. */
static void see_word(struct digest *d, struct str text)
{
	if (text.n > 0 && !pack_in_line(d->k, text))
		see_low(d, TERM_WORD, text);
}

static void see_number(struct digest *d, enum term_kind kind, uint64_t number)
{
	if (number > 0)
		terms_see_number(d->terms, kind, number, d->family);
}

static void see_id(struct digest *d, struct str id)
{
	if (id.n > 0)
		terms_see_number(d->terms, TERM_ID, terms_hash(id), d->family);
}

static void see_logins(struct digest *d, const struct visit *v)
{
	struct log_line l;

	see_low(d, TERM_LOGIN, v->user);
	for (const struct line *x = v->lines.first; x != NULL && v->foreign == NULL; x = x->next) {
		if (x->kind != LOG_SMTP_AUTH && x->kind != LOG_SMTP_AUTH_FAILED)
			continue;
		line_fields(d->t->book, x, &l);
		see_low(d, TERM_LOGIN, l.field[LOG_F_user]);
	}
}

static void see_visit(struct digest *d, const struct visit *v)
{
	see_logins(d, v);
	see_caller(d, v->helo);
	see_caller(d, v->rdns);
	see_ip(d, v->ip);
	see_word(d, v->ended);
	see_number(d, TERM_CONNECTION, v->connection);
	if (v->foreign == NULL)
		return;
	see_id(d, v->foreign->id);
	see_id(d, v->foreign->message_id);
	see_id(d, v->foreign->parent_id);
	see_id(d, v->foreign->bounce_id);
	if (v->foreign->shared)
		see_id(d, line_raw(d->t->book, v->foreign->talk));
}

static void see_gate(struct digest *d, const struct gate *g)
{
	see_caller(d, g->rdns);
	if (!str_starts(g->user, STR("("))) /* (unknown): nobody */
		see_low(d, TERM_LOGIN, g->user);
	see_ip(d, g->ip);
	see_word(d, g->code);
	see_word(d, g->reason);
	see_number(d, TERM_CONNECTION, g->connection);
	see_number(d, TERM_QP, g->qp);
}

/* The message that it made may be read later than it (tail.c). */
static void see_made(struct digest *d, const struct attempt *a)
{
	struct did did;

	if ((attempt_did(a) & DID_QP) != 0 && did_of(a->report, &did))
		see_number(d, TERM_QP, did.qp);
}

static void see_party(struct digest *d, const struct party *p)
{
	see_name(d, TERM_TO, p->name);
	for (const struct gate *g = p->gates; g != NULL; g = g->next)
		see_gate(d, g);
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next) {
		see_name(d, TERM_TO, a->to);
		see_word(d, a->report);
		see_number(d, TERM_DELIVERY, a->number);
		see_made(d, a);
		see_id(d, a->next_id);
	}
}

/* The messages that tell its sender. */
static void see_told(struct digest *d, const struct bounce *x)
{
	for (; x != NULL; x = x->beside)
		see_number(d, TERM_QP, x->qp);
}

/* Most lines stand in the piece of the line before them. */
static void see_places(struct digest *d)
{
	uint64_t from = 0, to = 0; /* of the latest piece */
	uint32_t file = UINT32_MAX;
	const struct line *x;

	for (size_t i = 0; (x = pack_each_line(d->k, i)) != NULL; i++) {
		uint64_t at = line_offset(d->t->book, x), end = at + x->length;

		if (x->file == file && at >= from && end < to)
			continue;
		for (uint64_t piece = at / TERM_PIECE; piece <= end / TERM_PIECE; piece++)
			if (x->file != file || piece != from / TERM_PIECE)
				terms_see_number(d->terms, TERM_PLACE, (uint64_t)x->file << 32 | piece, d->family);
		file = x->file;
		from = end / TERM_PIECE * TERM_PIECE;
		to = from + TERM_PIECE;
	}
}

void digest_family(struct digest *d, const struct packer *k, uint32_t family, struct story *const *at, size_t n)
{
	d->k = k;
	d->family = family;
	d->caller = d->ip = (struct str){ NULL, 0 };
	for (size_t i = 0; i < n; i++) {
		const struct story *s = at[i];

		if (s->from != NULL)
			see_name(d, TERM_FROM, s->from);
		else
			terms_see(d->terms, d->nobody, family);
		if (s->visit != NULL)
			see_visit(d, s->visit);
		for (const struct party *p = s->parties.first; p != NULL; p = p->next)
			see_party(d, p);
		see_number(d, TERM_QP, s->qp);
		if (s->ties != NULL)
			see_told(d, s->ties->bounce), see_told(d, s->ties->notices);
	}
	see_places(d);
}

static unsigned verdicts_of(const struct tale *t, const struct story *s)
{
	unsigned verdicts = 1u << s->verdict;

	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		verdicts |= 1u << verdict_of_party(t->book, s, p);
	return verdicts;
}

/* When the story's calls were, beside its own time (inside.h). */
static void put_calls(const struct tale *t, const struct story *s, struct key_span *all, struct buf *out)
{
	struct key_span calls;

	if (!touch_span(t->book, s, &calls)) {
		bytes_put(out, 0);
		return;
	}
	bytes_put(out, (uint64_t)(calls.to - calls.from) + 1);
	bytes_put_diff(out, calls.from, s->time);
	all->from = calls.from < all->from ? calls.from : all->from;
	all->to = calls.to > all->to ? calls.to : all->to;
}

/* Those of all stories' open calls, behind the rows: sorted, as steps. */
struct open_pairs {
	struct index_open *at;
	size_t n, cap;
	uint32_t family; /* of the story that is looked at */
};

static void add_pair(void *with, uint32_t pair)
{
	struct open_pairs *p = with;

	if (p->n == p->cap) {
		p->cap = 2 * p->cap + 64;
		p->at = mem_grow(p->at, p->cap * sizeof(*p->at));
	}
	p->at[p->n++] = (struct index_open){ pair, p->family };
}

static int by_pair(const void *a, const void *b)
{
	const struct index_open *x = a, *y = b;

	if (x->pair != y->pair)
		return x->pair < y->pair ? -1 : 1;
	return x->family < y->family ? -1 : x->family > y->family;
}

static void put_pairs(struct open_pairs *p, struct buf *out)
{
	uint32_t before = 0;

	if (p->n > 0)
		qsort(p->at, p->n, sizeof(*p->at), by_pair);
	bytes_put(out, p->n);
	for (size_t i = 0; i < p->n; i++) {
		bytes_put(out, p->at[i].pair - before);
		bytes_put(out, p->at[i].family);
		before = p->at[i].pair;
	}
	free(p->at);
}

struct digest_spans digest_table(const struct tale *t, const uint32_t *family, const uint64_t *rows, struct buf *out)
{
	const struct key_span none = { .from = INT64_MAX, .to = INT64_MIN };
	struct digest_spans all = { none, none };
	int64_t time = 0, before = 0, number = 0;
	struct open_pairs pairs = { 0 };

	for (const struct story *s = t->stories; s != NULL; s = s->later) {
		struct place p = place_of(t->book, s);

		bytes_put_diff(out, s->time, time);
		bytes_put_diff(out, family[s->order], before);
		bytes_put(out, verdicts_of(t, s));
		bytes_put(out, (uint64_t)p.file << 3 | (unsigned)p.class << 1 | set_has(rows, (uint32_t)s->order));
		bytes_put_diff(out, p.number, number);
		put_calls(t, s, &all.calls, out);
		pairs.family = family[s->order];
		touch_open(s, add_pair, &pairs);
		all.times.from = s->time < all.times.from ? s->time : all.times.from;
		all.times.to = s->time > all.times.to ? s->time : all.times.to;
		time = s->time;
		before = family[s->order];
		number = p.number;
	}
	put_pairs(&pairs, out);
	return all;
}

/* A sender or recipient of a forward (SRS) is found by whom he stands for, too. */
static void see_origin(struct digest *d, const struct name *x, struct arena *mem)
{
	const struct roles *r = &d->roles[x->id];
	struct addr origin;
	struct str text;

	if (!srs_origin(x->text, mem, &origin))
		return;
	text = arena_lower(mem, addr_text(mem, &origin));
	if (r->from > 0)
		terms_alias(d->terms, TERM_FROM, text, r->from - 1);
	if (r->to > 0)
		terms_alias(d->terms, TERM_TO, text, r->to - 1);
}

void digest_end(struct digest *d)
{
	ARENA(mem);

	for (size_t i = 0; i < d->t->book->nnames; i++) {
		const struct name *x = d->t->book->names.at[i];

		if (d->roles[x->id].from == 0 && d->roles[x->id].to == 0)
			terms_address(d->terms, TERM_ADDRESS, x->text);
		see_origin(d, x, &mem);
		arena_reset(&mem);
	}
}
