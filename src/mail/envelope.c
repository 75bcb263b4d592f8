#include "mail/envelope.h"

#include <endian.h>
#include <string.h>
#include "base/cur.h"

/* packed = "TE1" count:u32 *( type:u8 length:u32 bytes )
 *
 * `count` is the number of recipients.  A recipient is one field of type RCPT:
 * channel:u8, u32 length + final, and original, which fills the rest (nothing
 * when it equals final).  ASKED may follow it and belongs to it: notify:u8, and
 * orcpt, which fills the rest.  So does HOW: one byte, enum led and, as 128, replies.  All numbers are little-endian.
 */
static const char magic[] = "TE1";
enum { RCPT = 64, ASKED = 65, HOW = 66, REPLIES = 128 };

static void put_u32(struct buf *b, size_t v)
{
	unsigned char p[4] = { (unsigned char)v, (unsigned char)(v >> 8), (unsigned char)(v >> 16),
			       (unsigned char)(v >> 24) };

	MUST(v <= UINT32_MAX);
	buf_add(b, p, sizeof(p));
}

static void put_str(struct buf *b, int type, struct str s)
{
	if (s.n == 0)
		return;
	buf_addc(b, (char)type);
	put_u32(b, s.n);
	buf_addstr(b, s);
}

static void put_num(struct buf *b, int type, uint64_t v)
{
	if (v == 0)
		return;
	buf_addc(b, (char)type);
	put_u32(b, 8);
	v = htole64(v);
	buf_add(b, &v, sizeof(v));
}

static void put_how(struct buf *b, const struct recipient *r)
{
	if (r->led == LED_PLAIN && !r->replies)
		return;
	buf_addc(b, (char)HOW);
	put_u32(b, 1);
	buf_addc(b, (char)(r->led | (r->replies ? REPLIES : 0)));
}

static void put_recipient(struct buf *b, const struct recipient *r)
{
	bool same = str_eq(r->final, r->original);

	buf_addc(b, (char)RCPT);
	put_u32(b, 1 + 4 + r->final.n + (same ? 0 : r->original.n));
	buf_addc(b, (char)r->channel);
	put_u32(b, r->final.n);
	buf_addstr(b, r->final);
	if (!same)
		buf_addstr(b, r->original);
	put_how(b, r);
	if (r->notify == 0 && r->orcpt.n == 0)
		return;
	buf_addc(b, (char)ASKED);
	put_u32(b, 1 + r->orcpt.n);
	buf_addc(b, (char)r->notify);
	buf_addstr(b, r->orcpt);
}

size_t envelope_settles(const struct envelope *v)
{
	if (v->parent_qp == 0 || v->delay || v->autoreply)
		return 0;
	return v->parent_rcpts.n > 0 ? v->parent_rcpts.n / 4 : 1;
}

uint64_t envelope_settled(const struct envelope *v, size_t i)
{
	struct cur in = cur_of(str_skip(v->parent_rcpts, i * 4));

	return v->parent_rcpts.n > 0 ? cur_u32(&in) : v->parent_rcpt;
}

bool envelope_junk(const struct envelope *v, size_t rcpt)
{
	size_t low = 0, high = v->junk.n / 4;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct cur in = cur_of(str_skip(v->junk, middle * 4));
		uint32_t at = cur_u32(&in);

		if (at == rcpt)
			return true;
		if (at < rcpt)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

void envelope_add_index(struct buf *list, size_t rcpt)
{
	put_u32(list, rcpt);
}

void envelope_pack(struct buf *b, const struct envelope *v)
{
	buf_add(b, magic, sizeof(magic) - 1);
	put_u32(b, v->nrcpts);
#define FIELD_STR(number, member) put_str(b, number, v->member);
#define FIELD_NUM(number, member) put_num(b, number, (uint64_t)v->member);
#include "mail/envelope.def"
#undef FIELD_STR
#undef FIELD_NUM
	for (size_t i = 0; i < v->nrcpts; i++)
		put_recipient(b, &v->rcpts[i]);
}

static void take_recipient(struct cur *c, struct str body, struct recipient *r)
{
	struct cur in = cur_of(body);
	int channel = cur_next(&in);
	uint32_t n = cur_u32(&in);

	r->final = cur_take(&in, n, "recipient cut short");
	r->original = cur_rest(&in);
	if (!cur_ok(&in) || r->final.n == 0)
		cur_fail(c, "recipient cut short");
	if (channel != CHANNEL_LOCAL && channel != CHANNEL_REMOTE)
		cur_fail(c, "unknown channel");
	r->channel = (enum channel)channel;
	if (r->original.n == 0)
		r->original = r->final;
}

static void take_asked(struct cur *c, struct str body, struct recipient *r)
{
	struct cur in = cur_of(body);
	int notify = cur_next(&in);

	if (r == NULL || notify < 0)
		cur_fail(c, "options of no recipient");
	if (c->why != NULL)
		return;
	r->notify = (uint64_t)notify;
	r->orcpt = cur_rest(&in);
}

static void take_how(struct cur *c, struct str body, struct recipient *r)
{
	int how = body.n == 1 ? (unsigned char)body.p[0] : -1;

	if (r == NULL || how < 0 || (how & ~REPLIES) >= LED_COUNT) {
		cur_fail(c, "bad way to a recipient");
		return;
	}
	r->led = (enum led)(how & ~REPLIES);
	r->replies = (how & REPLIES) != 0;
}

static uint64_t take_num(struct cur *c, struct str body)
{
	struct cur in = cur_of(body);
	uint64_t v = cur_u64(&in);

	if (!cur_ok(&in) || !cur_end(&in))
		cur_fail(c, "bad number");
	return v;
}

static void take_field(struct cur *c, int type, struct str body, struct envelope *v)
{
	switch (type) {
#define FIELD_STR(number, member) \
	case number: \
		v->member = body; \
		break;
#define FIELD_NUM(number, member) \
	case number: \
		v->member = (__typeof__(v->member))take_num(c, body); \
		break;
#include "mail/envelope.def"
#undef FIELD_STR
#undef FIELD_NUM
	default:
		break;
	}
}

static int unpack_error(const struct cur *c, struct err *e)
{
	return err_set(e, "envelope: %s at byte %zu", c->why, (size_t)(c->where - c->start));
}

int envelope_unpack(struct str packed, struct arena *a, struct envelope *v, struct err *e)
{
	struct cur c = cur_of(packed);
	struct envelope x = { 0 };
	struct recipient *rcpts = NULL;
	size_t seen = 0;

	cur_wantz(&c, magic, "not an envelope");
	x.nrcpts = cur_u32(&c);
	/* A recipient takes 10 bytes at least: a count that the bytes cannot hold never becomes memory. */
	if (x.nrcpts > ENVELOPE_RECIPIENTS_MAX || x.nrcpts > packed.n / 10)
		cur_fail(&c, "too many recipients");
	if (cur_ok(&c) && x.nrcpts > 0)
		rcpts = arena_alloc(a, x.nrcpts * sizeof(*rcpts));
	while (cur_ok(&c) && !cur_end(&c)) {
		int type = cur_next(&c);
		uint32_t n = cur_u32(&c);
		struct str body = cur_take(&c, n, "field cut short");

		if (!cur_ok(&c))
			break;
		if (type == ASKED)
			take_asked(&c, body, seen > 0 ? &rcpts[seen - 1] : NULL);
		else if (type == HOW)
			take_how(&c, body, seen > 0 ? &rcpts[seen - 1] : NULL);
		else if (type != RCPT)
			take_field(&c, type, body, &x);
		else if (seen == x.nrcpts)
			cur_fail(&c, "more recipients than counted");
		else
			take_recipient(&c, body, &rcpts[seen++]);
	}
	if (cur_ok(&c) && (x.parent_rcpts.n % 4 != 0 || x.junk.n % 4 != 0))
		cur_fail(&c, "bad list of recipients");
	if (cur_ok(&c) && seen != x.nrcpts)
		cur_fail(&c, "fewer recipients than counted");
	if (!cur_ok(&c))
		return unpack_error(&c, e);
	x.rcpts = rcpts;
	*v = x;
	return 0;
}
