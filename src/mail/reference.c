#include "mail/reference.h"

#include "base/cur.h"
#include "mail/seal.h"

enum { VERSION = 1, DAY = 86400, NUMBER_BITS = 63 };

int64_t reference_day(int64_t seconds)
{
	return (seconds > 0 ? seconds / DAY : 0) + REFERENCE_DAYS;
}

/* ---- numbers ---- */

static void put_number(struct buf *b, uint64_t v)
{
	for (; v > 127; v >>= 7)
		buf_addc(b, (char)(v | 128));
	buf_addc(b, (char)v);
}

/* Only the shortest form is one. */
static uint64_t take_number(struct cur *c)
{
	uint64_t v = 0;
	unsigned shift = 0;
	int byte;

	do {
		byte = cur_next(c);
		if (byte < 0 || shift >= NUMBER_BITS)
			cur_fail(c, "bad number");
		else
			v |= (uint64_t)(byte & 127) << shift;
		shift += 7;
	} while (cur_ok(c) && byte > 127);
	if (byte == 0 && shift > 7)
		cur_fail(c, "long number");
	return v;
}

static bool read_body(struct str body, struct reference *out)
{
	struct cur c = cur_of(body);
	struct reference x;

	if (cur_next(&c) != VERSION)
		cur_fail(&c, "another version");
	x.connection = take_number(&c);
	x.index = take_number(&c);
	x.day = (int64_t)take_number(&c);
	if (!cur_ok(&c) || !cur_end(&c))
		return false;
	*out = x;
	return true;
}

/* ---- both ways ---- */

void reference_put(struct buf *b, struct str key, const struct reference *x)
{
	BUF(body);

	buf_addc(&body, VERSION);
	put_number(&body, x->connection);
	put_number(&body, x->index);
	put_number(&body, (uint64_t)x->day);
	seal_put(b, key, "why", buf_str(&body));
}

enum reference_word reference_read(struct str text, struct str key, int64_t seconds, struct reference *out)
{
	BUF(body);

	if (text.n > REFERENCE_TEXT_MAX || !seal_open(text, key, "why", &body) || !read_body(buf_str(&body), out))
		return REFERENCE_FORGED;
	return out->day < (seconds > 0 ? seconds / DAY : 0) ? REFERENCE_EXPIRED : REFERENCE_GOOD;
}
