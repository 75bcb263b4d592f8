/* leave-out.so - what the crash rigs must catch: a server that leaves something out.
 *
 * Preloaded into all programs; the environment's LEAVE_OUT is a list of
 *	sync        no sync of any kind reaches the disk (as libeatmydata does it)
 *	dirsync     the same for folders only
 *	late-write  what goes to a segment is written 200 ms after it was said to be written; who reads a record back
 *	            finds it all the same, so that nothing is wrong as long as nobody dies
 *	staged      what goes to the journal is written 200 ms late
 * The system calls are made directly: nothing of the C library stands between the program and this file.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))
#define LATE_MS 200
#define READ_MS (3 * LATE_MS) /* how long a reader waits for a record that is on its way */
#define RECORDS 8192          /* where the first one stands in a segment: queue/segment.c */
#define HEADER 80             /* of a record */

struct write {
	struct write *next;
	int fd;
	off_t at;
	struct timespec due;
	size_t n;
	char bytes[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct write *first, **last = &first;
static bool started;

static bool left_out(const char *what)
{
	const char *list = getenv("LEAVE_OUT"), *at = list == NULL ? NULL : strstr(list, what);
	size_t n = strlen(what);

	while (at != NULL && ((at != list && at[-1] != ',') || (at[n] != '\0' && at[n] != ',')))
		at = strstr(at + 1, what);
	return at != NULL;
}

static bool named(int fd, const char *end)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path));
	return n > (ssize_t)strlen(end) && memcmp(path + n - strlen(end), end, strlen(end)) == 0;
}

static bool folder(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

SHOWN int fsync(int fd)
{
	return left_out("sync") || (left_out("dirsync") && folder(fd)) ? 0 : (int)syscall(SYS_fsync, fd);
}

SHOWN int fdatasync(int fd)
{
	return left_out("sync") || (left_out("dirsync") && folder(fd)) ? 0 : (int)syscall(SYS_fdatasync, fd);
}

SHOWN int syncfs(int fd)
{
	return left_out("sync") ? 0 : (int)syscall(SYS_syncfs, fd);
}

SHOWN int sync_file_range(int fd, off_t from, off_t n, unsigned flags)
{
	return left_out("sync") ? 0 : (int)syscall(SYS_sync_file_range, fd, from, n, flags);
}

/* A write that was promised must be made, or the program is no control but a broken one. */
static void do_write(struct write *w)
{
	if (syscall(SYS_pwrite64, w->fd, w->bytes, w->n, w->at) != (ssize_t)w->n)
		abort();
	close(w->fd);
	free(w);
}

static void *writer(void *arg)
{
	(void)arg;
	for (;;) {
		struct write *w;

		pthread_mutex_lock(&lock);
		while (first == NULL)
			pthread_cond_wait(&more, &lock);
		w = first;
		first = w->next;
		if (first == NULL)
			last = &first;
		pthread_mutex_unlock(&lock);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &w->due, NULL);
		do_write(w);
	}
	return NULL;
}

static bool start(void)
{
	pthread_t t;

	started = started || (pthread_create(&t, NULL, writer, NULL) == 0 && pthread_detach(t) == 0);
	return started;
}

static ssize_t write_late(int fd, const struct iovec *iov, int count, off_t at)
{
	struct write *w;
	size_t n = 0;

	for (int i = 0; i < count; i++)
		n += iov[i].iov_len;
	w = malloc(sizeof(*w) + n);
	if (w == NULL)
		abort();
	*w = (struct write){ .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0), .at = at };
	for (int i = 0; i < count; w->n += iov[i++].iov_len)
		memcpy(w->bytes + w->n, iov[i].iov_base, iov[i].iov_len);
	clock_gettime(CLOCK_MONOTONIC, &w->due);
	w->due.tv_nsec += LATE_MS * 1000000L;
	w->due.tv_sec += w->due.tv_nsec / 1000000000L;
	w->due.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&lock);
	if (w->fd < 0 || !start())
		abort();
	*last = w;
	last = &w->next;
	pthread_cond_signal(&more);
	pthread_mutex_unlock(&lock);
	return (ssize_t)n;
}

SHOWN ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t at)
{
	if (left_out("late-write") && named(fd, ".segment"))
		return write_late(fd, iov, count, at);
	return syscall(SYS_pwritev, fd, iov, count, at, 0);
}

SHOWN ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	struct iovec all = { (void *)(uintptr_t)p, n };

	if (left_out("staged") && named(fd, "/journal"))
		return write_late(fd, &all, 1, at);
	return syscall(SYS_pwrite64, fd, p, n, at);
}

static uint64_t number(const char *at, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, at, n);
	return v;
}

/* Records from end to end?  Each names its own place and says how long it is (queue/record.c). */
static bool arrived(const char *bytes, size_t n, off_t at)
{
	size_t i = 0;

	while (n - i >= HEADER) {
		const char *r = bytes + i;
		uint64_t length = HEADER + number(r + 32, 4);

		if (number(r + 16, 8) != (uint64_t)at + i)
			return false;
		if (number(r + 48, 8) == 0)
			length += number(r + 36, 4) + number(r + 40, 8);
		if (length > n - i)
			return true;
		i += (length + 7) / 8 * 8;
	}
	return true;
}

SHOWN ssize_t pread(int fd, void *p, size_t n, off_t at)
{
	bool records = left_out("late-write") && at >= RECORDS && named(fd, ".segment");
	ssize_t got = syscall(SYS_pread64, fd, p, n, at);

	for (int ms = 0; records && got > 0 && !arrived(p, (size_t)got, at) && ms < READ_MS; ms += 5) {
		usleep(5000);
		got = syscall(SYS_pread64, fd, p, n, at);
	}
	return got;
}
