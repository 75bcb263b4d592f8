/* sts/https.h - one exchange with a web server of strangers.
 *
 * The certificate must be good for the host's name, no redirect is followed, an answer is 64 KiB at most.  The name is
 * looked up by telltale-dns; its addresses are tried one after another.
 */
#ifndef STS_HTTPS_H
#define STS_HTTPS_H

#include "sts/fetch.h"

struct https_ask {
	struct str host, path; /* "/..." */
	/* POST: */
	const char *type; /* of the body; NULL: GET, and then the answer is 200 with text/plain */
	struct str body;
};

enum sts_fetched https_run(const struct sts_fetch_set *set, const struct https_ask *ask, int64_t deadline,
			   struct buf *out, struct err *e);

#endif
