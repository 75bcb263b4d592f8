#include "base/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 0..63, or -1 */
static int value(char c)
{
	const char *at = c != '\0' ? strchr(alphabet, c) : NULL;

	return at != NULL ? (int)(at - alphabet) : -1;
}

/* Four characters of which the last `pad` stand for nothing: their 24 bits, or -1. */
static int32_t quantum(const char *p, size_t pad)
{
	int32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int v = i < 4 - pad ? value(p[i]) : 0;

		if (v < 0)
			return -1;
		bits = bits << 6 | v;
	}
	return (bits & ((1 << 8 * pad) - 1)) == 0 ? bits : -1;
}

static size_t padding(struct str s)
{
	if (str_ends(s, STR("==")))
		return 2;
	return str_ends(s, STR("=")) ? 1 : 0;
}

bool base64_decode(struct str s, struct buf *out)
{
	size_t before = out->n, pad = padding(s);

	if (s.n % 4 != 0)
		return false;
	buf_need(out, s.n / 4 * 3);
	for (size_t i = 0; i < s.n; i += 4) {
		size_t less = i + 4 == s.n ? pad : 0;
		int32_t bits = quantum(s.p + i, less);

		if (bits < 0) {
			buf_trunc(out, before);
			return false;
		}
		for (size_t k = 0; k < 3 - less; k++)
			buf_addc(out, (char)(bits >> (16 - 8 * k) & 0xff));
	}
	return true;
}

void base64_encode(struct str s, struct buf *out)
{
	buf_need(out, (s.n + 2) / 3 * 4);
	for (size_t i = 0; i < s.n; i += 3) {
		size_t n = s.n - i < 3 ? s.n - i : 3;
		uint32_t bits = 0;
		char four[4];

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < n ? (unsigned char)s.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			four[k] = k <= n ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
		buf_add(out, four, sizeof(four));
	}
}
