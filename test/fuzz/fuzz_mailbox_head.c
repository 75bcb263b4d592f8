/* What goes into a mailbox does not depend on the pieces (chosen by the first bytes); nothing but whole Return-Path
 * fields of the header is left out; the header ends where mail/header.h says. */
#include "base/err.h"
#include "deliver/head.h"
#include "mail/header.h"

/* A line end of a message is CRLF, of a mailbox LF. */
static void with_crlf(struct buf *out, struct str in)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\n')
			buf_addc(out, '\r');
		buf_addc(out, in.p[i]);
	}
}

/* Without bare CR the two walks must agree. */
static void same_end(struct str in, const struct head *h, struct str out)
{
	BUF(message);
	struct header walk = { 0 };
	size_t n = 0;

	if (str_chr(in, '\r') >= 0)
		return;
	with_crlf(&message, in);
	header_feed(&walk, message.p, message.n);
	MUST(h->ended == walk.ended);
	for (uint64_t i = 0; i < walk.bytes; i++)
		n += message.p[i] != '\r';
	if (walk.ended)
		MUST(str_ends(out, str_skip(in, n)));
}

static bool has_return_path(struct str in)
{
	while (in.n > 0 && !str_istarts(in, STR("return-path")))
		in = str_skip(in, 1);
	return in.n > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str cuts = str_mem(data, size < 8 ? size : 8), in = str_skip(str_mem(data, size), 8);
	struct head whole = { .final = STR("bob@example.com") }, pieces = { .final = STR("bob@example.com") };
	BUF(a);
	BUF(b);

	head_feed(&whole, in, &a);
	head_end(&whole, &a);
	for (size_t at = 0, k = 0; at < in.n; k++) {
		struct str piece = str_take(str_skip(in, at), 1 + (unsigned char)cuts.p[k % cuts.n] % 16);

		head_feed(&pieces, piece, &b);
		at += piece.n;
	}
	head_end(&pieces, &b);
	MUST(str_eq(buf_str(&a), buf_str(&b)) && whole.loops == pieces.loops && whole.ended == pieces.ended);
	MUST(has_return_path(in) ? a.n <= in.n : str_eq(buf_str(&a), in));
	same_end(in, &whole, buf_str(&a));
	return 0;
}
