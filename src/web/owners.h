/* web/owners.h - what an owner changes on the page: whom he hears, and his weekly letter.  telltale-lookup does it
 * (lookup/own.h); whose the scope is, is decided before. */
#ifndef WEB_OWNERS_H
#define WEB_OWNERS_H

#include "lookup/own.h"
#include "web/web.h"

void owners_word(struct buf *words, struct str word);
/* May it be one?  No option, and nothing that would end it. */
bool owners_is_word(struct str s);
/* 0, or the code of an answer that says what was said. */
int owners_ask(struct web *w, const struct web_request *q, const struct buf *words, struct own_told *told,
	       struct web_reply *r);

#endif
