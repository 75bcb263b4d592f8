/* mail/seal.h - text that only we can have written, for links: base64url(body, HMAC-SHA256(key, what and body)[0..15])
 * without padding.
 *
 * Who does not have the key can make none: 128 bits of the hash are kept.  The body can be read by everybody.
 */
#ifndef MAIL_SEAL_H
#define MAIL_SEAL_H

#include "base/buf.h"

enum { SEAL_KEY = 32 /* bytes */ };

/* Append it.  what: the purpose, a literal, so that a text for one is none for another. */
void seal_put(struct buf *b, struct str key, const char *what, struct str body);
/* Append the body that the text was made of.  False, and *body as it was: it is no such text. */
bool seal_open(struct str text, struct str key, const char *what, struct buf *body);

#endif
