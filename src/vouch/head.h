/* vouch/head.h - a message's header as signatures see it: its fields byte by byte, and how they are canonicalised.
 *
 * RFC 6376 3.4.1, 3.4.2 (canonical forms) and 5.4.2 (which field a name in h=
 * means).  The block's bytes stay where they are and must stay there; lines
 * end with CRLF, a line that is no field belongs to nothing and is signed by nobody.
 * However many signatures name however many fields, each field is put into
 * its relaxed form once, and finding the next one of a name takes one look.
 */
#ifndef VOUCH_HEAD_H
#define VOUCH_HEAD_H

#include "base/arena.h"
#include "base/map.h"

enum {
	HEAD_FIELDS_MAX = 4096,         /* with more of them nothing is verified */
	HEAD_HASH_MAX = 8 * 1024 * 1024 /* bytes of header that all signatures of a message may hash together */
};

enum canon { CANON_SIMPLE, CANON_RELAXED };

struct head_field {
	struct str raw;     /* all of it, with its last CRLF */
	struct str name;    /* as written */
	struct str value;   /* behind the colon, without the last CRLF */
	struct str relaxed; /* p == NULL until somebody asks */
	size_t above;       /* 1 + the index of the next one above with this name, 0: none */
};

struct head {
	struct arena *arena;
	struct head_field *fields;
	size_t n;
	bool too_many;
	struct map names; /* of a lower-case name: struct head_name */
	uint64_t pass;    /* number of the latest head_rewind() */
	size_t hashed;
};

/* Reads the block up to its end or its empty line. */
void head_read(struct head *h, struct arena *a, struct str block);
void head_clear(struct head *h);

/* How many fields of that name (lower case) there are; the lowest of them or NULL. */
size_t head_count(const struct head *h, struct str name);
struct head_field *head_last(const struct head *h, struct str name);

/* Before the first name of a signature; then for each name (any case) the next field from below, NULL: none is left. */
void head_rewind(struct head *h);
struct head_field *head_take(struct head *h, struct str name);

struct str head_form(struct head *h, struct head_field *f, enum canon canon);
/* A field that is being verified: without what stands at `hole` (a piece of f->value) and without its last CRLF. */
struct str head_form_without(struct head *h, const struct head_field *f, struct str hole, enum canon canon);

/* What relaxed makes of a field's text, with or without its last CRLF; from the arena, with a CRLF. */
struct str canon_relaxed(struct arena *a, struct str raw);

#endif
