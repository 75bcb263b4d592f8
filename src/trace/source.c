#include "trace/source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

enum { HEAD = 256 * 1024 }; /* enough to recognise a file by */

static const struct str bom = STR_INIT("\xef\xbb\xbf");
static const char not_a_log[] = "not one of the logs";

void source_init(struct source *s)
{
	*s = (struct source){ .mem = ARENA_INIT, .most = SOURCE_UNPACKED_MAX };
}

void source_clear(struct source *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_clear(&s->files[i].text);
	free(s->files);
	map_clear(&s->seen);
	arena_clear(&s->mem);
	source_init(s);
}

/* What was said of the path before is no longer true, or is said again. */
static void unskip(struct source *s, struct str path)
{
	struct source_skip **at = &s->skipped;

	while (*at != NULL && !str_eq((*at)->path, path))
		at = &(*at)->next;
	if (*at != NULL)
		*at = (*at)->next;
}

static void say(struct source *s, struct str path, bool lost, const char *fmt, va_list ap)
{
	struct source_skip *k = arena_alloc(&s->mem, sizeof(*k));
	BUF(why);

	buf_vfmt(&why, fmt, ap);
	unskip(s, path);
	k->lost = lost;
	k->path = arena_str(&s->mem, path);
	k->why = arena_str(&s->mem, buf_str(&why));
	k->next = s->skipped;
	s->skipped = k;
}

void source_skip(struct source *s, struct str path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(s, path, false, fmt, ap);
	va_end(ap);
}

void source_lose(struct source *s, struct str path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(s, path, true, fmt, ap);
	va_end(ap);
}

void source_skip_repeated(struct source *s, struct str path)
{
	source_skip(s, path, "Exim's main log says the same");
}

bool source_whole(const struct source *s)
{
	bool whole = true;

	for (size_t i = 0; i < s->n; i++)
		whole = whole && s->files[i].packed.end == UNPACK_WHOLE;
	for (const struct source_skip *k = s->skipped; k != NULL; k = k->next)
		whole = whole && !k->lost;
	return whole;
}

bool source_has(const struct source *s, enum log_family family)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->files[i].family == family)
			return true;
	return false;
}

struct str source_trouble(struct arena *a, const struct source_file *f)
{
	const struct unpacked *u = &f->packed;
	unsigned long long at = (unsigned long long)u->at, size = (unsigned long long)u->size;

	switch (u->end) {
	case UNPACK_CUT:
		return arena_fmt(a, "cut short at byte %llu, or still being written", at);
	case UNPACK_DAMAGED:
		return arena_fmt(a, "damaged at byte %llu of %llu (%s); what was read of it may be wrong too", at, size,
				 u->why);
	case UNPACK_SHRANK:
		return arena_fmt(a, "became shorter while it was read, at byte %llu of %llu", at, size);
	case UNPACK_LIMIT:
		return arena_fmt(a, "too large: the limit was reached after %zu bytes of text, at byte %llu of %llu",
				 f->text.n, at, size);
	case UNPACK_WHOLE:
		break;
	}
	return STR("");
}

/* How many bytes of text a file may give. */
static size_t room_for(const struct source *s, const struct source_file *f)
{
	size_t left = s->most - s->unpacked;

	return f->packed.form != UNPACK_PLAIN && left < SOURCE_FILE_MAX ? left : SOURCE_FILE_MAX;
}

static bool recognised(struct source_file *f)
{
	struct str head = str_take(buf_str(&f->text), HEAD);

	if (str_starts(head, bom))
		head = str_skip(head, bom.n);
	return log_recognise(head, &f->family) || source_family_named(f->path, &f->family);
}

/* Passed over: why, in words; NULL when it is a log, of which f->text holds the beginning. */
static const char *no_log(struct source *s, struct source_file *f)
{
	struct str bare;

	if (f->packed.form == UNPACK_OTHER)
		return "compressed, not read";
	if (f->text.n == 0 && f->packed.end != UNPACK_WHOLE)
		return arena_z(&s->mem, source_trouble(&s->mem, f));
	if (f->packed.form == UNPACK_PLAIN && unpack_named(f->path, &bare) &&
	    !log_recognise(str_take(buf_str(&f->text), HEAD), &f->family))
		return f->text.n == 0 ? "cut short at byte 0, or still being written"
				      : "damaged at byte 0: it is not compressed as its name says";
	if (f->text.n == 0 && !recognised(f))
		f->family = LOG_FOREIGN; /* nothing stands in it: that is an answer too */
	else if (!recognised(f))
		return not_a_log;
	if (f->packed.form != UNPACK_PLAIN && s->unpacked >= s->most)
		return arena_z(
		    &s->mem,
		    arena_fmt(&s->mem, "compressed, not read: the limit of %zu unpacked bytes was reached", s->most));
	return NULL;
}

/* Takes the text over. */
static void adopt(struct source *s, struct source_file *f)
{
	f->text.p = mem_grow(f->text.p, f->text.n + 1); /* it grew in steps */
	f->text.cap = f->text.n + 1;
	f->text.p[f->text.n] = '\0';
	f->label = source_label(f->path);
	f->torn = f->text.n > 0 && f->text.p[f->text.n - 1] != '\n';
	if (f->packed.form != UNPACK_PLAIN)
		s->unpacked += f->text.n;
	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 16;
		s->files = mem_grow(s->files, s->cap * sizeof(*s->files));
	}
	if (f->seen != NULL)
		f->seen->file = (ptrdiff_t)s->n;
	unskip(s, f->path);
	s->files[s->n++] = *f;
	s->loaded += f->text.n;
}

static void pass_over(struct source *s, struct source_file *f, const char *why)
{
	if (why == not_a_log)
		source_skip(s, f->path, "%s", why);
	else
		source_lose(s, f->path, "%s", why);
	buf_clear(&f->text);
}

/* Its head first, so that what is no log costs little. */
static int read_file(struct source *s, int fd, struct source_file *f, struct err *e)
{
	const char *why;

	if (unpack_file(fd, HEAD, &f->text, &f->packed, e) < 0)
		return -1;
	why = no_log(s, f);
	if (why == NULL && (f->packed.end == UNPACK_LIMIT || f->text.n > room_for(s, f))) {
		buf_reset(&f->text);
		if (unpack_file(fd, room_for(s, f), &f->text, &f->packed, e) < 0)
			return -1;
	}
	if (why == NULL)
		adopt(s, f);
	else
		pass_over(s, f, why);
	return why != not_a_log;
}

struct source_id source_identify(const struct stat *st)
{
	return (struct source_id){ { st->st_dev, st->st_ino },
				   (uint64_t)st->st_size,
				   (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec };
}

struct source_seen *source_seen(const struct source *s, const struct source_id *id)
{
	return map_get(&s->seen, str_mem(id->key, sizeof(id->key)));
}

struct source_seen *source_see(struct source *s, const struct source_id *id, struct str path)
{
	struct source_seen *x = source_seen(s, id);

	if (x == NULL) {
		x = arena_alloc(&s->mem, sizeof(*x));
		x->id = *id;
		x->file = -1;
		map_put(&s->seen, str_mem(x->id.key, sizeof(x->id.key)), x);
	}
	if (x->file >= 0)
		s->files[x->file].gone = true; /* what it is now takes its place */
	x->id = *id;
	x->path = path;
	x->file = -1;
	return x;
}

bool source_stands(const struct source_seen *x)
{
	struct stat st;

	return stat(x->path.p, &st) == 0 && st.st_dev == x->id.key[0] && st.st_ino == x->id.key[1];
}

/* It was read as it is, under this name or another: a second name is said, a new one is taken over. */
static void second_name(struct source *s, struct source_seen *x, struct str path)
{
	if (str_eq(x->path, path))
		return;
	if (source_stands(x)) {
		source_skip(s, path, "the same file as %.*s", STR_ARG(x->path));
		return;
	}
	x->path = path;
	if (x->file >= 0)
		s->files[x->file].path = path;
}

int source_take(struct source *s, const char *path, struct err *e)
{
	struct source_file f = { .path = arena_str(&s->mem, str_of(path)) };
	FD(fd) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct source_seen *x;
	struct source_id id;
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, "%s is not a file", path);
	id = source_identify(&st);
	x = source_seen(s, &id);
	if (x != NULL && x->id.size == id.size && x->id.mtime == id.mtime) {
		second_name(s, x, f.path);
		return 1;
	}
	if (s->n >= SOURCE_FILES_MAX)
		return err_set(e, "more than %d log files", SOURCE_FILES_MAX);
	f.seen = source_see(s, &id, f.path);
	f.mtime = st.st_mtim.tv_sec;
	rc = read_file(s, fd, &f, e);
	if (rc < 0)
		buf_clear(&f.text);
	return rc < 0 ? err_wrap(e, "read %s", path) : rc;
}

static int take_named(struct source *s, const char *path, struct err *e)
{
	int rc = source_take(s, path, e);

	return rc == 0 ? err_set(e, "%s: none of its first lines looks like a mail log", path) : rc;
}

int source_add(struct source *s, const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "open %s", path);
	return S_ISDIR(st.st_mode) ? source_take_folder(s, path, e) : take_named(s, path, e);
}

void source_add_text(struct source *s, const char *path, struct str text)
{
	struct source_file f = { .path = arena_str(&s->mem, str_of(path)) };
	const char *why;

	unpack_bytes(text, s->most - s->unpacked, &f.text, &f.packed);
	why = no_log(s, &f);
	if (why == NULL)
		adopt(s, &f);
	else
		pass_over(s, &f, why);
}

void source_add_kept(struct source *s, struct source_file f, struct str text)
{
	buf_addstr(&f.text, text);
	adopt(s, &f);
}

/* Moves `clean` on: there stands no NUL before it that a line behind `end` could hold.  False: one may stand before
 * `end`.  It is looked for in long pieces. */
static bool no_nul(struct source_walk *w, size_t end)
{
	enum { PIECE = 16 * 1024 };
	const struct buf *t = &w->file->text;

	while (w->clean < end) {
		size_t n = t->n - w->clean < PIECE ? t->n - w->clean : PIECE;
		const char *nul = memchr(t->p + w->clean, '\0', n);

		w->clean = nul != NULL ? (size_t)(nul - t->p) : w->clean + n;
		if (nul == NULL || w->clean >= end)
			continue;
		w->clean = end;
		return false;
	}
	return true;
}

/* Without its end, and why it cannot be read. */
static inline enum source_fault judge(struct source_walk *w, struct str *line, bool torn)
{
	if (torn)
		return SOURCE_TORN;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	if (line->n > SOURCE_LINE_MAX)
		return SOURCE_LONG;
	if (w->at <= w->clean || no_nul(w, w->at) || line->n == 0 || memchr(line->p, '\0', line->n) == NULL)
		return SOURCE_GOOD;
	return SOURCE_NUL;
}

bool source_next(struct source_walk *w, struct str *line, enum source_fault *fault)
{
	const struct buf *t = &w->file->text;
	const char *start, *end;
	size_t n;

	if (w->at == 0 && str_starts(buf_str(t), bom))
		w->at = bom.n;
	if (w->at >= t->n)
		return false;
	start = t->p + w->at;
	end = memchr(start, '\n', t->n - w->at);
	n = end != NULL ? (size_t)(end - start) : t->n - w->at;
	w->at += n + (end != NULL);
	w->number++;
	*line = (struct str){ start, n };
	*fault = judge(w, line, end == NULL);
	return true;
}
