/* Whatever the list is: its tags are pieces of it, in order, each name once; written again and read, it is the same. */
#include "base/buf.h"
#include "base/err.h"
#include "vouch/tags.h"

static void write_again(const struct tags *t, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		buf_addstr(out, t->list[i].name);
		buf_addc(out, '=');
		buf_addstr(out, t->list[i].value);
		buf_addc(out, ';');
	}
}

static void must_be_inside(struct str piece, const char *from, const char *to)
{
	MUST(piece.p >= from && piece.p + piece.n <= to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_mem(data, size), rest = in, item;
	struct tags t, again;
	bool good = tags_parse(in, &t);
	size_t items = 0;
	BUF(text);

	MUST(good == (t.why == NULL) && t.n <= TAGS_MAX);
	for (size_t i = 0; i < t.n; i++) {
		must_be_inside(t.list[i].name, in.p, in.p + in.n);
		must_be_inside(t.list[i].place, t.list[i].name.p, in.p + in.n);
		must_be_inside(t.list[i].value, t.list[i].place.p, t.list[i].place.p + t.list[i].place.n);
	}
	write_again(&t, &text);
	if (good) {
		MUST(t.n > 0 && tags_parse(buf_str(&text), &again) && again.n == t.n);
		for (size_t i = 0; i < t.n; i++)
			MUST(str_eq(t.list[i].name, again.list[i].name) &&
			     str_eq(t.list[i].value, again.list[i].value));
	}
	while (tags_item(&rest, &item))
		items++;
	MUST(size == 0 || items <= size + 1);
	return 0;
}
