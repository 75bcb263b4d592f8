/* deliver/remote_dane.h - what DNS says of a mail server's certificate (RFC 7672).
 *
 * Asked only where it can be believed: the MX records, or the smart host's name, are validated, and so are the host's
 * addresses.  An alias is followed as 2.2.2 has it: the records of the name at its end count, else those of the host's
 * own name; where only the first step is validated, its own name's alone.  Records that mail does not use (usages 0
 * and 1, unknown digests) still say that there is TLS.  That the question failed says nothing, so the host is not to be
 * used: who can forge answers could make it fail.
 */
#ifndef DELIVER_REMOTE_DANE_H
#define DELIVER_REMOTE_DANE_H

#include "deliver/remote_route.h"
#include "dns/dns.h"
#include "wire/tls.h"

enum { DANE_PINS_MOST = 32 };

enum dane_result {
	DANE_NONE,     /* it says nothing, or nothing that can be believed */
	DANE_USABLE,   /* the server's certificate fits one of the pins, or it is not the server */
	DANE_UNUSABLE, /* there is TLS, and no way to know whose */
	DANE_FAILED,   /* nobody knows */
};

struct dane {
	enum dane_result result;
	struct str base; /* the name that has the records: SNI, and what a certificate under a CA's pin bears */
	struct tls_pin *pins;
	size_t npins;
	struct str why; /* of DANE_FAILED */
};

void dane_ask(struct ipc_client *dns, const struct route_stop *stop, struct arena *a, int64_t deadline,
	      struct dane *out);

/* One answer to a question for TLSA records, judged. */
void dane_judge(const struct dns_question *q, struct arena *a, struct dane *out);

#endif
