/* RSA public keys in DER: SubjectPublicKeyInfo (RFC 5280) around RSAPublicKey (RFC 8017 A.1.1), or the latter alone. */
#include "base/cur.h"
#include "vouch/key.h"

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_SEQUENCE = 0x30 };

/* The content of the next element, which must be of that kind.  Lengths of up to two bytes: our keys are small. */
static struct str take(struct cur *c, int tag)
{
	size_t n = 0, more = 0;
	int first;

	if (cur_next(c) != tag)
		cur_fail(c, "another element");
	first = cur_next(c);
	if (first < 0x80)
		n = first < 0 ? 0 : (size_t)first;
	else
		more = (size_t)first - 0x80;
	if (first < 0 || more > 2)
		cur_fail(c, "no length");
	for (; more > 0 && !cur_end(c); more--)
		n = n << 8 | (size_t)cur_next(c);
	return cur_take(c, n, "cut off");
}

/* A positive number, without the zero that keeps it positive. */
static struct str take_number(struct cur *c)
{
	struct str s = take(c, DER_INTEGER);

	if (s.n == 0 || (s.p[0] & 0x80) != 0)
		cur_fail(c, "not a positive number");
	while (s.n > 0 && s.p[0] == 0)
		s = str_skip(s, 1);
	return s;
}

static bool read_pair(struct str pair, struct str *n, struct str *e)
{
	struct cur c = cur_of(pair);

	*n = take_number(&c);
	*e = take_number(&c);
	return c.why == NULL && cur_end(&c);
}

static bool is_odd(struct str number)
{
	return number.n > 0 && (number.p[number.n - 1] & 1) != 0;
}

/* What is inside the bit string, if the algorithm is rsaEncryption. */
static struct str unwrap(struct str info)
{
	static const char oid[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
	struct cur c = cur_of(info);
	struct str algorithm = take(&c, DER_SEQUENCE), bits = take(&c, DER_BITS);

	if (c.why != NULL || !str_starts(algorithm, STR(oid)) || bits.n == 0 || bits.p[0] != 0)
		return STR("");
	c = cur_of(str_skip(bits, 1));
	return take(&c, DER_SEQUENCE);
}

bool key_read_rsa(struct str der, struct str *n, struct str *e)
{
	struct cur c = cur_of(der);
	struct str all = take(&c, DER_SEQUENCE);

	if (c.why != NULL || !cur_end(&c))
		return false;
	if (all.n > 0 && all.p[0] == DER_SEQUENCE)
		all = unwrap(all);
	return read_pair(all, n, e) && is_odd(*n) && is_odd(*e) && (e->n > 1 || e->p[0] != 1);
}
