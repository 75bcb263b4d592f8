/* Every word of the reference's tables (test/golden/vocabulary) is known and explained, and no row is idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <cmocka.h>

#include "base/io.h"
#include "words/words.h"

#define ROWS_MAX 256

/* One line of a golden list, cut at its tabs; `-` stands for nothing. */
struct row {
	struct str column[3];
};

static void load(const char *name, struct buf *text)
{
	const char *source = getenv("TELLTALE_SOURCE");
	struct err e = { 0 };
	BUF(path);

	buf_fmt(&path, "%s/test/golden/vocabulary/%s", source != NULL ? source : ".", name);
	if (io_slurp(AT_FDCWD, buf_z(&path), 1 << 20, text, &e) < 0)
		fail_msg("%s", e.text);
}

static size_t rows_of(const struct buf *text, struct row rows[ROWS_MAX])
{
	struct str rest = buf_str(text), line;
	size_t n = 0;

	while (rest.n > 0) {
		struct row *r = &rows[n];

		str_cut(rest, STR("\n"), &line, &rest);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		*r = (struct row){ 0 };
		for (int i = 0; i < 3 && line.n > 0; i++) {
			str_cut(line, STR("\t"), &r->column[i], &line);
			if (str_eqz(r->column[i], "-"))
				r->column[i] = STR("");
		}
		assert_true(++n < ROWS_MAX);
	}
	return n;
}

/* A sentence that a support desk could paste. */
static void check_word(const struct word *w, const char *what)
{
	size_t meaning = strlen(w->meaning), advice = strlen(w->advice);

	if (meaning < 20 || w->meaning[meaning - 1] != '.')
		fail_msg("%s: no meaning: %s", what, w->meaning);
	if (advice > 0 && w->advice[advice - 1] != '.')
		fail_msg("%s: the advice is no sentence: %s", what, w->advice);
	if (advice == 0 && w->who != WHO_NOBODY)
		fail_msg("%s: somebody must act and is not told how", what);
	if (strstr(w->meaning, "  ") != NULL || strstr(w->advice, "  ") != NULL)
		fail_msg("%s: two spaces", what);
}

/* Every refusal says what would have let it through, in one breath; what is none says nothing. */
static void test_every_refusal_says_what_would_let_it_through(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		const struct reason_row *r = reason_row((enum reason)i);
		size_t n = strlen(r->word.passes);
		bool none = r->word.who == WHO_NOBODY &&
			    (strstr(r->code, "ALLOWED") == r->code || strcmp(r->code, "TLS_ENCRYPTED") == 0);

		if (none != (n == 0))
			fail_msg("%s: %s", r->code, n == 0 ? "nothing lets it through" : "it is no refusal");
		if (n > 0 && (r->word.passes[n - 1] != '.' || strstr(r->word.passes, "  ") != NULL || n > 300))
			fail_msg("%s: %s", r->code, r->word.passes);
	}
}

static void test_every_gate_code_is_a_row(void **state)
{
	BUF(text);
	struct row rows[ROWS_MAX];
	size_t n;

	(void)state;
	load("spamdyke-codes.txt", &text);
	n = rows_of(&text, rows);
	assert_int_equal(n, REASON_COUNT);
	for (size_t i = 0; i < n; i++) {
		const struct reason_row *r = reason_by_code(rows[i].column[0]);
		uint64_t reply = 0;

		assert_non_null(r);
		check_word(&r->word, r->code);
		if (str_u64(rows[i].column[1], 999, &reply))
			assert_int_equal(r->reply, reply);
		if (reply > 0 && !str_starts(str_of(r->code), STR("DENIED_R")))
			assert_true(str_eqz(rows[i].column[2], r->text));
		if (r->name[0] != '\0')
			assert_ptr_equal(reason_by_name(str_of(r->name)), r);
	}
	assert_null(reason_by_code(STR("DENIED_NOTHING")));
	assert_null(reason_by_code(STR("")));
	assert_null(reason_by_name(STR("")));
	assert_ptr_equal(reason_by_code(STR("FAILURE_AUTH")), reason_row(REASON_FAILED_AUTH));
}

static void test_the_class_follows_the_number(void **state)
{
	ARENA(a);

	(void)state;
	assert_string_equal(reason_enhanced(REASON_RDNS_MISSING, 554, &a), "5.7.25");
	assert_string_equal(reason_enhanced(REASON_RDNS_MISSING, 421, &a), "4.7.25");
	assert_string_equal(reason_enhanced(REASON_OTHER, 550, &a), "");
	for (int i = 0; i < REASON_COUNT; i++) {
		const char *code = reason_enhanced((enum reason)i, 554, &a);

		if (code[0] != '\0')
			assert_non_null(status_match(str_of(code)));
	}
}

static void test_every_filter_is_a_row(void **state)
{
	BUF(text);
	struct row rows[ROWS_MAX];
	size_t n, have = 0;

	(void)state;
	load("spamdyke-filters.txt", &text);
	n = rows_of(&text, rows);
	while (filter_at(have) != NULL)
		have++;
	assert_int_equal(n, have);
	for (size_t i = 0; i < n; i++) {
		const struct filter_row *f = filter_match(rows[i].column[0]);

		assert_non_null(f);
		assert_true(strlen(f->meaning) > 20);
	}
	assert_null(filter_match(STR("FILTER_")));
}

static void test_every_check_is_a_row(void **state)
{
	BUF(text);
	struct row rows[ROWS_MAX];
	size_t n;

	(void)state;
	load("chkuser.txt", &text);
	n = rows_of(&text, rows);
	assert_int_equal(n, CHECK_COUNT);
	for (size_t i = 0; i < n; i++) {
		const struct check_row *c = check_by_words(rows[i].column[0], rows[i].column[1]);
		BUF(reply);

		if (rows[i].column[0].n == 0)
			c = check_row(CHECK_NO_DOMAIN);
		assert_non_null(c);
		check_word(&c->word, c->description);
		if (c->reply > 0)
			buf_fmt(&reply, "%d %s", c->reply, c->text);
		assert_true(str_eq(buf_str(&reply), rows[i].column[2]));
		assert_true(c->reply == 0 || c->enhanced[0] != '\0' ||
			    status_class(str_take(str_of(c->text), 5)) != NULL);
		if (c->reply >= 400)
			assert_non_null(check_by_reply(c->reply, str_of(c->text)));
	}
	assert_null(check_by_words(STR(""), STR("")));
	assert_null(check_by_words(STR("rejected rcpt"), STR("found existing recipient")));
}

/* Look every line of a golden list up, and mark the rows that it met. */
static void meet_replies(const char *name, bool met[REPLY_COUNT])
{
	BUF(text);
	struct row rows[ROWS_MAX];
	size_t n;

	load(name, &text);
	n = rows_of(&text, rows);
	for (size_t i = 0; i < n; i++) {
		struct str line = rows[i].column[0];
		uint64_t code = 0;
		const struct reply_row *r;

		assert_true(str_u64(str_take(line, 3), 599, &code));
		r = reply_match((int)code, str_skip(line, 4));
		if (r == NULL)
			fail_msg("%s: not known: %.*s", name, STR_ARG(line));
		for (int k = 0; k < REPLY_COUNT; k++) { /* "250 2.1.5 ok" is told from "250 ok" by its code alone */
			const struct reply_row *other = reply_row((enum reply_id)k);

			if (r == other || (other->code == r->code && strcmp(other->text, r->text) == 0 &&
					   str_find(line, str_of(other->enhanced)) == 4))
				met[k] = true;
		}
	}
}

static void test_every_reply_is_a_row(void **state)
{
	bool met[REPLY_COUNT] = { false };

	(void)state;
	meet_replies("smtpd-replies.txt", met);
	meet_replies("queue-replies.txt", met);
	meet_replies("our-replies.txt", met);
	for (int i = 0; i < REPLY_COUNT; i++) {
		const struct reply_row *r = reply_row((enum reply_id)i);

		check_word(&r->word, r->text);
		if (!met[i])
			fail_msg("no list has %d %s", r->code, r->text);
		if (r->enhanced[0] != '\0')
			assert_non_null(status_match(str_of(r->enhanced)));
		if (r->enhanced[0] != '\0')
			assert_int_equal(r->enhanced[0] - '0', r->code / 100);
		if (r->code >= 400)
			assert_int_equal(r->word.final, r->code >= 500 ? FINAL_YES : FINAL_NO);
	}
}

static void meet_reports(const char *name, bool met[ROWS_MAX])
{
	BUF(text);
	struct row rows[ROWS_MAX];
	size_t n;

	load(name, &text);
	n = rows_of(&text, rows);
	for (size_t i = 0; i < n; i++) {
		const struct report_row *r = report_match(rows[i].column[1]);
		size_t k = 0;

		if (r == NULL)
			fail_msg("%s: not known: %.*s", name, STR_ARG(rows[i].column[1]));
		if (rows[i].column[0].n > 0 && !str_eqz(rows[i].column[0], r->outcome))
			fail_msg("%s: %.*s: %s", name, STR_ARG(rows[i].column[1]), r->outcome);
		while (report_at(k) != r)
			k++;
		met[k] = true;
	}
}

static void test_every_report_is_a_row(void **state)
{
	bool met[ROWS_MAX] = { false };
	const struct report_row *r;

	(void)state;
	meet_reports("local-reports.txt", met);
	meet_reports("remote-reports.txt", met);
	meet_reports("our-reports.txt", met);
	for (size_t i = 0; (r = report_at(i)) != NULL; i++) {
		check_word(&r->word, r->pattern);
		if (!met[i])
			fail_msg("no list has %s", r->pattern);
		if (strcmp(r->outcome, "deferral") == 0)
			assert_int_equal(r->word.final, FINAL_NO);
		if (strcmp(r->outcome, "failure") == 0 || strcmp(r->outcome, "success") == 0)
			assert_int_equal(r->word.final, FINAL_YES);
	}
	assert_null(report_match(STR("hello")));
	assert_null(report_match(STR("")));
}

static void meet_troubles(const char *name, bool met[ROWS_MAX])
{
	BUF(text);
	struct row rows[ROWS_MAX];
	size_t n;

	load(name, &text);
	n = rows_of(&text, rows);
	for (size_t i = 0; i < n; i++) {
		const struct trouble_row *r = trouble_match(rows[i].column[0]);
		size_t k = 0;

		if (r == NULL)
			fail_msg("%s: not known: %.*s", name, STR_ARG(rows[i].column[0]));
		while (trouble_at(k) != r)
			k++;
		met[k] = true;
	}
}

static void test_every_trouble_is_a_row(void **state)
{
	bool met[ROWS_MAX] = { false };
	const struct trouble_row *r;

	(void)state;
	meet_troubles("spamdyke-errors.txt", met);
	meet_troubles("send-troubles.txt", met);
	for (size_t i = 0; (r = trouble_at(i)) != NULL; i++) {
		check_word(&r->word, r->pattern);
		if (!met[i])
			fail_msg("no list has %s", r->pattern);
	}
}

static void test_every_enhanced_code_is_a_row(void **state)
{
	BUF(text);
	struct row rows[ROWS_MAX];
	size_t n, details = 0;
	const struct status_row *s;

	(void)state;
	load("enhanced-codes.txt", &text);
	n = rows_of(&text, rows);
	for (size_t i = 0; i < n; i++) {
		BUF(code);

		buf_fmt(&code, "5%.*s", STR_ARG(str_skip(rows[i].column[0], 1)));
		s = status_match(buf_str(&code));
		assert_non_null(s);
		assert_true(str_eqz(rows[i].column[0], s->code));
		assert_true(str_eqz(rows[i].column[1], s->title));
	}
	for (size_t i = 0; (s = status_at(i)) != NULL; i++) {
		check_word(&s->word, s->code);
		details += s->code[0] == 'x' && !str_ends(str_of(s->code), STR("x"));
	}
	assert_int_equal(details, n);
}

static void test_codes_are_matched_from_special_to_general(void **state)
{
	static const struct {
		const char *in, *row, *class;
	} t[] = {
		{ "5.1.1", "x.1.1", "5.x.x" },  { "4.7.25", "x.7.25", "4.x.x" },
		{ "5.7.99", "x.7.x", "5.x.x" }, { "2.0.0", "x.0.0", "2.x.x" },
		{ "5.9.1", NULL, "5.x.x" },     { "3.0.0", NULL, NULL },
		{ "5.1", NULL, NULL },          { "5.1.1.1", NULL, NULL },
		{ "5..1", NULL, NULL },         { "5.1.1000", NULL, NULL },
		{ "5.1.x", NULL, NULL },        { "", NULL, NULL },
		{ "550", "550", "5xx" },        { "599", NULL, "5xx" },
		{ "099", NULL, NULL },          { "600", NULL, NULL },
		{ "55", NULL, NULL },           { "5xx", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		const struct status_row *row = status_match(str_of(t[i].in)), *class = status_class(str_of(t[i].in));

		assert_true((row == NULL) == (t[i].row == NULL));
		assert_true((class == NULL) == (t[i].class == NULL));
		if (row != NULL)
			assert_string_equal(row->code, t[i].row);
		if (class != NULL)
			assert_string_equal(class->code, t[i].class);
	}
}

static void test_ends_are_sentences_and_know_themselves(void **state)
{
	const struct end_row *r;

	(void)state;
	for (size_t i = 0; (r = end_at(i)) != NULL; i++) {
		check_word(&r->word, r->text);
		assert_ptr_equal(end_match(str_of(end_words((enum end)i))), r);
	}
	assert_string_equal(end_match(STR("the TLS handshake failed: no shared cipher"))->text,
			    end_words(END_TLS_FAILED));
	assert_null(end_match(STR("quit now")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_gate_code_is_a_row),
		cmocka_unit_test(test_every_refusal_says_what_would_let_it_through),
		cmocka_unit_test(test_the_class_follows_the_number),
		cmocka_unit_test(test_every_filter_is_a_row),
		cmocka_unit_test(test_every_check_is_a_row),
		cmocka_unit_test(test_every_reply_is_a_row),
		cmocka_unit_test(test_every_report_is_a_row),
		cmocka_unit_test(test_every_trouble_is_a_row),
		cmocka_unit_test(test_every_enhanced_code_is_a_row),
		cmocka_unit_test(test_codes_are_matched_from_special_to_general),
		cmocka_unit_test(test_ends_are_sentences_and_know_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
