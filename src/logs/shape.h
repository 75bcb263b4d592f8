/* logs/shape.h - the rows of shapes.def, taken apart once.
 *
 * A shape is a row of parts; each part is literal text and the field behind it
 * (or none).  Reader and writer walk the same parts, so what one writes the
 * other reads.
 */
#ifndef LOGS_SHAPE_H
#define LOGS_SHAPE_H

#include <string.h>
#include "logs/logs.h"

enum shape_reads {
	READS_DIGITS,
	READS_CODE,
	READS_CONT,
	READS_MOMENT,
	READS_WORD,
	READS_ADDRESS,
	READS_HOST,
	READS_UNTIL,
	READS_QUOTED,
};

enum {
	ESCAPE_SPACE = 1,      /* every space */
	ESCAPE_COMMA = 2,      /* every comma */
	ESCAPE_SEP = 4,        /* a comma before a space */
	ESCAPE_COLON = 8,      /* every colon */
	ESCAPE_ODD_COLON = 16, /* every colon of what does not look like an IP address */
	ESCAPE_LABEL = 32,     /* the colon of a word that is one of spamdyke's labels */
	ESCAPE_QUOTES = 64,    /* the first of a pair of quotes around the whole */
	ESCAPE_LEVEL = 128,    /* the first byte of what would open another row of spamdyke's log */
	ESCAPE_CHECK = 256,    /* the comma in front of what reads as a description of the recipient check */
};

struct shape_class {
	enum shape_reads reads;
	size_t cap;
	const char *when_empty;
	int escapes;
};

struct shape_part {
	struct str literal;
	uint64_t head, mask;    /* its first eight bytes, as they are loaded, and those of them that it has */
	int field;              /* enum log_field, or -1 */
	enum shape_reads reads; /* of the field */
	bool tail;              /* opens a `[...]` */
};

#define SHAPE_PARTS 10

struct shape {
	enum log_family family;
	struct shape_part part[SHAPE_PARTS];
	int n;
	bool labelled; /* every literal but the first is a label: " to: " */
};

struct shape_table {
	struct shape shapes[LOG_KINDS];
	enum log_kind first[LOG_FAMILIES];
	/* The rows of a family whose literal may open with that byte: bit i is the kind first[family] + i. */
	uint32_t candidates[LOG_FAMILIES][256];
};

const struct shape_table *shape_table(void);
const struct shape *shape_of(enum log_kind k); /* NULL for LOG_UNKNOWN and LOG_EMPTY */
const struct shape_class *shape_class(enum log_field f);
/* Is `word` ("to:", "reason:") one of the labels of the verdict row? */
bool shape_is_label(struct str word);
/* Only bytes of an IP address (so that "host:2001:db8::1" splits at its first colon). */
bool shape_is_ip(struct str s);

/* stamp.c: the stamp in front of *s, which then begins behind it. */
bool stamp_read_comma(struct str *s, struct log_line *out);
bool stamp_read_syslog(struct str *s, struct log_line *out);

/* label.c: where the labels of a labelled row stand in a line. */
struct labels {
	const char *at[SHAPE_PARTS]; /* by part; NULL: nowhere */
	bool single;                 /* none stands there twice; else `at` is not to be used */
};
void label_find(const struct shape *s, struct str body, struct labels *out);

/* check.c: other programs' `check` lines do not escape ", "; choose the split whose words are known. */
void check_split(struct log_line *l);
bool check_is_description(struct str s);

/* Of the reader's inner loop, so inline. */
static inline bool shape_stands(const struct shape_part *part, struct str s)
{
	uint64_t word;

	if (s.n < sizeof(word))
		return s.n >= part->literal.n && memcmp(s.p, part->literal.p, part->literal.n) == 0;
	memcpy(&word, s.p, sizeof(word));
	if (((word ^ part->head) & part->mask) != 0)
		return false;
	return part->literal.n <= sizeof(word) ||
	       (s.n >= part->literal.n &&
		memcmp(s.p + sizeof(word), part->literal.p + sizeof(word), part->literal.n - sizeof(word)) == 0);
}

static inline bool shape_starts(struct str s, struct str lit)
{
	return s.n >= lit.n && memcmp(s.p, lit.p, lit.n) == 0;
}

#endif
