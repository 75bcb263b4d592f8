#include "index/terms.h"

#include <stdlib.h>
#include <string.h>

#include "index/terms_inside.h"

struct terms *terms_new(void)
{
	return mem_alloc(sizeof(struct terms));
}

void terms_free(struct terms *t)
{
	for (int i = 0; i < TERM_ID; i++)
		dict_clear(&t->known[i]);
	arena_clear(&t->mem);
	free(t->addresses.at);
	free(t->texts.at);
	free(t->places);
	free(t->seen);
	free(t->latest);
	for (int i = 0; i < TERM_KINDS; i++)
		free(t->numbers[i].at);
	free(t);
}

static void add_entry(struct terms *t, struct term_entry x)
{
	struct term_entries *e = x.kind <= TERM_ADDRESS ? &t->addresses : &t->texts;

	MUST(!t->sorted);
	if (e->n == e->cap) {
		e->cap = e->cap > 0 ? 2 * e->cap : 1024;
		e->at = mem_grow(e->at, e->cap * sizeof(*e->at));
	}
	e->at[e->n++] = x;
}

void terms_alias(struct terms *t, enum term_kind kind, struct str text, uint32_t term)
{
	add_entry(t,
		  (struct term_entry){ .kind = kind, .text = arena_str(&t->mem, text), .term = term, .alias = true });
}

uint32_t terms_of(struct terms *t, enum term_kind kind, struct str text)
{
	struct dict_slot *s = dict_slot(&t->known[kind], text);

	if (s->p == NULL) {
		struct str copy = arena_str(&t->mem, text);

		dict_put(&t->known[kind], s, copy, t->nterms);
		add_entry(t, (struct term_entry){ .kind = kind, .text = copy, .term = t->nterms++ });
	}
	return s->number;
}

uint32_t terms_address(struct terms *t, enum term_kind kind, struct str text)
{
	MUST(kind <= TERM_ADDRESS);
	add_entry(t, (struct term_entry){ .kind = kind, .text = text, .term = t->nterms });
	return t->nterms++;
}

void terms_see(struct terms *t, uint32_t term, uint32_t family)
{
	if (term >= t->latest_cap) {
		size_t cap = t->latest_cap;

		t->latest_cap = 2 * ((size_t)term + 512);
		t->latest = mem_grow(t->latest, t->latest_cap * sizeof(*t->latest));
		memset(t->latest + cap, 0, (t->latest_cap - cap) * sizeof(*t->latest));
	}
	if (t->latest[term] == family + 1)
		return;
	t->latest[term] = family + 1;
	if (t->nseen == t->seen_cap) {
		t->seen_cap = t->seen_cap > 0 ? 2 * t->seen_cap : 1024;
		t->seen = mem_grow(t->seen, t->seen_cap * sizeof(*t->seen));
	}
	t->seen[t->nseen++] = (struct term_seen){ term, family };
}

void terms_see_number(struct terms *t, enum term_kind kind, uint64_t number, uint32_t family)
{
	struct term_numbers *s = &t->numbers[kind];

	if (s->n > 0 && s->at[s->n - 1].number == number && s->at[s->n - 1].of == family)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? 2 * s->cap : 1024;
		s->at = mem_grow(s->at, s->cap * sizeof(*s->at));
	}
	s->at[s->n++] = (struct numbered){ .number = number, .of = family };
}

uint64_t terms_hash(struct str id)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < id.n; i++)
		h = (h ^ (unsigned char)id.p[i]) * 1099511628211u;
	h ^= h >> 32;
	return (h * 0x9e3779b97f4a7c15u) >> 32;
}

uint32_t terms_address_place(const struct terms *t, uint32_t term)
{
	MUST(t->sorted && term < t->nterms);
	return t->places[term];
}

uint32_t terms_ip_place(const struct terms *t, struct str ip)
{
	uint32_t term = dict_number(&t->known[TERM_IP], ip);

	MUST(term != UINT32_MAX);
	return t->places[term];
}
