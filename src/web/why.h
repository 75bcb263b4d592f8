/* web/why.h - what a stranger sees who follows the link in a refusal: this one decision, in words for the sender.
 *
 * Nothing else of the logs: no other recipient, no other visit, no address of a client but his own.
 */
#ifndef WEB_WHY_H
#define WEB_WHY_H

#include "trace/refused.h"

struct why_look {
	struct str time;    /* of the refusal: ISO 8601; for a page as people read it */
	struct str ref;     /* the reference that leads to it */
	struct str contact; /* whom to write to */
	bool page;          /* as a page, not as JSON */
};
void why_put(struct buf *out, const struct refused *row, const struct why_look *x);

#endif
