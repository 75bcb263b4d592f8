/* What mail systems write about messages: the forms by which a bounce is known, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mail/dsn.h"
#include "mail/field.h"
#include "mail/notice.h"

#define DAEMON "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.com\nTo: ann@x.example\n"
#define REPORT \
	"Content-Type: multipart/report; boundary=b\n\n--b\n\nWords.\n--b\nContent-Type: message/delivery-status\n\n"

static const struct {
	const char *text;
	enum notice_kind kind;
} kinds[] = {
	{ DAEMON "Subject: failure notice\n\nI wasn't able to deliver it.\n<b@c.example>:\nuser unknown\n",
	  NOTICE_FAILURE },
	{ DAEMON REPORT "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; b@c.example\nAction: failed\n",
	  NOTICE_FAILURE },
	{ DAEMON REPORT "Final-Recipient: rfc822; b@c.example\nAction: delayed\nStatus: 4.4.1\n", NOTICE_DELAY },
	{ DAEMON REPORT "Final-Recipient: rfc822; b@c.example\nAction: Relayed\nStatus: 2.0.0\n", NOTICE_SUCCESS },
	{ DAEMON REPORT "Final-Recipient: rfc822; b@c.example\nAction: delivered\n\nFinal-Recipient: rfc822; "
			"d@c.example\nAction: failed\n",
	  NOTICE_FAILURE },
	{ DAEMON "Subject: Warning: could not send message for past 4 hours\n\n<b@c.example>: timed out\n",
	  NOTICE_DELAY },
	{ "From: bob@c.example\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nI am away.\n",
	  NOTICE_AUTOREPLY },
	{ "From: bob@c.example\nSubject: Auto: hello\n\nI am away.\n", NOTICE_AUTOREPLY },
	{ "From: x@c.example\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
	  "message/feedback-report\n\nFeedback-Type: abuse\n\n--b--\n",
	  NOTICE_FEEDBACK },
	{ "From: x@c.example\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
	  "message/disposition-notification\n\nDisposition: automatic-action/MDN-sent-automatically; "
	  "displayed\n\n--b--\n",
	  NOTICE_RECEIPT },
	{ "From: ann@x.example\nTo: bob@c.example\nSubject: lunch\n\nMy mail was rejected, user unknown.\n",
	  NOTICE_NONE },
	{ "From: postmaster@x.example\nTo: bob@c.example\nSubject: new server\n\nIt comes on Monday.\n", NOTICE_NONE },
	{ "From: no-reply@c.example\nTo: ann@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nIt "
	  "could "
	  "not be delivered to <b@c.example>, the mailbox is full.\n--b\nContent-Type: "
	  "message/rfc822\n\nReturn-Path: "
	  "<ann@x.example>\n\nhello\n--b--\n",
	  NOTICE_FAILURE }, /* her own message comes back */
	{ "From: bob@c.example\nTo: ann@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nIt "
	  "could "
	  "not be delivered.\n--b\nContent-Type: message/rfc822\n\nFrom: dan@c.example\n\nhello\n--b--\n",
	  NOTICE_NONE },
	{ "From: no-reply@sns.amazonaws.com\nSubject: Notification\n\n{ \"notificationType\" :\n \"Complaint\" "
	  "}",
	  NOTICE_FEEDBACK },
	{ "From: "
	  "no-reply@sns.amazonaws.com\n\n{\"Type\":\"x\",\"Message\":\"{\\\"notificationType\\\":"
	  "\\\"Delivery\\\"}\"}",
	  NOTICE_SUCCESS },
	{ "", NOTICE_NONE },
};

static void kinds_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		ARENA(a);
		struct notice *n = arena_alloc(&a, sizeof(*n));

		notice_read(&a, str_of(kinds[i].text), n);
		if (n->kind != kinds[i].kind)
			fail_msg("%s: %d", kinds[i].text, (int)n->kind);
	}
}

static void fields_are_read(void **state)
{
	ARENA(a);
	struct notice *n = arena_alloc(&a, sizeof(*n));

	(void)state;
	notice_read(
	    &a,
	    STR("From x y\r\n" DAEMON REPORT "Reporting-MTA: dns; mx.example.com\nArrival-Date: today\n\n"
		"Original-Recipient: rfc822;List@example.com\nFinal-Recipient: rfc822; b@c.example\nAction: FAILED\n"
		"Status: 5.1.1 (no mailbox)\nRemote-MTA: dns; mx.c.example\nDiagnostic-Code: smtp; 550 5.1.1\n"
		"  user unknown\n\nFinal-Recipient: <d@c.example>\nAction: failed\n\nFinal-Recipient: <e@c.example>\n"
		"Status: 4.0.0 (host name lookup failure)\n"),
	    n);
	assert_true(str_eqz(n->reporter, "mx.example.com") && str_eqz(n->arrival, "today"));
	assert_int_equal(n->n, 3);
	assert_true(str_eqz(n->rcpts[0].address, "b@c.example") && str_eqz(n->rcpts[0].original, "List@example.com"));
	assert_true(str_eqz(n->rcpts[0].action, "failed") && str_eqz(n->rcpts[0].status, "5.1.1"));
	assert_true(str_eqz(n->rcpts[0].diagnostic, "550 5.1.1 user unknown"));
	assert_true(str_eqz(n->rcpts[0].remote, "mx.c.example"));
	assert_true(str_eqz(n->rcpts[1].address, "d@c.example") && n->rcpts[1].diagnostic.n == 0);
	assert_true(str_eqz(n->rcpts[2].status, "4.0.0") &&
		    str_eqz(n->rcpts[2].diagnostic, "host name lookup failure"));
}

/* In the free forms each recipient has the words behind its address; the message that failed is not read for words. */
static void words_are_read(void **state)
{
	static const char text[] = DAEMON
	    "Subject: failure notice\n\nHi. I wasn't able to deliver your message. Questions: write to "
	    "help@mx.example.com.\n\n<b@c.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 no "
	    "such user\n\n  d@c.example\n    mailbox is full\n\n--- Below this line is a copy of the message.\n\n"
	    "From: ann@x.example\nSubject: hello\n\nsee e@c.example, it is spam\n";
	ARENA(a);
	struct notice *n = arena_alloc(&a, sizeof(*n));

	(void)state;
	notice_read(&a, STR(text), n);
	assert_int_equal(n->n, 2);
	assert_true(str_eqz(n->rcpts[0].address, "b@c.example") && str_eqz(n->rcpts[1].address, "d@c.example"));
	assert_true(str_find(n->rcpts[0].words, STR("550 no such user")) > 0);
	assert_true(str_find(n->rcpts[0].words, STR("full")) < 0);
	assert_true(str_eqz(n->rcpts[1].words, "d@c.example mailbox is full"));
	assert_true(str_eqz(field_get(n->returned, "Subject"), "hello"));
	assert_true(str_eqz(n->reporter, "mx.example.com"));
}

static void amazon_tells_in_json(void **state)
{
	static const char text[] =
	    "From: no-reply@sns.amazonaws.com\n\n{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[{"
	    "\"emailAddress\":\"b@c.example\",\"action\":\"failed\",\"status\":\"5.2.2\",\"diagnosticCode\":\"smtp; "
	    "552 "
	    "full\"},{\"emailAddress\":\"d@c.example\"}],\"reportingMTA\":\"dsn; a.example\"}}\n";
	ARENA(a);
	struct notice *n = arena_alloc(&a, sizeof(*n));

	(void)state;
	notice_read(&a, STR(text), n);
	assert_int_equal(n->kind, NOTICE_FAILURE);
	assert_int_equal(n->n, 2);
	assert_true(str_eqz(n->rcpts[0].address, "b@c.example") && str_eqz(n->rcpts[1].address, "d@c.example"));
	assert_true(str_eqz(n->rcpts[0].diagnostic, "552 full") && str_eqz(n->rcpts[0].status, "5.2.2"));
	assert_true(n->rcpts[1].diagnostic.n == 0);
}

/* What mail/dsn.c writes, this reads back. */
static void our_own_bounce_comes_back(void **state)
{
	static const struct dsn_rcpt rcpts[] = {
		{ .final = STR_INIT("bob@example.com"),
		  .original = STR_INIT("bob@example.com"),
		  .report = STR_INIT("Sorry, no mailbox here by that name. (#5.1.1)") },
		{ .final = STR_INIT("away@other.test"),
		  .original = STR_INIT("List@example.com"),
		  .report =
		      STR_INIT("192.0.2.1 does not like recipient.\nRemote host said: 552 5.2.2 full\nGiving up.") },
	};
	struct dsn d = { .hostname = STR("mx.example.com"),
			 .contact = STR("abuse@example.com"),
			 .sender = STR("ann@x.example"),
			 .qp = 9,
			 .parent = 7,
			 .now = 1615286631000,
			 .arrival = 1615286000000,
			 .message = STR("Received: by x\r\nSubject: hi\r\n\r\nbody\r\n"),
			 .rcpts = rcpts,
			 .n = COUNT(rcpts) };
	ARENA(a);
	struct notice *n = arena_alloc(&a, sizeof(*n));
	BUF(message);
	BUF(body);

	(void)state;
	dsn_put(&message, &body, &d);
	buf_addstr(&message, buf_str(&body));
	notice_read(&a, buf_str(&message), n);
	assert_int_equal(n->kind, NOTICE_FAILURE);
	assert_int_equal(n->n, d.n);
	assert_true(str_eq(n->reporter, d.hostname));
	for (size_t i = 0; i < d.n; i++) {
		assert_true(str_eq(n->rcpts[i].address, rcpts[i].final));
		assert_true(str_eq(n->rcpts[i].status, dsn_status(rcpts[i].report)));
		assert_true(str_eqz(n->rcpts[i].action, "failed"));
	}
	assert_true(str_eq(n->rcpts[1].original, rcpts[1].original));
	assert_true(str_starts(n->rcpts[1].diagnostic, STR("552 5.2.2 full")));
	assert_true(str_eqz(field_get(n->returned, "Subject"), "hi"));
}

static void many_recipients_are_counted(void **state)
{
	ARENA(a);
	struct notice *n = arena_alloc(&a, sizeof(*n));
	BUF(b);

	(void)state;
	buf_adds(&b, DAEMON REPORT);
	for (int i = 0; i < 2 * NOTICE_RCPTS_MAX; i++)
		buf_fmt(&b, "Final-Recipient: rfc822; u%d@c.example\nAction: failed\n\n", i);
	notice_read(&a, buf_str(&b), n);
	assert_int_equal(n->n, NOTICE_RCPTS_MAX);
	assert_int_equal(n->more, NOTICE_RCPTS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_told_apart), cmocka_unit_test(fields_are_read),
		cmocka_unit_test(words_are_read),       cmocka_unit_test(our_own_bounce_comes_back),
		cmocka_unit_test(amazon_tells_in_json), cmocka_unit_test(many_recipients_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
