#include <poll.h>

#include "base/clock.h"
#include "base/io.h"
#include "web/packed.h"
#include "web/web.h"

enum { LOOK = 250 /* ms between two looks at who asks */ };
#define ANSWER_MAX ((size_t)64 << 20)

/* Text types that telltale-search may answer with; what else it says is JSON. */
static const char *type_of(struct str s)
{
	static const char *const types[] = { "text/plain; charset=utf-8", "text/html; charset=utf-8",
					     "text/csv; charset=utf-8" };

	for (size_t i = 0; i < COUNT(types); i++)
		if (str_eqz(s, types[i]))
			return types[i];
	return NULL;
}

/* Has he hung up?  Then nobody wants the answer. */
static bool has_left(const struct web_request *q)
{
	struct pollfd p = { .fd = q->client, .events = POLLRDHUP };

	return q->client > 0 && poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* Until the first of the answer is there. */
static int await(const struct ipc_conn *c, const struct web_request *q, int64_t deadline, struct err *e)
{
	int64_t look = deadline_in(LOOK);

	while (io_wait(c->fd, POLLIN, look < deadline ? look : deadline) < 0) {
		if (errno != ETIMEDOUT || clock_mono() >= deadline)
			return err_sys(e, "telltale-search");
		if (has_left(q))
			return err_set(e, "nobody waits for it any more");
		look = deadline_in(LOOK);
	}
	return 0;
}

static int hear(struct ipc_conn *c, struct web_reply *r, int64_t deadline, struct err *e)
{
	struct search_told told;
	struct ipc_frame f;

	if (pieces_gather(c, &r->body, ANSWER_MAX, &f, deadline, e) < 0)
		return -1;
	if (f.type != search_told_number || ipc_unpack(f.body, &search_told_type, &told, e) < 0 || told.code < 200 ||
	    told.code > 599)
		return err_set(e, "telltale-search speaks another version's language");
	r->code = (int)told.code;
	r->type = type_of(told.type);
	return 0;
}

static int ask(struct web *w, const struct web_request *q, struct web_reply *r, int64_t deadline, struct err *e)
{
	struct search_ask ask = { (uint64_t)(deadline - clock_mono()) };
	struct ipc_conn c;
	int fd = ipc_connect(w->search, deadline, e), rc;
	BUF(packed);

	if (fd < 0)
		return -1;
	ipc_conn_init(&c, fd);
	request_pack(&packed, q);
	pieces_queue(&c, buf_str(&packed));
	rc = ipc_send(&c, &search_ask_type, 1, &ask, -1, deadline, e);
	if (rc == 0)
		rc = await(&c, q, deadline, e);
	if (rc == 0)
		rc = hear(&c, r, deadline, e);
	ipc_conn_clear(&c);
	return rc;
}

static int give_up(struct web *w, struct web_reply *r, bool late)
{
	r->retry_after = 5;
	if (late) {
		w->counts.searches_late++;
		return web_error(r, 503,
				 "The search took longer than %lld s. Ask for a shorter time, or a single "
				 "address; an index makes all of it fast (telltale index status).",
				 (long long)(w->conf->web.search_deadline / 1000));
	}
	w->counts.searches_failed++;
	return web_error(r, 503, "The search ended before it had an answer; the server's log says why.");
}

int web_search(struct web *w, const struct web_route *route, const struct web_request *q, struct web_reply *r)
{
	int64_t deadline = deadline_in(w->conf->web.search_deadline);
	struct err e = { 0 };
	int rc;

	(void)route;
	if (w->searching >= (size_t)(w->conf->web.searchers + w->conf->web.searches_waiting)) {
		w->counts.searches_full++;
		r->retry_after = 2;
		return web_error(r, 503, "Too many questions wait already; please ask again in a moment.");
	}
	w->searching++;
	w->counts.searches++;
	rc = ask(w, q, r, deadline, &e);
	w->searching--;
	return rc == 0 ? r->code : give_up(w, r, clock_mono() >= deadline);
}
