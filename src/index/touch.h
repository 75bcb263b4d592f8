/* index/touch.h - by what lines belong together: numbers, queue ids, and who wrote to whom.
 *
 * Gathered from lines as they stand in the log, and from stories.  Each is kept
 * once; what was looked for already is known by its place (`done`).
 */
#ifndef INDEX_TOUCH_H
#define INDEX_TOUCH_H

#include "trace/story.h"

enum key_kind { KEY_QP, KEY_CONNECTION, KEY_DELIVERY, KEY_ID, KEY_KINDS };

struct key_numbers {
	uint64_t *at;
	size_t n, cap, done;
	struct map known;
};

/* A time in which what these two have may matter: all of it, or what was refused for now, and what the gate says
 * without a number. */
struct key_span {
	int64_t from, to;
	bool all;
};

/* A sender and a recipient: first tries are known by them, and what the gate says without a number. */
struct key_pair {
	const struct name *from, *to;
	uint32_t hash; /* touch_pair_hash() */
	struct key_span *at;
	size_t n, cap, done; /* pull.c was there */
};

struct touch {
	struct key_numbers of[KEY_KINDS];
	struct key_pair *pairs;
	size_t npairs, pairs_cap;
	struct map known_pairs;
	struct arena mem;
	struct book *names;      /* which spells them, and knows the zone */
	const struct name *from; /* of the group being read */
	struct {
		const struct name *to;
		int64_t at;
	} group[64];
	size_t ngroup;
	bool old; /* the logs are old ones: numbers come again in them, and lead to nothing but a delivery's result */
	struct map tried; /* of old logs: numbers of the tries that were met */
	bool again;       /* a line says that another was repeated: that is no log of ours */
};

void touch_init(struct touch *k, struct book *names);
void touch_clear(struct touch *k);
void touch_number(struct touch *k, enum key_kind kind, uint64_t number);
/* A call of these two at a moment (UTC seconds).  open: it was refused for now, or the gate's line has no other key. */
void touch_call(struct touch *k, const struct name *from, const struct name *to, int64_t at, bool open);
/* Of a sender and a recipient: by which pull.c knows in which chapters they had a call that is open. */
uint32_t touch_pair_hash(const struct name *from, const struct name *to);
/* The pairs of the story's open calls. */
void touch_open(const struct story *s, void (*see)(void *with, uint32_t pair), void *with);
/* Between which moments were the story's calls, as touch_story() sees them?  False: there are none. */
bool touch_span(const struct book *b, const struct story *s, struct key_span *out);
/* A line of the gate that no number joined to a visit. */
bool touch_loose(const struct gate *g);
void touch_line(struct touch *k, const struct log_line *l);
/* Of another server's log.  qmail's numbers come again soon: what they lead to is left open (trace/group_kept.c). */
void touch_foreign(struct touch *k, const struct foreign_line *l);

/* book: the one that it is of. */
void touch_story(struct touch *k, const struct book *book, const struct story *s);

#endif
