#include "wire/dot_out.h"

static void end_line(struct dot_out *d, struct buf *out)
{
	buf_add(out, "\r\n", 2);
	d->inside = d->cr = false;
}

/* Bytes of a line up to its end, or the piece's. */
static size_t run(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '\r' && s.p[n] != '\n')
		n++;
	return n;
}

void dot_out_put(struct dot_out *d, struct str in, struct buf *out)
{
	while (in.n > 0) {
		size_t n = run(in);

		if (d->cr && !(n == 0 && in.p[0] == '\n'))
			end_line(d, out);
		if (n == 0) {
			if (in.p[0] == '\n')
				end_line(d, out);
			else
				d->cr = true;
			in = str_skip(in, 1);
			continue;
		}
		if (!d->inside && !d->bare && in.p[0] == '.')
			buf_addc(out, '.');
		buf_add(out, in.p, n);
		d->inside = true;
		in = str_skip(in, n);
	}
}

void dot_out_end(struct dot_out *d, struct buf *out)
{
	if (d->cr || d->inside)
		end_line(d, out);
	if (!d->bare)
		buf_add(out, ".\r\n", 3);
}
