/* web/cookie.h - the one cookie of the page (RFC 6265).
 *
 * Over HTTPS it is "__Host-telltale", which no neighbour of ours on the same
 * host name can set; else, on loopback, "telltale".  It is for this host and path
 * only, no script reads it, and no other site's request carries it (a link from
 * elsewhere opens the page, which then asks with it).
 */
#ifndef WEB_COOKIE_H
#define WEB_COOKIE_H

#include "base/buf.h"

#define COOKIE_SECURE "__Host-telltale"
#define COOKIE_PLAIN "telltale"

/* The next value of our cookie in *rest of a Cookie header; false: no more.  A value is not empty. */
bool cookie_next(struct str *rest, bool secure, struct str *value);

/* The value of Set-Cookie.  prefix: path of the page, beginning and ending in '/'; value empty: forget it. */
void cookie_put(struct buf *out, struct str value, bool secure, struct str prefix);

#endif
