/* What stands beside DKIM in a domain's DNS: SPF and DMARC, as the running server sees them. */
#include <stdio.h>

#include "base/clock.h"
#include "base/proc.h"
#include "cli/dkim.h"
#include "dns/dns.h"

enum { ANSWER_MS = 5000, NEEDS = 2 };

static const struct need {
	const char *what, *above, *begins, *example;
} needs[NEEDS] = {
	{ "SPF, which says who may send for the domain (forwards need it too)", "", "v=spf1", "v=spf1 mx -all" },
	{ "DMARC, which says what others do with forgeries", "_dmarc.", "v=DMARC1", "v=DMARC1; p=none" },
};

static bool is_there(const struct dns_question *q, const char *begins, struct arena *a)
{
	struct str text;

	for (size_t i = 0; i < q->n; i++)
		if (key_text(q->rdata[i], a, &text) && str_istarts(text, str_of(begins)))
			return true;
	return false;
}

void dkim_say_needs(struct conf *c, struct str domain)
{
	struct ipc_client *dns = ipc_client_new(proc_socket(c, "dns.sock"));
	struct dns_question q[NEEDS] = { { .type = DNS_TXT }, { .type = DNS_TXT } };
	ARENA(a);

	for (size_t i = 0; i < NEEDS; i++)
		q[i].name = arena_fmt(&a, "%s%.*s", needs[i].above, STR_ARG(domain));
	dns_ask_all(dns, q, NEEDS, &a, deadline_in(ANSWER_MS));
	ipc_client_free(dns);
	for (size_t i = 0; i < NEEDS; i++)
		if (q[i].status == DNS_FAILED)
			fprintf(stderr, "telltale: needed beside it: %s; DNS could not be asked\n", needs[i].what);
		else if (!is_there(&q[i], needs[i].begins, &a))
			fprintf(stderr, "telltale: not in DNS yet: %s; for example:\n%.*s. IN TXT \"%s\"\n",
				needs[i].what, STR_ARG(q[i].name), needs[i].example);
}
