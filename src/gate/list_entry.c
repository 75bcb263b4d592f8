/* Entries that are looked up: addresses of machines, names, addresses of people. */
#include <stdlib.h>
#include "base/err.h"
#include "gate/list_inside.h"
#include "mail/addr.h"

enum { NAME_MAX_BYTES = 253 };

static void add_ranges(struct list *l, const struct ip_range *r, size_t n)
{
	if (l->nranges + n > l->ranges_room) {
		l->ranges_room = 2 * (l->nranges + n);
		l->ranges = mem_grow(l->ranges, l->ranges_room * sizeof(*l->ranges));
	}
	for (size_t i = 0; i < n; i++) {
		l->ranges[l->nranges] = r[i];
		l->ranges[l->nranges++].owner = (unsigned)l->n;
	}
}

int list_take_ip(struct list *l, struct str entry, const char **why)
{
	struct ip_range r[IP_RANGES_MAX];
	size_t n = ip_ranges(entry, r, why);

	if (n == 0)
		return -1;
	if (l->kind == LIST_RELAY && ip_range_is_all(&r[0]))
		return list_wrong(why, "this would let everybody relay");
	add_ranges(l, r, n);
	return 0;
}

bool list_is_name(struct str s)
{
	char before = '.';

	for (size_t i = 0; i < s.n; before = s.p[i++]) {
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.')
			return false;
		if (s.p[i] == '.' && before == '.')
			return false;
	}
	return s.n > 0 && s.n <= NAME_MAX_BYTES && before != '.';
}

/* The first entry of a key stays. */
static int add_key(struct list *l, struct map *m, struct str key)
{
	key = arena_lower(&l->mem, key);
	if (map_get(m, key) == NULL)
		map_put(m, key, (void *)(uintptr_t)(l->n + 1));
	return 0;
}

int list_take_name(struct list *l, struct str entry, const char **why)
{
	bool below = str_starts(entry, STR("."));
	struct str name = str_skip(entry, below ? 1 : 0);

	if (str_ends(name, STR(".")))
		name.n--;
	if (!list_is_name(name))
		return list_wrong(why, "not a domain name, nor one with a dot before it");
	return add_key(l, below ? &l->below : &l->exact, name);
}

int list_take_address(struct list *l, struct str entry, const char **why)
{
	struct str domain = str_skip(entry, 1);
	struct addr x;

	if (str_starts(entry, STR("@"))) {
		if (!addr_domain_ok(domain))
			return list_wrong(why, "not a domain name behind the @");
		return add_key(l, &l->below, domain);
	}
	if (addr_parse(entry, &l->mem, &x) < 0)
		return list_wrong(why, "not an address: user@domain or @domain");
	return add_key(l, &l->exact, addr_key(&l->mem, &x));
}
