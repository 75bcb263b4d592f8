/* Filters over rows: what is left is what the stories that fit would have become, number by number. */
#include "logs_world.h"

#include <stdlib.h>
#include <string.h>

#include "trace/rows.h"
#include "trace/stats.h"

static const char *const filters[] = { "from:*@*",
				       "from:<>",
				       "from:example.net",
				       "from:x*",
				       "to:recipient@example.com",
				       "to:example.com",
				       "to:*a*",
				       "to:example.net",
				       "any:example",
				       "any:alice",
				       "any:\"mailer daemon\"",
				       "any:*o*",
				       "verdict:delivered",
				       "verdict:refused",
				       "verdict:forwarded",
				       "verdict:relayed",
				       "verdict:unknown",
				       "reason:\"gate: DENIED_RDNS_MISSING\"",
				       "reason:\"recipient check: not existing recipient\"",
				       "reason:\"cause: unknown\"",
				       "reason:no-such-mailbox",
				       "reason:\"client: the client left\"",
				       "login:*",
				       "login:sender@example.com",
				       "port:25",
				       "port:587",
				       "before:2021-03-09",
				       "on:tuesday" };

/* Somebody who tries to log in under another name; a recipient whose mail goes on to another one, and one who stays. */
static const char tried
    [] = ZONE T("43:50") "session, 7, 192.0.2.12, 4242, 1615286630.900\n" T("43:50") "helo, out.b.example\n" T("43:50") "auth-failed, LOGIN mallory@example.com bad password\n" T("43:51") "auth, PLAIN ann@example.com\n" T(
	"43:51") "from, a@b.example\n" T("43:51") "resp, 250 ok\n" T("43:52") "to, <list@example.com>\n" T("43:52") "re"
														    "sp"
														    ", "
														    "25"
														    "0 "
														    "ok"
														    "\n" T(
															"43:52") "to, "
																 "<stays@"
																 "example"
																 ".com>"
																 "\n" T("43:52") "resp, 250 ok\n" T(
																     "43:53") "size, 620\n" T("43:53") "resp, 250 ok 1615286633 qp 11\n\n";
static const char sent[] =
    ZONE T("43:54") "init, <a@b.example>\n" T("43:54") "info, 21, qp 11, attempt 1, bytes 700, 1615286634.000\n" T(
	"43:54") "alias, 21, list@example.com\n" T("43:54") "try, 21, remote, far@elsewhere.example\n" T("43:55") "resu"
														  "lt, "
														  "21, "
														  "succ"
														  "ess,"
														  " 203"
														  ".0."
														  "113."
														  "25_"
														  "acce"
														  "pted"
														  "_mes"
														  "sage"
														  "./"
														  "Remo"
														  "te_"
														  "host"
														  "_sai"
														  "d:_"
														  "250_"
														  "ok/"
														  "\n" T(
														      "43:55") "done, 21, 900\n";
static const char *const of_those[] = { "to:far@elsewhere.example", "to:list@example.com",
					"to:stays@example.com",     "any:mallory@example.com",
					"any:ann@example.com",      "any:ann@example.com to:stays",
					"login:ann@example.com",    "login:mallory@example.com",
					"from:ann@example.com",     "to:example.com verdict:relayed",
					"any:far@elsewhere.example" };

static void same_dict(const char *question, const char *name, const struct row_dict *a, const struct row_dict *b)
{
	if (a->n != b->n)
		fail_msg("%s: %zu %s, not %zu", question, b->n, name, a->n);
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(a->text[i], b->text[i]) || a->of[i] != b->of[i])
			fail_msg("%s: %s %zu is %.*s, not %.*s", question, name, i, STR_ARG(b->text[i]),
				 STR_ARG(a->text[i]));
}

/* Stories are numbered among all there, and among those that fit here: each has a number of its own. */
static void same_stories(const char *question, const struct rows *a, const struct rows *b)
{
	for (size_t i = 1; i < a->n; i++)
		if ((a->story[i] == a->story[i - 1]) != (b->story[i] == b->story[i - 1]))
			fail_msg("%s: row %zu is of another story", question, i);
}

static void same_rows(const char *question, const struct rows *a, const struct rows *b)
{
	if (a->n != b->n)
		fail_msg("%s: %zu rows, not %zu", question, b->n, a->n);
#define ROW(type, column, meaning) \
	if (strcmp(#column, "story") != 0 && a->n > 0 && memcmp(a->column, b->column, a->n * sizeof(type)) != 0) \
		fail_msg("%s: the column " #column " is another one", question);
#include "trace/rows.def"
#undef ROW
#define D(dict) same_dict(question, #dict, &a->dict, &b->dict);
	ROW_DICTS(D)
#undef D
	same_stories(question, a, b);
}

/* By the stories that fit, and by the rows of all. */
static size_t compare(struct answer *all, struct answer *asked, const char *question)
{
	struct report r = { 0 };
	struct rows rows = { 0 };
	struct stats s;
	size_t n;
	ARENA(mem);

	r.mem = &mem;
	assert_true(rows_can_answer(&asked->question));
	stats_begin(&s, &r, &(struct stats_ask){ .answer = asked, .top = 10 });
	rows_of_tale(&rows, &all->tale);
	rows_choose(&rows, &asked->question, asked->chosen.span);
	rows_settle(&rows);
	same_rows(question, &s.rows, &rows);
	n = rows.n;
	rows_clear(&rows);
	stats_end(&s);
	return n;
}

static void read_golden(struct world *w, const char *name, const char *question)
{
	struct err e = { 0 };
	const char *root = getenv("TELLTALE_SOURCE");
	BUF(path);

	buf_fmt(&path, "%s/test/golden/%s", root != NULL ? root : ".", name);
	source_init(&w->source);
	if (source_add(&w->source, buf_z(&path), &e) < 0)
		fail_msg("%s", e.text);
	ask_world(w, question);
}

static void golden_logs_are_chosen_from(const char *name)
{
	struct world all;
	size_t found = 0;

	read_golden(&all, name, "");
	for (size_t i = 0; i < COUNT(filters) * COUNT(filters); i++) {
		struct world asked;
		BUF(question);

		buf_fmt(&question, "%s %s", filters[i / COUNT(filters)],
			i % COUNT(filters) == i / COUNT(filters) ? "" : filters[i % COUNT(filters)]);
		read_golden(&asked, name, buf_z(&question));
		found += compare(&all.answer, &asked.answer, buf_z(&question)) > 0;
		close_world(&asked);
	}
	close_world(&all);
	assert_true(found > COUNT(filters));
}

/* Every address of the logs, in each of its roles. */
static void golden_addresses_are_asked_for(const char *name)
{
	static const char *const roles[] = { "from", "to", "any" };
	struct world all;

	read_golden(&all, name, "");
	for (size_t i = 0; i < all.answer.book.nnames * COUNT(roles); i++) {
		const struct name *x = all.answer.book.names.at[i / COUNT(roles)];
		struct world asked;
		BUF(question);

		buf_fmt(&question, "%s:<%.*s>", roles[i % COUNT(roles)], STR_ARG(x->text));
		read_golden(&asked, name, buf_z(&question));
		compare(&all.answer, &asked.answer, buf_z(&question));
		close_world(&asked);
	}
	close_world(&all);
}

static void of_our_own_logs(void **state)
{
	(void)state;
	golden_logs_are_chosen_from("provider");
	golden_addresses_are_asked_for("provider");
}

static void of_other_servers_logs(void **state)
{
	(void)state;
	golden_logs_are_chosen_from("foreign");
	golden_addresses_are_asked_for("foreign");
}

static void of_a_mail_on_three_servers(void **state)
{
	(void)state;
	golden_logs_are_chosen_from("foreign/hops");
	golden_addresses_are_asked_for("foreign/hops");
}

static void by_what_stands_in_no_row(void **state)
{
	struct world all;
	size_t found = 0;

	(void)state;
	open_world(&all, tried, "", sent, "");
	for (size_t i = 0; i < COUNT(of_those); i++) {
		struct world asked;

		open_world(&asked, tried, "", sent, of_those[i]);
		found += compare(&all.answer, &asked.answer, of_those[i]);
		close_world(&asked);
	}
	close_world(&all);
	assert_true(found > COUNT(of_those));
}

static void what_rows_cannot_tell(void **state)
{
	static const struct {
		const char *question;
		bool can;
	} t[] = {
		{ "", true },
		{ "from:a@b.example to:c after:2021-03-09", true },
		{ "verdict:mixed", false },
		{ "reason:quota", false },
		{ "reason:mailbox-full to:c", true },
		{ "reason:\"gate: DENIED_RDNS_MISSING\"", true },
		{ "reason:DENIED_RDNS_MISSING", false }, /* wherever a line has that word */
		{ "text:quota", false },
		{ "ip:192.0.2.1", false },
		{ "id:15309", false },
		{ "to:c text:x", false },
		{ "a@b.example", false }, /* an address or an id: the logs know */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct question q = { .n = 0 };
		struct err e = { 0 };
		ARENA(mem);

		if (t[i].question[0] != '\0' && question_parse(&q, str_of(t[i].question), &mem, &e) < 0)
			fail_msg("%s: %s", t[i].question, e.text);
		if (rows_can_answer(&q) != t[i].can)
			fail_msg("%s", t[i].question);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_our_own_logs),
		cmocka_unit_test(of_other_servers_logs),
		cmocka_unit_test(of_a_mail_on_three_servers),
		cmocka_unit_test(by_what_stands_in_no_row),
		cmocka_unit_test(what_rows_cannot_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
