#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "mail/header.h"

static const struct {
	const char *in;
	bool ended, malformed;
	uint64_t bytes, fields, received;
} t[] = {
	/* clang-format off */
	{ "",                                             false, false,  0, 0, 0 },
	{ "\r\nbody",                                     true,  false,  2, 0, 0 },
	{ "Received: a\r\nRECEIVED : b\r\n\r\nReceived:", true,  false, 29, 2, 2 },
	{ "Received: a\r\n b\r\n\tc\r\nTo: x\r\n\r\n",    true,  false, 30, 2, 1 },
	{ "Received-SPF: x\r\nX: Received: y\r\n\r\n",    true,  false, 35, 2, 0 },
	{ "A: b\r\nno field here\r\nReceived: x\r\n",     true,  true,   6, 1, 0 },
	{ " folded first\r\n\r\n",                        true,  true,   0, 0, 0 },
	{ "A: b\nReceived: x\r\n\r\n",                    true,  false, 20, 1, 0 },
	{ "A: b\r\n:c\r\n",                               true,  true,   6, 1, 0 },
	{ "A: b\r\n\rx",                                  true,  true,   6, 1, 0 },
	{ "A: b\r\nReceived",                             false, false, 14, 1, 0 },
	{ "Delivered-To: a\r\n",                          false, false, 17, 1, 0 },
	/* clang-format on */
};

static void check(const struct header *h, size_t i)
{
	if (h->ended != t[i].ended || h->malformed != t[i].malformed || h->bytes != t[i].bytes ||
	    h->fields != t[i].fields || h->received != t[i].received)
		fail_msg("row %zu: ended %d malformed %d bytes %lu fields %lu received %lu", i, h->ended, h->malformed,
			 h->bytes, h->fields, h->received);
}

static void rows_in_pieces_of_every_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		for (size_t step = 1; step <= strlen(t[i].in) + 1; step++) {
			struct header h = { 0 };

			for (size_t at = 0; at < strlen(t[i].in); at += step) {
				struct str piece = str_take(str_skip(str_of(t[i].in), at), step);

				header_feed(&h, piece.p, piece.n);
			}
			check(&h, i);
		}
	}
}

static void a_long_name_counts_as_a_field_only(void **state)
{
	struct header h = { 0 };

	(void)state;
	header_feed(&h, "Received", 8);
	for (int i = 0; i < 10000; i++)
		header_feed(&h, "d", 1);
	header_feed(&h, ": x\r\n\r\n", 7);
	assert_true(h.ended);
	assert_int_equal(h.fields, 1);
	assert_int_equal(h.received, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_in_pieces_of_every_size),
		cmocka_unit_test(a_long_name_counts_as_a_field_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
