/* RFC 1952.  Members one after the other are one text; zeros behind the last one (of tapes) are none. */
#include <zlib.h>

#include "logs/unpack_form.h"

enum { GZIP_ONLY = 16 + MAX_WBITS };

/* More to read, or false at the end of the file. */
static bool feed(z_stream *z, struct unpack_in *in)
{
	struct str s;

	if (z->avail_in > 0)
		return true;
	s = unpack_more(in);
	z->next_in = (unsigned char *)(uintptr_t)s.p;
	z->avail_in = (unsigned)s.n;
	return s.n > 0;
}

/* To the next member: false when there is none. */
static bool next_member(z_stream *z, struct unpack_in *in)
{
	while (feed(z, in) && *z->next_in == 0) {
		z->next_in++;
		z->avail_in--;
	}
	return z->avail_in > 0 && inflateReset(z) == Z_OK;
}

static enum unpack_end members(z_stream *z, struct unpack_in *in, struct unpack_out *out)
{
	while (feed(z, in)) {
		char *to;
		size_t room = unpack_room(out, &to);
		int rc;

		z->next_out = (unsigned char *)to;
		z->avail_out = (unsigned)room;
		rc = inflate(z, Z_NO_FLUSH);
		if (!unpack_wrote(out, room - z->avail_out))
			return UNPACK_LIMIT;
		if (rc == Z_STREAM_END && !next_member(z, in))
			return UNPACK_WHOLE;
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
			in->why = z->msg != NULL ? z->msg : "no gzip";
			return UNPACK_DAMAGED;
		}
	}
	return UNPACK_CUT;
}

enum unpack_end unpack_gzip(struct unpack_in *in, struct unpack_out *out)
{
	z_stream z = { 0 };
	enum unpack_end end;

	if (inflateInit2(&z, GZIP_ONLY) != Z_OK)
		BUG("zlib does not start: %s", z.msg != NULL ? z.msg : "no memory");
	end = members(&z, in, out);
	in->unused = z.avail_in;
	inflateEnd(&z);
	return end;
}
