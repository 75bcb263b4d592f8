/* index/pack.h - families of stories as bytes, and back to life.
 *
 * A family is all stories that point at each other: forwards, bounces, hops,
 * first tries, and tries that are named as rivals of the same message.  Each
 * story packed and unpacked is the same to whoever tells it, pointer by
 * pointer (fields.def).  Nothing of the logs' text is kept but where it stands:
 * a line is a place in a file, a text a part of a line, and unpacking reads the
 * lines again.
 *
 * Families are packed into blocks.  What is alike stands together, in lanes of
 * a block, and most of what a family says is said as a step from the one before
 * it: both make it half as large.  A group of some families begins anew, so that
 * whoever wants one goes through few that stand before it.
 */
#ifndef INDEX_PACK_H
#define INDEX_PACK_H

#include "base/cur.h"
#include "trace/story.h"

/* By what the bytes of a block are. */
enum pack_lane {
	LANE_SMALL, /* counts, shapes, what few values are of, which line is meant; each record has some of it */
	LANE_LINE,  /* shapes of lines */
	LANE_TIME,
	LANE_PLACE,  /* where lines stand, */
	LANE_LENGTH, /* and how long they are */
	LANE_COUNTER,
	LANE_WIDE, /* numbers that may be any */
	LANE_TEXT, /* where in its line a text stands and how long it is, or itself */
	LANES
};

/* Families of a group: the next one begins anew. */
enum { PACK_GROUP = 8 };

/* A block that is being filled.  All zeros is an empty one. */
struct pack_block {
	struct buf lane[LANES];
	struct buf sizes;    /* of each group that is over: of each lane */
	size_t ended[LANES]; /* where the last group that is over ends */
	uint32_t n;          /* families */
};
/* Bytes of it. */
size_t pack_block_size(const struct pack_block *b);
/* It is whole: its parts, the sizes first. */
enum { PACK_PARTS = LANES + 1 };
void pack_block_end(struct pack_block *b, struct str parts[PACK_PARTS]);
void pack_block_reset(struct pack_block *b);
void pack_block_clear(struct pack_block *b);

/* What rises from one message to the next: told as a step from the last one. */
enum pack_counter { COUNT_QP, COUNT_CONNECTION, COUNT_DELIVERY, PACK_COUNTERS };

/* What the families of a group have said so far. */
struct pack_said {
	uint64_t counter[PACK_COUNTERS];
	uint64_t order; /* of the family's first story */
	int64_t base;   /* seconds that its times are told from */
	uint32_t group; /* which one it is, from 1 */
};

/* Of each file: from where the place of the next line is told as a step. */
struct pack_step {
	uint64_t offset; /* behind the family's latest line in it, with its newline, */
	uint64_t next;   /* and behind the first of its lines that stand together: from there the next family's */
	uint32_t number, next_number;
	uint32_t family, group; /* of which that is said */
	bool together;          /* the family's lines in it so far */
	int64_t local;
};

enum { PACK_KEYS_MAX = 255, PACK_SHAPES_MAX = 126, PACK_LINES_MAX = 1 << 21, PACK_FAMILY_MAX = 32 << 20 };

/* Lines, and the structs of fields.def, by number. */
#define STRUCT(s) PACK_OF_##s,
#define FIELD(s, T, f)
#define END(s)
enum pack_of {
	PACK_OF_line,
#include "index/fields.def"
	PACK_STRUCTS
};
#undef STRUCT
#undef FIELD
#undef END

/* What few records say anew.  Why they belong together, in words: there are a few dozen such keys.  And which of its
 * members a struct has, as bits: there are a few dozen such shapes of each. */
struct pack_keys {
	const char *at[PACK_KEYS_MAX];
	size_t n;
	struct pack_shapes {
		uint64_t at[PACK_SHAPES_MAX];
		size_t n;
	} shapes[PACK_STRUCTS];
};

struct packer;
struct packer *pack_new(const struct tale *t, struct pack_keys *keys);
void pack_free(struct packer *k);
/* Append the family: its stories in the order of the tale.  False: it cannot be kept as it is. */
bool pack_family(struct packer *k, struct pack_block *out, struct story *const *at, size_t n);
/* Look at the family only: the two below are answered. */
void pack_look(struct packer *k, struct story *const *at, size_t n);
/* Of the family that was packed last: its i-th line by file and number, NULL behind the last one (a line may come more
 * than once); does one hold this text of its records? */
const struct line *pack_each_line(const struct packer *k, size_t i);
bool pack_in_line(const struct packer *k, struct str text);

/* Where the text of a line comes from: n bytes of the unpacked file; NULL: it is not to be had. */
struct pack_text {
	const char *(*read)(void *with, uint32_t file, uint64_t offset, size_t n);
	void *with;
};

struct unpacker {
	struct book *b;              /* its arena and names take up what comes to life */
	const struct source *source; /* the files that places are told by */
	const uint32_t *files;       /* of each: which one of the book's that is; NULL: the same */
	const struct pack_keys *keys;
	struct pack_text text;
	struct pack_step *steps; /* of each file of the source: scratch, zeros at first */
	/* from here on its own */
	struct cur sizes, lane[LANES]; /* of the groups that come; of the group */
	struct str rest[LANES];        /* of the groups that come */
	struct pack_said said;
	uint32_t family; /* as it was unpacked */
};

/* A block of so many families, from its beginning on.  False: it is none. */
bool unpack_block(struct unpacker *k, struct str whole, uint32_t families);
/* Its next group; the one before needs not have been gone through. */
bool unpack_group(struct unpacker *k);
/* The next family of the group: its stories in *at, in their order.  0: the bytes are no family, or its lines cannot be
 * read. */
size_t unpack_family(struct unpacker *k, struct story ***at);
/* Step over it.  False: it is none. */
bool unpack_skip(struct unpacker *k, struct arena *scratch);
/* Was all of the group gone through? */
bool unpack_ended(const struct unpacker *k);

#endif
