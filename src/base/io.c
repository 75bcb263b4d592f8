#include "base/io.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"

void fd_clear(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int fd_steal(int *fd)
{
	int was = *fd;

	*fd = -1;
	return was;
}

int io_ms(int64_t deadline)
{
	int64_t left;

	if (deadline == DEADLINE_NEVER)
		return -1;
	left = deadline - clock_mono();
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int io_poll(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int n = poll(&p, 1, io_ms(deadline));

		if (n > 0)
			return 0;
		if (n == 0 && deadline <= clock_mono()) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (n < 0 && errno != EINTR)
			return -1;
	}
}

int io_wait(int fd, short events, int64_t deadline)
{
	return fiber_self() != NULL ? fiber_wait(fd, events, deadline) : io_poll(fd, events, deadline);
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK;
}

ssize_t io_read(int fd, void *p, size_t n, int64_t deadline)
{
	for (;;) {
		ssize_t got = read(fd, p, n);

		if (got >= 0)
			return got;
		if (errno != EINTR && (!would_block() || io_wait(fd, POLLIN, deadline) < 0))
			return -1;
	}
}

int io_write(int fd, const void *p, size_t n, int64_t deadline)
{
	const char *at = p;

	while (n > 0) {
		ssize_t put = write(fd, at, n);

		if (put < 0 && errno != EINTR && (!would_block() || io_wait(fd, POLLOUT, deadline) < 0))
			return -1;
		if (put > 0) {
			at += put;
			n -= (size_t)put;
		}
	}
	return 0;
}

int io_pread_all(int fd, void *p, size_t n, off_t at)
{
	char *to = p;

	while (n > 0) {
		ssize_t got = pread(fd, to, n, at);

		if (got == 0)
			errno = ENODATA;
		if (got == 0 || (got < 0 && errno != EINTR))
			return -1;
		if (got > 0) {
			to += got;
			at += got;
			n -= (size_t)got;
		}
	}
	return 0;
}

int io_pwrite_all(int fd, const void *p, size_t n, off_t at)
{
	const char *from = p;

	while (n > 0) {
		ssize_t put = pwrite(fd, from, n, at);

		if (put < 0 && errno != EINTR)
			return -1;
		if (put > 0) {
			from += put;
			at += put;
			n -= (size_t)put;
		}
	}
	return 0;
}

/* Step over `put` written bytes of the vector. */
static void advance(struct iovec **iov, int *count, size_t put)
{
	while (*count > 0 && put >= (*iov)->iov_len) {
		put -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (*count > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + put;
		(*iov)->iov_len -= put;
	}
}

int io_pwritev_all(int fd, struct iovec *iov, int count, off_t at)
{
	advance(&iov, &count, 0);
	while (count > 0) {
		ssize_t put = pwritev(fd, iov, count < IOV_MAX ? count : IOV_MAX, at);

		if (put < 0 && errno != EINTR)
			return -1;
		if (put > 0) {
			at += put;
			advance(&iov, &count, (size_t)put);
		}
	}
	return 0;
}

int io_write_all(int fd, const void *p, size_t n)
{
	const char *from = p;

	while (n > 0) {
		ssize_t put = write(fd, from, n);

		if (put < 0 && would_block() && io_poll(fd, POLLOUT, deadline_in(1000)) == 0)
			continue;
		if (put < 0 && errno != EINTR)
			return -1;
		if (put > 0) {
			from += put;
			n -= (size_t)put;
		}
	}
	return 0;
}

int io_slurp_fd(int fd, size_t limit, struct buf *out, struct err *e)
{
	char chunk[16384];
	size_t total = 0;

	for (;;) {
		ssize_t got = read(fd, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, "read");
		if (got == 0)
			return 0;
		total += (size_t)got;
		if (total > limit) {
			err_set(e, "longer than %zu bytes", limit);
			return -1;
		}
		buf_add(out, chunk, (size_t)got);
	}
}

int io_slurp(int dirfd, const char *path, size_t limit, struct buf *out, struct err *e)
{
	FD(fd) = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open %s", path);
	if (io_slurp_fd(fd, limit, out, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

/* n bytes from a position on. */
static int append_at(int fd, size_t n, off_t at, struct buf *out)
{
	buf_need(out, n);
	if (io_pread_all(fd, out->p + out->n, n, at) < 0)
		return -1;
	out->n += n;
	out->p[out->n] = '\0';
	return 0;
}

int io_slurp_shared(int fd, size_t limit, struct buf *out, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	if ((size_t)st.st_size > limit)
		return err_set(e, "longer than %zu bytes", limit);
	return append_at(fd, (size_t)st.st_size, 0, out) < 0 ? err_sys(e, "read") : 0;
}

int io_slurp_tail_fd(int fd, size_t most, struct buf *out, struct err *e)
{
	struct stat st;
	size_t n;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	n = (size_t)st.st_size < most ? (size_t)st.st_size : most;
	return append_at(fd, n, st.st_size - (off_t)n, out) < 0 ? err_sys(e, "read") : 0;
}

int io_slurp_tail(const char *path, size_t most, struct buf *out, struct err *e)
{
	FD(fd) = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", path);
	return io_slurp_tail_fd(fd, most, out, e) < 0 ? err_wrap(e, "%s", path) : 0;
}

int io_replace(int dirfd, const char *name, struct str content, mode_t mode, struct err *e)
{
	char temporary[PATH_MAX];
	FD(fd) = -1;

	MUST(dirfd >= 0); /* the folder has to be synced */
	if (snprintf(temporary, sizeof(temporary), "%s.new", name) >= (int)sizeof(temporary))
		return err_set(e, "%s: name too long", name);
	if (unlinkat(dirfd, temporary, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", temporary);
	fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(e, "create %s", temporary);
	if (io_write_all(fd, content.p, content.n) < 0 || fsync(fd) < 0)
		return err_sys(e, "write %s", temporary);
	if (renameat(dirfd, temporary, dirfd, name) < 0)
		return err_sys(e, "rename %s", temporary);
	if (fsync(dirfd) < 0)
		return err_sys(e, "sync the folder of %s", name);
	return 0;
}

int io_mkdirs(const char *path, mode_t mode, struct err *e)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(part))
		return err_set(e, "%s: not a usable path", path);
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return err_sys(e, "make folder %s", part);
		part[i] = i < n ? '/' : '\0';
	}
	return 0;
}

int io_opendir(int dirfd, const char *path, struct err *e)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : err_sys(e, "open folder %s", path);
}

int io_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int io_memfd(const char *name, struct str content, struct err *e)
{
	FD(fd) = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return err_sys(e, "memfd %s", name);
	if (io_write_all(fd, content.p, content.n) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return err_sys(e, "fill memfd %s", name);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "rewind memfd %s", name);
	return fd_steal(&fd);
}
