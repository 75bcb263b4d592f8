/* Lines of other mail servers: the ids, and what each line is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "logs/foreign.h"

static void test_queue_ids(void **state)
{
	static const struct {
		const char *id;
		bool postfix, exim;
	} t[] = {
		{ "8A1B2C3D4E", true, false }, /* 10, 11, 12 hexadecimal */
		{ "3F00C123456", true, false },
		{ "3F00C1234567", true, false },
		{ "4DsZWm29b7zh6c", true, false }, /* long: 14, 15, 20 */
		{ "4DsZWm29b7zh6cp", true, false },
		{ "4DsZWm29b7zh6cpBCDFG", true, false },
		{ "ED06590130AA1C9D6D862", true, false }, /* and an inode of 64 bits */
		{ "warning", false, false },
		{ "statistics", false, false },
		{ "NOQUEUE", false, false },
		{ "fatal", false, false },
		{ "BCDFGHJKLMNPQRST", false, false }, /* nothing parts its time from its inode */
		{ "", false, false },
		{ "1lJZ3r-0000XA-Kq", false, true },
		{ "1qrHEx-00000003yXx-0abc", false, true },
		{ "1lJZ3r-0000XA_Kq", false, false },
		{ "1lJZ3r-0000XA-K", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (foreign_is_postfix_id(str_of(t[i].id)) != t[i].postfix ||
		    foreign_is_exim_id(str_of(t[i].id)) != t[i].exim)
			fail_msg("%s", t[i].id);
}

#define P(service, text) "Mar  9 12:43:51 mx1 postfix/" service "[1]: " text
#define Q(text) "@4000000060475171075bca00 " text
#define E(text) "2021-03-09 12:43:51 " text
#define ID "4DsZWm29b7zh6cp"
#define X "1lJZ3r-0000XA-Kq"

/* clang-format off */
static const struct {
	const char *line;
	enum foreign_server server;
	enum foreign_kind kind;
	struct { enum foreign_field f; const char *value; } has[6];
} lines[] = {
	{ P("smtpd", "connect from mail.example.net[192.0.2.25]"), FOREIGN_POSTFIX, FOREIGN_CONNECT,
	  { { FF_peer, "mail.example.net" }, { FF_ip, "192.0.2.25" } } },
	{ P("smtpd", "connect from unknown[2001:db8::1]:4242"), FOREIGN_POSTFIX, FOREIGN_CONNECT,
	  { { FF_ip, "2001:db8::1" }, { FF_port, "4242" } } },
	{ P("submission/smtpd", ID ": client=c.example[192.0.2.77], sasl_method=PLAIN, sasl_username=bob@example.com"),
	  FOREIGN_POSTFIX, FOREIGN_CLIENT, { { FF_id, ID }, { FF_user, "bob@example.com" }, { FF_method, "PLAIN" } } },
	{ P("cleanup", ID ": message-id=<a@b.example>"), FOREIGN_POSTFIX, FOREIGN_MESSAGE_ID,
	  { { FF_message_id, "<a@b.example>" } } },
	{ P("qmgr", ID ": from=<>, size=12, nrcpt=1 (queue active)"), FOREIGN_POSTFIX, FOREIGN_QUEUED,
	  { { FF_sender, "" }, { FF_bytes, "12" } } },
	{ P("smtp", ID ": to=<d@big.example>, relay=mx[203.0.113.5]:25, conn_use=2, delay=3.4, delays=1/2/3/4, dsn=2.0.0,"
	    " status=sent (250 2.0.0 Ok: queued as 7F3A91C0DE)"), FOREIGN_POSTFIX, FOREIGN_RESULT,
	  { { FF_rcpt, "d@big.example" }, { FF_relay, "mx[203.0.113.5]:25" }, { FF_status, "sent" }, { FF_dsn, "2.0.0" },
	    { FF_channel, "smtp" } } },
	{ P("local", ID ": to=<b@example.com>, orig_to=<sales@example.com>, relay=local, delay=0, status=sent (ok)"),
	  FOREIGN_POSTFIX, FOREIGN_RESULT, { { FF_original, "sales@example.com" }, { FF_dsn, NULL }, { FF_text, "ok" } } },
	{ P("smtp", ID ": to=<>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, status=deferred (no (really) no)"),
	  FOREIGN_POSTFIX, FOREIGN_RESULT, { { FF_rcpt, "" }, { FF_text, "no (really) no" } } },
	{ P("smtpd", "NOQUEUE: reject: RCPT from unknown[203.0.113.66]: 554 5.7.1 <b@example.com>: Relay access denied;"
	    " from=<a@b.example> to=<b@example.com> proto=ESMTP helo=<x>"), FOREIGN_POSTFIX, FOREIGN_REJECT,
	  { { FF_id, NULL }, { FF_stage, "RCPT" }, { FF_sender, "a@b.example" }, { FF_rcpt, "b@example.com" },
	    { FF_helo, "x" }, { FF_text, "554 5.7.1 <b@example.com>: Relay access denied" } } },
	{ P("smtpd", "NOQUEUE: reject: RCPT from unknown[203.0.113.66]: 554 no; from=<> to=<b@example.com> proto=ESMTP"
	    " helo=<x> sasl_username=<bob>"), FOREIGN_POSTFIX, FOREIGN_REJECT, { { FF_sender, "" }, { FF_helo, "x" } } },
	{ P("smtpd", "NOQUEUE: reject: CONNECT from unknown[203.0.113.66]: 554 5.7.1 no; proto=SMTP"), FOREIGN_POSTFIX,
	  FOREIGN_REJECT, { { FF_stage, "CONNECT" }, { FF_sender, NULL }, { FF_rcpt, NULL }, { FF_text, "554 5.7.1 no" } } },
	{ P("smtpd", "NOQUEUE: reject_warning: RCPT from unknown[203.0.113.66]: 554 no; from=<a> to=<b> proto=X helo=<c>"),
	  FOREIGN_POSTFIX, FOREIGN_NOTE, { { FF_id, NULL } } },
	{ P("postscreen", "NOQUEUE: reject: RCPT from [198.51.100.7]:40112: 550 5.7.1 Service unavailable; client"
	    " [198.51.100.7] blocked using bl.example.org; from=<p@bulk.example>, to=<c@example.com>, proto=ESMTP, helo=<y>"),
	  FOREIGN_POSTFIX, FOREIGN_REJECT, { { FF_ip, "198.51.100.7" }, { FF_port, "40112" }, { FF_sender, "p@bulk.example" },
	    { FF_rcpt, "c@example.com" }, { FF_helo, "y" } } },
	{ P("postscreen", "PREGREET 14 after 0.08 from [198.51.100.7]:40112: EHLO x\\r\\n"), FOREIGN_POSTFIX, FOREIGN_SCREEN,
	  { { FF_ip, "198.51.100.7" } } },
	{ P("postscreen", "PASS OLD [192.0.2.25]:50001"), FOREIGN_POSTFIX, FOREIGN_PASS, { { FF_port, "50001" } } },
	{ P("cleanup", ID ": milter-reject: END-OF-MESSAGE from r[192.0.2.40]: 5.7.1 Spam; from=<a> to=<b> proto=ESMTP"
	    " helo=<r>"), FOREIGN_POSTFIX, FOREIGN_REJECT, { { FF_stage, "END-OF-MESSAGE" }, { FF_text, "5.7.1 Spam" } } },
	{ P("cleanup", ID ": reject: header Subject: from a friend from r[192.0.2.40]; from=<a> to=<b> proto=ESMTP"
	    " helo=<r>: 5.7.1 no"), FOREIGN_POSTFIX, FOREIGN_REJECT,
	  { { FF_stage, "header Subject: from a friend" }, { FF_text, "5.7.1 no" }, { FF_rcpt, "b" } } },
	{ P("smtpd", "warning: unknown[203.0.113.99]: SASL LOGIN authentication failed: UGFz, sasl_username=bob"),
	  FOREIGN_POSTFIX, FOREIGN_AUTH_FAILED, { { FF_ip, "203.0.113.99" }, { FF_text, "UGFz" }, { FF_user, "bob" } } },
	{ P("smtpd", "lost connection after DATA (123 bytes) from r[192.0.2.40]"), FOREIGN_POSTFIX, FOREIGN_LOST,
	  { { FF_stage, "DATA (123 bytes)" } } },
	{ P("bounce", ID ": sender non-delivery notification: 8A1B2C3D4E"), FOREIGN_POSTFIX, FOREIGN_BOUNCE,
	  { { FF_child, "8A1B2C3D4E" } } },
	{ P("qmgr", ID ": from=<a@b.example>, status=expired, returned to sender"), FOREIGN_POSTFIX, FOREIGN_EXPIRED,
	  { { FF_id, ID } } },
	{ P("qmgr", ID ": removed"), FOREIGN_POSTFIX, FOREIGN_REMOVED, { { FF_status, NULL } } },
	{ P("postsuper", ID ": removed"), FOREIGN_POSTFIX, FOREIGN_REMOVED, { { FF_status, "deleted" } } },
	{ P("smtpd", "proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=31619-02 - spam; from=<> to=<u@example.com> proto=SMTP"
	    " helo=<h>"), FOREIGN_POSTFIX, FOREIGN_REJECT,
	  { { FF_rcpt, "u@example.com" }, { FF_text, "554 5.7.0 Reject, id=31619-02 - spam" } } },
	/* what anybody could have written into an address is not believed */
	{ P("smtp", ID ": to=<a>, relay=x, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)@e.example>, relay=none, delay=0,"
	    " delays=0/0/0/0, dsn=5.1.1, status=bounced (no)"), FOREIGN_POSTFIX, FOREIGN_UNKNOWN, { { FF_status, "sent" } } },
	{ P("smtpd", "NOQUEUE: reject: RCPT from u[203.0.113.66]: 554 <x; from=<boss@bank.example> to=<v@w.example> proto=ESMTP"
	    " helo=<@e.example>: no; from=<e@e.example> to=<x> proto=ESMTP helo=<e>"), FOREIGN_POSTFIX, FOREIGN_REJECT,
	  { { FF_sender, NULL }, { FF_rcpt, NULL }, { FF_ip, "203.0.113.66" } } },
	{ E("H=r [203.0.113.66] F=<\"a rejected RCPT <v@w.example>: x\"@e.example> rejected RCPT <b@example.com>: no"),
	  FOREIGN_EXIM, FOREIGN_REJECT, { { FF_rcpt, "b@example.com" } } },
	{ E(X " <= \"a H=fake [192.0.2.66] S=1\"@e.example H=m [192.0.2.25] P=esmtp S=5"), FOREIGN_EXIM, FOREIGN_QUEUED,
	  { { FF_ip, "192.0.2.25" }, { FF_bytes, "5" } } },
	{ E(X " ** \"a R=x T=y: \"@e.example R=dns T=smtp: 550 no"), FOREIGN_EXIM, FOREIGN_RESULT,
	  { { FF_rcpt, "\"a R=x T=y: \"@e.example" }, { FF_text, "550 no" } } },
	/* words that look like ids are none */
	{ P("anvil", "statistics: max cache size 2 at Mar  9 12:00:00"), FOREIGN_POSTFIX, FOREIGN_NOTE, { { FF_id, NULL } } },
	{ P("smtpd", "warning: hostname x does not resolve to address 192.0.2.1"), FOREIGN_POSTFIX, FOREIGN_NOTE,
	  { { FF_id, NULL } } },
	{ P("smtpd", "what nobody knows"), FOREIGN_POSTFIX, FOREIGN_UNKNOWN, { { FF_id, NULL } } },
	/* other programs, under a name of mail too */
	{ "Mar  9 12:43:51 mx1 dovecot: imap-login: Login: user=<bob>", FOREIGN_NOBODY, FOREIGN_STRANGER, { { FF_id, NULL } } },
	{ "Mar  9 12:43:51 mx1 last message repeated 2 times", FOREIGN_NOBODY, FOREIGN_REPEATED, { { FF_count, "2" } } },
	{ "Mar  9 12:43:51 mx1 last message repeated 2 times a day", FOREIGN_NOBODY, FOREIGN_STRANGER, { { FF_id, NULL } } },
	{ "Mar  9 12:43:51 mx1 -- MARK --", FOREIGN_NOBODY, FOREIGN_STRANGER, { { FF_id, NULL } } },
	{ "Mar  9 12:43:51 mx1 sshd[5]: Failed password", FOREIGN_NOBODY, FOREIGN_STRANGER, { { FF_id, NULL } } },

	{ Q("new msg 42"), FOREIGN_QMAIL, FOREIGN_CLIENT, { { FF_id, "42" } } },
	{ Q("info msg 42: bytes 12 from <#@[]> qp 7 uid 89"), FOREIGN_QMAIL, FOREIGN_QUEUED,
	  { { FF_sender, "#@[]" }, { FF_qp, "7" }, { FF_bytes, "12" } } },
	{ Q("starting delivery 5: msg 42 to remote d@big.example"), FOREIGN_QMAIL, FOREIGN_START,
	  { { FF_delivery, "5" }, { FF_id, "42" }, { FF_channel, "remote" }, { FF_rcpt, "d@big.example" } } },
	{ Q("delivery 5: failure: a:_b/"), FOREIGN_QMAIL, FOREIGN_RESULT, { { FF_status, "failure" }, { FF_text, "a:_b/" } } },
	{ Q("delivery 5: report mangled, will defer"), FOREIGN_QMAIL, FOREIGN_RESULT, { { FF_status, "defer" } } },
	{ Q("bounce msg 42 qp 8"), FOREIGN_QMAIL, FOREIGN_BOUNCE, { { FF_id, "42" }, { FF_qp, "8" } } },
	{ Q("end msg 42"), FOREIGN_QMAIL, FOREIGN_REMOVED, { { FF_id, "42" } } },
	{ "Mar  9 12:43:51 s smtpd: CHKUSER rejected rcpt: from <a@b.example:info:> remote <helo:mx.b.example:192.0.2.1>"
	  " rcpt <x@example.com> : not existing recipient", FOREIGN_CHKUSER, FOREIGN_CHECK,
	  { { FF_sender, "a@b.example" }, { FF_peer, "mx.b.example" }, { FF_ip, "192.0.2.1" }, { FF_rcpt, "x@example.com" },
	    { FF_text, "not existing recipient" } } },
	{ Q("CHKUSER accepted sender: from <a@b.example|remoteinfo/auth:|chkuser-identify:> remote <helo:h|remotehostname:"
	    "mx|remotehostip:192.0.2.1> rcpt <> : sender accepted"), FOREIGN_CHKUSER, FOREIGN_CHECK,
	  { { FF_sender, "a@b.example" }, { FF_ip, "192.0.2.1" }, { FF_helo, "h" }, { FF_rcpt, "" } } },

	{ E(X " <= a@b.example H=mx (helo) [192.0.2.1]:4 I=[192.0.2.9]:25 P=esmtpsa A=plain:bob S=12 id=i@b.example"
	    " T=\"x \\\" <= S=9\" from <a@b.example> for c@example.com"), FOREIGN_EXIM, FOREIGN_QUEUED,
	  { { FF_sender, "a@b.example" }, { FF_peer, "mx" }, { FF_ip, "192.0.2.1" }, { FF_user, "bob" }, { FF_bytes, "12" },
	    { FF_message_id, "i@b.example" } } },
	{ E(X " <= a@b.example H=mx [192.0.2.1] S=5 T=\"x for y@z\" for c@example.com \"d e\"@example.com"), FOREIGN_EXIM,
	  FOREIGN_QUEUED, { { FF_rcpts, "c@example.com \"d e\"@example.com" } } },
	{ E(X " <= a@b.example H=mx [192.0.2.1] S=5 id=\"x for y@z\"@b"), FOREIGN_EXIM, FOREIGN_QUEUED, { { FF_rcpts, NULL } } },
	{ E(X " <= <> R=1lJZ3r-0000XB-Kq U=Debian-exim P=local S=5"), FOREIGN_EXIM, FOREIGN_QUEUED,
	  { { FF_sender, "" }, { FF_parent, "1lJZ3r-0000XB-Kq" }, { FF_user, NULL } } },
	{ E(X " => bob <b@example.com> R=local T=maildir"), FOREIGN_EXIM, FOREIGN_RESULT,
	  { { FF_rcpt, "bob" }, { FF_original, "b@example.com" }, { FF_status, "=>" }, { FF_channel, "maildir" } } },
	{ E(X " => d@big.example R=dns T=smtp H=mx [203.0.113.5]:25 X=TLS1.3:A:256 CV=yes K C=\"250 OK id=" X "\" QT=2s"),
	  FOREIGN_EXIM, FOREIGN_RESULT, { { FF_rcpt, "d@big.example" }, { FF_ip, "203.0.113.5" }, { FF_text, "250 OK id=" X } } },
	{ E(X " ** e@gone.example R=dns T=smtp H=mx [203.0.113.6]:25: SMTP error after RCPT TO:<e@gone.example>: 550 no"),
	  FOREIGN_EXIM, FOREIGN_RESULT, { { FF_status, "**" }, { FF_ip, "203.0.113.6" },
	    { FF_text, "SMTP error after RCPT TO:<e@gone.example>: 550 no" } } },
	{ E(X " ** e@gone.example: Unrouteable address"), FOREIGN_EXIM, FOREIGN_RESULT,
	  { { FF_rcpt, "e@gone.example" }, { FF_text, "Unrouteable address" } } },
	{ E(X " == f@slow.example R=dns T=smtp defer (110): Connection timed out"), FOREIGN_EXIM, FOREIGN_RESULT,
	  { { FF_status, "==" }, { FF_text, "defer (110): Connection timed out" } } },
	{ E(X " => :blackhole: <s@example.com> R=x"), FOREIGN_EXIM, FOREIGN_RESULT,
	  { { FF_rcpt, ":blackhole:" }, { FF_original, "s@example.com" } } },
	{ E(X " Completed"), FOREIGN_EXIM, FOREIGN_REMOVED, { { FF_id, X } } },
	{ E("1qrHEx-00000003yXx-0abc Completed"), FOREIGN_EXIM, FOREIGN_REMOVED, { { FF_id, "1qrHEx-00000003yXx-0abc" } } },
	{ E("H=(h) [203.0.113.66]:5 F=<a@b.example> rejected RCPT <b@example.com>: no"), FOREIGN_EXIM, FOREIGN_REJECT,
	  { { FF_id, NULL }, { FF_sender, "a@b.example" }, { FF_rcpt, "b@example.com" }, { FF_stage, "RCPT" }, { FF_helo, "h" },
	    { FF_text, "no" } } },
	{ E(X " H=r [192.0.2.40] F=<> rejected after DATA: virus"), FOREIGN_EXIM, FOREIGN_REJECT,
	  { { FF_id, X }, { FF_sender, "" }, { FF_stage, "after DATA" }, { FF_text, "virus" } } },
	{ E("H=r [192.0.2.40] rejected MAIL <a@b.example>"), FOREIGN_EXIM, FOREIGN_REJECT,
	  { { FF_stage, "MAIL" }, { FF_rcpt, "a@b.example" }, { FF_text, NULL } } },
	{ E("refused connection from [203.0.113.66] (host_reject_connection)"), FOREIGN_EXIM, FOREIGN_REJECT,
	  { { FF_ip, "203.0.113.66" } } },
	{ E("login authenticator failed for (u) [203.0.113.99]: 535 no"), FOREIGN_EXIM, FOREIGN_AUTH_FAILED,
	  { { FF_method, "login" }, { FF_ip, "203.0.113.99" }, { FF_text, "535 no" } } },
	{ "Mar  9 12:43:51 mx2 exim[1]: 2021-03-09 12:43:51 " X " Completed", FOREIGN_EXIM, FOREIGN_REMOVED, { { FF_id, X } } },
	{ E("something else"), FOREIGN_NOBODY, FOREIGN_UNKNOWN, { { FF_id, NULL } } },
};
/* clang-format on */

static void test_lines(void **state)
{
	struct foreign_line l;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		foreign_read(str_of(lines[i].line), &l);
		if (l.kind != lines[i].kind || l.server != lines[i].server)
			fail_msg("%s: kind %d server %d", lines[i].line, l.kind, l.server);
		for (size_t k = 0; k < COUNT(lines[i].has) && (k == 0 || lines[i].has[k].f != 0); k++) {
			struct str got = l.field[lines[i].has[k].f];
			const char *want = lines[i].has[k].value;

			if ((want == NULL) != (got.p == NULL) || (want != NULL && !str_eqz(got, want)))
				fail_msg("%s: field %d is `%.*s`", lines[i].line, lines[i].has[k].f, STR_ARG(got));
		}
	}
}

/* The number of an answer, or what the line says in its place. */
static void test_numbers_of_answers(void **state)
{
	static const struct {
		const char *line;
		int code;
		const char *text;
	} t[] = {
		{ P("smtpd",
		    "NOQUEUE: reject: RCPT from u[203.0.113.66]: 454 4.7.1 no; from=<a> to=<b> proto=X helo=<c>"),
		  454, "4.7.1 no" },
		{ P("cleanup",
		    ID ": milter-reject: END-OF-MESSAGE from r[192.0.2.40]: 5.7.1 Spam; from=<a> to=<b> proto=X"
		       " helo=<r>"),
		  FOREIGN_NO, "5.7.1 Spam" },
		{ P("cleanup",
		    ID ": milter-reject: END-OF-MESSAGE from r[192.0.2.40]: 4.7.1 later; from=<a> to=<b> proto=X"
		       " helo=<r>"),
		  FOREIGN_NOT_NOW, "4.7.1 later" },
		{ E("H=r [192.0.2.40] F=<a@b> rejected RCPT <c@d>: no"), FOREIGN_NO, "no" },
		{ E("H=r [192.0.2.40] F=<a@b> temporarily rejected RCPT <c@d>: later"), FOREIGN_NOT_NOW, "later" },
		{ E("H=r [192.0.2.40] F=<\"temporarily rejected \"@b> rejected RCPT <c@d>: no"), FOREIGN_NO, "no" },
		{ P("smtpd", "NOQUEUE: reject: header X: y from r[192.0.2.40]: no; from=<a> to=<b> proto=X helo=<r>"),
		  0, "no" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct foreign_line l;
		struct str text;

		assert_true(foreign_read(str_of(t[i].line), &l));
		if (foreign_reply(&l, &text) != t[i].code || !str_eqz(text, t[i].text))
			fail_msg("%s: %d %.*s", t[i].line, foreign_reply(&l, &text), STR_ARG(text));
	}
}

static void test_answers_in_words(void **state)
{
	static const struct {
		const char *text, *answer, *id;
	} t[] = {
		{ "250 2.0.0 Ok: queued as 7F3A91C0DE", "250 2.0.0 Ok: queued as 7F3A91C0DE", "7F3A91C0DE" },
		{ "250 OK id=" X, "250 OK id=" X, X },
		{ "host mx[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT TO command)", "550 5.1.1 no", "" },
		{ "SMTP error from remote mail server after RCPT TO:<a@b>: 451-4.7.1 later", "451-4.7.1 later", "" },
		{ "connect to slow.example[203.0.113.9]:25: Connection timed out", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (!str_eqz(foreign_answer(str_of(t[i].text)), t[i].answer) ||
		    !str_eqz(foreign_queued_as(str_of(t[i].text)), t[i].id))
			fail_msg("%s", t[i].text);
}

static void test_files_are_recognised(void **state)
{
	static const struct {
		const char *head;
		bool known;
		enum log_family family;
	} t[] = {
		{ "Mar  9 12:43:51 mx1 postfix/smtpd[1]: connect from a[192.0.2.1]\n", true, LOG_FOREIGN },
		{ "Mar  9 12:43:51 mx1 sshd[1]: x\nMar  9 12:43:51 mx1 postfix/qmgr[1]: 8A1B2C3D4E: removed\n", true,
		  LOG_FOREIGN },
		{ E(X " Completed\n"), true, LOG_FOREIGN },
		{ Q("new msg 42\n"), true, LOG_FOREIGN },
		{ "Mar  9 12:43:51 s spamdyke[1]: ERROR: x\n", true, LOG_SPAMDYKE },
		{ "Mar  9 12:43:51 s spamdyke[1]: ERROR: x\nMar  9 12:43:51 s qmail: 1.5 new msg 1\n", true,
		  LOG_SPAMDYKE }, /* no stamp is that old */
		{ "Mar  9 12:43:51 s spamdyke[1]: ERROR: x\nMar  9 12:43:51 s qmail: 1615286631.5 new msg 1\n", true,
		  LOG_FOREIGN },
		{ "Mar  9 12:43:51 mx1 sshd[1]: x\n", false, LOG_FOREIGN },
		{ "a letter\n", false, LOG_FOREIGN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		enum log_family family = LOG_FAMILIES;
		bool known = log_recognise(str_of(t[i].head), &family);

		if (known != t[i].known || (known && family != t[i].family))
			fail_msg("%s", t[i].head);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_ids),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_numbers_of_answers),
		cmocka_unit_test(test_answers_in_words),
		cmocka_unit_test(test_files_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
