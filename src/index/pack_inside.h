/* index/pack_inside.h - what gather.c, pack.c and unpack.c have in common. */
#ifndef INDEX_PACK_INSIDE_H
#define INDEX_PACK_INSIDE_H

#include "index/bytes.h"
#include "index/pack.h"

/* Of fields.def: the structs that stand alone, and those that stand in lists, with the member that links them. */
#define PACK_ONES(X) X(repeat) X(foreign) X(peer) X(visit) X(bounce)
#define PACK_LISTS(X) X(gate, next) X(attempt, next) X(bounce, beside) X(order, later)

/* How a line says what follows from the line before it in the table. */
enum {
	LINE_NEXT = 1,     /* its `next` is the line after it in the table */
	LINE_OTHER = 2,    /* its `next` is another one, which is named */
	LINE_ADJOINS = 4,  /* the same file, and the next line of it */
	LINE_SAME = 8,     /* it is the line before, in another struct */
	LINE_COUNTED = 16, /* `times` or `pass` is not 0 */
};

/* How a text says where it stands. */
enum { TEXT_EMPTY, TEXT_HERE, TEXT_IN_LINE };

struct gathered {
	const struct line **at; /* by file and number, each once */
	size_t n, cap;
};

void gather_family(struct gathered *g, struct story *const *at, size_t n);
int gathered_order(const struct line *x, const struct line *y);
size_t gathered_find(const struct gathered *g, const struct line *x); /* SIZE_MAX: it is not there */

/* Of a name: in which family it was met last, and as which one of it. */
struct pack_name {
	uint32_t family, number;
};

/* Lines of the family that stand in one file. */
struct pack_run {
	size_t from, to;
	struct str text; /* of the file */
};

struct packer {
	const struct book *b;
	struct pack_keys *keys;
	struct buf *out;
	struct gathered lines;
	struct pack_run *runs; /* of one file after the other */
	size_t nruns, runs_cap;
	struct buf low; /* their texts in lower case, one behind the other */
	size_t *low_at; /* where each begins there */
	size_t low_cap;
	uint32_t *number; /* of each story of the tale by its order: its place in the family, from 1 */
	struct pack_name *names;
	uint32_t family, nnames;
	struct map parties; /* of the family: place of each, from 1; filled when somebody may ask */
	uint32_t *places;   /* what it leads to */
	size_t places_cap;
	struct pack_step *steps;
	const struct story *story; /* being packed */
	int64_t base;              /* seconds that its times are told from */
	int64_t asked;             /* the quarter of an hour that was asked last: has it two moments? */
	bool twice;
	bool bad;
};

/* pack_text.c: when the family's lines are gathered: how their texts are found; a text; an address in lower case. */
void pack_lower(struct packer *k);
bool pack_same_text(const struct line *a, const struct line *b);
void pack_text(struct packer *k, struct str s);
void pack_spelling(struct packer *k, struct str s);
/* pack_line.c: the i-th line of the family, and (pack.c) which one a pointer means. */
void pack_line(struct packer *k, size_t i);
void pack_line_ref(struct packer *k, const struct line *x);

#endif
