/* RFC 8878.  Frames one after the other are one text; those to be skipped are skipped. */
#include <zstd.h>

#include "logs/unpack_form.h"

/* As many bytes as the decoder asks for, block by block: so an error is known to lie in the block at hand. */
static ZSTD_inBuffer piece(struct str have, size_t wanted)
{
	return (ZSTD_inBuffer){ have.p, have.n < wanted ? have.n : wanted, 0 };
}

static enum unpack_end frames(ZSTD_DStream *d, struct unpack_in *in, struct unpack_out *out, struct str *have)
{
	size_t wanted = ZSTD_initDStream(d), asked = wanted;
	bool full = false; /* it may hold back more text */

	for (;;) {
		ZSTD_outBuffer to = { 0 };
		ZSTD_inBuffer from;
		char *p;

		if (have->n == 0 && !full)
			*have = unpack_more(in);
		if (have->n == 0 && !full)
			return wanted == 0 ? UNPACK_WHOLE : UNPACK_CUT;
		from = piece(*have, asked);
		to.size = unpack_room(out, &p);
		to.dst = p;
		wanted = ZSTD_decompressStream(d, &to, &from);
		*have = str_skip(*have, from.pos);
		if (!unpack_wrote(out, to.pos))
			return UNPACK_LIMIT;
		if (ZSTD_isError(wanted)) {
			in->why = ZSTD_getErrorName(wanted);
			return UNPACK_DAMAGED;
		}
		asked = wanted > 0 ? wanted : ZSTD_initDStream(d); /* a frame is over, the next may begin */
		full = wanted > 0 && to.pos == to.size;
	}
}

enum unpack_end unpack_zstd(struct unpack_in *in, struct unpack_out *out)
{
	ZSTD_DStream *d = ZSTD_createDStream();
	struct str have = { NULL, 0 };
	enum unpack_end end;

	if (d == NULL)
		BUG("zstd does not start");
	end = frames(d, in, out, &have);
	in->unused = have.n;
	ZSTD_freeDStream(d);
	return end;
}
