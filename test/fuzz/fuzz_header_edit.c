/* A header block is written back byte for byte; what strangers' edits bring has no line end that is no fold.
 * Input: the block, a NUL, then edits: kind, place, name, NUL, value, NUL. */
#include "base/err.h"
#include "handoff/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct str block)
{
	struct head h;
	ARENA(a);
	BUF(out);

	head_read(&h, &a, block);
	head_put(&out, &h, HEAD_WHOLE);
	MUST(str_eq(buf_str(&out), block));
}

static void check_value(const struct edit *d)
{
	for (size_t i = 0; d->kind != EDIT_DELETE && i < d->value.n; i++) {
		char c = d->value.p[i];

		MUST(c != '\0');
		if (c == '\n')
			MUST(i > 0 && d->value.p[i - 1] == '\r' && i + 1 < d->value.n &&
			     (d->value.p[i + 1] == ' ' || d->value.p[i + 1] == '\t'));
		if (c == '\r')
			MUST(i + 1 < d->value.n && d->value.p[i + 1] == '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size), part, name, value;
	struct head h;
	const char *why;
	ARENA(a);
	BUF(out);

	str_cut(in, str_mem("", 1), &part, &in);
	round_trip(part);
	head_read(&h, &a, part);
	while (in.n >= 2) {
		struct edit d = { .kind = (unsigned char)in.p[0] % 4, .at = (signed char)in.p[1] };
		size_t n = h.n;

		str_cut(str_skip(in, 2), str_mem("", 1), &name, &in);
		str_cut(in, str_mem("", 1), &value, &in);
		d.name = name;
		d.value = value;
		if (edit_make(&d, &a, &why) < 0)
			continue;
		check_value(&d);
		MUST(head_edit(&h, &d, 1) == 0 && h.n <= n + 1 && h.above <= h.n);
	}
	head_put(&out, &h, HEAD_WHOLE);
	return 0;
}
