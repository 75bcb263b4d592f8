/* vouch/canon.h - a message's header as signatures see it: its fields byte by byte, and how they are canonicalised.
 *
 * RFC 6376 3.4.1, 3.4.2 (canonical forms) and 5.4.2 (which field a name in h=
 * means).  The block's bytes stay where they are and must stay there; lines
 * end with CRLF, a line that is no field belongs to nothing and is signed by nobody.
 * However many signatures name however many fields, each field is put into
 * its relaxed form once, and finding the next one of a name takes one look.
 */
#ifndef VOUCH_CANON_H
#define VOUCH_CANON_H

#include "base/arena.h"
#include "base/map.h"

enum {
	CANON_FIELDS_MAX = 4096,         /* with more of them nothing is verified */
	CANON_HASH_MAX = 8 * 1024 * 1024 /* bytes of header that all signatures of a message may hash together */
};

enum canon { CANON_SIMPLE, CANON_RELAXED };

struct canon_field {
	struct str raw;     /* all of it, with its last CRLF */
	struct str name;    /* as written */
	struct str value;   /* behind the colon, without the last CRLF */
	struct str relaxed; /* p == NULL until somebody asks */
	size_t above;       /* 1 + the index of the next one above with this name, 0: none */
};

struct canon_head {
	struct arena *arena;
	struct canon_field *fields;
	size_t n;
	bool too_many;
	struct map names; /* of a lower-case name: struct canon_name */
	uint64_t pass;    /* number of the latest canon_head_rewind() */
	size_t hashed;
};

/* Reads the block up to its end or its empty line. */
void canon_head_read(struct canon_head *h, struct arena *a, struct str block);
void canon_head_clear(struct canon_head *h);

/* How many fields of that name (lower case) there are; the lowest of them or NULL. */
size_t canon_head_count(const struct canon_head *h, struct str name);
struct canon_field *canon_head_last(const struct canon_head *h, struct str name);

/* Before the first name of a signature; then for each name (any case) the next field from below, NULL: none is left. */
void canon_head_rewind(struct canon_head *h);
struct canon_field *canon_head_take(struct canon_head *h, struct str name);

struct str canon_form(struct canon_head *h, struct canon_field *f, enum canon canon);
/* A field that is being verified: without what stands at `hole` (a piece of f->value) and without its last CRLF. */
struct str canon_form_without(struct canon_head *h, const struct canon_field *f, struct str hole, enum canon canon);

/* What relaxed makes of a field's text, with or without its last CRLF; from the arena, with a CRLF. */
struct str canon_relaxed(struct arena *a, struct str raw);

#endif
