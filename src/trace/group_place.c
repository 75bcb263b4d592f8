/* The hosts whose logs are read: what was said on one never concerns another. */
#include "trace/group_foreign.h"

/* An index keeps the numbers of hosts: they are the same for whoever reads the same logs. */
static const uint64_t place_key[2] = { UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xbf58476d1ce4e5b9) };

/* Logs without host names: those of one folder are one host's. */
static struct str place_of(const struct source_file *f, struct str host)
{
	return host.n > 0 ? host : str_take(f->path, (size_t)(str_rchr(f->path, '/') + 1));
}

void places_clear(struct places *p)
{
	map_clear(&p->now);
	map_clear(&p->before);
	arena_clear(&p->mem_now);
	arena_clear(&p->mem_before);
}

static struct place *need_place(struct places *p, uint64_t number)
{
	struct place *at = map_getn(&p->now, number), *former;

	if (at != NULL)
		return at;
	if (p->now.n == PLACES_MAX) {
		map_clear(&p->before);
		arena_clear(&p->mem_before);
		*p = (struct places){ .before = p->now, .mem_before = p->mem_now };
	}
	former = map_getn(&p->before, number);
	at = arena_alloc(&p->mem_now, sizeof(*at));
	if (former != NULL)
		*at = *former;
	at->number = number;
	map_putn(&p->now, number, at);
	return at;
}

void places_find(struct foreign_reader *r, const struct source_file *f, struct str host)
{
	if (r->at != NULL && (host.n > 0 || r->place_file == f) && str_eq(host, r->host))
		return; /* as for the line before */
	r->place = hash_keyed(place_of(f, host), place_key);
	r->b->ids.several = r->b->ids.several || (r->at != NULL && r->place != r->at->number);
	if (r->at == NULL)
		r->b->ids.host = place_of(f, host);
	r->at = need_place(&r->places, r->place);
	r->host = host;
	r->place_file = f;
}
