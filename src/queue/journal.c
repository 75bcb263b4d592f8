#include "queue/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/io.h"
#include "queue/segment.h"
#include "queue/sum.h"

#define IPC_PROTO "queue/journal.def"
#define IPC_ALL journal_messages
#include "base/ipc_define.h"

enum { HEADER = 32, ENTRY = 16, ALIGN = 8, FRAME = 16, AHEAD = 1024 * 1024, VERSION = 1 };
static const char magic[8] = { 'T', 'T', 'j', 'o', 'u', 'r', 'n', '\n' };
static const char file_name[] = "journal", new_name[] = "journal.new";

static char *put(char *to, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*to++ = (char)(v >> (8 * i) & 0xff);
	return to;
}

/* Never 0, so that zeros are never an entry. */
static uint32_t mark_of(uint64_t nonce)
{
	return (uint32_t)nonce | 1;
}

static uint64_t seed_of(uint64_t nonce, uint64_t offset)
{
	return nonce + offset;
}

/* So that a sync moves no metadata, and what frees space can be noted on a disk that is full.  A disk that has no room
 * for it may have some for the entries, which is another question. */
static void write_ahead(struct journal *j, uint64_t need)
{
	uint64_t to = (need / AHEAD + 1) * AHEAD;
	char *zeros;

	if (need <= j->zeros)
		return;
	zeros = mem_alloc(AHEAD);
	while (j->zeros < to && io_pwrite_all(j->fd, zeros, AHEAD, (off_t)j->zeros) == 0)
		j->zeros += AHEAD;
	free(zeros);
}

int journal_create(struct journal *j, int dir, struct err *e)
{
	char header[HEADER], *p = header;

	*j = (struct journal){ .dir = dir, .fd = -1, .nonce = segment_nonce(), .making = true };
	if (unlinkat(dir, new_name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove spool/%s", new_name);
	j->fd = openat(dir, new_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (j->fd < 0)
		return err_sys(e, "create spool/%s", new_name);
	memcpy(p, magic, sizeof(magic));
	p = put(p + sizeof(magic), VERSION, 8);
	p = put(p, j->nonce, 8);
	put(p, sum_bytes(0, str_mem(header, HEADER - 8)), 8);
	buf_add(&j->pending, header, HEADER);
	return 0;
}

int journal_install(struct journal *j, struct err *e)
{
	if (!j->broken && journal_write(j, e) < 0)
		return -1;
	write_ahead(j, j->end + 1);
	j->dirty = true;
	if (journal_sync(j, e) < 0)
		return -1;
	if (renameat(j->dir, new_name, j->dir, file_name) < 0 || fsync(j->dir) < 0) {
		j->broken = true;
		return err_sys(e, "rename spool/%s", new_name);
	}
	j->making = false;
	return 0;
}

void journal_add(struct journal *j, const struct ipc_type *t, const void *entry)
{
	size_t at = j->pending.n;
	uint64_t offset = j->end + at;
	char header[ENTRY] = { 0 }, *p = header;
	struct str frame;

	buf_add(&j->pending, header, ENTRY);
	ipc_pack(&j->pending, t, 0, entry);
	frame = str_skip(buf_str(&j->pending), at + ENTRY);
	p = put(p, mark_of(j->nonce), 4);
	p = put(p, frame.n, 4);
	put(p, sum_bytes(seed_of(j->nonce, offset), frame), 8);
	memcpy(j->pending.p + at, header, ENTRY);
	while (j->pending.n % ALIGN != 0)
		buf_addc(&j->pending, '\0');
}

/* While it is made nobody waits for its syncs: no zeros are written ahead. */
int journal_write(struct journal *j, struct err *e)
{
	if (j->pending.n == 0)
		return 0;
	if (!j->making)
		write_ahead(j, j->end + j->pending.n);
	if (io_pwrite_all(j->fd, j->pending.p, j->pending.n, (off_t)j->end) < 0)
		return err_sys(e, "write spool/journal");
	j->end += j->pending.n;
	if (j->zeros < j->end)
		j->zeros = j->end;
	j->dirty = true;
	buf_reset(&j->pending);
	return 0;
}

int journal_sync(struct journal *j, struct err *e)
{
	if (j->broken)
		return err_set(e, "a sync of spool/journal failed before: restart and recover");
	if (journal_write(j, e) < 0)
		return -1;
	if (j->dirty && fdatasync(j->fd) < 0) {
		j->broken = true;
		return err_sys(e, "sync spool/journal");
	}
	j->dirty = false;
	return 0;
}

void journal_clear(struct journal *j)
{
	fd_clear(&j->fd);
	buf_clear(&j->pending);
}

int journal_begin(struct journal_scan *s, struct str bytes, struct err *e)
{
	struct cur c = cur_of(str_take(bytes, HEADER));
	uint64_t version;

	cur_take(&c, sizeof(magic), "short");
	version = cur_u64(&c);
	*s = (struct journal_scan){ .bytes = bytes, .at = HEADER, .nonce = cur_u64(&c) };
	if (bytes.n < HEADER || memcmp(bytes.p, magic, sizeof(magic)) != 0 || version != VERSION ||
	    cur_u64(&c) != sum_bytes(0, str_take(bytes, HEADER - 8)))
		return err_set(e, "spool/journal does not begin as a journal of ours");
	return 0;
}

/* A whole entry at `at`: its length with padding, or 0. */
static size_t entry_at(const struct journal_scan *s, size_t at, struct ipc_frame *f)
{
	struct cur c = cur_of(str_skip(s->bytes, at));
	uint32_t mark = cur_u32(&c), length = cur_u32(&c);
	uint64_t sum = cur_u64(&c);
	struct str frame = cur_rest(&c);

	if (!cur_ok(&c) || mark != mark_of(s->nonce) || length < FRAME || length > frame.n)
		return 0;
	frame.n = length;
	c = cur_of(frame);
	if (sum != sum_bytes(seed_of(s->nonce, at), frame) || cur_u32(&c) != length - 4)
		return 0;
	*f = (struct ipc_frame){ .type = cur_u16(&c), .fd = -1 };
	cur_u16(&c);
	f->id = cur_u64(&c);
	f->body = cur_rest(&c);
	at = ENTRY + (length + (size_t)ALIGN - 1) / ALIGN * ALIGN;
	return at;
}

static bool zero_from(struct str s, size_t at)
{
	for (; at < s.n; at++)
		if (s.p[at] != '\0')
			return false;
	return true;
}

enum journal_found journal_next(struct journal_scan *s, struct journal_hit *hit)
{
	size_t n = s->bytes.n, q, length;

	*hit = (struct journal_hit){ .from = s->at, .entry.fd = -1 };
	if (s->at >= n)
		return JOURNAL_END;
	length = entry_at(s, s->at, &hit->entry);
	if (length > 0) {
		s->at = s->at + length < n ? s->at + length : n;
		hit->to = s->at;
		return JOURNAL_ENTRY;
	}
	for (q = s->at + ALIGN; q < n && entry_at(s, q, &hit->entry) == 0; q += ALIGN)
		;
	hit->tail = q >= n;
	if (hit->tail && zero_from(s->bytes, s->at)) {
		s->at = n;
		return JOURNAL_END;
	}
	s->at = q < n ? q : n;
	hit->to = s->at;
	return JOURNAL_BAD;
}
