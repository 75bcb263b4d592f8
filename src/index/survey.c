#include "index/survey.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "index/bytes.h"
#include "logs/expiring.h"
#include "trace/source.h"

enum { ENTRIES_MAX = 100000, QUARTER_DAY = 6 * 3600, STEPS_MAX = 100000 };

static void put_time(struct buf *out, struct timespec t)
{
	bytes_put_int(out, t.tv_sec);
	bytes_put(out, (uint64_t)t.tv_nsec);
}

static void put_stat(struct buf *out, const struct stat *st)
{
	bytes_put(out, st->st_mode & S_IFMT);
	bytes_put(out, st->st_dev);
	bytes_put(out, st->st_ino);
	if (!S_ISREG(st->st_mode))
		return;
	bytes_put(out, (uint64_t)st->st_size);
	put_time(out, st->st_mtim);
	put_time(out, st->st_ctim);
}

/* rc: what lstat() of it said. */
static void put_file(struct buf *out, const char *path, const char *name, int rc, const struct stat *st)
{
	struct stat to;

	bytes_put_str(out, str_of(name));
	if (rc < 0) {
		bytes_put(out, (uint64_t)errno << 1 | 1); /* gone in this moment */
		return;
	}
	bytes_put(out, 0);
	put_stat(out, st);
	if (S_ISLNK(st->st_mode) && stat(path, &to) == 0)
		put_stat(out, st = &to);
	if (S_ISREG(st->st_mode))
		bytes_put(out, access(path, R_OK) == 0);
}

static int of_interest(const struct dirent *x)
{
	return !source_ignores(str_of(x->d_name));
}

/* The entries that are logs, or may be. */
static void put_entries(struct buf *out, const char *path, struct dirent **list, int n)
{
	struct expiring expiring;
	ARENA(mem);

	expiring_read(&expiring, AT_FDCWD, path, &mem);
	bytes_put_int(out, expiring.until); /* of which naming it is: growth_look() may have seen another one */
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		struct stat st;
		int rc;
		BUF(whole);

		buf_fmt(&whole, "%s/%s", path, name);
		rc = lstat(buf_z(&whole), &st);
		if (rc < 0 || !expiring_has(&expiring, str_of(name), st.st_ino))
			put_file(out, buf_z(&whole), name, rc, &st);
	}
}

static int put_folder(struct buf *out, const char *path, struct err *e)
{
	struct dirent **list;
	int n = scandir(path, &list, of_interest, alphasort);

	if (n < 0)
		return err_sys(e, "open %s", path);
	put_entries(out, path, list, n < ENTRIES_MAX ? n : ENTRIES_MAX);
	bytes_put_str(out, STR("")); /* no entry has such a name */
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return n <= ENTRIES_MAX ? 0 : err_set(e, "%s has more than %d files", path, ENTRIES_MAX);
}

int survey_take(struct buf *out, const struct survey_paths *p, struct err *e)
{
	bytes_put(out, p->unpack);
	bytes_put(out, p->n);
	for (size_t i = 0; i < p->n; i++) {
		struct stat own, st;

		if (lstat(p->at[i], &own) < 0 || stat(p->at[i], &st) < 0)
			return err_sys(e, "open %s", p->at[i]);
		put_file(out, p->at[i], p->at[i], 0, &own);
		if (S_ISDIR(st.st_mode) && put_folder(out, p->at[i], e) < 0)
			return -1;
	}
	return 0;
}

uint64_t survey_zone(int64_t from, int64_t to)
{
	uint64_t h = 14695981039346656037u;

	for (int i = 0; i < STEPS_MAX && from <= to; i++, from += QUARTER_DAY)
		h = (h ^ (uint64_t)(uint32_t)zone_offset(from)) * 1099511628211u;
	return h;
}
