#include "index/grams.h"

#include <stdlib.h>
#include <string.h>

#include "index/bytes.h"
#include "logs/frames.h"

enum {
	RUN = 4,
	WORD = 8, /* bytes that are looked at at once, and the runs that begin in them and end there */
	RUNS = WORD - RUN + 1,
	KNOWN_BITS = 14,        /* of the words that are known again */
	HASH_BITS = 18,         /* of a run: so large is the set that is gathered before its own size is known */
	BITS_A_RUN = 2,         /* then a run that is not there is taken for one that is in four of ten cases */
	BYTES_A_BIT = 10,       /* and no set has more than a bit for so many bytes: 1.25 % */
	BLOCK_LEAST = 32 << 10, /* a smaller one is sooner looked through */
	ASKED_MOST = 256
};

/* Eight bytes at once as scan_folded() folds them (SCAN_WORDS): letters in lower case, `_` as a space. */
static uint64_t folded(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7, low = word & ~high;
	uint64_t capital = ((low + (0x80 - 'A') * ones) ^ (low + (0x80 - 'Z' - 1) * ones)) & ~word & high;
	uint64_t other = word ^ '_' * ones, line = ~(((other & ~high) + ~high) | other | ~high);

	return (word | capital >> 2) ^ (line - (line >> 7));
}

/* Of the run that begins there, which is folded; in the machine's own order of bytes, as an index is used where it was
 * made. */
static uint32_t hash_of(uint64_t word)
{
	return (uint32_t)word * UINT32_C(0x9e3779b1) >> (32 - HASH_BITS);
}

static uint64_t word_at(const char *p, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, p, n);
	return word;
}

/* ---- writing ---- */

struct gathered {
	uint64_t seen[(1 << HASH_BITS) / 64]; /* a bit for each hash */
	uint64_t known[1 << KNOWN_BITS];      /* words whose runs are in, by their product */
};

struct gram_sets {
	struct buf sets; /* one behind the other */
	struct made {
		size_t n;      /* bytes of the block */
		uint32_t bits; /* of its set */
	} * blocks;
	size_t nblocks;
};

static void add_run(struct gathered *g, uint64_t word)
{
	uint32_t hash = hash_of(word);

	g->seen[hash / 64] |= (uint64_t)1 << (hash % 64);
}

/* Lines repeat what lines before them said: a word that was met lately has nothing new. */
static void see_word(struct gathered *g, uint64_t word)
{
	uint64_t *known = &g->known[word * UINT64_C(0x9e3779b97f4a7c15) >> (64 - KNOWN_BITS)];

	if (*known == word)
		return;
	*known = word;
	word = folded(word);
	for (int i = 0; i < RUNS; i++)
		add_run(g, word >> (8 * i));
}

static void see_line(struct gathered *g, struct str line)
{
	for (size_t i = 0; i + WORD < line.n; i += RUNS)
		see_word(g, word_at(line.p + i, WORD));
	if (line.n >= WORD)
		see_word(g, word_at(line.p + line.n - WORD, WORD));
	else
		for (size_t i = 0; i + RUN <= line.n; i++)
			add_run(g, folded(word_at(line.p + i, RUN)));
}

/* No run goes over the end of a line. */
static void gather(struct gathered *g, struct str text)
{
	struct str line;

	memset(g->seen, 0, sizeof(g->seen));
	memset(g->known, 0, sizeof(g->known));
	g->known[0] = 1; /* the word 0 would stand there, and was not met */
	for (; text.n > 0; text = str_skip(text, line.n + 1)) {
		ptrdiff_t end = str_chr(text, '\n');

		line = str_take(text, end < 0 ? text.n : (size_t)end);
		see_line(g, line);
	}
}

static uint32_t place(uint32_t hash, uint32_t bits)
{
	return (uint32_t)((uint64_t)hash * bits >> HASH_BITS);
}

/* How large its set is to be: in whole bytes. */
static uint32_t size_of(const struct gathered *g, size_t n)
{
	size_t bits = 0;

	for (size_t i = 0; i < COUNT(g->seen); i++)
		bits += (size_t)__builtin_popcountll(g->seen[i]);
	bits = bits * BITS_A_RUN < n / BYTES_A_BIT ? bits * BITS_A_RUN : n / BYTES_A_BIT;
	return (uint32_t)(bits / 8 + 1) * 8;
}

static uint32_t put_set(const struct gathered *g, size_t n, struct buf *out)
{
	uint32_t bits = size_of(g, n);
	char *set;

	buf_need(out, bits / 8);
	set = out->p + out->n;
	memset(set, 0, bits / 8);
	for (uint32_t i = 0; i < COUNT(g->seen); i++)
		for (uint64_t rest = g->seen[i]; rest != 0; rest &= rest - 1) {
			uint32_t at = place(i * 64 + (uint32_t)__builtin_ctzll(rest), bits);

			set[at / 8] |= (char)(1 << (at % 8));
		}
	out->n += bits / 8;
	return bits;
}

/* Whole lines; one that does not fit is longer than any that is read. */
static size_t block_of(struct str rest)
{
	ptrdiff_t end = rest.n > FRAME_TEXT ? str_rchr(str_take(rest, FRAME_TEXT), '\n') : -1;

	return end >= 0 ? (size_t)end + 1 : rest.n < FRAME_TEXT ? rest.n : FRAME_TEXT;
}

struct gram_sets *grams_of(struct str text)
{
	struct gathered *g = mem_alloc(sizeof(*g));
	struct gram_sets *s = mem_alloc(sizeof(*s));
	size_t n, cap = 0;

	for (; text.n > 0; text = str_skip(text, n)) {
		if (s->nblocks == cap) {
			cap = 2 * cap + 8;
			s->blocks = mem_grow(s->blocks, cap * sizeof(*s->blocks));
		}
		n = block_of(text);
		if (n >= BLOCK_LEAST)
			gather(g, str_take(text, n));
		s->blocks[s->nblocks++] = (struct made){ n, n >= BLOCK_LEAST ? put_set(g, n, &s->sets) : 0 };
	}
	free(g);
	return s;
}

void grams_free(struct gram_sets *s)
{
	if (s == NULL)
		return;
	buf_clear(&s->sets);
	free(s->blocks);
	free(s);
}

void grams_write(struct buf *root, struct chapter_out *c, const struct gram_sets *s)
{
	struct str rest = buf_str(&s->sets);
	BUF(frames);

	bytes_put(root, s->nblocks);
	for (size_t i = 0, bytes = 0; i < s->nblocks; i++) {
		bytes_put(root, s->blocks[i].n);
		bytes_put(root, s->blocks[i].bits);
		bytes += s->blocks[i].bits / 8;
		if ((i + 1) % GRAMS_GROUP != 0 && i + 1 < s->nblocks)
			continue;
		chapter_put_frame(&frames, chapter_add(c, str_take(rest, bytes)));
		rest = str_skip(rest, bytes);
		bytes = 0;
	}
	buf_addstr(root, buf_str(&frames));
}

/* ---- reading ---- */

static void take_blocks(struct grams *g, struct cur *c, uint64_t from, uint64_t size)
{
	uint32_t at = 0;

	for (size_t i = 0; i < g->n && c->why == NULL; i++) {
		uint64_t n = bytes_take(c), bits = bytes_take(c);

		at = i % GRAMS_GROUP == 0 ? 0 : at;
		if (from > size || n > size - from || bits > FRAME_TEXT || bits % 8 != 0)
			cur_fail(c, "no such block");
		g->blocks[i] = (struct gram_block){ from, (size_t)n, (uint32_t)bits, at };
		from += n;
		at += (uint32_t)bits / 8;
	}
	if (from != size)
		cur_fail(c, "not the blocks of this text");
}

void grams_take(struct grams *g, struct cur *c, struct arena *mem, uint64_t from, uint64_t size)
{
	g->n = bytes_take_count(c);
	g->blocks = arena_alloc(mem, (g->n + 1) * sizeof(*g->blocks));
	g->frames = arena_alloc(mem, (g->n / GRAMS_GROUP + 1) * sizeof(*g->frames));
	take_blocks(g, c, from, size);
	for (size_t i = 0; i < g->n && c->why == NULL; i += GRAMS_GROUP)
		g->frames[i / GRAMS_GROUP] = chapter_take_frame(c);
}

struct asked {
	uint32_t hash[ASKED_MOST];
	size_t n;
};

static void ask(struct asked *a, struct str pattern)
{
	struct str part, rest = pattern;

	while (rest.n > 0) {
		str_cut(rest, STR("*"), &part, &rest);
		for (size_t i = 0; i + RUN <= part.n && a->n < ASKED_MOST; i++)
			a->hash[a->n++] = hash_of(folded(word_at(part.p + i, RUN)));
	}
}

static bool can_hold(const struct gram_block *b, struct str sets, const struct asked *a)
{
	for (size_t i = 0; i < a->n && b->bits > 0; i++) {
		uint32_t at = place(a->hash[i], b->bits);

		if ((sets.p[b->at + at / 8] >> (at % 8) & 1) == 0)
			return false;
	}
	return true;
}

static bool look_at_group(const struct grams *g, size_t from, struct str sets, const struct asked *a,
			  bool (*see)(void *, const struct gram_block *), void *with)
{
	for (size_t i = from; i < g->n && i < from + GRAMS_GROUP; i++) {
		const struct gram_block *b = &g->blocks[i];

		if (a->n > 0 && (b->at > sets.n || b->bits / 8 > sets.n - b->at))
			return false;
		if (can_hold(b, sets, a) && !see(with, b))
			return false;
	}
	return true;
}

bool grams_find(const struct grams *g, struct chapter *c, struct str pattern,
		bool (*see)(void *with, const struct gram_block *b), void *with)
{
	struct asked a = { .n = 0 };
	bool good = true;
	ARENA(mem);

	ask(&a, pattern);
	for (size_t i = 0; i < g->n && good; i += GRAMS_GROUP) {
		struct str sets = { NULL, 0 };

		good = (a.n == 0 || chapter_get(c, g->frames[i / GRAMS_GROUP], &mem, &sets)) &&
		       look_at_group(g, i, sets, &a, see, with);
		arena_reset(&mem);
	}
	return good;
}
