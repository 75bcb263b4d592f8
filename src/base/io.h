/* base/io.h - descriptors, files and deadlines.
 *
 * Every wait takes a deadline in clock_mono() milliseconds (see clock.h); a
 * passed deadline is -1 with errno ETIMEDOUT.  EINTR never escapes from here.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define DEADLINE_NEVER INT64_MAX

/* A descriptor that closes itself at the end of the scope; fd_steal() takes it out. */
#define FD(name) __attribute__((cleanup(fd_clear))) int name
void fd_clear(int *fd); /* close if >= 0, set to -1 */
int fd_steal(int *fd);

/* Wait until fd can be read (events POLLIN) or written (POLLOUT): 0, or -1 with errno. */
int io_wait(int fd, short events, int64_t deadline);
/* The same, and all of this thread waits, other fibers too (fiber.h). */
int io_poll(int fd, short events, int64_t deadline);
/* How long that is, as poll() takes it: -1 has no end. */
int io_ms(int64_t deadline);

/* Some bytes of a non-blocking fd before the deadline: count, 0 at end of file, -1 with errno. */
ssize_t io_read(int fd, void *p, size_t n, int64_t deadline);
/* All bytes to a non-blocking fd before the deadline: 0 or -1 with errno. */
int io_write(int fd, const void *p, size_t n, int64_t deadline);

/* Regular files: all n bytes or -1 (errno; a short file is EPIPE-free: ENODATA). */
int io_pread_all(int fd, void *p, size_t n, off_t at);
int io_pwrite_all(int fd, const void *p, size_t n, off_t at);
int io_pwritev_all(int fd, struct iovec *iov, int count, off_t at); /* changes iov */
int io_write_all(int fd, const void *p, size_t n);

/* The whole file, at most `limit` bytes, appended to out. */
int io_slurp(int dirfd, const char *path, size_t limit, struct buf *out, struct err *e);
int io_slurp_fd(int fd, size_t limit, struct buf *out, struct err *e);
/* The same for a regular file that others read too (a memfd that was handed over): by position, from its start; the
 * offset, which all who hold it share, is neither used nor moved. */
int io_slurp_shared(int fd, size_t limit, struct buf *out, struct err *e);
/* Its last bytes, `most` of them; a file that is not there is empty, a link is not followed. */
int io_slurp_tail(const char *path, size_t most, struct buf *out, struct err *e);
int io_slurp_tail_fd(int fd, size_t most, struct buf *out, struct err *e);
/* Replace a file atomically and durably: temporary name, write, sync, rename, sync of the directory (an open one). */
int io_replace(int dirfd, const char *name, struct str content, mode_t mode, struct err *e);

int io_mkdirs(const char *path, mode_t mode, struct err *e); /* like mkdir -p */
int io_opendir(int dirfd, const char *path, struct err *e);  /* O_DIRECTORY descriptor, or -1 */
int io_nonblock(int fd);
/* A sealed memfd that holds exactly these bytes (readers share it, nobody can change it). */
int io_memfd(const char *name, struct str content, struct err *e);

#endif
