#include "wire/said.h"

void said_reset(struct said *a)
{
	struct buf kept = a->text;

	buf_reset(&kept);
	*a = (struct said){ .text = kept };
}

void said_clear(struct said *a)
{
	buf_clear(&a->text);
	*a = (struct said){ 0 };
}

bool said_is(const struct said *a, int class)
{
	return a->done && a->code / 100 == class;
}

static void keep(struct said *a, char c)
{
	if (a->text.n < SAID_KEPT)
		buf_addc(&a->text, c);
}

static void line_ends(struct said *a)
{
	/* Lines that say yes and no at once are no reply (RFC 5321 4.2.1 wants one code in all). */
	if (a->column < 3 || (a->code != 0 && a->code / 100 != a->number / 100)) {
		a->bad = true;
		return;
	}
	keep(a, '\n');
	a->code = a->number;
	a->done = !a->more;
	a->column = 0;
	a->more = a->cr = false;
	a->number = 0;
}

/* The three digits, and what stands behind them. */
static void take_code(struct said *a, char c)
{
	if (a->column < 3) {
		a->bad = !ascii_isdigit(c) || (a->column == 0 && (c < '2' || c > '5'));
		a->number = a->number * 10 + (c - '0');
	} else {
		a->bad = c != ' ' && c != '-';
		a->more = c == '-';
	}
	if (!a->bad)
		keep(a, c);
	a->column++;
}

static void take(struct said *a, char c)
{
	if (c == '\n') {
		line_ends(a);
		return;
	}
	if (a->cr)
		keep(a, '?');
	a->cr = c == '\r';
	if (a->cr)
		return;
	if (a->column <= 3)
		take_code(a, c);
	else
		keep(a, ascii_isprint(c) ? c : c == '\t' ? ' ' : '?');
}

size_t said_feed(struct said *a, const char *p, size_t n)
{
	size_t used = 0;

	while (used < n && !a->done && !a->bad) {
		take(a, p[used++]);
		if (++a->bytes >= SAID_BYTES_MAX && !a->done)
			a->bad = true;
	}
	return used;
}

bool said_line(struct str *rest, struct str *line)
{
	if (rest->n == 0)
		return false;
	str_cut(*rest, STR("\n"), line, rest);
	*line = str_trim(str_skip(*line, 4));
	return true;
}

int wire_said(struct wire *w, struct said *a, int64_t deadline)
{
	said_reset(a);
	for (;;) {
		struct str in = wire_input(w);
		int rc;

		wire_used(w, said_feed(a, in.p, in.n));
		if (a->bad)
			errno = EPROTO;
		if (a->done || a->bad)
			return a->done ? 0 : -1;
		rc = wire_fill(w, deadline);
		if (rc == 0)
			errno = ECONNRESET;
		if (rc <= 0)
			return -1;
	}
}
