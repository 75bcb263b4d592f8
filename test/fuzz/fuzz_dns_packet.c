/* Whatever a DNS server sends, reading it ends, stays inside it, and what comes out can be sent on and read again. */
#include "dns/packet.h"
#include "dns/told.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int types[] = { DNS_A, DNS_CNAME, DNS_PTR, DNS_MX, DNS_TXT };
	struct packet p;
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(types) && size <= 65535; i++) {
		struct dns_question q = { .name = STR("a.example"), .type = types[i] };
		ARENA(a);

		if (packet_read(str_mem(data, size), types[i], &p, &e) == 0 && p.n > 0 && p.n <= DNS_RECORDS_MAX) {
			dns_told_read(&(struct dns_told){ .status = DNS_FOUND, .records = buf_str(&p.records) }, &q,
				      &a);
			MUST(q.status != DNS_FAILED && q.n <= p.n);
		}
		packet_clear(&p);
	}
	return 0;
}
