/* index/terms.h - what is looked for, and in which families it occurs.
 *
 * A term is a kind and some bytes; terms stand sorted, in blocks: the bytes in
 * one frame, the families in another, so that a search for a part of an
 * address unpacks no list that it does not need.
 */
#ifndef INDEX_TERMS_H
#define INDEX_TERMS_H

#include "index/chapter.h"

/* Addresses in lower case, as names are.  Of a sender or recipient that stands for another one (SRS) that one too. */
enum term_kind {
	TERM_FROM,
	TERM_TO,
	TERM_NAME,   /* addresses that are neither's; only for resembling ones */
	TERM_NOBODY, /* stories whose sender nobody named; no bytes */
	TERM_LOGIN,
	TERM_CALLER, /* a client's name, by DNS or by itself */
	TERM_IP,
	TERM_ID,   /* queue ids, Message-IDs */
	TERM_WORD, /* texts that are asked for as reasons and stand in no line */
	TERM_QP,   /* these: a number, eight bytes, the highest first */
	TERM_CONNECTION,
	TERM_DELIVERY,
	TERM_PLACE, /* file << 32 | piece of its text: families with a line there */
	TERM_KINDS
};

enum { TERM_PIECE = 16 << 10 }; /* bytes of a file's text that are one place */

struct terms;
struct terms *terms_new(void);
void terms_free(struct terms *t);
/* The term, for terms_see(); text need not stay. */
uint32_t terms_of(struct terms *t, enum term_kind kind, struct str text);
/* It occurs in that family; families come in their order. */
void terms_see(struct terms *t, uint32_t term, uint32_t family);
void terms_see_number(struct terms *t, enum term_kind kind, uint64_t number, uint32_t family);
/* The term can be found under this text too. */
void terms_alias(struct terms *t, enum term_kind kind, struct str text, uint32_t term);
/* Write all; the directory of the blocks goes into the root. */
void terms_write(struct terms *t, struct chapter_out *c, struct buf *root);

/* ---- reading ---- */

struct term_block {
	enum term_kind kind;
	struct str first; /* its first term */
	struct chapter_frame keys, lists;
};

struct term_blocks {
	struct term_block *at; /* by kind and text */
	size_t n;
};

struct cur;
/* Strs borrow from the cursor's bytes. */
void terms_take(struct term_blocks *b, struct cur *c, struct arena *mem);

struct family_set {
	uint64_t *bits;
	size_t n; /* families */
};

/* A look through all terms of a kind.  `fits` is asked of those that hold `part` (in lower case; empty: of all). */
struct term_look {
	enum term_kind kind;
	struct str part;
	bool (*fits)(void *with, struct str text);
	void *with;
};

/* Put the families of that very term into the set.  False: the index is damaged. */
bool terms_find(const struct term_blocks *b, struct chapter *c, enum term_kind kind, struct str text,
		struct family_set *out);
bool terms_find_number(const struct term_blocks *b, struct chapter *c, enum term_kind kind, uint64_t number,
		       struct family_set *out);
/* And of all that fit; out NULL: fits() is asked only. */
bool terms_scan(const struct term_blocks *b, struct chapter *c, const struct term_look *look, struct family_set *out);

#endif
