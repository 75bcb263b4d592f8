/* A bounce of anything: no control character, no long line, three parts, no field of ours repeated in its header. */
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "mail/dsn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* raw: a message that is returned whole may hold controls (ISO-2022-JP does). */
static void check(const struct buf *b, bool raw)
{
	size_t line = 0;

	for (size_t i = 0; i < b->n; i++) {
		unsigned char c = (unsigned char)b->p[i];

		MUST(c >= 0x20 || c == '\t' || c == '\r' || c == '\n' || (raw && c != 0));
		MUST(c != '\n' || (i > 0 && b->p[i - 1] == '\r'));
		MUST(c != '\r' || b->p[i + 1] == '\n');
		line = c == '\n' ? 0 : line + 1;
		MUST(line <= 998);
	}
}

static size_t count(const struct buf *b, const char *text)
{
	struct str rest = buf_str(b);
	ptrdiff_t at;
	size_t n = 0;

	for (; (at = str_find(rest, str_of(text))) >= 0; n++)
		rest = str_skip(rest, (size_t)at + 1);
	return n;
}

/* The input: address, NUL, original, NUL, report, NUL, sender, NUL, header. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_mem(data, size);
	struct dsn_rcpt r = { .action = DSN_IS_FAILED };
	struct dsn d = { .hostname = STR("mx.example.com"), .contact = STR("c@example.com"), .rcpts = &r, .n = 1 };
	BUF(head);
	BUF(body);

	str_cut(rest, STR("\0"), &r.final, &rest);
	str_cut(rest, STR("\0"), &r.original, &rest);
	str_cut(rest, STR("\0"), &r.report, &rest);
	str_cut(rest, STR("\0"), &d.sender, &rest);
	r.final = str_take(r.final, 600);
	r.original = str_take(r.original, 600);
	d.sender = str_take(d.sender, 600);
	d.envid = str_take(r.report, 100);
	r.orcpt = str_take(r.report, 500);
	d.kind = size % 3;
	r.action = d.kind == DSN_SUCCESS ? DSN_IS_RELAYED : (enum dsn_action)d.kind;
	d.message = rest;
	d.size = rest.n;
	d.full = size % 2 == 0;
	dsn_put(&head, &body, &d);
	check(&head, false);
	check(&body, d.full);
	MUST(count(&head, "\r\n\r\n") == 1 && str_ends(buf_str(&head), STR("\r\n\r\n")));
	MUST(count(&head, "\r\nTo: ") == 1 && count(&head, "\r\nFrom: ") == 1);
	MUST(count(&body, "\r\n--=_bounce_0_") >= 4);
	return 0;
}
