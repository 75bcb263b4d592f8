#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "logs/shape.h"

/* E-16: what a client, a DNS server or another mail server might say to forge a line or a field. */
/* clang-format off */
static const struct str hostile[] = {
	STR_INIT("\n2021-03-09 12:43:51, resp, 250 ok 1615286631 qp 1"),
	STR_INIT("x\r\n\r\n2021-03-09 12:43:51, from, a@b.example"),
	STR_INIT("a, resp, 250 ok 1615286631 qp 15309"),
	STR_INIT("ok 1615286631 qp 15309"),
	STR_INIT("a to: b origin_ip: 1.2.3.4 origin_rdns: r auth: u encryption: TLS reason: 250_ok"),
	STR_INIT("to:"),
	STR_INIT("x to: y to:"),
	STR_INIT(" from: a"),
	STR_INIT("h:1.2.3.4, r@example.com, found existing recipient"),
	STR_INIT(", found existing recipient"),
	STR_INIT("a>, <b"),
	STR_INIT("\"quoted\""),
	STR_INIT("\\x0a\\"),
	STR_INIT("\0nul\0"),
	STR_INIT("\x1b[2J\x1b]0;title\x07"),
	STR_INIT("\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82"),
	STR_INIT("\xc2\x85\xc2\x9b""31m\x7f\t"),
	STR_INIT("\xe2\x80\xae" "moc.live\xe2\x80\xac\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf"),
	STR_INIT("\xe2\x80\xa8line\xe2\x80\xa9paragraph"),
	STR_INIT("  both ends  "),
	STR_INIT("%s%n%x %99999d"),
	STR_INIT("refused a, passed b"),
	STR_INIT("FILTER_RDNS_MISSING from: x"),
	STR_INIT("ERROR(x): DEBUG EXCESSIVE"),
	STR_INIT("250-ok, \"x\", ,, ,:"),
	STR_INIT("spamdyke[1]: ALLOWED"),
	STR_INIT(""),
};

static const struct {
	enum log_field field;
	struct str value, want;
} rows[] = {
	{ LOG_F_helo, STR_INIT("mail.example.net"), STR_INIT("mail.example.net") },
	{ LOG_F_helo, STR_INIT("two words"), STR_INIT("two words") },
	{ LOG_F_helo, STR_INIT(" a "), STR_INIT("\\x20a\\x20") },
	{ LOG_F_helo, STR_INIT("a\nb\x7f"), STR_INIT("a\\x0ab\\x7f") },
	{ LOG_F_helo, STR_INIT("\\"), STR_INIT("\\x5c") },
	{ LOG_F_helo, STR_INIT("b\xc3\xbc" "cher"), STR_INIT("b\xc3\xbc" "cher") },
	{ LOG_F_helo, STR_INIT("\xf0\x9f\x90\xa6"), STR_INIT("\xf0\x9f\x90\xa6") },
	{ LOG_F_helo, STR_INIT("\xc3"), STR_INIT("\\xc3") },
	{ LOG_F_helo, STR_INIT("\xc0\xaf"), STR_INIT("\\xc0\\xaf") },
	{ LOG_F_helo, STR_INIT("\xe2\x80\xae"), STR_INIT("\\xe2\\x80\\xae") },
	{ LOG_F_helo, STR_INIT("\xc2\x85"), STR_INIT("\\xc2\\x85") },
	{ LOG_F_sender, STR_INIT("\"a b\"@c.example"), STR_INIT("\"a b\"@c.example") },
	{ LOG_F_sender, STR_INIT("a to: b"), STR_INIT("a to\\x3a b") },
	{ LOG_F_sender, STR_INIT("a mailto:b"), STR_INIT("a mailto:b") },
	{ LOG_F_sender, STR_INIT(""), STR_INIT("") },
	{ LOG_F_rcpt, STR_INIT("\"a, b\"@c.example"), STR_INIT("\"a\\x2c b\"@c.example") },
	{ LOG_F_rcpt, STR_INIT("a,b@c.example"), STR_INIT("a,b@c.example") },
	{ LOG_F_host, STR_INIT("a:b"), STR_INIT("a\\x3ab") },
	{ LOG_F_host, STR_INIT(""), STR_INIT("unknown") },
	{ LOG_F_ip, STR_INIT("2001:db8::1"), STR_INIT("2001:db8::1") },
	{ LOG_F_ip, STR_INIT("no:ip"), STR_INIT("no\\x3aip") },
	{ LOG_F_user, STR_INIT(""), STR_INIT("-") },
	{ LOG_F_user, STR_INIT("a b,c"), STR_INIT("a\\x20b\\x2cc") },
	{ LOG_F_text, STR_INIT("\"a\""), STR_INIT("\\x22a\"") },
	{ LOG_F_text, STR_INIT("say \"a\""), STR_INIT("say \"a\"") },
	{ LOG_F_code, STR_INIT("25"), STR_INIT("000") },
	{ LOG_F_code, STR_INIT("250"), STR_INIT("250") },
	{ LOG_F_cont, STR_INIT("-"), STR_INIT("-") },
	{ LOG_F_cont, STR_INIT("x"), STR_INIT(" ") },
	{ LOG_F_moment, STR_INIT("1615286631.007"), STR_INIT("1615286631.007") },
	{ LOG_F_moment, STR_INIT("1615286631."), STR_INIT("0.000") },
	{ LOG_F_moment, STR_INIT("1.2.3"), STR_INIT("0.000") },
	{ LOG_F_qp, STR_INIT("-1"), STR_INIT("0") },
	{ LOG_F_qp, STR_INIT("123456789012345678901"), STR_INIT("0") },
	{ LOG_F_verdict, STR_INIT("ALLOWED"), STR_INIT("ALLOWED") },
	{ LOG_F_verdict, STR_INIT("ERROR"), STR_INIT("\\x45RROR") },
	{ LOG_F_description, STR_INIT("rcpt ignored, session over intrusion threshold"), STR_INIT("rcpt ignored, session over intrusion threshold") },
	{ LOG_F_description, STR_INIT("x, found existing recipient"), STR_INIT("x\\x2c found existing recipient") },
};
/* clang-format on */

static void values_are_escaped_as_their_field_asks(void **state)
{
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str got = log_escape(&a, rows[i].field, rows[i].value);

		if (!str_eq(got, rows[i].want))
			fail_msg("row %zu gives \"%.*s\"", i, STR_ARG(got));
	}
}

static bool is_strict(enum log_field f)
{
	enum shape_reads r = shape_class(f)->reads;

	return r == READS_DIGITS || r == READS_CODE || r == READS_CONT || r == READS_MOMENT;
}

static struct str harmless(enum log_field f)
{
	switch (shape_class(f)->reads) {
	case READS_DIGITS:
		return STR("15309");
	case READS_CODE:
		return STR("554");
	case READS_CONT:
		return STR("-");
	case READS_MOMENT:
		return STR("1615286631.007");
	default:
		return f == LOG_F_ip ? STR("2001:db8::7") : STR("harmless");
	}
}

static void assert_clean(struct str line)
{
	assert_true(line.n <= LOG_LINE_MAX);
	assert_int_equal(str_chr(line, '\n'), (int)line.n - 1);
	for (size_t i = 0; i + 1 < line.n; i++)
		assert_true((unsigned char)line.p[i] >= 0x20 && line.p[i] != 0x7f);
}

/* A line of that kind whose field f holds value and all others harmless things. */
static void set_all(struct log_line *l, enum log_kind k, enum log_field f, struct str value, struct arena *a)
{
	const struct shape *s = shape_of(k);

	log_begin(l, k, 1615286631000);
	log_origin(l, a, STR("server"), 7);
	for (int i = 0; i < s->n; i++) {
		enum log_field at = (enum log_field)s->part[i].field;

		if (s->part[i].field >= 0)
			log_set(l, at, a, at == f ? value : harmless(at));
	}
}

static void assert_same_fields(const struct log_line *want, const struct log_line *got, struct str line)
{
	if (got->kind != want->kind)
		fail_msg("read as kind %d, not %d: %.*s", got->kind, want->kind, STR_ARG(line));
	for (int f = 0; f < LOG_FIELDS; f++) {
		if (!str_eq(want->field[f], got->field[f]))
			fail_msg("field %d is \"%.*s\": %.*s", f, STR_ARG(got->field[f]), STR_ARG(line));
	}
	/* Words that chkuser does not know, with a ", " in them, are split right but only we know that. */
	if (got->ambiguous && got->kind != LOG_SMTP_CHECK)
		fail_msg("ambiguous: %.*s", STR_ARG(line));
	assert_false(got->quoted);
}

static void try_one(enum log_kind k, enum log_field f, struct str value)
{
	struct log_line l, back;
	ARENA(a);
	BUF(b);

	set_all(&l, k, f, value, &a);
	log_print(&b, &l);
	assert_clean(buf_str(&b));
	log_parse(shape_of(k)->family, buf_str(&b), &back);
	assert_same_fields(&l, &back, buf_str(&b));
	if (!is_strict(f) && value.n > 0)
		assert_true(str_eq(log_plain(&a, back.field[f]), value));
}

static void hostile_values_forge_nothing_in_any_field_of_any_line(void **state)
{
	size_t tried = 0;

	(void)state;
	for (enum log_kind k = LOG_EMPTY + 1; k < LOG_KINDS; k++) {
		const struct shape *s = shape_of(k);

		for (int i = 0; i < s->n; i++) {
			for (size_t h = 0; s->part[i].field >= 0 && h < COUNT(hostile); h++, tried++)
				try_one(k, (enum log_field)s->part[i].field, hostile[h]);
		}
	}
	assert_true(tried > 20 * (LOG_KINDS - 3));
}

/* The longest value in every field: nothing but escapes. */
static void no_line_is_longer_than_the_cap(void **state)
{
	static char raw[5000];

	(void)state;
	memset(raw, 0x01, sizeof(raw));
	for (enum log_kind k = LOG_EMPTY + 1; k < LOG_KINDS; k++) {
		const struct shape *s = shape_of(k);
		size_t most = 300; /* the stamp, a host name, the connection */
		struct log_line l;
		ARENA(a);
		BUF(b);

		log_begin(&l, k, 0);
		for (int i = 0; i < s->n; i++) {
			most += s->part[i].literal.n;
			if (s->part[i].field < 0)
				continue;
			most += shape_class((enum log_field)s->part[i].field)->cap;
			log_set(&l, (enum log_field)s->part[i].field, &a, str_mem(raw, sizeof(raw)));
		}
		log_print(&b, &l);
		assert_clean(buf_str(&b));
		assert_true(most <= LOG_LINE_MAX);
	}
}

static void a_long_value_is_cut_between_characters(void **state)
{
	static char raw[6000];
	struct str got;
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < sizeof(raw); i += 2)
		memcpy(raw + i, "\xc3\xbc", 2);
	got = log_escape(&a, LOG_F_helo, str_mem(raw, sizeof(raw)));
	assert_true(got.n <= shape_class(LOG_F_helo)->cap && got.n > 2000);
	assert_true(str_ends(got, STR("\xc3\xbc...")));
	got = log_escape(&a, LOG_F_helo, str_mem(raw, shape_class(LOG_F_helo)->cap));
	assert_int_equal(got.n, shape_class(LOG_F_helo)->cap);
	assert_true(str_ends(got, STR("\xc3\xbc")));
}

static void a_field_that_nobody_set_can_be_read_back(void **state)
{
	(void)state;
	for (enum log_kind k = LOG_EMPTY + 1; k < LOG_KINDS; k++) {
		struct log_line l, back;
		BUF(b);

		log_begin(&l, k, 1615286631000);
		log_print(&b, &l);
		log_parse(shape_of(k)->family, buf_str(&b), &back);
		if (back.kind != k)
			fail_msg("kind %d reads back as %d: %s", k, back.kind, buf_z(&b));
	}
}

static void spamdyke_says_what_it_does_not_know(void **state)
{
	struct log_line l;
	ARENA(a);
	BUF(b);

	(void)state;
	log_zone(true);
	log_begin(&l, LOG_SPAMDYKE_VERDICT, 1615286631000);
	log_zone(false);
	log_origin(&l, &a, STR("mx 1\n"), 7);
	log_set(&l, LOG_F_verdict, &a, STR("TIMEOUT"));
	log_set(&l, LOG_F_sender, &a, STR(""));
	log_set(&l, LOG_F_encryption, &a, STR(""));
	log_set(&l, LOG_F_reason, &a, log_reason(&a, STR("")));
	log_print(&b, &l);
	assert_string_equal(
	    buf_z(&b), "Mar  9 10:43:51 mx_1_ spamdyke[7]: TIMEOUT from: (unknown) to: (unknown) origin_ip: 0.0.0.0 "
		       "origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: (empty)\n");
}

static void reports_are_made_safe_as_qmail_does(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "did 0+0+1\n", "did_0+0+1/" },
		{ "smtp_auth\ndid 1+0+0", "smtp_auth/did_1+0+0/" },
		{ "100% \x7f\xc3\xbc\r\n", "100______/" },
		{ "", "/" },
	};
	static char raw[9000];
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		assert_true(str_eqz(log_report(&a, str_of(t[i].in)), t[i].out));
	memset(raw, 'x', sizeof(raw));
	memcpy(raw + sizeof(raw) - 10, "did 0+0+1\n", 10);
	assert_true(str_ends(log_report(&a, str_mem(raw, sizeof(raw))), STR("xdid_0+0+1/")));
	assert_true(log_escape(&a, LOG_F_report, log_report(&a, str_mem(raw, sizeof(raw)))).n <= 5001);
	assert_true(str_eqz(log_report_plain(&a, STR("smtp_auth/did_1+0+0/")), "smtp auth\ndid 1+0+0\n"));
	assert_true(str_eqz(log_reason(&a, STR("250 ok 1 qp 2")), "250_ok_1_qp_2"));
}

static void plain_leaves_what_is_no_escape(void **state)
{
	ARENA(a);

	(void)state;
	assert_true(str_eqz(log_plain(&a, STR("a\\x4")), "a\\x4"));
	assert_true(str_eqz(log_plain(&a, STR("\\xZZ\\n\\")), "\\xZZ\\n\\"));
	assert_true(str_eqz(log_plain(&a, STR("\\x5cx41\\x41\\X41")), "\\x41A\\X41"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped_as_their_field_asks),
		cmocka_unit_test(hostile_values_forge_nothing_in_any_field_of_any_line),
		cmocka_unit_test(no_line_is_longer_than_the_cap),
		cmocka_unit_test(a_long_value_is_cut_between_characters),
		cmocka_unit_test(a_field_that_nobody_set_can_be_read_back),
		cmocka_unit_test(spamdyke_says_what_it_does_not_know),
		cmocka_unit_test(reports_are_made_safe_as_qmail_does),
		cmocka_unit_test(plain_leaves_what_is_no_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
