/* index/chapter.h - the file of an index: frames that are written once, and a root that knows where they are.
 *
 * A header of fixed size, then zstd frames with checksums; the root is the last
 * of them.  The file is written beside its name, synced and renamed, so it is
 * there as a whole or not at all, and nobody who has it open sees it change.
 * It is believed only if this very program wrote it (the build id of the
 * executable), for its reader or by root.  doc/INDEX.md has the layout.
 */
#ifndef INDEX_CHAPTER_H
#define INDEX_CHAPTER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum {
	CHAPTER_VERSION = 1,
	CHAPTER_FRAME_MAX = 256 << 20 /* bytes that one frame may become */
};
#define CHAPTER_NAME "chapter"

/* Where a frame stands, and how large its content is. */
struct chapter_frame {
	uint64_t offset;
	uint32_t packed, size;
};

struct chapter_out;
/* A new chapter in that folder, under a temporary name; NULL: e. */
struct chapter_out *chapter_create(int dirfd, struct err *e);
/* Add a frame.  Errors are kept for chapter_publish(). */
struct chapter_frame chapter_add(struct chapter_out *c, struct str content);
/* Add the root, sync, and give the chapter its name.  -1: nothing has changed, e says why. */
int chapter_publish(struct chapter_out *c, struct str root, struct err *e);
uint64_t chapter_written(const struct chapter_out *c);
void chapter_out_free(struct chapter_out *c); /* with the file, when it was not published; NULL is nothing to do */

struct chapter;
/* NULL: there is none (e->code ENOENT), or none to be believed; e says why. */
struct chapter *chapter_open(int dirfd, struct err *e);
/* The content of a frame, in the arena.  False: it is not what was written. */
bool chapter_get(struct chapter *c, struct chapter_frame at, struct arena *mem, struct str *out);
struct str chapter_root(const struct chapter *c);
uint64_t chapter_size(const struct chapter *c);
void chapter_free(struct chapter *c); /* NULL is nothing to do */

void chapter_put_frame(struct buf *b, struct chapter_frame at);
struct cur;
struct chapter_frame chapter_take_frame(struct cur *c);

#endif
