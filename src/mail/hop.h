/* mail/hop.h - one Received field (RFC 5321 4.4) in its pieces: who gave the message to whom, how and when.
 *
 * Servers write it as they like, so all is best effort: a piece that is not
 * found is "".  What stands behind "from" is what the client said of itself,
 * name and ip (in the comment) what the server saw.
 */
#ifndef MAIL_HOP_H
#define MAIL_HOP_H

#include "base/arena.h"
#include "base/str.h"

struct hop {
	struct str from, name, ip; /* HELO name, reverse name, address of the client */
	struct str by, with, id, to;
	struct str tls; /* the words of the comment about encryption, "" */
	struct str qp;  /* "(qmail 15309 invoked from network)": 15309 */
	bool encrypted; /* by the protocol's name (ESMTPS) or such a comment */
	bool login;     /* the client had logged in (ESMTPA, ESMTPSA) */
	bool dated;
	int64_t seconds;
	int offset;
};

/* value is the field's, folded or not. */
void hop_parse(struct arena *a, struct str value, struct hop *out);

#endif
