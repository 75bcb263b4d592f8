/* What was written and not yet synced, and how it goes away. */
#include "inject.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { RANGES = 4096, PIECES = 1024 };

/* The newest are at the end; when there are too many, the oldest are forgotten. */
static struct range {
	dev_t dev;
	ino_t ino;
	uint64_t from, length;
} ranges[RANGES];
static size_t nranges;

static int open_theirs(const struct call *c, int fd, int flags)
{
	char at[64];

	snprintf(at, sizeof(at), "/proc/%d/fd/%d", (int)c->thread, fd);
	return open(at, flags | O_CLOEXEC);
}

static bool stat_theirs(const struct call *c, int fd, struct stat *st)
{
	char at[64];

	snprintf(at, sizeof(at), "/proc/%d/fd/%d", (int)c->thread, fd);
	return stat(at, st) == 0 && S_ISREG(st->st_mode);
}

/* Where the next write() of that descriptor goes. */
static uint64_t position(const struct call *c, int fd, const struct stat *st)
{
	unsigned long long pos = 0;
	unsigned flags = 0;
	char at[64], line[128];
	FILE *f;

	snprintf(at, sizeof(at), "/proc/%d/fdinfo/%d", (int)c->thread, fd);
	f = fopen(at, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "pos: %llu", &pos) == 1 || sscanf(line, "flags: %o", &flags) == 1)
			continue;
	if (f != NULL)
		fclose(f);
	return flags & O_APPEND ? (uint64_t)st->st_size : pos;
}

static uint64_t length_of_vector(const struct call *c)
{
	struct iovec iov[PIECES];
	size_t n = c->args[2] < PIECES ? (size_t)c->args[2] : PIECES;
	struct iovec mine = { iov, n * sizeof(iov[0]) }, theirs = { (void *)(uintptr_t)c->args[1], n * sizeof(iov[0]) };
	uint64_t length = 0;

	if (process_vm_readv(c->thread, &mine, 1, &theirs, 1, 0) != (ssize_t)mine.iov_len)
		return 0;
	for (size_t i = 0; i < n; i++)
		length += iov[i].iov_len;
	return length;
}

/* False: this call writes nothing. */
static bool range_of(const struct call *c, const struct stat *st, int fd, struct range *r)
{
	*r = (struct range){ .dev = st->st_dev, .ino = st->st_ino };
	switch (c->number) {
	case SYS_write:
		r->from = position(c, fd, st), r->length = c->args[2];
		return true;
	case SYS_writev:
		r->from = position(c, fd, st), r->length = length_of_vector(c);
		return true;
	case SYS_pwrite64:
		r->from = c->args[3], r->length = c->args[2];
		return true;
	case SYS_pwritev:
	case SYS_pwritev2:
		r->from = c->args[3], r->length = length_of_vector(c);
		return true;
	case SYS_sendfile:
		r->from = position(c, fd, st), r->length = c->args[3];
		return true;
	case SYS_copy_file_range:
		r->from = position(c, fd, st), r->length = c->args[4];
		return true;
	}
	return false;
}

static bool same(const struct range *r, const struct stat *st)
{
	return r->dev == st->st_dev && r->ino == st->st_ino;
}

static void forget(const struct stat *st)
{
	size_t kept = 0;

	for (size_t i = 0; i < nranges; i++)
		if (!same(&ranges[i], st))
			ranges[kept++] = ranges[i];
	nranges = kept;
}

static void lose(int fd, const struct range *r)
{
	static const char zeros[65536];
	uint64_t at = r->from, end = r->from + r->length;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return;
	if (end > (uint64_t)st.st_size)
		end = (uint64_t)st.st_size;
	while (at < end) {
		size_t n = end - at < sizeof(zeros) ? (size_t)(end - at) : sizeof(zeros);

		if (pwrite(fd, zeros, n, (off_t)at) != (ssize_t)n)
			return;
		at += n;
	}
}

void unsynced_note(const struct call *c)
{
	int fd = c->number == SYS_copy_file_range ? (int)c->args[2] : (int)c->args[0];
	struct range r;
	struct stat st;

	if (call_kind_of(c->number)->fd < 0 || call_kind_of(c->number)->path >= 0 || !stat_theirs(c, fd, &st))
		return;
	if (c->number == SYS_fsync || c->number == SYS_fdatasync) {
		forget(&st);
		return;
	}
	if (!range_of(c, &st, fd, &r) || r.length == 0)
		return;
	if (nranges == RANGES)
		memmove(ranges, ranges + RANGES / 2, (nranges = RANGES / 2) * sizeof(ranges[0]));
	ranges[nranges++] = r;
}

void unsynced_lose(const struct call *c)
{
	struct stat st;
	int fd;

	if (strstr(c->path, "/logs/") != NULL || !stat_theirs(c, (int)c->args[0], &st))
		return;
	fd = open_theirs(c, (int)c->args[0], O_WRONLY);
	if (fd < 0)
		return;
	for (size_t i = 0; i < nranges; i++)
		if (same(&ranges[i], &st))
			lose(fd, &ranges[i]);
	forget(&st);
	close(fd);
}
