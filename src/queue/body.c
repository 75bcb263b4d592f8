/* queue/body.c - the body while it comes in, and its way into a record. */
#include "queue/custody.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"

/* A body this small stays in memory even when the budget is used up: the number of sessions bounds them. */
enum { SMALL = 32 * 1024, WRITE_AT_ONCE = 64 * 1024 };

struct spool_body *spool_body_new(struct spool *s)
{
	struct spool_body *b = mem_alloc(sizeof(*b));

	*b = (struct spool_body){ .spool = s, .big.fd = -1 };
	return b;
}

uint64_t spool_body_size(const struct spool_body *b)
{
	return b->size;
}

static void count(struct spool_body *b, size_t now)
{
	now += b->held;
	atomic_fetch_add(&b->spool->memory, now);
	atomic_fetch_sub(&b->spool->memory, b->counted);
	b->counted = now;
}

void spool_body_free(struct spool_body *b)
{
	struct queue_drop_big m;

	if (b == NULL)
		return;
	m.id = b->big.id;
	if (b->big.id != 0 && !b->kept)
		(void)ipc_tell(b->spool->ipc, b->epoch, &queue_drop_big_type, &m, deadline_in(1000), NULL);
	bigfile_clear(&b->big);
	b->held = 0;
	count(b, 0);
	buf_clear(&b->mem);
	free(b);
}

/* Writing to the file may wait for the disk; meanwhile other fibers run. */
struct disk_work {
	struct spool_body *body;
	struct put *end; /* the record that names the file, or NULL: more is to come */
	struct str head;
	struct err *e;
	int rc;
};

static void do_work(void *arg)
{
	struct disk_work *w = arg;
	struct spool_body *b = w->body;

	w->rc = bigfile_add(&b->big, buf_str(&b->mem), w->e);
	if (w->rc < 0)
		return;
	buf_reset(&b->mem);
	if (w->end != NULL)
		w->rc = bigfile_finish(&b->big, w->head, &w->end->r, w->e);
}

static int flush(struct spool_body *b, struct err *e)
{
	struct disk_work w = { .body = b, .e = e };

	fiber_aside(do_work, &w);
	return w.rc;
}

static int finish_big(struct spool_body *b, struct str head, struct put *p)
{
	struct disk_work w = { .body = b, .end = p, .head = head, .e = &p->why };

	fiber_aside(do_work, &w);
	return w.rc;
}

static int spill(struct spool_body *b, int64_t deadline, struct err *e)
{
	struct queue_big got;
	int fd = -1;
	struct question q = { .type = &queue_want_big_type,
			      .answer = &queue_big_type,
			      .reply = &got,
			      .fd = &fd,
			      .message = &(struct queue_want_big){ b->size } };

	if (custody_ask(b->spool, &q, deadline, e) < 0)
		return -1;
	bigfile_init(&b->big, got.id, fd);
	b->epoch = q.epoch;
	if (flush(b, e) < 0)
		return -1;
	buf_clear(&b->mem);
	count(b, WRITE_AT_ONCE);
	return 0;
}

void spool_body_hold(struct spool_body *b, size_t bytes)
{
	size_t body = b->counted - b->held;

	b->held = bytes;
	count(b, body);
}

static bool too_big(const struct spool_body *b)
{
	const struct spool *s = b->spool;

	return b->size > s->set.big_message || (b->size > SMALL && atomic_load(&s->memory) > s->set.memory);
}

int spool_body_add(struct spool_body *b, const void *p, size_t n, int64_t deadline, struct err *e)
{
	if (n > RECORD_BODY_MAX - b->size)
		return err_set(e, "a message of more than %" PRIu64 " bytes", RECORD_BODY_MAX);
	buf_add(&b->mem, p, n);
	b->size += n;
	if (b->big.fd >= 0)
		return b->mem.n >= WRITE_AT_ONCE ? flush(b, e) : 0;
	count(b, b->mem.cap);
	return too_big(b) ? spill(b, deadline, e) : 0;
}

/* The front of the record: room for the header, then what is checksummed. */
static int pack(struct put *p, const struct envelope *v, struct str head, struct spool_body *b)
{
	char room[RECORD_HEADER] = { 0 };
	struct sum *sum;

	buf_add(&p->front, room, sizeof(room));
	envelope_pack(&p->front, v);
	p->r.qp = v->qp;
	p->r.envelope = (uint32_t)(p->front.n - RECORD_HEADER);
	if (b->big.fd < 0) {
		p->r.head = (uint32_t)head.n;
		p->r.body = b->mem.n;
		p->body = buf_str(&b->mem);
		buf_addstr(&p->front, head);
	} else if (finish_big(b, head, p) < 0) {
		return -1;
	}
	sum = sum_new(p->r.qp);
	sum_add(sum, str_skip(buf_str(&p->front), RECORD_HEADER));
	sum_add(sum, p->body);
	p->r.sum = sum_get(sum);
	sum_free(sum);
	return 0;
}

int spool_put(struct spool *s, const struct envelope *v, struct str head, struct spool_body *b, int64_t deadline,
	      struct err *e)
{
	struct put p = { .deadline = deadline, .epoch = b->epoch };
	int rc = -1;

	_Static_assert((int)SPOOL_HEAD_MAX == (int)RECORD_HEAD_MAX, "the same limit");
	if (head.n > RECORD_HEAD_MAX)
		return err_set(e, "more than %d bytes of lines before the message", RECORD_HEAD_MAX);
	if (pack(&p, v, head, b) == 0)
		rc = commit_put(s, &p);
	/* After a failed batch the record may be on disk and name the file; telltale-queue decides. */
	b->kept = b->kept || (p.r.big != 0 && p.tried);
	buf_clear(&p.front);
	if (rc < 0 && e != NULL)
		*e = p.why;
	return rc;
}
