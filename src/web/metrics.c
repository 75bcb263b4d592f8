/* What a monitoring system reads (Prometheus' text format 0.0.4). */
#include <jansson.h>

#include "base/census.h"
#include "base/clock.h"
#include "base/io.h"
#include "web/packed.h"
#include "web/queue.h"
#include "web/web.h"

enum { PATIENCE = 5000 };
#define COUNTS_MAX ((size_t)1 << 20)

const int web_times[WEB_TIMES] = { 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 0 };

void web_count_time(struct web_histogram *h, int64_t ms)
{
	size_t i = 0;

	while (i < WEB_TIMES - 1 && ms > web_times[i])
		i++;
	h->n[i]++;
	h->ms += (uint64_t)ms;
}

static void put_head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_one(struct buf *b, const char *name, const char *type, const char *help, uint64_t n)
{
	put_head(b, name, type, help);
	buf_fmt(b, "%s %llu\n", name, (unsigned long long)n);
}

static void put_times(struct buf *b, const char *where, const struct web_histogram *h)
{
	const char *name = "telltale_web_request_seconds";
	uint64_t sum = 0;

	for (size_t i = 0; i < WEB_TIMES; i++) {
		sum += h->n[i];
		buf_fmt(b, "%s_bucket{where=\"%s\",le=\"", name, where);
		if (i < WEB_TIMES - 1)
			buf_fmt(b, "%d.%03d", web_times[i] / 1000, web_times[i] % 1000);
		else
			buf_adds(b, "+Inf");
		buf_fmt(b, "\"} %llu\n", (unsigned long long)sum);
	}
	buf_fmt(b, "%s_sum{where=\"%s\"} %llu.%03llu\n", name, where, (unsigned long long)(h->ms / 1000),
		(unsigned long long)(h->ms % 1000));
	buf_fmt(b, "%s_count{where=\"%s\"} %llu\n", name, where, (unsigned long long)sum);
}

static void put_ourselves(struct buf *b, const struct web *w)
{
	const struct web_counts *c = &w->counts;

	put_head(b, "telltale_web_replies_total", "counter",
		 "Replies of the page and the API, by the class of their code.");
	for (int i = 2; i < 6; i++)
		buf_fmt(b, "telltale_web_replies_total{class=\"%dxx\"} %llu\n", i, (unsigned long long)c->by_class[i]);
	put_one(b, "telltale_web_refused_total", "counter", "Requests that were malformed, or not for us.", c->refused);
	put_one(b, "telltale_web_connections", "gauge", "Open connections.", w->nvisits);
	put_one(b, "telltale_web_viewers", "gauge", "Who watches live events.", w->nviewers);
	put_one(b, "telltale_web_searching", "gauge", "Questions that are worked on, or wait.", w->searching);
	put_one(b, "telltale_web_searches_total", "counter", "Questions over the logs.", c->searches);
	put_one(b, "telltale_web_searches_full_total", "counter", "Questions refused because too many waited.",
		c->searches_full);
	put_one(b, "telltale_web_searches_late_total", "counter", "Questions given up at their deadline.",
		c->searches_late);
	put_one(b, "telltale_web_searches_failed_total", "counter", "Questions whose searcher ended.",
		c->searches_failed);
	put_head(b, "telltale_web_request_seconds", "histogram", "Time from a whole request to its whole answer.");
	put_times(b, "here", &c->here);
	put_times(b, "search", &c->search);
}

static void put_sessions(struct buf *b, const struct web *w)
{
	struct err e;
	uint64_t n;

	if (w->census >= 0 && census_count(w->census, &n, &e) == 0)
		put_one(b, "telltale_smtp_sessions", "gauge", "Open SMTP sessions.", n);
}

static void put_queue(struct buf *b, const struct web *w, struct arena *mem)
{
	struct web_reply r = { 0 };
	struct queue_call k;
	json_t *j = NULL;

	if (queue_call_open(&k, w, mem, &r) == 0) {
		if (queue_call_ask(&k, STR("paused"), &r) == 0)
			j = json_loadb(k.done.output.p, k.done.output.n, 0, NULL);
		queue_call_close(&k);
	}
	if (json_is_object(j)) {
		put_one(b, "telltale_queue_messages", "gauge", "Messages in the queue.",
			(uint64_t)json_integer_value(json_object_get(j, "messages")));
		put_one(b, "telltale_queue_recipients", "gauge", "Their recipients that are not settled.",
			(uint64_t)json_integer_value(json_object_get(j, "recipients")));
	}
	json_decref(j);
	web_reply_clear(&r);
}

/* What the logs tell, as the one who follows them counts it. */
static void put_mail(struct buf *b, const struct web *w, const struct web_request *q)
{
	struct search_ask ask = { .ms = PATIENCE };
	int64_t deadline = deadline_in(PATIENCE);
	struct search_told told;
	struct ipc_frame f;
	struct ipc_conn c;
	struct err e = { 0 };
	int fd = ipc_connect(w->live, deadline, &e);
	BUF(packed);
	BUF(counts);

	if (fd < 0)
		return;
	ipc_conn_init(&c, fd);
	request_pack(&packed, q);
	pieces_queue(&c, buf_str(&packed));
	if (ipc_send(&c, &search_ask_type, 1, &ask, -1, deadline, &e) == 0 &&
	    pieces_gather(&c, &counts, COUNTS_MAX, &f, deadline, &e) == 0 && f.type == search_told_number &&
	    ipc_unpack(f.body, &search_told_type, &told, &e) == 0 && told.code == 200)
		buf_addstr(b, buf_str(&counts));
	ipc_conn_clear(&c);
}

int web_metrics(struct web *w, const struct web_request *q, struct web_reply *r)
{
	if (!q->loopback && q->who.role != WEB_ADMIN)
		return web_error(r, 403, "This is for this machine, and for administrators.");
	r->type = "text/plain; version=0.0.4; charset=utf-8";
	put_ourselves(&r->body, w);
	put_sessions(&r->body, w);
	put_queue(&r->body, w, q->mem);
	put_mail(&r->body, w, q);
	return web_good(r);
}
