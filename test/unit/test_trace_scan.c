/* Where some bytes stand: against a search that compares them at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "trace/scan.h"

static void places(struct str text, struct str literal, enum scan_fold fold, struct buf *out)
{
	struct scan s = scan_for(literal, fold);

	for (size_t at = scan_find(&s, text, 0); at < text.n; at = scan_find(&s, text, at + 1))
		buf_fmt(out, "%zu ", at);
}

static void places_are_found(void **state)
{
	static const struct {
		const char *text, *literal;
		enum scan_fold fold;
		const char *places;
	} t[] = {
		{ "a@b\nc@d\n", "a@b", SCAN_BYTES, "0 " },
		{ "a@b\nc@d", "c@d", SCAN_BYTES, "4 " },
		{ "a@b a@b\na@b\n", "a@b", SCAN_BYTES, "0 4 8 " },
		{ "aaaa", "aa", SCAN_BYTES, "0 1 2 " },
		{ "A@b\na@B\n", "a@b", SCAN_BYTES, "" },
		{ "A@b\na@B\n", "a@b", SCAN_WORDS, "0 4 " },
		{ "a@b\n", "A@B", SCAN_WORDS, "0 " },
		{ "a`b\n{@[\n", "a@b", SCAN_WORDS, "" }, /* bytes that differ by the bit of case, and are no letters */
		{ "{\n", "[", SCAN_WORDS, "" },
		{ "[\n", "{", SCAN_WORDS, "" },
		{ "user unknown", "user_unknown", SCAN_WORDS, "0 " },
		{ "550_User_Unknown", "user unknown", SCAN_WORDS, "4 " },
		{ "\x7f_ \x7f", " ", SCAN_WORDS, "1 2 " }, /* what no mask tells from a space */
		{ "a_ b  c", "_ ", SCAN_WORDS, "1 4 " },
		{ "a\n", "", SCAN_BYTES, "" },
		{ "", "a", SCAN_BYTES, "" },
		{ "a", "ab", SCAN_WORDS, "" },
		{ "0123456789abcdef0123456789abcdeX", "X", SCAN_BYTES, "31 " },
		{ "0123456789abcde\n0123456789abcdef\n", "abcdef", SCAN_BYTES, "26 " },
		{ "0123456789abcdef 123456789abcdef 12", "_1", SCAN_WORDS, "16 32 " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(found);

		places(str_of(t[i].text), str_of(t[i].literal), t[i].fold, &found);
		if (!str_eqz(buf_str(&found), t[i].places))
			fail_msg("%zu: \"%s\" in \"%s\": %s", i, t[i].literal, t[i].text, buf_z(&found));
	}
}

static char like(char c, enum scan_fold fold)
{
	if (fold == SCAN_WORDS && c == '_')
		return ' ';
	return fold == SCAN_WORDS && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void naive(struct str text, struct str literal, enum scan_fold fold, struct buf *out)
{
	for (size_t at = 0; at + literal.n <= text.n; at++) {
		size_t i = 0;

		while (i < literal.n && like(text.p[at + i], fold) == like(literal.p[i], fold))
			i++;
		if (i == literal.n)
			buf_fmt(out, "%zu ", at);
	}
}

/* Few kinds of bytes, so that most places resemble the literal. */
static void random_texts(void **state)
{
	static const char kinds[] = "aAbB@`_ ";
	unsigned seed = 7;
	char text[200], literal[6];

	(void)state;
	for (int round = 0; round < 6000; round++) {
		size_t n = (size_t)rand_r(&seed) % sizeof(text), m = 1 + (size_t)rand_r(&seed) % sizeof(literal);
		enum scan_fold fold = (enum scan_fold)(round % 2);
		BUF(want);
		BUF(got);

		for (size_t i = 0; i < n; i++)
			text[i] = kinds[(size_t)rand_r(&seed) % (sizeof(kinds) - 1)];
		for (size_t i = 0; i < m; i++)
			literal[i] = kinds[(size_t)rand_r(&seed) % (sizeof(kinds) - 1)];
		naive(str_mem(text, n), str_mem(literal, m), fold, &want);
		places(str_mem(text, n), str_mem(literal, m), fold, &got);
		if (!str_eq(buf_str(&want), buf_str(&got)))
			fail_msg("\"%.*s\" in \"%.*s\": %s, not %s", (int)m, literal, (int)n, text, buf_z(&got),
				 buf_z(&want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_found),
		cmocka_unit_test(random_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
