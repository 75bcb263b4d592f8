#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/rotate.h"

enum { DATE = 10, FILES_MOST = 100000 };

static bool number_at(struct str s, size_t at, size_t n, int *out)
{
	uint64_t v;

	if (!str_u64(str_take(str_skip(s, at), n), 9999, &v))
		return false;
	*out = (int)v;
	return true;
}

/* "2026-11-28", a day that there is. */
static bool day_of(struct str s, int64_t *day)
{
	struct civil c = { 0 };

	if (s.n != DATE || s.p[4] != '-' || s.p[7] != '-' || !number_at(s, 0, 4, &c.year) ||
	    !number_at(s, 5, 2, &c.month) || !number_at(s, 8, 2, &c.day) || !civil_valid(c))
		return false;
	*day = civil_to_days(c.year, c.month, c.day);
	return true;
}

/* Which log has that name; a listener's label may hold anything but what ends a name. */
static bool log_named(struct str log, enum log_family *family)
{
	if (str_starts(log, STR("smtp-")) && log.n > 5)
		*family = LOG_SMTP;
	else if (str_eqz(log, "delivery"))
		*family = LOG_DELIVERY;
	else if (str_eqz(log, "spamdyke"))
		*family = LOG_SPAMDYKE;
	else if (str_eqz(log, "server"))
		*family = LOG_FAMILIES;
	else
		return false;
	return true;
}

/* The name without `end`, if it ends so. */
static bool before(struct str name, struct str end, struct str *rest)
{
	if (!str_ends(name, end))
		return false;
	*rest = str_take(name, name.n - end.n);
	return true;
}

/* The name without the date at its end, which stands behind `middle`. */
static bool before_day(struct str name, struct str middle, struct str *log, int64_t *day)
{
	return name.n > DATE && day_of(str_skip(name, name.n - DATE), day) &&
	       before(str_take(name, name.n - DATE), middle, log);
}

struct rotate_name rotate_name(struct str name)
{
	struct rotate_name n = { .form = ROTATE_NONE };
	struct str packed;

	if (str_starts(name, STR(".")) && before(name, STR(".new"), &packed))
		n = rotate_name(str_skip(packed, 1)), n.form = n.form != ROTATE_NONE ? ROTATE_HIDDEN : ROTATE_NONE;
	else if (before(name, STR(".log"), &n.log))
		n.form = ROTATE_LIVE;
	else if (before_day(name, STR(".log."), &n.log, &n.day))
		n.form = ROTATE_PLAIN;
	else if (before(name, STR(".zst"), &packed) && before_day(packed, STR("."), &n.log, &n.day))
		n.form = ROTATE_ARCHIVE;
	if (n.form != ROTATE_NONE && !log_named(n.log, &n.family))
		n.form = ROTATE_NONE;
	return n;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t rotate_list(int dir, enum rotate_form form, const char *const **names, struct arena *a, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *x;
	const char **at = NULL;
	size_t n = 0, cap = 0;

	if (d == NULL)
		return err_sys(e, "read the folder of the logs"), (size_t)0;
	while ((x = readdir(d)) != NULL && n < FILES_MOST) {
		if (rotate_name(str_of(x->d_name)).form != form)
			continue;
		if (n == cap) {
			cap = cap > 0 ? cap * 2 : 64;
			at = arena_grow(a, at, n, cap, sizeof(*at));
		}
		at[n++] = arena_z(a, str_of(x->d_name));
	}
	closedir(d);
	if (n > 0)
		qsort(at, n, sizeof(*at), by_name);
	*names = at;
	return n;
}
