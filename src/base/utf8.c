#include "base/utf8.h"

/* How many bytes after the first one, the least code point of that length, and the bits of the first byte. */
static size_t more_after(unsigned char c, uint32_t *least, uint32_t *bits)
{
	if (c >= 0xc2 && c <= 0xdf)
		return *least = 0x80, *bits = c & 0x1f, 1;
	if (c >= 0xe0 && c <= 0xef)
		return *least = 0x800, *bits = c & 0x0f, 2;
	if (c >= 0xf0 && c <= 0xf4)
		return *least = 0x10000, *bits = c & 0x07, 3;
	return 0;
}

size_t utf8_at(struct str s, uint32_t *code)
{
	uint32_t least = 0, bits = 0;
	size_t more;

	if (s.n == 0)
		return 0;
	if ((unsigned char)s.p[0] < 0x80)
		return *code = (unsigned char)s.p[0], 1;
	more = more_after((unsigned char)s.p[0], &least, &bits);
	if (more == 0 || s.n <= more)
		return 0;
	for (size_t i = 1; i <= more; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		bits = bits << 6 | (c & 0x3f);
	}
	if (bits < least || bits > 0x10ffff || (bits >= 0xd800 && bits <= 0xdfff))
		return 0;
	*code = bits;
	return more + 1;
}

bool utf8_unseen(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} unseen[] = {
		{ 0x00, 0x1f },       /* C0 controls */
		{ 0x7f, 0x9f },       /* DEL, C1 controls */
		{ 0xad, 0xad },       /* soft hyphen */
		{ 0x61c, 0x61c },     /* Arabic letter mark */
		{ 0x180e, 0x180e },   /* Mongolian vowel separator */
		{ 0x200b, 0x200f },   /* zero width, direction marks */
		{ 0x2028, 0x202e },   /* line and paragraph separator, bidi embedding and override */
		{ 0x2060, 0x206f },   /* word joiner, bidi isolates, invisible operators */
		{ 0xfeff, 0xfeff },   /* byte order mark */
		{ 0xfff9, 0xfffb },   /* interlinear annotation */
		{ 0xe0000, 0xe007f }, /* tags */
	};

	for (size_t i = 0; i < COUNT(unseen); i++)
		if (code >= unseen[i].first && code <= unseen[i].last)
			return true;
	return false;
}

void utf8_show(struct buf *b, struct str s)
{
	uint32_t code;

	while (s.n > 0) {
		size_t n = utf8_at(s, &code);

		if (n > 0 && !utf8_unseen(code))
			buf_add(b, s.p, n);
		else
			for (size_t i = 0; i < (n > 0 ? n : 1); i++)
				buf_fmt(b, "\\x%02x", (unsigned char)s.p[i]);
		s = str_skip(s, n > 0 ? n : 1);
	}
}
