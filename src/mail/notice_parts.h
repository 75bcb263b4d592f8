/* mail/notice_parts.h - the parts of notice.c, for its own files. */
#ifndef MAIL_NOTICE_PARTS_H
#define MAIL_NOTICE_PARTS_H

#include "mail/field.h"
#include "mail/notice.h"

/* The fields of message/delivery-status (or of a text that has such lines). */
void notice_read_status(struct arena *a, struct str text, struct notice *n);
bool notice_has_status(struct str text);

/* Where the quoted message begins in a text for people; its length when there is none. */
size_t notice_quote(struct str text);
/* The recipients that the part for people names, with what it says of each, added or put to those known. */
void notice_read_words(struct arena *a, struct notice *n);

/* The recipient of that address, made if there is room; NULL: there is none. */
struct notice_rcpt *notice_rcpt(struct notice *n, struct str address);

/* Amazon's notices in JSON: true when it is one, with its kind and recipients. */
bool notice_read_sns(struct arena *a, struct notice *n);

/* What the words and the header alone tell: the kind of a notice without fields for programs. */
enum notice_kind notice_guess(const struct notice *n);

#endif
