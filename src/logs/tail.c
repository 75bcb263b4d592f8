#include <dirent.h>
#include <string.h>

#include "base/io.h"
#include "logs/logs.h"

enum { DATE = 10 };

/* Is it the log's name with a day behind it? */
static bool rotated(struct str name, struct str log)
{
	return name.n == log.n + 1 + DATE && str_starts(name, log) && name.p[log.n] == '.' &&
	       name.p[name.n - 3] == '-' && name.p[name.n - 6] == '-';
}

/* The latest of them; empty: there is none. */
static void latest(const char *folder, struct str log, struct buf *name)
{
	DIR *dir = opendir(folder);
	const struct dirent *x;

	while (dir != NULL && (x = readdir(dir)) != NULL) {
		struct str s = str_of(x->d_name);

		if (!rotated(s, log) || str_cmp(s, buf_str(name)) <= 0)
			continue;
		buf_reset(name);
		buf_addstr(name, s);
	}
	if (dir != NULL)
		closedir(dir);
}

int log_tail(const char *path, size_t most, struct buf *out, struct err *e)
{
	struct str whole = str_of(path), folder = STR("."), log = whole;
	ptrdiff_t slash = str_rchr(whole, '/');
	ARENA(a);
	BUF(name);

	if (slash >= 0) {
		folder = str_take(whole, slash > 0 ? (size_t)slash : 1);
		log = str_skip(whole, (size_t)slash + 1);
	}
	latest(arena_z(&a, folder), log, &name);
	if (name.n > 0 && io_slurp_tail(arena_fmt(&a, "%.*s/%s", STR_ARG(folder), buf_z(&name)).p, most, out, e) < 0)
		return -1;
	return io_slurp_tail(path, most, out, e);
}
