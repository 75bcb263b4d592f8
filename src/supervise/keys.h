/* supervise/keys.h - certificate and key, read here and handed on as bytes.
 *
 * No program but telltaled opens these files.  A pair that does not fit is
 * never handed on: keys_read() says why, and whoever has a pair keeps it.
 */
#ifndef SUPERVISE_KEYS_H
#define SUPERVISE_KEYS_H

#include <sys/stat.h>
#include "base/conf.h"
#include "base/err.h"
#include "supervise/house.h"

/* The listeners share one pair, tls { }; the page has its own, web { }. */
enum keys_whose { KEYS_OF_LISTENERS, KEYS_OF_PAGE };

struct keys {
	enum keys_whose whose;
	int certificate, key; /* sealed memfds; -1 when there is no TLS */
	struct stat seen[2];  /* both files as they were when they were read */
	bool made;            /* there was none, and a self-signed pair was made */
};

#define KEYS_NONE \
	{ \
		.certificate = -1, .key = -1 \
	}

/* Read both files, if a listener of c has TLS, or the page of c a certificate; where both of the listeners' are missing
 * below data-dir, make a pair first. */
int keys_read(struct keys *k, enum keys_whose whose, struct conf *c, const struct house *h, struct err *e);
/* Is one of the files another one now than the one that was read? */
bool keys_changed(const struct keys *k, const struct conf *c);
/* Take both files, as they are now, for seen. */
void keys_look(struct keys *k, const struct conf *c);
void keys_clear(struct keys *k);

#endif
