#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include "mail/envelope.h"
#include "wire/command.h"

static void rows(void **state)
{
	static const struct {
		struct str in;
		enum verb verb;
		enum command_fault fault;
		const char *arg;
		uint64_t size;
	} t[] = {
		/* clang-format off */
		{ STR_INIT("EHLO mx.example"),              VERB_EHLO, COMMAND_FINE, "mx.example", 0 },
		{ STR_INIT("ehlo  a b "),                   VERB_EHLO, COMMAND_FINE, "a b", 0 },
		{ STR_INIT("HELO"),                         VERB_HELO, COMMAND_ARGUMENT, "", 0 },
		{ STR_INIT("QUIT"),                         VERB_QUIT, COMMAND_FINE, "", 0 },
		{ STR_INIT("QUIT now"),                     VERB_QUIT, COMMAND_ARGUMENT, "now", 0 },
		{ STR_INIT("NOOP x y"),                     VERB_NOOP, COMMAND_FINE, "x y", 0 },
		{ STR_INIT("MAIL FROM:<a@b.c>"),            VERB_MAIL, COMMAND_FINE, "<a@b.c>", 0 },
		{ STR_INIT("mail from: <a@b.c> size=12"),   VERB_MAIL, COMMAND_FINE, "<a@b.c> size=12", 12 },
		{ STR_INIT("MAIL FROM:<> BODY=8bitmime SIZE=0"), VERB_MAIL, COMMAND_FINE, "<> BODY=8bitmime SIZE=0", 0 },
		{ STR_INIT("MAIL FROM:<> SIZE=18446744073709551615"), VERB_MAIL, COMMAND_FINE,
		  "<> SIZE=18446744073709551615", UINT64_MAX },
		{ STR_INIT("MAIL FROM:<> SIZE=18446744073709551616"), VERB_MAIL, COMMAND_FINE,
		  "<> SIZE=18446744073709551616", UINT64_MAX },
		{ STR_INIT("MAIL FROM:<> SIZE=-1"),         VERB_MAIL, COMMAND_VALUE, "<> SIZE=-1", 0 },
		{ STR_INIT("MAIL FROM:<> SIZE="),           VERB_MAIL, COMMAND_VALUE, "<> SIZE=", 0 },
		{ STR_INIT("MAIL FROM:<> SIZE=000000000000000000000"), VERB_MAIL, COMMAND_VALUE,
		  "<> SIZE=000000000000000000000", 0 },
		{ STR_INIT("MAIL FROM:<> SIZE=1 SIZE=2"),   VERB_MAIL, COMMAND_VALUE, "<> SIZE=1 SIZE=2", 1 },
		{ STR_INIT("MAIL FROM:<> BODY=BINARYMIME"), VERB_MAIL, COMMAND_VALUE, "<> BODY=BINARYMIME", 0 },
		{ STR_INIT("MAIL FROM:<> BY=120;R"),        VERB_MAIL, COMMAND_PARAMETER, "<> BY=120;R", 0 },
		{ STR_INIT("MAIL FROM:<a@b.c>SIZE=1"),      VERB_MAIL, COMMAND_PATH, "<a@b.c>SIZE=1", 0 },
		{ STR_INIT("MAIL FROM:a@b.c"),              VERB_MAIL, COMMAND_PATH, "a@b.c", 0 },
		{ STR_INIT("MAIL <a@b.c>"),                 VERB_MAIL, COMMAND_ARGUMENT, "<a@b.c>", 0 },
		{ STR_INIT("MAIL"),                         VERB_MAIL, COMMAND_ARGUMENT, "", 0 },
		{ STR_INIT("RCPT TO:<a@b.c>"),              VERB_RCPT, COMMAND_FINE, "<a@b.c>", 0 },
		{ STR_INIT("RCPT TO:<a@b.c> SIZE=1"),       VERB_RCPT, COMMAND_PARAMETER, "<a@b.c> SIZE=1", 0 },
		{ STR_INIT("RCPT FROM:<a@b.c>"),            VERB_RCPT, COMMAND_ARGUMENT, "FROM:<a@b.c>", 0 },
		{ STR_INIT("MAIL FROM:<a@b.c>\0"),          VERB_MAIL, COMMAND_CONTROL, "FROM:<a@b.c>\0", 0 },
		{ STR_INIT("EHLO a\033[31m"),               VERB_EHLO, COMMAND_CONTROL, "a\033[31m", 0 },
		{ STR_INIT(""),                             VERB_UNKNOWN, COMMAND_UNKNOWN, "", 0 },
		{ STR_INIT("XYZZY a"),                      VERB_UNKNOWN, COMMAND_UNKNOWN, "a", 0 },
		{ STR_INIT("GET / HTTP/1.1"),               VERB_UNKNOWN, COMMAND_FOREIGN, "", 0 },
		{ STR_INIT("connect a:25 HTTP/1.1"),        VERB_UNKNOWN, COMMAND_FOREIGN, "", 0 },
		{ STR_INIT("Host: x"),                      VERB_UNKNOWN, COMMAND_FOREIGN, "", 0 },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct command c;

		command_parse(t[i].in, &a, &c);
		if (c.verb != t[i].verb || c.fault != t[i].fault)
			fail_msg("%.*s: verb %d fault %d", STR_ARG(t[i].in), c.verb, c.fault);
		assert_true(str_starts(c.arg, str_of(t[i].arg)));
		assert_true(c.size == t[i].size);
	}
}

static void later_extensions(void **state)
{
	static const struct {
		struct str in;
		enum command_fault fault;
		bool auth;
	} t[] = {
		/* clang-format off */
		{ STR_INIT("MAIL FROM:<a@b.c> SMTPUTF8"),                   COMMAND_PARAMETER, false },
		{ STR_INIT("MAIL FROM:<a@b.c> AUTH=<>"),                    COMMAND_FINE, true },
		{ STR_INIT("MAIL FROM:<> auth=e+3Dmc2@example.com SIZE=3"), COMMAND_FINE, true },
		{ STR_INIT("MAIL FROM:<> AUTH="),                           COMMAND_VALUE, true },
		{ STR_INIT("MAIL FROM:<> AUTH=a=b"),                        COMMAND_VALUE, true },
		{ STR_INIT("MAIL FROM:<> AUTH=a+3"),                        COMMAND_VALUE, true },
		{ STR_INIT("MAIL FROM:<> AUTH=a+3d"),                       COMMAND_VALUE, true },
		{ STR_INIT("MAIL FROM:<> AUTH=+++"),                        COMMAND_VALUE, true },
		{ STR_INIT("MAIL FROM:<> AUTH=\303\244@b"),                 COMMAND_VALUE, true },
		{ STR_INIT("MAIL FROM:<> AUTH=a AUTH=a"),                   COMMAND_VALUE, true },
		{ STR_INIT("RCPT TO:<a@b.c> AUTH=<>"),                      COMMAND_PARAMETER, false },
		{ STR_INIT("MAIL FROM:<\303\244@b.c> SMTPUTF8"),            COMMAND_UTF8, false },
		{ STR_INIT("RCPT TO:<a@\303\244.c>"),                       COMMAND_UTF8, false },
		{ STR_INIT("RCPT TO:<\"\303\244\"@b.c>"),                   COMMAND_UTF8, false },
		{ STR_INIT("MAIL FROM:<\377@b.c>"),                         COMMAND_UTF8, false },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct command c;

		command_parse(t[i].in, &a, &c);
		if (c.fault != t[i].fault || c.auth != t[i].auth)
			fail_msg("%.*s: fault %d", STR_ARG(t[i].in), c.fault);
	}
}

static void what_is_asked_about_notices(void **state)
{
	static const struct {
		struct str in;
		enum command_fault fault;
		const char *envid, *orcpt;
		unsigned ret, notify;
	} t[] = {
		/* clang-format off */
		{ STR_INIT("MAIL FROM:<a@b.c> RET=HDRS ENVID=QQ314159"), COMMAND_FINE, "QQ314159", "", RET_HDRS, 0 },
		{ STR_INIT("MAIL FROM:<a@b.c> envid=a+20b+3D+2B ret=full"), COMMAND_FINE, "a b=+", "", RET_FULL, 0 },
		{ STR_INIT("MAIL FROM:<> RET=BODY"),               COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("MAIL FROM:<> RET=FULL RET=FULL"),      COMMAND_VALUE, "", "", RET_FULL, 0 },
		{ STR_INIT("MAIL FROM:<> ENVID=a ENVID=b"),        COMMAND_VALUE, "a", "", 0, 0 },
		{ STR_INIT("MAIL FROM:<> ENVID="),                 COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("MAIL FROM:<> ENVID"),                  COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("MAIL FROM:<> ENVID=a=b"),              COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("MAIL FROM:<> ENVID=a+0D+0Ab"),         COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("MAIL FROM:<> ENVID=a+C3"),             COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("MAIL FROM:<> ENVID=a+3d"),             COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("MAIL FROM:<> NOTIFY=NEVER"),           COMMAND_PARAMETER, "", "", 0, 0 },
		{ STR_INIT("MAIL FROM:<> REQUIRETLS=1"),           COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("MAIL FROM:<> REQUIRETLS"),             COMMAND_FINE, "", "", 0, 0 },
		{ STR_INIT("RCPT TO:<a@b.c> NOTIFY=NEVER"),        COMMAND_FINE, "", "", 0, NOTIFY_NEVER },
		{ STR_INIT("RCPT TO:<a@b.c> notify=success,Failure"), COMMAND_FINE, "", "", 0, NOTIFY_SUCCESS | NOTIFY_FAILURE },
		{ STR_INIT("RCPT TO:<a@b.c> NOTIFY=DELAY ORCPT=rfc822;Bob+40old.example"), COMMAND_FINE, "",
		  "rfc822;Bob@old.example", 0, NOTIFY_DELAY },
		{ STR_INIT("RCPT TO:<a@b.c> NOTIFY=NEVER,DELAY"),  COMMAND_VALUE, "", "", 0, NOTIFY_NEVER | NOTIFY_DELAY },
		{ STR_INIT("RCPT TO:<a@b.c> NOTIFY=DELAY,DELAY"),  COMMAND_VALUE, "", "", 0, NOTIFY_DELAY },
		{ STR_INIT("RCPT TO:<a@b.c> NOTIFY="),             COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("RCPT TO:<a@b.c> NOTIFY=DELAY,"),       COMMAND_VALUE, "", "", 0, NOTIFY_DELAY },
		{ STR_INIT("RCPT TO:<a@b.c> NOTIFY=ALWAYS"),       COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("RCPT TO:<a@b.c> NOTIFY=NEVER NOTIFY=NEVER"), COMMAND_VALUE, "", "", 0, NOTIFY_NEVER },
		{ STR_INIT("RCPT TO:<a@b.c> ORCPT=bob@b.c"),       COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("RCPT TO:<a@b.c> ORCPT=;bob@b.c"),      COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("RCPT TO:<a@b.c> ORCPT=rfc822;"),       COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("RCPT TO:<a@b.c> ORCPT=rfc+41;a@b.c"),  COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("RCPT TO:<a@b.c> ORCPT=rfc822;a+0Ab"),  COMMAND_VALUE, "", "", 0, 0 },
		{ STR_INIT("RCPT TO:<a@b.c> RRVS=2014-04-03T23:01:00Z"), COMMAND_PARAMETER, "", "", 0, 0 },
		/* clang-format on */
	};
	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct command c;

		command_parse(t[i].in, &a, &c);
		if (c.fault != t[i].fault || c.ret != t[i].ret || c.notify != t[i].notify)
			fail_msg("%.*s: fault %d ret %u notify %u", STR_ARG(t[i].in), c.fault, c.ret, c.notify);
		assert_true(str_eqz(c.envid, t[i].envid) && str_eqz(c.orcpt, t[i].orcpt));
		assert_int_equal(c.why != NULL, c.fault == COMMAND_VALUE);
	}
}

static void an_envid_has_a_limit(void **state)
{
	BUF(line);

	(void)state;
	for (size_t n = 99; n < 103; n++) {
		ARENA(a);
		struct command c;

		buf_reset(&line);
		buf_adds(&line, "MAIL FROM:<> ENVID=");
		for (size_t i = 0; i < n; i++)
			buf_addc(&line, 'x');
		command_parse(buf_str(&line), &a, &c);
		assert_int_equal(c.fault, n <= 100 ? COMMAND_FINE : COMMAND_VALUE);
	}
}

static void first_bytes(void **state)
{
	(void)state;
	for (int ch = 0; ch < 256; ch++)
		assert_int_equal(command_starts((char)ch),
				 (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '\r' || ch == '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rows), cmocka_unit_test(later_extensions),
					    cmocka_unit_test(what_is_asked_about_notices),
					    cmocka_unit_test(an_envid_has_a_limit), cmocka_unit_test(first_bytes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
