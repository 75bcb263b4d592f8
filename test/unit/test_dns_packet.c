/* DNS answers in wire form: compression, aliases, and everything that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dns/dns.h"
#include "dns/packet.h"

#define HEAD(rcode, answers) "\0\0\201" rcode "\0\1\0" answers "\0\0\0\0"
#define QUESTION "\1a\7Example\0\0\14\0\1" /* the name is at 12, `example` at 14 */
#define RR(owner, type, length, data) owner "\0" type "\0\1\0\0\0\74\0" length data
#define SELF "\300\014"

static const struct {
	struct str bytes;
	int rc;
	unsigned rcode;
	const char *canonical;
	struct str records;
} packets[] = {
	{ STR_INIT(HEAD("\200", "\0") QUESTION), 0, 0, "a.example", STR_INIT("") },
	{ STR_INIT(HEAD("\203", "\0") QUESTION), 0, 3, "a.example", STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION RR(SELF, "\14", "\4", "\1B\300\016")), 0, 0, "a.example",
	  STR_INIT("\13\0\1b\7example\0") },
	{ STR_INIT(HEAD("\200", "\2") QUESTION RR(SELF, "\5", "\4", "\1b\300\016")
		       RR("\1b\300\016", "\14", "\3", "\1c\0")),
	  0, 0, "b.example", STR_INIT("\3\0\1c\0") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION RR(SELF, "\5", "\4", "\1b\300\016")), 0, 0, "b.example", STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION RR("\1x\0", "\14", "\3", "\1c\0")), 0, 0, "a.example", STR_INIT("") },
	/* lies */
	{ STR_INIT(""), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT("\0\0\201\200\0\1\0\0"), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT("\0\0\201\200\0\2\0\0\0\0\0\0" QUESTION QUESTION), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION RR(SELF, "\14", "\5", "\1b\300\016")), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION RR(SELF, "\14", "\3", "\1b\300\016")), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION RR(SELF, "\14", "\2", "\300\377")), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION RR(SELF, "\14", "\2", "\300\047")), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION RR(SELF, "\14", "\2", "\200\1")), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION RR(SELF, "\14", "\0", "")), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\1") QUESTION RR(SELF, "\5", "\2", SELF)), -1, 0, NULL, STR_INIT("") },
	{ STR_INIT(HEAD("\200", "\0") "\300\014\0\14\0\1"), -1, 0, NULL, STR_INIT("") },
};

static void every_packet(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(packets); i++) {
		struct packet p;
		int rc = packet_read(packets[i].bytes, DNS_PTR, &p, NULL);

		if (rc != packets[i].rc)
			fail_msg("row %zu: %d", i, rc);
		if (rc == 0) {
			assert_int_equal(p.rcode, packets[i].rcode);
			assert_string_equal(buf_z(&p.canonical), packets[i].canonical);
			assert_true(str_eq(buf_str(&p.records), packets[i].records));
		}
		packet_clear(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_packet) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
