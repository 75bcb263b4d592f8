/* session/intake.h - a message while it comes in: its header stays in memory, its body goes to the spool.
 *
 * Who judges a message needs its header whole, and may change it: so it is put
 * in front of the body only when the message is stored.  A header of more than
 * INTAKE_HELD bytes is judged like any other, but goes to the spool with the
 * body, and is not changed after that; its memory counts in limits.body-memory.
 * What comes of it does not depend on how the bytes were cut into pieces.
 */
#ifndef SESSION_INTAKE_H
#define SESSION_INTAKE_H

#include "mail/header.h"
#include "queue/spool.h"
#include "wire/dot.h"

enum { INTAKE_HELD = 32 * 1024 };

struct intake {
	struct spool_body *body; /* NULL once it is clear that it will not be stored */
	struct dot dot;
	struct header walk;
	struct buf head; /* the fields of the header, CRLF ended; without the empty line */
	struct buf kept; /* instead of them, where `changed`: what of them is kept */
	bool changed;
	bool blank;    /* an empty line is to end them: more came */
	size_t beside; /* bytes that others hold for this message, */
	size_t held;   /* and all that counts beside the body */
	bool sent;     /* the header lies in the body: it was too large to be held */
	uint64_t size; /* decoded, */
	uint64_t raw;  /* and as sent */
	bool too_big, head_too_big, failed;
	int64_t began;
};

void intake_begin(struct intake *in, struct spool *spool);
/* More of the message, decoded.  *body is what of it, and of what came before, is body; it stays good until the next
 * call.  True when the header ended just now: its fields are in head.  The header is at most `most` bytes, or is
 * given up (head_too_big). */
bool intake_add(struct intake *in, struct str piece, uint64_t most, struct str *body);
/* The message is over: true when the header ended only by that. */
bool intake_end(struct intake *in);
/* The header was judged as it came in: a large one goes to the body now.  Call it before the first intake_store(). */
int intake_settle(struct intake *in, int64_t deadline, struct err *e);
/* Bytes of the body into the spool; nothing where the message will not be stored. */
int intake_store(struct intake *in, struct str body, int64_t deadline, struct err *e);
/* Others hold so many bytes for this message, which count in limits.body-memory like a large header. */
void intake_hold(struct intake *in, size_t beside);
/* The fields of the header, as they are to be kept. */
struct str intake_fields(const struct intake *in);
/* The fields and the empty line, as far as they are still to be put before the body. */
void intake_put_head(const struct intake *in, struct buf *out);
/* It will not be stored: what lies in the spool is given back. */
void intake_drop(struct intake *in);
void intake_clear(struct intake *in);

#endif
