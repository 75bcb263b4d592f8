/* trace/page.h - inside of answer_text.c: putting words on a terminal or into a ticket.
 *
 * page_put() and page_line() are the only ways of outside bytes onto the page:
 * they mask what is out of scope and escape what could act on a terminal.
 */
#ifndef TRACE_PAGE_H
#define TRACE_PAGE_H

#include "trace/answer.h"
#include "trace/around.h"
#include "trace/causes.h"

struct page {
	struct buf *out;
	struct answer *r;
	bool colour;
	size_t width; /* columns of the terminal; 0: it is none */
};

enum { PAGE_WIDTH = 100 };

enum paint { PAINT_BOLD, PAINT_DIM, PAINT_GOOD, PAINT_BAD, PAINT_WAIT };

void page_put(struct page *g, struct str s);
void page_line(struct page *g, const struct line *x);
void page_fmt(struct page *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void page_paint(struct page *g, enum paint p, const char *text);
enum paint page_verdict(enum verdict v);
void page_upper(struct page *g, enum verdict v); /* the word, painted */
/* A heading on a line of its own. */
void page_head(struct page *g, const char *title);
/* A paragraph, each line indented by two; by so many. */
void page_wrap(struct page *g, struct str text);
void page_wrap_at(struct page *g, struct str text, int indent);
/* "2021-03-09 12:43:51 +02:00" */
void page_time(struct page *g, int64_t utc);
/* The visible width of a text as page_put() shows it. */
size_t page_columns(struct page *g, struct str s);
/* One text of at most `width` columns (cut with ...), padded when `pad`. */
void page_cell(struct page *g, struct str s, size_t width, bool pad);

/* A question that finds this message again: "qp 15309". */
struct str page_id(struct told *t);

void page_limits(struct page *g);
void page_not_found(struct page *g);
void page_similar(struct page *g);                     /* addresses that resemble one of the question's */
void page_causes(struct page *g);                      /* why mail was refused, counted */
void page_chain(struct page *g, const struct told *t); /* the forwards and bounces that it belongs to */
/* The lines that the answer rests on, on this server and the next ones. */
void page_evidence(struct page *g, const struct story *s);
void page_unreadable(struct page *g);
/* The lines not understood were all that was asked for. */
void page_no_question(struct page *g);
void page_table(struct page *g);
void page_story(struct page *g, const struct story *s);
/* "3 messages" */
const char *page_plural(uint64_t n);

#endif
