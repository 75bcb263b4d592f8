/* index/terms_inside.h - what terms*.c have in common: terms as they are gathered, and the forms of blocks.
 *
 * A block's first frame (its lists stand in frames of their own):
 *	texts		how many; of each its length and its list's; the texts
 *	addresses	how many; of each domain how many, its length plus 1 (0: no `@`), itself; of each the length of
 *			its local part; of its list as a sender; as a recipient; the local parts
 *	numbers		how many; the length of the marks, and these: of each whole group but the last one the step
 *			over its numbers, its bytes, those of its lists, and the step over what they begin with; of
 *			each number the step from the one before, its list's length
 * A list is families, as steps.  Of a counter it begins at the first family of the list before it in the block.
 */
#ifndef INDEX_TERMS_INSIDE_H
#define INDEX_TERMS_INSIDE_H

#include "base/dict.h"
#include "base/numbered.h"
#include "index/bytes.h"
#include "index/terms.h"

enum {
	TERM_BLOCK = 32 << 10, /* bytes of texts, or of lists, that end a block */
	TERM_PARTS = 6,        /* of a frame, at most */
	TERM_GROUP = 128,      /* numbers that who looks for one steps over at once */
};

static inline bool terms_is_number(enum term_kind kind)
{
	return kind >= TERM_ID;
}

/* Its numbers rise as families do. */
static inline bool terms_is_counter(enum term_kind kind)
{
	return kind >= TERM_QP && kind <= TERM_DELIVERY;
}

static inline struct str term_number(uint64_t number, char room[8])
{
	for (int i = 0; i < 8; i++)
		room[i] = (char)(number >> (56 - 8 * i));
	return (struct str){ room, 8 };
}

static inline uint64_t term_number_of(struct str text)
{
	uint64_t number = 0;

	for (size_t i = 0; i < text.n; i++)
		number = number << 8 | (unsigned char)text.p[i];
	return number;
}

/* Addresses stand by domain, then by local part; one without `@` before all domains. */
static inline int terms_compare(enum term_kind kind, struct str a, struct str b)
{
	ptrdiff_t x, y;
	int c;

	if (kind > TERM_ADDRESS)
		return str_cmp(a, b);
	x = str_rchr(a, '@');
	y = str_rchr(b, '@');
	if (x < 0 || y < 0)
		return x < 0 && y < 0 ? str_cmp(a, b) : x < 0 ? -1 : 1;
	c = str_cmp(str_skip(a, (size_t)x + 1), str_skip(b, (size_t)y + 1));
	return c != 0 ? c : str_cmp(str_take(a, (size_t)x), str_take(b, (size_t)y));
}

/* ---- gathered (terms.c) ---- */

struct term_entry {
	struct str text;
	size_t lead; /* terms_sort.c: bytes of the local part; of no address: all */
	uint32_t term;
	enum term_kind kind;
	bool alias; /* another text for a term that has an entry */
};

struct term_entries {
	struct term_entry *at;
	size_t n, cap;
};

struct term_seen {
	uint32_t term, family;
};

struct term_numbers {
	struct numbered *at; /* of: the family */
	size_t n, cap;
};

struct terms {
	struct arena mem;
	struct dict known[TERM_ID]; /* of each kind: the numbers of its terms */
	struct term_entries addresses, texts;
	uint32_t nterms;
	struct term_seen *seen;
	size_t nseen, seen_cap;
	uint32_t *latest; /* of each term: the family that it was seen in last, plus 1 */
	size_t latest_cap;
	struct term_numbers numbers[TERM_KINDS];
	bool sorted;      /* addresses and texts are, and it is known */
	uint32_t *places; /* of each term that is an address, or a client's: its place among its like */
};

/* ---- written (terms_write.c) ---- */

/* The families of each term, one list behind the other; those of term t from begin[t] to begin[t + 1]. */
struct term_lists {
	uint32_t *at;
	size_t *begin;
};

struct term_writer {
	struct chapter_out *out;
	struct buf directory;
	uint64_t nblocks;
	bool ats; /* term_blocks.ats */
};
/* A block's row in the directory: kind, first term, frames. */
void terms_put_block(struct term_writer *w, enum term_kind kind, struct str first);
/* A frame of these, one behind the other; they are empty then. */
void terms_put_frame(struct term_writer *w, struct buf *const *parts, size_t n);
void terms_write_names(struct terms *t, const struct term_lists *lists, struct term_writer *w); /* terms_names.c */

/* ---- read again (terms_block.c) ---- */

/* A block that was unpacked.  Of its lists (role 0; of addresses also 1) the frame when one is needed. */
struct term_open {
	struct chapter *c;
	const struct term_block *from;
	struct arena *mem;
	size_t n;
	struct str *texts;
	struct term_piece {
		size_t at, n; /* of the lists */
	} * pieces[2];
	struct str keys, lists[2];
	size_t walked; /* of a counter: so many lists were gone through, and what the last one begins with */
	int64_t first;
};
bool terms_open(struct term_open *x, struct chapter *c, const struct term_block *from, struct arena *mem);
/* Inside of it: what its first frame holds, which somebody may have forged.  from and mem are set. */
bool terms_parse(struct term_open *x, struct str whole);
/* The families of one number, if it stands there: by going over groups and through one, without a table of all. */
bool terms_walk(const struct term_block *from, struct chapter *c, uint64_t wanted, struct arena *mem,
		struct family_set *out);
/* Inside of it: from the block's beginning to that number; false: the bytes are none of a block of numbers. */
struct term_walked {
	bool found;
	struct term_piece list;
	int64_t first; /* what the list before begins with; only where lists are given */
};
bool terms_walk_to(struct str keys, struct str lists, uint64_t wanted, struct term_walked *w);
/* The families of term i: of an address those of the kind, TERM_ADDRESS is both. */
bool terms_put_lists(struct term_open *x, enum term_kind kind, size_t i, struct family_set *out);

#endif
