/* A block of families: of each group the sizes of its lanes, then lane by lane what all groups have of it. */
#include "index/pack_inside.h"

size_t pack_block_size(const struct pack_block *b)
{
	size_t n = 0;

	for (int i = 0; i < LANES; i++)
		n += b->lane[i].n;
	return n;
}

static void end_group(struct pack_block *b)
{
	for (int i = 0; i < LANES; i++) {
		bytes_put(&b->sizes, b->lane[i].n - b->ended[i]);
		b->ended[i] = b->lane[i].n;
	}
}

bool pack_block_next(struct pack_block *b)
{
	bool begins = b->n % PACK_GROUP == 0;

	if (begins && b->n > 0)
		end_group(b);
	b->n++;
	return begins;
}

void pack_block_end(struct pack_block *b, struct str parts[PACK_PARTS])
{
	end_group(b);
	parts[0] = buf_str(&b->sizes);
	for (int i = 0; i < LANES; i++)
		parts[i + 1] = buf_str(&b->lane[i]);
}

void pack_block_reset(struct pack_block *b)
{
	buf_reset(&b->sizes);
	for (int i = 0; i < LANES; i++) {
		buf_reset(&b->lane[i]);
		b->ended[i] = 0;
	}
	b->n = 0;
}

void pack_block_clear(struct pack_block *b)
{
	buf_clear(&b->sizes);
	for (int i = 0; i < LANES; i++)
		buf_clear(&b->lane[i]);
}
