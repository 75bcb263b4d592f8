/* A visit made by hand: what it leaves in the two logs, and its Received line. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "session/session.h"

static char dir[] = "/tmp/record-XXXXXX";
static struct conf conf;
static struct conf_port conf_port = { .label = STR_INIT("25") };
static struct server server = { .conf = &conf };
static struct port port = { .server = &server, .conf = &conf_port };
static struct session s;

static struct log_writer *open_log(const char *name, enum log_family family)
{
	ARENA(a);
	struct err e;
	struct log_writer *w = log_writer_open(arena_fmt(&a, "%s/%s", dir, name).p, family, &e);

	assert_non_null(w);
	return w;
}

static int setup(void **state)
{
	(void)state;
	conf.top.hostname = STR("mx.example.com");
	log_zone(true);
	pthread_mutex_init(&server.trouble.mutex, NULL);
	server.spamdyke = open_log("spamdyke.log", LOG_SPAMDYKE);
	port.smtp = open_log("smtp-25.log", LOG_SMTP);
	port.policy = (struct policy){ .on = true, .dns_deadline = 1000 };
	s = (struct session){ .port = &port, .server = &server, .number = 15280, .began = 1615286631250 };
	strcpy(s.peer.ip, "192.0.2.12");
	s.peer.port = 40000;
	s.helo = STR("client.example");
	s.helo_at = 1615286631300;
	s.facts.policy = &port.policy;
	s.facts.rdns = STR("elsewhere.example.net");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_writer_close(server.spamdyke);
	log_writer_close(port.smtp);
	session_clear(&s);
	assert_int_equal(chdir(dir), 0);
	unlink("spamdyke.log");
	unlink("smtp-25.log");
	return rmdir(dir);
}

/* The lines of a log without their stamps, one string. */
static void lines_of(const char *name, struct buf *out)
{
	BUF(text);
	ARENA(a);
	struct err e;
	struct str rest, line;

	assert_int_equal(io_slurp(AT_FDCWD, arena_fmt(&a, "%s/%s", dir, name).p, 1 << 20, &text, &e), 0);
	rest = buf_str(&text);
	while (rest.n > 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		buf_addstr(out, str_skip(line, str_find(line, STR("spamdyke[")) > 0 ? 19 : 21));
		buf_addc(out, '\n');
	}
}

static void a_group(void **state)
{
	static const struct finding seen[] = {
		{ .filter = &filter_rdns_missing, .found = FOUND_ERROR, .ms = 12, .seen = STR_INIT("no answer, ever") },
		{ .filter = &filter_relaying, .found = FOUND_SKIPPED, .seen = STR_INIT("authenticated") },
	};
	struct finding findings[2] = { seen[0], seen[1] };
	struct ruling r = { .at = AT_CONNECT, .findings = findings, .n = 2 };
	struct reply ok = { 250, "2.1.5", STR("ok") };
	BUF(got);

	(void)state;
	record_from(&s, STR("a@b.example\r\n250 ok 1 qp 1"));
	record_resp(&s, &ok);
	record_to(&s, STR("<r@example.com> X=1"));
	record_stage(&s, &r, STR("r@example.com"));
	record_check(&s, check_row(CHECK_FOUND), STR("r@example.com"));
	record_size(&s, 620);
	record_queued(&s, 1615286631, 15309);
	record_close(&s);
	assert_false(record_is_open(&s));
	lines_of("smtp-25.log", &got);
	assert_non_null(strstr(buf_z(&got),
			       "session, 15280, 192.0.2.12, 40000, 1615286631.250\n"
			       "helo, client.example\n"
			       "from, a@b.example\\x0d\\x0a250 ok 1 qp 1\n"
			       "resp, 250 ok\n"
			       "to, <r@example.com> X=1\n"
			       "gate, error rdns-missing, elsewhere.example.net:192.0.2.12, r@example.com, "
			       "no answer, ever, 12 ms\n"
			       "gate, connect, error rdns-missing 12, skipped relaying authenticated\n"
			       "check, accepted rcpt, elsewhere.example.net:192.0.2.12, r@example.com, "
			       "found existing recipient\n"
			       "size, 620\n"
			       "resp, 250 ok 1615286631 qp 15309\n\n"));
}

static void verdicts(void **state)
{
	BUF(got);

	(void)state;
	s.t.sender_key = STR("a@b.example");
	record_verdict(&s, REASON_ALLOWED, STR("R@Example.com"), STR("250 ok 1615286631 qp 15309"));
	s.t.sender_key = STR("");
	s.facts.rdns = STR("");
	record_verdict(&s, REASON_RDNS_MISSING, STR("x y to: z"), STR(""));
	port.policy.on = false;
	record_verdict(&s, REASON_ALLOWED, STR("r@example.com"), STR("nothing where the gate does not run"));
	port.policy.on = true;
	lines_of("spamdyke.log", &got);
	assert_non_null(strstr(buf_z(&got), "spamdyke[15280]: ALLOWED from: a@b.example to: r@example.com origin_ip: "
					    "192.0.2.12 origin_rdns: elsewhere.example.net auth: (unknown) encryption: "
					    "(none) reason: 250_ok_1615286631_qp_15309\n"));
	assert_non_null(strstr(buf_z(&got), "DENIED_RDNS_MISSING from: (unknown) to: x"));
	assert_non_null(
	    strstr(buf_z(&got), "origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: (empty)\n"));
	assert_null(strstr(buf_z(&got), "nothing"));
	assert_null(strstr(buf_z(&got), "x y to: z"));
}

static void received(void **state)
{
	static const struct {
		const char *helo, *ip, *rdns;
		bool esmtp;
		size_t rcpts;
		const char *want;
	} t[] = {
		{ "c.example", "192.0.2.12", "c.example", true, 1,
		  "Received: from c.example (c.example [192.0.2.12])\r\n\tby mx.example.com with ESMTP id 7\r\n"
		  "\tfor <r@example.com>; " },
		{ "c) <d>\"", "2001:db8::1", "", false, 2,
		  "Received: from c???d?? (unknown [IPv6:2001:db8::1])\r\n\tby mx.example.com with SMTP id 7; " },
	};
	struct named one = { .key = STR("r@example.com"), .text = STR("r@example.com") };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);

		s.helo = str_of(t[i].helo);
		strcpy(s.peer.ip, t[i].ip);
		s.facts.rdns = str_of(t[i].rdns);
		s.esmtp = t[i].esmtp;
		s.t.named = &one;
		s.t.nnamed = t[i].rcpts;
		received_put(&b, &s, 7, 1615286631250);
		assert_true(str_starts(buf_str(&b), str_of(t[i].want)));
		assert_true(str_ends(buf_str(&b), STR("\r\n")));
		assert_non_null(strstr(buf_z(&b), "Tue, 09 Mar 2021 "));
	}
	s.t = (struct transaction){ 0 };
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(received),
	};

	if (mkdtemp(dir) == NULL)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
