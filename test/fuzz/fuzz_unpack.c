/* Any bytes as a packed log: a limit holds, what is said of the end is true, less room gives a beginning of it. */
#include <string.h>

#include "logs/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20 };

static void look(struct str file, size_t limit, struct buf *text)
{
	struct unpacked u;

	unpack_bytes(file, limit, text, &u);
	MUST(text->n <= limit && u.at <= u.size && u.size == file.n);
	MUST((u.end == UNPACK_DAMAGED) == (u.why != NULL));
	MUST(u.end != UNPACK_SHRANK);
	if (u.end == UNPACK_LIMIT)
		MUST(text->n == limit);
	if (u.end == UNPACK_CUT)
		MUST(u.at == u.size);
	if (u.form == UNPACK_PLAIN && u.end == UNPACK_WHOLE)
		MUST(str_eq(buf_str(text), file));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str file = str_mem(data, size);
	BUF(all);
	BUF(some);

	look(file, MOST, &all);
	look(file, all.n / 2, &some);
	MUST(str_starts(buf_str(&all), buf_str(&some)));
	return 0;
}
