/* index/pack.h - families of stories as bytes, and back to life.
 *
 * A family is all stories that point at each other: forwards, bounces, hops,
 * first tries, and tries that are named as rivals of the same message.  Each
 * story packed and unpacked is the same to whoever tells it, pointer by
 * pointer (fields.def).  Nothing of the logs' text is kept but where it stands:
 * a line is a place in a file, a text a part of a line, and unpacking reads the
 * lines again.
 */
#ifndef INDEX_PACK_H
#define INDEX_PACK_H

#include "base/cur.h"
#include "trace/story.h"

/* Of each file: the family's latest line in it, from which the next one's place is told as a step. */
struct pack_step {
	uint64_t offset; /* behind it, with its newline */
	uint32_t number, family;
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
bool pack_family(struct packer *k, struct buf *out, struct story *const *at, size_t n);
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
	uint32_t family;         /* as it was unpacked; 0 at first */
};

/* The family's stories in *at, in their order.  0: the bytes are no family, or its lines cannot be read. */
size_t unpack_family(struct unpacker *k, struct str family, struct story ***at);

#endif
