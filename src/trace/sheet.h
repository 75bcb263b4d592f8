/* trace/sheet.h - tables of numbers, each defined once and shown four ways: text, HTML, JSON, CSV.
 *
 * A form says what the columns are; a sheet holds the rows; a report is a
 * title, sentences and sheets.  Texts are put in as they may be seen (masked);
 * the bytes of each way are made harmless here, at the way out.
 */
#ifndef TRACE_SHEET_H
#define TRACE_SHEET_H

#include "base/json.h"
#include "trace/answer.h"

enum cell_kind {
	CELL_TEXT,
	CELL_COUNT,
	CELL_BYTES,
	CELL_SHARE, /* per mille; for people only: what it is a share of stands beside it */
	CELL_TIME,  /* UTC seconds */
	CELL_HOUR,  /* the same, at the begin of an hour, of a day */
	CELL_DAY,
	CELL_LENGTH /* ms */
};

struct sheet_column {
	enum cell_kind kind;
	const char *key, *title; /* for programs, for people */
	bool minor;              /* a narrow terminal does without it, and says so */
};

enum { SHEET_COLUMNS = 16, CELL_UNKNOWN = INT32_MIN };

struct sheet_form {
	const char *name, *title;
	const struct sheet_column *columns;
	size_t ncolumns;
	int bar;          /* the column that is drawn beside each row; 0: none */
	bool time;        /* the rows are hours or days, one after the other: all of them are drawn as one picture */
	bool tiles;       /* a few numbers that come first on the page */
	size_t stack[2];  /* of a picture: the columns from..to (excluded) that stand on each other */
	const char *note; /* a sentence about how it is counted; NULL: it speaks for itself */
	const char *none; /* what no row means; NULL: then it is left out */
};

struct cell {
	struct str text;
	int64_t n;
	enum cell_kind as; /* of a count that is of something else; CELL_TEXT: as its column says */
};

struct sheet {
	const struct sheet_form *form;
	struct cell *cells; /* row by row */
	size_t nrows, cap;
	size_t more; /* rows that found no place */
	bool spare;  /* for programs alone: people see as much in another sheet */
	struct sheet *next;
};

struct report {
	struct arena *mem;
	struct answer *answer; /* whose zone and limits are shown */
	const char *title;
	size_t counted; /* rows that it is made of; 0: nothing fits */
	struct note *said, *last_said;
	struct sheet *sheets, *last;
};

struct sheet *report_sheet(struct report *r, const struct sheet_form *form);
struct cell *sheet_row(struct report *r, struct sheet *s); /* a new row: all 0 and empty */
const struct sheet *report_find(const struct report *r, struct str name);
void report_say(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct sheet_look {
	size_t width;        /* columns of the terminal */
	bool colour, blocks; /* blocks: it knows the characters that bars are drawn with */
};
void report_put_text(struct buf *out, struct report *r, const struct sheet_look *look);
void report_put_html(struct buf *out, struct report *r);
void report_put_json(struct buf *out, struct report *r);
/* RFC 4180, with a line of names.  A text that a spreadsheet would take for a formula gets a ' in front. */
void sheet_csv(struct buf *out, const struct report *r, const struct sheet *s);

/* A cell in words for people, its bytes harmless on a terminal. */
void sheet_put(struct buf *out, const struct report *r, enum cell_kind kind, const struct cell *c);
bool cell_is_time(enum cell_kind kind);
/* The same for a page: no byte of it is markup. */
void html_put(struct buf *out, struct str text);
/* Do people see it? */
bool sheet_shown(const struct sheet *s);
/* A minor column without anything in it: it is not missed. */
bool sheet_says_nothing(const struct sheet *s, size_t column);
/* The greatest number of a column. */
int64_t sheet_most(const struct sheet *s, size_t column);
/* Inside of report_put_html(): the rows of a sheet of time as a picture (sheet_plot.c). */
void sheet_plot(struct buf *out, const struct report *r, const struct sheet *s);

/* "23,533"; "1.2 GB"; "3 min 20 s" */
void put_count(struct buf *out, int64_t n);
void put_bytes(struct buf *out, int64_t n);
void put_length(struct buf *out, int64_t ms);

#endif
