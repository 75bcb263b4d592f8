/* web/scope.h - whose mail a request may see: decided here and nowhere else, from who asks and what he asks for. */
#ifndef WEB_SCOPE_H
#define WEB_SCOPE_H

#include "web/request.h"

/* The scope (trace/scope.h) that a question runs with, from q->who and the value `scope`, which is a domain, a mailbox,
 * or "mailbox": the asker's own.  Without it: the mailbox of who owns no domain, the first domain of who owns some.
 * Both are empty only for an administrator who names none.  0, or the code of a refusal that is in r. */
int web_scope(const struct web_request *q, struct str *domain, struct str *mailbox, struct web_reply *r);

#endif
