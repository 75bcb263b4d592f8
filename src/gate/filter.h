/* gate/filter.h - one filter: a pure function from facts to a vote, and its row.
 *
 * A filter never waits, opens a file or logs; facts.c has already asked.  Each
 * stands in its own file (those of one kind share one) and is listed once,
 * in filters.def, whose order is the order of judging (LOG-FORMATS 1.4).
 */
#ifndef GATE_FILTER_H
#define GATE_FILTER_H

#include "gate/facts.h"
#include "words/words.h"

/* The moments of a conversation at which the gate judges, in their order. */
enum stage { AT_CONNECT, AT_SENDER, AT_RECIPIENT, AT_DATA, STAGES };

enum vote { PASS, REFUSE, ALLOW }; /* ALLOW: a whitelist speaks for the client */

/* Something to be done once the verdict stands: the recipient was taken, or is refused by this very filter.  The
 * session does it. */
struct effect {
	const struct effect *next;
	const char *what; /* a literal that the session knows */
	struct str key;
};
#define EFFECT_GRAYLIST "graylist" /* key: new, again or passed (lookup/graylist.h) */

/* What one filter found. */
struct verdict {
	enum reason reason; /* REFUSE: the row that says why */
	struct str seen;    /* what was seen, in words; for the log */
	struct hit hit;     /* of a list: the entry that matched */
	struct str about;   /* the name, domain or header line that was found, where the session does not know it */
	struct str more;    /* what stands at the `*` of the reply's text: "zen.example: see https://..." */
	bool noted;         /* PASS: what was seen is worth a line */
	const struct effect *effects;
	struct arena *mem;
};

#define GATE_OFF "off" /* the configuration has turned it off */

struct filter {
	const char *name; /* as in gate lines */
	const char *note; /* in words/filters.def; NULL: name */
	enum stage at;
	unsigned needs; /* facts, NEEDS(...) or-ed */
	bool allows;    /* a whitelist: runs though something has refused, and cancels it */
	bool always;    /* runs for authenticated and whitelisted clients too */
	bool last; /* runs when all others of its stage have: what it needs is asked only if none of them refused */
	const char *(*off)(const struct facts *f); /* why not to run at all (GATE_OFF, a literal), or NULL */
	enum vote (*decide)(const struct facts *f, struct verdict *v);
	const char *doc;
};

enum vote gate_refuse(struct verdict *v, enum reason why, struct str seen);
enum vote gate_allow(struct verdict *v, struct str seen);
void gate_effect(struct verdict *v, const char *what, struct str key);
#define EFFECT_JUNK "junk" /* the message goes into the Junk folder; key: why */

#define FILTER(f) extern const struct filter f;
#include "gate/filters.def"
#undef FILTER

#endif
