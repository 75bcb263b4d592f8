/* Any bytes as lines of a log: what is erased leaves as many lines, is gone, and all else stays. */
#include <string.h>

#include "base/err.h"
#include "trace/erase.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t lines_of(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_mem(data, size);
	struct erase x;
	bool any;
	ARENA(a);
	BUF(out);
	BUF(again);

	MUST(erase_init(&x, STR("john@x.example"), &a));
	any = erase_text(&x, text, &out);
	MUST(any == (x.places > 0) && any == (x.lines > 0));
	MUST(any || str_eq(buf_str(&out), text));
	MUST(lines_of(buf_str(&out)) == lines_of(text));
	MUST(!any || str_find(buf_str(&out), STR("erased")) >= 0);
	(void)erase_text(&x, buf_str(&out), &again);
	return 0;
}
