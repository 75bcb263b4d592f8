/* index/frame_cache.h - contents of frames, kept from one question to the next.
 *
 * For a program that answers many questions; off until frame_cache_begin().  A chapter never changes once it
 * has its name, so a frame is known by its file (device, inode, times, size) and its place in it.
 * For one thread.
 */
#ifndef INDEX_FRAME_CACHE_H
#define INDEX_FRAME_CACHE_H

#include <sys/stat.h>
#include "index/chapter.h"

/* Keep at most so many bytes; 0 ends it and frees all. */
void frame_cache_begin(size_t most);

/* A file, as part of a frame's name. */
struct frame_file {
	uint64_t dev, ino, size;
	int64_t mtime, ctime; /* ns */
};
struct frame_file frame_file_of(const struct stat *st);

/* The content (at.size bytes), where it lies until frame_cache_turn(); NULL: it is not kept. */
const char *frame_cache_get(const struct frame_file *f, struct chapter_frame at);
/* Room for the content of one that is not kept yet, for the caller to fill at once and to use as above; NULL: it is too
 * large, or all that is kept is in use.  What was not asked for for longest makes room. */
char *frame_cache_room(const struct frame_file *f, struct chapter_frame at);
/* It could not be filled. */
void frame_cache_drop(const struct frame_file *f, struct chapter_frame at);
/* The question is answered: nobody uses what he got. */
void frame_cache_turn(void);

#endif
