#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/io.h"
#include "index/chapter_inside.h"

struct chapter {
	int fd;
	uint64_t size;
	ZSTD_DCtx *z;
	struct buf packed;
	struct arena mem;
	struct str root;
};

static bool get(struct chapter *c, struct chapter_frame at, char *to)
{
	size_t n;

	if (at.offset > c->size || at.packed > c->size - at.offset)
		return false;
	buf_reset(&c->packed);
	buf_need(&c->packed, at.packed);
	if (io_pread_all(c->fd, c->packed.p, at.packed, (off_t)at.offset) < 0)
		return false;
	n = ZSTD_decompressDCtx(c->z, to, at.size, c->packed.p, at.packed);
	return !ZSTD_isError(n) && n == at.size;
}

bool chapter_get(struct chapter *c, struct chapter_frame at, struct arena *mem, struct str *out)
{
	char *p;

	/* what cannot have been written must not cost memory: zstd makes at most 2^17 bytes of four */
	if (at.size > CHAPTER_FRAME_MAX || at.size / (1 << 15) > at.packed)
		return false;
	p = arena_alloc(mem, (size_t)at.size + 1);
	if (!get(c, at, p))
		return false;
	*out = (struct str){ p, at.size };
	return true;
}

/* Whoever could have forged it could do worse to us than that. */
static bool trusted(const struct stat *st)
{
	return S_ISREG(st->st_mode) && (st->st_uid == geteuid() || st->st_uid == 0) && (st->st_mode & S_IWOTH) == 0;
}

static int open_root(struct chapter *c, struct err *e)
{
	char header[CHAPTER_HEADER];
	struct chapter_frame root;

	if (io_pread_all(c->fd, header, sizeof(header), 0) < 0)
		return err_set(e, "it is torn");
	if (!chapter_take_header(str_mem(header, sizeof(header)), &root, e))
		return -1;
	return chapter_get(c, root, &c->mem, &c->root) ? 0 : err_set(e, "it is torn or damaged");
}

struct chapter *chapter_open(int dirfd, struct err *e)
{
	FD(fd) = openat(dirfd, CHAPTER_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct chapter *c;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		err_sys(e, "open the index");
		return NULL;
	}
	if (!trusted(&st)) {
		err_set(e, "it belongs to another user, or everybody may write it");
		return NULL;
	}
	c = mem_alloc(sizeof(*c));
	c->fd = fd_steal(&fd);
	c->size = (uint64_t)st.st_size;
	c->z = ZSTD_createDCtx();
	if (c->z == NULL)
		BUG("zstd does not start");
	if (open_root(c, e) == 0)
		return c;
	chapter_free(c);
	return NULL;
}

struct str chapter_root(const struct chapter *c)
{
	return c->root;
}

uint64_t chapter_size(const struct chapter *c)
{
	return c->size;
}

void chapter_free(struct chapter *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	ZSTD_freeDCtx(c->z);
	buf_clear(&c->packed);
	arena_clear(&c->mem);
	free(c);
}
