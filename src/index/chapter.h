/* index/chapter.h - the file of an index: frames that are written once, and a root that knows where they are.
 *
 * A header of fixed size, then zstd frames with checksums; the root is the last
 * of them.  The file is written beside its name, synced and renamed, so it is
 * there as a whole or not at all, and nobody who has it open sees it change.
 * It is believed only if this very code wrote it (a fingerprint of the
 * sources), for its reader or by root.  doc/INDEX.md has the layout.
 */
#ifndef INDEX_CHAPTER_H
#define INDEX_CHAPTER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum {
	CHAPTER_VERSION = 3,
	CHAPTER_FRAME_MAX = 256 << 20 /* bytes that one frame may become */
};
#define CHAPTER_NAME "chapter"
/* Names in place of ids, which are odd: of the chapter that is read first, and of one that is to take its place when
 * all is there. */
enum { CHAPTER_LATEST = 0, CHAPTER_NEXT = 2 };

/* Where a frame stands, and how large its content is. */
struct chapter_frame {
	uint64_t offset;
	uint32_t packed, size;
};

struct chapter;
struct chapter_out;
/* A new chapter in that folder, under a temporary name; -1: in memory.  NULL: e. */
struct chapter_out *chapter_create(int dirfd, struct err *e);
/* Add a frame.  Errors are kept for chapter_publish(). */
struct chapter_frame chapter_add(struct chapter_out *c, struct str content);
/* The same of several things of different kinds, one behind the other: each is packed by what it is like itself. */
struct chapter_frame chapter_add_parts(struct chapter_out *c, const struct str *parts, size_t n);
/* Add the root, sync, and give the chapter that name (LATEST, NEXT).  `before`: the chapter that had it stays, under a
 * name made of its id.  -1: nothing has changed, e says why. */
int chapter_publish(struct chapter_out *c, struct str root, uint64_t as, const struct chapter *before, struct err *e);
/* The next one is the latest from now on.  -1: nothing has changed. */
int chapter_turn(int dirfd, struct err *e);
/* Of a chapter in memory: add the root, and open it.  NULL: e. */
struct chapter *chapter_reopen(struct chapter_out *c, struct str root, struct err *e);
/* Frames that another thread makes meanwhile, in memory.  They are added as a whole; where they begin is what their
 * places are told from. */
struct chapter_out *chapter_beside(const struct chapter_out *c);
uint64_t chapter_join(struct chapter_out *c, const struct chapter_out *beside);
uint64_t chapter_written(const struct chapter_out *c);
uint64_t chapter_out_id(const struct chapter_out *c); /* once it was published */
void chapter_out_free(struct chapter_out *c); /* with the file, when it was not published; NULL is nothing to do */

/* The latest one, the next one, or an earlier one by its id.  NULL: there is none (e->code ENOENT), or none to be
 * believed; e says why. */
struct chapter *chapter_open(int dirfd, uint64_t id, struct err *e);
uint64_t chapter_id(const struct chapter *c); /* by chance; 0: none */
/* Remove the earlier chapters but those.  -1: some could not be removed; e names the first. */
int chapter_sweep(int dirfd, const uint64_t *keep, size_t n, struct err *e);
/* The content of a frame, in the arena, or until frame_cache_turn().  False: it is not what was written. */
bool chapter_get(struct chapter *c, struct chapter_frame at, struct arena *mem, struct str *out);
struct str chapter_root(const struct chapter *c);
uint64_t chapter_size(const struct chapter *c);
void chapter_free(struct chapter *c); /* NULL is nothing to do */

void chapter_put_frame(struct buf *b, struct chapter_frame at);
struct cur;
struct chapter_frame chapter_take_frame(struct cur *c);

#endif
