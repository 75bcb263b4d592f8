/* One log that grows.  Its bytes are read once; what stands behind its last newline waits for the rest. */
#include "trace/follow_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

enum {
	CHUNK = 1 << 20,
	RECOGNISED = 256 << 10, /* bytes that a log is recognised by */
	GROUP = 64 << 10,       /* so far behind its beginning a group may end */
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
static size_t read_at(struct follow *f, int fd, uint64_t at, size_t n)
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

static void add_line(struct follow *f, struct follow_file *x, struct str line, bool past)
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
static size_t take_lines(struct follow *f, struct follow_file *x, struct str s, bool past)
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
			add_line(f, x, line, past);
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

struct skip {
	uint64_t until;
	struct buf zone; /* the last line that told the zone, and where it stood */
	uint64_t zone_at;
	uint32_t zone_number;
	bool empty; /* the last line is: a group ends */
};

static bool skip_line(struct follow_file *x, struct skip *k, struct str line)
{
	if (x->at >= k->until && (x->family != LOG_SMTP || k->empty || x->at >= k->until + GROUP))
		return false;
	k->empty = line.n == 1;
	if (follow_is_zone(line)) {
		buf_reset(&k->zone);
		buf_addstr(&k->zone, line);
		k->zone_at = x->at;
		k->zone_number = x->lines + 1;
	}
	x->at += line.n;
	x->lines++;
	return true;
}

/* What is not read is counted, so that lines have their numbers; the zone that it told last is kept. */
static void skip_past(struct follow *f, struct follow_file *x, uint64_t until)
{
	struct skip k = { .until = until, .zone = BUF_INIT };
	uint64_t at = 0;
	bool on = true;

	while (on && read_at(f, x->fd, x->at, CHUNK) > 0) {
		struct str s = buf_str(&f->scratch);
		const char *end;

		for (at = x->at; on && s.n > 0 && (end = memchr(s.p, '\n', s.n)) != NULL;) {
			struct str line = str_take(s, (size_t)(end - s.p) + 1);

			on = skip_line(x, &k, line);
			s = str_skip(s, line.n);
		}
		if (on && x->at == at && f->scratch.n < CHUNK)
			break; /* a line without its end */
		if (on && x->at == at)
			x->at += f->scratch.n;
	}
	if (k.zone.n > 0) {
		at = x->at;
		add_line(f, x, buf_str(&k.zone), true);
		x->kept.at[0].offset = k.zone_at;
		x->kept.at[0].number = k.zone_number;
		x->at = at;
		x->lines--;
	}
	buf_clear(&k.zone);
}

static bool recognised(struct follow *f, struct follow_file *x)
{
	struct str bare, head;

	if (unpack_named(str_of(x->path), &bare))
		return false;
	read_at(f, x->fd, 0, RECOGNISED);
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

/* The end of what stands there, within what may be read of the past. */
static void begin_past(struct follow *f, struct follow_file *x)
{
	uint64_t size = size_of(x);
	size_t most = f->past < FOLLOW_PAST_FILE ? f->past : FOLLOW_PAST_FILE;

	if (size > most) {
		skip_past(f, x, size - most);
		follow_say(f, "of %s the last %zu KiB of %llu KiB are read: what waits since before is not known here",
			   x->path, most >> 10, (unsigned long long)size >> 10);
	}
	f->past -= size < most ? size : most;
	while (read_at(f, x->fd, x->at, CHUNK) > 0 && x->at < size)
		if (take_lines(f, x, buf_str(&f->scratch), true) == 0)
			break;
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
	read_at(f, fd, 0, FOLLOW_HEAD);
	buf_addstr(&x->head, buf_str(&f->scratch));
	if (past && x->known)
		begin_past(f, x);
	f->came = f->came || x->kept.n > 0;
	return x;
}

/* Is it still the file that we read?  Its beginning is as it was, and longer now perhaps. */
static bool same_head(struct follow *f, struct follow_file *x)
{
	struct str now;

	read_at(f, x->fd, 0, FOLLOW_HEAD);
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
	while (read_at(f, fd, old->at, CHUNK) > 0)
		if (take_lines(f, old, buf_str(&f->scratch), false) == 0)
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
		size_t want = most < CHUNK ? most : CHUNK, got = read_at(f, x->fd, x->at, want);
		size_t n = take_lines(f, x, buf_str(&f->scratch), false);

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

void follow_file_read(struct follow *f, struct follow_file *x, size_t most)
{
	uint64_t size = size_of(x);

	if (x->fd < 0 || (size == x->at && size > FOLLOW_HEAD))
		return;
	if (size < x->at || !same_head(f, x)) {
		x = begin_again(f, x);
		f->came = true;
		same_head(f, x);
	}
	if (!x->known && size_of(x) > 0 && !recognised(f, x)) {
		if (size_of(x) >= RECOGNISED) {
			fd_clear(&x->fd); /* it is no log */
			x->at = UINT64_MAX;
		}
		return;
	}
	read_on(f, x, most);
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

bool follow_file_replaced(struct follow *f, int fd, const char *path)
{
	struct stat st;

	for (size_t i = 0; i < f->n; i++) {
		struct follow_file *x = f->files[i];

		if (x->stands || x->key[1] == 0 || x->head.n == 0 || strcmp(x->path, path) != 0 || fstat(fd, &st) < 0 ||
		    (uint64_t)st.st_size < x->at)
			continue;
		read_at(f, fd, 0, x->head.n);
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
