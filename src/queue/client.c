/* queue/client.c - one telltale-smtpd, as telltale-queue hears it. */
#include "queue/inside.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/io.h"

enum { SEGMENTS_MAX = 64, WANTS_MAX = 4096, BIGS_MAX = 16384, NUMBERS_AT_ONCE = 4096 };

struct depot_client *depot_client_new(struct depot *d, struct ipc_conn *conn)
{
	struct depot_client *c = mem_alloc(sizeof(*c));

	*c = (struct depot_client){ .depot = d, .conn = conn };
	return c;
}

static int refuse(struct depot_client *c, uint64_t question, const char *why)
{
	ipc_queue(c->conn, &queue_refused_type, question, &(struct queue_refused){ str_of(why) }, -1);
	return 0;
}

static int want_numbers(struct depot_client *c, uint64_t question, const struct queue_want_numbers *m, struct err *e)
{
	struct number_block b = { .count = m->count < NUMBERS_AT_ONCE ? m->count : NUMBERS_AT_ONCE };
	struct err why = { 0 };

	if (m->kind > NUMBER_DELIVERY || m->count == 0)
		return err_set(e, "no such numbers");
	if (numbers_take(&c->depot->numbers, (unsigned)m->kind, &b, &why) < 0) {
		depot_complain(c->depot, "%s", why.text);
		return refuse(c, question, why.text);
	}
	ipc_queue(c->conn, &queue_numbers_type, question, &(struct queue_numbers){ b.first, b.count }, -1);
	return 0;
}

static void want(struct depot_client *c, uint64_t question, uint64_t size)
{
	struct want *w = mem_alloc(sizeof(*w)), **last = &c->depot->wants;

	*w = (struct want){ .client = c, .question = question, .size = size };
	while (*last != NULL)
		last = &(*last)->next;
	*last = w;
	c->wants++;
	depot_stock(c->depot);
}

/* It needs two.  One whose answers came too late for it, again and again, has many that nobody closes: losing its
 * channel frees them. */
static int want_segment(struct depot_client *c, uint64_t question, uint64_t size, struct err *e)
{
	if (size > SEGMENT_SIZE_MOST - SEGMENT_START)
		return refuse(c, question, "the envelope is too long for a segment");
	if (c->segments >= SEGMENTS_MAX)
		return err_set(e, "has %d segments at once", SEGMENTS_MAX);
	if (c->wants >= WANTS_MAX)
		return refuse(c, question, "too many questions at once");
	want(c, question, size > 0 ? size : 1);
	return 0;
}

static int want_big(struct depot_client *c, uint64_t question, uint64_t size)
{
	struct err why = { 0 };

	if (c->bigs.n >= BIGS_MAX || c->wants >= WANTS_MAX)
		return refuse(c, question, "too many big messages at once");
	if (!depot_has_space(c->depot, size < RECORD_BODY_MAX ? size : RECORD_BODY_MAX, &why))
		return refuse(c, question, why.text);
	want(c, question, 0);
	return 0;
}

static int drop_big(struct depot_client *c, uint64_t id, struct err *e)
{
	if (!ids_remove(&c->bigs, id))
		return err_set(e, "drops big file %" PRIu64 ", which it does not have", id);
	big_remove(c->depot, id);
	return 0;
}

static struct seg *its_segment(struct depot_client *c, uint64_t id, struct err *e)
{
	struct seg *s = index_seg(&c->depot->index, id);

	if (s != NULL && s->owner == c)
		return s;
	err_set(e, "speaks of segment %" PRIu64 ", which it does not have", id);
	return NULL;
}

static int committed(struct depot_client *c, const struct queue_committed *m, struct err *e)
{
	struct seg *s = its_segment(c, m->segment, e);

	if (s == NULL)
		return -1;
	if (m->from != s->covered || m->to <= m->from || m->to > s->head.size || m->to % RECORD_ALIGN != 0)
		return err_set(e, "committed bytes that are not the next ones of segment %" PRIu64, m->segment);
	return depot_take(c->depot, s, (struct span){ m->from, m->to, true }, e);
}

static int sealed(struct depot_client *c, const struct queue_sealed *m, struct err *e)
{
	struct seg *s = its_segment(c, m->segment, e);

	if (s == NULL)
		return -1;
	if (m->failed)
		depot_complain(c->depot,
			       "telltale-smtpd could not write or sync segment %" PRIu64
			       "; its clients were told to try again",
			       m->segment);
	depot_seal(c->depot, s);
	/* Not drained here: that needs a synced journal, and comes with the last settled message. */
	return 0;
}

/* The message of type `m` in frame f, or a return from the function with -1. */
#define UNPACK(m) \
	struct m m; \
	if (ipc_unpack(f->body, &m##_type, &m, e) < 0) \
	return -1

static int hear_want(struct depot_client *c, const struct ipc_frame *f, struct err *e)
{
	if (f->type == queue_want_numbers_number) {
		UNPACK(queue_want_numbers);
		return want_numbers(c, f->id, &queue_want_numbers, e);
	}
	if (f->type == queue_want_segment_number) {
		UNPACK(queue_want_segment);
		return want_segment(c, f->id, queue_want_segment.size, e);
	}
	UNPACK(queue_want_big);
	return want_big(c, f->id, queue_want_big.size);
}

static int hear_news(struct depot_client *c, const struct ipc_frame *f, struct err *e)
{
	if (f->type == queue_committed_number) {
		UNPACK(queue_committed);
		return committed(c, &queue_committed, e);
	}
	if (f->type == queue_sealed_number) {
		UNPACK(queue_sealed);
		return sealed(c, &queue_sealed, e);
	}
	UNPACK(queue_drop_big);
	return drop_big(c, queue_drop_big.id, e);
}

int depot_hear(struct depot_client *c, const struct ipc_frame *f, struct err *e)
{
	switch (f->type) {
	case queue_want_numbers_number:
	case queue_want_segment_number:
	case queue_want_big_number:
		return hear_want(c, f, e);
	case queue_committed_number:
	case queue_sealed_number:
	case queue_drop_big_number:
		return hear_news(c, f, e);
	default:
		return err_set(e, "a message of type %u, which telltale-smtpd does not send", f->type);
	}
}

bool depot_client_left(const struct depot_client *c)
{
	return c->segments == 0;
}

void depot_client_free(struct depot_client *c)
{
	struct depot *d = c->depot;
	struct seg *s;
	int rc = 0;

	/* First of all nothing more may be told: what was told is on disk by now, and the scan finds it. */
	ipc_conn_clear(c->conn);
	depot_forget_wants(d, c);
	for (size_t i = 0; (s = map_next(&d->index.segs, &i, NULL)) != NULL;) {
		if (s->owner != c)
			continue;
		if (depot_seal_scanned(d, s) < 0)
			rc = -1;
		s->owner = NULL;
	}
	/* What could not be read may name them: then they stay until the next recovery. */
	for (size_t i = 0; i < c->bigs.n && rc == 0; i++)
		big_remove(d, c->bigs.at[i]);
	free(c->bigs.at);
	free(c);
}
