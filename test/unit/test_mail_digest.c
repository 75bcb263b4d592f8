/* The weekly letter: who wrote most comes first, reasons are numbered, what strangers wrote stays text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "mail/digest.h"

enum { MONDAY = 1763942400 /* 2025-11-24 */, WEEK = 7 * 86400, HOUR = 3600 };

static struct digest_letter letter(struct digest_line *lines, size_t n)
{
	return (struct digest_letter){ .hostname = STR("mx.example.com"),
				       .contact = STR("post@example.com"),
				       .to = STR("bob@example.com"),
				       .page = STR("https://mx.example.com/"),
				       .unsubscribe = STR("https://mx.example.com/unsubscribe/abc"),
				       .since = MONDAY,
				       .until = MONDAY + WEEK,
				       .now = (int64_t)(MONDAY + WEEK) * 1000,
				       .week = 2917,
				       .serial = 7,
				       .lines = lines,
				       .n = n };
}

static void utc(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

#define ROW(reason) &reason_row(REASON_##reason)->word, reason_row(REASON_##reason)->lifts

static void the_whole_letter(void **state)
{
	struct digest_line lines[] = {
		{ STR("few@a.example"), ROW(RELAYING), 1, 0, MONDAY + HOUR },
		{ STR("many@a.example"), ROW(RDNS_MISSING), 8, 1, MONDAY + 2 * HOUR },
		{ STR(""), ROW(RDNS_MISSING), 0, 1, MONDAY + 3 * HOUR },
	};
	struct digest_letter d = letter(lines, COUNT(lines));
	BUF(head);
	BUF(body);

	(void)state;
	utc();
	digest_put(&head, &body, &d);
	assert_string_equal(
	    buf_z(&head), "Date: Mon, 01 Dec 2025 00:00:00 +0000\r\nFrom: \"Mail server\" <no-reply@mx.example.com>\r\n"
			  "To: <bob@example.com>\r\nSubject: 11 messages refused for bob@example.com\r\n"
			  "Message-ID: <digest.2917.1764547200000.7@mx.example.com>\r\n"
			  "List-Unsubscribe:\r\n <https://mx.example.com/unsubscribe/abc>\r\n"
			  "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nAuto-Submitted: auto-generated\r\n"
			  "X-Auto-Response-Suppress: All\r\nPrecedence: bulk\r\nMIME-Version: 1.0\r\n"
			  "Content-Type: multipart/alternative; boundary=\"digest.2917.1764547200000.7\"\r\n");
	assert_memory_equal(
	    buf_z(&body),
	    "\r\n--digest.2917.1764547200000.7\r\nContent-Type: text/plain; charset=us-ascii\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\nIn the week from Monday 2025-11-24 to Sunday 2025-11-30 this "
	    "mail\r\nserver refused 11 messages for "
	    "bob@example.com. They are not in your\r\nmailbox, and the senders were told so at once.\r\n\r\n"
	    "Refused by a check at the door; the sender can be allowed:\r\n\r\n"
	    " times  sender                                  last              why\r\n"
	    "     9  many@a.example                          2025-11-24 02:00  [1]  some only put off\r\n"
	    "     1  (a message without a sender)            2025-11-24 03:00  [1]  put off\r\n\r\n"
	    "Refused for another reason, which allowing the sender would not change:\r\n\r\n"
	    " times  sender                                  last              why\r\n"
	    "     1  few@a.example                           2025-11-24 01:00  [2]\r\n\r\n[1] Refused at the door: ",
	    846);
	assert_null(strstr(buf_z(&body), "It is final when"));
	assert_non_null(strstr(buf_z(&body), "\r\n[2] Refused: the recipient's domain is not hosted"));
	assert_non_null(strstr(buf_z(&body), "\r\n    https://mx.example.com/#/refused\r\n"));
	assert_non_null(strstr(buf_z(&body), "\r\n    https://mx.example.com/unsubscribe/abc\r\n"));
	assert_non_null(strstr(buf_z(&body), "you can allow the sender"));
}

/* The other part says the same, and asks nobody for anything. */
static void the_page(void **state)
{
	struct digest_line lines[] = {
		{ STR("<b>\"&'</b>@a.example"), ROW(RDNS_MISSING), 8, 1, MONDAY + 2 * HOUR },
		{ STR("few@a.example"), ROW(RELAYING), 1, 0, MONDAY + HOUR },
	};
	static const char *const wanted[] = {
		"\r\n--digest.2917.1764547200000.7\r\nContent-Type: text/html; charset=us-ascii\r\n",
		"<tr><td align=\"right\">9</td>\r\n<td>&#60;b&#62;&#34;&#38;&#39;&#60;/b&#62;@a.example</td>\r\n"
		"<td>2025-11-24 02:00</td><td>[1] some only put off</td></tr>\r\n",
		"<td>few@a.example</td>\r\n<td>2025-11-24 01:00</td><td>[2] </td></tr>\r\n",
		"<p><strong>[2]</strong>\r\nRefused: the recipient&#39;s domain is not hosted",
		"<a href=\"https://mx.example.com/#/refused\">",
		"<a href=\"https://mx.example.com/unsubscribe/abc\">Stop this weekly letter</a>",
		"</html>\r\n\r\n--digest.2917.1764547200000.7--\r\n",
	};
	static const char *const unwanted[] = { "<b>", "src=", "<img", "<link", "<script", "url(" };
	struct digest_letter d = letter(lines, COUNT(lines));
	const char *html;
	BUF(head);
	BUF(body);

	(void)state;
	utc();
	digest_put(&head, &body, &d);
	html = strstr(buf_z(&body), "text/html");
	for (size_t i = 0; i < COUNT(wanted); i++)
		if (strstr(buf_z(&body), wanted[i]) == NULL)
			fail_msg("%s\n%s", wanted[i], html);
	for (size_t i = 0; i < COUNT(unwanted); i++)
		assert_null(strstr(html, unwanted[i]));
}

static void one_click_is_for_https(void **state)
{
	static const struct {
		const char *link;
		bool field, post;
	} t[] = {
		{ "", false, false },
		{ "http://mx.example.com/unsubscribe/abc", true, false },
		{ "https://mx.example.com/unsubscribe/abc", true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct digest_line line = { STR("x@y.example"), ROW(RELAYING), 1, 0, MONDAY };
		struct digest_letter d = letter(&line, 1);
		BUF(head);
		BUF(body);

		d.unsubscribe = str_of(t[i].link);
		digest_put(&head, &body, &d);
		assert_int_equal(strstr(buf_z(&head), "List-Unsubscribe:") != NULL, t[i].field);
		assert_int_equal(strstr(buf_z(&head), "List-Unsubscribe-Post:") != NULL, t[i].post);
	}
}

static void a_link_ends_the_letter_of_its_mailbox_alone(void **state)
{
	static const char *const boxes[] = { "bob@example.com", "a@b", "\"strange one\"@x.example" };
	struct str key = STR("0123456789abcdef0123456789abcdef"), other = STR("0123456789abcdef0123456789abcdeF");

	(void)state;
	for (size_t i = 0; i < COUNT(boxes); i++) {
		BUF(token);
		BUF(why);
		BUF(box);

		digest_token_put(&token, key, str_of(boxes[i]));
		assert_true(digest_token_read(buf_str(&token), key, &box));
		assert_string_equal(buf_z(&box), boxes[i]);
		assert_false(digest_token_read(buf_str(&token), other, &box));
		assert_false(digest_token_read(str_take(buf_str(&token), token.n - 1), key, &box));
		seal_put(&why, key, "why", str_of(boxes[i])); /* for another purpose */
		assert_false(digest_token_read(buf_str(&why), key, &box));
		token.p[1] = token.p[1] == 'A' ? 'B' : 'A';
		assert_false(digest_token_read(buf_str(&token), key, &box));
		assert_string_equal(buf_z(&box), boxes[i]);
	}
}

/* Wherever lines end. */
static const char *flat(struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] != '\n')
			b->p[n++] = (char)(b->p[i] == '\r' ? ' ' : b->p[i]);
	buf_trunc(b, n);
	return buf_z(b);
}

/* What is said only sometimes. */
static void pieces(void **state)
{
	static const struct {
		const char *page, *domains[3];
		enum reason reason;
		uint64_t count;
		int weeks;
		const char *said, *unsaid;
	} t[] = {
		{ "https://x/", { NULL }, REASON_RELAYING, 1, 1, "refused 1 message for", "allow the sender" },
		{ "https://x/", { NULL }, REASON_GRAYLISTED, 2, 1, "allow the sender", " domain" },
		{ "", { NULL }, REASON_GRAYLISTED, 2, 1, "To get it no more, write to post@example.com.", "https" },
		{ "", { "a.example", NULL }, REASON_RELAYING, 2, 1, "and the domain a.example", "domains" },
		{ "",
		  { "a.example", "b.example" },
		  REASON_RELAYING,
		  2,
		  1,
		  "and the domains a.example, b.example",
		  "x/" },
		{ "", { NULL }, REASON_RELAYING, 2, 3, "In the weeks from Monday 2025-11-10", "In the week " },
	};

	(void)state;
	utc();
	for (size_t i = 0; i < COUNT(t); i++) {
		struct digest_line line = { STR("x@y.example"),
					    &reason_row(t[i].reason)->word,
					    reason_row(t[i].reason)->lifts,
					    t[i].count,
					    0,
					    MONDAY };
		struct digest_letter d = letter(&line, 1);
		struct str domains[3];
		BUF(head);
		BUF(body);

		for (; t[i].domains[d.ndomains] != NULL; d.ndomains++)
			domains[d.ndomains] = str_of(t[i].domains[d.ndomains]);
		d.domains = domains;
		d.page = d.unsubscribe = str_of(t[i].page);
		d.since = MONDAY - (t[i].weeks - 1) * (int64_t)WEEK;
		digest_put(&head, &body, &d);
		if (strstr(flat(&body), t[i].said) == NULL || strstr(flat(&body), t[i].unsaid) != NULL)
			fail_msg("row %zu: %s", i, buf_z(&body));
	}
}

/* Mail is lines of at most 998 bytes, ASCII, without controls, whatever strangers called themselves. */
static void strangers_stay_text(void **state)
{
	struct digest_line lines[2 * (DIGEST_LINES + 30)];
	struct digest_letter d;
	char name[600], hostile[600];
	BUF(head);
	BUF(body);

	(void)state;
	utc();
	memset(name, 'x', sizeof(name));
	memset(hostile, '&', sizeof(hostile));
	for (size_t i = 0; i < COUNT(lines); i++)
		lines[i] = (struct digest_line){ str_mem(i % 2 == 0 ? name : hostile, 200 + i),
						 &reason_row(i % REASON_COUNT)->word,
						 i % 2 == 0,
						 2,
						 0,
						 MONDAY };
	lines[0] = (struct digest_line){ STR("evil\r\n.\r\nSubject: x\xff\x1b[31m@x"), ROW(SPF_FAIL), 90, 0, MONDAY };
	lines[1] = (struct digest_line){ str_mem(name, sizeof(name)), ROW(SPF_FAIL), 80, 0, MONDAY };
	d = letter(lines, COUNT(lines));
	digest_put(&head, &body, &d);
	assert_non_null(strstr(buf_z(&body), "    90  evil??.??Subject: x??[31m@x"));
	assert_non_null(strstr(buf_z(&body), "    62  from 31 others\r\n"));
	assert_in_range(head.n + body.n, 50000, DIGEST_MOST);
	for (size_t i = 0, from = 0; i < body.n; i++) {
		assert_true(body.p[i] == '\r' || body.p[i] == '\n' || ascii_isprint(body.p[i]));
		assert_int_equal(body.p[i] == '\n', i > 0 && body.p[i - 1] == '\r');
		from = body.p[i] == '\n' ? i : from;
		assert_true(i - from < 700);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_letter),
		cmocka_unit_test(the_page),
		cmocka_unit_test(one_click_is_for_https),
		cmocka_unit_test(a_link_ends_the_letter_of_its_mailbox_alone),
		cmocka_unit_test(pieces),
		cmocka_unit_test(strangers_stay_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
