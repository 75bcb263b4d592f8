/* Two bytes of the literal, the rarest, are looked for at their distance, a block of positions at a time; only where
 * both stand is the whole compared. */
#include "trace/scan.h"

#include <string.h>

enum { BLOCK = 16 };
typedef unsigned char block __attribute__((vector_size(BLOCK)));

struct probe {
	size_t at;      /* in the literal */
	block fold, is; /* a byte of the text fits when it is `is` once the bits of `fold` are set */
};

struct scanner {
	struct str text, literal;
	bool fold;
	struct probe one, two;
};

/* How often a byte stands in mail logs: the longer it takes to find it here, the rarer it is. */
static size_t rarity(char c)
{
	static const char often[] = "0 1=2345.6789easitromnlcd:pfx/uhbg-[],@<>kwyv_zj()q";
	const char *found = c != '\0' ? strchr(often, ascii_lower(c)) : NULL;

	return found != NULL ? (size_t)(found - often) : sizeof(often);
}

static size_t rarest_but(struct str literal, size_t other)
{
	size_t best = other == 0 && literal.n > 1 ? 1 : 0;

	for (size_t i = 0; i < literal.n; i++)
		if (i != other && rarity(literal.p[i]) > rarity(literal.p[best]))
			best = i;
	return best;
}

static struct probe probe_of(const struct scanner *s, size_t at)
{
	unsigned char byte = (unsigned char)s->literal.p[at], fold = s->fold && ascii_isalpha((char)byte) ? 0x20 : 0;
	struct probe p = { .at = at };

	for (size_t i = 0; i < BLOCK; i++) {
		p.fold[i] = fold;
		p.is[i] = byte | fold;
	}
	return p;
}

/* Where both probes fit, of the positions from `at` on; false: at none of them. */
static inline bool block_hits(const struct scanner *s, size_t at, block *hits)
{
	uint64_t halves[2];
	block a, b;

	memcpy(&a, s->text.p + at + s->one.at, BLOCK);
	memcpy(&b, s->text.p + at + s->two.at, BLOCK);
	*hits = (block)(((a | s->one.fold) == s->one.is) & ((b | s->two.fold) == s->two.is));
	memcpy(halves, hits, BLOCK);
	return (halves[0] | halves[1]) != 0;
}

static bool stands(const struct scanner *s, size_t at)
{
	struct str here = str_take(str_skip(s->text, at), s->literal.n);

	return s->fold ? str_ieq(here, s->literal) : str_eq(here, s->literal);
}

/* The first place from `at` on; text.n: none. */
static size_t find(const struct scanner *s, size_t at)
{
	size_t last = s->text.n < s->literal.n ? 0 : s->text.n - s->literal.n + 1; /* behind the last place */
	block hits;

	for (; at + BLOCK <= last; at += BLOCK) {
		if (!block_hits(s, at, &hits))
			continue;
		for (size_t i = 0; i < BLOCK; i++)
			if (hits[i] != 0 && stands(s, at + i))
				return at + i;
	}
	for (; at < last; at++)
		if (stands(s, at))
			return at;
	return s->text.n;
}

static size_t line_of(struct str text, size_t at)
{
	return (size_t)(str_rchr(str_take(text, at), '\n') + 1);
}

void scan_each(struct str text, struct str literal, bool fold, bool (*see)(void *, size_t), void *with)
{
	struct scanner s = { .text = text, .literal = literal, .fold = fold };
	size_t at, one;
	ptrdiff_t end = 0;

	if (literal.n == 0 || str_chr(literal, '\n') >= 0)
		return;
	one = rarest_but(literal, literal.n);
	s.one = probe_of(&s, one);
	s.two = probe_of(&s, rarest_but(literal, one));
	for (at = find(&s, 0); at < text.n && see(with, line_of(text, at)); at = find(&s, at + (size_t)end)) {
		end = str_chr(str_skip(text, at), '\n');
		if (end < 0)
			return;
	}
}

static bool stop(void *with, size_t line)
{
	(void)line;
	*(bool *)with = true;
	return false;
}

bool scan_any(struct str text, struct str literal, bool fold)
{
	bool found = false;

	scan_each(text, literal, fold, stop, &found);
	return found;
}
