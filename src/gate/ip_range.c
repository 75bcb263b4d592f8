#include "gate/ip_range.h"

#include <string.h>
#include "base/cur.h"
#include "base/inet.h"

/* An IPv4 entry, octet by octet. */
struct quad {
	unsigned from[4], to[4];
	size_t n; /* octets that were written */
};

static struct ip four(const unsigned char octets[4])
{
	struct ip x = { .b = { 4 } };

	memcpy(&x.b[13], octets, 4);
	return x;
}

static bool six(struct str s, struct ip *out)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned char bytes[INET_BYTES_MAX];

	if (!inet_bytes(AF_INET6, s, bytes))
		return false;
	out->b[0] = 6;
	memcpy(&out->b[1], bytes, 16);
	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		*out = four(&bytes[12]);
	return true;
}

static unsigned octet(struct cur *c)
{
	size_t from = cur_pos(c);
	unsigned n = (unsigned)cur_num(c, 255, "an octet is 0 to 255");

	if (cur_pos(c) - from > 3)
		cur_fail(c, "an octet has at most three digits");
	return n;
}

/* quad = range *3("." range) ["."], range = octet ["-" octet] */
static void take_quad(struct cur *c, struct quad *q)
{
	do {
		unsigned from = octet(c), to = from;

		if (cur_try(c, '-'))
			to = octet(c);
		if (to < from)
			cur_fail(c, "a range goes from the smaller to the larger number");
		if (c->why != NULL)
			return;
		q->from[q->n] = from;
		q->to[q->n++] = to;
	} while (q->n < 4 && cur_try(c, '.') && ascii_isdigit((char)cur_peek(c)));
}

static bool is_address(const struct quad *q)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->from[i] != q->to[i])
			return false;
	return q->n == 4;
}

static const char *quad_of(struct str s, struct quad *q)
{
	struct cur c = cur_of(s);

	*q = (struct quad){ .to = { 255, 255, 255, 255 } };
	take_quad(&c, q);
	if (c.why == NULL && !cur_end(&c))
		cur_fail(&c, "not an address");
	return c.why;
}

bool ip_parse(struct str s, struct ip *out)
{
	struct quad q;
	unsigned char octets[4];

	if (str_chr(s, ':') >= 0)
		return six(s, out);
	if (quad_of(s, &q) != NULL || !is_address(&q))
		return false;
	for (size_t i = 0; i < 4; i++)
		octets[i] = (unsigned char)q.from[i];
	*out = four(octets);
	return true;
}

/* All octets behind the one at `last` may be anything; those before it are written out, one range for each. */
static size_t ranges_of(const struct quad *q, struct ip_range *out, const char **why)
{
	size_t last = 3, n = 1;

	while (last > 0 && q->from[last] == 0 && q->to[last] == 255)
		last--;
	for (size_t i = 0; i < last; i++)
		n *= q->to[i] - q->from[i] + 1;
	if (n > IP_RANGES_MAX) {
		*why = "these are too many ranges: write them as several entries";
		return 0;
	}
	for (size_t k = 0; k < n; k++) {
		unsigned char from[4] = { 0 }, to[4] = { 255, 255, 255, 255 };
		size_t rest = k;

		for (size_t i = last; i-- > 0; rest /= q->to[i] - q->from[i] + 1)
			from[i] = to[i] = (unsigned char)(q->from[i] + rest % (q->to[i] - q->from[i] + 1));
		from[last] = (unsigned char)q->from[last];
		to[last] = (unsigned char)q->to[last];
		out[k] = (struct ip_range){ .from = four(from), .to = four(to) };
	}
	return n;
}

/* "24", or as 255.255.255.0; -1: neither. */
static int mask_bits(struct str s, unsigned most)
{
	struct quad q;
	uint32_t mask = 0;
	uint64_t bits;

	if (str_u64(s, most, &bits))
		return (int)bits;
	if (most != 32 || quad_of(s, &q) != NULL || !is_address(&q))
		return -1;
	for (size_t i = 0; i < 4; i++)
		mask = mask << 8 | q.from[i];
	for (int n = 0; n <= 32; n++)
		if (mask == (n == 0 ? 0 : UINT32_MAX << (32 - n)))
			return n;
	return -1;
}

/* The network of the first `bits` bits of at, counted from byte `first`. */
static struct ip_range network(const struct ip *at, size_t first, unsigned bits)
{
	struct ip_range r = { .from = *at, .to = *at };

	for (size_t i = first; i < sizeof(at->b); i++) {
		unsigned kept = bits >= 8 ? 8 : bits;
		unsigned char mask = (unsigned char)(0xff00u >> kept);

		r.from.b[i] &= mask;
		r.to.b[i] |= (unsigned char)~mask;
		bits -= kept;
	}
	return r;
}

static size_t masked(struct str address, struct str mask, struct ip_range *out, const char **why)
{
	bool colons = str_chr(address, ':') >= 0;
	int bits = mask_bits(mask, colons ? 128 : 32);
	struct ip at;

	*why = bits < 0 ? "not a netmask" : "a netmask stands behind a whole address";
	if (bits < 0 || !ip_parse(address, &at))
		return 0;
	*why = "of an IPv4 address in IPv6 form at least 96 bits count";
	if (colons && at.b[0] == 4 && (bits -= 96) < 0)
		return 0;
	out[0] = network(&at, at.b[0] == 4 ? 13 : 1, (unsigned)bits);
	return 1;
}

size_t ip_ranges(struct str entry, struct ip_range out[IP_RANGES_MAX], const char **why)
{
	struct str address, mask;
	struct quad q;

	if (str_cut(entry, STR("/"), &address, &mask))
		return masked(address, mask, out, why);
	if (str_chr(entry, ':') >= 0) {
		*why = "not an address";
		if (!six(entry, &out[0].from))
			return 0;
		out[0].to = out[0].from;
		return 1;
	}
	*why = quad_of(entry, &q);
	return *why != NULL ? 0 : ranges_of(&q, out, why);
}

bool ip_range_is_all(const struct ip_range *r)
{
	size_t first = r->from.b[0] == 4 ? 13 : 1;

	for (size_t i = first; i < sizeof(r->from.b); i++)
		if (r->from.b[i] != 0 || r->to.b[i] != 0xff)
			return false;
	return true;
}
