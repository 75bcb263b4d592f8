/* mail/dsn_text.h - the texts inside a bounce, for dsn.c. */
#ifndef MAIL_DSN_TEXT_H
#define MAIL_DSN_TEXT_H

#include "mail/dsn.h"

/* One line without its end: controls become '?', and so do, as wished, what is not ASCII or not UTF-8. */
void dsn_put_clean(struct buf *b, struct str s, bool wide);
/* "Name: value" as a folded ASCII field with its line end; cut at 2000 bytes. */
void dsn_put_field(struct buf *b, struct str line);
/* The first part: for each recipient what happened and who can do something about it. */
void dsn_put_words(struct buf *b, const struct dsn *d);
/* The message's header, at most DSN_HEADERS_MAX bytes of it, whole lines. */
void dsn_put_headers(struct buf *b, struct str message);

#endif
