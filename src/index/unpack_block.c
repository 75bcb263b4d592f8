/* A block of families, group by group. */
#include "index/unpack_inside.h"

bool unpack_block(struct unpacker *k, struct str whole, uint32_t families)
{
	struct cur c = cur_of(whole);
	uint64_t all[LANES] = { 0 };

	for (uint64_t group = 0; group < families && c.why == NULL; group += PACK_GROUP)
		for (int i = 0; i < LANES; i++) {
			uint64_t n = bytes_take(&c);

			if (n > whole.n - all[i])
				cur_fail(&c, "a lane without end");
			all[i] += n;
		}
	k->sizes = cur_of(whole);
	for (int i = 0; i < LANES; i++)
		k->rest[i] = cur_take(&c, all[i], "a lane without end");
	return c.why == NULL && c.p == c.end;
}

bool unpack_group(struct unpacker *k)
{
	for (int i = 0; i < LANES; i++) {
		size_t n = bytes_take(&k->sizes);

		k->lane[i] = cur_of(str_take(k->rest[i], n));
		k->rest[i] = str_skip(k->rest[i], n);
	}
	k->said = (struct pack_said){ .group = k->said.group + 1 };
	return k->sizes.why == NULL;
}

bool unpack_ended(const struct unpacker *k)
{
	bool ended = true;

	for (int i = 0; i < LANES; i++)
		ended = ended && k->lane[i].why == NULL && k->lane[i].p == k->lane[i].end;
	return ended;
}
