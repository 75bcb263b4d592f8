#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/io.h"
#include "index/chapter_inside.h"

#define CHAPTER_TEMPORARY "chapter.new"
/* Levels of zstd: of what lives as long as one question; else (3 would leave 4 % less in twice the time). */
enum { QUICK = -5, USUAL = 1 };

struct chapter_out {
	int dirfd, fd;
	uint64_t at, id;
	ZSTD_CCtx *z;
	int level;
	struct buf packed, memory; /* memory: in place of a file */
	int code;                  /* errno of the first write that failed */
	bool large, published;
};

static struct chapter_out *new_out(int dirfd, int level)
{
	struct chapter_out *c = mem_alloc(sizeof(*c));

	c->dirfd = dirfd;
	c->fd = -1;
	c->level = level;
	c->z = ZSTD_createCCtx();
	if (c->z == NULL)
		BUG("zstd does not start");
	ZSTD_CCtx_setParameter(c->z, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(c->z, ZSTD_c_compressionLevel, level);
	return c;
}

struct chapter_out *chapter_create(int dirfd, struct err *e)
{
	const int how = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
	struct chapter_out *c;
	FD(fd) = -1;

	if (dirfd >= 0) {
		/* one writer at a time (build.c): what stands there was left by one that was killed, who may be
		 * another user */
		unlinkat(dirfd, CHAPTER_TEMPORARY, 0);
		fd = openat(dirfd, CHAPTER_TEMPORARY, how, 0640);
	}
	if (dirfd >= 0 && fd < 0) {
		err_sys(e, "create %s", CHAPTER_TEMPORARY);
		return NULL;
	}
	c = new_out(dirfd, dirfd < 0 ? QUICK : USUAL);
	c->fd = fd_steal(&fd);
	c->at = CHAPTER_HEADER;
	return c;
}

struct chapter_out *chapter_beside(const struct chapter_out *c)
{
	return new_out(-1, c->level);
}

/* Behind what stands there, or over its beginning. */
static void put_memory(struct buf *b, uint64_t at, struct str bytes)
{
	if (at + bytes.n > b->n) {
		buf_need(b, (size_t)at + bytes.n - b->n);
		b->n = (size_t)at + bytes.n;
		b->p[b->n] = '\0';
	}
	memcpy(b->p + at, bytes.p, bytes.n);
}

static void put(struct chapter_out *c, uint64_t at, struct str bytes)
{
	if (c->dirfd < 0)
		put_memory(&c->memory, at, bytes);
	else if (c->code == 0 && io_pwrite_all(c->fd, bytes.p, bytes.n, (off_t)at) < 0)
		c->code = errno;
}

static void must(size_t rc)
{
	if (ZSTD_isError(rc))
		BUG("zstd: %s", ZSTD_getErrorName(rc));
}

/* Each part ends a block of zstd's, which has a table of its own where that pays. */
static void pack_part(struct chapter_out *c, struct str part, ZSTD_EndDirective how, ZSTD_outBuffer *to)
{
	ZSTD_inBuffer from = { part.n > 0 ? part.p : "", part.n, 0 };
	size_t left;

	do {
		left = ZSTD_compressStream2(c->z, to, &from, how);
		must(left);
	} while (left > 0);
}

struct chapter_frame chapter_add_parts(struct chapter_out *c, const struct str *parts, size_t n)
{
	struct chapter_frame at = { .offset = c->at };
	ZSTD_outBuffer to = { NULL, 0, 0 };
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += parts[i].n;
	if (size > CHAPTER_FRAME_MAX) {
		c->large = true;
		return at;
	}
	to.size = ZSTD_compressBound(size) + n * ZSTD_compressBound(0);
	buf_reset(&c->packed);
	buf_need(&c->packed, to.size);
	to.dst = c->packed.p;
	must(ZSTD_CCtx_setPledgedSrcSize(c->z, size));
	for (size_t i = 0; i < n; i++)
		pack_part(c, parts[i], i + 1 < n ? ZSTD_e_flush : ZSTD_e_end, &to);
	put(c, c->at, str_mem(c->packed.p, to.pos));
	at.packed = (uint32_t)to.pos;
	at.size = (uint32_t)size;
	c->at += to.pos;
	return at;
}

struct chapter_frame chapter_add(struct chapter_out *c, struct str content)
{
	return chapter_add_parts(c, &content, 1);
}

uint64_t chapter_join(struct chapter_out *c, const struct chapter_out *beside)
{
	uint64_t from = c->at;

	put(c, from, buf_str(&beside->memory));
	c->at += beside->memory.n;
	c->large = c->large || beside->large;
	return from;
}

/* The root and the header: then it is whole, but not on the disk. */
static int finish(struct chapter_out *c, struct str root, struct err *e)
{
	struct chapter_frame at = chapter_add(c, root);
	BUF(header);

	if (getrandom(&c->id, sizeof(c->id), 0) != sizeof(c->id))
		BUG("no random bytes");
	c->id |= 1;
	chapter_put_header(&header, at, c->id);
	put(c, 0, buf_str(&header));
	if (c->large)
		return err_set(e, "the logs hold something that is too large for an index");
	if (c->code != 0) {
		errno = c->code;
		return err_sys(e, "write the index");
	}
	return 0;
}

/* What has the name now gets a second one before it loses that: there is no moment without it. */
static int keep_former(struct chapter_out *c, const char *name, const struct chapter *before, struct err *e)
{
	char other[CHAPTER_NAME_MAX];

	chapter_name(other, chapter_id(before));
	if (linkat(c->dirfd, name, c->dirfd, other, 0) < 0 && errno != EEXIST)
		return err_sys(e, "keep the former part of the index");
	return fsync(c->dirfd) < 0 ? err_sys(e, "sync the folder of the index") : 0;
}

static int name_it(int dirfd, const char *from, const char *to, struct err *e)
{
	if (renameat(dirfd, from, dirfd, to) < 0)
		return err_sys(e, "publish the index");
	return fsync(dirfd) < 0 ? err_sys(e, "sync the folder of the index") : 0;
}

int chapter_publish(struct chapter_out *c, struct str root, uint64_t as, const struct chapter *before, struct err *e)
{
	char name[CHAPTER_NAME_MAX];

	chapter_name(name, as);
	if (finish(c, root, e) < 0 || (before != NULL && keep_former(c, name, before, e) < 0))
		return -1;
	if (fsync(c->fd) < 0)
		return err_sys(e, "publish the index");
	c->published = name_it(c->dirfd, CHAPTER_TEMPORARY, name, e) == 0;
	return c->published ? 0 : -1;
}

int chapter_turn(int dirfd, struct err *e)
{
	char name[CHAPTER_NAME_MAX];

	chapter_name(name, CHAPTER_NEXT);
	return name_it(dirfd, name, CHAPTER_NAME, e);
}

struct chapter *chapter_reopen(struct chapter_out *c, struct str root, struct err *e)
{
	return finish(c, root, e) < 0 ? NULL : chapter_of_memory(&c->memory, e);
}

static bool is_kept(const char *name, const uint64_t *keep, size_t n)
{
	char one[CHAPTER_NAME_MAX];

	for (size_t i = 0; i < n; i++) {
		chapter_name(one, keep[i]);
		if (strcmp(one, name) == 0)
			return true;
	}
	return strcmp(name, CHAPTER_TEMPORARY) == 0;
}

static int sweep(DIR *d, const uint64_t *keep, size_t n, struct err *e)
{
	const struct dirent *x;
	int rc = 0;

	while (errno = 0, (x = readdir(d)) != NULL) {
		if (strncmp(x->d_name, CHAPTER_NAME ".", sizeof(CHAPTER_NAME)) != 0 || is_kept(x->d_name, keep, n))
			continue;
		if (unlinkat(dirfd(d), x->d_name, 0) < 0 && errno != ENOENT && rc == 0)
			rc = err_sys(e, "remove %s", x->d_name);
	}
	return rc < 0 || errno == 0 ? rc : err_sys(e, "read the folder of the index");
}

int chapter_sweep(int dirfd, const uint64_t *keep, size_t n, struct err *e)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d == NULL) {
		rc = err_sys(e, "open the folder of the index");
		fd_clear(&fd);
		return rc;
	}
	rc = sweep(d, keep, n, e);
	closedir(d);
	return rc;
}

uint64_t chapter_written(const struct chapter_out *c)
{
	return c->at;
}

uint64_t chapter_out_id(const struct chapter_out *c)
{
	return c->id;
}

void chapter_out_free(struct chapter_out *c)
{
	if (c == NULL)
		return;
	if (!c->published && c->dirfd >= 0)
		unlinkat(c->dirfd, CHAPTER_TEMPORARY, 0);
	fd_clear(&c->fd);
	buf_clear(&c->memory);
	ZSTD_freeCCtx(c->z);
	buf_clear(&c->packed);
	free(c);
}
