/* mail/xtext.h - values of ESMTP parameters that may hold any character (RFC 3461, 4).
 *
 *	xtext   = *( xchar / hexchar )
 *	xchar   = "!".."~" but not "+" and "="
 *	hexchar = "+" and two upper case hexadecimal digits
 */
#ifndef MAIL_XTEXT_H
#define MAIL_XTEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* What it stands for, in `a`; false: it is no xtext, or stands for something that is not printable ASCII or a space. */
bool xtext_read(struct str s, struct arena *a, struct str *out);
/* A text of any bytes as xtext. */
void xtext_put(struct buf *b, struct str text);

#endif
