/* A bounce: complete, harmless, and true to its reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "mail/dsn.h"

static void the_status_is_the_reports(void **state)
{
	static const struct {
		const char *report, *status;
	} t[] = {
		{ "Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1" },
		{ "Unable to chdir to maildir. (#4.2.1)\nI'm not going to try again", "4.2.1" },
		{ "x (#4.4.1)\ny (#5.4.6)", "5.4.6" },
		{ "user is over quota", "5.0.0" },
		{ "remote delivery is not configured\nI'm not going to try again; this", "5.4.7" },
		{ "", "5.0.0" },
		{ "(#5.1.)", "5.0.0" },
		{ "(#5..11)", "5.0.0" },
		{ "(#5.1.1", "5.0.0" },
		{ "(#2.0.0)", "5.0.0" },
		{ "(#51.11)", "5.0.0" },
		{ "(#5.1.1\r\nX: y)", "5.0.0" },
		{ "(#5.12345.123456789)", "5.0.0" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct str got = dsn_status(str_of(t[i].report));

		if (!str_eqz(got, t[i].status))
			fail_msg("%s: %.*s", t[i].report, STR_ARG(got));
	}
}

static const struct dsn_rcpt rcpts[] = {
	{ STR_INIT("bob@example.com"), STR_INIT("bob@example.com"),
	  STR_INIT("Sorry, no mailbox here by that name. (#5.1.1)") },
	{ STR_INIT("away@other.test"), STR_INIT("List@example.com"),
	  STR_INIT("192.0.2.1 does not like recipient.\nRemote host said: 550 no such user\nGiving up on 192.0.2.1.") },
};

static struct dsn plain(void)
{
	return (struct dsn){ .hostname = STR("mx.example.com"),
			     .contact = STR("abuse@example.com"),
			     .sender = STR("ann@x.example"),
			     .qp = 9,
			     .parent = 7,
			     .now = 1615286631000,
			     .arrival = 1615286000000,
			     .message = STR("Received: by x\r\nSubject: hi\r\n\there\r\n\r\nsecret body\r\n"),
			     .rcpts = rcpts,
			     .n = COUNT(rcpts) };
}

static bool has(const struct buf *b, const char *text)
{
	return str_find(buf_str(b), str_of(text)) >= 0;
}

static void it_tells_people_and_programs(void **state)
{
	static const char *const head_has[] = {
		"\r\nFrom: MAILER-DAEMON@mx.example.com\r\n",
		"\r\nTo: <ann@x.example>\r\n",
		"\r\nSubject: failure notice\r\n",
		"\r\nAuto-Submitted: auto-replied\r\n",
		"\r\nMessage-ID: <9.",
		"report-type=delivery-status;\r\n\tboundary=\"=_bounce_9_0\"",
		"Content-Transfer-Encoding: 7bit\r\n\r\n",
	};
	static const char *const body_has[] = {
		"\r\n<bob@example.com>:\r\n",
		"There is no mailbox or alias with this address",
		"\r\n<List@example.com> (it leads to <away@other.test>):\r\n",
		"    Remote host said: 550 no such user\r\n",
		"You can do something about it. ",
		"qp 7.\r\n",
		"abuse@example.com",
		"\r\nReporting-MTA: dns; mx.example.com\r\nArrival-Date: ",
		"\r\n\r\nFinal-Recipient: rfc822; bob@example.com\r\nAction: failed\r\nStatus: "
		"5.1.1\r\nDiagnostic-Code: "
		"X-Telltale; Sorry, no mailbox",
		"\r\n\r\nOriginal-Recipient: rfc822; List@example.com\r\nFinal-Recipient: rfc822; away@other.test\r\n"
		"Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 550 no such user Giving up on "
		"192.0.2.1.\r\n",
		"Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: 7bit\r\n\r\nReceived: by "
		"x\r\nSubject: "
		"hi\r\n\there\r\n\r\n--=_bounce_9_0--\r\n",
	};
	struct dsn d = plain();
	BUF(head);
	BUF(body);

	(void)state;
	dsn_put(&head, &body, &d);
	for (size_t i = 0; i < COUNT(head_has); i++)
		if (!has(&head, head_has[i]))
			fail_msg("no %s in %s", head_has[i], buf_z(&head));
	for (size_t i = 0; i < COUNT(body_has); i++)
		if (!has(&body, body_has[i]))
			fail_msg("no %s in %s", body_has[i], buf_z(&body));
	assert_false(has(&body, "secret"));
}

/* What every bounce must be, whatever went into it. */
static void check_lines(const struct buf *b)
{
	size_t line = 0;

	for (size_t i = 0; i < b->n; i++) {
		unsigned char c = (unsigned char)b->p[i];

		if (c == '\r' || c == '\n')
			assert_true(c == '\r' ? b->p[i + 1] == '\n' : i > 0 && b->p[i - 1] == '\r');
		else
			assert_true(c >= 0x20 || c == '\t');
		line = c == '\n' ? 0 : line + 1;
		assert_in_range(line, 0, 998);
	}
}

static size_t count(const struct buf *b, const char *text)
{
	struct str rest = buf_str(b);
	ptrdiff_t at;
	size_t n = 0;

	for (; (at = str_find(rest, str_of(text))) >= 0; n++)
		rest = str_skip(rest, (size_t)at + 1);
	return n;
}

static void hostile_text_stays_in_its_place(void **state)
{
	static const char nasty[] = "x\r\nBcc: eve@evil.test\r\n\r\n--=_bounce_9_0\r\n(#5.1.1\r\n)\0\x1b[2J";
	struct dsn_rcpt bad = { str_mem(nasty, sizeof(nasty) - 1), str_mem("a\nb", 3),
				str_mem(nasty, sizeof(nasty) - 1) };
	struct dsn d = plain();
	BUF(head);
	BUF(body);
	BUF(message);

	(void)state;
	buf_adds(&message, "X: ");
	for (int i = 0; i < 5000; i++)
		buf_addc(&message, i % 7 == 0 ? '\n' : (char)(128 + i % 100));
	buf_adds(&message, "\r\nY: --=_bounce_9_0\r\n--=_bounce_9_1\r\n--=_bounce_9_2--\r\n\r\n");
	d.message = buf_str(&message);
	d.sender = str_mem("ann\r\nBcc: eve@evil.test", 24);
	d.rcpts = &bad;
	d.n = 1;
	dsn_put(&head, &body, &d);
	check_lines(&head);
	check_lines(&body);
	assert_false(has(&head, "\nBcc:"));
	assert_false(has(&body, "\nBcc:"));
	assert_true(has(&head, "boundary=\"=_bounce_9_3\""));
	assert_true(has(&head, "Content-Transfer-Encoding: 8bit"));
	assert_int_equal(count(&body, "\r\n--=_bounce_9_3"), 4);
	assert_int_equal(count(&body, "Final-Recipient"), 1);
}

static void the_header_quoted_has_a_limit(void **state)
{
	struct dsn d = plain();
	BUF(head);
	BUF(body);
	BUF(message);

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_adds(&message, "X-Long: line\r\n");
	d.message = buf_str(&message);
	dsn_put(&head, &body, &d);
	assert_in_range(body.n, DSN_HEADERS_MAX, DSN_HEADERS_MAX + 4000);
	assert_true(has(&body, "X-Long: line\r\n\r\n--=_bounce"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_status_is_the_reports),
		cmocka_unit_test(it_tells_people_and_programs),
		cmocka_unit_test(hostile_text_stays_in_its_place),
		cmocka_unit_test(the_header_quoted_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
