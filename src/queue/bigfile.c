#include "queue/bigfile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"

enum { CHUNK = 1024 * 1024 };

void bigfile_init(struct bigfile *b, uint64_t id, int fd)
{
	*b = (struct bigfile){ .id = id, .fd = fd, .sum = sum_new(id) };
}

int bigfile_add(struct bigfile *b, struct str piece, struct err *e)
{
	if (piece.n > RECORD_BODY_MAX - b->size)
		return err_set(e, "a message of more than %" PRIu64 " bytes", RECORD_BODY_MAX);
	if (io_pwrite_all(b->fd, piece.p, piece.n, (off_t)(RECORD_HEAD_MAX + b->size)) < 0)
		return err_sys(e, "write big/%" PRIu64, b->id);
	sum_add(b->sum, piece);
	b->size += piece.n;
	return 0;
}

int bigfile_finish(struct bigfile *b, struct str head, struct record *r, struct err *e)
{
	if (head.n > RECORD_HEAD_MAX)
		return err_set(e, "more than %d bytes of lines before the message", RECORD_HEAD_MAX);
	if (io_pwrite_all(b->fd, head.p, head.n, (off_t)(RECORD_HEAD_MAX - head.n)) < 0)
		return err_sys(e, "write big/%" PRIu64, b->id);
	if (fdatasync(b->fd) < 0)
		return err_sys(e, "sync big/%" PRIu64, b->id);
	sum_add(b->sum, head);
	r->head = (uint32_t)head.n;
	r->body = b->size;
	r->big = b->id;
	r->big_sum = sum_get(b->sum);
	return 0;
}

void bigfile_clear(struct bigfile *b)
{
	fd_clear(&b->fd);
	sum_free(b->sum);
	b->sum = NULL;
}

static int add_range(int fd, struct sum *sum, uint64_t from, uint64_t n)
{
	char *chunk = mem_alloc(CHUNK);
	int rc = 0;

	while (n > 0 && rc == 0) {
		size_t part = n < CHUNK ? (size_t)n : CHUNK;

		rc = io_pread_all(fd, chunk, part, (off_t)from);
		if (rc == 0)
			sum_add(sum, str_mem(chunk, part));
		from += part;
		n -= part;
	}
	free(chunk);
	return rc;
}

int bigfile_check(int fd, const struct record *r, struct err *e)
{
	struct sum *sum = sum_new(r->big);
	int rc = add_range(fd, sum, RECORD_HEAD_MAX, r->body);

	if (rc == 0)
		rc = add_range(fd, sum, RECORD_HEAD_MAX - (uint64_t)r->head, r->head);
	if (rc < 0) {
		err_sys(e, "read big/%" PRIu64, r->big);
		if (e != NULL && errno == ENODATA)
			e->code = EBADMSG;
	} else if (sum_get(sum) != r->big_sum) {
		rc = err_set(e, "big/%" PRIu64 " has a wrong checksum", r->big);
		if (e != NULL)
			e->code = EBADMSG;
	}
	sum_free(sum);
	return rc;
}
