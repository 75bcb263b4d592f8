/* bench/maildir.c - the floor of delivering: a bare durable writer of Maildirs.
 *
 *	bench-maildir FOLDER MAILBOXES WRITERS MESSAGES BATCH FILE [syncfs]
 *
 * Every message is FILE's text, written to tmp/, synced, renamed into new/, and new/ is synced: then it counts.  Each
 * of WRITERS threads does BATCH messages of one mailbox at a time: all are written, each is synced, all are moved, the
 * folder is synced once.  With "syncfs" one syncfs() stands for the syncs of a batch's files, which also writes what
 * others have left to write on that disk.  Folders are opened beforehand; nothing is read, locked, counted or logged.
 * Prints seconds.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME = 64, BATCH_MOST = 256, WRITERS_MOST = 1000 };

struct box {
	int tmp, new;
};

static struct box *boxes;
static int nboxes, messages, batch;
static bool whole;
static atomic_int next;
static char *text;
static size_t length;

static int folder(int at, const char *name)
{
	int fd;

	if (mkdirat(at, name, 0700) < 0 || (fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		err(1, "folder %s", name);
	return fd;
}

static void make_boxes(const char *root)
{
	int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[NAME];

	if (at < 0 || (boxes = calloc((size_t)nboxes, sizeof(*boxes))) == NULL)
		err(1, "%s", root);
	for (int i = 0; i < nboxes; i++) {
		int box;

		snprintf(name, sizeof(name), "box%d", i);
		box = folder(at, name);
		boxes[i] = (struct box){ folder(box, "tmp"), folder(box, "new") };
		close(box);
	}
	close(at);
	sync();
}

static int stage(const struct box *b, int i)
{
	char name[NAME];
	int fd;

	snprintf(name, sizeof(name), "%d.bench", i);
	fd = openat(b->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		err(1, "write");
	if (batch > 1 && !whole)
		(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return fd;
}

static void sync_batch(const struct box *b, const int *fds, int n)
{
	if (whole && syncfs(b->tmp) < 0)
		err(1, "sync");
	for (int k = 0; !whole && k < n; k++)
		if (fdatasync(fds[k]) < 0)
			err(1, "sync");
}

static void finish(const struct box *b, int i, int fd)
{
	char name[NAME];

	snprintf(name, sizeof(name), "%d.bench", i);
	if (renameat(b->tmp, name, b->new, name) < 0)
		err(1, "rename");
	close(fd);
}

static void *deliver(void *arg)
{
	int fds[BATCH_MOST], from;

	while ((from = atomic_fetch_add(&next, batch)) < messages) {
		const struct box *b = &boxes[from / batch % nboxes];
		int n = messages - from < batch ? messages - from : batch;

		for (int k = 0; k < n; k++)
			fds[k] = stage(b, from + k);
		sync_batch(b, fds, n);
		for (int k = 0; k < n; k++)
			finish(b, from + k, fds[k]);
		if (fsync(b->new) < 0)
			err(1, "sync folder");
	}
	return arg;
}

static void read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || (text = malloc((size_t)st.st_size + 1)) == NULL ||
	    read(fd, text, (size_t)st.st_size) != st.st_size)
		err(1, "%s", path);
	length = (size_t)st.st_size;
	close(fd);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	pthread_t threads[WRITERS_MOST];
	int writers;
	double start;

	if (argc < 7)
		errx(2, "usage: bench-maildir FOLDER MAILBOXES WRITERS MESSAGES BATCH FILE [syncfs]");
	whole = argc > 7 && strcmp(argv[7], "syncfs") == 0;
	nboxes = atoi(argv[2]);
	writers = atoi(argv[3]);
	messages = atoi(argv[4]);
	batch = atoi(argv[5]);
	if (nboxes < 1 || writers < 1 || writers > WRITERS_MOST || batch < 1 || batch > BATCH_MOST)
		errx(2, "a number is out of range");
	read_text(argv[6]);
	make_boxes(argv[1]);
	start = now();
	for (int i = 0; i < writers; i++)
		if (pthread_create(&threads[i], NULL, deliver, NULL) != 0)
			err(1, "thread");
	for (int i = 0; i < writers; i++)
		pthread_join(threads[i], NULL);
	printf("%.6f\n", now() - start);
	return 0;
}
