/* Two bytes of the literal, the rarest, are looked for at their distance, a block of positions at a time; only where
 * both stand is the whole compared. */
#include "trace/scan.h"

#include <string.h>

enum { BLOCK = 16 };
typedef unsigned char block __attribute__((vector_size(BLOCK)));

/* A probe, once for each position of a block. */
struct wide {
	size_t at;
	block fold, is;
};

/* How often a byte stands in mail logs: the longer it takes to find it here, the rarer it is. */
static size_t rarity(char c, enum scan_fold fold)
{
	static const char often[] = "0 1=2345.6789easitromnlcd:pfx/uhbg-[],@<>kwyv_zj()q";
	char low = ascii_lower(scan_folded(c, fold));
	const char *found = low != '\0' ? strchr(often, low) : NULL;

	return found != NULL ? (size_t)(found - often) : sizeof(often);
}

static size_t rarest_but(struct str literal, size_t other, enum scan_fold fold)
{
	size_t best = other == 0 && literal.n > 1 ? 1 : 0;

	for (size_t i = 0; i < literal.n; i++)
		if (i != other && rarity(literal.p[i], fold) > rarity(literal.p[best], fold))
			best = i;
	return best;
}

/* No mask makes one of `_` and space and leaves others apart: there every byte fits. */
static struct scan_probe probe_of(struct str literal, size_t at, enum scan_fold fold)
{
	char c = literal.n > 0 ? scan_folded(literal.p[at], fold) : '\0';

	if (fold == SCAN_WORDS && c == ' ')
		return (struct scan_probe){ at, 0xff, 0xff };
	return (struct scan_probe){ at, fold == SCAN_WORDS && ascii_isalpha(c) ? 0x20 : 0, (unsigned char)c };
}

struct scan scan_for(struct str literal, enum scan_fold fold)
{
	size_t one = rarest_but(literal, literal.n, fold), two = rarest_but(literal, one, fold);

	return (struct scan){ literal, fold, probe_of(literal, one, fold), probe_of(literal, two, fold) };
}

static struct wide widened(struct scan_probe p)
{
	struct wide w = { .at = p.at };

	for (size_t i = 0; i < BLOCK; i++) {
		w.fold[i] = p.fold;
		w.is[i] = p.is;
	}
	return w;
}

/* Where both probes fit, of the positions from p on; false: at none of them. */
static inline bool block_hits(const struct wide *one, const struct wide *two, const char *p, block *hits)
{
	uint64_t halves[2];
	block a, b;

	memcpy(&a, p + one->at, BLOCK);
	memcpy(&b, p + two->at, BLOCK);
	*hits = (block)(((a | one->fold) == one->is) & ((b | two->fold) == two->is));
	memcpy(halves, hits, BLOCK);
	return (halves[0] | halves[1]) != 0;
}

static bool stands(const struct scan *s, const char *p)
{
	if (s->fold == SCAN_BYTES)
		return memcmp(p, s->literal.p, s->literal.n) == 0;
	for (size_t i = 0; i < s->literal.n; i++)
		if (scan_folded(p[i], s->fold) != scan_folded(s->literal.p[i], s->fold))
			return false;
	return true;
}

size_t scan_find(const struct scan *s, struct str text, size_t from)
{
	size_t last = text.n < s->literal.n ? 0 : text.n - s->literal.n + 1; /* behind the last place */
	struct wide one = widened(s->one), two = widened(s->two);
	block hits;

	if (s->literal.n == 0)
		return text.n;
	for (; from + BLOCK <= last; from += BLOCK) {
		if (!block_hits(&one, &two, text.p + from, &hits))
			continue;
		for (size_t i = 0; i < BLOCK; i++)
			if (hits[i] != 0 && stands(s, text.p + from + i))
				return from + i;
	}
	for (; from < last; from++)
		if (stands(s, text.p + from))
			return from;
	return text.n;
}
