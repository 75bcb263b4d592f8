/* Three logs in, stories out: which lines belong together, how sure that is, and what became of the message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "trace/answer.h"

#define ME "recipient@example.com"
#define T "2021-03-09 12:43:51, "
#define T1 "2021-03-09 12:43:52, "
#define T9 "2021-03-09 12:53:00, "
#define DUE "2021-03-09 12:45:31, " /* 100 seconds after T: when qmail tries a mailbox again */
#define GATE(pid, code, from, to, reason) \
	"Mar 9 12:43:51 server spamdyke[" pid "]: " code " from: " from " to: " to \
	" origin_ip: 192.0.2.12 origin_rdns: x.example.net auth: (unknown) encryption: (none) reason: " reason "\n"
#define IN(at, from, to) at "from, " from "\n" at "resp, 250 ok\n" at "to, <" to ">\n" at "resp, 250 ok\n"
#define QUEUED(at, epoch, qp) at "size, 100\n" at "resp, 250 ok " epoch " qp " qp "\n"
#define OUT(at, from, d, to, result) \
	at "init, <" from ">\n" at "try, " d ", local, " to "\n" at "result, " d ", " result "\n"
/* Our own logs. */
#define AGAIN(n) T "session, " n ", 192.0.2.12, 4242, 1615286631.123\n"
#define OPEN(n) T "session, " n ", 192.0.2.12, 4242, 1615286631.123\n" T "helo, x.example.net\n"
#define OURS(from, d, qp, n, to) \
	T "init, <" from ">\n" T "info, " d ", qp " qp ", attempt " n ", bytes 100, 1615286631.200\n" T "try, " d \
	  ", local, " to "\n"

struct want {
	size_t found;
	const char *verdict, *confidence;
	int code;
};

struct logs {
	const char *smtp, *gate, *delivery;
};

static void open_logs(struct source *s, const struct logs *l)
{
	source_init(s);
	source_add_text(s, "smtp-25.log", str_of(l->smtp));
	source_add_text(s, "spamdyke.log", str_of(l->gate));
	source_add_text(s, "delivery.log", str_of(l->delivery));
}

static void ask(struct answer *r, struct source *s, const char *question)
{
	struct trace_ask what = { .question = str_of(question), .source = s, .limit = 100, .now = 1700000000 };
	struct err e = { 0 };

	if (trace_answer(r, &what, &e) < 0)
		fail_msg("%s: %s", question, e.text);
}

static void judge(const char *name, const struct answer *r, const struct want *w)
{
	const struct story *s = r->chosen.n > 0 ? r->chosen.at[0] : NULL;

	if (r->chosen.n != w->found)
		fail_msg("%s: %zu found", name, r->chosen.n);
	if (answer_exit(r) != w->code)
		fail_msg("%s: exit code %d", name, answer_exit(r));
	if (s != NULL && strcmp(verdict_words[s->verdict], w->verdict) != 0)
		fail_msg("%s: %s", name, verdict_words[s->verdict]);
	if (s != NULL && strcmp(grade_words[s->confidence], w->confidence) != 0)
		fail_msg("%s: confidence %s", name, grade_words[s->confidence]);
}

/* clang-format off */
static const struct {
	const char *name;
	struct logs logs;
	const char *question;
	struct want want;
} cases[] = {
	/* old logs */
	{ "delivered", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "15309"),
			 GATE("15280", "ALLOWED", "a@b.example", ME, "250_ok_1615286631_qp_15309"),
			 OUT(T, "a@b.example", "7", ME, "success, did_0+0+1/") },
	  "from:a@b.example", { 1, "delivered", "strong", 0 } },
	{ "exact as far as it goes", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "15309"),
			 GATE("15280", "ALLOWED", "a@b.example", ME, "250_ok_1615286631_qp_15309"), "" },
	  "from:a@b.example", { 1, "unknown", "exact", 3 } },
	{ "case and BATV tags do not part them", { IN(T, "prvs=1234abcd=A@B.example", "Recipient@Example.com")
			QUEUED(T, "1615286631", "15309"),
			GATE("15280", "ALLOWED", "a@b.example", ME, "250_ok_1615286631_qp_15309"),
			OUT(T, "A@b.example", "7", ME, "success, did_1+0+0/") },
	  "from:a@b.example", { 1, "delivered", "strong", 0 } },
	{ "refused by the gate", { T "from, a@b.example\n" T "resp, 250 ok\n" T "to, <" ME ">\n" T1
			"resp, 554 Refused. You have no reverse DNS entry.\n",
			GATE("9", "DENIED_RDNS_MISSING", "a@b.example", ME, "(empty)"), "" },
	  "from:a@b.example", { 1, "refused", "strong", 0 } },
	{ "refused by the gate, SMTP log missing", { "",
			GATE("9", "DENIED_RBL_MATCH", "a@b.example", ME, "bl.example"), "" },
	  "from:a@b.example", { 1, "refused", "exact", 0 } },
	{ "whether it was final the gate's log does not say", { "",
			GATE("9", "DENIED_RDNS_MISSING", "a@b.example", ME, "(empty)"), "" },
	  "from:a@b.example", { 1, "refused", "exact", 0 } },
	{ "graylisting is for now, whoever does it", { "",
			GATE("9", "DENIED_GRAYLISTED", "a@b.example", ME, "(empty)"), "" },
	  "from:a@b.example", { 1, "refused-temporarily", "exact", 0 } },
	{ "what the gate could not see it did not refuse", { "",
			GATE("9", "TLS_ENCRYPTED", "(unknown)", "(unknown)", "(empty)"), "" },
	  "ip:192.0.2.12", { 1, "unknown", "exact", 3 } },
	{ "refused for now, gate log missing", { T "from, a@b.example\n" T "resp, 250 ok\n" T "to, <" ME ">\n" T
			"resp, 421 Your address has been graylisted. Try again later.\n", "", "" },
	  "to:" ME, { 1, "refused-temporarily", "exact", 0 } },
	{ "refused after the data", { IN(T, "a@b.example", ME) T "size, 5\n" T "resp, 554 no\n",
			GATE("9", "DENIED_OTHER", "a@b.example", ME, "554_no"), "" },
	  "to:" ME, { 1, "refused", "strong", 0 } },
	{ "two alike in one second", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "1") "\n"
			IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "2"), "",
			OUT(T, "a@b.example", "7", ME, "success, did_1+0+0/")
			OUT(T, "a@b.example", "8", ME, "success, did_1+0+0/") },
	  "from a@b.example to " ME " on 2021-03-09", { 2, "delivered", "guess", 3 } },
	{ "two alike are a list when a list is asked", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "1") "\n"
			IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "2"), "", "" },
	  "from a@b.example", { 2, "unknown", "exact", 0 } },
	{ "a delivery that began late is a guess", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "1"), "",
			OUT(T9, "a@b.example", "7", ME, "success, did_1+0+0/") },
	  "from:a@b.example", { 1, "delivered", "guess", 3 } },
	{ "a retry follows its deferral", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "1"), "",
			OUT(T, "a@b.example", "7", ME, "deferral, Unable_to_chdir_to_maildir._(#4.2.1)/")
			OUT(DUE, "a@b.example", "8", ME, "success, did_1+0+0/") },
	  "from:a@b.example", { 1, "delivered", "strong", 0 } },
	{ "a retry out of turn is a guess", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "1"), "",
			OUT(T, "a@b.example", "7", ME, "deferral, Unable_to_chdir_to_maildir._(#4.2.1)/")
			OUT(T9, "a@b.example", "8", ME, "success, did_1+0+0/") },
	  "from:a@b.example", { 1, "delivered", "guess", 3 } },
	{ "a retry without an init of its own", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "1"), "",
			OUT(T, "a@b.example", "7", ME, "deferral, x/") T9 "init, <z@z.example>\n" T9
			"try, 8, local, other@example.com\n" T9 "try, 9, local, " ME "\n" T9
			"result, 9, success, did_1+0+0/\n" },
	  "from:a@b.example", { 1, "delivered", "guess", 3 } },
	{ "another message to the same recipient is no retry", { IN(T, "a@b.example", ME)
			QUEUED(T, "1615286631", "1"), "", OUT(T, "a@b.example", "7", ME, "deferral, x/")
			OUT(T9, "z@z.example", "8", ME, "success, did_1+0+0/") },
	  "from:a@b.example", { 1, "waiting", "strong", 0 } },
	{ "inits side by side: the pair decides", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "1") "\n"
			IN(T, "c@d.example", "other@example.com") QUEUED(T, "1615286631", "2"), "",
			T "init, <a@b.example>\n" T "init, <c@d.example>\n" T "try, 7, local, " ME "\n"
			T "try, 8, local, other@example.com\n" T "result, 8, success, did_1+0+0/\n"
			T "result, 7, failure, Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/\n" },
	  "from:a@b.example", { 1, "returned", "strong", 0 } },
	{ "a number used again is another delivery", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "1"), "",
			OUT(T, "a@b.example", "7", ME, "success, did_1+0+0/")
			OUT(T9, "x@y.example", "7", ME, "failure, looping/") },
	  "from:a@b.example", { 1, "delivered", "strong", 0 } },
	{ "never joined by address", { IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "1"),
			GATE("9", "DENIED_RBL_MATCH", "c@d.example", ME, "bl.example"), "" },
	  "from:c@d.example", { 1, "refused", "exact", 0 } },
	{ "the client left", { IN(T, "a@b.example", ME) "\n" IN(T9, "c@d.example", ME), "", "" },
	  "from:a@b.example", { 1, "abandoned", "exact", 0 } },
	{ "the log ends", { IN(T, "a@b.example", ME), "", "" }, "from:a@b.example", { 1, "unknown", "exact", 3 } },
	{ "one of three", { T "from, a@b.example\n" T "resp, 250 ok\n" T "to, <" ME ">\n" T "resp, 250 ok\n" T
			"to, <nobody@example.com>\n" T "check, rejected rcpt, h:192.0.2.1, nobody@example.com, "
			"not existing recipient\n" T "resp, 550 5.1.1 sorry, no mailbox here by that name (chkuser)\n"
			QUEUED(T, "1615286631", "1"), "", OUT(T, "a@b.example", "7", ME, "success, did_1+0+0/") },
	  "from:a@b.example", { 1, "mixed", "strong", 0 } },
	{ "sent from this machine", { "", "", OUT(T, "a@b.example", "7", ME, "success, did_1+0+0/") },
	  "from:a@b.example", { 1, "delivered", "strong", 0 } },
	{ "nothing", { IN(T, "a@b.example", ME), "", "" }, "from:z@z.example", { 0, NULL, NULL, 1 } },

	/* our own */
	{ "ours, delivered", { OPEN("31") IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "5"),
			GATE("31", "ALLOWED", "a@b.example", ME, "250_ok_1615286631_qp_5"),
			OURS("a@b.example", "9", "5", "1", ME) T1 "result, 9, success, did_1+0+0/\n" T1 "done, 9, 12\n" },
	  "id:5", { 1, "delivered", "exact", 0 } },
	{ "ours, refused by the gate", { OPEN("31") T "from, a@b.example\n" T "resp, 250 ok\n" T "to, <" ME ">\n" T
			"gate, refused rdns-missing, unknown:192.0.2.12, " ME ", no name, 3 ms\n" T
			"resp, 554 Refused. You have no reverse DNS entry. Contact x for details.\n",
			GATE("31", "DENIED_RDNS_MISSING", "a@b.example", ME, "(empty)"), "" },
	  "from:a@b.example", { 1, "refused", "exact", 0 } },
	{ "ours, by number and not by time", { OPEN("31") IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "5") "\n"
			OPEN("32") IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "6"), "",
			OURS("a@b.example", "9", "6", "1", ME) T "result, 9, success, did_1+0+0/\n"
			OURS("a@b.example", "10", "5", "1", ME) T "result, 10, failure, looping/\n" },
	  "id:6", { 1, "delivered", "exact", 0 } },
	{ "ours, waiting", { OPEN("31") IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "5"), "",
			OURS("a@b.example", "9", "5", "1", ME) T1
			"result, 9, deferral, Unable_to_chdir_to_maildir._(#4.2.1)/\n" T1 "done, 9, 12\n" T1
			"next, 9, 2021-03-09 12:45:31\n" },
	  "to:" ME, { 1, "waiting", "exact", 0 } },
	{ "ours, second attempt", { OPEN("31") IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "5"), "",
			OURS("a@b.example", "9", "5", "1", ME) T1 "result, 9, deferral, x/\n"
			OURS("a@b.example", "11", "5", "2", ME) T9 "result, 11, success, did_1+0+0/\n" },
	  "id:11", { 1, "delivered", "exact", 0 } },
	{ "ours, gave up and bounced", { OPEN("31") IN(T, "a@b.example", ME) QUEUED(T, "1615286631", "5"), "",
			OURS("a@b.example", "9", "5", "1", ME) T1 "result, 9, deferral, x/\n" T1 "gave-up, 9\n" T1
			"bounce, 5, qp 6\n" OURS("", "10", "6", "1", "a@b.example") T1
			"result, 10, success, did_1+0+0/\n" },
	  "from:a@b.example", { 1, "returned", "exact", 0 } },
	{ "ours, an alias", { OPEN("31") IN(T, "a@b.example", "info@example.com") QUEUED(T, "1615286631", "5"), "",
			T "init, <a@b.example>\n" T "info, 9, qp 5, attempt 1, bytes 100, 1615286631.200\n" T
			"alias, 9, info@example.com\n" T "try, 9, local, " ME "\n" T "result, 9, success, did_1+0+0/\n" },
	  "to:info@example.com", { 1, "delivered", "exact", 0 } },
	{ "ours, found by the alias's target", { OPEN("31") IN(T, "a@b.example", "info@example.com")
			QUEUED(T, "1615286631", "5"), "",
			T "init, <a@b.example>\n" T "info, 9, qp 5, attempt 1, bytes 100, 1615286631.200\n" T
			"alias, 9, info@example.com\n" T "try, 9, local, " ME "\n" T "result, 9, success, did_1+0+0/\n" },
	  "to:" ME, { 1, "delivered", "exact", 0 } },
	{ "ours, abandoned in the data", { OPEN("31") IN(T, "a@b.example", ME) T1 "end, connection lost\n", "", "" },
	  "from:a@b.example", { 1, "abandoned", "exact", 0 } },
	{ "ours, no MAIL at all", { OPEN("31") T1 "end, connection lost\n", "", "" }, "ip:192.0.2.12",
	  { 1, "abandoned", "exact", 0 } },
	{ "ours, a long group goes on", { OPEN("31") IN(T, "a@b.example", ME) AGAIN("31") T
			"to, <second@example.com>\n" T "resp, 250 ok\n" QUEUED(T, "1615286631", "5"), "",
			OURS("a@b.example", "9", "5", "1", "second@example.com") T "result, 9, success, did_1+0+0/\n"
			OURS("a@b.example", "10", "5", "1", ME) T "result, 10, success, did_1+0+0/\n" },
	  "from:a@b.example", { 1, "delivered", "exact", 0 } },
	{ "ours, two messages of one connection", { OPEN("31") IN(T, "a@b.example", ME)
			QUEUED(T, "1615286631", "5") "\n" OPEN("31") T "from, c@d.example\n" T "resp, 250 ok\n" T
			"to, <" ME ">\n" T "resp, 554 no\n",
			GATE("31", "ALLOWED", "a@b.example", ME, "250_ok_1615286631_qp_5")
			GATE("31", "DENIED_RDNS_MISSING", "c@d.example", ME, "(empty)"), "" },
	  "from:c@d.example", { 1, "refused", "exact", 0 } },
};
/* clang-format on */

static void stories_are_told_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct source s;
		struct answer r;

		open_logs(&s, &cases[i].logs);
		ask(&r, &s, cases[i].question);
		judge(cases[i].name, &r, &cases[i].want);
		answer_clear(&r);
		source_clear(&s);
	}
}

/* The same from any order of bytes: each form of the answer can be written. */
static void every_case_can_be_written_in_both_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct source s;
		struct answer r;
		BUF(text);
		BUF(json);

		open_logs(&s, &cases[i].logs);
		ask(&r, &s, cases[i].question);
		r.scope.domain = STR("example.com");
		answer_text(&text, &r, true, 0);
		answer_json(&json, &r);
		assert_true(text.n > 0 && json.n > 0);
		assert_true(str_find(buf_str(&text), STR("a@b.example")) < 0 || r.chosen.n == 0 ||
			    str_find(str_of(cases[i].question), STR("a@b.example")) >= 0);
		answer_clear(&r);
		source_clear(&s);
	}
}

static int64_t newest_of(const char *gate, int64_t now)
{
	struct logs l = { "", gate, "" };
	struct source s;
	struct answer r;
	int64_t newest;

	open_logs(&s, &l);
	for (size_t i = 0; i < s.n; i++)
		s.files[i].mtime = now;
	ask(&r, &s, "any:*");
	newest = r.book.newest;
	answer_clear(&r);
	source_clear(&s);
	return newest;
}

#define SYSLOG(stamp, reason) \
	stamp " server spamdyke[1]: ALLOWED from: a@b.c to: d@e.f origin_ip: 192.0.2.1 origin_rdns: (unknown) auth: " \
	      "(unknown) encryption: (none) reason: " reason "\n"

static void the_gate_logs_year_is_found(void **state)
{
	static const struct {
		const char *log;
		struct civil newest;
	} t[] = {
		/* proven by an epoch, on both sides of the new year */
		{ SYSLOG("Dec 31 23:59:50", "(empty)") SYSLOG("Jan  1 00:00:10", "250_ok_1609459210_qp_7"),
		  { 2021, 1, 1, 0, 0, 10 } },
		{ SYSLOG("Dec 31 23:59:50", "250_ok_1609459190_qp_7") SYSLOG("Jan  1 00:00:10", "(empty)"),
		  { 2021, 1, 1, 0, 0, 10 } },
		/* the latest that is not in the future: the file is of 2023-11-14 */
		{ SYSLOG("Nov 14 10:00:00", "(empty)"), { 2023, 11, 14, 10, 0, 0 } },
		{ SYSLOG("Dec 24 10:00:00", "(empty)"), { 2022, 12, 24, 10, 0, 0 } },
		{ SYSLOG("Dec 31 10:00:00", "(empty)") SYSLOG("Jan  2 10:00:00", "(empty)"), { 2023, 1, 2, 10, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(newest_of(t[i].log, 1700000000), civil_to_seconds(t[i].newest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories_are_told_right),
		cmocka_unit_test(every_case_can_be_written_in_both_forms),
		cmocka_unit_test(the_gate_logs_year_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
