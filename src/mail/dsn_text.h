/* mail/dsn_text.h - the texts inside a bounce, for dsn.c. */
#ifndef MAIL_DSN_TEXT_H
#define MAIL_DSN_TEXT_H

#include "mail/dsn.h"
#include "words/words.h"

/* One line without its end: controls become '?', and so do, as wished, what is not ASCII or not UTF-8. */
void dsn_put_clean(struct buf *b, struct str s, bool wide);
/* "Name: value" as a folded ASCII field with its line end; cut at 2000 bytes. */
void dsn_put_field(struct buf *b, struct str line);
/* Text in lines of people's width, each behind `indent`. */
void dsn_put_paragraph(struct buf *b, const char *indent, struct str text);
/* Somebody else's line as it is, but broken where no line may be so long. */
void dsn_put_raw(struct buf *b, const char *indent, struct str line);
/* The first part: what happened, and for each recipient who can do something about it.  whole: the message follows. */
void dsn_put_words(struct buf *b, const struct dsn *d, bool whole);

/* What was said about one recipient, taken apart. */
struct dsn_report {
	struct str remote; /* what another server said, on one line in `mem`; empty: none did */
	struct str host;   /* its name, or [address]; or empty */
	bool over;         /* the time in the queue was over */
};
void dsn_report_read(struct str report, struct arena *mem, struct dsn_report *out);
/* The words of the vocabulary for it, as `telltale explain` has them: what happened, who must act and how.  NULL: it
 * knows none. */
const struct word *dsn_word(struct str report, const struct dsn_report *r);

/* May the message be returned as it is?  Lines that mail allows, and nothing but text. */
bool dsn_fits(struct str message);
/* The message's header, at most DSN_HEADERS_MAX bytes of it, whole lines. */
void dsn_put_headers(struct buf *b, struct str message);
/* The value of a field of the message's header, unfolded, in `mem`; empty: it has none. */
struct str dsn_field(struct str message, const char *name, struct arena *mem);

#endif
