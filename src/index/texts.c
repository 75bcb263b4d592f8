/* The text of the logs, read where the index says that it stands. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "index/inside.h"
#include "trace/scan.h"

/* Is it the file that was indexed, as it was? */
static bool same_file(int fd, const struct source_id *id)
{
	struct source_id now;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	now = source_identify(&st);
	if (!source_same(&now, id))
		return false;
	/* one that is written has grown since it was looked at: what stood there stands there */
	return now.size > id->size || (now.size == id->size && now.mtime == id->mtime);
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
			    frames_size(&f->frames) >= x->source->files[file].text.n;
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

/* The text of a frame, from those that are kept, or in place of the one that was not used for longest. */
static struct str frame_text(struct index *x, uint32_t file, size_t frame)
{
	struct frames *f = &x->files[file].frames;
	struct index_frame *oldest = &x->frames[0];
	uint64_t from = f->at[frame].text;

	for (size_t i = 0; i < INDEX_FRAMES; i++) {
		struct index_frame *k = &x->frames[i];

		if (k->used > 0 && k->file == file && k->frame == frame) {
			k->used = ++x->frame_uses;
			return buf_str(&k->text);
		}
		oldest = k->used < oldest->used ? k : oldest;
	}
	buf_reset(&oldest->text);
	oldest->used = 0;
	if (frames_read(f, from, (size_t)(f->at[frame + 1].text - from), &oldest->text, NULL) < 0)
		return (struct str){ NULL, 0 };
	oldest->file = file;
	oldest->frame = frame;
	oldest->used = ++x->frame_uses;
	return buf_str(&oldest->text);
}

/* Some bytes of a packed file: of one frame, where it has frames. */
static const char *read_packed(struct index *x, uint32_t file, uint64_t offset, size_t n)
{
	struct index_file *f = &x->files[file];
	struct str text;
	size_t frame;
	BUF(piece);

	if (!f->framed || f->unpacked)
		return unpack_whole(x, file) ? f->text.p + offset : NULL;
	frame = frames_at(&f->frames, offset);
	if (f->frames.n > 0 && n <= f->frames.at[frame + 1].text - offset) {
		text = frame_text(x, file, frame);
		offset -= f->frames.at[frame].text;
		return text.p != NULL ? arena_str(&x->t->book->mem, str_take(str_skip(text, offset), n)).p : NULL;
	}
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

struct look {
	struct index *x;
	uint32_t file;
	struct scan scan;
	struct buf room;
	bool (*see)(void *with, uint32_t file, uint64_t piece);
	void *with;
};

/* The text of a block, where it lies already or in the room. */
static bool read_block(struct look *k, const struct gram_block *b, struct str *out)
{
	struct index_file *f = &k->x->files[k->file];

	if (k->x->source->files[k->file].packed.form != UNPACK_PLAIN && (!f->framed || f->unpacked)) {
		bool good = unpack_whole(k->x, k->file);

		*out = str_take(str_skip(buf_str(&f->text), (size_t)b->from), b->n);
		return good;
	}
	buf_reset(&k->room);
	buf_need(&k->room, b->n);
	if (f->framed && frames_read(&f->frames, b->from, b->n, &k->room, NULL) < 0)
		return false;
	if (!f->framed && io_pread_all(f->fd, k->room.p, b->n, (off_t)b->from) < 0)
		return false;
	*out = str_mem(k->room.p, b->n);
	return !f->framed || k->room.n == b->n;
}

/* Of each piece the first place is told, and that is enough. */
static bool scan_block(void *with, const struct gram_block *b)
{
	struct look *k = with;
	struct str text;

	if (!open_file(k->x, k->file) || !read_block(k, b, &text))
		return false;
	for (size_t at = 0; (at = scan_find(&k->scan, text, at)) < text.n;) {
		uint64_t piece = (b->from + at) / TERM_PIECE;

		if (!k->see(k->with, k->file, piece))
			return false;
		at = (size_t)((piece + 1) * TERM_PIECE - b->from);
	}
	return true;
}

bool texts_scan(struct index *x, const struct text_look *look, bool (*see)(void *, uint32_t file, uint64_t piece),
		void *with)
{
	struct look k = { .x = x, .scan = scan_for(look->part, SCAN_WORDS), .see = see, .with = with };
	bool good = true;

	for (; k.file < x->source->n && good; k.file++)
		good = grams_find(&x->files[k.file].grams, x->c, look->pattern, scan_block, &k);
	buf_clear(&k.room);
	return good;
}

void texts_close(struct index *x)
{
	for (size_t i = 0; x->files != NULL && i < x->nfiles; i++) {
		frames_close(&x->files[i].frames);
		fd_clear(&x->files[i].fd);
		buf_clear(&x->files[i].text);
	}
	for (size_t i = 0; i < INDEX_FRAMES; i++)
		buf_clear(&x->frames[i].text);
}
