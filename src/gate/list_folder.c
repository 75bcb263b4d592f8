/* A folder of names, as spamdyke's rdns-...-dir: a file for each name, which stands for all below it too. */
#include <fts.h>
#include <string.h>
#include "gate/list_inside.h"

enum { DEPTH_MAX = 32, BYTES_MAX = 64 << 20 };

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* One thing met on the walk: 0; -1 with *e. */
static int met(const FTSENT *x, size_t root, struct buf *out, struct err *e)
{
	switch (x->fts_info) {
	case FTS_D:
		return x->fts_level > DEPTH_MAX ? err_set(e, "%s: folders in folders in folders", x->fts_path) : 0;
	case FTS_F:
		if (strchr(x->fts_path + root, '\n') != NULL)
			return err_set(e, "%s: a newline in a name", x->fts_path);
		if (out->n + x->fts_pathlen > BYTES_MAX)
			return err_set(e, "%s: too many names", x->fts_path);
		buf_adds(out, x->fts_path + root);
		buf_addc(out, '\n');
		return 0;
	case FTS_DC:
		return err_set(e, "%s: this link leads in a circle", x->fts_path);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
	case FTS_SLNONE:
		return err_set(e, "%s: %s", x->fts_path, strerror(x->fts_errno != 0 ? x->fts_errno : ENOENT));
	case FTS_DEFAULT:
		return err_set(e, "%s is not a file", x->fts_path);
	default:
		return 0;
	}
}

int list_walk(const char *folder, struct buf *out, struct err *e)
{
	char *const paths[] = { (char *)(uintptr_t)folder, NULL };
	FTS *fts = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	size_t root = strlen(folder);
	const FTSENT *x;
	int rc = 0;

	if (fts == NULL)
		return err_sys(e, "open %s", folder);
	while (rc == 0 && (errno = 0, x = fts_read(fts)) != NULL) {
		if (x->fts_level == 0 && x->fts_info == FTS_F)
			rc = err_set(e, "%s is not a folder", folder);
		else if (x->fts_level == 0 && (x->fts_info == FTS_NS || x->fts_info == FTS_SLNONE))
			rc = err_set(e, "open %s: %s", folder, strerror(ENOENT));
		else
			rc = met(x, root + (root > 0 && folder[root - 1] == '/' ? 0 : 1), out, e);
	}
	if (rc == 0 && errno != 0)
		rc = err_sys(e, "read %s", folder);
	fts_close(fts);
	return rc;
}

/* com/e/example/mail.example.com and com/c/com: the last part is the name.  com/example/mail: the parts backwards. */
static struct str name_of(struct str path, struct arena *a)
{
	struct str top, rest, last = str_skip(path, (size_t)(str_rchr(path, '/') + 1));
	BUF(b);

	str_cut(path, STR("/"), &top, &rest);
	if (str_chr(last, '.') >= 0 ||
	    str_eq(path, arena_fmt(a, "%.*s/%.1s/%.*s", STR_ARG(last), last.n > 0 ? last.p : "", STR_ARG(last))))
		return str_ends(last, arena_fmt(a, ".%.*s", STR_ARG(top))) || str_eq(last, top) ? last : STR("");
	while (path.n > 0) {
		ptrdiff_t slash = str_rchr(path, '/');

		buf_adds(&b, b.n > 0 ? "." : "");
		buf_addstr(&b, str_skip(path, (size_t)(slash + 1)));
		path = str_take(path, slash < 0 ? 0 : (size_t)slash);
	}
	return arena_str(a, buf_str(&b));
}

int list_add_paths(struct list *l, struct str paths, const char *folder, struct err *e)
{
	ARENA(a);
	struct str path;

	MUST(l->kind == LIST_NAME);
	while (paths.n > 0) {
		const char *why;

		str_cut(paths, STR("\n"), &path, &paths);
		if (list_add_at(l, arena_fmt(&a, ".%.*s", STR_ARG(name_of(path, &a))),
				arena_fmt(&a, "%s/%.*s", folder, STR_ARG(path)), &why) < 0)
			return err_set(e, "%s/%.*s: its path makes no name: com/example/mail", folder, STR_ARG(path));
	}
	return 0;
}
