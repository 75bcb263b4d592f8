#include "logs/expiring.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

enum { MOST = 1 << 20 /* bytes of the file */, MODE = 0640 };

static const char file[] = ".expiring";

/* "smtp-25.2026-11-28.zst": no log that is written has such a name. */
static bool is_archive(struct str name)
{
	static const char form[] = ".dddd-dd-dd.zst";
	const size_t n = sizeof(form) - 1;
	struct str end = str_skip(name, name.n > n ? name.n - n : 0);
	bool good = name.n > n && str_chr(name, '/') < 0;

	for (size_t i = 0; i < n && good; i++)
		good = form[i] == 'd' ? ascii_isdigit(end.p[i]) : form[i] == end.p[i];
	return good;
}

static bool take_line(struct str line, struct expiring_file *out)
{
	struct str number;

	return str_cut(line, STR(" "), &out->name, &number) && is_archive(out->name) &&
	       str_u64(number, UINT64_MAX, &out->inode);
}

/* The first line: of this very folder, and not over?  0: it is not. */
static int64_t take_head(int dir, struct str line)
{
	struct str until, rest, device, inode;
	uint64_t t, d, i;
	struct stat st;

	if (!str_cut(line, STR(" "), &until, &rest) || !str_cut(rest, STR(" "), &device, &inode) ||
	    !str_u64(until, INT64_MAX, &t) || !str_u64(device, UINT64_MAX, &d) || !str_u64(inode, UINT64_MAX, &i))
		return 0;
	if (fstat(dir, &st) < 0 || st.st_dev != d || st.st_ino != i || (int64_t)t <= clock_wall() / 1000)
		return 0;
	return (int64_t)t;
}

/* Never waits, whatever has that name. */
static bool slurp(int dir, struct buf *all)
{
	FD(fd) = openat(dir, file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && io_slurp_fd(fd, MOST, all, NULL) == 0;
}

void expiring_read(struct expiring *x, int from, const char *folder, struct arena *a)
{
	FD(dir) = openat(from, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct str line, rest;
	size_t cap = 0;
	BUF(all);

	*x = (struct expiring){ 0 };
	if (dir < 0 || !slurp(dir, &all) || !str_cut(buf_str(&all), STR("\n"), &line, &rest))
		return;
	x->until = take_head(dir, line);
	for (rest = arena_str(a, rest); x->until > 0 && str_cut(rest, STR("\n"), &line, &rest);) {
		struct expiring_file f;

		if (!take_line(line, &f))
			continue;
		if (x->n == cap) {
			cap = 2 * cap + 16;
			x->at = arena_grow(a, x->at, x->n, cap, sizeof(*x->at));
		}
		x->at[x->n++] = f;
	}
}

bool expiring_has(const struct expiring *x, struct str name, uint64_t inode)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->at[i].inode == inode && str_eq(x->at[i].name, name))
			return true;
	return false;
}

int expiring_write(int dir, const struct expiring_file *at, size_t n, int64_t until, struct err *e)
{
	struct stat st;
	BUF(all);

	if (n == 0)
		return unlinkat(dir, file, 0) < 0 && errno != ENOENT ? err_sys(e, "remove %s", file) : 0;
	if (fstat(dir, &st) < 0)
		return err_sys(e, "look at the folder of the logs");
	buf_fmt(&all, "%lld %llu %llu\n", (long long)until, (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	for (size_t i = 0; i < n; i++)
		buf_fmt(&all, "%.*s %llu\n", STR_ARG(at[i].name), (unsigned long long)at[i].inode);
	if (all.n > MOST)
		return err_set(e, "%s would be longer than %d bytes", file, MOST);
	if (io_replace(dir, file, buf_str(&all), MODE, e) < 0)
		return -1;
	/* whoever may read the logs may read it, whatever umask root has */
	return fchmodat(dir, file, MODE, 0) < 0 ? err_sys(e, "give %s its mode", file) : 0;
}

int expiring_renew(int dir, struct expiring *x, struct err *e)
{
	size_t n = 0;

	if (x->n == 0)
		return 0;
	for (size_t i = 0; i < x->n; i++) {
		struct stat st;
		BUF(name);

		buf_addstr(&name, x->at[i].name);
		if (fstatat(dir, buf_z(&name), &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		x->at[n] = x->at[i];
		x->at[n++].inode = st.st_ino;
	}
	x->n = n;
	return expiring_write(dir, x->at, x->n, x->until, e);
}
