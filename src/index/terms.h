/* index/terms.h - what is looked for, and in which families it occurs.
 *
 * A term is a kind and some bytes; terms stand sorted, in blocks: the bytes in
 * one frame, the families in another, so that a search for a part of an
 * address unpacks no list that it does not need.  Addresses stand once, whether
 * they send or receive, those of a domain together; rows (trace/rows.h) name
 * them by their place among all.
 */
#ifndef INDEX_TERMS_H
#define INDEX_TERMS_H

#include "index/chapter.h"

/* Addresses in lower case, as names are.  Of a sender or recipient that stands for another one (SRS) that one too. */
enum term_kind {
	TERM_FROM,
	TERM_TO,
	TERM_ADDRESS, /* looked for: as either's; seen: as neither's, which only resembling ones are for */
	TERM_NOBODY,  /* stories whose sender nobody named; no bytes */
	TERM_LOGIN,
	TERM_CALLER, /* a client's name, by DNS or by itself */
	TERM_IP,
	TERM_WORD, /* texts that are asked for as reasons and stand in no line */
	TERM_ID,   /* from here on numbers.  Queue ids, Message-IDs: terms_hash(), so that others may be found too */
	TERM_QP,
	TERM_CONNECTION,
	TERM_DELIVERY,
	TERM_PLACE, /* file << 32 | piece of its text: families with a line there */
	TERM_KINDS
};

enum { TERM_PIECE = 2 << 10 }; /* bytes of a file's text that are one place */

struct terms;
struct terms *terms_new(void);
void terms_free(struct terms *t);
/* The term, for terms_see(); text need not stay. */
uint32_t terms_of(struct terms *t, enum term_kind kind, struct str text);
/* That of an address which was no term of the kind before; the text stays. */
uint32_t terms_address(struct terms *t, enum term_kind kind, struct str text);
/* It occurs in that family; families come in their order. */
void terms_see(struct terms *t, uint32_t term, uint32_t family);
void terms_see_number(struct terms *t, enum term_kind kind, uint64_t number, uint32_t family);
/* The term can be found under this text too. */
void terms_alias(struct terms *t, enum term_kind kind, struct str text, uint32_t term);
uint64_t terms_hash(struct str id);

/* All terms are there: they are sorted.  Then the place of an address, by its term, and of a client's address among
 * their like; it must have been a term. */
void terms_sort(struct terms *t);
uint32_t terms_address_place(const struct terms *t, uint32_t term);
uint32_t terms_ip_place(const struct terms *t, struct str ip);
/* Write all; the directory of the blocks goes into the root. */
void terms_write(struct terms *t, struct chapter_out *c, struct buf *root);

/* ---- reading ---- */

struct term_block {
	enum term_kind kind;
	struct str first; /* its first term */
	struct chapter_frame keys, lists;
	struct chapter_frame more; /* of addresses: lists as recipients; those as senders are `lists` */
};

/* The longest piece of a pattern between those bytes: it stands in what fits. */
struct str terms_longest_part(struct str pattern, const char *breaks);

struct term_kept;
struct term_blocks {
	struct term_block *at; /* by kind and text */
	size_t n;
	bool ats;               /* some local part has an `@` */
	struct term_kept *kept; /* terms_keep(); NULL: none */
};

/* From now on the block that was opened last stays open: for many questions in the order of the terms.  terms_leave()
 * ends it. */
void terms_keep(struct term_blocks *b);
void terms_leave(struct term_blocks *b);
/* That order, of addresses. */
int terms_address_order(struct str a, struct str b);

struct cur;
/* Strs borrow from the cursor's bytes. */
void terms_take(struct term_blocks *b, struct cur *c, struct arena *mem);
/* Their frames stand behind that place (chapter_join()). */
void terms_move(struct term_blocks *b, uint64_t from);
/* Bytes of the blocks: of addresses, of all else. */
uint64_t terms_size(const struct term_blocks *b, bool addresses);

struct family_set {
	uint64_t *bits;
	size_t n; /* families */
};

/* A look through all terms of a kind.  `fits` is asked of those that hold `part` (in lower case; empty: of all); it may
 * be asked of an address that is none of the kind, too. */
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
/* And of all that fit; out NULL: fits() is asked only.  Where the part names the beginning of a domain (`...@exa`),
 * only blocks of such domains are unpacked. */
bool terms_scan(const struct term_blocks *b, struct chapter *c, const struct term_look *look, struct family_set *out);

/* The same of addresses, and look.part is a whole domain: they stand together, so the rest is not unpacked. */
bool terms_scan_domain(const struct term_blocks *b, struct chapter *c, const struct term_look *look,
		       struct family_set *out);

/* All texts of a kind (TERM_ADDRESS, TERM_IP) in their order, in the arena. */
struct term_texts {
	struct str *at;
	size_t n;
};
bool terms_texts(const struct term_blocks *b, struct chapter *c, enum term_kind kind, struct arena *mem,
		 struct term_texts *out);

#endif
