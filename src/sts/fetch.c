#include "sts/fetch.h"

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "sts/https.h"

int sts_fetch_begin(struct err *e)
{
	/* The machine's openssl.cnf has no say. */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return err_set(e, "libcurl cannot be used");
	return 0;
}

enum sts_fetched sts_fetch(const struct sts_fetch_set *set, struct str domain, int64_t deadline, struct buf *out,
			   struct err *e)
{
	ARENA(a);
	struct https_ask ask = { .host = arena_fmt(&a, "mta-sts.%.*s", STR_ARG(domain)),
				 .path = STR("/.well-known/mta-sts.txt") };

	return https_run(set, &ask, deadline, out, e);
}
