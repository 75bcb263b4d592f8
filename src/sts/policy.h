/* sts/policy.h - what a domain publishes about the servers that take its mail (MTA-STS, RFC 8461).
 *
 * The TXT record at _mta-sts.DOMAIN says that there is a policy, and by its id when it has changed; the policy itself
 * is a text fetched by HTTPS.  Both come from outside: everything in them is checked and limited, names are lower case
 * and fit to stand in a log or a file name.
 */
#ifndef STS_POLICY_H
#define STS_POLICY_H

#include "base/arena.h"
#include "dns/dns.h"

enum {
	STS_TEXT_MAX = 64 * 1024, /* RFC 8461, 3.3 */
	STS_MX_MOST = 256,        /* patterns of one policy */
	STS_ID_MAX = 32,          /* 3.1 */
	STS_AGE_MAX = 31557600,   /* seconds; 3.2 */
	STS_DOMAIN_MAX = 240,     /* "mta-sts." before it, and the end of a temporary file's name behind */
};

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };

struct sts_policy {
	enum sts_mode mode;
	int64_t max_age;      /* seconds */
	const struct str *mx; /* "mx.example.net", "*.example.net" */
	size_t nmx;
};

/* NULL, or what is wrong with it: then there is no policy (3.2). */
const char *sts_policy_read(struct str text, struct arena *a, struct sts_policy *out);
/* Does one of its patterns name the host?  `*` stands for one whole label, the first (4.1). */
bool sts_names(const struct str *mx, size_t n, struct str host);
const char *sts_mode_word(enum sts_mode mode);

/* The id in the answer to TXT _mta-sts.DOMAIN; empty: it publishes no policy (none, several, or malformed; 3.1). */
struct str sts_record_id(const struct dns_question *q, struct arena *a);
bool sts_id_ok(struct str id);

/* Can a domain have a policy?  Lower case, of letters, digits, '-', '_' and '.', as names of hosts are. */
bool sts_domain_ok(struct str domain);

#endif
