/* queue/put.c - what telltale-queue writes into a segment of its own: bounces and forwards. */
#include "queue/inside.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "queue/bigfile.h"

static void leave_own(struct depot *d)
{
	if (d->own.seg != NULL)
		depot_seal(d, d->own.seg);
	fd_clear(&d->own.fd);
	d->own.seg = NULL;
}

static struct seg *fresh_segment(struct depot *d, struct err *e)
{
	struct number_block b = { .count = 1 };
	struct segment_head h = { .size = d->set.segment_size };

	if (numbers_take(&d->numbers, NUMBER_FILE, &b, e) < 0)
		return NULL;
	h.id = b.first;
	return segment_create(d->segments, &h, SEGMENT_WRITTEN, e) < 0 ? NULL : index_seg_add(&d->index, &h);
}

/* Nothing more goes there, and what does stand there must be durable before the segment is left. */
static void give_up_own(struct depot *d)
{
	if (fdatasync(d->own.fd) < 0)
		d->broken = true;
	d->own.dirty = false;
	leave_own(d);
}

/* Before the first child is written there, the journal must hold, synced, that this segment is our own. */
static int adopt(struct depot *d, struct seg *s, struct err *e)
{
	char name[SEGMENT_NAME];
	bool mine;

	segment_name(name, s->head.id, false);
	s->fd = seg_open(d, s, &mine, e);
	d->own.fd = s->fd < 0 ? -1 : openat(d->segments, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (d->own.fd < 0)
		return err_sys(e, "open segments/%s", name);
	s->own = true;
	depot_note(
	    d, &journal_segment_type,
	    &(struct journal_segment){ .id = s->head.id, .from = SEGMENT_START, .covered = SEGMENT_START, .own = 1 });
	d->own.seg = s;
	d->own.at = SEGMENT_START;
	return depot_flush(d, e);
}

static int have_room(struct depot *d, uint64_t size, struct err *e)
{
	struct seg *s;

	if (d->own.seg != NULL && d->own.seg->head.size - d->own.at >= size)
		return 0;
	if (size > d->set.segment_size - SEGMENT_START)
		return err_set(e, "a record of %" PRIu64 " bytes is too long for a segment", size);
	if (depot_flush(d, e) < 0)
		return -1;
	leave_own(d);
	s = depot_spare(d, size);
	if (s == NULL)
		s = fresh_segment(d, e);
	return s == NULL ? -1 : adopt(d, s, e);
}

int depot_append(struct depot *d, struct parts *p, struct err *e)
{
	char header[RECORD_HEADER], padding[RECORD_ALIGN] = { 0 };
	uint64_t length = record_length(&p->r);
	struct iovec iov[] = { { header, RECORD_HEADER },
			       { (void *)(uintptr_t)p->envelope.p, p->envelope.n },
			       { (void *)(uintptr_t)p->head.p, p->r.big == 0 ? p->head.n : 0 },
			       { (void *)(uintptr_t)p->body.p, p->r.big == 0 ? p->body.n : 0 },
			       { padding, 0 } };

	if (have_room(d, length, e) < 0)
		return -1;
	iov[4].iov_len = (size_t)length - iov[0].iov_len - iov[1].iov_len - iov[2].iov_len - iov[3].iov_len;
	p->r.segment = d->own.seg->head.id;
	p->r.offset = d->own.at;
	record_header(&p->r, d->own.seg->head.nonce, header);
	d->own.dirty = true;
	if (io_pwritev_all(d->own.fd, iov, COUNT(iov), (off_t)d->own.at) < 0) {
		err_sys(e, "write segments/%" PRIu64 ".segment", p->r.segment);
		give_up_own(d);
		return -1;
	}
	d->own.at += length;
	return 0;
}

static int make_big(struct depot *d, struct parts *p, struct err *e)
{
	struct number_block b = { .count = 1 };
	struct bigfile f;
	int fd, rc;

	if (numbers_take(&d->numbers, NUMBER_FILE, &b, e) < 0)
		return -1;
	fd = big_open(d, b.first, O_WRONLY | O_CREAT | O_EXCL, e);
	if (fd < 0)
		return -1;
	bigfile_init(&f, b.first, fd);
	rc = bigfile_add(&f, p->body, e);
	if (rc == 0)
		rc = bigfile_finish(&f, p->head, &p->r, e);
	if (rc == 0 && fsync(d->big) < 0)
		rc = err_sys(e, "sync spool/big");
	bigfile_clear(&f);
	if (rc < 0)
		big_remove(d, b.first);
	return rc;
}

static void sum_parts(struct parts *p)
{
	struct sum *sum = sum_new(p->r.qp);

	p->r.envelope = (uint32_t)p->envelope.n;
	sum_add(sum, p->envelope);
	if (p->r.big == 0) {
		p->r.head = (uint32_t)p->head.n;
		p->r.body = p->body.n;
		sum_add(sum, p->head);
		sum_add(sum, p->body);
	}
	p->r.sum = sum_get(sum);
	sum_free(sum);
}

int depot_put(struct depot *d, const struct envelope *v, struct str head, struct str body, struct err *e)
{
	BUF(packed);
	struct parts p = { .r.qp = v->qp, .head = head, .body = body };
	struct span span;

	if (d->broken || head.n > RECORD_HEAD_MAX || !numbers_given(&d->numbers, NUMBER_MESSAGE, v->qp) ||
	    v->nrcpts == 0)
		return err_set(e, "message %" PRIu64 " cannot be put into the spool", v->qp);
	envelope_pack(&packed, v);
	p.envelope = buf_str(&packed);
	if (head.n + body.n > d->set.segment_size / 4 && make_big(d, &p, e) < 0)
		return -1;
	sum_parts(&p);
	if (depot_append(d, &p, e) < 0) {
		if (p.r.big != 0)
			big_remove(d, p.r.big);
		return -1;
	}
	span = (struct span){ p.r.offset, d->own.at, true };
	if (depot_take(d, d->own.seg, span, e) == 0)
		return 0;
	/* It stands there and would be found one day: only recovery may say what became of it. */
	d->broken = true;
	depot_complain(d, "message %" PRIu64 " was written and cannot be read back", v->qp);
	return -1;
}
