/* index/pack_inside.h - what gather.c, pack.c and unpack.c have in common. */
#ifndef INDEX_PACK_INSIDE_H
#define INDEX_PACK_INSIDE_H

#include "index/bytes.h"
#include "index/pack.h"

/* Of fields.def: the structs that stand alone, and those that stand in lists, with the member that links them. */
#define PACK_ONES(X) X(repeat) X(foreign) X(peer) X(filed) X(visit) X(bounce) X(ties)
#define PACK_LISTS(X) X(gate, next) X(attempt, next) X(bounce, beside) X(order, later)

/* The other types of members. */
#define PACK_RISING(X) X(QP) X(CONNECTION) X(DELIVERY)
#define PACK_ENUMS(X) X(SERVER) X(OUTCOME) X(WENT) X(TOLD) X(VERDICT) X(GRADE) X(BEYOND)
#define PACK_NUMBERS(X) PACK_RISING(X) PACK_ENUMS(X) X(NUM) X(WIDE) X(FLAG) X(TIME) X(MS)
#define PACK_POINTERS(X) X(NAME) X(LINE) X(STORY) X(PARTY) X(OWN_VISIT)
#define PACK_OTHERS(X) X(STR) X(LINES) X(JOIN) X(PARTIES) X(VISITORS) X(LINK) X(GONE)

/* How a line says what follows from the line before it in the table. */
enum {
	LINE_NEXT = 1,     /* its `next` is the line after it in the table */
	LINE_OTHER = 2,    /* its `next` is another one, which is named */
	LINE_ADJOINS = 4,  /* the same file, and the next line of it */
	LINE_SAME = 8,     /* it is the line before, in another struct */
	LINE_COUNTED = 16, /* `times` or `pass` is not 0 */
	LINE_LATER = 32,   /* its stamp is not that of the line before */
	LINE_FILE = 64,    /* it is the first one of its file */
	LINE_KIND = 128,   /* of its shape: times its kind, beside these flags */
	LINE_BITS = 15,    /* of it */
};

/* Bits of shapes: of each struct its members. */
#define STRUCT(s) enum {
#define FIELD(s, T, f) BIT_##s##_##f,
#define END(s) \
	BITS_##s \
	} \
	;
#include "index/fields.def"
#undef STRUCT
#undef FIELD
#undef END

/* How a text says where it stands. */
enum { TEXT_HERE, TEXT_IN_LINE };

struct gathered_line {
	uint64_t place; /* file and number, to sort by */
	const struct line *line;
};

struct gathered {
	struct gathered_line *at; /* by file and number, each once */
	size_t n, cap;
	size_t hint; /* where the last one stands: the next one is mostly beside it */
};

void gather_family(struct gathered *g, struct story *const *at, size_t n);
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
	struct pack_block *out;
	struct pack_step *steps; /* of each file */
	struct pack_said said;
	struct gathered lines;
	struct pack_run *runs; /* of one file after the other */
	size_t nruns, runs_cap;
	uint32_t *number; /* of each story of the tale by its order: its place in the family, from 1 */
	struct pack_name *names;
	uint32_t family, nnames;
	struct map parties; /* of the family: place of each, from 1; filled when somebody may ask */
	uint32_t *places;   /* what it leads to */
	size_t places_cap;
	uint8_t line_codes[1 << LINE_BITS]; /* pack_shape_code() of each; 0: not asked yet */
	uint8_t known[PACK_STRUCTS][64];    /* of each struct: which shape was met last of those with that product */
	size_t hint;               /* which line was meant last: most often it is meant again, or the next one */
	size_t told;               /* which one was told last: the next one is told as a step from it, */
	size_t end;                /* and behind the last text that was told of it: 0: none */
	bool elsewhere;            /* some text of the family stands in none of its lines */
	const struct story *story; /* being packed */
	int64_t asked;             /* the quarter of an hour that was asked last: has it two moments? */
	bool twice;
	bool ambiguous; /* some line stood in the repeated hour, and did not say in which pass */
	bool bad;
};

static inline void pack_put(struct packer *k, enum pack_lane lane, uint64_t v)
{
	bytes_put(&k->out->lane[lane], v);
}

/* The file's, at a line of this family: where the place of its next one is told from. */
static inline struct pack_step *pack_step_of(struct pack_step *s, uint32_t family, const struct pack_said *said)
{
	if (s->family == family)
		return s;
	if (s->group != said->group)
		*s = (struct pack_step){ .group = said->group };
	s->family = family;
	s->offset = s->next;
	s->number = s->next_number;
	s->local = said->base;
	return s;
}

/* A line of n bytes stands there. */
static inline void pack_step_to(struct pack_step *s, unsigned flags, uint64_t at, uint32_t number, size_t n)
{
	s->number = number;
	s->offset = at + n + 1;
	s->together = (flags & LINE_FILE) != 0 || (s->together && (flags & LINE_ADJOINS) != 0);
	if (s->together) {
		s->next = s->offset;
		s->next_number = number;
	}
}

/* pack_block.c: a family follows.  True: it begins a group. */
bool pack_block_next(struct pack_block *b);
/* pack_text.c: when the family's lines are gathered: how texts of them are found; a text; an address in lower case. */
void pack_runs(struct packer *k);
bool pack_same_text(const struct line *a, const struct line *b);
void pack_text(struct packer *k, struct str s);
void pack_spelling(struct packer *k, struct str s);
void pack_line_ref(struct packer *k, size_t line);
/* pack.c: the number of that shape; 0: there are too many. */
uint8_t pack_shape_code(struct packer *k, enum pack_of of, uint64_t has);
/* pack_line.c: the lines of the family. */
void pack_lines(struct packer *k);

#endif
