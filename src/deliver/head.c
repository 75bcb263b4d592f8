#include "deliver/head.h"

#include <string.h>

/*	LINE   at the start of a line: a name, a folded line, the empty line
 *	NAME   inside a field's name
 *	GAP    white space between name and colon (obsolete, still sent)
 *	VALUE  to the end of the line
 */

static void write_held(struct head *h, struct buf *out)
{
	buf_add(out, h->name, h->held);
	h->held = 0;
}

/* A field is over when something else than a folded line follows. */
static void end_field(struct head *h)
{
	if (h->field == HEAD_DELIVERED_TO && h->n <= sizeof(h->value))
		h->loops |= str_ieq(str_trim(str_mem(h->value, h->n)), h->final);
	h->field = HEAD_OTHER;
	h->n = 0;
}

/* The line at hand is no field: the header ended where it starts. */
static void begin_body(struct head *h, char c, struct buf *out)
{
	write_held(h, out);
	buf_addc(out, c);
	h->ended = true;
}

/* Hold a byte back until the name is known, unless it is too long to be one of ours. */
static void hold(struct head *h, char c, struct buf *out)
{
	if (h->held == sizeof(h->name))
		h->long_name = true;
	if (h->long_name) {
		write_held(h, out);
		buf_addc(out, c);
	} else {
		h->name[h->held++] = c;
	}
}

static bool name_byte(char c)
{
	return c > ' ' && (unsigned char)c < 0x7f && c != ':';
}

static void at_line(struct head *h, char c, struct buf *out)
{
	if ((c == ' ' || c == '\t') && h->field != HEAD_NONE) {
		h->at = HEAD_VALUE;
		if (h->field != HEAD_RETURN_PATH)
			buf_addc(out, c);
		return;
	}
	end_field(h);
	h->long_name = false;
	if (!name_byte(c)) {
		begin_body(h, c, out);
		return;
	}
	h->at = HEAD_NAME;
	hold(h, c, out);
}

static void begin_value(struct head *h, struct buf *out)
{
	struct str name = str_trim(str_mem(h->name, h->held));

	h->at = HEAD_VALUE;
	h->field = HEAD_OTHER;
	if (!h->long_name && str_ieq(name, STR("Delivered-To")))
		h->field = HEAD_DELIVERED_TO;
	if (!h->long_name && str_ieq(name, STR("Return-Path"))) {
		h->field = HEAD_RETURN_PATH;
		h->held = 0;
		return;
	}
	write_held(h, out);
	buf_addc(out, ':');
}

static void at_name(struct head *h, char c, struct buf *out)
{
	bool gap = c == ' ' || c == '\t';

	if (c == ':') {
		begin_value(h, out);
	} else if (gap || (h->at == HEAD_NAME && name_byte(c))) {
		h->at = gap ? HEAD_GAP : HEAD_NAME;
		hold(h, c, out);
	} else {
		begin_body(h, c, out);
	}
}

/* The value's bytes up to the end of the line, as many as are here.  Returns how many. */
static size_t take_value(struct head *h, struct str in, struct buf *out)
{
	ptrdiff_t end = str_chr(in, '\n');
	size_t n = end < 0 ? in.n : (size_t)end + 1, text = end < 0 ? in.n : (size_t)end;

	if (h->field != HEAD_RETURN_PATH)
		buf_add(out, in.p, n);
	if (h->field == HEAD_DELIVERED_TO) {
		if (h->n < sizeof(h->value))
			memcpy(h->value + h->n, in.p, text < sizeof(h->value) - h->n ? text : sizeof(h->value) - h->n);
		h->n += text;
	}
	if (end >= 0)
		h->at = HEAD_LINE;
	return n;
}

void head_feed(struct head *h, struct str in, struct buf *out)
{
	while (in.n > 0 && !h->ended) {
		size_t n = 1;

		if (h->at == HEAD_LINE)
			at_line(h, in.p[0], out);
		else if (h->at == HEAD_VALUE)
			n = take_value(h, in, out);
		else
			at_name(h, in.p[0], out);
		in = str_skip(in, n);
	}
	buf_addstr(out, in);
}

void head_put_address(struct buf *b, struct str address)
{
	for (size_t i = 0; i < address.n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		buf_addc(b, c < 0x20 || c == 0x7f ? '_' : (char)c);
	}
}

void head_end(struct head *h, struct buf *out)
{
	if (h->ended)
		return;
	end_field(h);
	write_held(h, out);
}
