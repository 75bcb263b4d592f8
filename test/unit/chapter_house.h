/* A folder with one chapter, whose root says what the test wants. */
#ifndef TEST_CHAPTER_HOUSE_H
#define TEST_CHAPTER_HOUSE_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "index/chapter.h"

struct house {
	char dir[32];
	int fd;
	struct chapter *c;
	struct arena mem;
};

static inline struct chapter_out *house_begin(struct house *h)
{
	struct chapter_out *out;

	*h = (struct house){ .dir = "/tmp/test-chapter-XXXXXX", .mem = ARENA_INIT };
	assert_non_null(mkdtemp(h->dir));
	h->fd = open(h->dir, O_RDONLY | O_DIRECTORY);
	assert_true(h->fd >= 0);
	out = chapter_create(h->fd, NULL);
	assert_non_null(out);
	return out;
}

static inline void house_publish(struct house *h, struct chapter_out *out, const struct buf *root)
{
	assert_int_equal(chapter_publish(out, buf_str(root), CHAPTER_LATEST, NULL, NULL), 0);
	chapter_out_free(out);
	h->c = chapter_open(h->fd, 0, NULL);
	assert_non_null(h->c);
}

static inline void house_clear(struct house *h)
{
	chapter_free(h->c);
	assert_int_equal(unlinkat(h->fd, CHAPTER_NAME, 0), 0);
	close(h->fd);
	assert_int_equal(rmdir(h->dir), 0);
	arena_clear(&h->mem);
}

#endif
