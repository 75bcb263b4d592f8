/* queue/segment.h - segment files: their names, headers, making and going (doc/QUEUE.md).
 *
 * Every function here leaves the folder synced: a name that was given has its
 * file after a power cut, a name that was taken away does not come back.
 */
#ifndef QUEUE_SEGMENT_H
#define QUEUE_SEGMENT_H

#include "base/err.h"
#include "base/str.h"

enum { SEGMENT_START = 8192 }; /* first byte for records */
#define SEGMENT_SIZE_LEAST ((uint64_t)256 * 1024)
#define SEGMENT_SIZE_MOST ((uint64_t)256 * 1024 * 1024)

struct segment_head {
	uint64_t id, size, nonce;
	bool recycled; /* it may hold bytes of an earlier life */
};

enum { SEGMENT_NAME = 40 };
void segment_name(char out[SEGMENT_NAME], uint64_t id, bool making);
bool segment_named(const char *name, uint64_t *id, bool *making);

/* How a new segment gets its room.  Written with zeros, a sync of a record moves no metadata: the least wait for a 250.
 * In haste the room is only reserved: half the bytes to write, which is more where records come faster than zeros. */
enum segment_room { SEGMENT_WRITTEN, SEGMENT_IN_HASTE };
/* A new file full of zeros, h->id and h->size given; h->nonce is filled in. */
int segment_create(int dir, struct segment_head *h, enum segment_room room, struct err *e);
/* Use the drained file `old` again as h->id: 0, or 1 when somebody could still
 * write into it (or it has another size): it was removed, nothing was made. */
int segment_recycle(int dir, uint64_t old, struct segment_head *h, struct err *e);
int segment_remove(int dir, uint64_t id, struct err *e);
/* From either copy of the header; -1 when none is good. */
int segment_read(int fd, struct segment_head *h, struct err *e);
/* A number nobody can guess, never 0. */
uint64_t segment_nonce(void);

#endif
