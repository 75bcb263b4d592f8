/* Which rows answer a question: those that the stories would have, by the same rules (select.c, rows_make.c). */
#include <stdlib.h>
#include <string.h>

#include "trace/rows.h"
#include "trace/select.h"

bool rows_can_answer(const struct question *q)
{
	for (size_t i = 0; i < q->n; i++) {
		const struct filter *f = &q->filters[i];

		if (f->word.n > 0) /* an address, or an id? */
			return false;
		if (f->kind != FILTER_FROM && f->kind != FILTER_TO && f->kind != FILTER_ANY &&
		    f->kind != FILTER_LOGIN && f->kind != FILTER_PORT &&
		    (f->kind != FILTER_VERDICT || f->verdict == VERDICT_MIXED) && f->reason == 0)
			return false;
	}
	return true;
}

/* One filter, with what of the dictionaries fits it. */
struct fit {
	const struct filter *f;
	bool *names, *logins;
	uint32_t port;
};

/* The rows from..to are one story's, and so is what else is known of them. */
struct choice {
	struct rows *r;
	size_t from, to, also, also_end;
	bool *keep, *own; /* of each row; own: it fits the filter by itself */
	bool hop;         /* the story fits by what the next servers saw */
};

static bool *fits_of(const struct row_dict *d, const struct filter *f,
		     bool (*fits)(const struct filter *, const struct scope *, struct str))
{
	bool *out = mem_alloc(d->n + 1);
	struct scope all = { .mem = NULL };

	for (size_t i = 0; i < d->n; i++)
		out[i] = fits(f, &all, d->text[i]);
	return out;
}

static struct fit prepare(const struct rows *r, const struct filter *f)
{
	struct fit x = { .f = f, .port = UINT32_MAX };

	if (f->kind == FILTER_FROM || f->kind == FILTER_TO || f->kind == FILTER_ANY)
		x.names = fits_of(&r->names, f, select_address);
	if (f->kind == FILTER_ANY || f->kind == FILTER_LOGIN)
		x.logins = fits_of(&r->logins, f, select_text);
	for (size_t i = 0; f->kind == FILTER_PORT && i < r->ports.n; i++)
		if (str_eq(r->ports.text[i], f->value))
			x.port = (uint32_t)i;
	return x;
}

static bool name_fits(const struct choice *c, const struct fit *x, uint32_t name)
{
	return name < c->r->names.n && x->names[name];
}

/* Of the story's rows, those that fit whatever recipient they have. */
static bool story_fits(const struct choice *c, const struct fit *x)
{
	if (x->f->kind == FILTER_FROM || x->f->kind == FILTER_ANY)
		return name_fits(c, x, c->r->from[c->from]);
	if (x->f->kind == FILTER_LOGIN)
		return c->r->login[c->from] < c->r->logins.n && x->logins[c->r->login[c->from]];
	return x->f->kind == FILTER_PORT && c->r->port[c->from] == x->port;
}

static bool row_fits(const struct choice *c, const struct fit *x, size_t i)
{
	if (x->f->kind == FILTER_VERDICT)
		return c->r->verdict[i] == x->f->verdict;
	if (x->f->kind == FILTER_REASON)
		return c->r->reason[i] == x->f->reason;
	return (x->f->kind == FILTER_TO || x->f->kind == FILTER_ANY) && name_fits(c, x, c->r->to[i]);
}

/* The story's rows are `own` by what else is known of them; a login is the whole story's. */
static void look_at_also(struct choice *c, const struct fit *x, const struct row_also *a)
{
	enum filter_kind kind = x->f->kind;
	bool to = kind == FILTER_TO || kind == FILTER_ANY, from = kind == FILTER_FROM || kind == FILTER_ANY;

	switch (a->kind) {
	case ALSO_TO:
		c->own[a->row] = c->own[a->row] || (to && name_fits(c, x, a->text));
		break;
	case ALSO_LOGIN:
		if (kind == FILTER_ANY && a->text < c->r->logins.n && x->logins[a->text])
			memset(c->own + c->from, true, c->to - c->from);
		break;
	case ALSO_HOP_FROM:
		c->hop = c->hop || (from && name_fits(c, x, a->text));
		break;
	case ALSO_HOP_TO:
		c->hop = c->hop || (to && name_fits(c, x, a->text));
		break;
	case ALSO_HOP_LOGIN:
		c->hop = c->hop || (kind == FILTER_ANY && a->text < c->r->logins.n && x->logins[a->text]);
		break;
	case ALSO_HOP_PORT:
		c->hop = c->hop || (kind == FILTER_PORT && a->text == x->port);
		break;
	case ROW_ALSO_KINDS:
		break;
	}
}

/* Which of the story's rows does the filter leave?  Where it fits by the next servers' sight alone, all.  False: it
 * does not fit. */
static bool ask(struct choice *c, const struct fit *x)
{
	bool whole = story_fits(c, x), any = false;

	c->hop = false;
	for (size_t i = c->from; i < c->to; i++)
		c->own[i] = whole || row_fits(c, x, i);
	for (size_t i = c->also; i < c->also_end; i++)
		look_at_also(c, x, &c->r->also[i]);
	for (size_t i = c->from; i < c->to; i++)
		any = any || c->own[i];
	for (size_t i = c->from; i < c->to; i++)
		c->keep[i] = c->keep[i] && (any ? c->own[i] : c->hop);
	return any || c->hop;
}

static bool within(const struct rows *r, size_t i, struct span span)
{
	if (span.from == INT64_MIN && span.to == INT64_MAX)
		return true;
	if (r->time[i] == ROW_UNKNOWN(*r->time)) /* before 1970: later than rows can tell nothing was written yet */
		return span.from < 0 && span.to > 0;
	return r->time[i] >= span.from && r->time[i] < span.to;
}

static void pick(struct rows *r, const bool *keep)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (!keep[i])
			continue;
#define ROW(type, name, meaning) r->name[n] = r->name[i];
#include "trace/rows.def"
#undef ROW
		n++;
	}
	r->n = n;
	r->nalso = 0;
}

static void ask_story(struct choice *c, const struct fit *fits, size_t n)
{
	bool goes_on = c->keep[c->from]; /* it is within the time */

	for (size_t i = 0; i < n && goes_on; i++)
		goes_on = ask(c, &fits[i]);
}

static void ask_all(struct choice *c, const struct fit *fits, size_t n)
{
	const struct rows *r = c->r;

	for (c->from = 0; c->from < r->n; c->from = c->to, c->also = c->also_end) {
		for (c->to = c->from + 1; c->to < r->n && r->story[c->to] == r->story[c->from];)
			c->to++;
		for (c->also_end = c->also; c->also_end < r->nalso && r->also[c->also_end].row < c->to;)
			c->also_end++;
		ask_story(c, fits, n);
	}
}

void rows_choose(struct rows *r, const struct question *q, struct span span)
{
	struct choice c = { .r = r, .keep = mem_alloc(r->n + 1), .own = mem_alloc(r->n + 1) };
	struct fit fits[QUESTION_MAX];

	for (size_t i = 0; i < r->n; i++)
		c.keep[i] = within(r, i, span);
	for (size_t i = 0; i < q->n; i++)
		fits[i] = prepare(r, &q->filters[i]);
	ask_all(&c, fits, q->n);
	for (size_t i = 0; i < q->n; i++) {
		free(fits[i].names);
		free(fits[i].logins);
	}
	pick(r, c.keep);
	free(c.keep);
	free(c.own);
}

/* ---- numbered anew ---- */

/* A dictionary that takes up the texts of another one as they occur. */
struct fresh {
	struct row_dict *d, old;
	uint32_t *ids; /* of each old one its new one; UINT32_MAX: none yet */
};

static struct fresh begin_fresh(struct row_dict *d)
{
	struct fresh f = { .d = d, .old = *d, .ids = mem_alloc((d->n + 1) * sizeof(*f.ids)) };

	memset(f.ids, 0xff, d->n * sizeof(*f.ids));
	dict_clear(&f.old.ids);
	*d = (struct row_dict){ .text = mem_alloc((d->n + 1) * sizeof(*d->text)),
				.of = mem_alloc((d->n + 1) * sizeof(*d->of)),
				.cap = f.old.n + 1 };
	return f;
}

static void end_fresh(struct fresh *f)
{
	free(f->old.text);
	free(f->old.of);
	free(f->ids);
}

/* of: what it belongs to, NULL: to nothing. */
static uint32_t fresh_id(struct fresh *f, struct fresh *of, uint32_t id)
{
	uint32_t *now = id < f->old.n ? &f->ids[id] : NULL;

	if (now == NULL)
		return UINT32_MAX;
	if (*now == UINT32_MAX) {
		*now = (uint32_t)f->d->n++;
		f->d->text[*now] = f->old.text[id];
		f->d->of[*now] = of != NULL ? fresh_id(of, NULL, f->old.of[id]) : UINT32_MAX;
	}
	return *now;
}

void rows_settle(struct rows *r)
{
	struct fresh domains = begin_fresh(&r->domains), nets = begin_fresh(&r->nets), names = begin_fresh(&r->names),
		     ips = begin_fresh(&r->ips), logins = begin_fresh(&r->logins), ports = begin_fresh(&r->ports);
	struct fresh *const all[] = { &domains, &nets, &names, &ips, &logins, &ports };

	map_clear(&r->numbers);
	for (size_t i = 0; i < r->n; i++) {
		r->from[i] = fresh_id(&names, &domains, r->from[i]);
		r->ip[i] = fresh_id(&ips, &nets, r->ip[i]);
		r->login[i] = fresh_id(&logins, NULL, r->login[i]);
		r->port[i] = (uint8_t)fresh_id(&ports, NULL, r->port[i]);
		r->to[i] = fresh_id(&names, &domains, r->to[i]);
	}
	for (size_t i = 0; i < COUNT(all); i++)
		end_fresh(all[i]);
}
