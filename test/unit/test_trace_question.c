/* What was asked: filters, the fixed pattern, and words that are no question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "trace/rows.h"

/* "from:a@b on:tuesday" of a parsed question; NULL stands for a refusal. */
static const char *understood(struct str text, struct arena *a, struct err *e)
{
	struct question q;
	BUF(b);

	if (question_parse(&q, text, a, e) < 0)
		return NULL;
	for (size_t i = 0; i < q.n; i++)
		buf_fmt(&b, "%s%s:%.*s", b.n > 0 ? " " : "", filter_words[q.filters[i].kind],
			STR_ARG(q.filters[i].value));
	if (q.on_text.n > 0)
		buf_fmt(&b, "%son:%.*s", b.n > 0 ? " " : "", STR_ARG(q.on_text));
	if (q.after_text.n > 0)
		buf_fmt(&b, "%safter:%.*s", b.n > 0 ? " " : "", STR_ARG(q.after_text));
	if (q.before_text.n > 0)
		buf_fmt(&b, "%sbefore:%.*s", b.n > 0 ? " " : "", STR_ARG(q.before_text));
	return arena_z(a, buf_str(&b));
}

struct asked {
	const char *asked, *want;
};

static void check(const struct asked *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ARENA(a);
		struct err e = { 0 };
		const char *got = understood(str_of(t[i].asked), &a, &e);

		if (got == NULL)
			fail_msg("%s: %s", t[i].asked, e.text);
		assert_string_equal(got, t[i].want);
	}
}

static void questions_are_understood(void **state)
{
	static const struct asked t[] = {
		{ "from:a@b.example to:c@d.example", "from:a@b.example to:c@d.example" },
		{ "from: A@B.example", "from:a@b.example" },
		{ "what happened to the mail from a@b.example to c@d.example on Tuesday",
		  "from:a@b.example to:c@d.example on:Tuesday" },
		{ "What happened to the mail from a@b.example to c@d.example on Tuesday?",
		  "from:a@b.example to:c@d.example on:Tuesday" },
		{ "Why did spam@mail.spam-source.net's message not arrive?", "from:spam@mail.spam-source.net" },
		{ "My customer says s@example.com sent to r@example.com on the 10th. Did it?",
		  "from:s@example.com to:r@example.com on:10th" },
		{ "Was the mail from spam@... refused by the gate or by the mailbox?", "from:spam@*" },
		{ "Show everything for recipient@example.com last week", "to:recipient@example.com on:last week" },
		{ "from:a@b.example on:tuesday or so", "from:a@b.example on:tuesday" },
		{ "to:a@b.example or not?", "to:a@b.example" },
		{ "ip:192.0.2.0/24 or is it lost?", "ip:192.0.2.0/24" },
		{ "Did anything come from 203.0.113.66 (or 203.0.113.0/24) on tuesday?",
		  "ip:203.0.113.66 ip:203.0.113.0/24 on:tuesday" },
		{ "mail from a@b.example or so, it is late or lost", "from:a@b.example" },
		{ "text:\"this or that\" to:a@b.example or", "text:this or that to:a@b.example" },
		{ "a@b.example", "any:a@b.example" },
		{ "<a@b.example>", "any:a@b.example" },
		{ "from <>", "from:<>" },
		{ "where is the message from *@acme.example", "from:*@acme.example" },
		{ "All mail from partner.example is refused since Monday", "from:partner.example after:Monday" },
		{ "Why do mails from gmx arrive late", "from:gmx" },
		{ "Did anything come from 203.0.113.66 today?", "ip:203.0.113.66 on:today" },
		{ "Did anything come from 203.0.113.0/24 today?", "ip:203.0.113.0/24 on:today" },
		{ "ip:2001:db8::/32", "ip:2001:db8::/32" },
		{ "find qp 15309", "id:qp 15309" },
		{ "delivery 114878", "id:delivery 114878" },
		{ "id:connection:7", "id:connection:7" },
		{ "Find Message-ID <x@y.example> / queue id 4DsZWm29b7zh6cp", "id:<x@y.example> id:4DsZWm29b7zh6cp" },
		{ "He mistyped: recipent@example.com", "any:recipent@example.com" },
		{ "Somebody from *@acme.* about invoices@..., do not know the day", "from:*@acme.* any:invoices@*" },
		{ "We sent to a@big.example this morning and no reply; did it leave?",
		  "to:a@big.example on:this morning" },
		{ "Mail from x@y.example to three people, one did not get it", "from:x@y.example" },
		{ "It is stuck, when is it tried again? from x@y.example", "from:x@y.example" },
		{ "id:4DsZWm29b7zh6cp", "id:4DsZWm29b7zh6cp" },
		{ "4DsZWm29b7zh6cp", "id:4DsZWm29b7zh6cp" },
		{ "8A1B2C3D4E", "id:8A1B2C3D4E" },
		{ "1lJZ3r-0000XA-Kq", "id:1lJZ3r-0000XA-Kq" },
		{ "where is 1rTgY2-00000000abc-2xYz?", "id:1rTgY2-00000000abc-2xYz" },
		{ "15309", "id:15309" },
		{ "7", "id:7" },
		{ "what happened to 4DsZWm29b7zh6cp", "to:4dszwm29b7zh6cp" }, /* until the logs are known */
		{ "to:a@b.example verdict:refused reason:RBL port:25 text:\"no such user\"",
		  "to:a@b.example verdict:refused reason:RBL port:25 text:no such user" },
		{ "from a@b.example before 2021-03-09 after yesterday",
		  "from:a@b.example after:yesterday before:2021-03-09" },
		{ "from a@b.example on 9 March 2021 at 15:00 EST", "from:a@b.example on:9 March 2021 15:00 EST" },
		{ "on:\"last week\" to:x@y.example", "to:x@y.example on:last week" },
		{ "on:last week to:x@y.example", "to:x@y.example on:last week" },
		{ "after:2021-03-09 15:00 EST from a@b.example", "from:a@b.example after:2021-03-09 15:00 EST" },
	};

	(void)state;
	check(t, COUNT(t));
}

static void times_are_understood_as_people_say_them(void **state)
{
	static const struct asked t[] = {
		{ "mails to a@b.example from yesterday to today",
		  "to:a@b.example after:yesterday before:end of today" },
		{ "mail from a@b.example between monday and wednesday",
		  "from:a@b.example after:monday before:end of wednesday" },
		{ "between 9:00 and 10:30 from a@b.example", "from:a@b.example after:9:00 before:10:30" },
		{ "mail from yesterday to a@b.example", "to:a@b.example on:yesterday" },
		{ "since:yesterday until:15:00 from:a@b.example", "from:a@b.example after:yesterday before:15:00" },
		{ "from:a@b.example until: tuesday", "from:a@b.example before:tuesday" },
		{ "from:a@b.example before:\"end of tuesday\"", "from:a@b.example before:end of tuesday" },
		{ "mails to a@b.example in the last 2 hours", "to:a@b.example on:last 2 hours" },
		{ "mail from a@b.example 10 minutes ago", "from:a@b.example on:10 minutes ago" },
		{ "mails from a@b.example last month", "from:a@b.example on:last month" },
		{ "everything from a@b.example in march", "from:a@b.example on:march" },
		{ "tuesday 9th march 2021 from a@b.example", "from:a@b.example on:tuesday 9th march 2021" },
		{ "from a@b.example Tue, 9 Mar 2021", "from:a@b.example on:Tue 9 Mar 2021" },
		{ "from a@b.example to me on Tuesday", "from:a@b.example to:me on:Tuesday" },
		{ "from a@b.example the day before yesterday", "from:a@b.example on:day before yesterday" },
		{ "mail from a@b.example two days ago", "from:a@b.example on:two days ago" },
		{ "mails of the last three days to a@b.example", "to:a@b.example on:last three days" },
		{ "show me mail from me", "from:me" },
		{ "greylisted mails from gmx", "reason:gr*ylist from:gmx" },
	};

	(void)state;
	check(t, COUNT(t));
}

static void outcomes_and_replies_are_understood(void **state)
{
	static const struct asked t[] = {
		{ "mail from John Smith <a@b.example> to c@d.example", "from:a@b.example to:c@d.example" },
		{ "a@b.example -> c@d.example", "from:a@b.example to:c@d.example" },
		{ "mails refused on Tuesday", "verdict:refused on:Tuesday" },
		{ "Which messages were rejected yesterday?", "verdict:refused on:yesterday" },
		{ "show all bounced mails from a@b.example", "verdict:returned from:a@b.example" },
		{ "How many mails were refused today?", "verdict:refused on:today" },
		{ "what was refused yesterday", "verdict:refused on:yesterday" },
		{ "mails to *@b.example refused today", "to:*@b.example verdict:refused on:today" },
		{ "Messages from a@b.example to c@d.example bounced",
		  "from:a@b.example to:c@d.example verdict:returned" },
		{ "the mail to c@d.example refused today", "to:c@d.example on:today" },
		{ "why were mails to c@d.example refused", "to:c@d.example" },
		{ "waiting", "verdict:waiting" },
		{ "Bounced?", "verdict:returned" },
		{ "Was the mail from a@b.example refused?", "from:a@b.example" },
		{ "why was the mail refused from a@b.example", "from:a@b.example" },
		{ "It says delivered but she does not have it: a@b.example", "any:a@b.example" },
		{ "The mail was forwarded to gmail and bounced there", "to:gmail" },
		{ "We got \"550 5.1.1 user unknown\" from a@b.example, is it us or them?",
		  "reason:550*5.1.1 from:a@b.example" },
		{ "\"552 over quota\" to a@b.example", "reason:552 to:a@b.example" },
		{ "The remote said 421 to a@b.example", "reason:421 to:a@b.example" },
		{ "4.7.0 from a@b.example", "reason:4.7.0 from:a@b.example" },
		{ "who got refused today", "verdict:refused on:today" },
		{ "mails that were refused in the last 3 days", "verdict:refused on:last 3 days" },
		{ "a@b.example \xe2\x86\x92 c@d.example", "from:a@b.example to:c@d.example" },
		{ "which mails were refused over quota", "verdict:refused reason:quota" },
		{ "Why do mails from gmx arrive 15 minutes late?", "from:gmx" },
		{ "all mail from partner.example since 2021-03-09 15:00",
		  "from:partner.example after:2021-03-09 15:00" },
	};

	(void)state;
	check(t, COUNT(t));
}

static void what_is_not_understood_is_named(void **state)
{
	static const struct {
		const char *asked, *why;
	} t[] = {
		{ "", "nothing to look for" },
		{ "what happened to the mail", "nothing to look for" },
		{ "xyzzy from a@b.example", "`xyzzy`" },
		{ "xyzzy", "`xyzzy`" },
		{ "12 of a@b.example", "`12`" },
		{ "2021 a@b.example", "`2021`" },
		{ "Who sent that burst last night?", "many messages at once" },
		{ "colour:red", "no filter colour:" },
		{ "from:", "from: needs a value" },
		{ "ip:hello", "ip:hello" },
		{ "ip:192.0.2.0/33", "192.0.2.0/33" },
		{ "verdict:lost", "verdict:lost" },
		{ "on:someday", "on:someday" },
		{ "on:2021-02-30", "on:2021-02-30" },
		{ "on:tuesday on:friday", "stands twice" },
		{ "until:tuesday before:friday", "stands twice" },
		{ "colour:red", "on after since before until id" },
		{ "from a@b.example since", "since needs" },
		{ "from a@b.example after tomorrow", "after needs" },
		{ "from a@b.example or c@d.example", "ask for c@d.example by itself" },
		{ "from a@b.example and c@d.example", "ask for c@d.example by itself" },
		{ "a@b.example or c@d.example", "ask for c@d.example by itself" },
		{ "ip:192.0.2.1 or 192.0.2.2", "`or` is not understood" },
		{ "port:25 or 587", "`or` is not understood" },
		{ "from:a@b.example or from:c@d.example", "`or` is not understood between filters" },
		{ "from: a@b.example OR to:c@d.example", "`or` is not understood between filters" },
		{ "verdict:refused or returned", "`or` is not understood between filters" },
		{ "mail to a@b.example or verdict:refused", "`or` is not understood between filters" },
		{ "on:last week or from:c@d.example", "`or` is not understood between filters" },
		{ "mails not delivered to a@b.example", "`not delivered` may be one of several" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct err e = { 0 };

		if (understood(str_of(t[i].asked), &a, &e) != NULL)
			fail_msg("%s was understood", t[i].asked);
		if (strstr(e.text, t[i].why) == NULL)
			fail_msg("%s: %s", t[i].asked, e.text);
	}
}

static void networks_hold_their_addresses(void **state)
{
	static const struct {
		const char *net, *ip;
		bool in;
	} t[] = {
		{ "203.0.113.66", "203.0.113.66", true },
		{ "203.0.113.0/24", "203.0.113.66", true },
		{ "203.0.113.0/24", "203.0.114.66", false },
		{ "203.0.113.64/30", "203.0.113.67", true },
		{ "203.0.113.64/30", "203.0.113.68", false },
		{ "0.0.0.0/0", "198.51.100.1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "::/0", "192.0.2.1", false },
		{ "192.0.2.1", "unknown", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct ip_net net;

		assert_true(ip_net_parse(str_of(t[i].net), &net));
		assert_int_equal(ip_net_has(&net, str_of(t[i].ip)), t[i].in);
	}
}

static uint16_t named(const char *value)
{
	struct question q;
	struct err e = { 0 };
	ARENA(a);
	BUF(text);

	buf_fmt(&text, "reason:\"%s\"", value);
	if (question_parse(&q, buf_str(&text), &a, &e) < 0)
		fail_msg("%s: %s", value, e.text);
	assert_int_equal(q.n, 1);
	return q.filters[0].reason;
}

/* What statistics print leads back to what they counted. */
static void every_reason_is_named_by_its_words(void **state)
{
	size_t n = 0;

	(void)state;
	for (unsigned kind = REASON_OF_GATE; kind < ROW_KINDS; kind++)
		for (size_t i = 0;; i++) {
			uint16_t reason = row_reason((enum row_kind)kind, i);
			ARENA(a);
			const char *words = arena_z(&a, row_reason_words(&a, reason));

			if (words[0] == '\0')
				break;
			if (!str_eqz(row_reason_words(&a, named(words)), words))
				fail_msg("%s names %.*s", words, STR_ARG(row_reason_words(&a, named(words))));
			n++;
		}
	assert_true(n > 200);
}

static void a_reason_or_a_text(void **state)
{
	static const struct {
		const char *value, *reason;
	} t[] = {
		{ "cause: mailbox-full", "cause: mailbox-full" },
		{ "Cause: Mailbox-Full", "cause: mailbox-full" },
		{ "mailbox-full", "cause: mailbox-full" },
		{ "cause: virus", "cause: virus" },
		{ "virus", "" }, /* replies have such a word */
		{ "cause: ", "" },
		{ "cause: nonsense", "" },
		{ "gate: DENIED_RDNS_MISSING", "gate: DENIED_RDNS_MISSING" },
		{ "DENIED_RDNS_MISSING", "" },
		{ "quota", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);

		assert_string_equal(arena_z(&a, row_reason_words(&a, named(t[i].value))), t[i].reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_is_named_by_its_words),
		cmocka_unit_test(a_reason_or_a_text),
		cmocka_unit_test(questions_are_understood),
		cmocka_unit_test(times_are_understood_as_people_say_them),
		cmocka_unit_test(outcomes_and_replies_are_understood),
		cmocka_unit_test(what_is_not_understood_is_named),
		cmocka_unit_test(networks_hold_their_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
