#include "cli/dkim.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/proc.h"
#include "dns/dns.h"

enum { PIECE = 250, ANSWER_MS = 10000 };

void dkim_zone_line(const char *selector, struct str domain, struct str record, struct buf *out)
{
	buf_fmt(out, "%s._domainkey.%.*s. IN TXT", selector, STR_ARG(domain));
	for (; record.n > 0; record = str_skip(record, PIECE))
		buf_fmt(out, " \"%.*s\"", STR_ARG(str_take(record, PIECE)));
}

static bool is_record_of(struct str rdata, EVP_PKEY *key, struct arena *a)
{
	struct key k = { 0 };
	struct str text;
	bool same;

	if (!key_text(rdata, a, &text) || key_read(text, a, &k) != NULL)
		return false;
	same = k.pkey != NULL && EVP_PKEY_eq(k.pkey, key) == 1;
	key_clear(&k);
	return same;
}

bool dkim_visible(struct conf *c, const char *selector, struct str domain, EVP_PKEY *key, struct buf *why)
{
	struct ipc_client *dns = ipc_client_new(proc_socket(c, "dns.sock"));
	ARENA(a);
	struct dns_question q = { .type = DNS_TXT };

	q.name = arena_fmt(&a, "%s._domainkey.%.*s", selector, STR_ARG(domain));
	dns_ask_all(dns, &q, 1, &a, deadline_in(ANSWER_MS));
	ipc_client_free(dns);
	if (q.status == DNS_FAILED)
		buf_fmt(why, "DNS could not be asked (%.*s)", STR_ARG(q.why));
	else if (q.status == DNS_NONE)
		buf_adds(why, "it is not in DNS yet");
	else if (q.n != 1)
		buf_fmt(why, "there are %zu TXT records, and there must be one", q.n);
	else if (!is_record_of(q.rdata[0], key, &a))
		buf_adds(why, "the record in DNS is not this key's");
	else
		return true;
	return false;
}
