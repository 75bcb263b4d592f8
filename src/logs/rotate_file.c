#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "logs/rotate.h"

enum { LOOKED_AT = 256 << 10, DAY = 86400 };

int rotate_open_file(int dir, const char *name, int flags, struct stat *st, struct err *e)
{
	FD(fd) = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0)
		return err_sys(e, "open %s", name);
	if (!S_ISREG(st->st_mode) || st->st_nlink != 1)
		return err_set(e, "%s is no file of its own (a device, or a hard link)", name);
	return fd_steal(&fd);
}

int rotate_create(int dir, const char *name, const struct stat *like, struct arena *a, const char **hidden,
		  struct err *e)
{
	const char *path = arena_fmt(a, ".%s.new", name).p;
	FD(fd) = -1;
	struct stat st;

	if (unlinkat(dir, path, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", path);
	fd = openat(dir, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "create %s", path);
	if (((st.st_uid != like->st_uid || st.st_gid != like->st_gid) && fchown(fd, like->st_uid, like->st_gid) < 0) ||
	    fchmod(fd, like->st_mode & 0777) < 0) {
		err_sys(e, "give %s to the owner of %s", path, name);
		unlinkat(dir, path, 0);
		return -1;
	}
	*hidden = path;
	return fd_steal(&fd);
}

int rotate_place(int dir, int fd, const char *hidden, const char *name, const struct stat *like, struct err *e)
{
	const struct timespec times[2] = { like->st_atim, like->st_mtim };

	if (futimens(fd, times) < 0 || fsync(fd) < 0)
		return err_sys(e, "write %s", hidden);
	if (renameat(dir, hidden, dir, name) < 0)
		return err_sys(e, "rename %s to %s", hidden, name);
	return fsync(dir) < 0 ? err_sys(e, "sync the folder of %s", name) : 0;
}

/* ---- when was it written? ---- */

static bool number(struct str s, size_t at, size_t n, int *out)
{
	uint64_t v;

	if (!str_u64(str_take(str_skip(s, at), n), 9999, &v))
		return false;
	*out = (int)v;
	return true;
}

/* "2026-11-28 23:59:59 " */
static bool server_stamp(struct str s, struct civil *c)
{
	return s.n > 20 && s.p[4] == '-' && s.p[7] == '-' && s.p[10] == ' ' && s.p[13] == ':' && s.p[16] == ':' &&
	       number(s, 0, 4, &c->year) && number(s, 5, 2, &c->month) && number(s, 8, 2, &c->day) &&
	       number(s, 11, 2, &c->hour) && number(s, 14, 2, &c->minute) && number(s, 17, 2, &c->second) &&
	       civil_valid(*c);
}

/* A stamp without a year is of the year in which it was last. */
static int64_t with_year(struct civil c, int64_t now)
{
	int64_t at;

	c.year = civil_of_seconds(now).year;
	at = civil_to_seconds(c);
	if (at <= now + DAY)
		return at;
	c.year--;
	return civil_to_seconds(c);
}

static bool stamp_of(const struct rotate_name *n, struct str line, int64_t now, int64_t *at)
{
	struct civil c = { 0 };
	struct log_line l;

	if (n->family == LOG_FAMILIES) {
		if (!server_stamp(line, &c))
			return false;
	} else {
		log_parse(n->family, line, &l);
		if (!l.stamped || l.kind == LOG_SMTP_ZONE || l.kind == LOG_DELIVERY_ZONE)
			return false;
		c = l.stamp;
	}
	*at = n->family == LOG_SPAMDYKE ? with_year(c, now) : civil_to_seconds(c);
	return true;
}

static int read_part(int fd, off_t from, size_t n, struct buf *b)
{
	buf_reset(b);
	buf_need(b, n);
	if (io_pread_all(fd, b->p, n, from) < 0)
		return -1;
	b->n = n;
	return 0;
}

/* The stamps of the whole lines of a part: the first and the last. */
static bool span_of(const struct rotate_name *n, struct str text, int64_t now, int64_t *first, int64_t *last)
{
	bool found = false;
	struct str line;

	while (str_cut(text, STR("\n"), &line, &text)) {
		int64_t at;

		if (!stamp_of(n, line, now, &at))
			continue;
		*first = found ? *first : at;
		*last = at;
		found = true;
	}
	return found;
}

bool rotate_span(int fd, const struct rotate_name *n, int64_t now, int64_t *first, int64_t *last)
{
	int64_t from, to;
	struct stat st;
	size_t part;
	bool found;
	BUF(b);

	if (fstat(fd, &st) < 0)
		return false;
	part = st.st_size < LOOKED_AT ? (size_t)st.st_size : LOOKED_AT;
	found = read_part(fd, 0, part, &b) == 0 && span_of(n, buf_str(&b), now, first, last);
	if (part == (size_t)st.st_size || read_part(fd, st.st_size - (off_t)part, part, &b) < 0 ||
	    !span_of(n, buf_str(&b), now, &from, &to))
		return found;
	*first = found ? *first : from;
	*last = to;
	return true;
}
