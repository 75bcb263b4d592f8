/* Which lines hold some bytes: against a search that looks at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "trace/scan.h"

static bool note(void *with, size_t line)
{
	buf_fmt(with, "%zu ", line);
	return true;
}

static void lines_are_found(void **state)
{
	static const struct {
		const char *text, *literal;
		bool fold;
		const char *lines;
	} t[] = {
		{ "a@b\nc@d\n", "a@b", false, "0 " },
		{ "a@b\nc@d\n", "c@d", false, "4 " },
		{ "a@b\nc@d", "c@d", false, "4 " },         /* the last line has no end */
		{ "a@b a@b\na@b\n", "a@b", false, "0 8 " }, /* a line is told of once */
		{ "A@b\na@B\n", "a@b", false, "" },
		{ "A@b\na@B\n", "a@b", true, "0 4 " },
		{ "a@b\n", "A@B", true, "0 " },
		{ "a`b\n{@[\n", "a@b", true, "" }, /* bytes that differ by the bit of case, and are no letters */
		{ "{\n", "[", true, "" },
		{ "[\n", "{", true, "" },
		{ "a\nb\n", "a\nb", false, "" },
		{ "a\n", "", false, "" },
		{ "", "a", false, "" },
		{ "a", "ab", false, "" },
		{ "\n\n\nx", "x", false, "3 " },
		{ "0123456789abcdef0123456789abcdeX\n", "X", false, "0 " },
		{ "0123456789abcde\n0123456789abcdef\n", "abcdef", false, "16 " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(lines);

		scan_each(str_of(t[i].text), str_of(t[i].literal), t[i].fold, note, &lines);
		if (!str_eqz(buf_str(&lines), t[i].lines))
			fail_msg("%zu: \"%s\" in \"%s\": %s", i, t[i].literal, t[i].text, buf_z(&lines));
		if (scan_any(str_of(t[i].text), str_of(t[i].literal), t[i].fold) != (t[i].lines[0] != '\0'))
			fail_msg("%zu: scan_any", i);
	}
}

static void naive(struct str text, struct str literal, bool fold, struct buf *lines)
{
	for (size_t at = 0; at < text.n;) {
		ptrdiff_t end = str_chr(str_skip(text, at), '\n');
		struct str line = end < 0 ? str_skip(text, at) : str_take(str_skip(text, at), (size_t)end);
		bool found = false;

		for (size_t i = 0; i + literal.n <= line.n && !found; i++) {
			struct str here = str_take(str_skip(line, i), literal.n);

			found = fold ? str_ieq(here, literal) : str_eq(here, literal);
		}
		if (found)
			note(lines, at);
		at += line.n + 1;
	}
}

/* Few kinds of bytes, so that most places resemble the literal. */
static void random_texts(void **state)
{
	static const char kinds[] = "aAbB@`\n0";
	unsigned seed = 7;
	char text[200], literal[6];

	(void)state;
	for (int round = 0; round < 4000; round++) {
		size_t n = (size_t)rand_r(&seed) % sizeof(text), m = 1 + (size_t)rand_r(&seed) % sizeof(literal);
		bool fold = rand_r(&seed) % 2 == 0;
		BUF(want);
		BUF(got);

		for (size_t i = 0; i < n; i++)
			text[i] = kinds[(size_t)rand_r(&seed) % (sizeof(kinds) - 1)];
		for (size_t i = 0; i < m; i++) /* no newline */
			literal[i] = kinds[(size_t)rand_r(&seed) % 6];
		naive(str_mem(text, n), str_mem(literal, m), fold, &want);
		scan_each(str_mem(text, n), str_mem(literal, m), fold, note, &got);
		if (!str_eq(buf_str(&want), buf_str(&got)))
			fail_msg("\"%.*s\" in \"%.*s\": %s, not %s", (int)m, literal, (int)n, text, buf_z(&got),
				 buf_z(&want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_found),
		cmocka_unit_test(random_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
