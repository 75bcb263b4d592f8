/* Joins that need judgement: what an old log leaves open, what belongs together without a number, clocks apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "trace/answer.h"

#define ME "recipient@example.com"
#define A "a@b.example"
#define C "c@d.example"
#define FAR "f@far.example"
#define S(t) "2021-03-09 12:" t ", "
#define IN(t, from, to) S(t) "from, " from "\n" S(t) "resp, 250 ok\n" S(t) "to, <" to ">\n" S(t) "resp, 250 ok\n"
#define QUEUED(t, epoch, qp) S(t) "size, 100\n" S(t) "resp, 250 ok " epoch " qp " qp "\n\n"
#define INIT(t, from) S(t) "init, <" from ">\n"
#define TRY(t, d, to) S(t) "try, " d ", local, " to "\n"
#define GOT(t, d, result) S(t) "result, " d ", " result "\n"
#define GOOD "success, did_1+0+0/"
#define LATER "421 Your address has been graylisted. Try again later."
#define GRAYED(t, from, to) \
	S(t) "from, " from "\n" S(t) "resp, 250 ok\n" S(t) "to, <" to ">\n" S(t) "resp, " LATER "\n\n"
#define BAD_NAME "421 Refused. Your reverse DNS entry does not resolve."
#define DENIED(t, from, to) \
	S(t) "from, " from "\n" S(t) "resp, 250 ok\n" S(t) "to, <" to ">\n" S(t) "resp, " BAD_NAME "\n\n"
#define GATE(stamp, pid, code, from, ip, reason) \
	"Mar  9 " stamp " server spamdyke[" pid "]: " code " from: " from " to: " ME " origin_ip: " ip \
	" origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: " reason "\n"

struct want {
	size_t found;
	const char *verdict, *confidence, *warning; /* of the newest; warning: a part of one, NULL: any */
};

/* clang-format off */
static const struct {
	const char *name, *smtp, *gate, *delivery, *question;
	struct want want;
} cases[] = {
	{ "a bounce came out of what failed", IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1"), "",
	  INIT("43:51", A) TRY("43:51", "7", ME) GOT("43:52", "7", "failure, Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/")
	  INIT("43:52", "") TRY("43:52", "8", A) GOT("43:53", "8", GOOD),
	  "from:<>", { 1, "delivered", "strong", "came out of message 1 (a forward or a bounce), by the sender and second of its result" } },
	{ "a bounce long after is nobody's", IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1"), "",
	  INIT("43:51", A) TRY("43:51", "7", ME) GOT("43:52", "7", "failure, x/")
	  INIT("49:52", "") TRY("49:52", "8", A) GOT("49:53", "8", GOOD),
	  "from:<>", { 1, "delivered", "strong", "it was sent from this machine, is a bounce" } },
	{ "a forward's copy", IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1"), "",
	  INIT("43:51", A) TRY("43:51", "7", ME) INIT("43:51", A) GOT("43:51", "7", "success, did_0+1+0/qp_99/")
	  TRY("43:52", "8", FAR) GOT("43:53", "8", GOOD),
	  "to:" FAR, { 1, "delivered", "strong", "came out of" } },
	{ "two failed for one sender: whose bounce it is, is a guess", IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1")
	  IN("43:51", A, "x@example.com") QUEUED("43:51", "1615286631", "2"), "",
	  INIT("43:51", A) INIT("43:51", A) TRY("43:51", "7", ME) TRY("43:51", "8", "x@example.com")
	  GOT("43:52", "7", "failure, x/") GOT("43:52", "8", "failure, x/")
	  INIT("43:52", "") TRY("43:52", "9", A) GOT("43:53", "9", GOOD),
	  "from:<>", { 1, "delivered", "strong", "this message perhaps came out of" } },
	{ "an alias bears another name in the delivery log", IN("43:51", A, "info@example.com") QUEUED("43:51", "1615286631", "1"),
	  "", INIT("43:51", A) TRY("43:51", "7", ME) GOT("43:52", "7", GOOD),
	  "to:info@example.com", { 1, "delivered", "strong", NULL } },
	{ "what was sent from here is no alias's", IN("43:51", A, "info@example.com") QUEUED("43:51", "1615286631", "1"),
	  "", INIT("43:51", A) INIT("43:51", C) TRY("43:51", "7", ME) GOT("43:52", "7", GOOD),
	  "to:info@example.com", { 1, "unknown", "exact", NULL } },
	{ "two senders to one recipient, side by side: neither is sure", IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1")
	  IN("43:51", C, ME) QUEUED("43:51", "1615286631", "2"), "",
	  INIT("43:51", A) INIT("43:51", C) TRY("43:51", "7", ME) TRY("43:51", "8", ME) GOT("43:52", "7", GOOD)
	  GOT("43:52", "8", GOOD),
	  "from:" A, { 1, "delivered", "guess", "is a guess" } },
	{ "two alike: the rival is named", IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1")
	  IN("43:51", A, ME) QUEUED("43:51", "1615286631", "2"), "",
	  INIT("43:51", A) TRY("43:51", "7", ME) INIT("43:51", A) TRY("43:51", "8", ME),
	  "id:1", { 1, "unknown", "guess", "another message fits as well: smtp-25.log:" } },
	{ "an init long before is not this try's", "", "", INIT("43:51", A) TRY("43:51", "7", FAR) GOT("43:52", "7", GOOD)
	  TRY("49:00", "8", ME) GOT("49:01", "8", GOOD), "to:" ME, { 1, "delivered", "strong", NULL } },
	{ "of two that wait the one that is due", IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1")
	  IN("44:30", C, ME) QUEUED("44:30", "1615286670", "2"), "",
	  INIT("43:51", A) TRY("43:51", "7", ME) GOT("43:51", "7", "deferral, x/")
	  INIT("44:30", C) TRY("44:30", "8", ME) GOT("44:30", "8", "deferral, x/")
	  TRY("45:31", "9", ME) GOT("45:32", "9", GOOD),
	  "from:" A, { 1, "delivered", "guess", "delivery 9 belongs to this message is a guess" } },
	{ "a number used again after a restart is two deliveries", IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1")
	  IN("50:00", C, ME) QUEUED("50:00", "1615287000", "1"), "",
	  INIT("43:51", A) TRY("43:51", "70000", ME) GOT("43:52", "70000", GOOD)
	  INIT("50:00", C) TRY("50:00", "1", ME) GOT("50:00", "1", GOOD),
	  "from:" C, { 1, "delivered", "strong", "delivery number 1 is lower" } },
	{ "a qp used again hours later is two messages", IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1")
	  IN("59:51", C, ME) QUEUED("59:51", "1615287591", "1"), "", "",
	  "id:1", { 2, "unknown", "exact", "number 1 stands for 2 messages" } },
	{ "graylisted, then accepted: one story", GRAYED("13:00", A, ME) IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1"),
	  GATE("12:13:00", "9", "DENIED_GRAYLISTED", A, "192.0.2.1", "(empty)")
	  GATE("12:43:51", "10", "ALLOWED", A, "192.0.2.9", "250_ok_1615286631_qp_1"),
	  INIT("43:51", A) TRY("43:51", "7", ME) GOT("43:52", "7", GOOD),
	  "from:" A, { 1, "delivered", "strong", "the next try was accepted 30 min later" } },
	{ "one of a recipient of another client's is kept apart",
	  GRAYED("13:00", A, ME) IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1"),
	  GATE("12:13:00", "9", "DENIED_GRAYLISTED", A, "203.0.113.1", "(empty)")
	  GATE("12:43:51", "10", "ALLOWED", A, "192.0.2.9", "250_ok_1615286631_qp_1"),
	  INIT("43:51", A) TRY("43:51", "7", ME) GOT("43:52", "7", GOOD),
	  "from:" A, { 2, "delivered", "strong", NULL } },
	{ "two acceptances: which was the retry, nobody knows",
	  GRAYED("13:00", A, ME) IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1")
	  IN("50:00", A, ME) QUEUED("50:00", "1615287000", "2"), "", "",
	  "verdict:refused-temporarily", { 1, "refused-temporarily", "exact", "perhaps this one, which was sent again" } },
	{ "never seen again", GRAYED("13:00", A, ME) IN("43:51", C, ME) QUEUED("43:51", "1615286631", "1"), "", "",
	  "from:" A, { 1, "refused-temporarily", "exact", NULL } },
	{ "two replies of one number and second: the sender tells", IN("43:51", A, ME) QUEUED("43:51", "1615286631", "1")
	  IN("43:51", C, ME) QUEUED("43:51", "1615286631", "1"),
	  GATE("12:43:51", "10", "ALLOWED", A, "192.0.2.9", "250_ok_1615286631_qp_1"), "",
	  "ip:192.0.2.9", { 1, "unknown", "exact", NULL } },
	{ "never accepted: its tries are one story", GRAYED("13:00", A, ME) GRAYED("28:00", A, ME) GRAYED("58:00", A, ME),
	  GATE("12:13:00", "9", "DENIED_GRAYLISTED", A, "192.0.2.1", "(empty)")
	  GATE("12:28:00", "10", "DENIED_GRAYLISTED", A, "192.0.2.9", "(empty)")
	  GATE("12:58:00", "11", "DENIED_GRAYLISTED", A, "192.0.2.1", "(empty)"), "",
	  "from:" A, { 1, "refused-temporarily", "strong", "the 3 tries are taken for one message's" } },
	{ "of an unknown client it is a guess", GRAYED("13:00", A, ME) GRAYED("28:00", A, ME), "", "",
	  "from:" A, { 1, "refused-temporarily", "guess", "that the 2 tries are of one message is a guess" } },
	{ "another client's try is another message's", GRAYED("13:00", A, ME) GRAYED("28:00", A, ME),
	  GATE("12:13:00", "9", "DENIED_GRAYLISTED", A, "192.0.2.1", "(empty)")
	  GATE("12:28:00", "10", "DENIED_GRAYLISTED", A, "203.0.113.9", "(empty)"), "",
	  "from:" A, { 2, "refused-temporarily", "strong", NULL } },
	{ "another refusal is no try of the same", GRAYED("13:00", A, ME) DENIED("28:00", A, ME),
	  GATE("12:13:00", "9", "DENIED_GRAYLISTED", A, "192.0.2.1", "(empty)")
	  GATE("12:28:00", "10", "DENIED_RDNS_RESOLVE", A, "192.0.2.1", "(empty)"), "",
	  "from:" A, { 2, "refused-temporarily", "strong", NULL } },
	{ "two within a minute: which came again, nobody knows", GRAYED("13:00", A, ME) GRAYED("13:20", A, ME) GRAYED("28:00", A, ME),
	  "", "", "from:" A, { 3, "refused-temporarily", "exact", NULL } },
	{ "a group at the end of a file, and the log goes on: the client left", IN("43:51", A, ME) "\1"
	  IN("50:00", C, ME) QUEUED("50:00", "1615287000", "2"), "", "", "from:" A, { 1, "abandoned", "exact", NULL } },
	{ "the log goes on, but not long enough to tell", IN("43:51", A, ME) "\1" IN("44:00", C, ME), "", "",
	  "from:" A, { 1, "unknown", "exact", NULL } },
	{ "a log rotated in the middle of a group goes on", IN("43:51", A, ME) "\1" QUEUED("43:51", "1615286631", "1"), "", "",
	  "id:1", { 1, "unknown", "exact", NULL } },
};
/* clang-format on */

static void add_smtp(struct source *s, const char *text)
{
	struct str head, tail;

	if (!str_cut(str_of(text), STR("\1"), &head, &tail)) {
		source_add_text(s, "smtp-25.log", str_of(text));
		return;
	}
	source_add_text(s, "smtp-25.log.1", head);
	source_add_text(s, "smtp-25.log", tail);
}

static void ask(struct answer *r, struct source *s, const char *question)
{
	struct trace_ask what = { .question = str_of(question), .source = s, .limit = 100, .now = 1615300000 };
	struct err e = { 0 };

	if (trace_answer(r, &what, &e) < 0)
		fail_msg("%s: %s", question, e.text);
}

static void judge(size_t i, struct answer *r)
{
	const struct want *w = &cases[i].want;
	const struct story *s = r->chosen.n > 0 ? r->chosen.at[0] : NULL;
	BUF(json);
	BUF(text);

	if (r->chosen.n != w->found || s == NULL)
		fail_msg("%s: %zu found", cases[i].name, r->chosen.n);
	if (strcmp(verdict_words[s->verdict], w->verdict) != 0)
		fail_msg("%s: %s", cases[i].name, verdict_words[s->verdict]);
	if (strcmp(grade_words[s->confidence], w->confidence) != 0)
		fail_msg("%s: confidence %s", cases[i].name, grade_words[s->confidence]);
	answer_json(&json, r);
	answer_text(&text, r, false, 0);
	/* one message is told whole: what was refused for now stands in its evidence */
	if (r->chosen.n == 1 && ties_of(s)->first_tries != NULL)
		assert_true(str_find(buf_str(&text), STR("resp, " LATER)) > 0);
	if (w->warning != NULL && str_find(buf_str(&json), str_of(w->warning)) < 0)
		fail_msg("%s: no word of \"%s\" in %s", cases[i].name, w->warning, buf_z(&json));
}

static void what_fits_is_joined_and_doubt_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct source s;
		struct answer r;

		source_init(&s);
		add_smtp(&s, cases[i].smtp);
		source_add_text(&s, "spamdyke.log", str_of(cases[i].gate));
		source_add_text(&s, "delivery.log", str_of(cases[i].delivery));
		ask(&r, &s, cases[i].question);
		judge(i, &r);
		answer_clear(&r);
		source_clear(&s);
	}
}

/* Twenty messages; the gate's clock is `gate` seconds ahead, the delivery log's `delivery`. */
static void write_logs(struct buf log[3], int gate, int delivery)
{
	for (int i = 0; i < 20; i++) {
		int64_t at = 1615286631 + i * 61;
		struct civil c[3] = { civil_of_seconds(at + 7200), civil_of_seconds(at + 7200 + gate),
				      civil_of_seconds(at + 7200 + delivery) };
		BUF(smtp);
		BUF(out);

		stamp_put(&smtp, c[0]);
		stamp_put(&out, c[2]);
		buf_fmt(&log[0], "%s, from, s%d@b.example\n%s, resp, 250 ok\n%s, to, <" ME ">\n%s, resp, %s\n",
			buf_z(&smtp), i, buf_z(&smtp), buf_z(&smtp), buf_z(&smtp), i == 19 ? "554 no" : "250 ok");
		if (i < 19)
			buf_fmt(&log[0], "%s, size, 9\n%s, resp, 250 ok %lld qp %d\n", buf_z(&smtp), buf_z(&smtp),
				(long long)at, i + 1);
		buf_addc(&log[0], '\n');
		buf_fmt(&log[1], "Mar  9 %02d:%02d:%02d server spamdyke[%d]: ", c[1].hour, c[1].minute, c[1].second,
			i + 900);
		buf_fmt(&log[1],
			"%s from: s%d@b.example to: " ME
			" origin_ip: 192.0.2.1 origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: ",
			i < 19 ? "ALLOWED" : "DENIED_RBL_MATCH", i);
		if (i < 19)
			buf_fmt(&log[1], "250_ok_%lld_qp_%d\n", (long long)at, i + 1);
		else
			buf_fmt(&log[1], "bl.example\n");
		if (i < 19)
			buf_fmt(&log[2],
				"%s, init, <s%d@b.example>\n%s, try, %d, local, " ME "\n%s, result, %d, " GOOD "\n",
				buf_z(&out), i, buf_z(&out), i + 50, buf_z(&out), i + 50);
	}
}

/* What two clocks say of one moment is set right before seconds are compared, and said. */
static void clocks_that_differ_are_allowed_for(void **state)
{
	static const struct {
		int gate, delivery;
		bool said;
	} t[] = { { 0, 0, false }, { 1, 1, false }, { -190, 7, true }, { 40, -40, true } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct buf log[3] = { BUF_INIT, BUF_INIT, BUF_INIT };
		struct source s;
		struct answer r;
		BUF(json);

		write_logs(log, t[i].gate, t[i].delivery);
		source_init(&s);
		source_add_text(&s, "smtp-25.log", buf_str(&log[0]));
		source_add_text(&s, "spamdyke.log", buf_str(&log[1]));
		source_add_text(&s, "delivery.log", buf_str(&log[2]));
		ask(&r, &s, "any:*");
		assert_int_equal(r.chosen.n, 20);
		for (size_t k = 0; k < r.chosen.n; k++)
			assert_int_equal(r.chosen.at[k]->confidence, GRADE_STRONG);
		answer_json(&json, &r);
		assert_int_equal(str_find(buf_str(&json), STR("the clock of spamdyke.log is about")) >= 0, t[i].said);
		answer_clear(&r);
		source_clear(&s);
		for (size_t k = 0; k < 3; k++)
			buf_clear(&log[k]);
	}
}

/* Sofia, 2021-10-31: 03:30 came twice.  Lines with an epoch order those between them. */
static void the_repeated_hour_is_told_apart(void **state)
{
	static const char smtp[] =
	    "2021-10-31 03:20:00, from, a@b.example\n2021-10-31 03:20:00, resp, 250 ok 1635639600 qp 1\n\n"
	    "2021-10-31 03:30:00, from, early@b.example\n2021-10-31 03:30:00, resp, 250 ok\n\n"
	    "2021-10-31 03:40:00, from, a@b.example\n2021-10-31 03:40:00, resp, 250 ok 1635640800 qp 2\n\n"
	    "2021-10-31 03:10:00, from, a@b.example\n2021-10-31 03:10:00, resp, 250 ok 1635642600 qp 3\n\n"
	    "2021-10-31 03:30:00, from, late@b.example\n2021-10-31 03:30:00, resp, 250 ok\n\n"
	    "2021-10-31 03:50:00, from, a@b.example\n2021-10-31 03:50:00, resp, 250 ok 1635645000 qp 4\n\n";
	/* no epochs here: the stamps that go back tell */
	static const char delivery[] =
	    "2021-10-31 03:55:00, init, <one@b.example>\n2021-10-31 03:55:00, try, 1, local, " ME
	    "\n2021-10-31 03:05:00, init, <two@b.example>\n2021-10-31 03:05:00, try, 2, local, " ME
	    "\n2021-10-31 03:55:00, init, <three@b.example>\n2021-10-31 03:55:00, try, 3, local, " ME "\n";
	static const struct {
		const char *question;
		int64_t moment;
	} t[] = {
		{ "from:early@b.example", 1635640200 }, { "from:late@b.example", 1635643800 },
		{ "from:one@b.example", 1635641700 },   { "from:two@b.example", 1635642300 },
		{ "from:three@b.example", 1635645300 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct source s;
		struct answer r;

		source_init(&s);
		source_add_text(&s, "smtp-25.log", str_of(smtp));
		source_add_text(&s, "delivery.log", str_of(delivery));
		ask(&r, &s, t[i].question);
		assert_int_equal(r.chosen.n, 1);
		if (r.chosen.at[0]->time != t[i].moment)
			fail_msg("%s: off by %lld s", t[i].question, (long long)(r.chosen.at[0]->time - t[i].moment));
		answer_clear(&r);
		source_clear(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_joined_and_doubt_is_said),
		cmocka_unit_test(clocks_that_differ_are_allowed_for),
		cmocka_unit_test(the_repeated_hour_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
