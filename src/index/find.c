/* Which families may hold what a filter means.  Too many are found rather than too few: select_fits() decides. */
#include <stdlib.h>
#include <string.h>

#include "index/bytes.h"
#include "index/inside.h"

struct family_set set_new(struct arena *mem, size_t families)
{
	return (struct family_set){ arena_alloc(mem, (families / 64 + 1) * sizeof(uint64_t)), families };
}

static void set_all(struct family_set *s)
{
	memset(s->bits, 0xff, s->n / 64 * sizeof(uint64_t));
	if (s->n % 64 > 0)
		s->bits[s->n / 64] = ((uint64_t)1 << (s->n % 64)) - 1;
}

/* ---- addresses ---- */

static bool glob_fits(void *with, struct str text)
{
	const struct str *pattern = with;
	BUF(spaced);

	if (str_glob(*pattern, text))
		return true;
	if (str_chr(*pattern, ' ') < 0 || str_chr(text, '_') < 0)
		return false;
	buf_addstr(&spaced, text);
	for (size_t i = 0; i < spaced.n; i++)
		if (spaced.p[i] == '_')
			spaced.p[i] = ' ';
	return str_glob(*pattern, buf_str(&spaced));
}

static bool find_pattern(struct index *x, enum term_kind kind, struct str pattern, struct family_set *out)
{
	ARENA(mem);
	struct str low = arena_lower(&mem, pattern);
	struct term_look look = { kind, terms_longest_part(low, "* "), glob_fits, &low };

	if (str_chr(low, '*') < 0 && str_chr(low, ' ') < 0)
		return terms_find(&x->terms, x->c, kind, low, out);
	return terms_scan(&x->terms, x->c, &look, out);
}

/* ---- texts ---- */

struct pieces {
	uint64_t **bits; /* of each file; NULL: none */
	const struct source *s;
	const struct index_file *files;
	struct arena mem;
	size_t n;
};

static bool mark_piece(void *with, uint32_t file, uint64_t piece)
{
	struct pieces *p = with;

	if (p->bits[file] == NULL)
		p->bits[file] =
		    arena_alloc(&p->mem, (p->s->files[file].text.n / TERM_PIECE / 64 + 1) * sizeof(uint64_t));
	p->bits[file][piece / 64] |= (uint64_t)1 << (piece % 64);
	p->n++;
	return true;
}

/* Lines before what is new in a chapter were joined anew: the few families that have some are all looked at. */
static bool is_before(const struct pieces *p, uint64_t file, uint64_t piece)
{
	uint64_t from = p->files[file].growth.from;

	return from > 0 && piece <= from / TERM_PIECE;
}

static bool is_marked(void *with, struct str place)
{
	const struct pieces *p = with;
	uint64_t at = 0, piece, file;

	for (size_t i = 0; i < place.n && i < 8; i++)
		at = at << 8 | (unsigned char)place.p[i];
	file = at >> 32;
	piece = at & UINT32_MAX;
	if (place.n == 8 && file < p->s->n && is_before(p, file, piece))
		return true;
	return place.n == 8 && file < p->s->n && p->bits[file] != NULL &&
	       piece <= p->s->files[file].text.n / TERM_PIECE && (p->bits[file][piece / 64] >> (piece % 64) & 1) != 0;
}

static bool find_text(struct index *x, struct str pattern, struct family_set *out)
{
	struct text_look text = { pattern, terms_longest_part(pattern, "*") };
	struct pieces p = { .s = x->source, .files = x->files };
	struct term_look look = { .kind = TERM_PLACE, .fits = is_marked, .with = &p };
	bool good;

	if (text.part.n == 0) {
		set_all(out);
		return true;
	}
	p.bits = arena_alloc(&p.mem, (x->source->n + 1) * sizeof(uint64_t *));
	good = texts_scan(x, &text, mark_piece, &p) &&
	       ((p.n == 0 && x->root.nbefore == 0) || terms_scan(&x->terms, x->c, &look, out));
	arena_clear(&p.mem);
	return good;
}

/* ---- the table of stories ---- */

static bool find_span(struct index *x, struct span span, struct family_set *out)
{
	if (span.from <= x->root.from && span.to > x->root.to) {
		set_all(out);
		return true;
	}
	if (!find_rows(x))
		return false;
	for (uint64_t i = 0; i < x->root.stories; i++)
		if (x->rows[i].time >= span.from && x->rows[i].time < span.to)
			set_add(out, x->rows[i].family);
	return true;
}

static bool find_verdict(struct index *x, enum verdict v, struct family_set *out)
{
	if (!find_rows(x))
		return false;
	for (uint64_t i = 0; i < x->root.stories; i++)
		if (x->rows[i].verdicts >> v & 1)
			set_add(out, x->rows[i].family);
	return true;
}

static bool find_port(struct index *x, struct str label, struct family_set *out)
{
	if (!find_rows(x))
		return false;
	for (uint64_t i = 0; i < x->root.stories; i++)
		if (x->rows[i].label > 0 && str_eq(x->source->files[x->rows[i].label - 1].label, label))
			set_add(out, x->rows[i].family);
	return true;
}

static bool find_reason(struct index *x, uint16_t reason, struct family_set *out)
{
	if (x->root.rows.size > 0)
		return merge_reason(x, reason, out);
	set_all(out);
	return true;
}

/* ---- filters ---- */

static bool ip_fits(void *with, struct str text)
{
	const struct filter *f = with;

	return ip_net_has(&f->net, text);
}

static bool find_number(struct index *x, const struct filter *f, struct family_set *out)
{
	static const struct {
		enum id_kind id;
		enum term_kind kind;
	} t[] = { { ID_QP, TERM_QP }, { ID_CONNECTION, TERM_CONNECTION }, { ID_DELIVERY, TERM_DELIVERY } };
	bool good = true;

	for (size_t i = 0; i < COUNT(t) && good; i++)
		if (f->id == ID_ANY || f->id == t[i].id)
			good = terms_find_number(&x->terms, x->c, t[i].kind, f->number, out);
	return good;
}

/* Its own id, or one that its lines mention. */
static bool find_id(struct index *x, const struct filter *f, struct family_set *out)
{
	if (!terms_find_number(&x->terms, x->c, TERM_ID, terms_hash(f->value), out) ||
	    !terms_find_number(&x->terms, x->c, TERM_ID, terms_hash(name_bare(f->value)), out))
		return false;
	if (f->number > 0)
		return find_number(x, f, out);
	return f->whole || find_text(x, f->pattern, out);
}

bool find_filter(struct index *x, const struct filter *f, struct family_set *out)
{
	struct filter copy = *f;
	struct term_look nets = { .kind = TERM_IP, .fits = ip_fits, .with = &copy };

	switch (f->kind) {
	case FILTER_FROM:
		return find_pattern(x, TERM_FROM, f->pattern, out);
	case FILTER_TO:
		return find_pattern(x, TERM_TO, f->pattern, out);
	case FILTER_ANY:
		return find_pattern(x, TERM_ADDRESS, f->pattern, out) && find_pattern(x, TERM_LOGIN, f->pattern, out);
	case FILTER_IP:
		return terms_scan(&x->terms, x->c, &nets, out);
	case FILTER_ID:
		return find_id(x, f, out);
	case FILTER_VERDICT:
		return find_verdict(x, f->verdict, out);
	case FILTER_LOGIN:
		return find_pattern(x, TERM_LOGIN, f->pattern, out);
	case FILTER_PORT:
		return find_port(x, f->value, out);
	case FILTER_REASON:
		if (f->reason != 0)
			return find_reason(x, f->reason, out);
		return find_text(x, f->pattern, out) && find_pattern(x, TERM_WORD, f->pattern, out);
	case FILTER_TEXT:
		return find_text(x, f->pattern, out);
	case FILTER_KINDS:
		break;
	}
	return true;
}

/* ---- wishes ---- */

/* Of many, those within the span. */
static bool within(struct index *x, struct span span, struct family_set *out)
{
	ARENA(mem);
	struct family_set one = set_new(&mem, out->n);
	bool all = (span.from == INT64_MIN && span.to == INT64_MAX) || (x->rows == NULL && set_count(out) <= FIND_FEW);
	bool good = all || find_span(x, span, &one);

	if (!all)
		set_and(out, &one);
	return good;
}

/* Of them, those that may fit all filters. */
static bool find_all(struct index *x, const struct wish *w, struct family_set *out)
{
	bool good = true;
	ARENA(mem);

	for (size_t i = 0; i < w->n && good; i++) {
		struct family_set one = set_new(&mem, out->n);

		good = find_filter(x, &w->filters[i], &one);
		set_and(out, &one);
	}
	return good;
}

static bool find_question(struct index *x, const struct wish *w, struct family_set *out)
{
	if (!scope_all(w->scope))
		return find_scope(x, w->scope, out) && within(x, w->span, out) && find_owned(x, w, out);
	set_all(out);
	return find_all(x, w, out) && within(x, w->span, out);
}

static bool domain_fits(void *with, struct str text)
{
	const struct str *domain = with;
	ptrdiff_t at = str_rchr(text, '@');

	return str_ieq(at < 0 ? text : str_skip(text, (size_t)at + 1), *domain);
}

static bool below_fits(void *with, struct str text)
{
	return str_iends(text, *(const struct str *)with);
}

static bool find_domain(struct index *x, const struct wish *w, struct family_set *out)
{
	ARENA(mem);
	struct str domain = w->text;
	struct term_look look = { TERM_FROM, arena_lower(&mem, domain), domain_fits, &domain };

	return (domain.n > 0 ? terms_scan_domain : terms_scan)(&x->terms, x->c, &look, out) &&
	       (domain.n > 0 || terms_find(&x->terms, x->c, TERM_NOBODY, STR(""), out)) && find_all(x, w, out) &&
	       within(x, w->span, out);
}

static bool find_callers(struct index *x, const struct wish *w, struct family_set *out)
{
	ARENA(mem);
	struct str domain = w->text;
	struct term_look look = { TERM_FROM, arena_lower(&mem, domain), below_fits, &domain };
	struct family_set span = set_new(&mem, out->n);
	bool good = terms_scan(&x->terms, x->c, &look, out);

	look.kind = TERM_CALLER;
	good = good && terms_scan(&x->terms, x->c, &look, out) && find_span(x, w->span, &span);
	set_and(out, &span);
	return good;
}

bool find_wish(struct index *x, const struct wish *w, struct family_set *out)
{
	if (w->kind != WISH_ADDRESS && !index_within(x, w->span))
		return true;
	switch (w->kind) {
	case WISH_QUESTION:
		return find_question(x, w, out);
	case WISH_ADDRESS:
		return terms_find(&x->terms, x->c, TERM_ADDRESS, w->text, out);
	case WISH_DOMAIN:
		return find_domain(x, w, out);
	case WISH_CALLERS:
		return find_callers(x, w, out);
	}
	return true;
}
