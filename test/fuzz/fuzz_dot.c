/* The decoder agrees with the definition (the first CRLF . CRLF ends, dots are unstuffed at line starts), and how the
 * input was cut into pieces (chosen by its first bytes) changes nothing. */
#include "base/err.h"
#include "wire/dot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The definition, over the whole input with the CRLF of the DATA line in front of it. */
static bool define(struct str in, struct buf *out, size_t *used)
{
	BUF(whole);
	ptrdiff_t end;
	struct str body;

	buf_adds(&whole, "\r\n");
	buf_addstr(&whole, in);
	end = str_find(buf_str(&whole), STR("\r\n.\r\n"));
	if (end < 0)
		return false;
	*used = (size_t)end + 3;
	body = str_mem(whole.p, (size_t)end + 2);
	for (size_t i = 2; i < body.n; i++)
		if (!(body.p[i] == '.' && body.p[i - 1] == '\n' && body.p[i - 2] == '\r'))
			buf_addc(out, body.p[i]);
	return true;
}

static bool has_bare(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
			return true;
		if (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n'))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str cuts = str_mem(data, size < 8 ? size : 8), in = str_skip(str_mem(data, size), 8);
	struct dot d = { 0 };
	BUF(got);
	BUF(want);
	size_t used = 0, expected = 0;

	for (size_t k = 0; used < in.n && !d.done; k++) {
		size_t n = 1 + (unsigned char)cuts.p[k % cuts.n] % 16;
		struct str piece = str_take(str_skip(in, used), n);

		used += dot_feed(&d, piece.p, piece.n, &got);
	}
	MUST(define(in, &want, &expected) == d.done);
	MUST(got.n <= used);
	if (!d.done)
		return 0;
	MUST(used == expected);
	MUST(str_eq(buf_str(&got), buf_str(&want)));
	MUST(d.bare == has_bare(str_mem(in.p, used)));
	return 0;
}
