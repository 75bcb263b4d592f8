/* careless.so - what test/crash/inject.py must catch: a server that takes a failed sync or write for a success.
 *
 * Preloaded into all programs.  The system calls are made directly, so that whatever strikes them does.
 */
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

SHOWN int fsync(int fd)
{
	(void)syscall(SYS_fsync, fd);
	return 0;
}

SHOWN int fdatasync(int fd)
{
	(void)syscall(SYS_fdatasync, fd);
	return 0;
}

SHOWN ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
	ssize_t whole = 0;

	for (int i = 0; i < n; i++)
		whole += (ssize_t)iov[i].iov_len;
	(void)syscall(SYS_pwritev, fd, iov, n, at, 0);
	return whole;
}
