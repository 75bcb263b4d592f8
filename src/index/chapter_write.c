#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/io.h"
#include "index/chapter_inside.h"

#define CHAPTER_TEMPORARY "chapter.new"

struct chapter_out {
	int dirfd, fd;
	uint64_t at;
	ZSTD_CCtx *z;
	struct buf packed;
	int code; /* errno of the first write that failed */
	bool large, published;
};

struct chapter_out *chapter_create(int dirfd, struct err *e)
{
	/* one writer at a time (build.c): what stands there was left by one that was killed */
	FD(fd) = openat(dirfd, CHAPTER_TEMPORARY, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	struct chapter_out *c;

	if (fd < 0) {
		err_sys(e, "create %s", CHAPTER_TEMPORARY);
		return NULL;
	}
	c = mem_alloc(sizeof(*c));
	c->dirfd = dirfd;
	c->fd = fd_steal(&fd);
	c->at = CHAPTER_HEADER;
	c->z = ZSTD_createCCtx();
	if (c->z == NULL)
		BUG("zstd does not start");
	ZSTD_CCtx_setParameter(c->z, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(c->z, ZSTD_c_compressionLevel, 3);
	return c;
}

static void put(struct chapter_out *c, uint64_t at, struct str bytes)
{
	if (c->code == 0 && io_pwrite_all(c->fd, bytes.p, bytes.n, (off_t)at) < 0)
		c->code = errno;
}

struct chapter_frame chapter_add(struct chapter_out *c, struct str content)
{
	size_t most = ZSTD_compressBound(content.n), n;
	struct chapter_frame at = { .offset = c->at };

	if (content.n > CHAPTER_FRAME_MAX) {
		c->large = true;
		return at;
	}
	buf_reset(&c->packed);
	buf_need(&c->packed, most);
	n = ZSTD_compress2(c->z, c->packed.p, most, content.n > 0 ? content.p : "", content.n);
	if (ZSTD_isError(n))
		BUG("zstd: %s", ZSTD_getErrorName(n));
	put(c, c->at, str_mem(c->packed.p, n));
	at.packed = (uint32_t)n;
	at.size = (uint32_t)content.n;
	c->at += n;
	return at;
}

int chapter_publish(struct chapter_out *c, struct str root, struct err *e)
{
	struct chapter_frame at = chapter_add(c, root);
	BUF(header);

	chapter_put_header(&header, at);
	put(c, 0, buf_str(&header));
	if (c->large)
		return err_set(e, "the logs hold something that is too large for an index");
	if (c->code != 0) {
		errno = c->code;
		return err_sys(e, "write the index");
	}
	if (fsync(c->fd) < 0 || renameat(c->dirfd, CHAPTER_TEMPORARY, c->dirfd, CHAPTER_NAME) < 0)
		return err_sys(e, "publish the index");
	c->published = true;
	return fsync(c->dirfd) < 0 ? err_sys(e, "sync the folder of the index") : 0;
}

uint64_t chapter_written(const struct chapter_out *c)
{
	return c->at;
}

void chapter_out_free(struct chapter_out *c)
{
	if (c == NULL)
		return;
	if (!c->published)
		unlinkat(c->dirfd, CHAPTER_TEMPORARY, 0);
	close(c->fd);
	ZSTD_freeCCtx(c->z);
	buf_clear(&c->packed);
	free(c);
}
