/* The text of the logs, read where the index says that it stands. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "index/inside.h"

enum { CHUNK = 1 << 20, PART_MAX = 4096 };

/* Is it the file that was indexed, as it was? */
static bool same_file(int fd, const struct source_id *id)
{
	struct source_id now;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	now = source_identify(&st);
	return now.key[0] == id->key[0] && now.key[1] == id->key[1] && now.size == id->size && now.mtime == id->mtime;
}

static bool open_file(struct index *x, uint32_t file)
{
	struct index_file *f = &x->files[file];

	if (f->fd >= 0)
		return true;
	f->fd = open(x->source->files[file].path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->fd < 0)
		return false;
	if (!same_file(f->fd, &f->id)) {
		fd_clear(&f->fd);
		return false;
	}
	if (x->source->files[file].packed.form == UNPACK_ZSTD)
		f->framed = frames_open(&f->frames, f->fd, NULL) == 1 &&
			    frames_size(&f->frames) == x->source->files[file].text.n;
	return true;
}

static bool unpack_whole(struct index *x, uint32_t file)
{
	const struct source_file *f = &x->source->files[file];
	struct index_file *own = &x->files[file];
	struct unpacked u;

	if (own->unpacked)
		return true;
	own->unpacked = unpack_file(own->fd, f->text.n, &own->text, &u, NULL) == 0 && own->text.n == f->text.n;
	return own->unpacked;
}

/* Some bytes of a packed file: of one frame, where it has frames. */
static const char *read_packed(struct index *x, uint32_t file, uint64_t offset, size_t n)
{
	struct index_file *f = &x->files[file];
	BUF(piece);

	if (!f->framed || f->unpacked)
		return unpack_whole(x, file) ? f->text.p + offset : NULL;
	if (frames_read(&f->frames, offset, n, &piece, NULL) < 0 || piece.n != n)
		return NULL;
	return arena_str(&x->t->book->mem, buf_str(&piece)).p;
}

const char *texts_read(struct index *x, uint32_t file, uint64_t offset, size_t n)
{
	const struct source_file *f = &x->source->files[file];
	char *p;

	if (offset > f->text.n || n > f->text.n - offset || !open_file(x, file))
		return NULL;
	if (f->packed.form != UNPACK_PLAIN)
		return read_packed(x, file, offset, n);
	p = arena_alloc(&x->t->book->mem, n + 1);
	return io_pread_all(x->files[file].fd, p, n, (off_t)offset) < 0 ? NULL : p;
}

/* ---- looking for a part ---- */

struct scan {
	struct str part; /* folded */
	struct buf room;
	bool (*see)(void *with, uint32_t file, uint64_t piece);
	void *with;
};

static char folded(char c)
{
	c = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	return c == '_' ? ' ' : c;
}

/* Of each piece the first hit counts. */
static bool scan_folded(const struct scan *s, uint32_t file, uint64_t offset, struct str text)
{
	const char *p = text.p, *end = text.p + text.n;

	while (p < end && (p = memmem(p, (size_t)(end - p), s->part.p, s->part.n)) != NULL) {
		uint64_t piece = (offset + (uint64_t)(p - text.p)) / TERM_PIECE,
			 next = (piece + 1) * TERM_PIECE - offset;

		if (!s->see(s->with, file, piece))
			return false;
		if (next >= text.n)
			break;
		p = text.p + next;
	}
	return true;
}

static bool scan_text(struct scan *s, uint32_t file, uint64_t offset, struct str text)
{
	buf_reset(&s->room);
	buf_need(&s->room, text.n + 1);
	for (size_t i = 0; i < text.n; i++)
		s->room.p[i] = folded(text.p[i]);
	return scan_folded(s, file, offset, str_mem(s->room.p, text.n));
}

static bool scan_plain(struct index *x, struct scan *s, uint32_t file)
{
	size_t size = x->source->files[file].text.n;
	bool good = true;
	BUF(chunk);

	for (size_t at = 0; at < size && good; at += CHUNK) {
		size_t n = size - at < CHUNK + PART_MAX ? size - at : CHUNK + PART_MAX;

		buf_reset(&chunk);
		buf_need(&chunk, n);
		good = io_pread_all(x->files[file].fd, chunk.p, n, (off_t)at) == 0 &&
		       scan_text(s, file, at, str_mem(chunk.p, n));
	}
	return good;
}

bool texts_scan(struct index *x, struct str part, bool (*see)(void *, uint32_t file, uint64_t piece), void *with)
{
	struct scan s = { .see = see, .with = with };
	bool good = true;
	BUF(low);

	for (size_t i = 0; i < part.n && i < PART_MAX; i++)
		buf_addc(&low, folded(part.p[i]));
	s.part = buf_str(&low);
	for (uint32_t file = 0; file < x->source->n && good; file++) {
		if (x->source->files[file].text.n == 0)
			continue;
		good = open_file(x, file);
		if (good && x->source->files[file].packed.form != UNPACK_PLAIN)
			good = unpack_whole(x, file) && scan_text(&s, file, 0, buf_str(&x->files[file].text));
		else if (good)
			good = scan_plain(x, &s, file);
	}
	buf_clear(&s.room);
	return good;
}

void texts_close(struct index *x)
{
	for (size_t i = 0; x->files != NULL && i < x->nfiles; i++) {
		frames_close(&x->files[i].frames);
		fd_clear(&x->files[i].fd);
		buf_clear(&x->files[i].text);
	}
}
