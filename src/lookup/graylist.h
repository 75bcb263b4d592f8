/* lookup/graylist.h - client of telltale-lookup: has this sender written to this recipient before?
 *
 * The answer is facts with their times; what follows from them (LOG-FORMATS 1.8)
 * is the asker's business, and so is telling what came of it.  A graylist that
 * cannot be asked refuses nobody.  Two addresses that differ only in letter case
 * or in bytes other than letters, digits, '.', '-' and '@' are the same one
 * here: spamdyke's folders know no others.
 */
#ifndef LOOKUP_GRAYLIST_H
#define LOOKUP_GRAYLIST_H

#include "lookup/lookup.h"

struct gray_key {
	struct str rcpt, sender; /* local@domain; an empty sender is the null path */
	struct str network;      /* of the client where it belongs to the key, else empty */
};

/* Times are ms since 1970; 0: never. */
struct gray_known {
	bool domain;           /* the recipient's domain is in the graylist whatever is set for it */
	int64_t first, passed; /* when it was seen first; when it passed last */
	int64_t wrote;         /* when the recipient wrote to the sender last */
};

/* 0 and *out; -1 with the reason in words when it cannot be asked now. */
int lookup_gray(struct ipc_client *c, const struct gray_key *key, struct gray_known *out, int64_t deadline,
		struct err *e);

enum gray_note {
	GRAY_NEW,    /* refused: it was not known */
	GRAY_AGAIN,  /* refused: what was known is too old, it begins anew */
	GRAY_PASSED, /* taken */
	GRAY_WROTE,  /* the other way round: rcpt, who is ours, has sent to sender */
	GRAY_NOTES
};

#define GRAY_CORRESPOND_MS (180 * 86400000LL) /* so long it counts that somebody wrote */

struct gray_event {
	enum gray_note what;
	struct gray_key key;
	int64_t time;  /* ms since 1970 */
	int64_t until; /* after this it may be forgotten; 0: never */
};

/* Nobody answers: 0 says that it is on its way.  It counts from now on for every question, and is on the disk within
 * seconds. */
int lookup_gray_tell(struct ipc_client *c, const struct gray_event *what, int64_t deadline, struct err *e);

#endif
