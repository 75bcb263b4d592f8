/* Other servers' logs in, stories out: what belongs together by queue id and connection, and what became of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "trace/answer.h"

#define AT "Mar  9 12:43:51 mx1 postfix/"
#define LATER "Mar  9 14:00:00 mx1 postfix/"
#define ID "8A1B2C3D4E"
#define CONNECT AT "smtpd[7]: connect from m[192.0.2.25]\n"
#define LEAVE AT "smtpd[7]: disconnect from m[192.0.2.25] quit=1 commands=1\n"
#define CLIENT(id) AT "smtpd[7]: " id ": client=m[192.0.2.25]\n"
#define MSGID(id, m) AT "cleanup[8]: " id ": message-id=<" m ">\n"
#define ACTIVE(id, from) AT "qmgr[9]: " id ": from=<" from ">, size=5, nrcpt=1 (queue active)\n"
#define SENT(id, to, how) \
	AT "smtp[10]: " id ": to=<" to ">, relay=r[192.0.2.9]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, status=" how "\n"
#define REMOVED(id) AT "qmgr[9]: " id ": removed\n"
#define MAIL(id, from, to) \
	CLIENT(id) MSGID(id, id "@b.example") ACTIVE(id, from) SENT(id, to, "sent (250 ok)") REMOVED(id)
#define NOQUEUE(from, to) \
	AT "smtpd[7]: NOQUEUE: reject: RCPT from m[192.0.2.25]: 550 5.1.1 <" to ">: no such user; from=<" from \
	   "> to=<" to "> proto=ESMTP helo=<m>\n"
#define TAI "@40000000604751710"
#define EXIM "2021-03-09 12:43:51 "
#define X "1lJZ3r-0000XA-Kq"

/* clang-format off */
static const struct {
	const char *name, *one, *two, *question;
	struct { size_t found; const char *verdict; int code; } want;
} cases[] = {
	{ "delivered", CONNECT MAIL(ID, "a@b.example", "c@d.example") LEAVE, "", "from:a@b.example", { 1, "relayed", 0 } },
	{ "the client leaves before the message is done", CONNECT CLIENT(ID) MSGID(ID, "m@b") ACTIVE(ID, "a@b.example") LEAVE
	  SENT(ID, "c@d.example", "sent (250 ok)") REMOVED(ID), "", "from:a@b.example", { 1, "relayed", 0 } },
	{ "no connect, no disconnect", MAIL(ID, "a@b.example", "c@d.example"), "", "from:a@b.example", { 1, "relayed", 0 } },
	{ "an id is used again after it was removed", CONNECT MAIL(ID, "a@b.example", "c@d.example")
	  MAIL(ID, "e@f.example", "g@h.example") LEAVE, "", "id:" ID, { 2, "relayed", 3 } },
	{ "and the second has nothing of the first", CONNECT MAIL(ID, "a@b.example", "c@d.example")
	  MAIL(ID, "e@f.example", "g@h.example") LEAVE, "", "from:a@b.example to:g@h.example", { 0, NULL, 1 } },
	{ "an id is used again, its end is not in the log", CONNECT CLIENT(ID) ACTIVE(ID, "a@b.example")
	  CLIENT(ID) ACTIVE(ID, "e@f.example") SENT(ID, "g@h.example", "sent (250 ok)"), "", "to:g@h.example",
	  { 1, "relayed", 0 } },
	{ "a process number is used again without a disconnect", CONNECT NOQUEUE("a@b.example", "c@d.example") CONNECT
	  NOQUEUE("a@b.example", "c@d.example") LEAVE, "", "to:c@d.example", { 2, "refused", 0 } },
	{ "two hosts use one id", CONNECT MAIL(ID, "a@b.example", "c@d.example"),
	  "Mar  9 12:43:51 mx2 postfix/qmgr[9]: " ID ": from=<e@f.example>, size=5, nrcpt=1 (queue active)\n",
	  "id:" ID, { 2, "waiting", 3 } },
	{ "refused before there was an id", CONNECT NOQUEUE("a@b.example", "c@d.example") LEAVE, "", "from:a@b.example",
	  { 1, "refused", 0 } },
	{ "refused and accepted in one transaction", CONNECT NOQUEUE("a@b.example", "no@d.example")
	  MAIL(ID, "a@b.example", "c@d.example") LEAVE, "", "from:a@b.example", { 1, "mixed", 0 } },
	{ "refused, then another sender's message", CONNECT NOQUEUE("x@y.example", "no@d.example")
	  MAIL(ID, "a@b.example", "c@d.example") LEAVE, "", "from:x@y.example", { 1, "refused", 0 } },
	{ "the null sender", CONNECT MAIL(ID, "", "c@d.example") LEAVE, "", "from:<>", { 1, "relayed", 0 } },
	{ "an empty recipient", CONNECT MAIL(ID, "a@b.example", "") LEAVE, "", "from:a@b.example", { 1, "relayed", 0 } },
	{ "one Message-ID twice", MAIL(ID, "a@b.example", "c@d.example") CLIENT("9A1B2C3D4E") MSGID("9A1B2C3D4E", ID "@b.example")
	  ACTIVE("9A1B2C3D4E", "a@b.example") SENT("9A1B2C3D4E", "c@d.example", "sent (250 ok)"), "", "id:" ID "@b.example",
	  { 2, "relayed", 3 } },
	{ "waiting", CLIENT(ID) ACTIVE(ID, "a@b.example") SENT(ID, "c@d.example", "deferred (host r[192.0.2.9] said: 450 later)"),
	  "", "from:a@b.example", { 1, "waiting", 0 } },
	{ "deferred, then sent", CLIENT(ID) ACTIVE(ID, "a@b.example") SENT(ID, "c@d.example", "deferred (no)")
	  SENT(ID, "c@d.example", "sent (250 ok)") REMOVED(ID), "", "from:a@b.example", { 1, "relayed", 0 } },
	{ "expired", CLIENT(ID) ACTIVE(ID, "a@b.example") SENT(ID, "c@d.example", "deferred (no)")
	  LATER "qmgr[9]: " ID ": from=<a@b.example>, status=expired, returned to sender\n", "", "from:a@b.example",
	  { 1, "returned", 0 } },
	{ "bounced, but from nobody", CLIENT(ID) ACTIVE(ID, "") SENT(ID, "c@d.example", "bounced (no)"), "", "to:c@d.example",
	  { 1, "discarded", 0 } },
	{ "taken out of the queue", CLIENT(ID) ACTIVE(ID, "a@b.example") SENT(ID, "c@d.example", "deferred (no)")
	  LATER "postsuper[3]: " ID ": removed\n", "", "from:a@b.example", { 1, "discarded", 0 } },
	{ "refused for now, then let in: one story", AT "smtpd[7]: NOQUEUE: reject: RCPT from m[192.0.2.25]: 450 4.7.1 later;"
	  " from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<m>\n" LATER "smtpd[8]: " ID ": client=m[192.0.2.25]\n"
	  LATER "qmgr[9]: " ID ": from=<a@b.example>, size=5, nrcpt=1 (queue active)\n" LATER "virtual[1]: " ID
	  ": to=<c@d.example>, relay=virtual, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)\n", "",
	  "from a@b.example to c@d.example on 2023-03-09", { 1, "delivered", 0 } },
	{ "in the queue, not tried yet", CLIENT(ID) ACTIVE(ID, "a@b.example"), "", "from:a@b.example", { 1, "waiting", 0 } },
	{ "the log begins with the delivery", SENT(ID, "c@d.example", "sent (250 ok)") REMOVED(ID), "", "to:c@d.example",
	  { 1, "relayed", 0 } },
	{ "the client was lost in its data", CONNECT CLIENT(ID) AT "smtpd[7]: lost connection after DATA from m[192.0.2.25]\n"
	  LEAVE LATER "anvil[1]: statistics: x\n", "", "id:" ID, { 1, "abandoned", 0 } },
	{ "begun at the end of a file, never finished in the next one", LATER "anvil[1]: statistics: x\n"
	  LATER "qmgr[9]: 9A1B2C3D4E: removed\n", CONNECT CLIENT(ID), "id:" ID, { 1, "abandoned", 0 } },
	{ "begun at the end of all files", CONNECT CLIENT(ID), "", "id:" ID, { 1, "unknown", 3 } },
	{ "a connection that said nothing", CONNECT LEAVE, "", "ip:192.0.2.25", { 1, "abandoned", 0 } },
	{ "thrown away", CLIENT(ID) ACTIVE(ID, "a@b.example") AT "discard[1]: " ID
	  ": to=<c@d.example>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (d.example)\n", "",
	  "from:a@b.example", { 1, "discarded", 0 } },
	{ "a local alias that leads elsewhere", CLIENT(ID) ACTIVE(ID, "a@b.example") AT "local[1]: " ID
	  ": to=<c@d.example>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (forwarded as 9A1B2C3D4E)\n"
	  MSGID("9A1B2C3D4E", "m@b") ACTIVE("9A1B2C3D4E", "a@b.example") SENT("9A1B2C3D4E", "e@f.example", "sent (250 ok)"), "",
	  "from:a@b.example to:c@d.example", { 1, "forwarded", 0 } },
	{ "a filter took it and gave it back", CLIENT(ID) MSGID(ID, "m@b") ACTIVE(ID, "a@b.example")
	  CLIENT("9A1B2C3D4E") MSGID("9A1B2C3D4E", "m@b") ACTIVE("9A1B2C3D4E", "a@b.example")
	  SENT(ID, "c@d.example", "sent (250 2.0.0 Ok: queued as 9A1B2C3D4E)")
	  AT "virtual[1]: 9A1B2C3D4E: to=<c@d.example>, relay=virtual, delay=0, delays=0/0/0/0, dsn=5.2.2, status=bounced (full)\n",
	  "", "from a@b.example to c@d.example on 2023-03-09", { 1, "returned", 0 } },
	{ "two years in one file", "Dec 31 23:59:59 mx1 postfix/qmgr[9]: " ID ": from=<a@b.example>, size=5, nrcpt=1 (queue active)\n"
	  "Jan  1 00:00:01 mx1 postfix/virtual[1]: " ID ": to=<c@d.example>, relay=v, delay=2, status=sent (ok)\n",
	  "", "from:a@b.example on:2022-12-31", { 1, "delivered", 0 } },
	{ "the newer file is named first", "Jan  1 00:00:01 mx1 postfix/virtual[1]: " ID ": to=<c@d.example>, relay=v, delay=2,"
	  " status=sent (ok)\nJan  1 00:00:01 mx1 postfix/qmgr[9]: " ID ": removed\n",
	  "Dec 31 23:59:59 mx1 postfix/qmgr[9]: " ID ": from=<a@b.example>, size=5, nrcpt=1 (queue active)\n"
	  "Jan  1 00:00:00 mx1 postfix/qmgr[9]: 9A1B2C3D4E: removed\n",
	  "from:a@b.example on:2022-12-31", { 1, "delivered", 0 } },
	{ "stamps of both kinds in one file: the one shows the other's year",
	  "Mar  9 12:43:51 mx1 postfix/qmgr[9]: " ID ": from=<a@b.example>, size=5, nrcpt=1 (queue active)\n"
	  "2019-03-09T12:43:52.000001+02:00 mx1 postfix/virtual[1]: " ID ": to=<c@d.example>, relay=v, delay=2, status=sent (ok)\n",
	  "", "from:a@b.example on:2019-03-09", { 1, "delivered", 0 } },

	{ "qmail: a message number is used again", TAI "0000000 new msg 5\n" TAI "0000000 info msg 5: bytes 1 from <a@b.example> qp 1"
	  " uid 0\n" TAI "0000000 starting delivery 1: msg 5 to remote c@d.example\n" TAI "0000000 delivery 1: success: ok/\n"
	  TAI "0000000 end msg 5\n" TAI "0000000 new msg 5\n" TAI "0000000 info msg 5: bytes 1 from <e@f.example> qp 2 uid 0\n"
	  TAI "0000000 starting delivery 2: msg 5 to remote g@h.example\n", "", "from:e@f.example", { 1, "waiting", 0 } },
	{ "qmail: delivery numbers begin anew", TAI "0000000 new msg 5\n" TAI "0000000 info msg 5: bytes 1 from <a@b.example> qp 1"
	  " uid 0\n" TAI "0000000 starting delivery 1: msg 5 to local example.com-bob@example.com\n" TAI "0000000 status: exiting\n"
	  TAI "0000000 starting delivery 1: msg 5 to local example.com-bob@example.com\n" TAI "0000000 delivery 1: success: did_1+0+0/\n"
	  TAI "0000000 end msg 5\n", "", "to:bob@example.com", { 1, "delivered", 0 } },
	{ "Exim: delivered", EXIM X " <= a@b.example H=m [192.0.2.25] P=esmtp S=5 id=m@b\n" EXIM X " => c <c@d.example> R=l T=m\n"
	  EXIM X " Completed\n", "", "id:m@b", { 1, "delivered", 0 } },
	{ "Exim: refused for now", EXIM "H=m [192.0.2.25] F=<a@b.example> temporarily rejected RCPT <c@d.example>: later\n", "",
	  "from:a@b.example", { 1, "refused-temporarily", 0 } },
	{ "Exim: refused before a recipient", EXIM "H=m [192.0.2.25] rejected EHLO or HELO x: no\n", "", "ip:192.0.2.25",
	  { 1, "refused", 0 } },
	{ "Exim: waiting", EXIM X " <= a@b.example H=m [192.0.2.25] P=esmtp S=5\n" EXIM X
	  " == c@d.example R=d T=s defer (110): Connection timed out\n", "", "from:a@b.example", { 1, "waiting", 0 } },
	{ "Exim: returned", EXIM X " <= a@b.example H=m [192.0.2.25] P=esmtp S=5\n" EXIM X " ** c@d.example: Unrouteable address\n"
	  EXIM "1lJZ3r-0000XB-Kq <= <> R=" X " U=x P=local S=9\n" EXIM X " Completed\n", "", "from:a@b.example",
	  { 1, "returned", 0 } },
	{ "on to a server of qmail's kind", CLIENT(ID) ACTIVE(ID, "a@b.example")
	  SENT(ID, "c@d.example", "sent (250 ok 1615286631 qp 15309)"),
	  "2021-03-09 12:43:51, from, a@b.example\n2021-03-09 12:43:51, resp, 250 ok\n2021-03-09 12:43:51, to, <c@d.example>\n"
	  "2021-03-09 12:43:51, resp, 250 ok\n2021-03-09 12:43:51, size, 5\n2021-03-09 12:43:51, resp, 250 ok 1615286631 qp 15309\n",
	  "from a@b.example to c@d.example on 2021-03-09", { 1, "relayed", 0 } },
	{ "on to qmail-send, and there to a mailbox", CLIENT(ID) ACTIVE(ID, "a@b.example")
	  SENT(ID, "c@d.example", "sent (250 ok 1615286631 qp 15309)"), TAI "0000000 new msg 5\n" TAI
	  "0000000 info msg 5: bytes 1 from <a@b.example> qp 15309 uid 0\n" TAI "0000000 starting delivery 1: msg 5 to local c@d.example\n"
	  TAI "0000000 delivery 1: success: did_1+0+0/\n" TAI "0000000 end msg 5\n",
	  "from a@b.example to c@d.example on 2021-03-09", { 1, "delivered", 0 } },
	{ "from qmail-send on to Postfix, which sent it back", TAI "0000000 new msg 5\n" TAI
	  "0000000 info msg 5: bytes 1 from <a@b.example> qp 15309 uid 0\n" TAI "0000000 starting delivery 1: msg 5 to remote c@d.example\n"
	  TAI "0000000 delivery 1: success: 192.0.2.9_accepted_message./Remote_host_said:_250_2.0.0_Ok:_queued_as_4DsZWm29b7zh6cp/\n"
	  TAI "0000000 end msg 5\n",
	  CLIENT("4DsZWm29b7zh6cp") ACTIVE("4DsZWm29b7zh6cp", "a@b.example") SENT("4DsZWm29b7zh6cp", "c@d.example", "bounced (no)"),
	  "from a@b.example to c@d.example on 2021-03-09", { 1, "returned", 0 } },
	{ "Exim: named by the message's first line, not tried yet", EXIM X " <= a@b.example H=m [192.0.2.25] P=esmtp S=5 for"
	  " c@d.example e@f.example\n" EXIM X " => c <c@d.example> R=l T=m\n", "", "from a@b.example to e@f.example on 2021-03-09",
	  { 1, "mixed", 0 } },
	{ "Exim: refusals of one process and port are one story", EXIM "[7] H=m [192.0.2.25]:99 F=<a@b.example> rejected RCPT"
	  " <c@d.example>: no\n" EXIM "[7] H=m [192.0.2.25]:99 F=<a@b.example> rejected RCPT <e@d.example>: no\n", "",
	  "from:a@b.example", { 1, "refused", 0 } },
	{ "Exim: and with the message that the connection brings", EXIM "[7] H=m [192.0.2.25]:99 F=<a@b.example> rejected RCPT"
	  " <c@d.example>: no\n" EXIM "[7] " X " <= a@b.example H=m [192.0.2.25]:99 P=esmtp S=5 for e@f.example\n", "",
	  "from:a@b.example", { 1, "mixed", 0 } },
	{ "Exim: not with another sender's message", EXIM "[7] H=m [192.0.2.25]:99 F=<a@b.example> rejected RCPT"
	  " <c@d.example>: no\n" EXIM "[7] " X " <= x@b.example H=m [192.0.2.25]:99 P=esmtp S=5 for e@f.example\n", "",
	  "from:a@b.example", { 1, "refused", 0 } },
	{ "Exim: the client's address joins nothing", EXIM "H=m [192.0.2.25] F=<a@b.example> rejected RCPT <c@d.example>: no\n"
	  EXIM "H=m [192.0.2.25] F=<a@b.example> rejected RCPT <e@d.example>: no\n", "", "from:a@b.example", { 2, "refused", 0 } },
	{ "Exim: nor do two processes", EXIM "[7] H=m [192.0.2.25] F=<a@b.example> rejected RCPT <c@d.example>: no\n"
	  EXIM "[8] H=m [192.0.2.25] F=<a@b.example> rejected RCPT <e@d.example>: no\n", "", "from:a@b.example",
	  { 2, "refused", 0 } },
	{ "Exim: nor one process number hours later", EXIM "[7] H=m [192.0.2.25] F=<a@b.example> rejected RCPT <c@d.example>: no\n"
	  "2021-03-09 14:43:51 [7] H=m [192.0.2.25] F=<a@b.example> rejected RCPT <e@d.example>: no\n", "", "from:a@b.example",
	  { 2, "refused", 0 } },
	{ "Exim: nor one that was closed in between", EXIM "[7] H=m [192.0.2.25] F=<a@b.example> rejected RCPT <c@d.example>: no\n"
	  EXIM "[7] SMTP connection from m [192.0.2.25] closed by QUIT\n"
	  EXIM "[7] H=m [192.0.2.25] F=<a@b.example> rejected RCPT <e@d.example>: no\n", "", "from:a@b.example",
	  { 2, "refused", 0 } },
	{ "a parent of itself is none", EXIM X " <= <> R=" X " U=x P=local S=9\n" EXIM X " => c <c@d.example> R=l T=m C=\"250 OK id=" X
	  "\"\n", "", "id:" X, { 1, "delivered", 0 } },
};
/* clang-format on */

/* Both forms can be written. */
static void look_at(struct answer *r)
{
	BUF(text);
	BUF(json);

	answer_text(&text, r, false, 0);
	answer_json(&json, r);
	assert_true(text.n > 0 && json.n > 0);
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct trace_ask what = { .question = str_of(cases[i].question), .limit = 100, .now = 1700000000 };
		struct answer r;
		struct source s;
		struct err e = { 0 };
		const struct story *first;

		source_init(&s);
		source_add_text(&s, "logs/mail.log", str_of(cases[i].one));
		if (cases[i].two[0] != '\0')
			source_add_text(&s, "logs/mail.log.1", str_of(cases[i].two));
		what.source = &s;
		if (trace_answer(&r, &what, &e) < 0)
			fail_msg("%s: %s", cases[i].name, e.text);
		first = answer_one(&r) != NULL ? answer_one(&r) : r.chosen.n > 0 ? r.chosen.at[0] : NULL;
		if (r.chosen.n != cases[i].want.found || answer_exit(&r) != cases[i].want.code)
			fail_msg("%s: %zu found, exit code %d", cases[i].name, r.chosen.n, answer_exit(&r));
		if (first != NULL && strcmp(verdict_words[first->verdict], cases[i].want.verdict) != 0)
			fail_msg("%s: %s", cases[i].name, verdict_words[first->verdict]);
		if (first != NULL && first->confidence != GRADE_EXACT && ties_of(first)->first_tries == NULL)
			fail_msg("%s: confidence %s", cases[i].name, grade_words[first->confidence]);
		look_at(&r);
		answer_clear(&r);
		source_clear(&s);
	}
}

#define FOLD(at) "2021-10-31T" at " mx1 postfix/"
#define FOLDED(at, id, from) FOLD(at) "qmgr[9]: " id ": from=<" from ">, size=5, nrcpt=1 (queue active)\n"
#define AGAIN "Mar  9 12:43:51 mx1 last message repeated 2 times\n"
#define WRAPPED(from, to) \
	AT "smtpd[7]: message repeated 2 times: [ NOQUEUE: reject: RCPT from m[192.0.2.25]: 550 5.1.1 <" to \
	   ">: no such user; from=<" from "> to=<" to "> proto=ESMTP helo=<m>]\n"
#define MILTER(text) \
	CLIENT(ID) \
	AT "cleanup[8]: " ID ": milter-reject: END-OF-MESSAGE from m[192.0.2.25]: " text "; from=<a@b.example>" \
	   " to=<c@d.example> proto=ESMTP helo=<m>\n"

/* clang-format off */
static const struct {
	const char *name, *log, *question;
	const char *says[4];
	const char *not;
} told[] = {
	{ "syslog counts refusals: it says how many", CONNECT NOQUEUE("a@b.example", "c@d.example") AGAIN LEAVE, "from:a@b.example",
	  { "Refused at RCPT, 3 times: 550 5.1.1", "the same again (2 times, counted by syslog)", "last message repeated 2 times\n",
	    "4 lines, all understood" }, "no mail server" },
	{ "and so in its newer form", CONNECT NOQUEUE("a@b.example", "c@d.example") WRAPPED("a@b.example", "c@d.example") LEAVE,
	  "from:a@b.example", { "Refused at RCPT, 3 times: 550 5.1.1", "(2 times, counted by syslog)", "message repeated 2 times: [",
	    "4 lines, all understood" }, "4 times" },
	{ "a count whose line is not there stands for it", CONNECT WRAPPED("a@b.example", "c@d.example") LEAVE, "from:a@b.example",
	  { "Refused at RCPT, 2 times: 550 5.1.1" }, "3 times" },
	{ "many refusals are counted with what syslog counted", CONNECT NOQUEUE("a@b.example", "c@d.example") AGAIN LEAVE CONNECT
	  NOQUEUE("a@b.example", "e@f.example") LEAVE CONNECT NOQUEUE("a@b.example", "c@d.example") LEAVE, "to:c@d.example",
	  { "\n        4  20", "2 messages: 2 refused." }, NULL },
	{ "a count of another program's line is none of ours", "Mar  9 12:43:51 mx1 sshd[1]: x\n" AGAIN CONNECT
	  NOQUEUE("a@b.example", "c@d.example") LEAVE, "from:a@b.example", { "2 lines of programs that are no mail server",
	    "all understood", "Refused at RCPT: 550" }, "2 times," },
	{ "of two hosts each repeats its own", CONNECT NOQUEUE("a@b.example", "c@d.example") "Mar  9 12:43:51 mx2 sshd[1]: x\n" AGAIN
	  LEAVE, "from:a@b.example", { "3 times" }, NULL },
	{ "a log that begins with a count", AGAIN CONNECT NOQUEUE("a@b.example", "c@d.example") LEAVE, "from:a@b.example",
	  { "Refused at RCPT: 550", "all understood" }, "no mail server" },

	{ "Exim logs no number: none is shown", EXIM "H=m [192.0.2.25] F=<a@b.example> rejected RCPT <c@d.example>: no such user\n",
	  "from:a@b.example", { "Refused at RCPT: no such user", "not its number", "final no",
	    "refused 192.0.2.25 (m) at RCPT: no such user" }, "550" },
	{ "Exim: for now", EXIM "H=m [192.0.2.25] F=<a@b.example> temporarily rejected RCPT <c@d.example>: hm\n", "from:a@b.example",
	  { "Refused for now at RCPT: hm", "not its number", "no for now" }, "451" },
	{ "Exim: without a word", EXIM "H=m [192.0.2.25] rejected MAIL <a@b.example>\n", "from:a@b.example",
	  { "Refused at MAIL: the log does not say why", "refused 192.0.2.25 (m) at MAIL\n" }, "550" },
	{ "a milter's words have no number", MILTER("5.7.1 Spam message rejected"), "from:a@b.example",
	  { "Refused at END-OF-MESSAGE: 5.7.1 Spam message rejected", "not its number" }, "550" },
	{ "nor have they for now", MILTER("4.7.1 hm"), "from:a@b.example", { "Refused for now at END-OF-MESSAGE: 4.7.1 hm" }, "451" },
	{ "chkuser's line has none", "Mar  9 12:43:51 s smtpd: CHKUSER rejected rcpt: from <a@b.example::> remote <h:m:192.0.2.25> rcpt"
	  " <c@d.example> : not existing recipient\n", "from:a@b.example", { "by the recipient check (not existing recipient)",
	    "not its number" }, "550" },
	{ "Exim: why refusals of one client stand apart", EXIM "H=m [192.0.2.25] F=<a@b.example> rejected RCPT <c@d.example>: no\n",
	  "from:a@b.example", { "neither the port nor the process" }, NULL },
	{ "Exim: done, but a recipient was never tried", EXIM X " <= a@b.example H=m [192.0.2.25] P=esmtp S=5 for c@d.example e@f.example\n"
	  EXIM X " => c <c@d.example> R=l T=m\n" EXIM X " Completed\n", "to:e@f.example", { "no line of the log names a delivery" }, NULL },

	{ "failed logins are counted, with what syslog counted", CONNECT AT "smtpd[7]: warning: m[192.0.2.25]: SASL LOGIN authentication"
	  " failed: UGFzc3dvcmQ6\n" AGAIN LEAVE, "ip:192.0.2.25", { "3 logins by the client 192.0.2.25 (m) failed",
	    "a login failed (LOGIN)\n" }, "UGFzc3dvcmQ6\n\nWhy" },
	{ "the second pass of autumn's hour, named by the stamp", FOLDED("03:29:00+03:00", "8A1B2C3D41", "x@b.example")
	  FOLDED("03:30:00+02:00", ID, "a@b.example") FOLDED("05:30:00+02:00", "8A1B2C3D42", "x@b.example"), "from:a@b.example",
	  { "Sunday 2021-10-31 03:30:00 +02:00" }, "03:30:00 +03:00" },
	{ "and the first", FOLDED("03:29:00+03:00", ID, "a@b.example") FOLDED("03:30:00+02:00", "8A1B2C3D41", "x@b.example"),
	  "from:a@b.example", { "Sunday 2021-10-31 03:29:00 +03:00" }, "03:29:00 +02:00" },
};
/* clang-format on */

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(told); i++) {
		struct trace_ask what = { .question = str_of(told[i].question), .limit = 100, .now = 1700000000 };
		struct answer r;
		struct source s;
		struct err e = { 0 };
		BUF(text);

		source_init(&s);
		source_add_text(&s, "logs/mail.log", str_of(told[i].log));
		what.source = &s;
		if (trace_answer(&r, &what, &e) < 0)
			fail_msg("%s: %s", told[i].name, e.text);
		answer_text(&text, &r, false, 0);
		for (size_t k = 0; k < COUNT(told[i].says) && told[i].says[k] != NULL; k++)
			if (str_find(buf_str(&text), str_of(told[i].says[k])) < 0)
				fail_msg("%s: no `%s` in\n%s", told[i].name, told[i].says[k], buf_z(&text));
		if (told[i].not != NULL && str_find(buf_str(&text), str_of(told[i].not )) >= 0)
			fail_msg("%s: `%s` in\n%s", told[i].name, told[i].not, buf_z(&text));
		answer_clear(&r);
		source_clear(&s);
	}
}

/* A new host on every line: what is kept of each must not grow with the log. */
static void test_many_hosts(void **state)
{
	struct trace_ask what = { .question = STR("from:a@b.example"), .limit = 10, .now = 1700000000 };
	struct answer r;
	struct source s;
	struct err e = { 0 };
	BUF(log);

	(void)state;
	buf_adds(&log, LEAVE); /* by which it is recognised */
	for (int i = 0; i < 30000; i++)
		buf_fmt(&log, "Mar  9 12:43:51 host%d cron[1]: x\n", i);
	buf_adds(&log, NOQUEUE("a@b.example", "c@d.example"));
	for (int i = 0; i < 4000; i++)
		buf_fmt(&log, "Mar  9 12:43:51 host%d cron[1]: x\n", i);
	buf_adds(&log, AGAIN);
	source_init(&s);
	source_add_text(&s, "logs/mail.log", buf_str(&log));
	what.source = &s;
	if (trace_answer(&r, &what, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(r.chosen.n, 1);
	assert_int_equal(r.chosen.at[0]->parties.first->again, 2); /* its host is remembered */
	assert_true(r.book.mem.total < 256 * 1024);
	answer_clear(&r);
	source_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_stories), cmocka_unit_test(test_words),
					    cmocka_unit_test(test_many_hosts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
