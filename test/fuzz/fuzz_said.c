/* A reply is read the same however it is cut, keeps nothing that could harm a log, and ends within its limit. */
#include "base/err.h"
#include "wire/said.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t feed(struct said *a, struct str in, struct str cuts)
{
	size_t used = 0;

	for (size_t k = 0; used < in.n && !a->done && !a->bad; k++) {
		size_t n = cuts.n > 0 ? 1 + (unsigned char)cuts.p[k % cuts.n] : in.n;
		struct str piece = str_take(str_skip(in, used), n);

		used += said_feed(a, piece.p, piece.n);
	}
	return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str cuts = str_mem(data, size < 4 ? size : 4), in = str_skip(str_mem(data, size), 4), rest, line;
	struct said whole = { 0 }, pieces = { 0 };
	size_t used = feed(&whole, in, STR(""));

	MUST(feed(&pieces, in, cuts) == used);
	MUST(whole.done == pieces.done && whole.bad == pieces.bad && whole.code == pieces.code);
	MUST(str_eq(buf_str(&whole.text), buf_str(&pieces.text)));
	MUST(!(whole.done && whole.bad) && used <= SAID_BYTES_MAX && whole.text.n <= SAID_KEPT);
	MUST(!whole.done || (whole.code >= 200 && whole.code < 600));
	for (size_t i = 0; i < whole.text.n; i++)
		MUST(whole.text.p[i] == '\n' || ascii_isprint(whole.text.p[i]));
	rest = buf_str(&whole.text);
	while (whole.done && said_line(&rest, &line))
		MUST(str_chr(line, '\n') < 0);
	said_clear(&whole);
	said_clear(&pieces);
	return 0;
}
