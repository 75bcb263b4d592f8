/* store/place.h - inside of the store: what stands under one address, before anything is expanded. */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include "mail/addr.h"
#include "store/srs.h"

/* Where one address leads; `name` is the local part that was found ("" for the catch-all). */
enum found {
	FOUND_ERROR = -1,
	FOUND_MAILBOX,
	FOUND_ALIAS,
	FOUND_CATCHALL,
	FOUND_NOTHING,
	FOUND_FOREIGN,
	FOUND_SRS,
	FOUND_LIST,
	FOUND_LIST_OWNER
};

struct place {
	enum found found;
	int64_t domain_id;
	struct str name, domain; /* lower case */
	enum srs_word srs;
	struct addr sender; /* FOUND_SRS: it stands for him */
};

/* A mailbox, an alias or a list of that name, what an address of a forward's sender stands for, the same without its
 * +extension, the domain's catch-all; in this order. */
struct place place_find(struct store *s, struct str address, struct arena *a, struct err *e);
/* name@domain */
struct str place_address(struct arena *a, const struct place *p);

#endif
