#include "vouch/text.h"

#include <string.h>
#include "base/cur.h"

struct str vouch_txt(struct str rdata, struct arena *a)
{
	struct cur c = cur_of(rdata);
	char *out = arena_alloc(a, rdata.n + 1);
	size_t n = 0;

	while (!cur_end(&c)) {
		struct str s = cur_take(&c, (size_t)cur_next(&c) & 0xff, "cut off");

		if (s.n > 0)
			memcpy(out + n, s.p, s.n);
		n += s.n;
	}
	return str_mem(out, n);
}

struct str vouch_shown(struct str s, size_t max, struct arena *a)
{
	struct str kept = str_take(s, max);
	char *out = arena_alloc(a, kept.n + 4);
	size_t n = kept.n;

	for (size_t i = 0; i < kept.n; i++)
		out[i] = (char)(ascii_isprint(kept.p[i]) ? kept.p[i] : '?');
	if (s.n > max) {
		memcpy(out + n, "...", 3);
		n += 3;
	}
	return str_mem(out, n);
}
