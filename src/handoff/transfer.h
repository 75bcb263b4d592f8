/* handoff/transfer.h - one transfer by libcurl, in a fiber, under a deadline.
 *
 * The handle is prepared by its owner, and must lead to one place only (a Unix socket, or one address by
 * CURLOPT_RESOLVE): one descriptor is waited for at a time, and no name is looked up.
 */
#ifndef HANDOFF_TRANSFER_H
#define HANDOFF_TRANSFER_H

#include <curl/curl.h>
#include <stdint.h>

#include "base/buf.h"

/* What comes back. */
struct transfer_answer {
	struct buf *body;
	size_t most;   /* bytes of it */
	size_t fields; /* bytes in front of it: nothing in them is for us, and there is an end to them */
	bool too_long; /* of either */
	char why[CURL_ERROR_SIZE];
};

/* Of every handle: by HTTP/1.1, without a proxy, and what comes goes to *x, which lives as long as the handle. */
void transfer_prepare(CURL *easy, struct transfer_answer *x);
/* Why it came to nothing, in libcurl's words. */
const char *transfer_why(const struct transfer_answer *x, CURLcode rc);

/* How it ended; CURLE_OPERATION_TIMEDOUT: it has not, until the deadline. */
CURLcode transfer_run(CURL *easy, int64_t deadline);

#endif
