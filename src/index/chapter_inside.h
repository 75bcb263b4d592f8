/* index/chapter_inside.h - the header of a chapter. */
#ifndef INDEX_CHAPTER_INSIDE_H
#define INDEX_CHAPTER_INSIDE_H

#include "index/chapter.h"

enum { CHAPTER_HEADER = 80, CHAPTER_BUILD = 32 };
#define CHAPTER_MAGIC "telltale index\n\n"

/* Who wrote it: a fingerprint of the sources; every program of one build has the same. */
void chapter_build(char out[CHAPTER_BUILD]);
/* magic, version, build, where the root is, id. */
void chapter_put_header(struct buf *b, struct chapter_frame root, uint64_t id);
bool chapter_take_header(struct str bytes, struct chapter_frame *root, uint64_t *id, struct err *e);

/* "chapter", or that of an earlier one. */
enum { CHAPTER_NAME_MAX = 32 };
void chapter_name(char out[CHAPTER_NAME_MAX], uint64_t id);
/* One that was written in memory, which is taken over, also on NULL. */
struct chapter *chapter_of_memory(struct buf *memory, struct err *e);

#endif
