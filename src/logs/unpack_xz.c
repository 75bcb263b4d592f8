/* Streams one after the other, with their padding, are one text. */
#include <lzma.h>

#include "logs/unpack_form.h"

enum { MEMORY = 256 << 20 }; /* xz -9 wants 65 MiB */

static const char *why_of(lzma_ret rc)
{
	switch (rc) {
	case LZMA_MEMLIMIT_ERROR:
		return "it wants more memory than 256 MiB";
	case LZMA_OPTIONS_ERROR:
		return "options of a later xz";
	case LZMA_FORMAT_ERROR:
		return "no xz stream";
	case LZMA_MEM_ERROR:
		return "no memory";
	default:
		return "its bytes or checksum are wrong";
	}
}

static enum unpack_end streams(lzma_stream *z, struct unpack_in *in, struct unpack_out *out)
{
	lzma_action action = LZMA_RUN;

	for (;;) {
		char *to;
		size_t room = unpack_room(out, &to);
		lzma_ret rc;

		if (z->avail_in == 0 && action == LZMA_RUN) {
			struct str s = unpack_more(in);

			z->next_in = (const uint8_t *)s.p;
			z->avail_in = s.n;
			action = s.n > 0 ? LZMA_RUN : LZMA_FINISH;
		}
		z->next_out = (uint8_t *)to;
		z->avail_out = room;
		rc = lzma_code(z, action);
		if (!unpack_wrote(out, room - z->avail_out))
			return UNPACK_LIMIT;
		if (rc == LZMA_STREAM_END)
			return UNPACK_WHOLE;
		if (rc == LZMA_BUF_ERROR && action == LZMA_FINISH)
			return UNPACK_CUT;
		if (rc != LZMA_OK && rc != LZMA_BUF_ERROR) {
			in->why = why_of(rc);
			return UNPACK_DAMAGED;
		}
	}
}

enum unpack_end unpack_xz(struct unpack_in *in, struct unpack_out *out)
{
	lzma_stream z = LZMA_STREAM_INIT;
	enum unpack_end end;

	if (lzma_stream_decoder(&z, MEMORY, LZMA_CONCATENATED) != LZMA_OK)
		BUG("liblzma does not start");
	end = streams(&z, in, out);
	in->unused = z.avail_in;
	lzma_end(&z);
	return end;
}
