#include "trace/around.h"

#include <string.h>

#include "trace/wish.h"

static void count_part(struct part *x, const struct tale *t, const struct chosen *c, const struct scope *sc)
{
	if (x->filter != NULL)
		wish_filter(t, x->filter, sc);
	else
		wish(t, (struct wish){ .kind = WISH_QUESTION, .span = c->span, .scope = sc });
	for (const struct story *s = t->stories; s != NULL; s = s->later) {
		if (!select_row(t->book, s, sc))
			continue;
		if (x->filter == NULL && (s->time < c->span.from || s->time >= c->span.to))
			continue;
		if (x->filter != NULL && !select_fits(x->filter, t->book, s, sc))
			continue;
		x->n++;
		if (x->last == 0 || s->time > x->last)
			x->last = s->time;
	}
}

static void look_at_parts(struct around *out, const struct tale *t, const struct question *q, const struct chosen *c,
			  const struct scope *sc)
{
	bool timed = c->span.from != INT64_MIN || c->span.to != INT64_MAX;

	for (size_t i = 0; i < q->n; i++)
		out->parts[out->nparts++].filter = &q->filters[i];
	if (timed)
		out->parts[out->nparts++].filter = NULL;
	if (out->nparts < 2)
		out->nparts = 0;
	for (size_t i = 0; i < out->nparts; i++)
		count_part(&out->parts[i], t, c, sc);
}

/* "partner.example" of from:x@partner.example, from:*@partner.example, from:partner.example. */
static struct str domain_asked(const struct question *q)
{
	const struct filter *f = question_filter(q, FILTER_FROM);
	struct str v = f != NULL ? f->value : STR("");
	ptrdiff_t at = str_rchr(v, '@');

	if (at >= 0)
		v = str_skip(v, (size_t)at + 1);
	return str_chr(v, '*') < 0 && str_chr(v, '.') > 0 ? v : STR("");
}

/* The domain itself or a name below it. */
static bool below(struct str name, struct str domain)
{
	if (!str_iends(name, domain))
		return false;
	return name.n == domain.n || strchr("@.", name.p[name.n - domain.n - 1]) != NULL;
}

static bool called_from(const struct story *s, struct str domain)
{
	const struct visit *v = s->visit;

	if (s->from != NULL && below(s->from->text, domain))
		return true;
	if (v != NULL && (below(v->rdns, domain) || below(v->helo, domain)))
		return true;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (p->gates != NULL && below(p->gates->rdns, domain))
			return true;
	return false;
}

static void keep_call(struct around *out, const struct story *s)
{
	size_t i = out->ncalls;

	out->ncalls_all++;
	if (i == AROUND_CALLS && s->time <= out->calls[i - 1]->time)
		return;
	if (i < AROUND_CALLS)
		out->ncalls++;
	else
		i--;
	for (; i > 0 && out->calls[i - 1]->time < s->time; i--)
		out->calls[i] = out->calls[i - 1];
	out->calls[i] = s;
}

void around_look(struct around *out, const struct tale *t, const struct question *q, const struct chosen *c,
		 const struct scope *sc)
{
	*out = (struct around){ 0 };
	look_at_parts(out, t, q, c, sc);
	if (!scope_all(sc))
		return; /* who else calls here is not an owner's to know */
	out->domain = domain_asked(q);
	if (out->domain.n > 0)
		wish(t, (struct wish){ .kind = WISH_CALLERS, .span = c->span, .text = out->domain });
	for (const struct story *s = out->domain.n > 0 ? t->stories : NULL; s != NULL; s = s->later)
		if (ties_of(s)->hop.key == NULL && s->time >= c->span.from && s->time < c->span.to &&
		    called_from(s, out->domain))
			keep_call(out, s);
}

static bool names_it(const struct story *s, const struct party *p, struct str address)
{
	return str_eq(p->name->text, address) || (s->from != NULL && str_eq(s->from->text, address));
}

static void use_in(struct near_use *u, const struct tale *t, const struct story *s, const struct scope *sc,
		   struct arena *scratch)
{
	bool used = false;

	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		if (!names_it(s, p, u->address) || !scope_party(sc, s, p))
			continue;
		u->count[verdict_of_party(t->book, s, scope_view(sc, s, p, scratch))]++;
		used = true;
	}
	if (!used)
		return;
	u->n++;
	if (u->last == 0 || s->time > u->last)
		u->last = s->time;
}

void around_near(struct near_use *u, const struct tale *t, const struct scope *sc)
{
	ARENA(scratch);

	wish_address(t, u->address);
	for (const struct story *s = t->stories; s != NULL; s = s->later) {
		if (select_row(t->book, s, sc))
			use_in(u, t, s, sc, &scratch);
		arena_reset(&scratch);
	}
}

static bool no_mailbox(const struct book *b, const struct party *p)
{
	const struct check_row *row;
	struct log_line l;

	if (p->last_attempt != NULL)
		return str_find(p->last_attempt->report, STR("no_mailbox_here")) >= 0;
	if (p->check == NULL || p->code < 400)
		return false;
	line_fields(b, p->check, &l);
	row = check_by_words(l.field[LOG_F_title], l.field[LOG_F_description]);
	return row == check_row(CHECK_NO_MAILBOX);
}

bool around_no_mailbox(const struct chosen *c, const struct book *b, const struct scope *sc)
{
	for (size_t i = 0; i < c->n; i++) {
		bool found = false;

		for (const struct party *p = c->at[i]->parties.first; p != NULL; p = p->next)
			found = found || (scope_party(sc, c->at[i], p) && no_mailbox(b, p));
		if (!found)
			return false;
	}
	return c->n > 0;
}
