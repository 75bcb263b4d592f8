#include "logs/expiring.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"

enum { MOST = 1 << 20 /* bytes of the file */ };

static const char file[] = ".expiring";

static bool take_line(struct str line, struct expiring_file *out)
{
	struct str number;

	return str_cut(line, STR(" "), &out->name, &number) && out->name.n > 0 && str_chr(out->name, '/') < 0 &&
	       str_u64(number, UINT64_MAX, &out->inode);
}

void expiring_read(struct expiring *x, const char *folder, struct arena *a)
{
	FD(dir) = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct str line, rest;
	size_t cap = 0;
	BUF(all);

	*x = (struct expiring){ 0 };
	if (dir < 0 || io_slurp(dir, file, MOST, &all, NULL) < 0)
		return;
	for (rest = arena_str(a, buf_str(&all)); str_cut(rest, STR("\n"), &line, &rest);) {
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

int expiring_write(int dir, const struct expiring_file *at, size_t n, struct err *e)
{
	BUF(all);

	if (n == 0)
		return unlinkat(dir, file, 0) < 0 && errno != ENOENT ? err_sys(e, "remove %s", file) : 0;
	for (size_t i = 0; i < n; i++)
		buf_fmt(&all, "%.*s %llu\n", STR_ARG(at[i].name), (unsigned long long)at[i].inode);
	return all.n <= MOST ? io_replace(dir, file, buf_str(&all), 0640, e)
			     : err_set(e, "%s would be longer than %d bytes", file, MOST);
}
