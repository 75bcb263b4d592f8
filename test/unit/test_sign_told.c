/* What goes between telltale-smtpd and telltale-signer is believed only after a look at all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "protocol.h"
#include "sign/told.h"

static void every_message(void **state)
{
	(void)state;
	protocol_round_trip(sign_messages);
}

static const struct {
	uint64_t result;
	const char *fields, *why;
	enum sign_result expect;
	const char *text; /* of the error, or NULL */
} answers[] = {
	{ SIGN_DONE, "DKIM-Signature: v=1\r\n", "", SIGN_DONE, NULL },
	{ SIGN_DONE, "DKIM-Signature: v=1;\r\n\tb=x\r\nDKIM-Signature: v=1\r\n", "", SIGN_DONE, NULL },
	{ SIGN_DONE, "", "", SIGN_FAILED, "malformed" },
	{ SIGN_DONE, "DKIM-Signature: v=1", "", SIGN_FAILED, "malformed" },
	{ SIGN_DONE, "DKIM-Signature: v=1\n", "", SIGN_FAILED, "malformed" },
	{ SIGN_DONE, "DKIM-Signature: v=1\r\n\r\n", "", SIGN_FAILED, "malformed" },
	{ SIGN_DONE, "DKIM-Signature: v=1\r\nFrom: x\r\n", "", SIGN_FAILED, "malformed" },
	{ SIGN_DONE, "DKIM-Signature: v=1\r\n x\r\n", "", SIGN_FAILED, "malformed" },
	{ SIGN_DONE, "\tDKIM-Signature: v=1\r\n", "", SIGN_FAILED, "malformed" },
	{ SIGN_DONE, "DKIM-Signature: v\r=1\r\n", "", SIGN_FAILED, "malformed" },
	{ SIGN_DONE, "DKIM-Signature: \377\r\n", "", SIGN_FAILED, "malformed" },
	{ SIGN_NO_KEY, "", "", SIGN_NO_KEY, NULL },
	{ SIGN_NO_KEY, "From: x\r\n", "", SIGN_NO_KEY, NULL },
	{ SIGN_FAILED, "", "no key could sign", SIGN_FAILED, "telltale-signer: no key could sign" },
	{ 3, "", "", SIGN_FAILED, "malformed" },
	{ UINT64_MAX, "", "", SIGN_FAILED, "malformed" },
};

static void every_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct sign_told told = { answers[i].result, str_of(answers[i].fields), str_of(answers[i].why) };
		struct str fields;
		struct err e = { 0 };
		ARENA(a);

		if (sign_told_read(&told, sign_dkim_fields, &a, &fields, &e) != answers[i].expect)
			fail_msg("row %zu", i);
		assert_true(str_eqz(fields, answers[i].expect == SIGN_DONE ? answers[i].fields : ""));
		if (answers[i].text != NULL)
			assert_non_null(strstr(e.text, answers[i].text));
	}
}

static const struct {
	const char *domains, *names;
	size_t body;
	bool ok;
} questions[] = {
	{ "example.com", "From", 32, true },
	{ "a.example\nb.example", "From:To:to:Subject", 32, true },
	{ "", "From", 32, false },
	{ "a.example\nb.example\nc.example\nd.example", "From", 32, true },
	{ "a.example\nb.example\nc.example\nd.example\ne.example", "From", 32, false },
	{ "a.example\n", "From", 32, false },
	{ "../etc", "From", 32, false },
	{ "a/b", "From", 32, false },
	{ "..", "From", 32, false },
	{ "A.example", "From", 32, false },
	{ "a.example.", "From", 32, false },
	{ "example.com", "", 32, false },
	{ "example.com", "To", 32, false },
	{ "example.com", "From:", 32, false },
	{ "example.com", "From::To", 32, false },
	{ "example.com", "From;d=x", 32, false },
	{ "example.com", "From: To", 32, false },
	{ "example.com", "From:T\r\no", 32, false },
	{ "example.com", "From", 31, false },
	{ "example.com", "From", 0, false },
};

static void every_question(void **state)
{
	static const char body[64];

	(void)state;
	for (size_t i = 0; i < COUNT(questions); i++) {
		struct sign_ask q = { str_of(questions[i].domains), str_of(questions[i].names), STR("from:x\r\n"),
				      str_mem(body, questions[i].body) };

		if (sign_asked_ok(&q) != questions[i].ok)
			fail_msg("row %zu", i);
	}
}

static const struct {
	uint64_t instance, before;
	const char *domains, *results;
	bool ok;
} seals[] = {
	{ 1, 0, "example.com", "ARC-Authentication-Results: i=1; mx; none\r\n", true },
	{ 2, 1, "example.com", "ARC-Authentication-Results: i=2; mx;\r\n\tspf=pass\r\n", true },
	{ 50, 2, "example.com", "ARC-Authentication-Results: i=50; mx; none\r\n", true },
	{ 0, 0, "example.com", "ARC-Authentication-Results: i=0; mx; none\r\n", false },
	{ 51, 1, "example.com", "ARC-Authentication-Results: i=51; mx; none\r\n", false },
	{ 1, 1, "example.com", "ARC-Authentication-Results: i=1; mx; none\r\n", false },
	{ 2, 0, "example.com", "ARC-Authentication-Results: i=2; mx; none\r\n", false },
	{ 2, 3, "example.com", "ARC-Authentication-Results: i=2; mx; none\r\n", false },
	{ 1, 0, "../etc", "ARC-Authentication-Results: i=1; mx; none\r\n", false },
	{ 1, 0, "example.com", "", false },
	{ 1, 0, "example.com", "From: x\r\n", false },
	{ 1, 0, "example.com", "ARC-Authentication-Results: i=1; mx; none", false },
	{ 1, 0, "example.com", "ARC-Authentication-Results: i=1; mx; none\r\nFrom: x\r\n", false },
	{ 1, 0, "example.com", "ARC-Authentication-Results: i=1; mx\n; none\r\n", false },
};

static const struct {
	const char *fields;
	bool ok;
} sealed[] = {
	{ "ARC-Seal: i=1\r\nARC-Message-Signature: i=1\r\n", true },
	{ "ARC-Seal: i=1;\r\n\tb=\r\nARC-Message-Signature: i=1;\r\n\tb=\r\n", true },
	{ "ARC-Seal: i=1\r\n", false },
	{ "ARC-Message-Signature: i=1\r\nARC-Seal: i=1\r\n", false },
	{ "ARC-Seal: i=1\r\nARC-Message-Signature: i=1\r\nARC-Seal: i=1\r\n", false },
	{ "ARC-Seal: i=1\r\nARC-Message-Signature: i=1\r\nARC-Seal: i=1\r\nARC-Message-Signature: i=1\r\n", false },
	{ "DKIM-Signature: v=1\r\n", false },
	{ "", false },
};

static void every_seal(void **state)
{
	static const char body[32];

	(void)state;
	for (size_t i = 0; i < COUNT(seals); i++) {
		struct sign_seal q = { .domains = str_of(seals[i].domains),
				       .instance = seals[i].instance,
				       .before = seals[i].before,
				       .names = STR("From"),
				       .fields = STR("from:x\r\n"),
				       .body = str_mem(body, sizeof(body)),
				       .results = str_of(seals[i].results) };

		if (sign_seal_ok(&q) != seals[i].ok)
			fail_msg("question %zu", i);
	}
	for (size_t i = 0; i < COUNT(sealed); i++) {
		struct sign_told told = { SIGN_DONE, str_of(sealed[i].fields), STR("") };
		struct str fields;
		struct err e;
		ARENA(a);

		if ((sign_told_read(&told, sign_arc_fields, &a, &fields, &e) == SIGN_DONE) != sealed[i].ok)
			fail_msg("answer %zu", i);
	}
}

static const struct {
	const char *head, *more, *names; /* names NULL: it is not signed */
} headers[] = {
	{ "From: a\r\n", "",
	  "From:From:Reply-To:To:Cc:Subject:Date:Message-ID:MIME-Version:Content-Type:"
	  "Content-Transfer-Encoding" },
	{ "From: a\r\nfrom: b\r\nSender: c\r\nX: 1\r\nx: 2\r\n", "X",
	  "From:From:From:Sender:Reply-To:To:Cc:Subject:Date:Message-ID:MIME-Version:Content-Type:"
	  "Content-Transfer-Encoding:X:X" },
	{ "From: a\r\n", "SUBJECT",
	  "From:From:Reply-To:To:Cc:Subject:Date:Message-ID:MIME-Version:Content-Type:"
	  "Content-Transfer-Encoding" },
	{ "To: a\r\n", "", NULL },
	{ "", "", NULL },
};

static void which_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		struct str one = str_of(headers[i].more);
		struct conf_list more = { .at = &one, .n = one.n > 0 };
		struct str want = str_of(headers[i].names);
		struct canon_head h;
		ARENA(a);
		BUF(names);
		bool good;

		canon_head_read(&h, &a, str_of(headers[i].head));
		good = sign_names(&h, &more, &names);
		if (good != (headers[i].names != NULL) || (good && !str_eq(buf_str(&names), want)))
			fail_msg("row %zu: %s", i, buf_z(&names));
		canon_head_clear(&h);
	}
}

/* Nobody makes h= longer than a question may be. */
static void too_many_fields(void **state)
{
	struct conf_list none = { .n = 0 };
	struct canon_head h;
	ARENA(a);
	BUF(head);
	BUF(names);

	(void)state;
	for (int i = 0; i < 3000; i++)
		buf_adds(&head, "From: a\r\n");
	canon_head_read(&h, &a, buf_str(&head));
	assert_false(sign_names(&h, &none, &names));
	assert_true(names.n <= SIGN_NAMES_MAX + 100);
	canon_head_clear(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message), cmocka_unit_test(every_answer), cmocka_unit_test(every_question),
		cmocka_unit_test(every_seal),    cmocka_unit_test(which_fields), cmocka_unit_test(too_many_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
