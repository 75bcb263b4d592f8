/* logs/frames.h - an archive of a log that is read at any place: the zstd seekable format.
 *
 * Independent zstd frames of about 1 MiB of whole lines, each with its checksum,
 * and behind them a table (a frame that zstd skips) of their lengths, so that a
 * place of the text is reached by unpacking one frame.  Every zstd reader reads
 * the whole.  logs/rotate.h writes them.
 *
 *	struct frames f;
 *
 *	if (frames_open(&f, fd, &e) == 1 && frames_read(&f, at, n, &text, &e) == 0)
 *		use(buf_str(&text));
 *	frames_close(&f);
 *
 * The table is what somebody's file says: it is believed only as far as the
 * lengths fit the file and our limits, and a frame must become exactly as long
 * as the table says, with the checksum that it says.  An archive without such a
 * table is no error: read it whole (logs/unpack.h).
 */
#ifndef LOGS_FRAMES_H
#define LOGS_FRAMES_H

#include "base/buf.h"
#include "base/err.h"

#define FRAME_TEXT ((size_t)1 << 20)      /* of ours */
#define FRAME_TEXT_MAX ((size_t)16 << 20) /* that is read, of anybody's */
#define FRAMES_MOST ((size_t)1 << 20)     /* in one file */

/* Frame i has the packed bytes packed..at[i + 1].packed and the text text..at[i + 1].text. */
struct frame_at {
	uint64_t packed, text;
	uint32_t check; /* the low half of XXH64 over its text */
};

struct frames {
	int fd; /* borrowed; read by position */
	size_t n;
	struct frame_at *at; /* n + 1: the last one is the end */
	bool checked;        /* the table has checksums */
	void *unpacker;
	struct buf packed, text; /* of frame `now` */
	size_t now;
};

/* 1: it has a table; 0: it has none that is to be believed, and is to be read whole; -1: it cannot be read. */
int frames_open(struct frames *f, int fd, struct err *e);
void frames_close(struct frames *f); /* also when opening failed */
/* Bytes of the whole text. */
uint64_t frames_size(const struct frames *f);
/* The frame that holds this byte of the text. */
size_t frames_at(const struct frames *f, uint64_t at);
/* Append n bytes of the text from byte `from` on, or as many as there are.  -1: a frame is damaged or cannot be read;
 * out is as it was.  The frame that was read last is kept: neighbouring places cost nothing more. */
int frames_read(struct frames *f, uint64_t from, size_t n, struct buf *out, struct err *e);

/* Writing.  Nothing is synced. */
struct frames_out {
	int fd; /* borrowed; empty */
	void *packer;
	struct buf text;  /* of the frame that is being filled */
	struct buf table; /* so far */
	struct buf room;
	size_t n;
	uint64_t length; /* of the file so far */
};

void frames_begin(struct frames_out *w, int fd);
/* First, if at all: the frames of another archive as they are.  0: it has no table, and nothing was written. */
int frames_carry(struct frames_out *w, int from, struct err *e);
/* Pieces of the text, cut anywhere. */
int frames_put(struct frames_out *w, struct str text, struct err *e);
/* What is left, and the table. */
int frames_end(struct frames_out *w, struct err *e);
void frames_drop(struct frames_out *w); /* free; to be called in any case */

#endif
