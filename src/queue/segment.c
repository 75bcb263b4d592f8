#include "queue/segment.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/io.h"
#include "queue/sum.h"

enum { HEADER = 48, SECOND_COPY = 4096, VERSION = 1, ZEROS = 1024 * 1024 };
static const char magic[8] = { 'T', 'T', 's', 'e', 'g', 'm', 't', '\n' };

void segment_name(char out[SEGMENT_NAME], uint64_t id, bool making)
{
	snprintf(out, SEGMENT_NAME, "%" PRIu64 ".%s", id, making ? "making" : "segment");
}

bool segment_named(const char *name, uint64_t *id, bool *making)
{
	struct str number, kind;

	if (!str_cut(str_of(name), STR("."), &number, &kind))
		return false;
	*making = str_eqz(kind, "making");
	return (*making || str_eqz(kind, "segment")) && str_u64(number, UINT64_MAX, id);
}

uint64_t segment_nonce(void)
{
	uint64_t n;

	do {
		if (getrandom(&n, sizeof(n), 0) != sizeof(n))
			BUG("no random bytes");
	} while (n == 0);
	return n;
}

static char *put(char *to, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		*to++ = (char)(v >> (8 * i) & 0xff);
	return to;
}

static void pack(const struct segment_head *h, char out[HEADER])
{
	char *p = out;

	memcpy(p, magic, sizeof(magic));
	p = put(p + sizeof(magic), VERSION | (uint64_t)h->recycled << 32);
	p = put(p, h->id);
	p = put(p, h->size);
	p = put(p, h->nonce);
	put(p, sum_bytes(0, str_mem(out, HEADER - 8)));
}

static bool unpack(const char in[HEADER], struct segment_head *h)
{
	struct cur c = cur_of(str_mem(in, HEADER));
	uint64_t version;

	cur_take(&c, sizeof(magic), "");
	version = cur_u64(&c);
	h->id = cur_u64(&c);
	h->size = cur_u64(&c);
	h->nonce = cur_u64(&c);
	h->recycled = version >> 32 & 1;
	return memcmp(in, magic, sizeof(magic)) == 0 && (version & UINT32_MAX) == VERSION && h->nonce != 0 &&
	       h->size >= SEGMENT_SIZE_LEAST && h->size <= SEGMENT_SIZE_MOST && h->size % 8 == 0 &&
	       cur_u64(&c) == sum_bytes(0, str_mem(in, HEADER - 8));
}

static int write_header(int fd, const struct segment_head *h)
{
	char bytes[HEADER];

	pack(h, bytes);
	if (io_pwrite_all(fd, bytes, HEADER, 0) < 0)
		return -1;
	return io_pwrite_all(fd, bytes, HEADER, SECOND_COPY);
}

static int write_zeros(int fd, uint64_t size)
{
	char *zeros = mem_alloc(ZEROS);
	int rc = 0;

	for (uint64_t at = 0; at < size && rc == 0; at += ZEROS)
		rc = io_pwrite_all(fd, zeros, size - at < ZEROS ? (size_t)(size - at) : ZEROS, (off_t)at);
	free(zeros);
	return rc;
}

/* A file system that cannot reserve room is written to. */
static int make_room(int fd, uint64_t size, enum segment_room room)
{
	if (room == SEGMENT_IN_HASTE && fallocate(fd, 0, 0, (off_t)size) == 0)
		return 0;
	if (room == SEGMENT_IN_HASTE && errno != EOPNOTSUPP)
		return -1;
	return write_zeros(fd, size);
}

/* The file is complete: sync it and give it its name. */
static int finish(int dir, int fd, uint64_t id, struct err *e)
{
	char making[SEGMENT_NAME], name[SEGMENT_NAME];

	segment_name(making, id, true);
	segment_name(name, id, false);
	if (fsync(fd) < 0)
		return err_sys(e, "sync segments/%s", making);
	if (renameat(dir, making, dir, name) < 0 || fsync(dir) < 0)
		return err_sys(e, "rename segments/%s", making);
	return 0;
}

static int create(int dir, const char *making, struct segment_head *h, enum segment_room room, struct err *e)
{
	FD(fd) = openat(dir, making, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, "create segments/%s", making);
	if (make_room(fd, h->size, room) < 0 || write_header(fd, h) < 0)
		return err_sys(e, "write segments/%s", making);
	return finish(dir, fd, h->id, e);
}

int segment_create(int dir, struct segment_head *h, enum segment_room room, struct err *e)
{
	char making[SEGMENT_NAME];

	h->nonce = segment_nonce();
	h->recycled = false;
	segment_name(making, h->id, true);
	if (create(dir, making, h, room, e) == 0)
		return 0;
	(void)unlinkat(dir, making, 0);
	return -1;
}

int segment_remove(int dir, uint64_t id, struct err *e)
{
	char name[SEGMENT_NAME];

	segment_name(name, id, false);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove segments/%s", name);
	return fsync(dir) < 0 ? err_sys(e, "sync segments") : 0;
}

/* True when no descriptor anywhere is open for writing: the kernel gives a read
 * lease only then (and only to the owner, on file systems that know leases). */
static bool nobody_writes(int dir, const char *name, uint64_t size)
{
	FD(fd) = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || (uint64_t)st.st_size != size)
		return false;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return false;
	return fcntl(fd, F_SETLEASE, F_UNLCK) == 0;
}

static int take_over(int dir, const char *making, const struct segment_head *h, struct err *e)
{
	FD(fd) = openat(dir, making, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return err_sys(e, "open segments/%s", making);
	if (write_header(fd, h) < 0)
		return err_sys(e, "write segments/%s", making);
	return finish(dir, fd, h->id, e);
}

int segment_recycle(int dir, uint64_t old, struct segment_head *h, struct err *e)
{
	char name[SEGMENT_NAME], making[SEGMENT_NAME];

	segment_name(name, old, false);
	segment_name(making, h->id, true);
	if (!nobody_writes(dir, name, h->size))
		return segment_remove(dir, old, e) < 0 ? -1 : 1;
	h->nonce = segment_nonce();
	h->recycled = true;
	/* The old name must be gone for good before the old header is. */
	if (renameat(dir, name, dir, making) < 0 || fsync(dir) < 0)
		return err_sys(e, "rename segments/%s", name);
	return take_over(dir, making, h, e);
}

int segment_read(int fd, struct segment_head *h, struct err *e)
{
	static const off_t copies[] = { 0, SECOND_COPY };
	int unread = 0;
	char bytes[HEADER];

	for (size_t i = 0; i < COUNT(copies); i++) {
		if (io_pread_all(fd, bytes, HEADER, copies[i]) < 0)
			unread = errno != ENODATA ? errno : unread;
		else if (unpack(bytes, h))
			return 0;
	}
	errno = unread;
	return unread != 0 ? err_sys(e, "read a segment header") : err_set(e, "no good segment header");
}
