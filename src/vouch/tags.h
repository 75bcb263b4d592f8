/* vouch/tags.h - "name=value; name=value", as DKIM-Signature, the ARC fields and key records are written (RFC 6376 3.2).
 *
 * Nothing is copied: names and values are pieces of the text that was parsed.
 * White space is SP, TAB, CR and LF wherever folding may stand; a value may
 * hold UTF-8 (RFC 8616).  A name that comes twice makes the whole list wrong.
 */
#ifndef VOUCH_TAGS_H
#define VOUCH_TAGS_H

#include "base/arena.h"
#include "base/str.h"

enum {
	TAGS_MAX = 32,             /* tags in a list */
	TAGS_TEXT_MAX = 32 * 1024, /* bytes of a list */
};

struct tag {
	struct str name, value; /* value without white space at both ends */
	struct str place;       /* all that stands between "=" and ";" */
};

struct tags {
	struct tag list[TAGS_MAX];
	size_t n;
	const char *why; /* NULL, or the first mistake */
};

/* False: *out has the tags up to the first mistake, and `why`. */
bool tags_parse(struct str text, struct tags *out);
/* Its tag of that name (case counts), or NULL. */
const struct tag *tags_get(const struct tags *t, const char *name);

bool tags_is_blank(char c);
/* A copy without any white space: what base64 in a value means. */
struct str tags_unblank(struct str value, struct arena *a);
/* The next item of a list with colons, without white space around; false at the end.  *rest starts as the value, and
 * ends with p == NULL. */
bool tags_item(struct str *rest, struct str *item);

#endif
