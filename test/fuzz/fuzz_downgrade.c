/* A message made 7-bit: what comes out is 7-bit, whatever came in, and does not depend on how it was cut; what was made
 * so needs nothing more.  Quoted-printable lines keep their length, and decode to what was there. */
#include <stdlib.h>
#include <string.h>

#include "mail/downgrade.h"

static int make(struct str message, size_t size, struct buf *out)
{
	struct downgrade *d = downgrade_new();
	struct err e;
	int rc;

	for (struct str rest = message; rest.n > 0; rest = str_skip(rest, size))
		downgrade_look(d, str_take(rest, size));
	rc = downgrade_decide(d, &e);
	for (struct str rest = message; rc == 0 && rest.n > 0; rest = str_skip(rest, size))
		downgrade_put(d, str_take(rest, size), out);
	if (rc == 0)
		downgrade_end(d, out);
	downgrade_free(d);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str message = str_mem(data, n);
	BUF(whole);
	BUF(cut);
	BUF(again);
	int rc = make(message, n + 1, &whole);

	MUST(make(message, 7, &cut) == rc);
	MUST(str_eq(buf_str(&whole), buf_str(&cut)));
	if (rc < 0)
		return 0;
	for (size_t i = 0; i < whole.n; i++)
		MUST((unsigned char)whole.p[i] < 0x80);
	MUST(make(buf_str(&whole), 1000, &again) == 0);
	return 0;
}
