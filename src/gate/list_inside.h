/* gate/list_inside.h - the inside of a list, for the files of each kind (private to gate/list*.c). */
#ifndef GATE_LIST_INSIDE_H
#define GATE_LIST_INSIDE_H

#include "base/arena.h"
#include "base/map.h"
#include "gate/ip_range.h"
#include "gate/list.h"

struct list {
	enum list_kind kind;
	struct arena mem;
	struct hit *entries;
	size_t n, room;
	/* names and addresses: of a whole value, and of a domain and what is below it; values are entry number + 1 */
	struct map exact, below;
	/* addresses of machines: until the seal, and after it */
	struct ip_range *ranges;
	size_t nranges, ranges_room;
	struct ip_cover cover;
	/* keywords and headers: each entry as its file matches it */
	const void **matched;
	size_t matched_room, nmasked;
	/* lists in DNS */
	struct list_zone *zones;
	size_t zones_room;
	bool sealed;
	const struct list **after; /* asked when this one does not know */
	size_t nafter;
};

/* *why = text, and -1. */
int list_wrong(const char **why, const char *text);
bool list_is_name(struct str s);

/* Take one entry, the next one of l, into the form that is asked. */
int list_take_ip(struct list *l, struct str entry, const char **why);
int list_take_name(struct list *l, struct str entry, const char **why);
int list_take_address(struct list *l, struct str entry, const char **why);
int list_take_keyword(struct list *l, struct str entry, const char **why);
int list_take_header(struct list *l, struct str entry, const char **why);
int list_take_zone(struct list *l, struct str entry, const char **why);
/* An entry that is a file of a folder. */
int list_add_at(struct list *l, struct str entry, struct str path, const char **why);
/* Keep it as the entry's form; -1: there are `most` already. */
int list_keep_matched(struct list *l, const void *form, size_t most, const char **why);

/* The entry that value is on, SIZE_MAX: none. */
size_t list_find_keyword(const struct list *l, struct str value);
size_t list_find_header(const struct list *l, struct str value);

#endif
