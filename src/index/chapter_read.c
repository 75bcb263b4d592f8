#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/io.h"
#include "index/chapter_inside.h"
#include "index/frame_cache.h"
#include "index/index.h"

struct chapter {
	int fd;
	uint64_t size, id;
	struct frame_file file;
	struct buf memory; /* in place of a file (fd -1), of which frames are kept from one question to the next */
	ZSTD_DCtx *z;      /* NULL: not needed yet */
	struct buf packed;
	struct arena mem;
	struct str root;
};

/* Some bytes of it, where they lie or in the room. */
static const char *bytes_at(struct chapter *c, uint64_t at, size_t n)
{
	if (at > c->size || n > c->size - at)
		return NULL;
	if (c->fd < 0)
		return c->memory.p + at;
	buf_reset(&c->packed);
	buf_need(&c->packed, n);
	return io_pread_all(c->fd, c->packed.p, n, (off_t)at) < 0 ? NULL : c->packed.p;
}

static bool get(struct chapter *c, struct chapter_frame at, char *to)
{
	const char *from = bytes_at(c, at.offset, at.packed);
	size_t n;

	if (from == NULL)
		return false;
	if (c->z == NULL)
		c->z = ZSTD_createDCtx();
	if (c->z == NULL)
		BUG("zstd does not start");
	n = ZSTD_decompressDCtx(c->z, to, at.size, from, at.packed);
	return !ZSTD_isError(n) && n == at.size;
}

/* Where it is to lie; kept: from one question to the next. */
static char *room_for(const struct chapter *c, struct chapter_frame at, struct arena *mem, bool *kept)
{
	char *p = c->fd >= 0 ? frame_cache_room(&c->file, at) : NULL;

	*kept = p != NULL;
	return *kept ? p : arena_alloc(mem, (size_t)at.size + 1);
}

bool chapter_get(struct chapter *c, struct chapter_frame at, struct arena *mem, struct str *out)
{
	bool kept;
	char *p;

	*out = (struct str){ c->fd >= 0 ? frame_cache_get(&c->file, at) : NULL, at.size };
	if (out->p != NULL)
		return true;
	/* what cannot have been written must not cost memory: zstd makes at most 2^17 bytes of four */
	if (at.size > CHAPTER_FRAME_MAX || at.size / (1 << 15) > at.packed)
		return false;
	p = room_for(c, at, mem, &kept);
	out->p = p;
	if (get(c, at, p))
		return true;
	if (kept)
		frame_cache_drop(&c->file, at);
	return false;
}

static uid_t maker; /* root: nobody besides */

void index_believe(uid_t who)
{
	maker = who;
}

/* Our own and root's: whoever could have forged these could do worse to us than that.  Of the maker's see
 * index_believe(). */
static bool trusted(const struct stat *st)
{
	return S_ISREG(st->st_mode) && (st->st_uid == geteuid() || st->st_uid == 0 || st->st_uid == maker) &&
	       (st->st_mode & S_IWOTH) == 0;
}

static int open_root(struct chapter *c, struct err *e)
{
	const char *header = bytes_at(c, 0, CHAPTER_HEADER);
	struct chapter_frame root;

	if (header == NULL)
		return err_set(e, "it is torn");
	if (!chapter_take_header(str_mem(header, CHAPTER_HEADER), &root, &c->id, e))
		return -1;
	return chapter_get(c, root, &c->mem, &c->root) ? 0 : err_set(e, "it is torn or damaged");
}

static struct chapter *new_chapter(struct chapter as, struct err *e)
{
	struct chapter *c = mem_alloc(sizeof(*c));

	*c = as;
	if (open_root(c, e) == 0)
		return c;
	chapter_free(c);
	return NULL;
}

struct chapter *chapter_of_memory(struct buf *memory, struct err *e)
{
	struct buf taken = *memory;

	*memory = (struct buf){ 0 };
	return new_chapter((struct chapter){ .fd = -1, .memory = taken, .size = taken.n }, e);
}

static struct chapter *chapter_of(int file, struct err *e)
{
	FD(fd) = file;
	struct stat st;

	if (fstat(fd, &st) < 0) {
		err_sys(e, "open the index");
		return NULL;
	}
	if (!trusted(&st)) {
		err_set(e, "it belongs to another user, or everybody may write it");
		return NULL;
	}
	return new_chapter(
	    (struct chapter){ .fd = fd_steal(&fd), .file = frame_file_of(&st), .size = (uint64_t)st.st_size }, e);
}

struct chapter *chapter_open(int dirfd, uint64_t id, struct err *e)
{
	struct chapter *c;
	char name[CHAPTER_NAME_MAX];
	int fd;

	chapter_name(name, id);
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		err_sys(e, "open the index");
		return NULL;
	}
	c = chapter_of(fd, e);
	if (c == NULL || id == CHAPTER_LATEST || id == CHAPTER_NEXT || c->id == id)
		return c;
	err_set(e, "its parts do not belong together");
	chapter_free(c);
	return NULL;
}

uint64_t chapter_id(const struct chapter *c)
{
	return c->id;
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
	fd_clear(&c->fd);
	buf_clear(&c->memory);
	ZSTD_freeDCtx(c->z);
	buf_clear(&c->packed);
	arena_clear(&c->mem);
	free(c);
}
