#include "trace/source.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

enum { HEAD = 256 * 1024 }; /* enough to recognise a file by */

void source_init(struct source *s)
{
	*s = (struct source){ .mem = ARENA_INIT };
}

void source_clear(struct source *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_clear(&s->files[i].text);
	free(s->files);
	arena_clear(&s->mem);
	source_init(s);
}

static void skip(struct source *s, const char *path, const char *why)
{
	struct source_skip *k = arena_alloc(&s->mem, sizeof(*k));

	k->path = arena_str(&s->mem, str_of(path));
	k->why = why;
	k->next = s->skipped;
	s->skipped = k;
}

static struct str base_name(struct str path)
{
	return str_skip(path, (size_t)(str_rchr(path, '/') + 1));
}

/* "smtp-25.log" and "smtp-25.log.2021-03-09" give "25". */
static struct str label_of(struct str path)
{
	struct str name = base_name(path), head, tail;

	if (!str_starts(name, STR("smtp-")) || !str_cut(str_skip(name, 5), STR(".log"), &head, &tail))
		return STR("");
	return head;
}

static bool family_by_name(struct str path, enum log_family *family)
{
	static const struct {
		const char *name;
		enum log_family family;
	} t[] = { { "smtp-*.log*", LOG_SMTP }, { "delivery.log*", LOG_DELIVERY }, { "spamdyke.log*", LOG_SPAMDYKE } };

	for (size_t i = 0; i < COUNT(t); i++) {
		if (!str_glob(str_of(t[i].name), base_name(path)))
			continue;
		*family = t[i].family;
		return true;
	}
	return false;
}

static const char *packed_as(struct str path)
{
	static const char *const t[] = { ".zst", ".gz", ".xz", ".bz2" };

	for (size_t i = 0; i < COUNT(t); i++)
		if (str_iends(path, str_of(t[i])))
			return t[i];
	return NULL;
}

/* Takes the text over when it is a log. */
static bool adopt(struct source *s, const char *path, struct buf *text, int64_t mtime)
{
	struct source_file f = { .path = arena_str(&s->mem, str_of(path)), .mtime = mtime };

	if (!log_recognise(str_take(buf_str(text), HEAD), &f.family) && !family_by_name(f.path, &f.family))
		return false;
	f.label = label_of(f.path);
	f.torn = text->n > 0 && text->p[text->n - 1] != '\n';
	f.text = *text;
	*text = (struct buf)BUF_INIT;
	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 16;
		s->files = mem_grow(s->files, s->cap * sizeof(*s->files));
	}
	s->files[s->n++] = f;
	return true;
}

static bool have_file(const struct source *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eqz(s->files[i].path, path))
			return true;
	return false;
}

/* 1: taken, 0: no log, -1: could not be read. */
static int add_file(struct source *s, const char *path, struct err *e)
{
	BUF(text);
	struct stat st;
	FD(fd) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (have_file(s, path))
		return 1;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, "%s is not a file", path);
	if (packed_as(str_of(path)) != NULL) {
		skip(s, path, "compressed, not read");
		return 1;
	}
	if (s->n >= SOURCE_FILES_MAX)
		return err_set(e, "more than %d log files", SOURCE_FILES_MAX);
	if (io_slurp_fd(fd, SOURCE_FILE_MAX, &text, e) < 0)
		return err_wrap(e, "read %s", path);
	return adopt(s, path, &text, st.st_mtime);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of a folder's entries, sorted. */
static int list_folder(struct source *s, const char *path, char ***out, struct err *e)
{
	size_t n = 0, cap = 0;
	const struct dirent *d;
	DIR *dir = opendir(path);

	*out = NULL;
	if (dir == NULL)
		return err_sys(e, "open %s", path);
	while ((d = readdir(dir)) != NULL && n < SOURCE_FILES_MAX) {
		struct str p = arena_fmt(&s->mem, "%s/%s", path, d->d_name);

		if (d->d_name[0] == '.')
			continue;
		if (n == cap) {
			cap = cap > 0 ? cap * 2 : 32;
			*out = mem_grow(*out, cap * sizeof(**out));
		}
		(*out)[n++] = mem_dupz(p.p);
	}
	closedir(dir);
	if (n > 0)
		qsort(*out, n, sizeof(**out), by_name);
	return (int)n;
}

static void add_entry(struct source *s, const char *path)
{
	struct err ignored;
	struct stat st;
	int rc;

	if (stat(path, &st) < 0 || S_ISDIR(st.st_mode) || str_eqz(base_name(str_of(path)), "server.log"))
		return; /* the server's own troubles are no mail log */
	rc = add_file(s, path, &ignored);
	if (rc < 0)
		skip(s, path, "could not be read");
	else if (rc == 0)
		skip(s, path, "not one of the logs");
}

int source_add(struct source *s, const char *path, struct err *e)
{
	struct stat st;
	char **names;
	int n, rc;

	if (stat(path, &st) < 0)
		return err_sys(e, "open %s", path);
	if (!S_ISDIR(st.st_mode)) {
		rc = add_file(s, path, e);
		return rc == 0 ? err_set(e, "%s: none of its first lines looks like a mail log", path) : rc;
	}
	n = list_folder(s, path, &names, e);
	for (int i = 0; i < n; i++) {
		add_entry(s, names[i]);
		free(names[i]);
	}
	free(names);
	return n < 0 ? -1 : 0;
}

void source_add_text(struct source *s, const char *path, struct str text)
{
	struct buf b = BUF_INIT;

	buf_addstr(&b, text);
	if (!adopt(s, path, &b, 0)) {
		skip(s, path, "not one of the logs");
		buf_clear(&b);
	}
}

bool source_next(struct source_walk *w, struct str *line, bool *bad)
{
	const struct buf *t = &w->file->text;
	const char *start, *end;
	size_t n;

	if (w->at >= t->n)
		return false;
	start = t->p + w->at;
	end = memchr(start, '\n', t->n - w->at);
	if (end == NULL)
		return false;
	n = (size_t)(end - start);
	w->at += n + 1;
	w->number++;
	if (n > 0 && start[n - 1] == '\r')
		n--;
	*line = (struct str){ start, n };
	*bad = n > SOURCE_LINE_MAX || (n > 0 && memchr(start, '\0', n) != NULL);
	return true;
}
