/* A line ends at the first CRLF and nowhere else, whatever the pieces. */
#include "base/err.h"
#include "wire/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_bare(struct str s)
{
	return str_chr(s, '\r') >= 0 || str_chr(s, '\n') >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct line l;
	struct str cuts = str_mem(data, size < 8 ? size : 8), in = str_skip(str_mem(data, size), 8);
	ptrdiff_t end = str_find(in, STR("\r\n"));
	size_t used = 0, limit;

	line_reset(&l);
	for (size_t k = 0; used < in.n && !l.ended; k++) {
		size_t n = 1 + (unsigned char)cuts.p[k % cuts.n] * 16u;
		struct str piece = str_take(str_skip(in, used), n);

		used += line_feed(&l, piece.p, piece.n);
	}
	limit = str_istarts(in, STR("AUTH ")) ? LINE_AUTH_LIMIT : LINE_LIMIT;
	MUST(l.n <= limit && l.ended == (end >= 0));
	if (!l.ended)
		return 0;
	MUST(used == (size_t)end + 2);
	MUST(l.over == (used > limit));
	if (l.over)
		return 0;
	MUST(str_eq(str_mem(l.text, l.n), str_take(in, (size_t)end)));
	MUST(l.bare == has_bare(str_mem(l.text, l.n)));
	return 0;
}
