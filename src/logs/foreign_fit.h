/* logs/foreign_fit.h - the other servers' rows (postfix.def, qmail.def, exim.def), taken apart once.
 *
 * A pattern is literal text, {field} places and [parts] that may be missing.  A field runs to what may follow it, the
 * last one to the end; where the rest then does not fit it runs on.  {client} is taken apart.  The first row of a
 * table that fits counts; rows that do not open with the text's first byte are not looked at.
 */
#ifndef LOGS_FOREIGN_FIT_H
#define LOGS_FOREIGN_FIT_H

#include "logs/foreign.h"

enum { FOREIGN_STEPS = 16, FOREIGN_ENDS = 7, FOREIGN_ROWS = 128 };

/* Literal text and the field behind it. */
struct foreign_step {
	struct str literal;
	int field;                  /* enum foreign_field, or -1 */
	uint8_t behind;             /* opens a part that may be missing: the step behind it; else 0 */
	uint8_t ends[FOREIGN_ENDS]; /* the steps whose literals may stand behind the field */
	uint8_t nends;
	bool end;         /* the field may be the last */
	uint64_t stop[4]; /* bit for each byte with which one of those begins */
};

struct foreign_pattern {
	struct foreign_step step[FOREIGN_STEPS];
	uint8_t n;
};

struct foreign_row {
	struct str program; /* "*": any */
	char lead;
	enum foreign_server server;
	enum foreign_kind kind;
	const char *pattern;
};

struct foreign_table {
	const struct foreign_row *rows;
	size_t n;
	struct foreign_pattern patterns[FOREIGN_ROWS];
	uint64_t first[256][FOREIGN_ROWS / 64]; /* the rows that may open with that byte */
};

void foreign_compile(struct foreign_table *t, const struct foreign_row *rows, size_t n);
/* The first row from `at` on that opens as the text does; t->n: none. */
size_t foreign_next(const struct foreign_table *t, size_t at, struct str text);
/* Fills kind, server and fields; false: the text is not that row's, and fields may hold anything. */
bool foreign_fits(const struct foreign_table *t, size_t row, struct str text, struct foreign_line *out);
/* NAME[IP]:PORT (Postfix); NAME (HELO) [IP]:PORT, each of them perhaps missing but the address (Exim). */
bool foreign_read_client(struct str s, struct foreign_line *out);
/* A line of Exim whose frame was read: fills kind and fields; false: no row fits. */
bool foreign_read_exim(struct foreign_line *out);

#endif
