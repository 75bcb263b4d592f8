#include "base/cur.h"

#include <endian.h>
#include <string.h>

struct cur cur_of(struct str s)
{
	const char *p = s.p != NULL ? s.p : "";

	return (struct cur){ .p = p, .end = p + s.n, .start = p };
}

bool cur_ok(const struct cur *c)
{
	return c->why == NULL;
}

bool cur_end(const struct cur *c)
{
	return c->why != NULL || c->p == c->end;
}

struct str cur_rest(const struct cur *c)
{
	return (struct str){ c->p, c->why == NULL ? (size_t)(c->end - c->p) : 0 };
}

size_t cur_pos(const struct cur *c)
{
	return (size_t)(c->p - c->start);
}

void cur_fail(struct cur *c, const char *why)
{
	if (c->why != NULL)
		return;
	c->why = why;
	c->where = c->p;
}

int cur_peek(const struct cur *c)
{
	return cur_end(c) ? -1 : (unsigned char)*c->p;
}

int cur_next(struct cur *c)
{
	return cur_end(c) ? -1 : (unsigned char)*c->p++;
}

bool cur_try(struct cur *c, char want)
{
	if (cur_end(c) || *c->p != want)
		return false;
	c->p++;
	return true;
}

bool cur_tryz(struct cur *c, const char *want)
{
	struct str w = str_of(want);

	if (!str_starts(cur_rest(c), w))
		return false;
	c->p += w.n;
	return true;
}

bool cur_itryz(struct cur *c, const char *want)
{
	struct str w = str_of(want);

	if (!str_istarts(cur_rest(c), w))
		return false;
	c->p += w.n;
	return true;
}

void cur_want(struct cur *c, char want, const char *why)
{
	if (!cur_try(c, want))
		cur_fail(c, why);
}

void cur_wantz(struct cur *c, const char *want, const char *why)
{
	if (!cur_tryz(c, want))
		cur_fail(c, why);
}

struct str cur_span(struct cur *c, bool (*is)(char), const char *why)
{
	const char *from = c->p;

	if (c->why != NULL)
		return (struct str){ from, 0 };
	while (c->p < c->end && is(*c->p))
		c->p++;
	if (c->p == from && why != NULL)
		cur_fail(c, why);
	return (struct str){ from, (size_t)(c->p - from) };
}

struct str cur_take(struct cur *c, size_t n, const char *why)
{
	struct str s = cur_rest(c);

	if (s.n < n)
		cur_fail(c, why);
	if (c->why != NULL)
		return (struct str){ c->p, 0 };
	c->p += n;
	return str_take(s, n);
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
