/* index/chapter_inside.h - the header of a chapter. */
#ifndef INDEX_CHAPTER_INSIDE_H
#define INDEX_CHAPTER_INSIDE_H

#include "index/chapter.h"

enum { CHAPTER_HEADER = 80, CHAPTER_BUILD = 32 };
#define CHAPTER_MAGIC "telltale index\n\n"

/* Who wrote it: the build id of this executable, else its version. */
void chapter_build(char out[CHAPTER_BUILD]);
/* magic, version, build, where the root is. */
void chapter_put_header(struct buf *b, struct chapter_frame root);
bool chapter_take_header(struct str bytes, struct chapter_frame *root, struct err *e);

#endif
