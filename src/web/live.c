#include "web/live.h"

#include <poll.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "web/feed.h"
#include "web/packed.h"
#include "web/scope.h"

enum {
	BEGIN = 10000,
	SEND = 20000,
	LOOK = 1000,
	ASK = 5000 /* ms between two looks: is he still there, and his session? */
};
#define EVENT_MAX ((size_t)2 << 20)

/* ---- the follower's side ---- */

static void forget(struct web *w, struct feed *f)
{
	struct feed **at = &w->feeds;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	w->nfeeds--;
	feed_free(f);
}

/* One event: 1, 0 when none came yet, -1 at the end. */
static int hear_event(struct feed *f)
{
	struct search_event event;
	struct ipc_frame frame;
	struct err e = { 0 };
	BUF(data);

	if (pieces_gather(&f->conn, &data, EVENT_MAX, &frame, deadline_in(SEND), &e) < 0 ||
	    frame.type != search_event_number || ipc_unpack(frame.body, &search_event_type, &event, &e) < 0)
		return -1;
	feed_add(f, event.name, str_trim(buf_str(&data)));
	return 0;
}

/* As long as somebody watches. */
static void listen_to(void *arg)
{
	struct feed *f = arg;

	while (f->viewers > 0 && !f->web->stopping)
		if ((f->conn.in.n > f->conn.taken || io_wait(f->conn.fd, POLLIN, deadline_in(LOOK)) == 0) &&
		    hear_event(f) < 0)
			break;
	ipc_conn_clear(&f->conn);
	feed_end(f);
	f->running = false;
	if (f->viewers == 0)
		forget(f->web, f);
}

static int hear_word(struct feed *f, struct web_reply *r, int64_t deadline, struct err *e)
{
	struct search_told told;
	struct ipc_frame frame;

	if (pieces_gather(&f->conn, &r->body, EVENT_MAX, &frame, deadline, e) < 0)
		return -1;
	if (frame.type != search_told_number || ipc_unpack(frame.body, &search_told_type, &told, e) < 0)
		return err_set(e, "telltale-search speaks another version's language");
	return (int)told.code;
}

/* Ask for it: 200, the code of a refusal, or -1. */
static int ask(struct web *w, struct feed *f, const struct web_request *q, struct web_reply *r)
{
	struct search_ask ask = { .ms = BEGIN };
	int64_t deadline = deadline_in(BEGIN);
	struct err e = { 0 };
	int fd = ipc_connect(w->live, deadline, &e);
	BUF(packed);

	if (fd < 0)
		return -1;
	ipc_conn_init(&f->conn, fd);
	request_pack(&packed, q);
	pieces_queue(&f->conn, buf_str(&packed));
	if (ipc_send(&f->conn, &search_ask_type, 1, &ask, -1, deadline, &e) < 0)
		return -1;
	return hear_word(f, r, deadline, &e);
}

static void begin(struct web *w, struct feed *f, const struct web_request *q)
{
	struct web_reply r = { 0 };
	struct err e = { 0 };
	int code = ask(w, f, q, &r);

	if (code == 200 && fiber_start(listen_to, f, &e) == 0) {
		feed_began(f);
	} else {
		ipc_conn_clear(&f->conn);
		f->running = false;
		f->refused = code >= 400 && code < 500 ? code : 503;
		buf_addstr(&f->refusal, buf_str(&r.body));
		feed_end(f);
	}
	web_reply_clear(&r);
}

static struct feed *find(struct web *w, struct str key)
{
	for (struct feed *f = w->feeds; f != NULL; f = f->next)
		if (str_eq(f->key, key) && !f->over)
			return f;
	return NULL;
}

static struct feed *add(struct web *w, struct str key)
{
	struct feed *f = feed_new(key);

	f->web = w;
	f->next = w->feeds;
	f->running = true;
	w->feeds = f;
	w->nfeeds++;
	return f;
}

static void leave(struct feed *f)
{
	f->viewers--;
	if (f->viewers == 0 && !f->running)
		forget(f->web, f);
}

/* No byte of one part can pass for the end of it: no value holds a NUL. */
static struct str key_of(const struct web_request *q, struct str domain, struct str mailbox)
{
	return arena_fmt(q->mem, "%.*s%c%.*s%c%.*s%c%.*s", STR_ARG(domain), 0, STR_ARG(mailbox), 0,
			 STR_ARG(web_param(q, "tz")), 0, STR_ARG(web_param(q, "q")));
}

static int refuse(struct feed *f, struct web_reply *r)
{
	int code = f->refused;

	r->retry_after = code == 503 ? 5 : 0;
	(void)web_error(r, code, "What happens now cannot be followed at this moment.");
	if (code != 503) {
		buf_reset(&r->body);
		buf_addstr(&r->body, buf_str(&f->refusal));
	}
	leave(f);
	return code;
}

int live_join(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct str domain, mailbox, key;
	int code = web_scope(q, &domain, &mailbox, r);
	struct feed *f;
	bool first;

	if (code != 0)
		return code;
	key = key_of(q, domain, mailbox);
	f = find(w, key);
	first = f == NULL;
	if (first && w->nfeeds >= LIVE_FEEDS_MAX) {
		r->retry_after = 30;
		return web_error(r, 503, "Too many different questions are followed already.");
	}
	if (first)
		f = add(w, key);
	f->viewers++;
	if (first)
		begin(w, f, q);
	else
		feed_wait_begun(f, deadline_in(2 * BEGIN));
	if (!f->begun)
		return refuse(f, r);
	r->feed = f;
	return 0;
}

/* ---- the viewers' side ---- */

static int send_head(struct visit *v)
{
	buf_adds(&v->wire.out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
			       "X-Accel-Buffering: no\r\nConnection: close\r\n");
	visit_put_guards(&v->wire.out);
	buf_adds(&v->wire.out, "\r\nretry: 3000\n\n");
	return wire_flush(&v->wire, deadline_in(SEND));
}

/* Everything that is new to him; -1: he takes nothing, or has left. */
static int send_news(struct visit *v, const struct feed *f, uint64_t *next)
{
	while (*next < f->last) {
		for (; *next < f->last && v->wire.out.n < WIRE_BATCH; ++*next)
			buf_addstr(&v->wire.out, buf_str(&f->at[*next % LIVE_EVENTS_MAX]));
		if (wire_flush(&v->wire, deadline_in(SEND)) < 0)
			return -1;
		fiber_yield(); /* a thousand viewers of many events are not before everybody else */
		if (*next < f->first)
			return 1;
	}
	return 0;
}

static void say_goodbye(struct visit *v, const char *words)
{
	buf_fmt(&v->wire.out, "event: said\ndata: {\"said\":\"%s\"}\n\n", words);
	(void)wire_flush(&v->wire, deadline_in(LOOK));
}

/* Has he hung up?  Nobody reads while events are sent, so nobody else would notice. */
static bool has_left(const struct visit *v)
{
	struct pollfd p = { .fd = v->wire.fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* A sign of life: 0, or -1. */
static int tick(struct visit *v, int64_t *due)
{
	if (clock_mono() < *due)
		return 0;
	*due = deadline_in(LIVE_TICK);
	buf_adds(&v->wire.out, ":\n\n");
	return wire_flush(&v->wire, deadline_in(SEND));
}

static void watch(struct visit *v, struct web_request *q, struct feed *f)
{
	uint64_t next = feed_begin(f, q->last_event);
	int64_t due = deadline_in(LIVE_TICK), ask = deadline_in(ASK);
	int rc = 0;

	while (rc == 0 && !v->web->stopping && (!f->over || next < f->last)) {
		feed_wait(f, next, ask < due ? ask : due);
		if (clock_mono() >= ask) {
			if (has_left(v) || !web_still(v->web, &q->who))
				return;
			ask = deadline_in(ASK);
		}
		rc = next < f->first ? 1 : send_news(v, f, &next);
		if (rc == 0)
			rc = tick(v, &due);
	}
	if (rc > 0)
		say_goodbye(v, "You read more slowly than it happens; some of it was left out.");
}

void live_stop(struct web *w)
{
	for (struct feed *f = w->feeds; f != NULL; f = f->next)
		feed_wake(f);
}

void live_view(struct visit *v, struct web_request *q, struct web_reply *r)
{
	struct feed *f = r->feed;

	v->web->nviewers++;
	v->web->counts.by_class[2]++;
	if (send_head(v) == 0)
		watch(v, q, f);
	v->web->nviewers--;
	leave(f);
}
