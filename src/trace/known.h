/* trace/known.h - what was joined of old logs before, and is not joined anew (index).
 *
 * Old logs say little about what belongs together: a join there depends on what
 * else stood beside it then.  An index that goes on with them reads some of
 * their lines again, without all that stood beside them, so it hands over what
 * came of them.  Only what is stamped shortly before the new lines is joined
 * anew: there everything stands beside it.
 */
#ifndef TRACE_KNOWN_H
#define TRACE_KNOWN_H

#include "trace/story.h"

/* What came of a visit's first line, an accepted message's init, a try, or a line of the gate. */
struct known_line {
	struct story *story;
	struct party *party;
	struct attempt *attempt;
	struct gate *gate;
	const struct line *rival; /* of its join, which names none itself */
};

/* A story whose calls are so old that no line can be a try of the same message any more: they stay what they are. */
struct known_over {
	const struct story *story;
	struct known_over *next;
};

struct known {
	struct known_over *over;
	struct map at;     /* by file and number of the line (known_key()) -> struct known_line */
	struct map rivals; /* of a story's join with its parent: story -> struct line */
	int64_t since;     /* local stamp: from then on all is joined anew */
	/* Was a delivery to that recipient tried before the new lines? */
	bool (*tried)(void *with, struct str name);
	void *with;
};

/* A recipient of a message accepted at that moment (a local stamp; the earliest one), of whom it was believed that no
 * try ever names him. */
struct relied {
	const struct name *name;
	int64_t at;
	struct relied *next;
};

static inline uint64_t known_key(uint64_t file, uint32_t number)
{
	return (uint64_t)file << 32 | number;
}

#endif
