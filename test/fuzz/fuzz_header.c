/* What the walk says does not depend on the pieces (chosen by the first bytes); it never counts what is not there. */
#include "base/err.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str cuts = str_mem(data, size < 8 ? size : 8), in = str_skip(str_mem(data, size), 8);
	struct header whole = { 0 }, pieces = { 0 };

	header_feed(&whole, in.p, in.n);
	for (size_t at = 0, k = 0; at < in.n; k++) {
		struct str piece = str_take(str_skip(in, at), 1 + (unsigned char)cuts.p[k % cuts.n] % 16);

		header_feed(&pieces, piece.p, piece.n);
		at += piece.n;
	}
	MUST(whole.ended == pieces.ended && whole.malformed == pieces.malformed && whole.bytes == pieces.bytes);
	MUST(whole.fields == pieces.fields && whole.received == pieces.received);
	MUST(whole.bytes <= in.n && whole.received + whole.delivered_to <= whole.fields);
	if (whole.ended && !whole.malformed)
		MUST(str_ends(str_take(in, whole.bytes), STR("\r\n")));
	return 0;
}
