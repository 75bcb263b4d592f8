/* One address leaves the logs, however it is spelt; nobody else's does, and each line stays what it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "logs/logs.h"
#include "trace/erase.h"

#define M ERASED_ADDRESS
#define S "2021-03-09 12:43:51, "
#define G "Mar  9 12:43:51 h spamdyke[7]: DENIED_OTHER from: "

/* The address is john@x.example; NULL: nothing is to change. */
static const struct {
	const char *in, *out;
} spellings[] = {
	{ "john@x.example", M },
	{ "<john@x.example>", "<" M ">" },
	{ "JOHN@X.Example", M },
	{ "\"john\"@x.example", M },
	{ "<@relay.example:john@x.example>", "<@relay.example:" M ">" },
	{ "mailto:john@x.example,", "mailto:" M "," },
	{ "is john@x.example.", "is " M "." },
	{ "john@x.example_unknown", M "_unknown" },
	{ "(john@x.example)", "(" M ")" },
	{ "'john@x.example'", "'" M "'" },
	{ "john+news@x.example", M },
	{ "prvs=12345678=john@x.example", M },
	{ "john\\x40x.example", M },
	{ "john\\x5cx40x.example", M },
	{ "https://h/?a=john%40x.example&b", "https://h/?a=" M "&b" },
	{ "john%2540x.example", M },
	{ "john&#64;x.example", M },
	{ "rfc822;john+40x.example", "rfc822;" M },
	{ "john+2Bnews+40x.example", M },
	{ "john=40x.example", M },
	{ "john\xef\xbc\xa0x.example", M },
	{ "<list-john=x.example@lists.example>", "<" M ">" },
	{ "bounces+7-john=x.example@lists.example", M },
	{ "bounces+john+3Dx.example@lists.example", M },
	{ "list-john+tag=x.example@lists.example", M },
	{ "SRS0=ab12=XY=x.example=john@far.example", M },
	{ "SRS1=ab12=far.example==cd34=XY=x.example=john@more.example", M },
	{ "john%x.example@relay.example", M },
	{ "x.example!john@relay.example", M },
	{ "a@b.example john@x.example c@d.example john@x.example", "a@b.example " M " c@d.example " M },
	{ "xjohn@x.example", NULL },
	{ "x.john@x.example", NULL },
	{ "x_john@x.example", NULL },
	{ "johnx@x.example", NULL },
	{ "john@x.examples", NULL },
	{ "john@x.example.org", NULL },
	{ "john@x.example-y.org", NULL },
	{ "john@ax.example", NULL },
	{ "john@y.example", NULL },
	{ "list-xjohn=x.example@lists.example", NULL },
	{ "SRS0=ab12=XY=x.example=johnny@far.example", NULL },
	{ "x.example john", NULL },
	{ "@x.example", NULL },
	{ "x.example/johnny/Maildir", NULL },
	{ "\\x4", NULL },
	{ "", NULL },
};

static void erased(const char *address, const char *in, const char *out, const char *before, const char *behind)
{
	struct erase x;
	ARENA(a);
	BUF(line);
	BUF(want);
	BUF(have);

	buf_fmt(&line, "%s%s%s", before, in, behind);
	buf_fmt(&want, "%s%s%s", before, out != NULL ? out : in, behind);
	assert_true(erase_init(&x, str_of(address), &a));
	if (erase_text(&x, buf_str(&line), &have) != (out != NULL) || !str_eq(buf_str(&want), buf_str(&have)))
		fail_msg("%s became %s", buf_z(&line), buf_z(&have));
	assert_int_equal(x.places > 0, out != NULL);
	assert_int_equal(x.lines, out != NULL);
}

static void every_spelling_goes_and_no_other_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(spellings); i++) {
		erased("john@x.example", spellings[i].in, spellings[i].out, "", "");
		erased("<John@X.example>", spellings[i].in, spellings[i].out, S "resp, 550 no <", ">\n");
	}
}

static void odd_local_parts_are_found_as_the_logs_write_them(void **state)
{
	static const struct {
		const char *address, *in, *out;
	} t[] = {
		{ "o'brien@x.example", "<o'brien@x.example>", "<" M ">" },
		{ "\"john smith\"@x.example", "<\"john smith\"@x.example>", "<" M ">" },
		{ "\"john smith\"@x.example", "<\"john\\x20smith\"@x.example>", "<" M ">" },
		{ "john smith@x.example", "<john smith@x.example>", "<" M ">" },
		{ "a,b@x.example", "<a\\x2cb@x.example>", "<" M ">" },
		{ "a+b@x.example", "<a+b@x.example>", "<" M ">" },
		{ "a+b@x.example", "<a+c@x.example>", NULL },
		{ "a+b@x.example", "<a+2Bb+40x.example>", "<" M ">" },
		{ "a_b@x.example", "<a_b@x.example>", "<" M ">" },
		{ "b@x.example", "<a_b@x.example>", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		erased(t[i].address, t[i].in, t[i].out, "", "\n");
}

/* Lines of all three logs: what they become is read as the same kind, and the address stands where it stood. */
static void lines_stay_what_they_were(void **state)
{
	static const struct {
		enum log_family family;
		const char *in, *out;
	} t[] = {
		{ LOG_SMTP, S "from, <john@x.example>", S "from, <" M ">" },
		{ LOG_SMTP, S "to, <john@x.example>", S "to, <" M ">" },
		{ LOG_SMTP, S "auth, PLAIN john@x.example", S "auth, PLAIN " M },
		{ LOG_SMTP, S "check, no such user, h:192.0.2.1, john@x.example, invalid rcpt",
		  S "check, no such user, h:192.0.2.1, " M ", invalid rcpt" },
		{ LOG_SMTP, S "gate, refused rdns-missing, h:192.0.2.1, john@x.example, x",
		  S "gate, refused rdns-missing, h:192.0.2.1, " M ", x" },
		{ LOG_DELIVERY, S "init, <john@x.example>", S "init, <" M ">" },
		{ LOG_DELIVERY, S "try, 7, local, john@x.example", S "try, 7, local, " M },
		{ LOG_DELIVERY, S "mailbox, 7, x.example/john/Maildir, -, -",
		  S "mailbox, 7, erased.invalid/erased/Maildir, -, -" },
		{ LOG_DELIVERY, S "result, 7, failure, Remote_host_said:_550_No_john@x.example_here/",
		  S "result, 7, failure, Remote_host_said:_550_No_" M "_here/" },
		{ LOG_DELIVERY, S "result, 7, failure, user_xjohn@x.example_here/", NULL },
		{ LOG_SPAMDYKE,
		  G "john@x.example to: a@b.example origin_ip: 192.0.2.1 origin_rdns: h auth: john@x.example "
		    "encryption: TLS reason: No_john@x.example",
		  G M " to: a@b.example origin_ip: 192.0.2.1 origin_rdns: h auth: " M
		      " encryption: TLS reason: No_" M },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct log_line was, is;
		const char *out = t[i].out != NULL ? t[i].out : t[i].in;

		erased("john@x.example", t[i].in, t[i].out, "", "\n");
		log_parse(t[i].family, str_of(t[i].in), &was);
		log_parse(t[i].family, str_of(out), &is);
		assert_int_not_equal(was.kind, LOG_UNKNOWN);
		assert_int_equal(is.kind, was.kind);
	}
}

static void what_is_no_address_cannot_be_erased(void **state)
{
	static const char *const t[] = { "", "john", "@x.example", "john@", "<>", "*@x.example", "john@*" };
	struct erase x;
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (erase_init(&x, str_of(t[i]), &a))
			fail_msg("%s", t[i]);
}

/* A line that a stranger made to be slow. */
static void a_long_line_takes_no_more_than_its_length(void **state)
{
	struct erase x;
	ARENA(a);
	BUF(line);
	BUF(out);

	(void)state;
	while (line.n < 4 << 20)
		buf_adds(&line, "x.example=x.example@x.example_");
	assert_true(erase_init(&x, STR("john@x.example"), &a));
	assert_false(erase_text(&x, buf_str(&line), &out));
	assert_true(str_eq(buf_str(&line), buf_str(&out)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_goes_and_no_other_address),
		cmocka_unit_test(odd_local_parts_are_found_as_the_logs_write_them),
		cmocka_unit_test(lines_stay_what_they_were),
		cmocka_unit_test(what_is_no_address_cannot_be_erased),
		cmocka_unit_test(a_long_line_takes_no_more_than_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
