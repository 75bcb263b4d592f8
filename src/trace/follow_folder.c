/* The folders whose logs are followed: what is new in them, what got another name, what is gone.
 *
 * inotify tells when to look; the look itself asks the folder.  A folder that
 * is not there, or cannot be watched, is looked at ten times in a second.
 */
#include "trace/follow_parts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

enum {
	NAMES = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF,
	DAY = 86400,
	SMALL = 256 << 10, /* a file that is no log may become one until then */
	LATE = 5           /* seconds: what was written before the last look is no new log */
};

struct entry {
	char *path;
	struct stat st;
};

struct entries {
	struct entry *at;
	size_t n, cap;
};

int follow_folder_add(struct follow *f, const char *path, struct err *e)
{
	struct follow_folder *d;
	struct stat st;
	const char *slash = strrchr(path, '/');
	bool folder;

	if (stat(path, &st) < 0)
		return err_sys(e, "open %s", path);
	folder = S_ISDIR(st.st_mode);
	if (!folder && !S_ISREG(st.st_mode))
		return err_set(e, "%s is not a file", path);
	f->folders = mem_grow(f->folders, (f->nfolders + 1) * sizeof(*f->folders));
	d = &f->folders[f->nfolders++];
	*d = (struct follow_folder){ .watch = -1, .there = true, .changed = true };
	if (folder)
		d->path = mem_dupz(path);
	else if (slash == NULL)
		d->path = mem_dupz(".");
	else
		d->path = mem_dup(str_mem(path, slash > path ? (size_t)(slash - path) : 1));
	if (!folder)
		d->only = mem_dupz(slash != NULL ? slash + 1 : path);
	return 0;
}

static char *path_in(const struct follow_folder *d, const char *name)
{
	BUF(b);

	if (strcmp(d->path, ".") != 0)
		buf_fmt(&b, "%s%s", d->path, d->path[strlen(d->path) - 1] == '/' ? "" : "/");
	buf_adds(&b, name);
	return mem_dup(buf_str(&b));
}

/* The server's own troubles are no mail log. */
static bool of_no_interest(const char *name)
{
	return name[0] == '.' || strncmp(name, "server.log", 10) == 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->st.st_mtim.tv_sec != y->st.st_mtim.tv_sec)
		return x->st.st_mtim.tv_sec > y->st.st_mtim.tv_sec ? -1 : 1;
	return strcmp(x->path, y->path);
}

static struct str path_of(const void *with, size_t i)
{
	const struct entries *all = with;

	return str_of(all->at[i].path);
}

static void drop_repeated(struct entries *all)
{
	size_t n = 0;

	/* those move behind the others, and are compared with as well */
	for (size_t i = 0; i < all->n; i++) {
		struct entry x = all->at[i];
		bool repeated = source_repeated(str_of(x.path), all->n, path_of, all);

		all->at[i] = all->at[n];
		all->at[n] = x;
		n += !repeated;
	}
	while (all->n > n)
		free(all->at[--all->n].path);
}

static void list(struct follow_folder *d, struct entries *out)
{
	DIR *dir = opendir(d->path);
	const struct dirent *x;

	*out = (struct entries){ 0 };
	while (dir != NULL && (x = readdir(dir)) != NULL && out->n < SOURCE_FILES_MAX) {
		struct entry e;

		if (of_no_interest(x->d_name))
			continue;
		e.path = path_in(d, x->d_name);
		if (lstat(e.path, &e.st) == 0 && S_ISLNK(e.st.st_mode))
			d->links = true;
		if (stat(e.path, &e.st) < 0 || !S_ISREG(e.st.st_mode)) {
			free(e.path);
			continue;
		}
		if (out->n == out->cap) {
			out->cap = out->cap > 0 ? out->cap * 2 : 32;
			out->at = mem_grow(out->at, out->cap * sizeof(*out->at));
		}
		out->at[out->n++] = e;
	}
	if (dir != NULL)
		closedir(dir);
	drop_repeated(out);
	if (out->n > 0)
		qsort(out->at, out->n, sizeof(*out->at), newest_first);
}

static void forget(struct entries *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i].path);
	free(l->at);
}

static void key_of(const struct stat *st, uint64_t key[2])
{
	key[0] = st->st_dev;
	key[1] = st->st_ino;
}

static struct follow_passed *passed(const struct follow *f, const uint64_t key[2])
{
	for (size_t i = 0; i < f->npassed; i++)
		if (f->passed[i].key[0] == key[0] && f->passed[i].key[1] == key[1])
			return &f->passed[i];
	return NULL;
}

static void pass(struct follow *f, const struct stat *st)
{
	uint64_t key[2];
	struct follow_passed *p;

	key_of(st, key);
	p = passed(f, key);
	if (p == NULL) {
		if (f->npassed == SOURCE_FILES_MAX)
			f->npassed = 0; /* they are looked at once more */
		if (f->npassed == f->passed_cap) {
			f->passed_cap = f->passed_cap > 0 ? f->passed_cap * 2 : 32;
			f->passed = mem_grow(f->passed, f->passed_cap * sizeof(*f->passed));
		}
		p = &f->passed[f->npassed++];
	}
	memcpy(p->key, key, sizeof(p->key));
	p->size = (uint64_t)st->st_size;
}

/* Nothing that was passed is followed, but that a small file which grew may be a log by now. */
static bool still_passed(const struct follow *f, const uint64_t key[2], const struct stat *st)
{
	const struct follow_passed *p = passed(f, key);

	return p != NULL && (p->size == (uint64_t)st->st_size || p->size >= SMALL) && p->size <= (uint64_t)st->st_size;
}

/* "mail.log", not "mail.log.1": the name under which a log grows. */
static bool grows_here(const char *path)
{
	struct str stem = source_stem(str_of(path)), base = source_base_name(str_of(path));

	return str_eq(base, stem) || (str_starts(base, stem) && str_eqz(str_skip(base, stem.n), ".log"));
}

/* The past is in archives, and in copies of what was read. */
static bool of_the_past(const struct follow *f, const struct entry *e, int fd)
{
	if (!f->started)
		return !grows_here(e->path) && e->st.st_mtim.tv_sec < clock_wall() / 1000 - DAY;
	if (follow_file_copy(f, fd, str_of(e->path), grows_here(e->path)))
		return true;
	/* An empty one is a copy that is just being made. */
	return !grows_here(e->path) && (e->st.st_size == 0 || e->st.st_mtim.tv_sec < f->listed - LATE);
}

static size_t open_files(const struct follow *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->files[i]->fd >= 0;
	return n;
}

static void consider(struct follow *f, const struct entry *e)
{
	bool past = !f->started || e->st.st_mtim.tv_sec < f->listed - LATE;
	int fd = open(e->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		follow_say(f, "%s cannot be read: %s", e->path, strerror(errno));
	else if (follow_file_replaced(f, fd, e->path))
		return;
	else if (open_files(f) >= FOLLOW_FILES)
		follow_say(f, "%s is not followed: %d logs are followed already", e->path, FOLLOW_FILES);
	else if (!of_the_past(f, e, fd) && follow_file_open(f, e->path, fd, past) != NULL)
		return;
	fd_clear(&fd);
	pass(f, &e->st);
}

static bool leads_to(const char *path, const uint64_t key[2])
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == key[0] && st.st_ino == key[1];
}

/* It may have another name by now, and may have grown after it was at rest. */
static void known(struct follow_file *x, const struct entry *e)
{
	x->stands = true;
	if (strcmp(x->path, e->path) != 0 && !leads_to(x->path, x->key)) {
		free(x->path);
		x->path = mem_dupz(e->path);
	}
	if (x->fd < 0 && (uint64_t)e->st.st_size > x->at)
		x->fd = open(e->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool is_followed(const struct follow_folder *d, const char *path)
{
	return d->only == NULL || strcmp(source_base_name(str_of(path)).p, d->only) == 0;
}

/* First what is known, so that of what is new it can be said whose place it took. */
static void look_at(struct follow *f, struct follow_folder *d)
{
	struct entries l;
	uint64_t key[2];

	list(d, &l);
	for (size_t i = 0; i < l.n; i++) {
		struct follow_file *x;

		key_of(&l.at[i].st, key);
		x = follow_file_of(f, key);
		if (x != NULL)
			known(x, &l.at[i]);
	}
	for (size_t i = 0; i < l.n; i++) {
		key_of(&l.at[i].st, key);
		if (follow_file_of(f, key) == NULL && is_followed(d, l.at[i].path) &&
		    !still_passed(f, key, &l.at[i].st))
			consider(f, &l.at[i]);
	}
	forget(&l);
}

static void unwatch(struct follow *f, struct follow_folder *d)
{
	if (d->watch >= 0)
		inotify_rm_watch(f->inotify, d->watch);
	d->watch = -1;
}

/* Is it the folder that we know?  Its place may be empty for a while, or another's. */
static bool find_folder(struct follow *f, struct follow_folder *d)
{
	struct stat st;
	bool there = stat(d->path, &st) == 0 && S_ISDIR(st.st_mode);
	uint64_t key[2];

	if (!there || d->key[0] != st.st_dev || d->key[1] != st.st_ino)
		unwatch(f, d);
	if (there != d->there)
		follow_say(f, there ? "%s is back" : "%s is gone; it is waited for", d->path);
	d->there = there;
	if (!there)
		return false;
	key_of(&st, key);
	d->changed = d->changed || memcmp(key, d->key, sizeof(key)) != 0;
	memcpy(d->key, key, sizeof(d->key));
	if (d->watch < 0 && f->inotify >= 0)
		d->watch = inotify_add_watch(f->inotify, d->path, NAMES | IN_MODIFY | IN_ONLYDIR);
	return true;
}

void follow_folders_look(struct follow *f, bool all)
{
	int64_t now = clock_wall() / 1000;
	bool any = all;

	for (size_t i = 0; i < f->nfolders; i++)
		any = any || f->folders[i].changed;
	if (!any)
		return;
	for (size_t i = 0; i < f->n; i++)
		f->files[i]->stands = false;
	for (size_t i = 0; i < f->nfolders; i++) {
		if (find_folder(f, &f->folders[i]))
			look_at(f, &f->folders[i]);
		f->folders[i].changed = false;
	}
	f->listed = now;
	follow_files_close(f);
}

bool follow_folders_watched(const struct follow *f)
{
	for (size_t i = 0; i < f->nfolders; i++)
		if (f->folders[i].watch < 0 || f->folders[i].links)
			return false;
	return true;
}

static void take_event(struct follow *f, const struct inotify_event *x)
{
	for (size_t i = 0; i < f->nfolders; i++) {
		struct follow_folder *d = &f->folders[i];

		if (d->watch != x->wd && (x->mask & IN_Q_OVERFLOW) == 0)
			continue;
		d->changed = d->changed || (x->mask & ~(uint32_t)IN_MODIFY) != 0;
		if ((x->mask & IN_IGNORED) != 0)
			d->watch = -1;
	}
}

bool follow_folders_hear(struct follow *f)
{
	char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool heard = false;
	ssize_t n;

	while (f->inotify >= 0 && (n = read(f->inotify, events, sizeof(events))) > 0) {
		heard = true;
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *x = (const struct inotify_event *)(const void *)(events + at);

			take_event(f, x);
			at += (ssize_t)sizeof(*x) + x->len;
		}
	}
	return heard;
}

int follow_folder_copy(struct follow *f, const struct follow_file *x, char **path, uint64_t key[2])
{
	struct str folder = str_take(str_of(x->path), strlen(x->path) - source_base_name(str_of(x->path)).n);
	struct follow_folder d = { .path = folder.n > 0 ? mem_dup(folder) : mem_dupz(".") };
	struct entries l;
	char head[FOLLOW_HEAD];
	int found = -1;

	list(&d, &l);
	for (size_t i = 0; i < l.n && found < 0; i++) {
		FD(fd) = -1;

		key_of(&l.at[i].st, key);
		if ((uint64_t)l.at[i].st.st_size < x->at || follow_file_of(f, key) != NULL)
			continue;
		fd = open(l.at[i].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0 || pread(fd, head, sizeof(head), 0) < (ssize_t)x->head.n ||
		    memcmp(head, x->head.p, x->head.n) != 0)
			continue;
		*path = mem_dupz(l.at[i].path);
		found = fd_steal(&fd);
	}
	forget(&l);
	free(d.path);
	return found;
}
