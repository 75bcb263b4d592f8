#include "gate/packed.h"

#include "base/err.h"

void packed_num(struct buf *b, uint32_t v)
{
	for (int shift = 0; shift < 32; shift += 8)
		buf_addc(b, (char)(v >> shift));
}

void packed_str(struct buf *b, struct str s)
{
	MUST(s.n <= UINT32_MAX);
	packed_num(b, (uint32_t)s.n);
	buf_addstr(b, s);
}

struct str packed_take(struct cur *c)
{
	return cur_take(c, cur_u32(c), "cut");
}
