/* One log that grows.  Its bytes are read once; what stands behind its last newline waits for the rest. */
#include "trace/follow_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

enum {
	RECOGNISED = 256 << 10, /* bytes that a log is recognised by */
	REST = 60000,           /* ms without growth after which a log that has a successor is closed */
	SURE = 256              /* bytes that two logs of different names do not share by chance */
};

struct follow_file *follow_file_of(const struct follow *f, const uint64_t key[2])
{
	for (size_t i = 0; i < f->n; i++)
		if (f->files[i]->key[0] == key[0] && f->files[i]->key[1] == key[1])
			return f->files[i];
	return NULL;
}

static struct follow_file *add(struct follow *f, const char *path, int fd)
{
	struct follow_file *x = mem_alloc(sizeof(*x));

	*x = (struct follow_file){ .path = mem_dupz(path), .fd = fd, .stands = true, .grown = clock_mono() };
	x->kept.order = f->next_order++;
	if (f->n == f->cap) {
		f->cap = f->cap > 0 ? f->cap * 2 : 16;
		f->files = mem_grow(f->files, f->cap * sizeof(struct follow_file *));
	}
	f->files[f->n++] = x;
	return x;
}

void follow_file_free(struct follow_file *x)
{
	fd_clear(&x->fd);
	buf_clear(&x->text);
	buf_clear(&x->head);
	free(x->kept.at);
	free(x->path);
	free(x);
}

/* Up to n bytes into the scratch buffer; how many. */
size_t follow_file_fetch(struct follow *f, int fd, uint64_t at, size_t n)
{
	ssize_t got;

	buf_reset(&f->scratch);
	buf_need(&f->scratch, n);
	do
		got = pread(fd, f->scratch.p, n, (off_t)at);
	while (got < 0 && errno == EINTR);
	f->scratch.n = got > 0 ? (size_t)got : 0;
	return f->scratch.n;
}

void follow_file_line(struct follow *f, struct follow_file *x, struct str line, bool past)
{
	struct source_kept *k = &x->kept;

	x->lines++;
	f->counts.lines += !past;
	if (k->n == k->cap) {
		k->cap = k->cap > 0 ? k->cap * 2 : 256;
		k->at = mem_grow(k->at, k->cap * sizeof(*k->at));
	}
	k->at[k->n++] = (struct source_place){
		.offset = x->at, .number = x->lines, .at = (uint32_t)x->text.n, .arrived = past ? 0 : follow_tick(f)
	};
	buf_addstr(&x->text, line);
	x->at += line.n;
}

/* Takes the whole lines of what stands at x->at; how many bytes that were. */
size_t follow_file_lines(struct follow *f, struct follow_file *x, struct str s, bool past)
{
	size_t all = s.n;
	const char *end;

	while (s.n > 0 && (end = memchr(s.p, '\n', s.n)) != NULL) {
		struct str line = str_take(s, (size_t)(end - s.p) + 1);

		if (x->skipping || line.n > SOURCE_LINE_MAX) {
			x->at += line.n;
			x->lines++;
			x->skipping = false;
		} else {
			follow_file_line(f, x, line, past);
		}
		s = str_skip(s, line.n);
	}
	if (s.n > SOURCE_LINE_MAX) {
		x->at += s.n;
		x->skipping = true;
		s.n = 0;
	}
	return all - s.n;
}

bool follow_is_zone(struct str line)
{
	return str_starts(str_skip(line, 19), STR(", zone, "));
}

static bool recognised(struct follow *f, struct follow_file *x)
{
	struct str bare, head;

	if (unpack_named(str_of(x->path), &bare))
		return false;
	follow_file_fetch(f, x->fd, 0, RECOGNISED);
	head = buf_str(&f->scratch);
	if (unpack_form(str_take(head, UNPACK_HEAD)) != UNPACK_PLAIN)
		return false;
	x->known = log_recognise(head, &x->family) || source_family_named(str_of(x->path), &x->family);
	for (size_t i = 0; i < f->n && !x->known; i++)
		if (f->files[i] != x && f->files[i]->known && strcmp(f->files[i]->path, x->path) == 0) {
			x->family = f->files[i]->family; /* it took that one's place */
			x->known = true;
		}
	return x->known || head.n == 0;
}

static uint64_t size_of(const struct follow_file *x)
{
	struct stat st;

	return x->fd >= 0 && fstat(x->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

struct follow_file *follow_file_open(struct follow *f, const char *path, int fd, bool past)
{
	struct follow_file *x = add(f, path, fd);
	struct stat st;

	if (fstat(fd, &st) < 0 || !recognised(f, x)) {
		f->n--;
		x->fd = -1;
		follow_file_free(x);
		return NULL;
	}
	x->key[0] = st.st_dev;
	x->key[1] = st.st_ino;
	follow_file_fetch(f, fd, 0, FOLLOW_HEAD);
	buf_addstr(&x->head, buf_str(&f->scratch));
	if (past && x->known)
		follow_file_past(f, x);
	f->came = f->came || x->kept.n > 0;
	return x;
}

/* Is it still the file that we read?  Its beginning is as it was, and longer now perhaps. */
static bool same_head(struct follow *f, struct follow_file *x)
{
	struct str now;

	follow_file_fetch(f, x->fd, 0, FOLLOW_HEAD);
	now = buf_str(&f->scratch);
	if (!str_starts(now, buf_str(&x->head)))
		return false;
	if (now.n > x->head.n)
		buf_add(&x->head, now.p + x->head.n, now.n - x->head.n);
	return true;
}

/* What was truncated stands in a copy, if it was copied before: the rest of it is read there. */
static void finish_in_copy(struct follow *f, struct follow_file *old)
{
	char *path = NULL;
	uint64_t key[2];
	int fd = follow_folder_copy(f, old, &path, key);

	if (fd < 0) {
		follow_say(f, "%s was truncated, and no copy of it was found: lines that came just before may be lost",
			   old->path);
		return;
	}
	free(old->path);
	old->path = path;
	old->fd = fd;
	memcpy(old->key, key, sizeof(old->key));
	while (follow_file_fetch(f, fd, old->at, FOLLOW_CHUNK) > 0)
		if (follow_file_lines(f, old, buf_str(&f->scratch), false) == 0)
			break;
	fd_clear(&old->fd);
}

/* The same inode, and another file: what was read goes on under its own name. */
static struct follow_file *begin_again(struct follow *f, struct follow_file *old)
{
	struct follow_file *x = add(f, old->path, old->fd);

	memcpy(x->key, old->key, sizeof(x->key));
	x->family = old->family;
	x->known = old->known;
	old->fd = -1;
	old->key[0] = old->key[1] = 0;
	old->stands = false;
	if (old->at > 0)
		finish_in_copy(f, old);
	return x;
}

uint64_t follow_file_left(const struct follow_file *x)
{
	uint64_t size = size_of(x);

	return size < x->at ? size : size - x->at;
}

/* At least one line, however long. */
static void read_on(struct follow *f, struct follow_file *x, size_t most)
{
	bool any = false;

	while (most > 0) {
		size_t want = most < FOLLOW_CHUNK ? most : FOLLOW_CHUNK, got = follow_file_fetch(f, x->fd, x->at, want);
		size_t n = follow_file_lines(f, x, buf_str(&f->scratch), false);

		if (n == 0 && (any || got < want || want > SOURCE_LINE_MAX))
			return;
		if (n == 0) {
			most = SOURCE_LINE_MAX + 1;
			continue;
		}
		any = f->came = true;
		x->grown = clock_mono();
		most -= n < most ? n : most;
		f->room -= n < f->room ? n : f->room;
	}
}

bool follow_file_copy(const struct follow *f, int fd, struct str path, bool grows)
{
	char head[FOLLOW_HEAD];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	for (size_t i = 0; i < f->n && n > 0; i++) {
		const struct follow_file *x = f->files[i];
		size_t both = x->head.n < (size_t)n ? x->head.n : (size_t)n;

		if (both > 0 && memcmp(x->head.p, head, both) == 0 &&
		    (both >= SURE || (!grows && str_eq(source_stem(path), source_stem(str_of(x->path))))))
			return true;
	}
	return false;
}

/* Its folder may be away for a while, and a copy with it. */
static bool has_folder(const struct follow_file *x)
{
	struct str path = str_of(x->path);
	char *folder = mem_dup(str_take(path, path.n - source_base_name(path).n));
	bool there = folder[0] == '\0' || access(folder, F_OK) == 0;

	free(folder);
	return there;
}

/* Nothing is expected of it, however it grows. */
static void give_up(struct follow_file *x)
{
	fd_clear(&x->fd);
	x->at = UINT64_MAX;
}

void follow_file_read(struct follow *f, struct follow_file *x, size_t most)
{
	uint64_t size = size_of(x);

	if (x->fd < 0 || (size == x->at && size > FOLLOW_HEAD))
		return;
	if (x->head.n == 0 && follow_file_copy(f, x->fd, str_of(x->path), true)) {
		follow_say(f, "%s begins like a log that is followed: it is taken for a copy of it", x->path);
		give_up(x); /* when it was empty, nobody could see what it becomes */
		return;
	}
	if (size < x->at || !same_head(f, x)) {
		if (!has_folder(x))
			return;
		x = begin_again(f, x);
		f->came = true;
		same_head(f, x);
	}
	if (!x->known && size_of(x) > 0 && !recognised(f, x)) {
		if (size_of(x) >= RECOGNISED)
			give_up(x); /* it is no log */
		return;
	}
	read_on(f, x, most);
}

bool follow_file_replaced(struct follow *f, int fd, const char *path)
{
	struct stat st;

	for (size_t i = 0; i < f->n; i++) {
		struct follow_file *x = f->files[i];

		if (x->stands || x->key[1] == 0 || x->head.n == 0 || strcmp(x->path, path) != 0 || fstat(fd, &st) < 0 ||
		    (uint64_t)st.st_size < x->at)
			continue;
		follow_file_fetch(f, fd, 0, x->head.n);
		if (!str_eq(buf_str(&f->scratch), buf_str(&x->head)))
			continue;
		fd_clear(&x->fd);
		x->fd = fd;
		x->key[0] = st.st_dev;
		x->key[1] = st.st_ino;
		x->stands = true;
		return true;
	}
	return false;
}

/* A log's own name, or one that it was rotated to? */
static bool has_successor(const struct follow *f, const struct follow_file *x)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->files[i] != x && f->files[i]->kept.order > x->kept.order && f->files[i]->stands &&
		    str_eq(source_stem(str_of(f->files[i]->path)), source_stem(str_of(x->path))))
			return true;
	return false;
}

void follow_files_close(struct follow *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct follow_file *x = f->files[i];

		if (x->fd >= 0 && clock_mono() - x->grown > REST && (!x->stands || has_successor(f, x)))
			fd_clear(&x->fd);
	}
}

void follow_files_forget(struct follow *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct follow_file *x = f->files[i];

		if (x->fd < 0 && !x->stands && x->kept.n == 0)
			follow_file_free(x);
		else
			f->files[n++] = x;
	}
	f->n = n;
}
