#include "sts/https.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/ipc.h"
#include "handoff/transfer.h"

enum { ADDRESSES_MOST = 4, CONNECT_MS = 10 * 1000, URL_MAX = 2048 };

/* One visit to one address. */
struct visit {
	const struct sts_fetch_set *set;
	const struct https_ask *ask;
	const char *host;
	struct curl_slist *fields_out;
	struct transfer_answer answer;
};

static void prepare(CURL *easy, struct visit *v, const char *url, struct curl_slist *at)
{
	struct curl_blob pem = { (void *)(uintptr_t)v->set->authorities.p, v->set->authorities.n, CURL_BLOB_COPY };

	transfer_prepare(easy, &v->answer);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_RESOLVE, at);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &pem);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "telltale-policy");
}

static void prepare_post(CURL *easy, struct visit *v)
{
	char type[128];

	if (v->ask->type == NULL)
		return;
	snprintf(type, sizeof(type), "Content-Type: %s", v->ask->type);
	v->fields_out = curl_slist_append(curl_slist_append(NULL, "Expect:"), type);
	MUST(v->fields_out != NULL); /* no memory */
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, v->fields_out);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, v->ask->body.p);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)v->ask->body.n);
}

/* "text/plain; charset=utf-8" */
static bool is_plain(const char *type)
{
	struct str media, rest;

	str_cut(str_of(type), STR(";"), &media, &rest);
	return str_ieq(str_trim(media), STR("text/plain"));
}

static enum sts_fetched judge(CURL *easy, const struct visit *v, CURLcode rc, struct err *e)
{
	const char *type = NULL;
	long status = 0;

	if (v->answer.too_long) {
		err_set(e, "%s answers with more than 64 KiB", v->host);
		return STS_NOT_FETCHED;
	}
	if (rc != CURLE_OK) {
		err_set(e, "%s: %s", v->host, transfer_why(&v->answer, rc));
		return rc == CURLE_PEER_FAILED_VERIFICATION ? STS_BAD_CERTIFICATE : STS_NOT_FETCHED;
	}
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	if (v->ask->type != NULL && status >= 200 && status < 300)
		return STS_FETCHED;
	if (v->ask->type == NULL && status == 200 && is_plain(type))
		return STS_FETCHED;
	if (status == 200)
		err_set(e, "%s does not answer with text/plain", v->host);
	else
		err_set(e, "%s answers with the HTTP status %ld", v->host, status);
	return STS_NOT_FETCHED;
}

static enum sts_fetched visit(struct visit *v, struct str ip, int64_t deadline, struct err *e)
{
	bool v6 = str_chr(ip, ':') >= 0;
	char url[URL_MAX], at[2 * STS_DOMAIN_MAX];
	struct curl_slist *list;
	enum sts_fetched how;
	CURL *easy;

	snprintf(url, sizeof(url), "https://%s:%u%.*s", v->host, (unsigned)v->set->port, STR_ARG(v->ask->path));
	snprintf(at, sizeof(at), "%s:%u:%s%.*s%s", v->host, (unsigned)v->set->port, v6 ? "[" : "", STR_ARG(ip),
		 v6 ? "]" : "");
	easy = curl_easy_init();
	list = curl_slist_append(NULL, at);
	MUST(easy != NULL && list != NULL); /* no memory */
	buf_reset(v->answer.body);
	prepare(easy, v, url, list);
	prepare_post(easy, v);
	how = judge(easy, v, transfer_run(easy, deadline), e);
	curl_easy_cleanup(easy);
	curl_slist_free_all(list);
	curl_slist_free_all(v->fields_out);
	return how;
}

static size_t find_addresses(const struct sts_fetch_set *set, struct str host, int64_t deadline, struct arena *a,
			     struct str out[ADDRESSES_MOST])
{
	struct dns_question q[2] = { { .name = host, .type = DNS_AAAA }, { .name = host, .type = DNS_A } };
	size_t n = 0;

	dns_ask_all(set->dns, q, 2, a, deadline);
	for (size_t i = 0; n < ADDRESSES_MOST && (i < q[0].n || i < q[1].n); i++)
		for (size_t k = 0; k < 2 && n < ADDRESSES_MOST; k++)
			if (i < q[k].n)
				out[n++] = dns_address(&q[k], i, a);
	return n;
}

enum sts_fetched https_run(const struct sts_fetch_set *set, const struct https_ask *ask, int64_t deadline,
			   struct buf *out, struct err *e)
{
	ARENA(a);
	struct str ip[ADDRESSES_MOST];
	size_t n = find_addresses(set, ask->host, deadline, &a, ip);
	enum sts_fetched how = STS_NOT_FETCHED;

	err_set(e, "%.*s has no address", STR_ARG(ask->host));
	for (size_t i = 0; i < n && how != STS_FETCHED && clock_mono() < deadline; i++) {
		struct visit v = { .set = set,
				   .ask = ask,
				   .host = arena_z(&a, ask->host),
				   .answer = { .body = out, .most = STS_TEXT_MAX } };

		how = visit(&v, ip[i], deadline, e);
	}
	return how;
}
