#include "mail/downgrade_inside.h"

#include <stdlib.h>

/* ---- lines ---- */

/* The enclosing part whose boundary this is, from 1; 0: none. */
static size_t boundary_of(const struct downgrade *d, struct str text, bool *last)
{
	for (size_t i = d->depth; i > 0; i--) {
		const struct enclosing *x = &d->around[i - 1];
		struct str rest = str_skip(text, 2 + x->n);

		if (!str_starts(text, STR("--")) || !str_starts(str_skip(text, 2), str_mem(x->boundary, x->n)))
			continue;
		*last = str_starts(rest, STR("--"));
		if (str_trim(*last ? str_skip(rest, 2) : rest).n == 0)
			return i;
	}
	return 0;
}

static void take_boundary(struct downgrade *d, size_t depth, bool last, struct str text)
{
	if (d->place == IN_HEAD) /* a part that is only a header */
		downgrade_bare_head(d);
	downgrade_end_body(d, true);
	if (d->writing) {
		buf_addstr(d->out, text);
		buf_adds(d->out, "\r\n");
	}
	d->depth = last ? depth - 1 : depth;
	if (last)
		d->place = IN_BETWEEN;
	else
		downgrade_begin_part(d, false);
}

/* A line, or a piece of one that is long: `inside` when it is not the first. */
static void take(struct downgrade *d, struct str text, bool ended, bool inside)
{
	bool last = false;
	size_t depth = ended && !inside ? boundary_of(d, text, &last) : 0;

	if (d->why != NULL)
		return;
	if (depth > 0)
		take_boundary(d, depth, last, text);
	else if (d->place == IN_HEAD)
		downgrade_head(d, text, ended, inside);
	else if (d->place == IN_BODY)
		downgrade_body(d, text, ended);
	else
		downgrade_between(d, text, ended);
}

static void take_line(struct downgrade *d, bool ended)
{
	struct str text = buf_str(&d->line);

	if (ended && str_ends(text, STR("\r")))
		text.n--;
	take(d, text, ended, d->inside);
	d->inside = !ended;
	buf_reset(&d->line);
}

/* A long line goes on in pieces; a CR at the end of one may belong to the line's end. */
static void hand_on(struct downgrade *d)
{
	bool cr = str_ends(buf_str(&d->line), STR("\r"));

	d->line.n -= cr;
	take_line(d, false);
	if (cr)
		buf_addc(&d->line, '\r');
}

static void feed(struct downgrade *d, struct str in)
{
	while (in.n > 0) {
		ptrdiff_t at = str_chr(in, '\n');
		size_t n = at < 0 ? in.n : (size_t)at;

		if (n == 0) {
			take_line(d, true);
			in = str_skip(in, 1);
			continue;
		}
		if (d->line.n >= LINE_MOST)
			hand_on(d);
		n = n < LINE_MOST - d->line.n ? n : LINE_MOST - d->line.n;
		buf_addstr(&d->line, str_take(in, n));
		in = str_skip(in, n);
	}
}

static void end_all(struct downgrade *d)
{
	if (d->line.n > 0)
		take_line(d, false);
	if (d->place == IN_HEAD && d->why == NULL)
		downgrade_end_head(d);
	downgrade_end_body(d, false);
}

/* ---- */

static void begin(struct downgrade *d)
{
	d->now = d->depth = 0;
	d->place = IN_HEAD;
	d->way = WAY_AS_IT_IS;
	d->message = true;
	d->fixed = d->inside = d->held = false;
	d->utf8 = 0;
	buf_reset(&d->head);
	buf_reset(&d->line);
}

struct downgrade *downgrade_new(void)
{
	struct downgrade *d = mem_alloc(sizeof(*d));

	begin(d);
	return d;
}

void downgrade_free(struct downgrade *d)
{
	if (d == NULL)
		return;
	buf_clear(&d->head);
	buf_clear(&d->line);
	free(d);
}

void downgrade_look(struct downgrade *d, struct str piece)
{
	feed(d, piece);
}

int downgrade_decide(struct downgrade *d, struct err *e)
{
	end_all(d);
	if (d->why != NULL)
		return err_set(e, "%s", d->why);
	begin(d);
	d->writing = true;
	return 0;
}

void downgrade_put(struct downgrade *d, struct str piece, struct buf *out)
{
	MUST(d->writing && d->why == NULL);
	d->out = out;
	feed(d, piece);
}

void downgrade_end(struct downgrade *d, struct buf *out)
{
	MUST(d->writing && d->why == NULL);
	d->out = out;
	end_all(d);
}
