/* What telltale-dns answers is checked byte by byte, and a silent one keeps nobody beyond the deadline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "dns/told.h"
#include "protocol.h"

static void every_message(void **state)
{
	(void)state;
	protocol_round_trip(dns_messages);
}

static const struct {
	int type;
	uint64_t status;
	struct str records;
	enum dns_status expect;
	size_t n;
} answers[] = {
	{ DNS_A, DNS_FOUND, STR_INIT("\4\0\300\0\2\1"), DNS_FOUND, 1 },
	{ DNS_A, DNS_FOUND, STR_INIT("\4\0\300\0\2\1\5\0\300\0\2\1\1"), DNS_FOUND, 1 },
	{ DNS_A, DNS_FOUND, STR_INIT("\3\0\300\0\2"), DNS_NONE, 0 },
	{ DNS_A, DNS_FOUND, STR_INIT(""), DNS_NONE, 0 },
	{ DNS_A, DNS_FOUND, STR_INIT("\5\0\300\0\2\1"), DNS_FAILED, 0 },
	{ DNS_A, DNS_FOUND, STR_INIT("\4"), DNS_FAILED, 0 },
	{ DNS_A, DNS_NONE, STR_INIT("\4\0\300\0\2\1"), DNS_NONE, 0 },
	{ DNS_A, DNS_FAILED, STR_INIT("\4\0\300\0\2\1"), DNS_FAILED, 0 },
	{ DNS_A, 3, STR_INIT("\4\0\300\0\2\1"), DNS_FAILED, 0 },
	{ DNS_A, UINT64_MAX, STR_INIT(""), DNS_FAILED, 0 },
	{ DNS_AAAA, DNS_FOUND, STR_INIT("\4\0\300\0\2\1"), DNS_NONE, 0 },
	{ DNS_PTR, DNS_FOUND, STR_INIT("\6\0\4mail\0\6\0\4ma;l\0\7\0\4mail\0x\4\0\5mai"), DNS_FOUND, 1 },
	{ DNS_PTR, DNS_FOUND, STR_INIT("\2\0\300\014"), DNS_NONE, 0 },
	{ DNS_PTR, DNS_FOUND, STR_INIT("\0\0"), DNS_NONE, 0 },
	{ DNS_MX, DNS_FOUND, STR_INIT("\3\0\0\0\0\2\0\0\012"), DNS_FOUND, 1 },
	{ DNS_TXT, DNS_FOUND, STR_INIT("\3\0\2ab\3\0\3ab\1\0\0\0\0"), DNS_FOUND, 2 },
	{ DNS_TLSA, DNS_FOUND, STR_INIT("\3\0\3\1\1\4\0\3\1\1x"), DNS_FOUND, 1 },
};

static void every_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct dns_told told = { .status = answers[i].status, .secure = 1, .records = answers[i].records };
		struct dns_question q = { .type = answers[i].type };
		ARENA(a);

		dns_told_read(&told, &q, &a);
		if (q.status != answers[i].expect || q.n != answers[i].n)
			fail_msg("row %zu: status %d, %zu records", i, (int)q.status, q.n);
		assert_true(q.status != DNS_FAILED || q.why.n > 0);
		assert_true(q.status != DNS_FAILED || !q.secure);
	}
}

static void no_such_name_is_more_than_no_such_type(void **state)
{
	struct dns_told told = { .status = DNS_NONE, .nowhere = 1 };
	struct dns_question q = { .type = DNS_A };
	ARENA(a);

	(void)state;
	dns_told_read(&told, &q, &a);
	assert_true(q.status == DNS_NONE && q.nowhere);
	told.nowhere = 0;
	dns_told_read(&told, &q, &a);
	assert_true(q.status == DNS_NONE && !q.nowhere);
	told = (struct dns_told){ .status = DNS_FOUND, .nowhere = 1, .records = STR("\3\0abc") };
	dns_told_read(&told, &q, &a);
	assert_true(q.status == DNS_NONE && !q.nowhere); /* a record that is unusable is there */
}

/* A socket that accepts and says nothing. */
static struct ipc_client *ask_silence(char *path, int *listening)
{
	struct err e = { 0 };

	assert_non_null(mkdtemp(path));
	strcat(path, "/dns.sock");
	*listening = ipc_listen(path, 0600, &e);
	assert_true(*listening >= 0);
	return ipc_client_new(path);
}

static void silence_ends_at_the_deadline(void **state)
{
	char path[64] = "/tmp/test-dns-XXXXXX";
	struct dns_question q[] = {
		{ .name = STR_INIT("a.example"), .type = DNS_A },
		{ .name = STR_INIT("not..a.name"), .type = DNS_A },
		{ .name = STR_INIT("b.example"), .type = DNS_MX },
	};
	int listening;
	struct ipc_client *c = ask_silence(path, &listening);
	struct str name, why;
	int64_t begin = clock_mono();
	ARENA(a);

	(void)state;
	dns_ask_all(c, q, COUNT(q), &a, begin + 300);
	assert_int_equal(dns_reverse(c, STR("127.0.0.7"), &a, begin + 400, &name, &why), DNS_FAILED);
	assert_in_range(clock_mono() - begin, 400, 900);
	assert_int_equal(q[0].status, DNS_FAILED);
	assert_int_equal(q[1].status, DNS_NONE);
	assert_int_equal(q[2].status, DNS_FAILED);
	assert_true(str_eqz(q[0].why, "no answer in time") && str_eqz(why, "no answer in time") && name.n == 0);
	ipc_client_free(c);
	close(listening);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

static void nobody_there_is_a_failure_not_an_answer(void **state)
{
	struct ipc_client *c = ipc_client_new("/nonexistent/dns.sock");
	struct dns_question q = { .name = STR_INIT("a.example"), .type = DNS_A };
	ARENA(a);

	(void)state;
	dns_ask_all(c, &q, 1, &a, deadline_in(1000));
	assert_int_equal(q.status, DNS_FAILED);
	dns_ask_all(c, NULL, 0, &a, deadline_in(1000));
	ipc_client_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message),
		cmocka_unit_test(every_answer),
		cmocka_unit_test(no_such_name_is_more_than_no_such_type),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(nobody_there_is_a_failure_not_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
