/* sts/fetch.h - fetch a policy: https://mta-sts.DOMAIN/.well-known/mta-sts.txt (RFC 8461, 3.3).
 *
 * The certificate must be good for mta-sts.DOMAIN, no redirect is followed, the answer is 200 with text/plain and at
 * most 64 KiB.  The name is looked up by telltale-dns; its addresses are tried one after another.
 */
#ifndef STS_FETCH_H
#define STS_FETCH_H

#include "base/buf.h"
#include "base/err.h"
#include "sts/policy.h"

struct sts_fetch_set {
	struct ipc_client *dns;
	uint16_t port;          /* 443 */
	struct str authorities; /* PEM */
};

enum sts_fetched { STS_FETCHED, STS_NOT_FETCHED, STS_BAD_CERTIFICATE };

/* To be called before threads and sandbox: libcurl and OpenSSL read files then. */
int sts_fetch_begin(struct err *e);
/* The text, into out; else why not, in a few words. */
enum sts_fetched sts_fetch(const struct sts_fetch_set *set, struct str domain, int64_t deadline, struct buf *out,
			   struct err *e);

#endif
