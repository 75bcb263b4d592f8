/* Families that a sender and a recipient lead to: what was refused for now, and came again. */
#include <stdlib.h>
#include <string.h>

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

/* When each family's calls were; and those in which somebody was refused for now, or that have a line of the gate
 * without a visit. */
static bool load_calls(struct pull *p, size_t i, struct index *x)
{
	const uint32_t such = 1u << VERDICT_REFUSED_TEMPORARILY | INDEX_LOOSE;
	struct index_table t;
	ARENA(mem);

	if (p->calls[i] != NULL)
		return true;
	if (!find_table(x, &mem, &t))
		return false;
	p->open[i].n = t.npairs;
	p->open[i].at = arena_alloc(&p->mem, (t.npairs + 1) * sizeof(uint32_t));
	memcpy(p->open[i].at, t.pairs, t.npairs * sizeof(uint32_t));
	p->calls[i] = arena_alloc(&p->mem, (x->root.families + 1) * sizeof(struct pull_calls));
	for (uint64_t r = 0; r < x->root.stories; r++) {
		struct pull_calls *k = &p->calls[i][t.rows[r].family];

		widen(k, &t.rows[r]);
		k->restless = k->restless || (t.rows[r].verdicts & such) != 0;
	}
	return true;
}

/* The families in which a name occurs in one role. */
struct found {
	uint32_t *at;
	size_t n, cap;
};

/* Pairs that are to be looked at, and their names in both roles: each once, in the order of the terms, so that each
 * block of them is unpacked once. */
struct pairs {
	struct key_pair **at;
	size_t n;
	const struct name **names[2];
	size_t nnames[2];
	uint32_t *place[2];     /* by the name's id: where it stands there */
	struct found *found[2]; /* in the chapter that is looked through, of each name */
};

static void add_name(struct pairs *p, int role, const struct name *x)
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

static bool had_open(const struct pull *p, size_t c, uint32_t pair)
{
	size_t low = 0, high = p->open[c].n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->open[c].at[middle] < pair)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->open[c].n && p->open[c].at[low] == pair;
}

/* May something in that chapter concern them?  An acceptance only concerns their own open calls. */
static bool is_due_in(const struct pull *p, size_t c, const struct index *x, const struct key_pair *k)
{
	for (size_t i = k->done; i < k->n; i++)
		if (k->at[i].from <= x->root.calls_to && k->at[i].to >= x->root.calls_from &&
		    (k->at[i].all || had_open(p, c, k->hash)))
			return true;
	return false;
}

static void gather_pairs(struct pairs *p, const struct pull *all, size_t c, const struct index *x, struct arena *mem)
{
	const struct touch *k = &all->keys;

	*p = (struct pairs){ 0 };
	p->at = arena_alloc(mem, (k->npairs + 1) * sizeof(struct key_pair *));
	for (int role = 0; role < 2; role++) {
		p->place[role] = arena_alloc(mem, (k->names->nnames + 1) * sizeof(uint32_t));
		p->names[role] = arena_alloc(mem, (k->npairs + 1) * sizeof(struct name *));
	}
	for (size_t i = 0; i < k->npairs; i++) {
		if (!is_due_in(all, c, x, &k->pairs[i]))
			continue;
		p->at[p->n++] = &k->pairs[i];
		add_name(p, 0, k->pairs[i].from);
		add_name(p, 1, k->pairs[i].to);
	}
	for (int role = 0; role < 2; role++) {
		if (p->nnames[role] > 0)
			qsort(p->names[role], p->nnames[role], sizeof(struct name *), by_address);
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

static bool find_names(struct pairs *p, struct index *x, int role, struct arena *mem)
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

static bool concerns(const struct key_pair *k, const struct pull_calls *x)
{
	for (size_t i = k->done; i < k->n; i++)
		if (x->some && (k->at[i].all || x->restless) && x->from <= k->at[i].to && x->to >= k->at[i].from)
			return true;
	return false;
}

/* Of the families in which both occur those whose calls may concern theirs. */
static void walk_pair(const struct pairs *p, const struct key_pair *k, const struct pull_calls *calls,
		      struct family_set *out)
{
	const struct found *from = &p->found[0][p->place[0][k->from->id]], *to = &p->found[1][p->place[1][k->to->id]];

	for (size_t i = 0, n = 0; i < from->n && n < to->n;) {
		uint32_t f = from->at[i];

		if (f != to->at[n]) {
			*(f < to->at[n] ? &i : &n) += 1;
			continue;
		}
		if (concerns(k, &calls[f]))
			set_add(out, f);
		i++;
		n++;
	}
}

static bool any_due(const struct touch *k, int64_t from, int64_t to)
{
	for (size_t i = 0; i < k->npairs; i++)
		for (size_t s = k->pairs[i].done; s < k->pairs[i].n; s++)
			if (k->pairs[i].at[s].from <= to && k->pairs[i].at[s].to >= from)
				return true;
	return false;
}

static bool find_pairs_in(struct pull *p, size_t c, struct index *x, struct family_set *out)
{
	struct pairs all;
	ARENA(mem);

	if (!any_due(&p->keys, x->root.calls_from, x->root.calls_to))
		return true;
	if (!load_calls(p, c, x))
		return false;
	gather_pairs(&all, p, c, x, &mem);
	if (!find_names(&all, x, 0, &mem) || !find_names(&all, x, 1, &mem))
		return false;
	for (size_t i = 0; i < all.n; i++)
		walk_pair(&all, all.at[i], p->calls[c], out);
	return true;
}

bool pull_pairs(struct pull *p, struct family_set *out)
{
	bool good = true;
	size_t c = 0;

	for (struct index *x = p->newest; x != NULL && good; x = x->before, c++)
		good = find_pairs_in(p, c, x, &out[c]);
	for (size_t i = 0; i < p->keys.npairs; i++)
		p->keys.pairs[i].done = p->keys.pairs[i].n;
	return good;
}
