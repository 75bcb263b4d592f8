/* Who gets an automatic answer (RFC 3834), and what it looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mail/autoreply.h"
#include "mail/field.h"
#include "mail/mime.h"

#define TO "To: Me <me@here.example>\r\n"

static const struct {
	const char *sender, *head, *refused; /* NULL: it is answered */
} asked[] = {
	{ "a@b.example", TO "\r\nTo: x", NULL },
	{ "a@b.example", "Cc: x@y.example, \"a, b\" <ME@Here.Example>\r\n", NULL },
	{ "a@b.example", "To: x@y.example,\r\n\tme+tag@here.example\r\n", NULL },
	{ "a@b.example", "to: info@here.example\r\n", "not named" },
	{ "a@b.example", "Subject: me@here.example\r\n\r\n" TO, "not named" },
	{ "a@b.example", "", "not named" },
	{ "", TO, "no sender" },
	{ "#@[]", TO, "no sender" },
	{ "me@here.example", TO, "from the mailbox itself" },
	{ "MAILER-DAEMON@b.example", TO, "a program" },
	{ "owner-l@b.example", TO, "a program" },
	{ "l-request@b.example", TO, "a program" },
	{ "L-Bounces@b.example", TO, "a program" },
	{ "requester@b.example", TO, NULL },
	{ "a@b.example", TO "Auto-Submitted: auto-generated\r\n", "Auto-Submitted" },
	{ "a@b.example", TO "auto-submitted: Auto-Replied; owner-email=\"x\"\r\n", "Auto-Submitted" },
	{ "a@b.example", TO "Auto-Submitted: no\r\n", NULL },
	{ "a@b.example", TO "Auto-Submitted: NO (really)\r\n", NULL },
	{ "a@b.example", TO "Precedence: bulk\r\n", "Precedence" },
	{ "a@b.example", TO "Precedence: LIST\r\n", "Precedence" },
	{ "a@b.example", TO "Precedence: first-class\r\n", NULL },
	{ "a@b.example", "List-Id: <x.y>\r\n" TO, "mailing list" },
	{ "a@b.example", TO "List-Unsubscribe: <mailto:x>\r\n", "mailing list" },
	{ "a@b.example", TO "X-Auto-Response-Suppress: DR, OOF, AutoReply\r\n", "X-Auto-Response-Suppress" },
	{ "a@b.example", TO "X-Auto-Response-Suppress: RN, NRN\r\n", NULL },
	{ "a@b.example", "no field\r\n" TO, NULL },
};

static void who_is_answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		ARENA(a);
		struct autoreply_of of;
		struct autoreply_ask q = { .message = str_of(asked[i].head),
					   .sender = str_of(asked[i].sender),
					   .final = STR("me@here.example"),
					   .original = STR("Me+tag@here.example") };
		const char *why = autoreply_refuses(&q, &a, &of);

		if ((why == NULL) != (asked[i].refused == NULL) ||
		    (why != NULL && strstr(why, asked[i].refused) == NULL))
			fail_msg("row %zu: %s", i, why == NULL ? "answered" : why);
	}
}

static struct autoreply answer(const char *subject, const char *text, struct autoreply_of of)
{
	return (struct autoreply){ .hostname = STR("mx.here.example"),
				   .from = STR("me@here.example"),
				   .to = STR("a b@b.example"),
				   .subject = str_of(subject),
				   .text = str_of(text),
				   .of = of,
				   .qp = 7,
				   .now = 1615286632000 };
}

static struct str header(struct arena *a, const struct buf *head, const char *name)
{
	return field_plain(a, field_get(field_lines(a, buf_str(head)), name));
}

static void a_plain_answer(void **state)
{
	ARENA(a);
	BUF(head);
	BUF(body);
	struct autoreply r = answer("", "I am away.\nUntil\tMonday.",
				    (struct autoreply_of){ STR("<1@b>"), STR("<0@b>"), STR("Hello\001") });

	(void)state;
	autoreply_put(&head, &body, &r);
	assert_string_equal(buf_z(&body), "I am away.\r\nUntil\tMonday.\r\n");
	assert_true(str_eqz(header(&a, &head, "Subject"), "Auto: Hello?"));
	assert_true(str_eqz(header(&a, &head, "From"), "<me@here.example>"));
	assert_true(str_eqz(header(&a, &head, "To"), "<\"a b\"@b.example>"));
	assert_true(str_eqz(header(&a, &head, "In-Reply-To"), "<1@b>"));
	assert_true(str_eqz(header(&a, &head, "References"), "<0@b> <1@b>"));
	assert_true(str_eqz(header(&a, &head, "Auto-Submitted"), "auto-replied"));
	assert_true(str_eqz(header(&a, &head, "Content-Transfer-Encoding"), "7bit"));
	assert_true(str_ends(buf_str(&head), STR("\r\n\r\n")));
}

/* Written, read back: the text is the same, no line is long, nothing of the sender's makes a field. */
static void an_answer_in_any_language(void **state)
{
	static const char *const texts[] = { "Gr\xc3\xbc\xc3\x9f"
					     "e\n",
					     "\xd0\x97\xd0\xb4\xd1\x80\n.\n", "x\xe2\x82\xac" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		ARENA(a);
		BUF(head);
		BUF(body);
		BUF(expect);
		struct mime m;
		struct str line, rest;
		struct autoreply r = answer(
		    "\xd0\x9e\xd1\x82\xd0\xbf\xd1\x83\xd1\x81\xd0\xba \xd0\x9e\xd1\x82\xd0\xbf\xd1\x83\xd1\x81\xd0\xba "
		    "\xd0\x9e\xd1\x82\xd0\xbf\xd1\x83\xd1\x81\xd0\xba",
		    texts[i], (struct autoreply_of){ STR("<1@b> x: y <2@b>"), STR(""), STR("") });

		autoreply_put(&head, &body, &r);
		buf_addstr(&head, buf_str(&body));
		for (rest = buf_str(&head); str_cut(rest, STR("\r\n"), &line, &rest);)
			assert_true(line.n <= 76 && str_find(line, STR("x: y")) < 0);
		mime_walk(field_lines(&a, buf_str(&head)), &m);
		buf_adds(&expect, texts[i]);
		if (!str_ends(buf_str(&expect), STR("\n")))
			buf_adds(&expect, "\n");
		assert_int_equal(m.n, 1);
		assert_true(str_eq(mime_text(&a, &m.parts[0]), buf_str(&expect)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_answered),
		cmocka_unit_test(a_plain_answer),
		cmocka_unit_test(an_answer_in_any_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
