/* Which logs there are. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "index/growth.h"
#include "logs/expiring.h"

enum { ENTRIES_MAX = SOURCE_FILES_MAX };

static struct growth_file *add_file(struct growth *g, const char *path, const struct stat *st)
{
	struct growth_file *f;

	if (g->n == g->cap) {
		size_t cap = g->cap > 0 ? 2 * g->cap : 16;

		g->at = arena_grow(&g->mem, g->at, g->n, cap, sizeof(*g->at));
		g->cap = cap;
	}
	f = &g->at[g->n++];
	*f = (struct growth_file){ .id = source_identify(st), .fd = -1 };
	f->f.path = arena_str(&g->mem, str_of(path));
	f->f.mtime = st->st_mtim.tv_sec;
	return f;
}

/* A walk over what the paths name. */
struct listing {
	struct growth *g;
	const struct index *x; /* NULL: all is new */
	size_t most;
	struct expiring expiring; /* of the folder */
};

static bool is_known(const struct index *x, const struct stat *st)
{
	struct source_id id = source_identify(st);

	for (uint32_t i = 0; x != NULL && i < x->nfiles; i++)
		if (source_same(&x->files[i].id, &id))
			return true;
	return false;
}

/* What the next rotation removes is passed over, but for an index that was made before that was known. */
static bool is_passed(struct listing *l, const char *path, const struct stat *st)
{
	if (l->expiring.n == 0 || !expiring_has(&l->expiring, source_base_name(str_of(path)), st->st_ino))
		return false;
	if (!is_known(l->x, st))
		return true;
	l->g->lingers = true;
	return false;
}

static int take_entry(struct listing *l, const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return err_sys(e, "open %s", path);
	if (S_ISDIR(st.st_mode) || is_passed(l, path, &st))
		return 0;
	if (!S_ISREG(st.st_mode))
		return err_set(e, "%s is a link, or no file", path);
	if (l->g->n >= ENTRIES_MAX)
		return err_set(e, "there are more than %d logs", ENTRIES_MAX);
	add_file(l->g, path, &st)->most = l->most;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str path_of(const void *with, size_t i)
{
	const struct growth_file *at = with;

	return at[i].f.path;
}

/* Of a folder, whose files begin there. */
static void pass_repeated(struct growth *g, size_t first)
{
	size_t n = first, before = g->nrepeated;

	g->repeated = arena_grow(&g->mem, g->repeated, before, before + g->n - first + 1, sizeof(*g->repeated));
	for (size_t i = first; i < g->n; i++)
		if (source_repeated(g->at[i].f.path, g->n - first, path_of, g->at + first))
			g->repeated[g->nrepeated++] = g->at[i].f.path;
		else
			g->at[n++] = g->at[i];
	g->n = n;
	if (g->nrepeated > before)
		qsort(g->repeated + before, g->nrepeated - before, sizeof(*g->repeated), by_text);
}

static int take_folder(struct listing *l, const char *path, struct err *e)
{
	DIR *d = opendir(path);
	const struct dirent *x;
	size_t first = l->g->n;
	int rc = 0;

	if (d == NULL)
		return err_sys(e, "open %s", path);
	expiring_read(&l->expiring, AT_FDCWD, path, &l->g->mem);
	while (rc == 0 && (x = readdir(d)) != NULL) {
		BUF(whole);

		if (source_ignores(str_of(x->d_name)))
			continue;
		buf_fmt(&whole, "%s/%s", path, x->d_name);
		rc = take_entry(l, buf_z(&whole), e);
	}
	closedir(d);
	l->expiring.n = 0;
	pass_repeated(l->g, first);
	return rc;
}

static int take_paths(struct listing *l, const struct survey_paths *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		struct stat st;

		if (stat(p->at[i], &st) < 0)
			return err_sys(e, "open %s", p->at[i]);
		if ((S_ISDIR(st.st_mode) ? take_folder(l, p->at[i], e) : take_entry(l, p->at[i], e)) < 0)
			return -1;
	}
	return 0;
}

static int by_inode(const void *a, const void *b)
{
	const struct growth_file *x = a, *y = b;

	if (x->id.key[0] != y->id.key[0])
		return x->id.key[0] < y->id.key[0] ? -1 : 1;
	return x->id.key[1] < y->id.key[1] ? -1 : x->id.key[1] > y->id.key[1];
}

static int look_for_doubles(struct growth *g, struct err *e)
{
	if (g->n > 0)
		qsort(g->at, g->n, sizeof(*g->at), by_inode);
	for (size_t i = 1; i < g->n; i++)
		if (by_inode(&g->at[i - 1], &g->at[i]) == 0)
			return err_set(e, "%.*s is named twice", STR_ARG(g->at[i].f.path));
	return 0;
}

int growth_list(struct growth *g, const struct index *x, const struct survey_paths *p, struct err *e)
{
	struct listing l = { .g = g, .x = x, .most = p->unpack };

	return take_paths(&l, p, e) < 0 ? -1 : look_for_doubles(g, e);
}
