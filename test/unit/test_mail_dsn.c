/* A bounce: complete, harmless, and true to its reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "mail/dsn.h"
#include "mail/encoded.h"

static void the_status_is_the_reports(void **state)
{
	static const struct {
		const char *report, *status;
	} t[] = {
		{ "Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1" },
		{ "Unable to chdir to maildir. (#4.2.1)\nI'm not going to try again", "4.2.1" },
		{ "x (#4.4.1)\ny (#5.4.6)", "5.4.6" },
		{ "x does not like recipient.\nRemote host said: 550 5.1.1 no", "5.1.1" },
		{ "x does not like recipient.\nRemote host said: 550-5.7.26 no", "5.7.26" },
		{ "x does not like recipient.\nRemote host said: 550 4.1.1 no", "5.0.0" },
		{ "x does not like recipient.\nRemote host said: 55", "5.0.0" },
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
	{ .final = STR_INIT("bob@example.com"),
	  .original = STR_INIT("bob@example.com"),
	  .report = STR_INIT("Sorry, no mailbox here by that name. (#5.1.1)"),
	  .attempts = 1,
	  .last = 1615286001000 },
	{ .final = STR_INIT("away@other.test"),
	  .original = STR_INIT("List@example.com"),
	  .report =
	      STR_INIT("192.0.2.1 does not like recipient.\nRemote host said: 550-no such\n550 user\nGiving up on "
		       "192.0.2.1.\nAsked server mx.other.test."),
	  .attempts = 3 },
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
			     .full = false,
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
		"    Remote host said: 550-no such\r\n    550 user\r\n",
		"  Who can act: you, the sender.\r\n",
		"  Tried: once, on Tue, 09 Mar 2021 ",
		"  Tried: 3 times.\r\n",
		"\r\n  Subject: hi here\r\n",
		"qp 7.\r\n",
		"abuse@example.com",
		"\r\nReporting-MTA: dns; mx.example.com\r\nArrival-Date: ",
		"\r\n\r\nFinal-Recipient: rfc822; bob@example.com\r\nAction: failed\r\nStatus: "
		"5.1.1\r\nDiagnostic-Code: "
		"X-Telltale; Sorry, no mailbox here by that name.\r\n  (#5.1.1)\r\nLast-Attempt-Date: Tue, 09 Mar "
		"2021 ",
		"\r\n\r\nOriginal-Recipient: rfc822; List@example.com\r\nFinal-Recipient: rfc822; away@other.test\r\n"
		"Action: failed\r\nStatus: 5.0.0\r\nRemote-MTA: dns; mx.other.test\r\n"
		"Diagnostic-Code: smtp; 550-no such 550 user\r\n\r\n--",
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
	struct str text = str_mem(nasty, sizeof(nasty) - 1);
	struct dsn_rcpt bad = { .final = text, .original = str_mem("a\nb", 3), .orcpt = text, .report = text };
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

/* What a sender gets who asked with RFC 3461. */
static void what_was_asked_is_answered(void **state)
{
	static const struct dsn_rcpt done[] = {
		{ .final = STR_INIT("bob@example.com"),
		  .original = STR_INIT("bob@example.com"),
		  .orcpt = STR_INIT("rfc822;Bob@old.example"),
		  .report = STR_INIT("did 1+0+0"),
		  .action = DSN_IS_DELIVERED,
		  .attempts = 1,
		  .last = 1615286001000 },
		{ .final = STR_INIT("c@other.test"),
		  .original = STR_INIT("c@other.test"),
		  .report = STR_INIT("192.0.2.1 accepted message.\nRemote host said: 250 2.0.0 ok"),
		  .action = DSN_IS_RELAYED },
		{ .final = STR_INIT("list@example.com"),
		  .original = STR_INIT("list@example.com"),
		  .action = DSN_IS_EXPANDED },
	};
	static const char *const body_has[] = {
		"You asked to be told what becomes of your message.\r\nIt has arrived, or was passed on to another "
		"server.\r\n",
		"\r\n<bob@example.com> (you wrote to <Bob@old.example>):\r\n  It is in the mailbox, since Tue, 09 Mar "
		"2021 ",
		"\r\n<c@other.test>:\r\n  The next mail server ([192.0.2.1]) took it. That server does not\r\n  "
		"promise to tell "
		"you more.\r\n",
		"\r\n<list@example.com>:\r\n  The address stands for several, or for a list: it was passed on",
		"  Your program called it a b\r\n",
		"\r\nOriginal-Envelope-Id: a b\r\nReporting-MTA: dns; mx.example.com\r\n",
		"Original-Recipient: rfc822; Bob@old.example\r\nFinal-Recipient: rfc822; bob@example.com\r\nAction: "
		"delivered\r\n"
		"Status: 2.0.0\r\nLast-Attempt-Date: ",
		"Action: relayed\r\nStatus: 2.0.0\r\nRemote-MTA: dns; [192.0.2.1]\r\nDiagnostic-Code: smtp; 250 2.0.0 "
		"ok\r\n",
		"Final-Recipient: rfc822; list@example.com\r\nAction: expanded\r\nStatus: 2.0.0\r\n\r\n--",
	};
	struct dsn d = plain();
	BUF(head);
	BUF(body);

	(void)state;
	d.kind = DSN_SUCCESS;
	d.envid = STR("a b");
	d.rcpts = done;
	d.n = COUNT(done);
	d.message = STR("Message-ID: <1@x.example>\r\n\r\n");
	dsn_put(&head, &body, &d);
	for (size_t i = 0; i < COUNT(body_has); i++)
		if (!has(&body, body_has[i]))
			fail_msg("no %s in %s", body_has[i], buf_z(&body));
	assert_true(has(&head, "\r\nReferences: <1@x.example>\r\nIn-Reply-To: <1@x.example>\r\n"));
	assert_true(has(&head, "\r\nSubject: delivered: your message has arrived\r\n"));
	check_lines(&body);
}

static void the_message_comes_back_as_asked(void **state)
{
	static const struct {
		struct str message;
		bool full, cut, whole;
	} t[] = {
		{ STR_INIT("S: x\r\n\r\nsecret\r\n"), true, false, true },
		{ STR_INIT("S: x\r\n\r\nsecret\r\n"), false, false, false },
		{ STR_INIT("S: x\r\n\r\nsecret\r\n"), true, true, false },
		{ STR_INIT("S: x\r\n\r\nsecret\n\r\n"), true, false, false },
		{ STR_INIT("S: x\r\n\r\nsecret\0\r\n"), true, false, false },
		{ STR_INIT("S: x\r\n\r\nsecret"), true, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct dsn d = plain();
		BUF(head);
		BUF(body);

		d.full = t[i].full;
		d.message = t[i].message;
		d.size = t[i].message.n + t[i].cut;
		dsn_put(&head, &body, &d);
		assert_int_equal(has(&body, "secret"), t[i].whole);
		assert_int_equal(has(&body, "Content-Type: message/rfc822\r\n"), t[i].whole);
		assert_int_equal(has(&body, "is too long to be returned whole"), t[i].full && !t[i].whole);
		check_lines(&body);
	}
}

static void thousands_with_one_report_are_told_once(void **state)
{
	struct dsn_rcpt *many = calloc(5000, sizeof(*many));
	struct dsn d = plain();
	BUF(head);
	BUF(body);

	(void)state;
	for (size_t i = 0; i < 5000; i++)
		many[i] = rcpts[0];
	d.rcpts = many;
	d.n = 5000;
	dsn_put(&head, &body, &d);
	assert_int_equal(count(&body, "What happened: "), 1);
	assert_int_equal(count(&body, "<bob@example.com>,\r\n"), 4999);
	assert_int_equal(count(&body, "Final-Recipient: "), 5000);
	free(many);
}

static void a_subject_is_read(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "plain", "plain" },
		{ "=?UTF-8?B?w6TDtg==?= x", "\303\244\303\266 x" },
		{ "=?utf-8?q?a_=C3=A4?= =?utf-8?q?b?=", "a \303\244b" },
		{ "=?iso-8859-1?Q?gr=FC=DF?=", "gr\303\274\303\237" },
		{ "=?koi8-r?B?8A==?=", "=?koi8-r?B?8A==?=" },
		{ "=?utf-8?q?a=C?= b", "=?utf-8?q?a=C?= b" },
		{ "=?utf-8?q?a b?=", "=?utf-8?q?a b?=" },
		{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
		{ "=?=?=?", "=?=?=?" },
		{ "a =?", "a =?" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(mem);
		struct str got = encoded_text(str_of(t[i].in), &mem);

		if (!str_eqz(got, t[i].out))
			fail_msg("%s: %.*s", t[i].in, STR_ARG(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_status_is_the_reports),
		cmocka_unit_test(it_tells_people_and_programs),
		cmocka_unit_test(hostile_text_stays_in_its_place),
		cmocka_unit_test(the_header_quoted_has_a_limit),
		cmocka_unit_test(what_was_asked_is_answered),
		cmocka_unit_test(the_message_comes_back_as_asked),
		cmocka_unit_test(thousands_with_one_report_are_told_once),
		cmocka_unit_test(a_subject_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
