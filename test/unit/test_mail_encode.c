/* Quoted-printable and base64 (RFC 2045): known pairs, line lengths, and that pieces do not matter. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "mail/encode.h"

static void quoted_printable(void **state)
{
	static const struct {
		const char *text, *out; /* '\n' is a line end of the text */
	} t[] = {
		{ "", "" },
		{ "plain\n", "plain\r\n" },
		{ "a=b", "a=3Db" },
		{ "Gr\xc3\xbc\xc3\x9f"
		  "e\n",
		  "Gr=C3=BC=C3=9Fe\r\n" },
		{ "end \n", "end=20\r\n" },
		{ "end\t\n", "end=09\r\n" },
		{ "a  \nb ", "a =20\r\nb=20" },
		{ "\n\n.\n", "\r\n\r\n.\r\n" },
		{ "\x01\x7f", "=01=7F" },
		{ "123456789012345678901234567890123456789012345678901234567890123456789012345",
		  "123456789012345678901234567890123456789012345678901234567890123456789012345" },
		{ "1234567890123456789012345678901234567890123456789012345678901234567890123456",
		  "123456789012345678901234567890123456789012345678901234567890123456789012345=\r\n6" },
		{ "1234567890123456789012345678901234567890123456789012345678901234567890123\xe9",
		  "1234567890123456789012345678901234567890123456789012345678901234567890123=\r\n=E9" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		for (size_t size = 1; size < 4; size++) {
			BUF(b);
			struct encode_qp q = { 0 };

			for (struct str rest = str_of(t[i].text); rest.n > 0;) {
				size_t n = str_chr(str_take(rest, size), '\n') >= 0 ? (size_t)str_chr(rest, '\n')
										    : (rest.n < size ? rest.n : size);

				encode_qp_put(&q, str_take(rest, n), &b);
				rest = str_skip(rest, n);
				if (n == 0 || (rest.n > 0 && rest.p[0] == '\n')) {
					encode_qp_line(&q, &b);
					rest = str_skip(rest, 1);
				}
			}
			encode_qp_end(&q, &b);
			assert_string_equal(buf_z(&b), t[i].out);
		}
}

static void base64(void **state)
{
	static const struct {
		const char *bytes, *out;
	} t[] = {
		{ "", "" },
		{ "f", "Zg==\r\n" },
		{ "fo", "Zm8=\r\n" },
		{ "foo", "Zm9v\r\n" },
		{ "foob", "Zm9vYg==\r\n" },
		{ "fooba", "Zm9vYmE=\r\n" },
		{ "foobar", "Zm9vYmFy\r\n" },
		{ "\xff\xfe\xfd", "//79\r\n" },
		{ "012345678901234567890123456789012345678901234567890123456",
		  "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2\r\n" },
		{ "0123456789012345678901234567890123456789012345678901234567",
		  "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2\r\nNw==\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		for (size_t size = 1; size < 60; size++) {
			BUF(b);
			struct encode_base64 x = { 0 };

			for (struct str rest = str_of(t[i].bytes); rest.n > 0; rest = str_skip(rest, size))
				encode_base64_put(&x, str_take(rest, size), &b);
			encode_base64_end(&x, &b);
			assert_string_equal(buf_z(&b), t[i].out);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoted_printable),
		cmocka_unit_test(base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
