/* handoff/milter_wire.h - packets of the milter protocol: written, and read from a stranger.
 *
 *	uint32 length (big-endian, of what follows), a letter, data
 */
#ifndef HANDOFF_MILTER_WIRE_H
#define HANDOFF_MILTER_WIRE_H

#include "base/arena.h"
#include "base/buf.h"
#include "mail/reply.h"

enum {
	MILTER_VERSION = 6,
	MILTER_VERSION_LEAST = 2,
	/* SMFIF_*: add (and insert) fields, change them, quarantine, ask for macros */
	MILTER_ADDS = 0x1,
	MILTER_CHANGES = 0x10,
	MILTER_QUARANTINES = 0x20,
	MILTER_ASKS_MACROS = 0x100,
	MILTER_ACTIONS = MILTER_ADDS | MILTER_CHANGES | MILTER_QUARANTINES | MILTER_ASKS_MACROS,
	/* SMFIP_*, beside those of milter.def */
	MILTER_NO_UNKNOWN = 0x100,
	MILTER_SKIPS = 0x400,
	MILTER_SILENT_UNKNOWN = 0x20000,
	MILTER_LEADING_SPACE = 0x100000,
	MILTER_STEPS_OFFERED = 0x1ff7ff, /* all of version 6 but "rejected recipients too" */

	MILTER_CHUNK = 32 * 1024, /* of a body; the protocol's most is 65535 */
	MILTER_NAME_MAX = 1000,   /* of a field: what is longer is cut, for a packet of more than 65535 bytes makes */
	MILTER_VALUE_MAX = 60000, /* libmilter hang up, and a message must not get around a filter by that */
	MILTER_PACKET_MAX = 64 * 1024, /* of an answer; longer ones are not read */
	MILTER_STAGES = 7,
	MILTER_MACROS_MAX = 50, /* that a filter may ask for at one stage */
};

enum milter_step {
#define MILTER_STEP(id, letter, no, silent, stage, words) MILTER_STEP_##id,
#include "handoff/milter.def"
	MILTER_STEPS
};

struct milter_step_row {
	char letter;
	uint32_t no, silent;
	int stage;
	const char *words;
};
const struct milter_step_row *milter_step(enum milter_step s);

/* ---- writing ---- */

/* Begin a packet; what is appended until milter_close(b, at) is its data. */
size_t milter_open(struct buf *b, char letter);
void milter_close(struct buf *b, size_t at);
void milter_u32(struct buf *b, uint32_t n);
/* A string with its NUL; control characters in it become `?`. */
void milter_z(struct buf *b, struct str s);
/* The value of a field: folds are LF; a NUL becomes `?`. */
void milter_value(struct buf *b, struct str value);

/* ---- reading ---- */

/* Is there a whole packet at the start of `in`?  1: *packet is letter and data, and *used its length in `in`;
 * 0: not yet; -1: its length is none we accept. */
int milter_packet(struct str in, struct str *packet, size_t *used);

enum milter_reply_id {
#define MILTER_REPLY(id, letter, form) MILTER_IS_##id,
#include "handoff/milter.def"
	MILTER_REPLIES
};

struct milter_reply {
	enum milter_reply_id is;
	uint32_t at;
	struct str name, value;
	struct str text;
};
/* 0; -1 with what is wrong with it (a literal). Strings borrow from the packet. */
int milter_reply_read(struct str packet, struct milter_reply *r, const char **why);

/* The text of a REPLYCODE, "550 5.7.1 text" or several lines of that: our reply, its text from a. -1: it is none. */
int milter_reply_code(struct str text, struct arena *a, struct reply *r);

/* What the filter answered to our offer. */
struct milter_deal {
	uint32_t version, actions, steps;
	struct str macros[MILTER_STAGES]; /* names with a space between; p is NULL where it did not say */
};
int milter_deal_read(struct str packet, struct milter_deal *d, const char **why);

#endif
