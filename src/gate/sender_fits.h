/* gate/sender_fits.h - may this sender be allowed by a recipient's owner (telltale allow)? */
#ifndef GATE_SENDER_FITS_H
#define GATE_SENDER_FITS_H

#include "base/arena.h"
#include "base/err.h"

/* sender: user@domain or @domain, in lower case.  -1: it is neither, or all of a registry (@com, @co.uk): *e says so.
 * Else 0, and *asks is why one should think twice, in words that go on behind a semicolon, or NULL. */
int sender_fits(struct str sender, const char **asks, struct err *e);

#endif
