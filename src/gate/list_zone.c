/* Lists in DNS: their names, and which answers count. */
#include <string.h>
#include "base/err.h"
#include "gate/list_inside.h"

enum { CODES_MAX = 64 };

/* "127.0.0.2-11,127.0.0.20" */
static int take_codes(struct list *l, struct str text, struct list_zone *z, const char **why)
{
	struct ip_range *codes = arena_alloc(&l->mem, CODES_MAX * sizeof(*codes)), r[IP_RANGES_MAX];
	struct str one;

	for (bool more = true; more;) {
		size_t n;

		more = str_cut(text, STR(","), &one, &text);
		n = ip_ranges(one, r, why);
		if (n == 0)
			return -1;
		if (z->ncodes + n > CODES_MAX)
			return list_wrong(why, "too many answers");
		memcpy(&codes[z->ncodes], r, n * sizeof(*r));
		z->ncodes += n;
	}
	z->codes = codes;
	return 0;
}

int list_take_zone(struct list *l, struct str entry, const char **why)
{
	struct list_zone z = { 0 };
	struct str name, codes;
	bool some = str_cut(entry, STR("="), &name, &codes);

	if (str_ends(name, STR(".")))
		name.n--;
	if (!list_is_name(name))
		return list_wrong(why, "not the name of a list in DNS");
	if (l->n == LIST_ZONES_MAX)
		return list_wrong(why, "too many lists in DNS: each is asked for every client");
	z.name = arena_lower(&l->mem, name);
	if (some && take_codes(l, codes, &z, why) < 0)
		return -1;
	if (l->n == l->zones_room) {
		l->zones_room = l->zones_room > 0 ? 2 * l->zones_room : 8;
		l->zones = mem_grow(l->zones, l->zones_room * sizeof(*l->zones));
	}
	l->zones[l->n] = z;
	return 0;
}
