#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>

#include "base/io.h"
#include "logs/logs.h"

#define C "2021-03-09 12:43:51, "
#define S "Mar  9 12:43:51 server spamdyke[15280]: "

static bool prints_back(const struct log_line *l)
{
	struct log_line from_fields = *l;
	BUF(b);

	if (l->kind != LOG_UNKNOWN)
		from_fields.raw = (struct str){ NULL, 0 };
	log_print(&b, &from_fields);
	return b.n == l->raw.n + 1 && b.p[b.n - 1] == '\n' && str_eq(str_take(buf_str(&b), l->raw.n), l->raw);
}

/* clang-format off */
static const struct {
	enum log_family family;
	enum log_kind kind;
	const char *text;
} lines[] = {
	{ LOG_SMTP, LOG_SMTP_ZONE, C "zone, +02:00, 1615286631" },
	{ LOG_SMTP, LOG_SMTP_SESSION, C "session, 15280, 2001:db8::1, 50412, 1615286631.007" },
	{ LOG_SMTP, LOG_SMTP_HELO, C "helo, mail.example.net" },
	{ LOG_SMTP, LOG_SMTP_HELO, C "helo, " },
	{ LOG_SMTP, LOG_SMTP_TLS, C "tls, TLSv1.3 TLS_AES_256_GCM_SHA384" },
	{ LOG_SMTP, LOG_SMTP_AUTH, C "auth, PLAIN sender@example.com" },
	{ LOG_SMTP, LOG_SMTP_AUTH_FAILED, C "auth-failed, LOGIN - no such user" },
	{ LOG_SMTP, LOG_SMTP_FROM, C "from, a@b.example" },
	{ LOG_SMTP, LOG_SMTP_FROM, C "from, " },
	{ LOG_SMTP, LOG_SMTP_FROM, C "from," },
	{ LOG_SMTP, LOG_SMTP_TO, C "to, <a@b.example> NOTIFY=NEVER" },
	{ LOG_SMTP, LOG_SMTP_CHECK, C "check, accepted rcpt, h:198.51.100.25, recipient@example.com, found existing recipient" },
	{ LOG_SMTP, LOG_SMTP_CHECK, C "check, a title of tomorrow, unknown:127.0.0.1, r@example.com, words of tomorrow" },
	{ LOG_SMTP, LOG_SMTP_CHECK, C "check, rejected intrusion, :, r@example.com, rcpt ignored, session over intrusion threshold" },
	{ LOG_SMTP, LOG_SMTP_GATE_REFUSED, C "gate, refused rdns-missing, unknown:127.0.0.7, r@example.com, no reverse name, 3 ms" },
	{ LOG_SMTP, LOG_SMTP_GATE_ERROR, C "gate, error rbl, mx.example.net:192.0.2.1, r@example.com, timeout" },
	{ LOG_SMTP, LOG_SMTP_GATE_ALLOWED, C "gate, allowed ip-whitelist, mx.example.net:192.0.2.1, r@example.com, 192.0.2.0/24" },
	{ LOG_SMTP, LOG_SMTP_GATE_PASSED, C "gate, passed rbl, mx.example.net:192.0.2.1, r@example.com, 12 ms" },
	{ LOG_SMTP, LOG_SMTP_GATE_SKIPPED, C "gate, skipped rbl, mx.example.net:192.0.2.1, r@example.com, authenticated" },
	{ LOG_SMTP, LOG_SMTP_GATE_STAGE, C "gate, connect, passed A 3 B 12, skipped C authenticated" },
	{ LOG_SMTP, LOG_SMTP_SIZE, C "size, 23533" },
	{ LOG_SMTP, LOG_SMTP_RESP_QUEUED, C "resp, 250 ok 1615286631 qp 15309" },
	{ LOG_SMTP, LOG_SMTP_RESP, C "resp, 250 ok 1615286631 qp 15309 " },
	{ LOG_SMTP, LOG_SMTP_RESP, C "resp, 250 ok" },
	{ LOG_SMTP, LOG_SMTP_RESP, C "resp, 250-first line" },
	{ LOG_SMTP, LOG_SMTP_RESP, C "resp, 354" },
	{ LOG_SMTP, LOG_SMTP_RESP, C "resp, 554 \"Refused. Contact a@b.example for details.\"" },
	{ LOG_SMTP, LOG_SMTP_RESP, C "resp, 554 \"" },
	{ LOG_SMTP, LOG_SMTP_RESP, C "resp, 554 \"\"" },
	{ LOG_SMTP, LOG_SMTP_END, C "end, connection lost" },
	{ LOG_SMTP, LOG_SMTP_RECOVERED, C "recovered" },
	{ LOG_SMTP, LOG_SMTP_SIZE, C "size, 23533\r" },
	{ LOG_SMTP, LOG_EMPTY, "" },
	{ LOG_SMTP, LOG_EMPTY, "\r" },
	{ LOG_SMTP, LOG_UNKNOWN, C "quit" },
	{ LOG_SMTP, LOG_UNKNOWN, C "rset, " },
	{ LOG_SMTP, LOG_UNKNOWN, C "size, 23533 " },
	{ LOG_SMTP, LOG_UNKNOWN, C "resp, nonsense" },
	{ LOG_SMTP, LOG_UNKNOWN, C "gate, refused rdns-missing, no peer" },
	{ LOG_SMTP, LOG_UNKNOWN, C },
	{ LOG_SMTP, LOG_UNKNOWN, "2021-13-09 12:43:51, size, 1" },
	{ LOG_SMTP, LOG_UNKNOWN, "2021-03-09 12:43:51" },
	{ LOG_SMTP, LOG_UNKNOWN, "from, a@b.example" },

	{ LOG_DELIVERY, LOG_DELIVERY_ZONE, C "zone, -03:30, 1615286631" },
	{ LOG_DELIVERY, LOG_DELIVERY_INIT, C "init, <a>b@c.example>" },
	{ LOG_DELIVERY, LOG_DELIVERY_INIT, C "init, <>" },
	{ LOG_DELIVERY, LOG_DELIVERY_INIT, C "init, <#@[]>" },
	{ LOG_DELIVERY, LOG_DELIVERY_INFO, C "info, 7, qp 3, attempt 1, bytes 820, 1615286631.120" },
	{ LOG_DELIVERY, LOG_DELIVERY_ALIAS, C "alias, 7, team@example.com" },
	{ LOG_DELIVERY, LOG_DELIVERY_TRY, C "try, 7, local, recipient@example.com" },
	{ LOG_DELIVERY, LOG_DELIVERY_TRY, C "try, 7, remote, \"a, b\"@example.net" },
	{ LOG_DELIVERY, LOG_DELIVERY_REMOTE,
	  C "remote, 7, mx.far.test, 192.0.2.5, 25, TLSv1.3 TLS_AES_256_GCM_SHA384, dane, connect 1, tls 2, reply 3" },
	{ LOG_DELIVERY, LOG_DELIVERY_REMOTE,
	  C "remote, 7, mx.far.test, 2001:db8::5, 25, none, none, connect 1, tls 0, reply 3, from 192.0.2.1" },
	{ LOG_DELIVERY, LOG_DELIVERY_RESULT, C "result, 7, success, smtp_auth/did_0+0+1/" },
	{ LOG_DELIVERY, LOG_DELIVERY_RESULT, C "result, 7, report, " },
	{ LOG_DELIVERY, LOG_DELIVERY_DONE, C "done, 7, 35" },
	{ LOG_DELIVERY, LOG_DELIVERY_MAILBOX, C "mailbox, 7, example.com/anna/Maildir/.Junk, junk by gate, 5/100" },
	{ LOG_DELIVERY, LOG_DELIVERY_NEXT, C "next, 7, 2021-03-09 12:45:31" },
	{ LOG_DELIVERY, LOG_DELIVERY_GAVE_UP, C "gave-up, 7" },
	{ LOG_DELIVERY, LOG_DELIVERY_BOUNCE, C "bounce, 3, qp 9" },
	{ LOG_DELIVERY, LOG_DELIVERY_AUTOREPLY, C "autoreply, 3, qp 9" },
	{ LOG_DELIVERY, LOG_DELIVERY_DELAY_NOTICE, C "delay-notice, 3, qp 9" },
	{ LOG_DELIVERY, LOG_DELIVERY_SUCCESS_NOTICE, C "success-notice, 3, qp 9" },
	{ LOG_DELIVERY, LOG_DELIVERY_POSTMASTER, C "postmaster, qp 40, 0, held, carol, their server moves" },
	{ LOG_DELIVERY, LOG_DELIVERY_POSTMASTER, C "postmaster, qp 40, 2, released, root" },
	{ LOG_DELIVERY, LOG_UNKNOWN, C "init, a@b.example" },
	{ LOG_DELIVERY, LOG_UNKNOWN, C "size, 5" },

	{ LOG_SPAMDYKE, LOG_SPAMDYKE_VERDICT, S "ALLOWED from: a@b.example to: c@d.example origin_ip: 192.0.2.12 origin_rdns: b.example auth: (unknown) encryption: (none) reason: 250_ok_1615286631_qp_15309" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_VERDICT, S "ALLOWED from: a@b.example to: c@d.example origin_ip: 192.0.2.12 origin_rdns: b.example auth: (unknown)" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_VERDICT, S "ALLOWED from: a@b.example to: c@d.example origin_ip: 192.0.2.12 origin_rdns: b.example auth: u encryption: TLS" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_VERDICT, S "TIMEOUT from: (unknown) to: (unknown) origin_ip: 192.0.2.12 origin_rdns: (unknown) auth: (unknown) reason: TIMEOUT" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_VERDICT, S "TLS_ENCRYPTED from: (unknown) to: (unknown) origin_ip: 2001:db8::7 origin_rdns: x auth: (unknown) encryption: TLS_PASSTHROUGH reason: (empty)" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_VERDICT, S "DENIED_TOMORROW from: two words to: c d origin_ip: 192.0.2.12 origin_rdns: (unknown) auth: a b encryption: (none) reason: " },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_VERDICT, "Mar 9 12:43:51 h spamdyke[1]: DENIED_OTHER from: a to: b origin_ip: 1 origin_rdns: r auth: u" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_VERDICT, "Feb 29 12:43:51 h spamdyke[1]: DENIED_OTHER from: a to: b origin_ip: 1 origin_rdns: r auth: u" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_FILTER, S "FILTER_RDNS_MISSING ip: 203.0.113.66" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_FILTER, S "FILTER_ALLOW_ALL" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_FILTER, S "FILTER_OTHER response: \"550 no\"" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_ERROR, S "ERROR(output_writeln()@log.c:79): unable to write 29 bytes to file descriptor 1: Broken pipe" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_ERROR, S "ERROR: unable to write 29 bytes to file descriptor 1: Broken pipe" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_DEBUG, S "DEBUG(filter_rdns_missing()@filter.c:1): checking" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_EXCESSIVE, S "EXCESSIVE(x()@y.c:1): z" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_REPEATED, "Mar  9 12:43:51 server last message repeated 3 times" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_REPEATED, "Mar 9 12:43:51 server last message repeated 03 times\r" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_REPEATED, S "last message repeated 3 times" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_VERDICT, S "message repeated 2 times: [ ALLOWED from: a to: b origin_ip: 1 origin_rdns: r auth: u reason: x]" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_VERDICT, S "message repeated 2 times: [ ALLOWED from: a to: b origin_ip: 1 origin_rdns: r auth: u reason: ]]" },
	{ LOG_SPAMDYKE, LOG_SPAMDYKE_ERROR, S "message repeated 0 times: [ ERROR: x]\r" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, "Mar  9 12:43:51 server last message repeated many times" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, "Mar  9 12:43:51 server last message repeated 3 times ALLOWED from: a to: b origin_ip: 1 origin_rdns: r auth: u" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, "Mar  9 12:43:51  last message repeated 3 times" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, S "message repeated 2 times: [ ALLOWED from: a" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, S "message repeated 2 times: [ ]" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, S "message repeated 2 times: [ message repeated 2 times: [ ERROR: x]]" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, S "message repeated  times: [ ERROR: x]" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, S "something else" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, "Mar  9 12:43:51 server qmail: 1615286631.1 new msg 7" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, "Mar 09 12:43:51 h spamdyke[1]: ERROR: x" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, "Feb 30 12:43:51 h spamdyke[1]: ERROR: x" },
	{ LOG_SPAMDYKE, LOG_UNKNOWN, "Mar" },
};
/* clang-format on */

static void every_line_reads_as_its_kind_and_prints_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct log_line l;

		log_parse(lines[i].family, str_of(lines[i].text), &l);
		if (l.kind != lines[i].kind)
			fail_msg("read as kind %d, not %d: %s", l.kind, lines[i].kind, lines[i].text);
		if (!prints_back(&l))
			fail_msg("does not print back: %s", lines[i].text);
	}
}

/* A line that is read into what the line before left is the same as one that is read by itself. */
static void nothing_of_the_line_before_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		for (size_t k = 0; k < COUNT(lines); k++) {
			struct log_line alone, l = { 0 }, before = { 0 };

			if (lines[i].family != lines[k].family)
				continue;
			log_parse_next(lines[i].family, str_of(lines[i].text), &l);
			log_parse_next(lines[i].family, str_of(lines[i].text), &before);
			log_follow(&l, &before); /* what stands behind it may be read into another one */
			log_parse_next(lines[k].family, str_of(lines[k].text), &l);
			log_parse(lines[k].family, str_of(lines[k].text), &alone);
			assert_int_equal(l.kind, alone.kind);
			assert_memory_equal(l.field, alone.field, sizeof(l.field));
			assert_true(l.quoted == alone.quoted && l.ambiguous == alone.ambiguous);
			assert_true(l.stamped == alone.stamped && l.padded_day == alone.padded_day);
			assert_true(!l.stamped || civil_to_seconds(l.stamp) == civil_to_seconds(alone.stamp));
		}
}

static void every_kind_has_a_line(void **state)
{
	bool seen[LOG_KINDS] = { false };

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		seen[lines[i].kind] = true;
	for (int k = 0; k < LOG_KINDS; k++) {
		if (!seen[k] && k != LOG_OTHERS) /* test_logs_foreign.c has those */
			fail_msg("no line of kind %d in the table", k);
	}
}

/* clang-format off */
static const struct {
	enum log_family family;
	const char *text;
	enum log_field field;
	const char *want;
	bool ambiguous;
} values[] = {
	{ LOG_SMTP, C "check, accepted rcpt, h:198.51.100.25, r@example.com, found existing recipient", LOG_F_host, "h", false },
	{ LOG_SMTP, C "check, accepted rcpt, h:198.51.100.25, r@example.com, found existing recipient", LOG_F_ip, "198.51.100.25", false },
	{ LOG_SMTP, C "check, accepted rcpt, h:2001:db8::1, r@example.com, found existing recipient", LOG_F_ip, "2001:db8::1", false },
	{ LOG_SMTP, C "check, accepted rcpt, a:h:192.0.2.1, r@example.com, found existing recipient", LOG_F_host, "a:h", false },
	{ LOG_SMTP, C "check, rejected intrusion, h:192.0.2.1, r@x.example, rcpt ignored, session over intrusion threshold", LOG_F_description, "rcpt ignored, session over intrusion threshold", false },
	{ LOG_SMTP, C "check, rejected intrusion, h:192.0.2.1, \"a, b\"@x.example, rcpt ignored, session over intrusion threshold", LOG_F_rcpt, "\"a, b\"@x.example", false },
	{ LOG_SMTP, C "check, accepted rcpt, h:192.0.2.1, \"a, b\"@x.example, found existing recipient", LOG_F_rcpt, "\"a, b\"@x.example", false },
	{ LOG_SMTP, C "check, new title, h:192.0.2.1, \"a, b\"@x.example, new words", LOG_F_description, "b\"@x.example, new words", true },
	{ LOG_SMTP, C "resp, 554 \"Refused.\"", LOG_F_text, "Refused.", false },
	{ LOG_SMTP, C "resp, 554 \"a\" b", LOG_F_text, "\"a\" b", false },
	{ LOG_SMTP, C "resp, 250 ok 5 qp 6", LOG_F_qp, "6", false },
	{ LOG_SMTP, C "gate, connect, passed a 3, skipped b", LOG_F_summary, "passed a 3, skipped b", false },
	{ LOG_SMTP, C "auth-failed, LOGIN u@d bad password", LOG_F_reason, "bad password", false },
	{ LOG_DELIVERY, C "init, <a>b@c>", LOG_F_sender, "a>b@c", false },
	{ LOG_DELIVERY, C "info, 7, qp 3, attempt 1, bytes 820, 1615286631.120", LOG_F_moment, "1615286631.120", false },
	{ LOG_SPAMDYKE, S "ALLOWED from: a to: b to: c origin_ip: 1 origin_rdns: r auth: u", LOG_F_rcpt, "b to: c", true },
	{ LOG_SPAMDYKE, S "ALLOWED from: a to: b origin_ip: 1 origin_rdns: r auth: u v reason: x_y", LOG_F_user, "u v", false },
	{ LOG_SPAMDYKE, S "ALLOWED from: a to: b origin_ip: 1 origin_rdns: r auth: u reason: x encryption: y", LOG_F_reason, "x encryption: y", false },
	{ LOG_SPAMDYKE, S "FILTER_RBL_MATCH ip: 1 rbl: L", LOG_F_filter, "RBL_MATCH", false },
};
/* clang-format on */

static void fields_are_what_stands_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct log_line l;
		struct str got;

		log_parse(values[i].family, str_of(values[i].text), &l);
		got = l.field[values[i].field];
		if (!str_eqz(got, values[i].want) || l.ambiguous != values[i].ambiguous)
			fail_msg("%s\ngives \"%.*s\" (ambiguous %d)", values[i].text, STR_ARG(got), l.ambiguous);
	}
}

static void an_unknown_verb_keeps_stamp_and_verb(void **state)
{
	struct log_line l;

	(void)state;
	log_parse(LOG_SMTP, STR(C "rset, x"), &l);
	assert_int_equal(l.kind, LOG_UNKNOWN);
	assert_true(l.stamped);
	assert_int_equal(l.stamp.year, 2021);
	assert_int_equal(l.stamp.second, 51);
	assert_true(str_eqz(l.verb, "rset"));
}

static void syslog_fronts_are_read(void **state)
{
	struct log_line l;

	(void)state;
	log_parse(LOG_SPAMDYKE, STR(S "ERROR: x\n"), &l);
	assert_true(l.padded_day);
	assert_int_equal(l.stamp.year, 0);
	assert_int_equal(l.stamp.month, 3);
	assert_int_equal(l.stamp.day, 9);
	assert_true(str_eqz(l.host, "server"));
	assert_true(str_eqz(l.connection, "15280"));
	log_parse(LOG_SPAMDYKE, STR("Dec 31 23:59:59 h spamdyke[1]: ERROR: x"), &l);
	assert_int_equal(l.stamp.day, 31);
}

/* clang-format off */
static const struct {
	const char *file;
	enum log_family family;
	size_t lines;
} golden[] = {
	{ "test/golden/provider/smtp-25.log", LOG_SMTP, 12 },
	{ "test/golden/provider/smtp-587.log", LOG_SMTP, 7 },
	{ "test/golden/provider/delivery.log", LOG_DELIVERY, 6 },
	{ "test/golden/provider/spamdyke.log", LOG_SPAMDYKE, 2 },
};
/* clang-format on */

static void slurp_golden(const char *file, struct buf *out)
{
	const char *source = getenv("TELLTALE_SOURCE");
	FD(root) = open(source != NULL ? source : ".", O_RDONLY | O_DIRECTORY);

	assert_int_equal(io_slurp(root, file, 1 << 20, out, NULL), 0);
}

static void provider_files_print_back_byte_for_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(golden); i++) {
		struct str line, rest;
		size_t n = 0;
		BUF(in);
		BUF(out);

		slurp_golden(golden[i].file, &in);
		for (rest = buf_str(&in); rest.n > 0; n++) {
			struct log_line l;

			str_cut(rest, STR("\n"), &line, &rest);
			log_parse(golden[i].family, line, &l);
			assert_true(l.kind != LOG_UNKNOWN && !l.ambiguous);
			l.raw = (struct str){ NULL, 0 };
			log_print(&out, &l);
		}
		assert_int_equal(n, golden[i].lines);
		assert_true(str_eq(buf_str(&in), buf_str(&out)));
	}
}

static void a_file_is_recognised_by_its_lines(void **state)
{
	enum log_family family = LOG_FAMILIES;

	(void)state;
	for (size_t i = 0; i < COUNT(golden); i++) {
		BUF(in);

		slurp_golden(golden[i].file, &in);
		assert_true(log_recognise(buf_str(&in), &family));
		assert_int_equal(family, golden[i].family);
	}
	assert_true(log_recognise(STR(C "zone, +02:00, 1\n" C "what, 1\n" C "init, <>\n"), &family));
	assert_int_equal(family, LOG_DELIVERY);
	assert_false(log_recognise(STR("#!/bin/sh\n\nexit 0\n"), &family));
	assert_false(log_recognise(STR(C "zone, +02:00, 1\n"), &family));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_reads_as_its_kind_and_prints_back),
		cmocka_unit_test(nothing_of_the_line_before_is_left),
		cmocka_unit_test(every_kind_has_a_line),
		cmocka_unit_test(fields_are_what_stands_there),
		cmocka_unit_test(an_unknown_verb_keeps_stamp_and_verb),
		cmocka_unit_test(syslog_fronts_are_read),
		cmocka_unit_test(provider_files_print_back_byte_for_byte),
		cmocka_unit_test(a_file_is_recognised_by_its_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
