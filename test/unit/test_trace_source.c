/* Log files as they really are: names, lines, copies, repetitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "trace/answer.h"

static void names_give_label_and_family(void **state)
{
	static const struct {
		const char *path, *label;
		int family; /* -1: none */
	} t[] = {
		{ "smtp-25.log", "25", LOG_SMTP },
		{ "/var/log/smtp-25.log", "25", LOG_SMTP },
		{ "smtp-25.log.1", "25", LOG_SMTP },
		{ "smtp-25.log.2.gz", "25", LOG_SMTP },
		{ "smtp-25.log.2021-03-09.zst", "25", LOG_SMTP },
		{ "smtp-25.2021-03-09.zst", "25", LOG_SMTP },
		{ "smtp-25.2021-03-09", "25", LOG_SMTP },
		{ "smtp-25-20210309.gz", "25", LOG_SMTP },
		{ "smtp-25.log-20210309.gz", "25", LOG_SMTP },
		{ "smtp-mx.one.log.xz", "mx.one", LOG_SMTP },
		{ "smtp-587.log.bz2", "587", LOG_SMTP },
		{ "delivery.log", "", LOG_DELIVERY },
		{ "delivery.2021-03-09.zst", "", LOG_DELIVERY },
		{ "spamdyke.log-20210309", "", LOG_SPAMDYKE },
		{ "smtp-25.logs", "", -1 },
		{ "smtp-25", "", -1 },
		{ "smtp-25.2021-03-9", "", -1 },
		{ "smtp-25.12021-03-09", "", -1 },
		{ "mail.log", "", -1 },
		{ "delivery.gz", "", -1 },
		{ "2021-03-09", "", -1 },
		{ "", "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		enum log_family family = LOG_FAMILIES;
		bool told = source_family_named(str_of(t[i].path), &family);

		if (!str_eqz(source_label(str_of(t[i].path)), t[i].label))
			fail_msg("%s: label %.*s", t[i].path, STR_ARG(source_label(str_of(t[i].path))));
		if (told != (t[i].family >= 0) || (told && (int)family != t[i].family))
			fail_msg("%s: family %d", t[i].path, told ? (int)family : -1);
	}
}

/* G good, N with a NUL, L too long, T torn: one letter for each line. */
static void lines_are_parted(void **state)
{
	static const struct {
		struct str text;
		const char *faults;
		size_t offset; /* of the last line */
		const char *last;
	} t[] = {
		{ STR_INIT(""), "", 0, "" },
		{ STR_INIT("a\n"), "G", 0, "a" },
		{ STR_INIT("\na\n"), "GG", 1, "a" },
		{ STR_INIT("a\r\nb\r\n"), "GG", 3, "b" },
		{ STR_INIT("a\nb"), "GT", 2, "b" },
		{ STR_INIT("a\n\r"), "GT", 2, "\r" },
		{ STR_INIT("a\0b\nc\n"), "NG", 4, "c" },
		{ STR_INIT("\0\0\0"), "T", 0, NULL },
		{ STR_INIT("\xef\xbb\xbf"
			   "a\n"),
		  "G", 3, "a" },
		{ STR_INIT("\xef\xbb\xbf"), "", 0, "" },
		{ STR_INIT("a\n\xef\xbb\xbf"
			   "b\n"),
		  "GG", 2,
		  "\xef\xbb\xbf"
		  "b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct source_file f = { 0 };
		struct source_walk w = { .file = &f };
		struct str line = STR("");
		enum source_fault fault;
		BUF(faults);

		buf_addstr(&f.text, t[i].text);
		while (source_next(&w, &line, &fault))
			buf_addc(&faults, "GNLT"[fault]);
		assert_string_equal(buf_z(&faults), t[i].faults);
		assert_int_equal(w.number, strlen(t[i].faults));
		if (w.number > 0)
			assert_int_equal(line.p - f.text.p, t[i].offset);
		if (t[i].last != NULL)
			assert_true(str_eqz(line, t[i].last));
		buf_clear(&f.text);
	}
}

static void a_line_too_long_leaves_the_next_one_alone(void **state)
{
	static const size_t lengths[] = { SOURCE_LINE_MAX, SOURCE_LINE_MAX + 1, 3 << 20 };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct source_file f = { 0 };
		struct source_walk w = { .file = &f };
		enum source_fault fault;
		struct str line;

		buf_need(&f.text, lengths[i]);
		memset(f.text.p, 'x', f.text.n = lengths[i]);
		buf_adds(&f.text, "\nnext\n");
		assert_true(source_next(&w, &line, &fault) && line.n == lengths[i]);
		assert_int_equal(fault, lengths[i] > SOURCE_LINE_MAX ? SOURCE_LONG : SOURCE_GOOD);
		assert_true(source_next(&w, &line, &fault) && fault == SOURCE_GOOD && str_eqz(line, "next"));
		buf_clear(&f.text);
	}
}

#define T "2021-03-09 12:43:51, "
#define ONE T "from, a@b.example\n" T "resp, 250 ok\n"
#define TWO ONE T "to, <c@d.example>\n"

static void a_copy_is_read_once(void **state)
{
	static const struct {
		struct {
			const char *path, *text;
		} file[3];
		const char *left,
		    *why; /* paths that stay, in their order of adding; why the last one was passed over */
	} t[] = {
		{ { { "smtp-25.log", ONE }, { "smtp-25.log.1", TWO } },
		  "smtp-25.log.1 ",
		  "only the beginning of smtp-25.log.1" },
		{ { { "smtp-25.log.1", ONE }, { "smtp-25.log.0", ONE } },
		  "smtp-25.log.0 ",
		  "the same content as smtp-25.log.0" },
		{ { { "a", ONE }, { "smtp-25.log", ONE } }, "smtp-25.log ", "the same content as smtp-25.log" },
		{ { { "smtp-25.log", ONE }, { "a", TWO } }, "a ", "only the beginning of a" },
		{ { { "smtp-25.log", ONE }, { "smtp-587.log", ONE } }, "smtp-25.log smtp-587.log ", NULL },
		{ { { "smtp-25.log", "" }, { "smtp-25.log.1", ONE } }, "smtp-25.log smtp-25.log.1 ", NULL },
		{ { { "smtp-25.log.1", ONE }, { "smtp-587.log", ONE }, { "smtp-25.log", TWO } },
		  "smtp-587.log smtp-25.log ",
		  "only the beginning of smtp-25.log" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct source s;
		BUF(left);

		source_init(&s);
		for (size_t k = 0; k < COUNT(t[i].file) && t[i].file[k].path != NULL; k++)
			source_add_text(&s, t[i].file[k].path, str_of(t[i].file[k].text));
		source_settle(&s);
		for (size_t k = 0; k < s.n; k++)
			buf_fmt(&left, "%.*s ", STR_ARG(s.files[k].path));
		assert_string_equal(buf_z(&left), t[i].left);
		assert_int_equal(s.skipped != NULL, t[i].why != NULL);
		if (t[i].why != NULL)
			assert_true(str_eqz(s.skipped->why, t[i].why));
		if (i == 3) /* the copy's name tells the port */
			assert_true(str_eqz(s.files[0].label, "25"));
		source_clear(&s);
	}
}

#define G(code, to) code " from: a@b.example to: " to " origin_ip: 192.0.2.1 origin_rdns: r.example auth: (unknown)"
#define AT "Mar  9 12:43:51 server "
#define GATE(n, code, to) AT "spamdyke[" n "]: " G(code, to) "\n"
#define AGAIN(n, times, code, to) AT "spamdyke[" n "]: message repeated " times " times: [ " G(code, to) "]\n"
#define LAST(times) AT "last message repeated " times " times\n"
#define RBL "DENIED_RBL_MATCH"

/* How many recipients there are, and what the first one's gate line stands for. */
static void repetitions_are_the_same_event(void **state)
{
	static const struct {
		const char *log;
		size_t stories, parties, gates;
		uint64_t stands_for;
		uint64_t unreadable;
	} t[] = {
		{ GATE("7", RBL, "c@d.example"), 1, 1, 1, 1, 0 },
		{ GATE("7", RBL, "c@d.example") LAST("2"), 1, 1, 1, 3, 0 },
		{ GATE("7", RBL, "c@d.example") LAST("2") LAST("4"), 1, 1, 1, 7, 0 },
		{ GATE("7", RBL, "c@d.example") "rubbish\n" LAST("2"), 1, 1, 1, 1, 1 },
		{ GATE("7", RBL, "c@d.example") AT "spamdyke[7]: ERROR: x\n" LAST("2"), 1, 1, 1, 1, 0 },
		{ LAST("2") GATE("7", RBL, "c@d.example"), 1, 1, 1, 1, 0 },
		{ GATE("7", RBL, "c@d.example") AGAIN("7", "2", RBL, "c@d.example"), 1, 1, 1, 3, 0 },
		{ GATE("7", RBL, "c@d.example") GATE("8", RBL, "e@d.example") AGAIN("7", "2", RBL, "c@d.example"), 2, 1,
		  1, 3, 0 },
		{ GATE("7", RBL, "c@d.example") AGAIN("7", "2", RBL, "c@d.example") LAST("3"), 1, 1, 1, 6, 0 },
		{ AGAIN("7", "5", RBL, "c@d.example"), 1, 1, 1, 5, 0 },
		{ AGAIN("7", "1", RBL, "c@d.example"), 1, 1, 1, 1, 0 },
		{ GATE("7", RBL, "c@d.example") AGAIN("7", "2", RBL, "e@d.example"), 1, 2, 1, 1, 0 },
		{ GATE("7", RBL, "c@d.example") AGAIN("9", "2", RBL, "c@d.example"), 2, 1, 1, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct trace_ask what = { .question = STR("any:*"), .limit = 9, .now = 1700000000 };
		const struct story *s;
		struct source source;
		struct answer r;
		size_t gates = 0;
		struct err e;

		source_init(&source);
		source_add_text(&source, "spamdyke.log", str_of(t[i].log));
		what.source = &source;
		assert_int_equal(trace_answer(&r, &what, &e), 0);
		s = r.tale.stories;
		for (const struct gate *g = s->parties.first->gates; g != NULL; g = g->next)
			gates++;
		if (r.chosen.n != t[i].stories || s->parties.n != t[i].parties || gates != t[i].gates)
			fail_msg("%zu: %zu stories, %zu parties, %zu gate lines", i, r.chosen.n, s->parties.n, gates);
		if ((s->parties.first->gates->repeat == NULL) != (t[i].stands_for == 1))
			fail_msg("%zu: stands for itself?", i);
		if (t[i].stands_for > 1)
			assert_int_equal(s->parties.first->gates->repeat->times + 1, t[i].stands_for);
		assert_int_equal(unreadable_count(&source), t[i].unreadable);
		answer_clear(&r);
		source_clear(&source);
	}
}

/* The line stands at the end of one file, what repeats it at the beginning of the next. */
static void a_repetition_may_stand_in_the_next_file(void **state)
{
	struct trace_ask what = { .question = STR("any:*"), .limit = 9, .now = 1700000000 };
	struct source source;
	struct answer r;
	struct err e;

	(void)state;
	source_init(&source);
	source_add_text(&source, "spamdyke.log",
			STR(AGAIN("7", "2", RBL, "c@d.example") GATE("8", RBL, "c@d.example")));
	source_add_text(&source, "spamdyke.log.1",
			STR("Mar  9 12:43:50 server spamdyke[7]: " G(RBL, "c@d.example") "\n"));
	what.source = &source;
	assert_int_equal(trace_answer(&r, &what, &e), 0);
	assert_int_equal(r.chosen.n, 2);
	assert_non_null(r.tale.stories->parties.first->gates->repeat);
	assert_int_equal(r.tale.stories->parties.first->gates->repeat->times, 2);
	answer_clear(&r);
	source_clear(&source);
}

static struct str main_of(const void *with, size_t i)
{
	const char *const *main = with;

	return str_of(main[i]);
}

static void exims_logs_beside_its_main_log(void **state)
{
	static const struct {
		const char *path, *main;
		bool repeats;
	} t[] = {
		{ "/l/rejectlog", "/l/mainlog", true },
		{ "/l/paniclog.2.gz", "/l/mainlog.1", true },
		{ "/l/exim_rejectlog-20260101.xz", "/l/exim_mainlog", true },
		{ "/l/exim_rejectlog", "/l/mainlog", false },
		{ "/l/rejectlog", "/l/exim_mainlog", false },
		{ "/l/mainlog", "/l/mainlog.1", false },
		{ "/l/reject", "/l/mainlog", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		if (source_repeated(str_of(t[i].path), 1, main_of, &t[i].main) != t[i].repeats)
			fail_msg("%s beside %s", t[i].path, t[i].main);
	}
}

static void an_unreadable_line_keeps_its_secrets(void **state)
{
	static const struct {
		struct str raw;
		bool torn;
		const char *domain, *want;
	} t[] = {
		{ STR_INIT("to, <john@other.example> x"), false, "", "to, <john@other.example> x" },
		{ STR_INIT("to, <john@other.example> x"), false, "example.com", NULL },
		{ STR_INIT("to, <john@other.example> me@Example.com x"), false, "example.com",
		  "to, <j***n@other.example> me@Example.com x" },
		{ STR_INIT("to, <me@example.com>"), true, "", "to, <me@example.com>" },
		{ STR_INIT("to, <john.d"), true, "example.com", NULL },
		{ STR_INIT("a@example.com to, <john.d"), true, "example.com", "a@example.com to, ***" },
		{ STR_INIT("a@example.com,john.d"), true, "example.com", "***" },
		{ STR_INIT("jo\0hn@other.example a@example.com"), false, "example.com",
		  "j***n@other.example a@example.com" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct scope sc = { .domain = str_of(t[i].domain) };
		struct unreadable u = { .raw = t[i].raw, .torn = t[i].torn };
		BUF(b);

		assert_int_equal(unreadable_beginning(&b, &sc, &u), t[i].want != NULL);
		assert_string_equal(buf_z(&b), t[i].want != NULL ? t[i].want : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_give_label_and_family),
		cmocka_unit_test(lines_are_parted),
		cmocka_unit_test(a_line_too_long_leaves_the_next_one_alone),
		cmocka_unit_test(a_copy_is_read_once),
		cmocka_unit_test(repetitions_are_the_same_event),
		cmocka_unit_test(a_repetition_may_stand_in_the_next_file),
		cmocka_unit_test(exims_logs_beside_its_main_log),
		cmocka_unit_test(an_unreadable_line_keeps_its_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
