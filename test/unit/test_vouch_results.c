/* RFC 8601: the field as we write it, and whose a field is that came in. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "vouch/results.h"

static const struct {
	const char *name, *value;
	enum results_claim claim;
} claims[] = {
	/* clang-format off */
	{ "Authentication-Results", " mx.example.org; spf=pass smtp.mailfrom=a@b.example", RESULTS_OURS },
	{ "AUTHENTICATION-results", "mx.example.org;none", RESULTS_OURS },
	{ "Authentication-Results ", " MX.Example.ORG 1; dkim=pass", RESULTS_OURS },
	{ "Authentication-Results", "\r\n\tmx.example.org\r\n\t; none", RESULTS_OURS },
	{ "Authentication-Results", " (a (nested) comment \\) ) mx.example.org(c)1(c); none", RESULTS_OURS },
	{ "Authentication-Results", " \"mx.example.org\"; none", RESULTS_OURS },
	{ "Authentication-Results", " \"m\\x.example\r\n.org\"; none", RESULTS_OURS },
	{ "Authentication-Results", " mx.example.org.; none", RESULTS_OURS },
	{ "Authentication-Results", " mx.example.org", RESULTS_OURS },
	{ "Authentication-Results", " mx.example.org/1; none", RESULTS_OURS },
	{ "Authentication-Results", " ; x=\"mx.EXAMPLE.org\"", RESULTS_OURS },
	{ "Authentication-Results", " (mx.example.org; spf=pass", RESULTS_OURS },
	{ "Authentication-Results", " \"mx.example.org; spf=pass", RESULTS_OURS },
	{ "Authentication-Results", " x = mx.example.org; spf=pass", RESULTS_OURS },
	{ "Authentication-Results", " other.example; spf=pass", RESULTS_OTHER },
	{ "Authentication-Results", " other.example 1 ; spf=pass smtp.helo=mx.example.org", RESULTS_OTHER },
	{ "Authentication-Results", " xmx.example.org; none", RESULTS_OTHER },
	{ "Authentication-Results", " mx.example.org.evil.example; none", RESULTS_OTHER },
	{ "Authentication-Results", " \"other\"; none", RESULTS_OTHER },
	{ "Authentication-Results", " spf=pass smtp.mailfrom=a@b.example", RESULTS_MALFORMED },
	{ "Authentication-Results", "", RESULTS_MALFORMED },
	{ "Authentication-Results", " (", RESULTS_MALFORMED },
	{ "ARC-Authentication-Results", " i=1; mx.example.org; spf=pass", RESULTS_NOT },
	{ "X-Authentication-Results", " mx.example.org; spf=pass", RESULTS_NOT },
	{ "Subject", " mx.example.org; spf=pass", RESULTS_NOT },
	/* clang-format on */
};

static void whose(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(claims); i++) {
		enum results_claim got =
		    results_claims(str_of(claims[i].name), str_of(claims[i].value), STR("mx.example.org"));

		if (got != claims[i].claim)
			fail_msg("%s:%s: %d", claims[i].name, claims[i].value, got);
	}
}

static void the_whole_field(void **state)
{
	struct spf spf = { .result = SPF_PASS };
	struct spf_question q = { .sender = STR("bounce+1=a@mail.example.com"), .helo = STR("out.example.com") };
	struct dmarc d = { .result = DMARC_FAIL, .policy = DMARC_POLICY_QUARANTINE };
	struct results_signature s = { .result = "pass" };
	struct results r;
	BUF(b);

	(void)state;
	s.domain = STR("example.com");
	s.selector = STR("2026");
	s.b = STR("abc/+d=e");
	d.author = STR("example.net");
	d.record = STR("example.net");
	d.why = STR("nothing that passed is aligned");
	r = results_begin(&b, STR("mx.example.org"));
	results_method(&r, "iprev", "pass");
	results_property(&r, "policy.iprev", STR("192.0.2.1"));
	results_spf(&r, &q, &spf);
	spf.helo = true;
	spf.result = SPF_TEMPERROR;
	spf.why = STR("no \"answer\"");
	results_spf(&r, &q, &spf);
	results_signature(&r, &s);
	results_dmarc(&r, &d);
	results_login(&r, STR("user@example.org"));
	results_end(&r);
	assert_string_equal(buf_z(&b),
			    "Authentication-Results: mx.example.org;\r\n"
			    "\tiprev=pass policy.iprev=192.0.2.1;\r\n"
			    "\tspf=pass smtp.mailfrom=bounce+1=a@mail.example.com;\r\n"
			    "\tspf=temperror reason=\"no \\\"answer\\\"\" smtp.helo=out.example.com;\r\n"
			    "\tdkim=pass header.d=example.com header.s=2026 header.b=\"abc/+d=e\";\r\n"
			    "\tdmarc=fail reason=\"nothing that passed is aligned\" header.from=example.net\r\n"
			    "\t policy.dmarc=quarantine;\r\n"
			    "\tauth=pass smtp.auth=user@example.org\r\n");
}

static void nothing_was_checked(void **state)
{
	struct results r;
	BUF(b);

	(void)state;
	r = results_begin(&b, STR("mx.example.org"));
	results_end(&r);
	assert_string_equal(buf_z(&b), "Authentication-Results: mx.example.org; none\r\n");
}

static void values(void **state)
{
	static const struct {
		const char *value, *written;
	} t[] = {
		/* clang-format off */
		{ "token-1.x_y", "token-1.x_y" },
		{ "a@b.example", "a@b.example" },
		{ "@b.example", "@b.example" },
		{ "a.b=c/d@b-c.example", "a.b=c/d@b-c.example" },
		{ "", "\"\"" },
		{ "a..b@c.example", "\"a..b@c.example\"" },
		{ ".a@c.example", "\".a@c.example\"" },
		{ "a;b@c.example", "\"a;b@c.example\"" },
		{ "a b@c.example", "\"a b@c.example\"" },
		{ "a(c)@d.example", "\"a(c)@d.example\"" },
		{ "a@b@c.example", "\"a@b@c.example\"" },
		{ "a@c..example", "\"a@c..example\"" },
		{ "a@-c.example", "\"a@-c.example\"" },
		{ "2001:db8::1", "\"2001:db8::1\"" },
		{ "x\"; dkim=pass header.d=y\\", "\"x\\\"; dkim=pass header.d=y\\\\\"" },
		{ "x\r\nSubject: y", "\"x??Subject: y\"" },
		{ "caf\303\251", "\"caf??\"" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);
		struct results r = { .b = &b };

		results_property(&r, "p.q", str_of(t[i].value));
		assert_true(str_starts(buf_str(&b), STR(" p.q=")));
		if (strcmp(buf_z(&b) + 5, t[i].written) != 0)
			fail_msg("%s: %s", t[i].value, buf_z(&b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose),
		cmocka_unit_test(the_whole_field),
		cmocka_unit_test(nothing_was_checked),
		cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
