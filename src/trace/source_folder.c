/* A folder of logs that may be rotated while it is read.
 *
 * It is listed again and again until a listing shows nothing new; only then is
 * every log that stood in it known to be read, under whatever name.  A log that
 * had grown when the rotation took place is read again then, so that no line
 * between two files is lost.  What a listing showed and nobody saw again is said.
 * Archives that the next rotation removes are passed over.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "logs/expiring.h"
#include "trace/source.h"

enum { ROUNDS = 32 };

struct entry {
	struct str path;
	struct source_id id;
	bool link, named;
};

struct entries {
	struct entry *at;
	size_t n, cap;
};

struct folder {
	struct source *s;
	struct str path;
	struct arena mem;
	struct expiring expiring;
	struct entries now, lost; /* lost: shown by a listing, gone before it could be opened */
	bool vanished;            /* some of them in the round before */
};

static void add(struct folder *d, struct entries *to, const struct entry *x)
{
	if (to->n == to->cap) {
		to->cap = to->cap > 0 ? to->cap * 2 : 32;
		to->at = arena_grow(&d->mem, to->at, to->n, to->cap, sizeof(*to->at));
	}
	to->at[to->n++] = *x;
}

/* A log's own name before another name of the same file, so that it is the one that is shown. */
static int by_worth(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->link != y->link)
		return x->link ? 1 : -1;
	if (x->named != y->named)
		return x->named ? -1 : 1;
	return str_cmp(x->path, y->path);
}

/* The server's own troubles are no mail log. */
bool source_ignores(struct str name)
{
	return name.p[0] == '.' || (str_starts(name, STR("server.")) && str_eqz(source_stem(name), "server"));
}

static void list_entry(struct folder *d, const char *name)
{
	struct entry x = { .path = arena_fmt(&d->s->mem, "%.*s/%s", STR_ARG(d->path), name) };
	enum log_family ignored;
	struct stat st;

	if (lstat(x.path.p, &st) < 0) {
		d->vanished = true; /* renamed in this very moment */
		return;
	}
	x.link = S_ISLNK(st.st_mode);
	if (expiring_has(&d->expiring, str_of(name), st.st_ino))
		return;
	if (x.link && stat(x.path.p, &st) < 0) {
		source_skip(d->s, x.path, "a link to nothing");
		return;
	}
	if (S_ISDIR(st.st_mode))
		return;
	if (!S_ISREG(st.st_mode)) {
		source_skip(d->s, x.path, "not a file");
		return;
	}
	x.named = source_family_named(x.path, &ignored);
	x.id = source_identify(&st);
	add(d, &d->now, &x);
}

static struct str path_of(const void *with, size_t i)
{
	const struct entries *all = with;

	return all->at[i].path;
}

static void pass_repeated(struct folder *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->now.n; i++)
		if (source_repeated(d->now.at[i].path, d->now.n, path_of, &d->now))
			source_skip_repeated(d->s, d->now.at[i].path);
		else
			d->now.at[n++] = d->now.at[i];
	d->now.n = n;
}

static int list(struct folder *d, struct err *e)
{
	DIR *dir = opendir(d->path.p);
	const struct dirent *x;

	if (dir == NULL)
		return err_sys(e, "open %s", d->path.p);
	d->now.n = 0;
	expiring_read(&d->expiring, AT_FDCWD, d->path.p, &d->mem);
	while ((x = readdir(dir)) != NULL && d->now.n < SOURCE_FILES_MAX)
		if (!source_ignores(str_of(x->d_name)))
			list_entry(d, x->d_name);
	if (x != NULL)
		source_lose(d->s, d->path, "more than %d files: the rest of them was not looked at", SOURCE_FILES_MAX);
	closedir(dir);
	if (d->now.n > 0)
		qsort(d->now.at, d->now.n, sizeof(*d->now.at), by_worth);
	pass_repeated(d);
	return 0;
}

enum state { NEW, OTHER_NAME, SAME, GROWN };

/* An inode is used again: a smaller file, or a larger one under another name, may be another file. */
static enum state state_of(const struct folder *d, const struct entry *x)
{
	const struct source_seen *k = source_seen(d->s, &x->id);

	if (k == NULL || x->id.size < k->id.size)
		return NEW;
	if (x->id.size == k->id.size && x->id.mtime == k->id.mtime)
		return str_eq(x->path, k->path) ? SAME : OTHER_NAME;
	return str_eq(x->path, k->path) ? GROWN : NEW;
}

static void take(struct folder *d, const struct entry *x)
{
	struct err e = { 0 };
	int rc = source_take(d->s, x->path.p, &e);

	if (rc >= 0 || e.code == ENOENT)
		return;
	source_lose(d->s, x->path, "could not be read: %s", e.code != 0 ? strerror(e.code) : e.text);
	source_see(d->s, &x->id, x->path);
}

/* Shown by the listing, and never opened as it was then. */
static bool unseen(const struct folder *d, const struct entry *x)
{
	const struct source_seen *k = source_seen(d->s, &x->id);

	return x->id.size > 0 && (k == NULL || k->id.size < x->id.size);
}

/* Was anything new? */
static bool take_listed(struct folder *d, bool first)
{
	bool again = d->vanished, fresh = false;

	d->vanished = false;
	for (size_t i = 0; i < d->now.n; i++) {
		enum state was = state_of(d, &d->now.at[i]);

		if (was == NEW || was == OTHER_NAME)
			take(d, &d->now.at[i]);
		fresh = fresh || was == NEW;
	}
	for (size_t i = 0; i < d->now.n && !first && (fresh || again); i++)
		if (state_of(d, &d->now.at[i]) == GROWN)
			take(d, &d->now.at[i]);
	for (size_t i = 0; i < d->now.n; i++) {
		if (!unseen(d, &d->now.at[i]))
			continue;
		add(d, &d->lost, &d->now.at[i]);
		d->vanished = true;
	}
	return fresh || d->vanished;
}

/* Is its content there under another name, packed perhaps? */
static bool found(const struct folder *d, const struct entry *x)
{
	struct str label = source_label(x->path);

	for (size_t i = 0; i < d->s->n; i++) {
		const struct source_file *f = &d->s->files[i];

		if (f->seen == NULL || !str_eq(f->label, label))
			continue;
		if (f->text.n == x->id.size || (f->packed.form != UNPACK_PLAIN && f->seen->id.mtime == x->id.mtime))
			return true;
	}
	return false;
}

/* Each once, by its latest name. */
static void say_lost(struct folder *d)
{
	for (size_t i = d->lost.n; i-- > 0;) {
		const struct entry *x = &d->lost.at[i];

		if (!unseen(d, x))
			continue;
		if (!found(d, x))
			source_lose(d->s, x->path,
				    "it was gone before it could be read, and stands under no other name");
		source_see(d->s, &x->id, x->path);
	}
}

int source_take_folder(struct source *s, const char *path, struct err *e)
{
	struct folder d = { .s = s, .path = arena_str(&s->mem, str_of(path)), .mem = ARENA_INIT };
	bool more = true;
	int rc = 0;

	for (int i = 0; i < ROUNDS && more && rc == 0; i++) {
		rc = list(&d, e);
		more = rc == 0 && take_listed(&d, i == 0);
	}
	say_lost(&d);
	if (more)
		source_lose(s, d.path, "it kept changing while it was read: a part of its logs may be missing");
	arena_clear(&d.mem);
	return rc;
}
