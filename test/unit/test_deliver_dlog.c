#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/io.h"
#include "deliver/dlog.h"
#include "deliver/retry.h"
#include "logs/logs.h"

#define NOW 1615286632007
#define T "2021-03-09 10:43:52, "

static void a_try_is_one_group(void **state)
{
	static const struct {
		const char *sender, *final, *original;
		enum channel channel;
		const char *text;
	} t[] = {
		{ "sender@example.com", "recipient@example.com", "Recipient@Example.com", CHANNEL_LOCAL,
		  T "init, <sender@example.com>\n" T "info, 77, qp 15309, attempt 1, bytes 620, 1615286632.007\n" T
		    "try, 77, local, recipient@example.com\n" },
		{ "", "bob@example.com", "info@example.com", CHANNEL_LOCAL,
		  T "init, <>\n" T "info, 77, qp 15309, attempt 1, bytes 620, 1615286632.007\n" T
		    "alias, 77, info@example.com\n" T "try, 77, local, bob@example.com\n" },
		{ "a@b.example", "x@far.example", "x@far.example", CHANNEL_REMOTE,
		  T "init, <a@b.example>\n" T "info, 77, qp 15309, attempt 1, bytes 620, 1615286632.007\n" T
		    "try, 77, remote, x@far.example\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);
		struct recipient r = { str_of(t[i].final), str_of(t[i].original), .channel = t[i].channel };
		struct dlog_try x = { 77, 15309, 1, 620, str_of(t[i].sender), &r };

		dlog_put_try(&b, &x, NOW);
		assert_string_equal(buf_z(&b), t[i].text);
	}
}

static const struct {
	struct dlog_result r;
	const char *text;
} results[] = {
	{ { .delivery = 77,
	    .kind = OUTCOME_SUCCESS,
	    .report = STR_INIT("did 1+0+0"),
	    .millis = 12,
	    .next = 0,
	    .gave_up = false },
	  T "result, 77, success, did_1+0+0/\n" T "done, 77, 12\n" },
	{ { .delivery = 77,
	    .kind = OUTCOME_SUCCESS,
	    .report = STR_INIT("smtp_auth\ndid 1+0+0"),
	    .millis = 0,
	    .next = 0,
	    .gave_up = false },
	  T "result, 77, success, smtp_auth/did_1+0+0/\n" T "done, 77, 0\n" },
	{ { .delivery = 77,
	    .kind = OUTCOME_SUCCESS,
	    .report = STR_INIT("did 1+0+0"),
	    .at = { STR_INIT("example.com/anna/Maildir/.a b"), STR_INIT("alias; junk by gate"), 512, 1024 } },
	  T "mailbox, 77, example.com/anna/Maildir/.a b, alias; junk by gate, 512/1024\n" T
	    "result, 77, success, did_1+0+0/\n" T "done, 77, 0\n" },
	{ { .delivery = 77,
	    .kind = OUTCOME_SUCCESS,
	    .report = STR_INIT("did 1+0+0"),
	    .at = { STR_INIT("a, b\nresult, 1"), STR_INIT("mailbox"), 512, 0 } },
	  T "mailbox, 77, a\\x2c b\\x0aresult\\x2c 1, mailbox, -\n" T "result, 77, success, did_1+0+0/\n" T
	    "done, 77, 0\n" },
	{ { .delivery = 77,
	    .kind = OUTCOME_DEFERRAL,
	    .report = STR_INIT("not yet"),
	    .at = { STR_INIT("x"), STR_INIT("mailbox"), 1, 2 } },
	  T "result, 77, deferral, not_yet/\n" T "done, 77, 0\n" },
	{ { .delivery = 77,
	    .kind = OUTCOME_DEFERRAL,
	    .report = STR_INIT("remote delivery is not configured"),
	    .millis = 1,
	    .next = NOW + 400000,
	    .gave_up = false },
	  T "result, 77, deferral, remote_delivery_is_not_configured/\n" T "done, 77, 1\n" T
	    "next, 77, 2021-03-09 10:50:32\n" },
	{ { .delivery = 77,
	    .kind = OUTCOME_FAILURE,
	    .report = STR_INIT("x\nI'm not going to try again"),
	    .millis = -5,
	    .next = 0,
	    .gave_up = true },
	  T "result, 77, failure, x/I'm_not_going_to_try_again/\n" T "done, 77, 0\n" T "gave-up, 77\n" },
	{ { .delivery = 77,
	    .kind = OUTCOME_SUCCESS,
	    .report = STR_INIT("x"),
	    .peer = { .host = STR_INIT("mx.far.test"),
		      .ip = STR_INIT("2001:db8::1"),
		      .port = 25,
		      .tls = STR_INIT("TLSv1.3 TLS_AES_256_GCM_SHA384"),
		      .policy = STR_INIT("opportunistic"),
		      .connect = 12,
		      .handshake = 30,
		      .reply = 200,
		      .source = STR_INIT("192.0.2.1") } },
	  T "remote, 77, mx.far.test, 2001:db8::1, 25, TLSv1.3 TLS_AES_256_GCM_SHA384, opportunistic, "
	    "connect 12, tls 30, reply 200, from 192.0.2.1\n" T "result, 77, success, x/\n" T "done, 77, 0\n" },
	{ { .delivery = 77,
	    .kind = OUTCOME_SUCCESS,
	    .report = STR_INIT("x"),
	    .peer = { .host = STR_INIT("a, none\n"), .ip = STR_INIT("::1"), .policy = STR_INIT("none") } },
	  T "remote, 77, a\\x2c none\\x0a, ::1, 0, none, none, connect 0, tls 0, reply 0\n" T
	    "result, 77, success, x/\n" T "done, 77, 0\n" },
	{ { .delivery = 77,
	    .kind = OUTCOME_DEFERRAL,
	    .report = STR_INIT("a, b\r\n2021-03-09 10:43:52, result, 1, success"),
	    .millis = 1,
	    .next = 0,
	    .gave_up = false },
	  T "result, 77, deferral, a,_b_/2021-03-09_10:43:52,_result,_1,_success/\n" T "done, 77, 1\n" },
};

static void a_result_says_how_and_when_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(results); i++) {
		BUF(b);

		dlog_put_result(&b, &results[i].r, NOW);
		assert_string_equal(buf_z(&b), results[i].text);
	}
}

/* Only our own reader decides what was open. */
static void a_sender_opens_and_closes_no_number(void **state)
{
	BUF(b);
	struct recipient r = { STR_INIT("x\nresult, 5, success, y@x.example"), STR_INIT("x@x.example"),
			       .channel = CHANNEL_LOCAL };
	struct dlog_try x = { 5, 1, 1, 1, STR("a>\n" T "try, 99, local, b"), &r };
	struct str line, rest;
	int n = 0;

	(void)state;
	dlog_put_try(&b, &x, NOW);
	for (rest = buf_str(&b); str_cut(rest, STR("\n"), &line, &rest); n++)
		assert_true(str_starts(line, STR(T)));
	assert_int_equal(n, 4);
	buf_reset(&b);
	dlog_put_try(&b, &x, NOW);

	BUF(out);
	assert_int_equal(dlog_put_restarted(&out, buf_str(&b), NOW), 1);
	assert_string_equal(buf_z(&out), T "result, 5, deferral, server_restarted/\n");
}

static void open_numbers_are_closed(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *out;
	} t[] = {
		{ "", 0, "" },
		{ T "try, 7, local, a@x\n" T "result, 7, success, did_1+0+0/\n", 0, "" },
		{ T "try, 12, local, a@x\n" T "try, 3, remote, a@x\n" T "try, 8, local, b@x\n" T
		    "result, 8, deferral, x/\n",
		  2, T "result, 3, deferral, server_restarted/\n" T "result, 12, deferral, server_restarted/\n" },
		{ "al, 7, x\n" T "try, 7, local, a@x\n" T "res", 1, T "result, 7, deferral, server_restarted/\n" },
		{ T "result, 7, success, did_1+0+0/\n" T "done, 7, 3\n", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);

		assert_int_equal(dlog_put_restarted(&b, str_of(t[i].text), NOW), t[i].n);
		assert_string_equal(buf_z(&b), t[i].n > 0 ? t[i].out : "");
	}
}

/* The whole life: written, crashed, opened again. */
static void a_reopened_log_is_closed_once(void **state)
{
	BUF(text);
	char path[] = "/tmp/test-dlog.XXXXXX";
	struct recipient r = { STR_INIT("a@x.example"), STR_INIT("a@x.example"), .channel = CHANNEL_LOCAL };
	struct dlog_try x = { 41, 1, 1, 1, STR("s@x.example"), &r };
	struct err e;
	struct dlog *d;

	(void)state;
	close(mkstemp(path));
	for (int i = 0; i < 3; i++) {
		d = dlog_open(path, &e);
		assert_non_null(d);
		if (i == 0)
			dlog_try(d, &x);
		dlog_close(d);
	}
	assert_int_equal(io_slurp(AT_FDCWD, path, 1 << 20, &text, &e), 0);
	assert_true(str_find(buf_str(&text), STR(", zone, ")) > 0);

	ptrdiff_t at = str_find(buf_str(&text), STR("result, 41, deferral, server_restarted/\n"));

	assert_true(at > 0);
	assert_true(str_find(str_skip(buf_str(&text), (size_t)at + 1), STR("result, 41")) < 0);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_try_is_one_group),
		cmocka_unit_test(a_result_says_how_and_when_again),
		cmocka_unit_test(a_sender_opens_and_closes_no_number),
		cmocka_unit_test(open_numbers_are_closed),
		cmocka_unit_test(a_reopened_log_is_closed_once),
	};

	setenv("TZ", "UTC", 1);
	log_zone(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
