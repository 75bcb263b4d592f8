/* A spool, the telltale-smtpd that writes into it by hand, and what the test knows about every message. */
#ifndef QUEUE_WORLD_H
#define QUEUE_WORLD_H

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "queue/inside.h"
#include "queue/sum.h"
#include "queue_folder.h"

enum { MESSAGES = 4000, RCPTS = 3, SECTOR = 512 };

enum fate { OPEN, STAGED, FINAL };

struct letter {
	uint64_t qp, parent;
	size_t size, nrcpts;
	size_t settles[RCPTS], nsettles; /* recipients of its parent */
	char list[4 * RCPTS];
	bool forward;
	bool held[RCPTS], touched[RCPTS]; /* touched: held or released since the last sync */
	bool acked, torn;                 /* torn: written, never acknowledged, not there after a crash */
	bool replaced;                    /* a later bounce stands for the same cause, or it was delivered after all */
	enum fate synced[RCPTS], now[RCPTS];
};

struct world {
	struct letter at[MESSAGES];
	size_t n;
	char *folder;
	char dir[256];
	unsigned life;
	struct depot_set set;
	struct depot *depot;
	struct depot_client *client;
	struct ipc_conn ours, theirs; /* telltale-queue's end, telltale-smtpd's end */
	struct queue_segment seg;
	int fd;
	uint64_t used, question;
	uint64_t seed;
	size_t complaints, found;
};

static inline uint64_t any(struct world *w, uint64_t below)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (w->seed >> 33) % below;
}

static inline void text_of(const struct letter *l, struct buf *out)
{
	for (size_t i = 0; i < l->size; i++)
		buf_addc(out, (char)('A' + (l->qp * 7 + i) % 26));
}

static inline struct envelope envelope_of(const struct letter *l)
{
	static const struct recipient to[RCPTS] = {
		{ STR_INIT("a@example.org"), STR_INIT("a@example.org"), .channel = CHANNEL_LOCAL },
		{ STR_INIT("b@example.org"), STR_INIT("x@example.org"), .channel = CHANNEL_LOCAL },
		{ STR_INIT("c@example.net"), STR_INIT("c@example.net"), .channel = CHANNEL_REMOTE },
	};

	return (struct envelope){ .qp = l->qp,
				  .time = 1000,
				  .rcpts = to,
				  .nrcpts = l->nrcpts,
				  .parent_qp = l->parent,
				  .parent_rcpt = l->settles[0],
				  .forward = l->forward,
				  .parent_rcpts = str_mem(l->list, l->nsettles > 1 ? 4 * l->nsettles : 0) };
}

static inline struct letter *letter_of(struct world *w, uint64_t qp)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->at[i].qp == qp)
			return &w->at[i];
	return NULL;
}

static inline struct letter *new_letter(struct world *w)
{
	struct letter *l = &w->at[w->n];
	struct err e = { 0 };

	MUST(w->n < MESSAGES);
	*l = (struct letter){ .size = any(w, 20) == 0 ? any(w, 30000) : any(w, 900), .nrcpts = 1 + any(w, RCPTS) };
	if (depot_number(w->depot, NUMBER_MESSAGE, &l->qp, &e) < 0)
		fail_msg("%s", e.text);
	w->n++;
	return l;
}

static inline void hear(struct world *w, const struct ipc_type *t, const void *m)
{
	BUF(b);
	struct ipc_frame f = { .type = t->number, .id = ++w->question, .fd = -1 };
	struct err e = { 0 };

	ipc_pack(&b, t, 0, m);
	f.body = str_skip(buf_str(&b), 16);
	if (depot_hear(w->client, &f, &e) < 0)
		fail_msg("%s", e.text);
}

/* The answer with that descriptor comes when the maker has a segment. */
static inline void get_segment(struct world *w)
{
	struct ipc_frame f;
	struct err e = { 0 };
	int rc = 0;

	hear(w, &queue_want_segment_type, &(struct queue_want_segment){ 1 });
	for (int i = 0; i < 1000 && rc == 0; i++) {
		depot_tend(w->depot);
		(void)ipc_flush(&w->ours, &e);
		(void)ipc_fill(&w->theirs, &e);
		rc = ipc_next(&w->theirs, &f, &e);
		usleep(rc == 0 ? 1000 : 0);
	}
	if (rc != 1 || f.type != queue_segment_number)
		fail_msg("no segment: type %u", f.type);
	assert_int_equal(ipc_unpack(f.body, &queue_segment_type, &w->seg, &e), 0);
	fd_clear(&w->fd);
	w->fd = f.fd;
	w->used = w->seg.start;
}

static inline void connect_smtpd(struct world *w)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ipc_conn_init(&w->ours, pair[0]);
	ipc_conn_init(&w->theirs, pair[1]);
	w->client = depot_client_new(w->depot, &w->ours);
}

static inline void leave_smtpd(struct world *w)
{
	depot_client_free(w->client);
	ipc_conn_clear(&w->ours);
	ipc_conn_clear(&w->theirs);
	fd_clear(&w->fd);
}

static inline void open_world(struct world *w)
{
	struct err e = { 0 };

	w->set = (struct depot_set){ .dir = w->dir, .segment_size = SEGMENT_SIZE_LEAST, .spares = 1 };
	if (depot_open(&w->set, &w->depot, &e) < 0)
		fail_msg("seed life %u: %s", w->life, e.text);
	w->fd = -1;
	connect_smtpd(w);
}

/* A whole record at its place; the bytes are written, not synced. */
static inline uint64_t write_record(struct world *w, const struct letter *l)
{
	struct envelope v = envelope_of(l);
	struct record r = { .segment = w->seg.id, .offset = w->used, .qp = l->qp, .head = 5, .body = l->size };
	BUF(b);
	char header[RECORD_HEADER] = { 0 };

	buf_add(&b, header, RECORD_HEADER);
	envelope_pack(&b, &v);
	r.envelope = (uint32_t)(b.n - RECORD_HEADER);
	buf_adds(&b, "head\n");
	text_of(l, &b);
	r.sum = sum_bytes(r.qp, str_skip(buf_str(&b), RECORD_HEADER));
	record_header(&r, w->seg.nonce, header);
	memcpy(b.p, header, RECORD_HEADER);
	while (b.n % RECORD_ALIGN != 0)
		buf_addc(&b, '\0');
	assert_int_equal(io_pwrite_all(w->fd, b.p, b.n, (off_t)w->used), 0);
	w->used += b.n;
	return b.n;
}

#endif
