/* handoff/transfer.h - one transfer by libcurl, in a fiber, under a deadline.
 *
 * The handle is prepared by its owner, and must lead to one place only (a Unix socket, or one address by
 * CURLOPT_RESOLVE): one descriptor is waited for at a time, and no name is looked up.
 */
#ifndef HANDOFF_TRANSFER_H
#define HANDOFF_TRANSFER_H

#include <curl/curl.h>
#include <stdint.h>

/* How it ended; CURLE_OPERATION_TIMEDOUT: it has not, until the deadline. */
CURLcode transfer_run(CURL *easy, int64_t deadline);

#endif
