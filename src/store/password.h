/* store/password.h - what is kept of a password. */
#ifndef STORE_PASSWORD_H
#define STORE_PASSWORD_H

#include "base/buf.h"
#include "base/err.h"

enum { PASSWORD_MAX = 511 };

/* The first line of input, without its end, as a fresh yescrypt hash ("$y$...") appended to out.
 * -1 with a sentence for people when it is empty, too long, or more than one line. */
int password_hash(struct str input, struct buf *out, struct err *e);

#endif
