/* The order of terms.  Most of it is that of numbers: the first bytes of a text, the rank of a domain. */
#include <stdlib.h>
#include <string.h>

#include "index/terms_inside.h"

enum { FRONT = sizeof(uint64_t) };

static uint64_t front_of(struct str s)
{
	uint64_t front = 0;

	memcpy(&front, s.p, s.n < FRONT ? s.n : FRONT);
	return __builtin_bswap64(front);
}

/* Of one kind, or of one domain, with the same front: by what of the text comes first. */
static int by_lead(const void *a, const void *b)
{
	const struct term_entry *x = a, *y = b;
	int c = str_cmp(str_take(x->text, x->lead), str_take(y->text, y->lead));

	return c != 0 ? c : x->term < y->term ? -1 : x->term > y->term;
}

/* Mostly they are two: one address as a sender and as a recipient. */
static void sort_alike(struct term_entry *at, size_t n)
{
	enum { FEW = 16 };

	if (n > FEW) {
		qsort(at, n, sizeof(*at), by_lead);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct term_entry x = at[i];
		size_t to = i;

		for (; to > 0 && by_lead(&at[to - 1], &x) > 0; to--)
			at[to] = at[to - 1];
		at[to] = x;
	}
}

/* Put the entries into the order of the numbers, whose families are their places, and sort what has one number. */
static void arrange(struct term_entries *e, struct numbered *s)
{
	struct term_entry *to = mem_alloc((e->n + 1) * sizeof(*to));
	size_t end;

	numbered_sort(&s, e->n);
	for (size_t i = 0; i < e->n; i++)
		to[i] = e->at[s[i].of];
	for (size_t i = 0; i < e->n; i = end) {
		for (end = i + 1; end < e->n && s[end].number == s[i].number && s[end].rank == s[i].rank;)
			end++;
		sort_alike(to + i, end - i);
	}
	free(e->at);
	e->at = to;
	e->cap = e->n + 1;
	free(s);
}

static void sort_texts(struct term_entries *e)
{
	struct numbered *s = mem_alloc((e->n + 1) * sizeof(*s));

	for (size_t i = 0; i < e->n; i++) {
		e->at[i].lead = e->at[i].text.n;
		s[i] = (struct numbered){ front_of(e->at[i].text), (uint32_t)e->at[i].kind, (uint32_t)i };
	}
	arrange(e, s);
}

/* ---- addresses ---- */

struct domains {
	struct dict known;
	struct str *at; /* by number */
	uint32_t *rank; /* of each number, from 1 */
};

static struct str domain_of(struct str address, size_t *local)
{
	ptrdiff_t at = str_rchr(address, '@');

	*local = at < 0 ? address.n : (size_t)at;
	return at < 0 ? (struct str){ NULL, 0 } : str_skip(address, (size_t)at + 1);
}

static void rank_domains(struct domains *d)
{
	size_t n = d->known.n;
	struct term_entries e = { mem_alloc((n + 1) * sizeof(*e.at)), n, n };
	struct numbered *s = mem_alloc((n + 1) * sizeof(*s));

	for (size_t i = 0; i < n; i++) {
		e.at[i] = (struct term_entry){ .text = d->at[i], .lead = d->at[i].n, .term = (uint32_t)i };
		s[i] = (struct numbered){ front_of(d->at[i]), 0, (uint32_t)i };
	}
	arrange(&e, s);
	d->rank = mem_alloc((n + 1) * sizeof(*d->rank));
	for (size_t i = 0; i < n; i++)
		d->rank[e.at[i].term] = (uint32_t)i + 1;
	free(e.at);
}

static uint32_t number_of(struct domains *d, struct str domain)
{
	struct dict_slot *s = dict_slot(&d->known, domain);

	if (s->p == NULL) {
		d->at[d->known.n] = domain;
		dict_put(&d->known, s, domain, (uint32_t)d->known.n);
	}
	return s->number;
}

/* One without `@` stands before all domains. */
static void sort_addresses(struct term_entries *e)
{
	struct numbered *s = mem_alloc((e->n + 1) * sizeof(*s));
	struct domains d = { .at = mem_alloc((e->n + 1) * sizeof(*d.at)) };
	size_t local;

	for (size_t i = 0; i < e->n; i++) {
		struct str text = e->at[i].text, domain = domain_of(text, &local);

		e->at[i].lead = local;
		s[i] = (struct numbered){ front_of(str_take(text, local)),
					  domain.p != NULL ? number_of(&d, domain) : UINT32_MAX, (uint32_t)i };
	}
	rank_domains(&d);
	for (size_t i = 0; i < e->n; i++)
		s[i].rank = s[i].rank != UINT32_MAX ? d.rank[s[i].rank] : 0;
	arrange(e, s);
	dict_clear(&d.known);
	free(d.at);
	free(d.rank);
}

void terms_sort(struct terms *t)
{
	struct term_entries *e = &t->addresses;
	uint32_t n = 0;

	sort_addresses(e);
	sort_texts(&t->texts);
	t->places = mem_alloc(((size_t)t->nterms + 1) * sizeof(*t->places));
	for (size_t i = 0; i < e->n; i++) {
		n += i > 0 && !str_eq(e->at[i].text, e->at[i - 1].text);
		if (!e->at[i].alias)
			t->places[e->at[i].term] = n;
	}
	n = 0;
	for (size_t i = 0; i < t->texts.n; i++)
		if (t->texts.at[i].kind == TERM_IP)
			t->places[t->texts.at[i].term] = n++;
	t->sorted = true;
}
