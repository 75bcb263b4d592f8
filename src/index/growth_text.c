/* The text of a log that grows: in parts, what it is known by, and where a reader may stop. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/io.h"
#include "index/growth.h"

enum { HEAD = 1024, PIECE = 64 << 10 };

void growth_rest(struct growth_file *f)
{
	frames_close(&f->frames);
	f->framed = false;
	buf_clear(&f->whole);
	fd_clear(&f->fd);
}

/* An archive that can be read only from its beginning on. */
static bool unpack_whole(struct growth_file *f)
{
	if (unpack_file(f->fd, f->most, &f->whole, &f->f.packed, NULL) < 0 || f->f.packed.end != UNPACK_WHOLE)
		return false;
	f->size = f->whole.n;
	return true;
}

bool growth_open(struct growth_file *f)
{
	char head[UNPACK_HEAD];
	struct source_id id;
	struct stat st;
	ssize_t n;

	if (f->fd >= 0)
		return true;
	f->fd = open(f->f.path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return false;
	id = source_identify(&st);
	if (!source_same(&id, &f->id) || id.size < f->id.size)
		return false;
	f->id = id;
	f->f.mtime = st.st_mtim.tv_sec;
	n = pread(f->fd, head, sizeof(head), 0);
	if (n < 0)
		return false;
	f->f.packed =
	    (struct unpacked){ .form = unpack_form(str_mem(head, (size_t)n)), .size = id.size, .at = id.size };
	f->size = id.size;
	if (f->f.packed.form == UNPACK_ZSTD && frames_open(&f->frames, f->fd, NULL) == 1) {
		f->framed = true;
		f->size = frames_size(&f->frames);
	}
	return (f->framed || f->f.packed.form == UNPACK_PLAIN || unpack_whole(f)) && f->size <= SOURCE_FILE_MAX;
}

bool growth_text(struct growth_file *f, uint64_t from, uint64_t to, struct buf *out)
{
	size_t n = (size_t)(to - from), before = out->n;

	if (n == 0)
		return true;
	if (!growth_open(f) || to > f->size)
		return false;
	if (f->framed)
		return frames_read(&f->frames, from, n, out, NULL) == 0 && out->n - before == n;
	if (f->f.packed.form != UNPACK_PLAIN) {
		buf_addstr(out, str_take(str_skip(buf_str(&f->whole), from), n));
		return true;
	}
	buf_need(out, n);
	if (io_pread_all(f->fd, out->p + out->n, n, (off_t)from) < 0)
		return false;
	out->n += n;
	out->p[out->n] = '\0';
	return true;
}

/* Of the first line, of the beginning, and of the end of so many bytes. */
bool growth_sums_of(struct growth_file *f, uint64_t n, struct index_growth *out)
{
	uint64_t piece = n < HEAD ? n : HEAD;
	ptrdiff_t end;
	BUF(head);
	BUF(tail);

	out->first = out->head = out->tail = 0;
	if (n == 0)
		return true;
	if (!growth_text(f, 0, piece, &head) || !growth_text(f, n - piece, n, &tail))
		return false;
	end = str_chr(buf_str(&head), '\n');
	out->first = end >= 0 ? XXH3_64bits(head.p, (size_t)end) : 0;
	out->head = XXH3_64bits(head.p, head.n);
	out->tail = XXH3_64bits(tail.p, tail.n);
	return true;
}

bool growth_sums(struct growth_file *f)
{
	return growth_sums_of(f, f->to, &f->sums);
}

/* ---- where a reader may stop ---- */

/* Our writer begins a log with its zone, and writes whole groups.  Another's last group may have no end, ever: only
 * what is cut here must not be cut within one. */
static bool by_groups(struct growth_file *f)
{
	uint64_t n = f->size < PIECE ? f->size : PIECE;
	BUF(head);

	return f->f.family == LOG_SMTP &&
	       (f->to < f->size || (growth_text(f, 0, n, &head) && str_find(buf_str(&head), STR(", zone, ")) >= 0));
}

/* Behind the last group, or line, that ends at `to` or before; from: there is none. */
static bool trim(struct growth_file *f)
{
	bool groups = f->to > f->from && by_groups(f);
	uint64_t end = f->to;

	while (end > f->from) {
		uint64_t at = end - f->from > PIECE ? end - PIECE : f->from;
		BUF(text);

		if (!growth_text(f, at, end, &text))
			return false;
		for (size_t i = text.n; i > groups; i--) {
			if (text.p[i - 1] != '\n' || (groups && text.p[i - 2] != '\n'))
				continue;
			f->to = at + i;
			return true;
		}
		end = at > f->from ? at + 1 : f->from;
	}
	f->to = f->from;
	return true;
}

bool growth_trim(struct growth *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (!trim(&g->at[i]))
			return false;
	return true;
}
