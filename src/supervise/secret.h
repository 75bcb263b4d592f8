/* supervise/secret.h - data-dir/why.key: what references to refusals are signed with (mail/reference.h).
 *
 * Made at the first start, 0600, and kept for good: without it links that were sent out lead nowhere.  Programs get
 * its bytes, never the file.
 */
#ifndef SUPERVISE_SECRET_H
#define SUPERVISE_SECRET_H

#include "base/conf.h"
#include "base/err.h"

enum { SECRET_SIZE = 32 };

/* A sealed memfd with its bytes, or -1: it can be neither read nor made, or has another size. */
int secret_open(const struct conf *c, struct err *e);

#endif
