/* dns/dns.h - client of telltale-dns: many questions, one deadline.
 *
 * "No such name" and "could not be asked" are different answers and never
 * confused: DNS_NONE is a fact about the world, DNS_FAILED about us.
 * Names come back lower case, limited to printable letters, digits, '-', '_', '.'
 * (anything else in a name makes that record unusable and it is left out).
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ipc.h"
#include "base/str.h"

#define IPC_PROTO "dns/proto.def"
#include "base/ipc_declare.h"
extern const struct ipc_type *const dns_messages[];

enum dns_status {
	DNS_FOUND, /* at least one record */
	DNS_NONE,  /* the name or the type does not exist */
	DNS_FAILED /* no answer in time, SERVFAIL, bogus, telltale-dns away */
};

enum { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28, DNS_TLSA = 52 };

struct dns_question {
	struct str name;
	int type;
	/* the answer: */
	enum dns_status status;
	bool secure;
	bool nowhere;      /* of DNS_NONE: the name itself does not exist, not just that type */
	struct str *rdata; /* n records in wire form */
	size_t n;
	struct str canonical; /* of DNS_FOUND: the name that has the records, at the end of its aliases; may be empty */
	struct str why;
};

/* Ask all of them in parallel, wait until all are answered or the deadline has
 * passed; the unanswered ones are DNS_FAILED.  Memory from `a`. */
void dns_ask_all(struct ipc_client *c, struct dns_question *q, size_t n, struct arena *a, int64_t deadline);

/* "7.0.0.127.in-addr.arpa" or the ip6.arpa name; empty when ip is not an address. */
struct str dns_reverse_name(struct str ip, struct arena *a);
/* The reverse name of an address: DNS_FOUND and *name, DNS_NONE or DNS_FAILED (with *why). */
enum dns_status dns_reverse(struct ipc_client *c, struct str ip, struct arena *a, int64_t deadline, struct str *name,
			    struct str *why);
/* The i-th address of an answer to DNS_A or DNS_AAAA as text; empty: there is none, or it is malformed. */
struct str dns_address(const struct dns_question *q, size_t i, struct arena *a);
/* The domain name in wire form at the start of rdata (no compression) in presentation
 * form, lower case ("." for the root); empty when malformed. */
struct str dns_name_of(struct str rdata, struct arena *a);

#endif
