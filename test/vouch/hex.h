/* Words of hex on a line, "-" for an empty one: how the stories talk to the tools of this folder. */
#ifndef TEST_VOUCH_HEX_H
#define TEST_VOUCH_HEX_H

#include <stdio.h>
#include "base/arena.h"

static int hex_nibble(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static struct str hex_take(struct str *rest, struct arena *a)
{
	struct str hex = str_word(rest);
	char *out = arena_alloc(a, hex.n / 2 + 1);

	if (str_eqz(hex, "-"))
		return STR("");
	for (size_t i = 0; i + 1 < hex.n; i += 2)
		out[i / 2] = (char)(hex_nibble(hex.p[i]) << 4 | hex_nibble(hex.p[i + 1]));
	return str_mem(out, hex.n / 2);
}

static void hex_say(struct str s)
{
	printf("%s", s.n == 0 ? " -" : " ");
	for (size_t i = 0; i < s.n; i++)
		printf("%02x", (unsigned char)s.p[i]);
}

#endif
