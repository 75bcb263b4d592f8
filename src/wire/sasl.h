/* wire/sasl.h - from the base64 lines of AUTH to a user and a password.
 *
 * RFC 4954 and 4616, and LOGIN as everybody speaks it.
 *
 * Pure text: it asks nobody and logs nothing.  One struct is one exchange; every copy of a password that is made here
 * is wiped by sasl_clear(), on every path.
 *
 *	sasl_begin(&x, sasl_mechanism(word));
 *	step = given ? sasl_initial(&x, line) : SASL_MORE;
 *	while (step == SASL_MORE)
 *		ask for x.wants, read a line, step = sasl_take(&x, line);
 */
#ifndef WIRE_SASL_H
#define WIRE_SASL_H

#include "base/buf.h"
#include "base/str.h"

#define SASL_USER_MAX 255
#define SASL_PASSWORD_MAX 4096

enum sasl_mechanism { SASL_PLAIN, SASL_LOGIN, SASL_UNKNOWN };
enum sasl_step {
	SASL_MORE,     /* ask for x.wants */
	SASL_DONE,     /* user and password are there */
	SASL_CANCELED, /* the client said "*" */
	SASL_MALFORMED /* no base64, or not what it should be */
};

struct sasl {
	enum sasl_mechanism mechanism;
	enum sasl_wants { SASL_WANTS_BOTH, SASL_WANTS_USER, SASL_WANTS_PASSWORD } wants;
	struct buf text[2];        /* what was decoded */
	struct str user, password; /* in it; the user is 1..SASL_USER_MAX bytes, the password 1..SASL_PASSWORD_MAX */
	bool other;                /* the user wants to act as somebody else, which nobody may */
};

enum sasl_mechanism sasl_mechanism(struct str word);
const char *sasl_name(enum sasl_mechanism m); /* "PLAIN" */

void sasl_begin(struct sasl *x, enum sasl_mechanism m);
/* What stands behind the mechanism in the AUTH command; "=" is an empty response. */
enum sasl_step sasl_initial(struct sasl *x, struct str line);
/* An answer to a challenge. */
enum sasl_step sasl_take(struct sasl *x, struct str line);
void sasl_clear(struct sasl *x);

#endif
