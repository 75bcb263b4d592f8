/* logs/foreign_fit.h - the other servers' rows (postfix.def, qmail.def, exim.def), taken apart once.
 *
 * A pattern is literal text, {field} places and [parts] that may be missing.  A field runs to what may follow it, the
 * last one to the end; where the rest then does not fit it runs on.  {client} is taken apart.  The first row of a
 * table that fits counts; of the rows only those are looked at whose program, lead and first byte are the line's.
 */
#ifndef LOGS_FOREIGN_FIT_H
#define LOGS_FOREIGN_FIT_H

#include "base/quick.h"
#include "logs/foreign.h"

enum { FOREIGN_STEPS = 16, FOREIGN_ENDS = 7, FOREIGN_ROWS = 128, FOREIGN_PROGRAMS = 16 };

/* Literal text and the field behind it. */
struct foreign_step {
	struct str literal;
	uint64_t head, mask;        /* its first eight bytes, as they are loaded, and those of them that it has */
	int field;                  /* enum foreign_field, or -1 */
	uint8_t behind;             /* opens a part that may be missing: the step behind it; else 0 */
	uint8_t ends[FOREIGN_ENDS]; /* the steps whose literals may stand behind the field */
	uint8_t nends;
	bool end;         /* the field may be the last */
	int stop_byte;    /* the one with which all of those begin; -1: there are several */
	uint64_t stop[4]; /* bit for each byte with which one of those begins */
};

struct foreign_pattern {
	struct foreign_step step[FOREIGN_STEPS];
	uint8_t n;
};

/* Does the step's literal stand there? */
static inline bool foreign_stands(const struct foreign_step *s, struct str text)
{
	uint64_t word;

	if (text.n < sizeof(word) || s->literal.n > 2 * sizeof(word))
		return str_starts(text, s->literal);
	memcpy(&word, text.p, sizeof(word));
	return ((word ^ s->head) & s->mask) == 0 &&
	       (s->literal.n <= sizeof(word) ||
		(text.n >= s->literal.n && str_same(text.p, s->literal.p, s->literal.n)));
}

struct foreign_row {
	struct str program; /* "*": any */
	char lead;
	enum foreign_server server;
	enum foreign_kind kind;
	const char *pattern;
};

/* A bit for each row. */
struct foreign_rows {
	uint64_t bits[FOREIGN_ROWS / 64];
};

enum { FOREIGN_BARE, FOREIGN_QUEUE_ID, FOREIGN_NOQUEUE, FOREIGN_LEADS }; /* '-', 'q', 'n' */

/* Each set: the rows that a line of that kind may be. */
struct foreign_table {
	const struct foreign_row *rows;
	size_t n;
	struct foreign_pattern patterns[FOREIGN_ROWS];
	struct foreign_rows first[256];
	struct foreign_rows lead[FOREIGN_LEADS];
	struct foreign_rows of_program[FOREIGN_PROGRAMS], of_others;
	struct str programs[FOREIGN_PROGRAMS];
	size_t nprograms;
};

void foreign_compile(struct foreign_table *t, const struct foreign_row *rows, size_t n);
/* The rows that such a line may be; then foreign_next() takes out, one by one, those that open as the text does.
 * t->n: there is none left. */
struct foreign_rows foreign_rows(const struct foreign_table *t, struct str program, int lead, struct str text);
size_t foreign_next(const struct foreign_table *t, struct foreign_rows *left, struct str text);
/* Fills kind, server and fields; false: the text is not that row's, and fields may hold anything. */
bool foreign_fits(const struct foreign_table *t, size_t row, struct str text, struct foreign_line *out);
/* NAME[IP]:PORT (Postfix); NAME (HELO) [IP]:PORT, each of them perhaps missing but the address (Exim). */
bool foreign_read_client(struct str s, struct foreign_line *out);
/* A line of Exim whose frame was read: fills kind and fields; false: no row fits. */
bool foreign_read_exim(struct foreign_line *out);

#endif
