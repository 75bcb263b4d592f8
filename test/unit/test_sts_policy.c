/* MTA-STS (RFC 8461): the record, the policy's text, whom it names, and what telltale-policy says of it. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/buf.h"
#include "base/io.h"
#include "deliver/remote_policy.h"
#include "sts/sts.h"

#define V "version: STSv1\r\n"
#define OF "mode: enforce\r\nmax_age: 604800\r\n"

static void texts(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: it is a policy */
		enum sts_mode mode;
		int64_t max_age;
		const char *mx; /* with commas */
	} t[] = {
		{ V "mode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n", NULL,
		  STS_ENFORCE, 604800, "mail.example.com,*.example.net" },
		{ "version: STSv1\nmode: testing\nmx: A.Example.COM.\nmax_age: 1", NULL, STS_TESTING, 1,
		  "a.example.com" },
		{ V "mode: none\nmax_age: 86400", NULL, STS_NONE, 86400, "" },
		{ "max_age:1 \nmx:\ta.example \nmode:enforce\nversion:STSv1\n\n", NULL, STS_ENFORCE, 1, "a.example" },
		{ V OF "mx: a.example\nfuture_field: with: anything\n", NULL, STS_ENFORCE, 604800, "a.example" },
		/* Of what may stand there once the first counts (3.2). */
		{ V OF "mx: a.example\nmode: none\nmax_age: 5\nversion: STSv2", NULL, STS_ENFORCE, 604800,
		  "a.example" },
		{ V "mode: none\nmax_age: 9999999999", NULL, STS_NONE, STS_AGE_MAX, "" },
		{ V "mode: none\nmax_age: 99999999999", "max_age is no number of at most ten digits", 0, 0, "" },
		{ V "mode: none\nmax_age: -1", "max_age is no number of at most ten digits", 0, 0, "" },
		{ V "mode: enforced\nmax_age: 1\nmx: a.example", "an unknown mode", 0, 0, "" },
		{ "version: STSv2\nmode: none\nmax_age: 1", "another version than STSv1", 0, 0, "" },
		{ "mode: none\nmax_age: 1", "it has no version", 0, 0, "" },
		{ V "max_age: 1", "it has no mode", 0, 0, "" },
		{ V "mode: none", "it has no max_age", 0, 0, "" },
		{ V OF, "it has no mx", 0, 0, "" },
		{ V OF "mx: *", "an mx is no name of a host", 0, 0, "" },
		{ V OF "mx: a.*.example", "an mx is no name of a host", 0, 0, "" },
		{ V OF "mx: *.*.example", "an mx is no name of a host", 0, 0, "" },
		{ V OF "mx: .example", "an mx is no name of a host", 0, 0, "" },
		{ V OF "mx: ../../etc", "an mx is no name of a host", 0, 0, "" },
		{ V OF "mx: a b", "an mx is no name of a host", 0, 0, "" },
		{ V OF "mx:", "an mx is no name of a host", 0, 0, "" },
		{ V OF "mx", "a name is followed by no colon", 0, 0, "" },
		{ V OF ": x", "a line has no name", 0, 0, "" },
		{ "<html>", "a line has no name", 0, 0, "" },
		{ "", "it has no version", 0, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct sts_policy p;
		BUF(mx);
		ARENA(a);
		const char *why = sts_policy_read(str_of(t[i].text), &a, &p);

		for (size_t k = 0; k < p.nmx; k++)
			buf_fmt(&mx, "%s%.*s", k > 0 ? "," : "", STR_ARG(p.mx[k]));
		if ((why == NULL) != (t[i].why == NULL) || (why != NULL && strcmp(why, t[i].why) != 0))
			fail_msg("row %zu: %s", i, why != NULL ? why : "taken");
		if (why == NULL &&
		    (p.mode != t[i].mode || p.max_age != t[i].max_age || strcmp(buf_z(&mx), t[i].mx) != 0))
			fail_msg("row %zu: %d %lld %s", i, (int)p.mode, (long long)p.max_age, buf_z(&mx));
	}
}

static void there_is_an_end_to_it(void **state)
{
	struct sts_policy p;
	BUF(text);
	ARENA(a);

	(void)state;
	buf_adds(&text, V OF);
	for (int i = 0; i < STS_MX_MOST; i++)
		buf_fmt(&text, "mx: m%d.example\n", i);
	assert_null(sts_policy_read(buf_str(&text), &a, &p));
	assert_int_equal(p.nmx, STS_MX_MOST);
	buf_adds(&text, "mx: one.more.example\n");
	assert_string_equal(sts_policy_read(buf_str(&text), &a, &p), "too many mx");
	buf_reset(&text);
	buf_adds(&text, V OF "mx: a.example\n");
	while (text.n <= STS_TEXT_MAX)
		buf_adds(&text, "x: y\n");
	assert_string_equal(sts_policy_read(buf_str(&text), &a, &p), "it is longer than 64 KiB");
}

static void names(void **state)
{
	static const struct {
		const char *pattern, *host;
		bool named;
	} t[] = {
		{ "mx.example.com", "mx.example.com", true },
		{ "mx.example.com", "MX.Example.Com.", true },
		{ "mx.example.com", "a.mx.example.com", false },
		{ "*.example.com", "mx.example.com", true },
		{ "*.example.com", "a.b.example.com", false },
		{ "*.example.com", "example.com", false },
		{ "*.example.com", ".example.com", false },
		{ "*.example.com", "mxexample.com", false },
		{ "*.example.com", "mx.example.com.evil.test", false },
		{ "mx.example.com", "", false },
		{ "*.com", "example.com", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str mx[] = { STR("other.example"), str_of(t[i].pattern) };

		if (sts_names(mx, 2, str_of(t[i].host)) != t[i].named)
			fail_msg("%s %s", t[i].pattern, t[i].host);
	}
	assert_false(sts_names(NULL, 0, STR("mx.example.com")));
}

static struct str txt(const char *text, char out[256])
{
	out[0] = (char)strlen(text);
	memcpy(out + 1, text, strlen(text));
	return str_mem(out, strlen(text) + 1);
}

static void records(void **state)
{
	static const struct {
		const char *one, *two; /* TXT records */
		const char *id;
	} t[] = {
		{ "v=STSv1; id=20160831085700Z;", NULL, "20160831085700Z" },
		{ "v=STSv1;id=1", NULL, "1" },
		{ "v=STSv1 ; x=y; id=A1 ; z=", NULL, "A1" },
		{ "v=STSv1; id=1;", "v=spf1 -all", "1" },
		{ "v=STSv1; id=1;", "v=STSv1; id=2;", "" },
		{ "v=STSv2; id=1;", NULL, "" },
		{ " id=1; v=STSv1;", NULL, "" },
		{ "v=STSv1; id=;", NULL, "" },
		{ "v=STSv1; id=a-b;", NULL, "" },
		{ "v=STSv1; id=123456789012345678901234567890123;", NULL, "" },
		{ "v=STSv1", NULL, "" },
		{ "", NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		char one[256], two[256];
		struct str rdata[] = { txt(t[i].one, one), txt(t[i].two != NULL ? t[i].two : "", two) };
		struct dns_question q = { .status = DNS_FOUND, .rdata = rdata, .n = t[i].two != NULL ? 2 : 1 };
		ARENA(a);

		if (!str_eqz(sts_record_id(&q, &a), t[i].id))
			fail_msg("%s", t[i].one);
	}
}

static void what_telltale_policy_says(void **state)
{
	static const struct {
		uint64_t mode;
		const char *mx, *id;
		int rc;
		size_t n;
	} t[] = {
		{ STS_ENFORCE, "mx.example.com\n*.example.net", "1", 0, 2 },
		{ STS_NONE, "", "", 0, 0 },
		{ STS_ENFORCE + 1, "", "", -1, 0 },
		{ STS_ENFORCE, "mx.example.com\n", "1", 0, 1 },
		{ STS_ENFORCE, "mx.example.com\n\n", "1", -1, 0 },
		{ STS_ENFORCE, "mx example", "1", -1, 0 },
		{ STS_ENFORCE, "mx.example", "a/b", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct sts_told told = { .mode = t[i].mode, .mx = str_of(t[i].mx), .id = str_of(t[i].id) };
		struct sts_answer out;
		ARENA(a);

		if (sts_told_read(&told, &a, &out) != t[i].rc || out.nmx != t[i].n)
			fail_msg("row %zu", i);
		assert_true(t[i].rc == 0 || out.mode == STS_NONE);
	}
}

/* telltale-policy that ends as it is asked, and answers when it is back. */
static void *ends_once(void *arg)
{
	int64_t deadline = deadline_in(20000);
	struct ipc_frame f = { .fd = -1 };
	struct sts_told told = { .mode = STS_ENFORCE, .mx = STR("mx.a.example"), .id = STR("1") };
	struct ipc_conn c;

	for (int i = 0; i < 2; i++) {
		if (io_wait(*(int *)arg, POLLIN, deadline) < 0)
			return NULL;
		ipc_conn_init(&c, accept4(*(int *)arg, NULL, NULL, SOCK_CLOEXEC));
		if (ipc_recv(&c, &f, deadline, NULL) == 0 && i > 0)
			(void)ipc_send(&c, &sts_told_type, f.id, &told, -1, deadline, NULL);
		ipc_conn_clear(&c);
	}
	return NULL;
}

static void it_is_asked_again(void **state)
{
	char path[64];
	pthread_t thread;
	struct ipc_client *client;
	struct sts_answer out;
	struct err e = { 0 };
	int fd;
	ARENA(a);

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test-sts.%d.sock", (int)getpid());
	fd = ipc_listen(path, 0600, &e);
	assert_true(fd >= 0);
	assert_int_equal(pthread_create(&thread, NULL, ends_once, &fd), 0);
	client = ipc_client_new(path);
	sts_find(client, STR("a.example"), 1000, &a, &out);
	assert_true(out.mode == STS_ENFORCE && !out.unheard);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(fd);
	unlink(path);
	sts_find(client, STR("a.example"), -4500, &a, &out); /* nobody is there, and the time is soon over */
	assert_true(out.mode == STS_NONE && out.unheard);
	sts_find(client, STR("[192.0.2.1]"), 1000, &a, &out);
	assert_true(out.mode == STS_NONE && !out.unheard);
	ipc_client_free(client);
}

/* Nobody knows whether a policy is enforced: nothing goes.  It is known that none is known: it goes. */
static void without_an_answer_nothing_goes(void **state)
{
	static const struct {
		struct sts_answer sts;
		const char *refusal;
	} t[] = {
		{ { .why = STR_INIT("telltale-policy gives no answer"), .unheard = true },
		  "TLS unable to verify server mx.a.example: telltale-policy, which knows whether a.example has an "
		  "MTA-STS "
		  "policy, gives no answer. (#4.7.5)" },
		{ { .why = STR_INIT("not known in time") }, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct sts_answer sts = t[i].sts;
		struct remote_desk desk = { 0 };
		struct remote_case c = { .desk = &desk,
					 .want = { POLICY_OPPORTUNISTIC, false, true },
					 .domain = STR("a.example"),
					 .mem = &a,
					 .sts = &sts };
		struct route_stop stop = { .host = STR("mx.a.example") };
		const struct remote_policy *p = remote_policy_for(&c, &stop);

		assert_true(str_eqz(p->refusal, t[i].refusal));
		assert_true(p->refusal.n == 0 || p->refused == OUTCOME_DEFERRAL);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(there_is_an_end_to_it),
		cmocka_unit_test(names),
		cmocka_unit_test(records),
		cmocka_unit_test(what_telltale_policy_says),
		cmocka_unit_test(it_is_asked_again),
		cmocka_unit_test(without_an_answer_nothing_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
