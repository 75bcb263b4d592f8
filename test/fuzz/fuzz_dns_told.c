/* Whatever telltale-dns sends, what is handed on is one of three answers, bounded, and every record fits its type. */
#include "dns/name.h"
#include "dns/told.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const struct dns_question *q, struct arena *a)
{
	for (size_t i = 0; i < q->n; i++) {
		struct str name;

		MUST(dns_rdata_ok(q->type, q->rdata[i]));
		if (q->type != DNS_PTR)
			continue;
		name = dns_name_of(q->rdata[i], a);
		MUST(name.n > 0 && name.n <= DNS_NAME_TEXT_MAX);
		MUST(str_eqz(name, ".") || dns_name_ok(name));
		for (size_t k = 0; k < name.n; k++)
			MUST(ascii_isprint(name.p[k]) && ascii_lower(name.p[k]) == name.p[k]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int types[] = { DNS_A, DNS_NS, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA, DNS_TLSA, 33, 65000 };
	struct dns_told told;
	ARENA(a);

	if (ipc_unpack(str_mem(data, size), &dns_told_type, &told, NULL) < 0)
		return 0;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct dns_question q = { .name = STR("a.example"), .type = types[i] };

		dns_told_read(&told, &q, &a);
		MUST(q.status <= DNS_FAILED && q.n <= DNS_RECORDS_MAX);
		MUST((q.status == DNS_FOUND) == (q.n > 0));
		MUST(q.status != DNS_FAILED || q.why.n > 0);
		check_names(&q, &a);
	}
	return 0;
}
