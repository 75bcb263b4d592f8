/* What was refused, as rows, and the one row that a link leads to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "trace/refused.h"

#define NL "\n"
static const char smtp[] =
    "2025-11-20 10:00:00, zone, +00:00, 1763632800" NL
    "2025-11-20 10:00:00, session, 5, 192.0.2.7, 4000, 1763632800.000" NL "2025-11-20 10:00:00, helo, x" NL
    "2025-11-20 10:00:00, from, ann@far.example" NL "2025-11-20 10:00:00, resp, 250 ok" NL
    "2025-11-20 10:00:01, to, <bob@example.com>" NL
    "2025-11-20 10:00:01, gate, refused rdns-missing, unknown:192.0.2.7, bob@example.com, no name, 1 ms" NL
    "2025-11-20 10:00:01, resp, 554 Refused. You have no reverse DNS entry. Contact p@x for details. See: "
    "https://x/why/AQ_one" NL "2025-11-20 10:00:02, to, <carl@example.com>" NL
    "2025-11-20 10:00:02, gate, refused rdns-missing, unknown:192.0.2.7, carl@example.com, no name, 1 ms" NL
    "2025-11-20 10:00:02, resp, 554 Refused. You have no reverse DNS entry. Contact p@x for details. See: "
    "https://x/why/AQ_two" NL "2025-11-20 10:00:03, to, <ghost@example.com>" NL
    "2025-11-20 10:00:03, check, rejected rcpt, unknown:192.0.2.7, ghost@example.com, not existing recipient" NL
    "2025-11-20 10:00:03, resp, 550 5.1.1 sorry, no mailbox here by that name (chkuser)" NL "" NL
    "2025-11-20 10:00:09, session, 5, 192.0.2.7, 4000, 1763632800.000" NL
    "2025-11-20 10:00:09, from, ann@far.example" NL "2025-11-20 10:00:09, resp, 250 ok" NL
    "2025-11-20 10:00:09, to, <bob@example.com>" NL "2025-11-20 10:00:09, resp, 250 ok" NL
    "2025-11-20 10:00:09, to, <carl@example.com>" NL "2025-11-20 10:00:09, resp, 250 ok" NL
    "2025-11-20 10:00:10, size, 70" NL
    "2025-11-20 10:00:10, resp, 554 Refused. Your message has been blocked due to its content. See: "
    "https://x/why/AQ_all" NL;
/* What others than the gate refuse. */
static const char check[] =
    "2025-11-20 10:00:00, zone, +00:00, 1763632800" NL
    "2025-11-20 10:00:00, session, 6, 192.0.2.8, 4000, 1763632800.000" NL "2025-11-20 10:00:00, helo, x" NL
    "2025-11-20 10:00:00, from, bob@example.com" NL "2025-11-20 10:00:00, resp, 250 ok" NL
    "2025-11-20 10:00:01, to, <ghost@example.com>" NL
    "2025-11-20 10:00:01, check, rejected rcpt, unknown:192.0.2.8, ghost@example.com, not existing recipient" NL
    "2025-11-20 10:00:01, resp, 550 5.1.1 sorry, no mailbox here by that name (chkuser)" NL
    "2025-11-20 10:00:02, to, <full@example.com>" NL
    "2025-11-20 10:00:02, check, mbx overquota, unknown:192.0.2.8, full@example.com, rcpt mailbox is overquota" NL
    "2025-11-20 10:00:02, resp, 552 5.2.2 sorry, recipient mailbox is full (chkuser)" NL
    "2025-11-20 10:00:03, to, <eve@other.example>" NL
    "2025-11-20 10:00:03, check, rejected relaying, unknown:192.0.2.8, eve@other.example, client not allowed to "
    "relay" NL "2025-11-20 10:00:03, resp, 553 5.7.1 sorry, that domain isn't in my list of allowed rcpthosts "
    "(chkuser)" NL "2025-11-20 10:00:04, to, <odd@example.com>" NL
    "2025-11-20 10:00:04, check, rejected rcpt, unknown:192.0.2.8, odd@example.com, of another server's" NL
    "2025-11-20 10:00:04, resp, 450 5.9.9 words that nobody knows" NL "2025-11-20 10:00:05, to, <carl@example.com>" NL
    "2025-11-20 10:00:05, resp, 250 ok" NL "2025-11-20 10:00:06, size, 70" NL
    "2025-11-20 10:00:06, resp, 552 sorry, that message size exceeds my databytes limit (#5.3.4)" NL "" NL;
static const char gate[] =
    "Nov 20 10:00:01 mx spamdyke[5]: DENIED_RDNS_MISSING from: ann@far.example to: bob@example.com origin_ip: "
    "192.0.2.7 "
    "origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: (empty)" NL
    "Nov 20 10:00:02 mx spamdyke[5]: DENIED_RDNS_MISSING from: ann@far.example to: carl@example.com origin_ip: "
    "192.0.2.7 origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: (empty)" NL
    "Nov 20 10:00:10 mx spamdyke[5]: DENIED_HEADER_BLACKLISTED from: ann@far.example to: bob@example.com origin_ip: "
    "192.0.2.7 origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: Subject:_*casino*" NL
    "Nov 20 10:00:10 mx spamdyke[5]: DENIED_HEADER_BLACKLISTED from: ann@far.example to: carl@example.com origin_ip: "
    "192.0.2.7 origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: Subject:_*casino*" NL;

struct world {
	struct source source;
	struct answer answer;
};

static void ask_of(struct world *w, const char *log, const char *question, const char *domain, const char *mailbox)
{
	struct trace_ask ask = { .question = str_of(question),
				 .source = &w->source,
				 .domain = str_of(domain),
				 .mailbox = str_of(mailbox),
				 .limit = 100,
				 .everything = true,
				 .now = 1763640000 };
	struct err e = { 0 };

	source_init(&w->source);
	source_add_text(&w->source, "smtp-25.log", str_of(log));
	if (log == smtp)
		source_add_text(&w->source, "spamdyke.log", str_of(gate));
	if (trace_answer(&w->answer, &ask, &e) < 0)
		fail_msg("%s", e.text);
}

static void ask(struct world *w, const char *question, const char *domain, const char *mailbox)
{
	ask_of(w, smtp, question, domain, mailbox);
}

static void end(struct world *w)
{
	answer_clear(&w->answer);
	source_clear(&w->source);
}

static bool put_row(void *with, const struct refused *row)
{
	struct buf *b = with;

	buf_fmt(b, "%lld %.*s %.*s %s %s %.3s|", (long long)(row->time - 1763632800), STR_ARG(row->from),
		STR_ARG(row->to->text), row->gate != NULL ? row->gate->code + 7 : "-", verdict_words[row->verdict],
		row->reply.n > 3 ? row->reply.p : "   ");
	return b->n < 150;
}

static void rows_are_those_of_the_scope_newest_first(void **state)
{
#define BOB1 "1 ann@far.example bob@example.com RDNS_MISSING refused 554|"
#define BOB2 "10 ann@far.example bob@example.com HEADER_BLACKLISTED refused 554|"
#define CARL1 "2 ann@far.example carl@example.com RDNS_MISSING refused 554|"
#define CARL2 "10 ann@far.example carl@example.com HEADER_BLACKLISTED refused 554|"
	static const struct {
		const char *question, *domain, *mailbox, *want;
	} t[] = {
		{ "", "", "bob@example.com", BOB2 BOB1 },
		{ "to:bob@example.com", "", "bob@example.com", BOB2 BOB1 },
		{ "", "", "carl@example.com", CARL2 CARL1 },
		{ "", "example.com", "", BOB2 CARL2 BOB1 /* enough, says put_row() */ },
		{ "", "", "ghost@example.com", "3 ann@far.example ghost@example.com - refused 550|" },
		{ "", "other.example", "", "" },
		{ "after:2025-11-21", "", "bob@example.com", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct world w;
		BUF(b);

		ask(&w, t[i].question, t[i].domain, t[i].mailbox);
		refused_each(&w.answer, put_row, &b);
		assert_string_equal(buf_z(&b), t[i].want);
		end(&w);
	}
}

static bool put_said(void *with, const struct refused *row)
{
	struct buf *b = with;

	assert_true(row->word != NULL && row->explanation.n > 0 && row->advice != NULL && row->reply.n > 0);
	assert_false(refused_lifts(row));
	buf_fmt(b, "%.*s: %.*s|", STR_ARG(row->to->text), STR_ARG(row->reason));
	return true;
}

/* Whoever refused it; of what the owner wrote himself only what was for him too. */
static void the_recipient_check_and_others_refuse_too(void **state)
{
#define GHOST "ghost@example.com: recipient check: not existing recipient|"
#define FULL "full@example.com: recipient check: rcpt mailbox is overquota|"
#define EVE "eve@other.example: recipient check: client not allowed to relay|"
#define ODD "odd@example.com: recipient check: of another server's|"
#define CARL "carl@example.com: 552 sorry, that message size exceeds my databytes limit (#5.3.4)|"
	static const struct {
		const char *domain, *mailbox, *want;
	} t[] = {
		{ "", "", GHOST FULL EVE ODD CARL },
		{ "example.com", "", GHOST FULL ODD CARL },
		{ "", "full@example.com", FULL },
		{ "", "carl@example.com", CARL },
		{ "", "bob@example.com", "" /* who wrote it */ },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct world w;
		BUF(b);

		ask_of(&w, check, "", t[i].domain, t[i].mailbox);
		refused_each(&w.answer, put_said, &b);
		assert_string_equal(buf_z(&b), t[i].want);
		end(&w);
	}
}

static void a_link_leads_to_one(void **state)
{
	static const struct {
		const char *text, *to, *code; /* to NULL: all; code NULL: nothing is found */
		int64_t at;
	} t[] = {
		{ "AQ_one", "bob@example.com", "DENIED_RDNS_MISSING", 1 },
		{ "AQ_two", "carl@example.com", "DENIED_RDNS_MISSING", 2 },
		{ "AQ_all", NULL, "DENIED_HEADER_BLACKLISTED", 10 },
		{ "AQ_other", NULL, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct refused row = { 0 };
		struct world w;
		ARENA(a);

		ask(&w, "id:\"connection 5\"", "", "");
		assert_int_equal(refused_find(&w.answer, str_of(t[i].text), &a, &row), t[i].code != NULL);
		if (t[i].code != NULL) {
			assert_string_equal(row.gate->code, t[i].code);
			assert_int_equal(row.time - 1763632800, t[i].at);
			assert_true(t[i].to == NULL ? row.to == NULL : str_eqz(row.to->text, t[i].to));
			assert_true(str_eqz(row.ip, "192.0.2.7") && str_eqz(row.from, "ann@far.example"));
			assert_int_equal(row.connection, 5);
			assert_true(row.explanation.n > 0);
		}
		arena_clear(&a);
		end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_those_of_the_scope_newest_first),
		cmocka_unit_test(the_recipient_check_and_others_refuse_too),
		cmocka_unit_test(a_link_leads_to_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
