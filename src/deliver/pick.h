/* deliver/pick.h - which recipients a command about the queue means.
 *
 * The words of `telltale queue VERB ...` after the verb: QP or QP/RECIPIENT, or filters that all must hold
 * (doc/QUEUE-CONTROL.md).  What is in memory is asked first; an envelope is read from the disk only when all of that
 * holds and a sender, an address or an unknown domain is asked for.
 */
#ifndef DELIVER_PICK_H
#define DELIVER_PICK_H

#include "queue/depot.h"

enum { PICK_WORDS_MAX = 64, PICK_BYTES_MAX = 4096 };

struct pick {
	bool named;                          /* one message: */
	uint64_t qp;                         /* its number */
	size_t only;                         /* this recipient of it, or SIZE_MAX */
	bool filtered;                       /* at least one filter, or --all */
	struct str from, to, domain, reason; /* globs, lower case; a part of the report */
	int64_t older, younger;              /* ms; 0: any */
	int64_t size;                        /* bytes at least */
	uint64_t attempts;                   /* at least */
	struct str channel;                  /* "local", "remote" or empty */
	bool held, failed, paused, all;
	uint64_t limit; /* recipients, of a list messages; 0: no limit */
	uint64_t after; /* of a list: messages above this number */
	bool dry;       /* only look */
	struct str by, why, host, address;
	struct str destination; /* of pause and resume: the word that is no option */
	int64_t until;          /* wall ms, 0: not said */
	int64_t lasting;        /* ms, 0: not said */
};

/* Words: '\0' between them.  The strs live in `a`.  -1: e says which word is wrong. */
int pick_parse(struct str words, struct arena *a, struct pick *out, struct err *e);

/* What is known of the message that is looked at. */
struct picked {
	struct depot *depot;
	struct item *it;
	struct arena *mem;
	struct envelope v;
	bool loaded, unreadable;
};

/* Its envelope, read once; NULL: it cannot be read. */
const struct envelope *picked_envelope(struct picked *x);
/* Does the message come into question at `now` (wall ms)? */
bool pick_item(const struct pick *p, const struct item *it, int64_t now);
/* And that recipient of it? */
bool pick_rcpt(const struct pick *p, struct picked *x, size_t rcpt);

#endif
