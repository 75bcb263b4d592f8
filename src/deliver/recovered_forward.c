/* A forward is on disk before the result of its attempt is in the delivery log.  Recovery settles what it carries on,
 * so nobody tries that again: the attempt that the log left open gets its result from the forward itself.
 *
 * Connections, messages and deliveries share one counter, and an attempt that ends in a copy (an alias's forward, a
 * list's, a postmaster's reroute, wherever it was to go before) takes the copy's number right after its own: the copy
 * of an open attempt is the child of the same message with the next number. */
#include "deliver/recovered.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/say.h"
#include "logs/logs.h"

#define TAIL (4 * 1024 * 1024) /* of the delivery log: more than one turn of the loop writes */

/* An attempt that has no result yet. */
struct try_open {
	uint64_t delivery, parent;
	uint64_t forward; /* 0: none is known */
};

/* The attempts of the tail, by number. */
struct tries {
	struct map open;
	struct arena mem;
};

static void open_one(struct tries *t, uint64_t delivery, uint64_t parent)
{
	struct try_open *x = arena_alloc(&t->mem, sizeof(*x));

	*x = (struct try_open){ .delivery = delivery, .parent = parent };
	map_putn(&t->open, delivery, x);
}

static void follow(struct tries *t, struct str text)
{
	struct log_line l;
	struct try_open *x;
	uint64_t delivery, qp;

	if (!dlog_says(text, STR("info, ")) && !dlog_says(text, STR("result, ")))
		return;
	log_parse(LOG_DELIVERY, text, &l);
	if (l.kind != LOG_DELIVERY_INFO && l.kind != LOG_DELIVERY_RESULT)
		return;
	if (!str_u64(l.field[LOG_F_delivery], UINT64_MAX, &delivery))
		return;
	x = map_getn(&t->open, delivery);
	if (l.kind == LOG_DELIVERY_INFO && x == NULL && str_u64(l.field[LOG_F_qp], UINT64_MAX, &qp))
		open_one(t, delivery, qp);
	else if (l.kind == LOG_DELIVERY_RESULT)
		map_deln(&t->open, delivery);
}

static void match(struct tries *t, struct depot *d)
{
	struct item *it;

	for (uint64_t i = 0; (it = depot_walk(d, &i)) != NULL;) {
		ARENA(mem);
		struct try_open *x = it->parent_qp != 0 ? map_getn(&t->open, it->qp - 1) : NULL;
		struct envelope v;
		struct err e = { 0 };

		if (x == NULL || x->parent != it->parent_qp || it->held || depot_envelope(d, it, &mem, &v, &e) < 0)
			continue;
		if (v.forward)
			x->forward = it->qp;
	}
}

static void put_results(const struct tries *t, struct buf *b)
{
	const struct try_open *x;

	for (size_t i = 0; (x = map_next(&t->open, &i, NULL)) != NULL;) {
		ARENA(mem);
		struct dlog_result r = { .delivery = x->delivery, .kind = OUTCOME_SUCCESS };

		if (x->forward == 0)
			continue;
		r.report = arena_fmt(&mem, "did 0+1+0\nqp %llu", (unsigned long long)x->forward);
		dlog_put_result(b, &r, clock_wall());
	}
}

static int append(const char *path, const struct buf *lines, struct err *e)
{
	struct log_writer *w = log_writer_open(path, LOG_DELIVERY, e);
	int rc = w == NULL ? -1 : log_append(w, buf_str(lines), STR(""), e);

	log_writer_close(w);
	return rc;
}

void recovered_forwards(const struct conf *c, struct depot *d)
{
	struct tries t = { .open = MAP_INIT };
	struct err e = { 0 };
	struct str text, line;
	BUF(tail);
	BUF(lines);
	const char *path = arena_fmt(&t.mem, "%s/delivery.log", conf_z(c->top.log_dir)).p;
	int rc = log_tail(path, TAIL, &tail, &e);

	for (text = buf_str(&tail); rc == 0 && str_cut(text, STR("\n"), &line, &text);)
		follow(&t, line);
	if (t.open.n > 0)
		match(&t, d);
	put_results(&t, &lines);
	if (rc == 0 && lines.n > 0)
		rc = append(path, &lines, &e);
	if (rc < 0)
		say(SAY_WARNING, "a forward may lack its line in the delivery log: %s", e.text);
	map_clear(&t.open);
	arena_clear(&t.mem);
}
