#include "mail/header.h"

#include <string.h>

/*	LINE  at the start of a line: a name, a folded line, the empty line
 *	NAME  inside a field's name
 *	GAP   white space between name and colon (obsolete, still sent)
 *	VALUE to the end of the line
 *	CR    a line that started with CR: the empty line, if LF follows
 */

static void count_field(struct header *h)
{
	struct str name = str_mem(h->name, h->n);

	h->fields++;
	if (str_ieq(name, STR("Received")))
		h->received++;
	else if (str_ieq(name, STR("Delivered-To")))
		h->delivered_to++;
}

/* The line at hand is no field: the header ended where it starts. */
static void not_a_field(struct header *h)
{
	h->ended = h->malformed = true;
	h->bytes -= h->line;
}

static void at_line(struct header *h, char c)
{
	h->n = 0;
	if (c == '\r') {
		h->at = HEADER_CR;
	} else if (c == ' ' || c == '\t') {
		h->at = HEADER_VALUE;
		if (h->fields == 0)
			not_a_field(h);
	} else if (c > ' ' && c < 0x7f && c != ':') {
		h->name[h->n++] = c;
		h->at = HEADER_NAME;
	} else {
		not_a_field(h);
	}
}

static void at_name(struct header *h, char c)
{
	if (c == ':') {
		count_field(h);
		h->at = HEADER_VALUE;
	} else if (c == ' ' || c == '\t') {
		h->at = HEADER_GAP;
	} else if (c > ' ' && c < 0x7f) {
		if (h->n < sizeof(h->name))
			h->name[h->n++] = c;
	} else {
		not_a_field(h);
	}
}

static void at_gap(struct header *h, char c)
{
	if (c == ':') {
		count_field(h);
		h->at = HEADER_VALUE;
	} else if (c != ' ' && c != '\t') {
		not_a_field(h);
	}
}

static void at_value(struct header *h, char c)
{
	if (c == '\n' && h->cr) {
		h->at = HEADER_LINE;
		h->line = 0;
	}
	h->cr = c == '\r';
}

/* In a value nothing but a CR says anything. */
static size_t before_cr(const char *p, size_t n)
{
	const char *cr = memchr(p, '\r', n);

	return cr != NULL ? (size_t)(cr - p) : n;
}

static void at_cr(struct header *h, char c)
{
	if (c == '\n')
		h->ended = true;
	else
		not_a_field(h);
}

void header_feed(struct header *h, const char *p, size_t n)
{
	static void (*const step[])(struct header *, char) = {
		[HEADER_LINE] = at_line,   [HEADER_NAME] = at_name, [HEADER_GAP] = at_gap,
		[HEADER_VALUE] = at_value, [HEADER_CR] = at_cr,
	};

	for (size_t i = 0; i < n && !h->ended; i++) {
		size_t skip = h->at == HEADER_VALUE && !h->cr ? before_cr(p + i, n - i) : 0;

		h->bytes += skip;
		h->line += skip;
		i += skip;
		if (i == n)
			return;
		h->bytes++;
		h->line++;
		step[h->at](h, p[i]);
	}
}
