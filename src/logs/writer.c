#include "logs/logs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define SECOND 1000
#define TELL_EVERY (10 * SECOND)
#define NO_OFFSET INT32_MIN
#define TAIL_LOOKED_AT (64 << 10)
#define OPEN_TRIES 100 /* rotations while one file is opened */
#define FIRST_LINE (LOG_HELD + 1)

struct log_writer {
	enum log_family family;
	char *path;
	pthread_mutex_t lock; /* guards all below, but fd for the syncing thread: its number never changes */
	pthread_cond_t wake;
	pthread_t syncer;
	int fd;
	dev_t dev; /* the file that fd is */
	ino_t ino;
	int64_t look_at; /* when to see again whether the name is still ours, clock_mono() */
	int offset;      /* the zone that the file's last zone line says, as far as we wrote it */
	bool dirty, closing;
	unsigned missing; /* line ends, before the next group: a write of ours was cut, or the machine died in one */
	struct buf out;
	uint64_t untold; /* groups that were lost since log_regained() said how many */
	int64_t tell_at; /* not before, clock_mono() */
	atomic_uint_fast64_t lost;
};

/* A lock on a byte far behind the file's end: of an open file, so that it goes when the last descriptor does. */
static int lock_byte(int fd, int how, short type, off_t at)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };

	return fcntl(fd, how, &l);
}

/* The file that the name leads to, held (LOG_HELD).  Whoever rotates renames first and asks for the lock then: so a
 * name that still leads to the file when we hold it says that we will be waited for. */
static int open_file(const char *path, struct err *e)
{
	for (int i = 0;; i++) {
		int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0660);
		struct stat ours, named;
		bool held;

		if (fd < 0)
			return err_sys(e, "open log %s", path);
		held = lock_byte(fd, F_OFD_SETLK, F_RDLCK, LOG_HELD) == 0;
		if (!held && errno != EAGAIN && errno != EACCES)
			return fd; /* no locks here */
		if (held && fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_dev == named.st_dev &&
		    ours.st_ino == named.st_ino)
			return fd;
		if (i == OPEN_TRIES)
			return fd;
		close(fd);
	}
}

/* A line ends in one, a group of the SMTP log in two. */
static unsigned line_ends_missing(enum log_family family, struct str end)
{
	if (!str_ends(end, STR("\n")))
		return family == LOG_SMTP ? 2 : 1;
	return family == LOG_SMTP && !str_ends(end, STR("\n\n"));
}

static int remember_file(struct log_writer *w, struct err *e)
{
	struct stat st;
	char end[2];
	size_t n;

	if (fstat(w->fd, &st) < 0)
		return err_sys(e, "look at log %s", w->path);
	n = st.st_size < (off_t)sizeof(end) ? (size_t)st.st_size : sizeof(end);
	if (io_pread_all(w->fd, end, n, st.st_size - (off_t)n) < 0)
		return err_sys(e, "look at log %s", w->path);
	w->missing = n > 0 ? line_ends_missing(w->family, str_mem(end, n)) : 0;
	w->dev = st.st_dev;
	w->ino = st.st_ino;
	w->look_at = deadline_in(SECOND);
	return 0;
}

static void put_zone_line(struct log_writer *w, struct buf *b)
{
	int64_t now = clock_wall();
	struct log_line l;
	ARENA(a);
	BUF(zone);

	log_begin(&l, w->family == LOG_SMTP ? LOG_SMTP_ZONE : LOG_DELIVERY_ZONE, now);
	zone_put(&zone, log_offset(now));
	log_set(&l, LOG_F_offset, &a, buf_str(&zone));
	log_setn(&l, LOG_F_epoch, &a, (uint64_t)(now / 1000));
	log_print(b, &l);
	if (w->family == LOG_SMTP)
		buf_addc(b, '\n');
}

/* What the last zone line says, if it stands near the end of the file; else the next group repeats it. */
static int last_zone(const struct log_writer *w)
{
	int offset = NO_OFFSET, found;
	struct str line, rest;
	struct log_line l;
	struct err e;
	BUF(b);

	if (io_slurp_tail_fd(w->fd, TAIL_LOOKED_AT, &b, &e) < 0)
		return NO_OFFSET;
	rest = buf_str(&b);
	while (rest.n > 0) {
		str_cut(rest, STR("\n"), &line, &rest);
		if (str_find(line, STR(", zone, ")) < 0)
			continue;
		log_parse(w->family, line, &l);
		if ((l.kind == LOG_SMTP_ZONE || l.kind == LOG_DELIVERY_ZONE) &&
		    zone_named(l.field[LOG_F_offset], 0, &found))
			offset = found;
	}
	return offset;
}

static int zone_line_first(struct log_writer *w, struct err *e)
{
	int offset = log_offset(clock_wall());
	struct stat st;
	BUF(b);

	if (fstat(w->fd, &st) < 0)
		return err_sys(e, "look at log %s", w->path);
	if (st.st_size > 0) {
		w->offset = last_zone(w);
		return 0;
	}
	put_zone_line(w, &b);
	w->missing = line_ends_missing(w->family, STR(""));
	if (io_write_all(w->fd, b.p, b.n) < 0)
		return err_sys(e, "write log %s", w->path);
	w->missing = 0;
	w->offset = offset;
	return 0;
}

/* Exactly one process writes the first line of an empty file: the lock decides which. */
static int open_with_zone_line(struct log_writer *w, struct err *e)
{
	int rc;

	w->offset = NO_OFFSET;
	if (w->family == LOG_SPAMDYKE)
		return 0;
	if (lock_byte(w->fd, F_OFD_SETLKW, F_WRLCK, FIRST_LINE) < 0)
		return err_sys(e, "lock log %s", w->path);
	rc = zone_line_first(w, e);
	lock_byte(w->fd, F_OFD_SETLK, F_UNLCK, FIRST_LINE);
	return rc;
}

/* The name leads elsewhere (rotated): open it anew.  The old file is synced first; the number of the
 * descriptor stays, so the syncing thread never holds a closed one.  A name that cannot be opened leaves
 * us with the old file: better lines in a rotated file than none. */
static int follow_name(struct log_writer *w, struct err *e)
{
	struct stat st;
	int fd;

	if (clock_mono() < w->look_at)
		return 0;
	w->look_at = deadline_in(SECOND);
	if (stat(w->path, &st) == 0 && st.st_dev == w->dev && st.st_ino == w->ino)
		return 0;
	fd = open_file(w->path, NULL);
	if (fd < 0)
		return 0;
	fdatasync(w->fd);
	if (dup3(fd, w->fd, O_CLOEXEC) < 0) {
		close(fd);
		return err_sys(e, "reopen log %s", w->path);
	}
	close(fd);
	return remember_file(w, e) < 0 ? -1 : open_with_zone_line(w, e);
}

/* What must stand before the next group: the end of a torn line or group, a changed zone. */
static void put_front(struct log_writer *w)
{
	int64_t now = clock_wall();

	for (unsigned i = 0; i < w->missing; i++)
		buf_addc(&w->out, '\n');
	if (w->family == LOG_SPAMDYKE || log_offset(now) == w->offset)
		return;
	put_zone_line(w, &w->out);
	w->offset = log_offset(now);
}

/* As many whole lines of *group as fit; a single longer line goes alone. */
static struct str take_piece(struct str *group, size_t room)
{
	struct str piece = *group;
	ptrdiff_t end;

	if (group->n > room) {
		end = str_rchr(str_take(*group, room), '\n');
		if (end < 0)
			end = str_chr(*group, '\n');
		if (end >= 0)
			piece = str_take(*group, (size_t)end + 1);
	}
	*group = str_skip(*group, piece.n);
	return piece;
}

static void put_piece(struct log_writer *w, struct str again, struct str piece)
{
	struct str lines[2] = { again, piece };

	for (int i = 0; i < 2; i++) {
		buf_addstr(&w->out, lines[i]);
		if (lines[i].n > 0 && lines[i].p[lines[i].n - 1] != '\n')
			buf_addc(&w->out, '\n');
	}
	if (w->family == LOG_SMTP && !str_ends(buf_str(&w->out), STR("\n\n")))
		buf_addc(&w->out, '\n');
}

static int write_out(struct log_writer *w, struct err *e)
{
	ssize_t n;

	do
		n = write(w->fd, w->out.p, w->out.n);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		w->missing = line_ends_missing(w->family, str_mem(w->out.p, (size_t)n));
	w->dirty = w->dirty || n > 0;
	if (n == (ssize_t)w->out.n)
		return 0;
	w->offset = NO_OFFSET;
	if (n < 0)
		return err_sys(e, "write log %s", w->path);
	return err_set(e, "log %s took %zd of %zu bytes: no space left", w->path, n, w->out.n);
}

static int append_locked(struct log_writer *w, struct str group, struct str again, struct err *e)
{
	size_t room = LOG_GROUP_MAX - (again.n + 2 < LOG_GROUP_MAX / 2 ? again.n + 2 : 0);
	bool first = true;

	if (follow_name(w, e) < 0)
		return -1;
	for (; group.n > 0; first = false) {
		buf_reset(&w->out);
		put_front(w);
		put_piece(w, first ? (struct str){ NULL, 0 } : again, take_piece(&group, room));
		if (write_out(w, e) < 0)
			return -1;
	}
	return 0;
}

int log_append(struct log_writer *w, struct str group, struct str again, struct err *e)
{
	int rc;

	pthread_mutex_lock(&w->lock);
	rc = append_locked(w, group, again, e);
	w->untold += rc < 0;
	pthread_mutex_unlock(&w->lock);
	if (rc < 0)
		atomic_fetch_add(&w->lost, 1);
	return rc;
}

uint64_t log_lost(const struct log_writer *w)
{
	return atomic_load(&w->lost);
}

bool log_regained(struct log_writer *w, struct err *told)
{
	uint64_t n = 0;

	pthread_mutex_lock(&w->lock);
	if (w->untold > 0 && clock_mono() >= w->tell_at) {
		n = w->untold;
		w->untold = 0;
		w->tell_at = deadline_in(TELL_EVERY);
	}
	pthread_mutex_unlock(&w->lock);
	if (n > 0)
		err_set(told, "log %s is written again; %" PRIu64 " groups of lines were lost", w->path, n);
	return n > 0;
}

/* Once a second, without the lock: appending never waits for the disk here.  Who has nothing to write leaves a renamed
 * file too, so that its rotation goes on. */
static void *sync_often(void *arg)
{
	struct log_writer *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->closing) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&w->wake, &w->lock, &until);
		if (!w->closing)
			(void)follow_name(w, NULL); /* what fails here fails again, and is said, when a group comes */
		if (!w->dirty)
			continue;
		w->dirty = false;
		pthread_mutex_unlock(&w->lock);
		if (fdatasync(w->fd) < 0)
			atomic_fetch_add(&w->lost, 1);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void writer_free(struct log_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	buf_clear(&w->out);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w->path);
	free(w);
}

static struct log_writer *writer_new(const char *path, enum log_family family)
{
	struct log_writer *w = mem_alloc(sizeof(*w));
	pthread_condattr_t attr;

	w->family = family;
	w->path = strdup(path);
	w->fd = -1;
	MUST(w->path != NULL);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	return w;
}

struct log_writer *log_writer_open(const char *path, enum log_family family, struct err *e)
{
	struct log_writer *w = writer_new(path, family);

	w->fd = open_file(path, e);
	if (w->fd < 0 || remember_file(w, e) < 0 || open_with_zone_line(w, e) < 0)
		goto fail;
	errno = pthread_create(&w->syncer, NULL, sync_often, w);
	if (errno == 0)
		return w;
	err_sys(e, "start the thread that syncs log %s", path);
fail:
	writer_free(w);
	return NULL;
}

void log_writer_close(struct log_writer *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->syncer, NULL);
	fdatasync(w->fd);
	writer_free(w);
}
