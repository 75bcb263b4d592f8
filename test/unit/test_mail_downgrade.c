/* 8-bit messages made 7-bit: what becomes of each part, what is refused, and that pieces do not matter. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "mail/downgrade.h"

#define N "\r\n"
#define MULTI(kind, parts) "Content-Type: multipart/" kind "; boundary=\"b b\"" N N parts
#define UMLAUT "\xc3\xbc"

static const struct {
	const char *message, *made, *why;
} rows[] = {
	/* Nothing to do: byte for byte. */
	{ "Subject: x" N N "plain" N, "Subject: x" N N "plain" N, NULL },
	{ "", N, NULL },
	{ "Subject: x" N, "Subject: x" N N, NULL },
	{ "Content-Type: text/plain" N "Content-Transfer-Encoding: 8bit" N N "plain" N,
	  "Content-Type: text/plain" N "Content-Transfer-Encoding: 8bit" N N "plain" N, NULL },
	/* One text. */
	{ "MIME-Version: 1.0" N "Content-Transfer-Encoding: 8bit" N "Content-Type: text/plain; charset=utf-8" N
	  "Subject: x" N N "f" UMLAUT "r=1 " N "." N,
	  "MIME-Version: 1.0" N "Content-Type: text/plain; charset=utf-8" N "Subject: x" N
	  "Content-Transfer-Encoding: quoted-printable" N N "f=C3=BCr=3D1=20" N "." N,
	  NULL },
	{ "Mime-Version: 1.0" N "Content-Type: text/html; charset=iso-8859-1" N "content-transfer-encoding:" N
	  " 8BIT" N N "\xfc no end",
	  "Mime-Version: 1.0" N "Content-Type: text/html; charset=iso-8859-1" N
	  "Content-Transfer-Encoding: quoted-printable" N N "=FC no end",
	  NULL },
	/* Without MIME: RFC 1428. */
	{ "Subject: x" N N UMLAUT N,
	  "Subject: x" N "MIME-Version: 1.0" N "Content-Type: text/plain; charset=utf-8" N
	  "Content-Transfer-Encoding: quoted-printable" N N "=C3=BC" N,
	  NULL },
	{ "Subject: x" N N "\xfc" N,
	  "Subject: x" N "MIME-Version: 1.0" N "Content-Type: text/plain; charset=unknown-8bit" N
	  "Content-Transfer-Encoding: quoted-printable" N N "=FC" N,
	  NULL },
	{ "Subject: x" N N "\xc3" N "\xbc" N,
	  "Subject: x" N "MIME-Version: 1.0" N "Content-Type: text/plain; charset=unknown-8bit" N
	  "Content-Transfer-Encoding: quoted-printable" N N "=C3" N "=BC" N,
	  NULL },
	/* No text. */
	{ "MIME-Version: 1.0" N "Content-Type: application/x" N "Content-Transfer-Encoding: 8bit" N N "\xff\xfe" N,
	  "MIME-Version: 1.0" N "Content-Type: application/x" N "Content-Transfer-Encoding: base64" N N "//4NCg==" N,
	  NULL },
	/* Parts: each its own; what encloses them says 7bit; the line end before a boundary is the boundary's. */
	{ "MIME-Version: 1.0" N "Content-Transfer-Encoding: 8bit" N MULTI(
	      "mixed", "pre\xe9" N "--b b" N "Content-Type: text/plain" N N UMLAUT N "--b b " N N "ascii" N "--b b" N
		       "Content-Type: image/x" N N "\xff\xfe\xfd" N "--b b--" N "post\xe9" N),
	  "MIME-Version: 1.0" N "Content-Type: multipart/mixed; boundary=\"b b\"" N
	  "Content-Transfer-Encoding: 7bit" N N "pre?" N "--b b" N "Content-Type: text/plain" N
	  "Content-Transfer-Encoding: quoted-printable" N N "=C3=BC" N "--b b " N N "ascii" N "--b b" N
	  "Content-Type: image/x" N "Content-Transfer-Encoding: base64" N N "//79" N "--b b--" N "post?" N,
	  NULL },
	/* A message inside. */
	{ "MIME-Version: 1.0" N "Content-Type: message/rfc822" N "Content-Transfer-Encoding: 8bit" N N
	  "Subject: in" N N UMLAUT N,
	  "MIME-Version: 1.0" N "Content-Type: message/rfc822" N "Content-Transfer-Encoding: 7bit" N N "Subject: in" N
	  "MIME-Version: 1.0" N "Content-Type: text/plain; charset=utf-8" N
	  "Content-Transfer-Encoding: quoted-printable" N N "=C3=BC" N,
	  NULL },
	{ "MIME-Version: 1.0" N MULTI("digest",
				      "--b b" N N "Subject: in" N "MIME-Version: 1.0" N N UMLAUT N "--b b--" N),
	  "MIME-Version: 1.0" N MULTI(
	      "digest", "--b b" N N "Subject: in" N "MIME-Version: 1.0" N "Content-Type: text/plain; charset=utf-8" N
			"Content-Transfer-Encoding: quoted-printable" N N "=C3=BC" N "--b b--" N),
	  NULL },
	/* Signed, and nothing of it is 8-bit: untouched, whatever it says; the part beside it is changed. */
	{ "MIME-Version: 1.0" N "Content-Type: multipart/mixed; boundary=o" N N
	  "--o" N MULTI("signed", "--b b" N "Content-Transfer-Encoding: 8bit" N N "x" N "--b b" N N "sig" N
				  "--b b--" N) "--o" N N UMLAUT N "--o--" N,
	  "MIME-Version: 1.0" N "Content-Type: multipart/mixed; boundary=o" N N
	  "--o" N MULTI("signed", "--b b" N "Content-Transfer-Encoding: 8bit" N N "x" N "--b b" N N "sig" N
				  "--b b--" N) "--o" N "Content-Type: text/plain; charset=utf-8" N
					       "Content-Transfer-Encoding: quoted-printable" N N "=C3=BC" N "--o--" N,
	  NULL },
	/* Refused. */
	{ "Subject: " UMLAUT N N "x" N, NULL, "it has 8-bit bytes in a header" },
	{ MULTI("mixed", "--b b" N "X: " UMLAUT N N "--b b--" N), NULL, "it has 8-bit bytes in a header" },
	{ MULTI("mixed", "--b b" N "X: " UMLAUT N "--b b--" N), NULL, "it has 8-bit bytes in a header" },
	{ MULTI("signed", "--b b" N N UMLAUT N "--b b--" N), NULL,
	  "it has 8-bit bytes where none may be, or in a part that is signed" },
	{ "Content-Type: text/plain" N "Content-Transfer-Encoding: base64" N N UMLAUT N, NULL,
	  "it has 8-bit bytes where none may be, or in a part that is signed" },
	{ "Content-Type: text/plain" N "Content-Transfer-Encoding: x-odd" N N UMLAUT N, NULL,
	  "it has 8-bit bytes where none may be, or in a part that is signed" },
	{ "Content-Type: message/delivery-status" N N UMLAUT N, NULL,
	  "it has 8-bit bytes where none may be, or in a part that is signed" },
	{ "Content-Type: multipart/mixed" N N UMLAUT N, NULL,
	  "it has 8-bit bytes where none may be, or in a part that is signed" },
};

static int make(struct str message, size_t size, struct buf *out, struct err *e)
{
	struct downgrade *d = downgrade_new();
	int rc;

	for (struct str rest = message; rest.n > 0; rest = str_skip(rest, size))
		downgrade_look(d, str_take(rest, size));
	rc = downgrade_decide(d, e);
	for (struct str rest = message; rc == 0 && rest.n > 0; rest = str_skip(rest, size))
		downgrade_put(d, str_take(rest, size), out);
	if (rc == 0)
		downgrade_end(d, out);
	downgrade_free(d);
	return rc;
}

static void each_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t size = 1; size < 100000; size = size < 5 ? size + 1 : size * 7) {
			BUF(out);
			struct err e = { 0 };
			int rc = make(str_of(rows[i].message), size, &out, &e);

			if (rows[i].why != NULL) {
				assert_int_equal(rc, -1);
				assert_string_equal(e.text, rows[i].why);
				continue;
			}
			if (rc < 0 || !str_eqz(buf_str(&out), rows[i].made))
				fail_msg("row %zu in pieces of %zu: %s\n%s", i, size, e.text, buf_z(&out));
		}
}

static void repeat(struct buf *b, const char *text, size_t times)
{
	while (times-- > 0)
		buf_adds(b, text);
}

/* What is too much is refused, not taken in part; lines of any length pass. */
static void limits(void **state)
{
	BUF(deep);
	BUF(wide);
	BUF(head);
	BUF(line);
	BUF(out);
	struct err e;

	(void)state;
	for (int i = 0; i < 17; i++)
		buf_fmt(&deep, "Content-Type: multipart/mixed; boundary=b%dx" N N "--b%dx" N, i, i);
	assert_int_equal(make(buf_str(&deep), 100, &out, &e), -1);
	assert_string_equal(e.text, "its parts are nested too deep");
	buf_adds(&wide, MULTI("mixed", ""));
	repeat(&wide, "--b b" N N, 1001);
	assert_int_equal(make(buf_str(&wide), 100, &out, &e), -1);
	assert_string_equal(e.text, "it has too many parts");
	repeat(&head, "X-Long: 0123456789" N, 4000);
	assert_int_equal(make(buf_str(&head), 100, &out, &e), -1);
	assert_string_equal(e.text, "it has a header that is too long");
	buf_adds(&line, "Subject: x" N N);
	repeat(&line, "\r" UMLAUT, 10000);
	for (size_t size = 1; size < 20000; size *= 3) {
		BUF(one);

		assert_int_equal(make(buf_str(&line), size, &one, &e), 0);
		if (size > 1)
			assert_true(str_eq(buf_str(&one), buf_str(&out)));
		buf_reset(&out);
		buf_addstr(&out, buf_str(&one));
		for (size_t i = 0; i < one.n; i++)
			assert_true((unsigned char)one.p[i] < 0x80);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
