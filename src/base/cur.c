#include "base/cur.h"

#include <endian.h>
#include <string.h>

size_t cur_pos(const struct cur *c)
{
	return (size_t)(c->p - c->start);
}

bool cur_itryz(struct cur *c, const char *want)
{
	struct str w = str_of(want);

	if (!str_istarts(cur_rest(c), w))
		return false;
	c->p += w.n;
	return true;
}

struct str cur_until(struct cur *c, struct str sep, const char *why)
{
	struct str head, tail;

	if (c->why != NULL || !str_cut(cur_rest(c), sep, &head, &tail)) {
		cur_fail(c, why);
		return (struct str){ c->p, 0 };
	}
	c->p += head.n + sep.n;
	return head;
}

uint64_t cur_num(struct cur *c, uint64_t max, const char *why)
{
	struct str digits = cur_span(c, ascii_isdigit, why);
	uint64_t v = 0;

	if (c->why == NULL && !str_u64(digits, max, &v))
		cur_fail(c, why);
	return v;
}

static uint64_t little(struct cur *c, size_t n)
{
	struct str s = cur_take(c, n, "cut off");
	uint64_t v = 0;

	if (s.n == n)
		memcpy(&v, s.p, n);
	return le64toh(v);
}

uint16_t cur_u16(struct cur *c)
{
	return (uint16_t)little(c, 2);
}

uint32_t cur_u32(struct cur *c)
{
	return (uint32_t)little(c, 4);
}

uint64_t cur_u64(struct cur *c)
{
	return little(c, 8);
}
