/* logs/frames_form.h - inside of frames*.c: the numbers of the seekable format. */
#ifndef LOGS_FRAMES_FORM_H
#define LOGS_FRAMES_FORM_H

#include <stdint.h>

#define TABLE_BEGINS 0x184D2A5Eu
#define TABLE_ENDS 0x8F92EAB1u

enum {
	TABLE_HEAD = 8,       /* magic, length */
	TABLE_FOOT = 9,       /* rows, flags, magic */
	TABLE_CHECKED = 0x80, /* of the flags: rows have checksums */
	FRAME_CHECKED = 0x04, /* of a zstd frame's descriptor: it ends in its checksum */
};

static inline uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
