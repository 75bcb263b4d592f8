#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "logs/frames.h"
#include "logs/rotate.h"
#include "logs/unpack.h"

enum {
	PATIENCE = 20 * 1000, /* ms for writers, who look once a second */
	SETTLES = 70 * 1000,  /* ms: telltale-queue looks for lines of the last minute, and a little later */
	LOOK = 50,
	PIECE = 1 << 18,
};

/* Nobody can hold a file whose name leads to none of the writers' logs, once it is ours alone. */
static bool alone(int fd, int64_t until)
{
	for (;;) {
		struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOG_HELD, .l_len = 1 };

		if (fcntl(fd, F_OFD_SETLK, &l) == 0 || (errno != EAGAIN && errno != EACCES))
			return true;
		if (clock_mono() >= until)
			return false;
		poll(NULL, 0, LOOK);
	}
}

/* How long its last line must still be found plain, ms. */
static int64_t unsettled(int fd, const struct rotate_name *n)
{
	int64_t wall = clock_wall(), now = wall / 1000 + log_offset(wall), first, last, left;

	if (n->family == LOG_FAMILIES || !rotate_span(fd, n, now, &first, &last))
		return 0;
	left = SETTLES - (now - last) * 1000;
	return left < 0 ? 0 : left < SETTLES ? left : SETTLES;
}

static void wait_settled(const struct rotate_set *set, int fd, const struct rotate_name *n, const char *plain)
{
	struct rotate_news news = { .step = ROTATE_WAITS, .name = plain, .left = unsettled(fd, n) };

	if (news.left == 0)
		return;
	while (news.left > 0) {
		set->tell(set->with, &news);
		poll(NULL, 0, news.left < 500 ? (int)news.left : 500); /* a test's clock may jump */
		news.left = unsettled(fd, n);
	}
	set->tell(set->with, &news);
}

/* What the archive of that day holds already. */
static int carry(int dir, const char *archive, struct frames_out *w, struct err *e)
{
	struct stat st;
	FD(fd) = rotate_open_file(dir, archive, O_RDONLY, &st, e);
	struct unpacked u;
	BUF(text);
	int rc;

	if (fd < 0)
		return e->code == ENOENT ? 0 : -1;
	rc = frames_carry(w, fd, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (unpack_file(fd, (size_t)2 << 30, &text, &u, e) < 0)
		return err_wrap(e, "%s", archive);
	if (u.end != UNPACK_WHOLE || u.form != UNPACK_ZSTD)
		return err_set(e, "%s is no whole archive: move it away", archive);
	return frames_put(w, buf_str(&text), e);
}

static int put_all(struct frames_out *w, int from, uint64_t *size, struct err *e)
{
	BUF(b);

	buf_need(&b, PIECE);
	for (*size = 0;; *size += b.n) {
		ssize_t got = pread(from, b.p, PIECE, (off_t)*size);

		if (got < 0 && errno != EINTR)
			return err_sys(e, "read the log");
		if (got == 0)
			return 0;
		b.n = got > 0 ? (size_t)got : 0;
		if (frames_put(w, buf_str(&b), e) < 0)
			return -1;
	}
}

/* Archive and plain file into a new one. */
static int fill(int dir, const char *archive, int from, int to, struct rotate_news *n, struct err *e)
{
	struct frames_out w;
	struct stat st;
	int rc;

	frames_begin(&w, to);
	rc = carry(dir, archive, &w, e) < 0 || put_all(&w, from, &n->text, e) < 0 || frames_end(&w, e) < 0 ? -1 : 0;
	frames_drop(&w);
	n->packed = rc == 0 && fstat(to, &st) == 0 ? (uint64_t)st.st_size : 0;
	return rc;
}

static int pack(int dir, const char *plain, const char *archive, int from, const struct stat *st, struct rotate_news *n,
		struct err *e)
{
	const char *hidden = NULL;
	ARENA(a);
	FD(to) = rotate_create(dir, archive, st, &a, &hidden, e);
	int rc = to < 0 ? -1 : fill(dir, archive, from, to, n, e);

	if (rc == 0)
		rc = rotate_place(dir, to, hidden, plain, st, e);
	if (rc < 0 && to >= 0)
		unlinkat(dir, hidden, 0);
	return rc;
}

/* It was packed, and then we died. */
static bool is_packed(int fd)
{
	char head[UNPACK_HEAD] = { 0 };

	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       unpack_form(str_mem(head, sizeof(head))) == UNPACK_ZSTD;
}

/* All that follows the waiting. */
static int make_archive(int dir, const struct rotate_set *set, const char *plain, int fd, const struct stat *st,
			struct err *e)
{
	struct rotate_news news = { .step = ROTATE_PACKED };
	struct rotate_name n = rotate_name(str_of(plain));
	struct civil day = civil_of_seconds(n.day * 86400);
	ARENA(a);

	news.name = arena_fmt(&a, "%.*s.%04d-%02d-%02d.zst", STR_ARG(n.log), day.year, day.month, day.day).p;
	if (!is_packed(fd) && pack(dir, plain, news.name, fd, st, &news, e) < 0)
		return -1;
	if (renameat(dir, plain, dir, news.name) < 0)
		return err_sys(e, "rename %s to %s", plain, news.name);
	if (fsync(dir) < 0)
		return err_sys(e, "sync the folder of %s", plain);
	set->tell(set->with, &news);
	return 0;
}

int rotate_pack(int dir, const struct rotate_set *set, const char *plain, struct err *e)
{
	struct rotate_name n = rotate_name(str_of(plain));
	struct stat st;
	FD(fd) = rotate_open_file(dir, plain, O_RDWR, &st, e);

	if (fd < 0)
		return -1;
	if (st.st_size == 0) /* made, and then we died before it changed places */
		return unlinkat(dir, plain, 0) < 0 ? err_sys(e, "remove %s", plain) : 0;
	if (!alone(fd, deadline_in(PATIENCE)))
		return 1;
	wait_settled(set, fd, &n, plain);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at %s", plain);
	return make_archive(dir, set, plain, fd, &st, e);
}
