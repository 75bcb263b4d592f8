#include "index/digest.h"

#include <stdlib.h>

#include "index/bytes.h"
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

static void see_name(struct digest *d, enum term_kind kind, const struct name *x)
{
	struct roles *r = &d->roles[x->id];
	uint32_t *term = kind == TERM_FROM ? &r->from : &r->to;

	if (*term == 0)
		*term = terms_of(d->terms, kind, x->text) + 1;
	terms_see(d->terms, *term - 1, d->family);
}

static void see(struct digest *d, enum term_kind kind, struct str text)
{
	if (text.n > 0)
		terms_see(d->terms, terms_of(d->terms, kind, text), d->family);
}

static void see_low(struct digest *d, enum term_kind kind, struct str text)
{
	buf_reset(&d->low);
	for (size_t i = 0; i < text.n; i++)
		buf_addc(&d->low, ascii_lower(text.p[i]));
	see(d, kind, buf_str(&d->low));
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
	see_low(d, TERM_CALLER, v->rdns);
	see_low(d, TERM_CALLER, v->helo);
	see(d, TERM_IP, v->ip);
	see_word(d, v->ended);
	see_number(d, TERM_CONNECTION, v->connection);
	if (v->foreign == NULL)
		return;
	see(d, TERM_ID, v->foreign->id);
	see(d, TERM_ID, v->foreign->message_id);
}

static void see_gate(struct digest *d, const struct gate *g)
{
	see_low(d, TERM_CALLER, g->rdns);
	see(d, TERM_IP, g->ip);
	see_word(d, g->code);
	see_word(d, g->reason);
	see_number(d, TERM_CONNECTION, g->connection);
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
	}
}

static void see_places(struct digest *d)
{
	uint64_t latest = UINT64_MAX;
	size_t n;
	const struct line *const *at = pack_lines(d->k, &n);

	for (size_t i = 0; i < n; i++) {
		uint64_t from = at[i]->at, to = from + at[i]->length;

		for (uint64_t piece = from / TERM_PIECE; piece <= to / TERM_PIECE; piece++) {
			uint64_t place = (uint64_t)at[i]->file << 32 | piece;

			if (place != latest)
				terms_see_number(d->terms, TERM_PLACE, place, d->family);
			latest = place;
		}
	}
}

void digest_family(struct digest *d, const struct packer *k, uint32_t family, struct story *const *at, size_t n)
{
	d->k = k;
	d->family = family;
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
	}
	see_places(d);
}

void digest_table(const struct tale *t, const uint32_t *family, struct buf *out)
{
	int64_t time = 0, before = 0;

	for (const struct story *s = t->stories; s != NULL; s = s->later) {
		const struct line *x = s->visit != NULL ? s->visit->lines.first : NULL;
		unsigned verdicts = 1u << s->verdict;

		for (const struct party *p = s->parties.first; p != NULL; p = p->next)
			verdicts |= 1u << verdict_of_party(t->book, s, p);
		bytes_put_diff(out, s->time, time);
		bytes_put_diff(out, family[s->order], before);
		bytes_put(out, verdicts);
		bytes_put(out, x != NULL ? (uint64_t)x->file + 1 : 0);
		time = s->time;
		before = family[s->order];
	}
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
			terms_of(d->terms, TERM_NAME, x->text);
		see_origin(d, x, &mem);
		arena_reset(&mem);
	}
}
