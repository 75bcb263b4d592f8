/* Which families may hold what an owner asks for. */
#include "index/inside.h"
#include "trace/select.h"

static bool scope_fits(void *with, struct str text)
{
	return scope_has(with, text);
}

/* A question of an owner is matched against masked texts: of most filters all that he may see is looked at. */
bool find_scope(struct index *x, const struct scope *sc, struct family_set *out)
{
	static const enum term_kind kinds[] = { TERM_ADDRESS, TERM_LOGIN };
	struct scope copy = { .domain = sc->domain, .mailbox = sc->mailbox };
	bool good = true;

	for (size_t i = 0; i < COUNT(kinds) && good; i++) {
		struct term_look look = { .kind = kinds[i], .fits = scope_fits, .with = &copy };

		look.part = sc->mailbox.n > 0 ? sc->mailbox : sc->domain;
		good = terms_scan(&x->terms, x->c, &look, out);
	}
	return good;
}

/* What a filter is compared with, as an owner is shown it. */
struct shown {
	const struct filter *f;
	struct scope scope;
};

static bool shown_fits(void *with, struct str text)
{
	const struct shown *s = with;

	return select_address(s->f, &s->scope, text);
}

/* A mask leaves domains as they are, where nothing in them looks like another at-sign (a@b%40c.example). */
static struct str shown_part(struct str pattern)
{
	ptrdiff_t at = str_rchr(pattern, '@');
	struct str domain = at < 0 ? STR("") : str_skip(pattern, (size_t)at + 1);

	for (size_t i = 0; i < domain.n; i++)
		if (!ascii_isalnum(domain.p[i]) && domain.p[i] != '.' && domain.p[i] != '-')
			return STR("");
	return domain;
}

static bool find_shown(struct index *x, const struct filter *f, const struct scope *sc, struct family_set *out)
{
	ARENA(mem);
	struct shown s = { f, { .domain = sc->domain, .mailbox = sc->mailbox } };
	enum term_kind kind = f->kind == FILTER_FROM ? TERM_FROM : f->kind == FILTER_TO ? TERM_TO : TERM_ADDRESS;
	struct term_look look = { kind, arena_lower(&mem, shown_part(f->pattern)), shown_fits, &s };

	if (!terms_scan(&x->terms, x->c, &look, out))
		return false;
	look.kind = TERM_LOGIN;
	return kind != TERM_ADDRESS || terms_scan(&x->terms, x->c, &look, out);
}

bool find_owned(struct index *x, const struct wish *w, struct family_set *out)
{
	bool good = true;
	ARENA(mem);

	for (size_t i = 0; i < w->n && good && set_count(out) > FIND_FEW; i++) {
		const struct filter *f = &w->filters[i];
		struct family_set one = set_new(&mem, out->n);

		if (f->kind == FILTER_FROM || f->kind == FILTER_TO || f->kind == FILTER_ANY)
			good = find_shown(x, f, w->scope, &one);
		else if (f->kind == FILTER_IP || f->kind == FILTER_PORT)
			good = find_filter(x, f, &one);
		else
			continue;
		set_and(out, &one);
	}
	return good;
}
