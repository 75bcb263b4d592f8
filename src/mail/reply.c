#include "mail/reply.h"

bool reply_ok(const struct reply *r)
{
	return r->code >= 200 && r->code < 400;
}

/* The code decides how a client reads the line, so a text can never add a line of its own. */
static void put_text(struct buf *b, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		buf_addc(b, text.p[i] == '\r' || text.p[i] == '\n' || text.p[i] == '\0' ? ' ' : text.p[i]);
}

void reply_wire(struct buf *b, const struct reply *r)
{
	buf_fmt(b, "%03d ", r->code);
	if (r->enhanced != NULL && r->enhanced[0] != '\0')
		buf_fmt(b, "%s ", r->enhanced);
	put_text(b, r->text);
	buf_adds(b, "\r\n");
}

void reply_log(struct buf *b, const struct reply *r)
{
	buf_fmt(b, "%03d ", r->code);
	put_text(b, r->text);
}
