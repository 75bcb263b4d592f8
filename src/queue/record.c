#include "queue/record.h"

#include <string.h>

#include "base/cur.h"
#include "queue/sum.h"

uint64_t record_length(const struct record *r)
{
	uint64_t n = RECORD_HEADER + (uint64_t)r->envelope;

	if (r->big == 0)
		n += r->head + r->body;
	return (n + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

static char *put(char *to, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*to++ = (char)(v >> (8 * i) & 0xff);
	return to;
}

void record_header(const struct record *r, uint64_t nonce, char out[RECORD_HEADER])
{
	char *p = out;

	p = put(p, nonce, 8);
	p = put(p, r->segment, 8);
	p = put(p, r->offset, 8);
	p = put(p, r->qp, 8);
	p = put(p, r->envelope, 4);
	p = put(p, r->head, 4);
	p = put(p, r->body, 8);
	p = put(p, r->big, 8);
	p = put(p, r->big_sum, 8);
	p = put(p, r->sum, 8);
	put(p, sum_bytes(nonce, str_mem(out, RECORD_HEADER - 8)), 8);
}

static uint64_t mark_at(const struct scan *s, size_t at)
{
	struct cur c = cur_of(str_mem(s->bytes.p + at, 8));

	return cur_u64(&c);
}

/* A header that was written for this very place. */
static bool header_at(const struct scan *s, size_t at, struct record *r)
{
	struct str h = str_take(str_skip(s->bytes, at), RECORD_HEADER);
	struct cur c = cur_of(h);

	if (h.n < RECORD_HEADER || cur_u64(&c) != s->nonce)
		return false;
	r->segment = cur_u64(&c);
	r->offset = cur_u64(&c);
	r->qp = cur_u64(&c);
	r->envelope = cur_u32(&c);
	r->head = cur_u32(&c);
	r->body = cur_u64(&c);
	r->big = cur_u64(&c);
	r->big_sum = cur_u64(&c);
	r->sum = cur_u64(&c);
	return cur_u64(&c) == sum_bytes(s->nonce, str_take(h, RECORD_HEADER - 8)) && r->segment == s->segment &&
	       r->offset == s->base + at && r->head <= RECORD_HEAD_MAX && r->body <= RECORD_BODY_MAX &&
	       record_length(r) <= s->bytes.n - at;
}

static bool payload_good(const struct scan *s, struct scan_hit *hit)
{
	struct record *r = &hit->r;
	struct str rest = str_skip(s->bytes, s->at + RECORD_HEADER), payload = rest;

	payload.n = r->envelope + (r->big == 0 ? r->head + (size_t)r->body : 0);
	hit->envelope = str_take(rest, r->envelope);
	hit->head = r->big == 0 ? str_take(str_skip(rest, r->envelope), r->head) : STR("");
	hit->body = r->big == 0 ? str_take(str_skip(rest, r->envelope + (size_t)r->head), (size_t)r->body) : STR("");
	return sum_bytes(r->qp, payload) == r->sum;
}

static bool zero(struct str s)
{
	return s.n == 0 || (s.p[0] == '\0' && memcmp(s.p, s.p + 1, s.n - 1) == 0);
}

static enum scan_found bad(struct scan *s, struct scan_hit *hit, size_t to, const char *why)
{
	hit->from = s->base + s->at;
	hit->to = s->base + to;
	hit->why = why;
	s->at = to;
	return SCAN_BAD;
}

/* The end of the last bytes that are not zero, or that carry our mark (before that nothing is known). */
static size_t end_of_content(const struct scan *s)
{
	size_t n = s->bytes.n;

	while (n > s->at && s->bytes.p[n - 1] == '\0')
		n--;
	n = (n + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
	return n < s->bytes.n ? n : s->bytes.n;
}

/* No record stands at s->at: find out what does. */
static enum scan_found look_on(struct scan *s, struct scan_hit *hit)
{
	bool marked = false;

	for (size_t q = s->at; q + RECORD_HEADER <= s->bytes.n; q += RECORD_ALIGN) {
		if (mark_at(s, q) != s->nonce)
			continue;
		if (q > s->at && header_at(s, q, &hit->r))
			return bad(s, hit, q, "not a record");
		marked = true;
	}
	if (s->whole)
		return bad(s, hit, s->bytes.n, "not a record");
	if (marked || (!s->recycled && !zero(str_skip(s->bytes, s->at))))
		return bad(s, hit, end_of_content(s), "a record that was not completed");
	s->at = s->bytes.n;
	return SCAN_END;
}

enum scan_found record_next(struct scan *s, struct scan_hit *hit)
{
	size_t length;

	*hit = (struct scan_hit){ 0 };
	if (s->at >= s->bytes.n)
		return SCAN_END;
	if (!header_at(s, s->at, &hit->r))
		return look_on(s, hit);
	length = (size_t)record_length(&hit->r);
	if (!payload_good(s, hit))
		return bad(s, hit, s->at + length, "a record whose checksum is wrong");
	hit->from = s->base + s->at;
	s->at += length;
	hit->to = s->base + s->at;
	return SCAN_RECORD;
}
