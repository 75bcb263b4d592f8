#include "mail/reply.h"

#include "base/err.h"

bool reply_ok(const struct reply *r)
{
	return r->code >= 200 && r->code < 400;
}

/* The code decides how a client reads the line, so a text can never add a line of its own. */
static void put_text(struct buf *b, struct str text)
{
	size_t at = b->n;

	buf_addstr(b, text);
	for (; at < b->n; at++)
		if (b->p[at] == '\r' || b->p[at] == '\n' || b->p[at] == '\0')
			b->p[at] = ' ';
}

static void put_code(struct buf *b, const struct reply *r)
{
	MUST(r->code >= 0);
	buf_digits(b, (uint64_t)r->code, 3);
	buf_addc(b, ' ');
}

void reply_wire(struct buf *b, const struct reply *r)
{
	put_code(b, r);
	if (r->enhanced != NULL && r->enhanced[0] != '\0') {
		buf_adds(b, r->enhanced);
		buf_addc(b, ' ');
	}
	put_text(b, r->text);
	buf_adds(b, "\r\n");
}

void reply_log(struct buf *b, const struct reply *r)
{
	put_code(b, r);
	put_text(b, r->text);
}
