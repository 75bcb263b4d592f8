/* TLSRPT (RFC 8460): counting, what is kept on disk, the report, where it goes; what a session amounts to. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "deliver/remote_count.h"
#include "sts/report.h"

enum { DAY = 20785 }; /* 2026-11-28 */

static const char JSON[] =
    "{\"organization-name\":\"mx.example.com\",\"date-range\":{\"start-datetime\":\"2026-11-28T00:00:00Z\","
    "\"end-datetime\":\"2026-11-28T23:59:59Z\"},\"contact-info\":\"abuse@example.com\","
    "\"report-id\":\"2026-11-28T00:00:00Z_far.example@mx.example.com\",\"policies\":["
    "{\"policy\":{\"policy-type\":\"tlsa\",\"policy-string\":[\"3 1 1 00\"],\"policy-domain\":\"far.example\"},"
    "\"summary\":{\"total-successful-session-count\":2,\"total-failure-session-count\":0}},"
    "{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":[\"version: STSv1\",\"mx: *.far.example\"],"
    "\"policy-domain\":\"far.example\",\"mx-host\":[\"*.far.example\"]},"
    "\"summary\":{\"total-successful-session-count\":0,\"total-failure-session-count\":3},\"failure-details\":["
    "{\"result-type\":\"certificate-expired\",\"receiving-mx-hostname\":\"mx.far.example\","
    "\"receiving-ip\":\"192.0.2.1\",\"failed-session-count\":2,\"failure-reason-code\":\"it ?[2J is old\"},"
    "{\"result-type\":\"starttls-not-supported\",\"failed-session-count\":1}]}]}";

static void fill(struct tally *t)
{
	const struct tally_session s[] = {
		{ STR("far.example"), TALLY_TLSA, STR("3 1 1 00"), STS_SUCCESS, STR("mx"), STR("192.0.2.1"), STR("") },
		{ STR("far.example"), TALLY_TLSA, STR("3 1 1 ff"), STS_SUCCESS, STR("mx"), STR("192.0.2.1"), STR("") },
		{ STR("far.example"), TALLY_STS, STR("version: STSv1\r\nmx: *.far.example\r\n"), STS_EXPIRED,
		  STR("mx.far.example"), STR("192.0.2.1"), STR("it \x1b[2J is old") },
		{ STR("far.example"), TALLY_STS, STR(""), STS_EXPIRED, STR("mx.far.example"), STR("192.0.2.1"),
		  STR("") },
		{ STR("far.example"), TALLY_STS, STR(""), STS_NO_STARTTLS, STR(""), STR(""), STR("") },
		{ STR("../x"), TALLY_STS, STR(""), STS_NO_STARTTLS, STR(""), STR(""), STR("") },
	};

	for (size_t i = 0; i < COUNT(s); i++)
		tally_count(t, DAY, &s[i]);
}

static void counted_and_told(void **state)
{
	static const struct report_from from = { STR_INIT("mx.example.com"), STR_INIT("abuse@example.com") };
	struct tally t = { 0 };
	struct tally_day *d;
	BUF(json);
	BUF(mail);

	(void)state;
	fill(&t);
	d = tally_day(&t, DAY);
	assert_non_null(d);
	assert_null(tally_day(&t, DAY + 1));
	assert_null(d->first->next);
	report_json(&from, DAY, d->first, &json);
	assert_string_equal(buf_z(&json), JSON);
	report_mail(&from, DAY, STR("far.example"), STR("tls@far.example"), STR("packed"), 1795910400000, &mail);
	assert_non_null(strstr(buf_z(&mail), "Subject: Report Domain: far.example\r\n Submitter: mx.example.com\r\n"));
	assert_non_null(strstr(buf_z(&mail), " filename=\"mx.example.com!far.example!1795824000!1795910399.json.gz\""));
	assert_non_null(strstr(buf_z(&mail), "\r\n\r\ncGFja2Vk\r\n--=_tls-report--\r\n"));
	tally_clear(&t);
}

static void kept_and_read_back(void **state)
{
	struct tally t = { 0 };
	struct tally_day *d, *back;
	BUF(once);
	BUF(twice);

	(void)state;
	fill(&t);
	d = tally_day(&t, DAY);
	d->first->told = 5;
	d->first->tries = 2;
	tally_put(d, &once);
	back = tally_read(buf_str(&once), DAY);
	assert_non_null(back);
	tally_put(back, &twice);
	assert_string_equal(buf_z(&once), buf_z(&twice));
	assert_true(back->first->told == 5 && back->first->tries == 2); /* nobody gets it again after a restart */
	back->next = d;
	t.first = back;
	tally_clear(&t);
}

static void files_that_are_none(void **state)
{
	static const char *const t[] = {
		"hello\n",
		"domain a.example due x\n",
		"domain a.example due 1 -1\n",
		"policy sts 1 1\n",
		"domain a.example due\nfailure certificate-expired 1 - -\n",
		"domain a.example due\npolicy dane 1 1\n",
		"domain a.example due\npolicy sts -1 1\n",
		"domain a.example due\npolicy sts 1 1\nfailure success 1 - - x\n",
		"domain a.example due\npolicy sts 1 1\nfailure nothing 1 - - x\n",
		"domain a.example due\ndomain a.example due\n",
		"domain ../../etc due\n",
		"\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (tally_read(str_of(t[i]), DAY) != NULL)
			fail_msg("row %zu", i);
}

static void there_is_an_end_to_it(void **state)
{
	struct tally t = { 0 };
	struct tally_policy *p;
	BUF(name);

	(void)state;
	for (int i = 0; i < 2 * TALLY_FAILURES; i++) {
		struct tally_session s = {
			STR("far.example"), TALLY_STS, STR(""), STS_EXPIRED, STR(""), STR(""), STR("")
		};

		buf_reset(&name);
		buf_fmt(&name, "mx%d.far.example", i);
		s.mx = buf_str(&name);
		tally_count(&t, DAY, &s);
	}
	p = &t.first->first->of[TALLY_STS];
	assert_int_equal(p->bad, 2 * TALLY_FAILURES);
	assert_int_equal(p->nfailures, TALLY_FAILURES);
	tally_clear(&t);
}

/* However much is counted, its file can be read back. */
static void a_day_has_an_end_too(void **state)
{
	struct tally t = { 0 };
	struct tally_day *back;
	BUF(policy);
	BUF(name);
	BUF(text);

	(void)state;
	for (int i = 0; i < TALLY_LINES; i++)
		buf_fmt(&policy, "%0*d\n", TALLY_TEXT, i);
	for (int i = 0; i < 400; i++) {
		struct tally_session s = { STR(""),   TALLY_STS, buf_str(&policy), STS_EXPIRED,
					   STR("mx"), STR("1"),  STR("old") };

		buf_reset(&name);
		buf_fmt(&name, "d%d.example", i);
		s.domain = buf_str(&name);
		tally_count(&t, DAY, &s);
	}
	tally_put(t.first, &text);
	assert_in_range(text.n, 8 << 20, 16 << 20);
	back = tally_read(buf_str(&text), DAY);
	assert_non_null(back);
	back->next = t.first;
	t.first = back;
	tally_clear(&t);
}

static void where_reports_go(void **state)
{
	static const struct {
		const char *record;
		size_t n;
		const char *first;
	} t[] = {
		{ "v=TLSRPTv1;rua=mailto:tls@a.example", 1, "mailto:tls@a.example" },
		{ "v=TLSRPTv1; rua=https://a.example/v1,mailto:tls@a.example;", 2, "https://a.example/v1" },
		{ "v=TLSRPTv1; rua=mailto:a@b.example\r\nBcc:x,mailto:c@d.example", 1, "mailto:c@d.example" },
		{ "v=TLSRPTv2; rua=mailto:tls@a.example", 0, NULL },
		{ "v=TLSRPTv1; ruf=mailto:tls@a.example", 0, NULL },
		{ "v=TLSRPTv1", 0, NULL },
		{ "", 0, NULL },
	};
	static const struct {
		const char *rua, *address;
	} m[] = {
		{ "mailto:tls@a.example", "tls@a.example" },
		{ "MAILTO:tls@a.example?subject=x", "tls@a.example" },
		{ "mailto:tls%40a.example", "" },
		{ "mailto:@a.example", "" },
		{ "mailto:a", "" },
		{ "mailto:a@b@/c", "" },
		{ "https://a.example/", "" },
	};
	struct str out[2], host, path;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		size_t n = report_ruas(str_of(t[i].record), out, 2);

		if (n != t[i].n || (n > 0 && !str_eqz(out[0], t[i].first)))
			fail_msg("%s", t[i].record);
	}
	for (size_t i = 0; i < COUNT(m); i++)
		if (!str_eqz(report_mailto(str_of(m[i].rua)), m[i].address))
			fail_msg("%s", m[i].rua);
	assert_true(report_https(STR("https://a.example/v1?x"), &host, &path));
	assert_true(str_eqz(host, "a.example") && str_eqz(path, "/v1?x"));
	assert_true(report_https(STR("https://a.example"), &host, &path) && str_eqz(path, "/"));
	assert_false(report_https(STR("https://a.example:99/"), &host, &path));
	assert_false(report_https(STR("https://u@a.example/"), &host, &path));
	assert_false(report_https(STR("http://a.example/"), &host, &path));
}

/* A conversation's end under a policy: what is counted. */
static void sessions(void **state)
{
	static const struct sts_answer enforce = { .mode = STS_ENFORCE, .id = STR_INIT("1") },
				       testing = { .mode = STS_TESTING, .id = STR_INIT("1") },
				       lost = { .fault = STS_FETCH_ERROR };
	static const struct {
		enum dane_result dane;
		const struct sts_answer *sts;
		enum tls_fault fault;
		bool named, encrypted;
		enum client_end end;
		int kind; /* -1: nothing */
		enum sts_result result;
	} t[] = {
		{ DANE_USABLE, NULL, 0, 0, true, CLIENT_YES, TALLY_TLSA, STS_SUCCESS },
		{ DANE_USABLE, NULL, TLS_FAULT_OTHER, 0, false, CLIENT_BAD_TLS, TALLY_TLSA, STS_INVALID },
		{ DANE_USABLE, NULL, 0, 0, false, CLIENT_NO_TLS, TALLY_TLSA, STS_NO_STARTTLS },
		{ DANE_UNUSABLE, NULL, 0, 0, true, CLIENT_YES, TALLY_TLSA, STS_TLSA_INVALID },
		{ DANE_NONE, &enforce, 0, true, true, CLIENT_YES, TALLY_STS, STS_SUCCESS },
		{ DANE_NONE, &enforce, TLS_FAULT_NAME, true, false, CLIENT_BAD_TLS, TALLY_STS, STS_HOST_MISMATCH },
		{ DANE_NONE, &testing, TLS_FAULT_EXPIRED, true, true, CLIENT_YES, TALLY_STS, STS_EXPIRED },
		{ DANE_NONE, &testing, 0, false, true, CLIENT_YES, TALLY_STS, STS_INVALID },
		{ DANE_NONE, &testing, 0, false, false, CLIENT_YES, TALLY_STS, STS_NO_STARTTLS },
		{ DANE_NONE, &lost, TLS_FAULT_UNTRUSTED, false, true, CLIENT_YES, TALLY_STS, STS_FETCH_ERROR },
		{ DANE_NONE, NULL, TLS_FAULT_UNTRUSTED, false, true, CLIENT_YES, TALLY_NO_POLICY, STS_SUCCESS },
		{ DANE_NONE, NULL, TLS_FAULT_UNTRUSTED, false, false, CLIENT_YES, TALLY_NO_POLICY, STS_NO_STARTTLS },
		{ DANE_NONE, NULL, 0, false, true, CLIENT_NO, TALLY_NO_POLICY, STS_SUCCESS },
		{ DANE_NONE, NULL, 0, false, false, CLIENT_NO, -1, 0 },
		{ DANE_NONE, NULL, 0, false, false, CLIENT_DIED, -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct remote_policy p = { .dane.result = t[i].dane,
					   .sts = t[i].sts,
					   .fault = t[i].fault,
					   .tls = CLIENT_TLS_MAY,
					   .tested = t[i].sts == &testing,
					   .tested_name = t[i].named,
					   .peer.verify = t[i].sts == &enforce };
		struct client c = { .wire.tls = t[i].encrypted ? (struct tls_stream *)&p : NULL };
		struct remote_counted x;
		bool counted = remote_session(&p, &c, t[i].end, &x);

		if (counted != (t[i].kind >= 0) || (counted && ((int)x.kind != t[i].kind || x.result != t[i].result)))
			fail_msg("row %zu: %d %s", i, (int)x.kind, sts_result_word(x.result));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(counted_and_told),     cmocka_unit_test(kept_and_read_back),
		cmocka_unit_test(files_that_are_none),  cmocka_unit_test(there_is_an_end_to_it),
		cmocka_unit_test(where_reports_go),     cmocka_unit_test(sessions),
		cmocka_unit_test(a_day_has_an_end_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
