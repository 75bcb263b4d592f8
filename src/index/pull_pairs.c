/* Families that a sender and a recipient lead to: what was refused for now, and came again. */
#include <stdlib.h>

#include "index/pull.h"

static void widen(struct pull_calls *k, const struct index_row *row)
{
	int64_t from = row->called, to = from + (int64_t)(row->calls - 1);

	if (row->calls == 0)
		return;
	k->from = k->some && k->from < from ? k->from : from;
	k->to = k->some && k->to > to ? k->to : to;
	k->some = true;
}

/* When each family's calls were, and which were open. */
static bool load_calls(struct pull *p, size_t i, struct index *x)
{
	struct index_table t;
	ARENA(mem);

	if (p->calls[i] != NULL)
		return true;
	if (!find_table(x, &mem, &t))
		return false;
	p->open[i].n = t.nopen;
	p->open[i].at = arena_grow(&p->mem, t.open, t.nopen, t.nopen + 1, sizeof(*t.open));
	p->calls[i] = arena_alloc(&p->mem, (x->root.families + 1) * sizeof(struct pull_calls));
	for (uint64_t r = 0; r < x->root.stories; r++)
		widen(&p->calls[i][t.rows[r].family], &t.rows[r]);
	return true;
}

/* Pairs with times that were not looked through yet, by their hashes. */
struct fresh {
	struct key_pair **at;
	size_t n;
	int64_t from, to;
};

static int by_hash(const void *a, const void *b)
{
	const struct key_pair *x = *(struct key_pair *const *)a, *y = *(struct key_pair *const *)b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static void find_fresh(struct fresh *f, struct touch *k, struct arena *mem)
{
	*f = (struct fresh){ .at = arena_alloc(mem, (k->npairs + 1) * sizeof(*f->at)),
			     .from = INT64_MAX,
			     .to = INT64_MIN };
	for (size_t i = 0; i < k->npairs; i++) {
		struct key_pair *p = &k->pairs[i];

		for (size_t s = p->done; s < p->n; s++) {
			f->from = p->at[s].from < f->from ? p->at[s].from : f->from;
			f->to = p->at[s].to > f->to ? p->at[s].to : f->to;
		}
		if (p->done < p->n)
			f->at[f->n++] = p;
	}
	if (f->n > 0)
		qsort(f->at, f->n, sizeof(*f->at), by_hash);
}

/* Is one of its times within these?  all: only of those that concern more than open calls. */
static bool is_due(const struct key_pair *k, int64_t from, int64_t to, bool all)
{
	for (size_t i = k->done; i < k->n; i++)
		if (k->at[i].from <= to && k->at[i].to >= from && (k->at[i].all || !all))
			return true;
	return false;
}

/* ---- what was refused for now: of each such pair the chapter knows the family ---- */

static void find_open_calls(const struct pull *p, size_t c, const struct fresh *f, struct family_set *out)
{
	size_t n = 0;

	for (size_t i = 0; i < p->open[c].n; i++) {
		const struct index_open *x = &p->open[c].at[i];
		const struct pull_calls *k = &p->calls[c][x->family];

		while (n < f->n && f->at[n]->hash < x->pair)
			n++;
		for (size_t j = n; j < f->n && f->at[j]->hash == x->pair && k->some; j++)
			if (is_due(f->at[j], k->from, k->to, false))
				set_add(out, x->family);
	}
}

/* ---- whatever the two had, for who is refused for now: by their names ---- */

/* The families in which a name occurs in one role. */
struct found {
	uint32_t *at;
	size_t n, cap;
};

/* Pairs that are to be looked at, and their names in both roles: each once, in the order of the terms, so that each
 * block of them is unpacked once. */
struct looked {
	struct key_pair **at;
	size_t n;
	const struct name **names[2];
	size_t nnames[2];
	uint32_t *place[2];     /* by the name's id: where it stands there */
	struct found *found[2]; /* in the chapter that is looked through, of each name */
};

static void add_name(struct looked *p, int role, const struct name *x)
{
	if (p->place[role][x->id] == 0)
		p->names[role][p->nnames[role]++] = x;
	p->place[role][x->id] = 1;
}

static int by_address(const void *a, const void *b)
{
	const struct name *const *x = a, *const *y = b;

	return terms_address_order((*x)->text, (*y)->text);
}

/* met: those of the chapter, where that is known. */
static void gather_pairs(struct looked *p, const struct fresh *f, size_t nnames, const struct index *x,
			 const struct pair_list *met, struct arena *mem)
{
	*p = (struct looked){ .at = arena_alloc(mem, (f->n + 1) * sizeof(*p->at)) };
	for (size_t i = 0; i < f->n; i++)
		if (is_due(f->at[i], x->root.calls_from, x->root.calls_to, true) &&
		    (met == NULL || pairs_has(met, f->at[i]->hash)))
			p->at[p->n++] = f->at[i];
	for (int role = 0; role < 2 && p->n > 0; role++) {
		p->place[role] = arena_alloc(mem, (nnames + 1) * sizeof(uint32_t));
		p->names[role] = arena_alloc(mem, (p->n + 1) * sizeof(*p->names[role]));
		for (size_t i = 0; i < p->n; i++)
			add_name(p, role, role == 0 ? p->at[i]->from : p->at[i]->to);
		qsort(p->names[role], p->nnames[role], sizeof(*p->names[role]), by_address);
		for (size_t i = 0; i < p->nnames[role]; i++)
			p->place[role][p->names[role][i]->id] = (uint32_t)i;
	}
}

/* Of a set that is empty again then. */
static void take_families(struct found *f, struct family_set *set, struct arena *mem)
{
	for (size_t w = 0; w <= set->n / 64; w++)
		for (; set->bits[w] != 0; set->bits[w] &= set->bits[w] - 1) {
			if (f->n == f->cap) {
				f->cap = 2 * f->cap + 4;
				f->at = arena_grow(mem, f->at, f->n, f->cap, sizeof(*f->at));
			}
			f->at[f->n++] = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(set->bits[w]);
		}
}

static bool find_names(struct looked *p, struct index *x, int role, struct arena *mem)
{
	struct family_set set = set_new(mem, x->root.families);
	bool good = true;

	p->found[role] = arena_alloc(mem, (p->nnames[role] + 1) * sizeof(struct found));
	for (size_t i = 0; i < p->nnames[role] && good; i++) {
		struct str text = p->names[role][i]->text;

		good = terms_find(&x->terms, x->c, role == 0 ? TERM_FROM : TERM_TO, text, &set) &&
		       (role == 1 || text.n > 0 || terms_find(&x->terms, x->c, TERM_NOBODY, STR(""), &set));
		take_families(&p->found[role][i], &set, mem);
	}
	return good;
}

/* Of the families in which both occur those whose calls may concern theirs. */
static void walk_pair(const struct looked *p, const struct key_pair *k, const struct pull_calls *calls,
		      struct family_set *out)
{
	const struct found *from = &p->found[0][p->place[0][k->from->id]], *to = &p->found[1][p->place[1][k->to->id]];

	for (size_t i = 0, n = 0; i < from->n && n < to->n;) {
		uint32_t f = from->at[i];

		if (f != to->at[n]) {
			*(f < to->at[n] ? &i : &n) += 1;
			continue;
		}
		if (calls[f].some && is_due(k, calls[f].from, calls[f].to, true))
			set_add(out, f);
		i++;
		n++;
	}
}

static bool find_pairs_in(struct pull *p, size_t c, struct index *x, const struct fresh *f, struct family_set *out)
{
	struct looked all;
	ARENA(mem);

	if (f->n == 0 || f->from > x->root.calls_to || f->to < x->root.calls_from)
		return true;
	if (!load_calls(p, c, x))
		return false;
	find_open_calls(p, c, f, out);
	gather_pairs(&all, f, p->keys.names->nnames, x, pairs_of(p->pairs, chapter_id(x->c)), &mem);
	if (all.n == 0)
		return true;
	if (!find_names(&all, x, 0, &mem) || !find_names(&all, x, 1, &mem))
		return false;
	for (size_t i = 0; i < all.n; i++)
		walk_pair(&all, all.at[i], p->calls[c], out);
	return true;
}

bool pull_pairs(struct pull *p, struct family_set *out)
{
	struct fresh fresh;
	bool good = true;
	size_t c = 0;
	ARENA(mem);

	find_fresh(&fresh, &p->keys, &mem);
	for (struct index *x = p->newest; x != NULL && good; x = x->before, c++)
		good = find_pairs_in(p, c, x, &fresh, &out[c]);
	for (size_t i = 0; i < fresh.n; i++)
		fresh.at[i]->done = fresh.at[i]->n;
	return good;
}
