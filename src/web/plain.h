/* web/plain.h - pages without a script, for who comes once: one below the page's folder (why/REF). */
#ifndef WEB_PLAIN_H
#define WEB_PLAIN_H

#include "base/buf.h"
#include "base/str.h"

void plain_begin(struct buf *out, const char *title);
/* <tag>text</tag>; bytes that mean something in HTML mean nothing.  tag: a literal. */
void plain_text(struct buf *out, const char *tag, struct str text);
/* A row of a <dl>; nothing without text. */
void plain_fact(struct buf *out, const char *name, struct str text);
/* An address to write to, about that. */
void plain_mail(struct buf *out, struct str address, struct str about);
/* A button that posts one value to where the page stands. */
void plain_button(struct buf *out, const char *name, const char *value, const char *words);
void plain_end(struct buf *out);

#endif
