#include "web/visit.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/inet.h"
#include "web/live.h"

enum { LINGER = 500, ANSWER_TIMES = 6 };
#define BODIES_MAX ((size_t)64 << 20)

void visit_clear(struct visit *v)
{
	v->web->bodies -= v->body;
	wire_clear(&v->wire);
	if (v->in.n > 0)
		explicit_bzero(v->in.p, v->in.n);
	buf_clear(&v->in);
}

/* More of what the client says: 1, 0 at its end, -1 at the deadline. */
static int more(struct visit *v, int64_t deadline)
{
	struct str got = wire_input(&v->wire);
	int rc = 1;

	if (got.n == 0) {
		rc = wire_fill(&v->wire, deadline);
		got = wire_input(&v->wire);
	}
	buf_addstr(&v->in, got);
	wire_used(&v->wire, got.n);
	return rc;
}

/* It may have been a password. */
static void forget(struct visit *v, size_t n)
{
	explicit_bzero(v->in.p, n);
	buf_cut(&v->in, n);
	if (v->in.n == 0)
		buf_clear(&v->in);
}

/* Wait for a request to begin; false: there will be none.  The first one may be on its way when the server stops
 * (web_stop() ends the waiting). */
static bool begins(struct visit *v, int64_t deadline)
{
	bool here;

	v->idle = true;
	here = v->in.n > 0 || ((!v->web->stopping || v->fresh) && more(v, deadline) > 0);
	v->idle = v->fresh = false;
	return here;
}

/* The length of its head, or -1 with the code of a refusal (0: the client left or was too slow: no word). */
static ptrdiff_t read_head(struct visit *v, int *code)
{
	ptrdiff_t n;

	*code = 0;
	while ((n = http_head_length(buf_str(&v->in))) == 0) {
		int rc = more(v, v->deadline);

		if (rc > 0)
			continue;
		*code = rc < 0 && errno == ETIMEDOUT ? 408 : 0;
		return -1;
	}
	if (n < 0)
		*code = 431;
	return n;
}

static int say_continue(struct visit *v, const struct http_head *h)
{
	if (!h->expects || h->length == 0)
		return 0;
	buf_adds(&v->wire.out, "HTTP/1.1 100 Continue\r\n\r\n");
	return wire_flush(&v->wire, v->deadline);
}

static int read_body(struct visit *v, size_t whole)
{
	while (v->in.n < whole) {
		int rc = more(v, v->deadline);

		if (rc <= 0)
			return rc < 0 && errno == ETIMEDOUT ? 408 : -1;
	}
	return 0;
}

/* Who the client is, and whether he came encrypted, as far as we believe it. */
static void place(const struct visit *v, const struct http_head *h, struct web_request *q)
{
	struct str peer = str_of(v->ip), told;

	q->ip = peer;
	q->secure = v->web->tls != NULL;
	q->loopback = str_eqz(peer, "::1") || str_starts(peer, STR("127."));
	/* Somebody's web server, which we were not told of: it speaks for the whole world. */
	q->loopback = q->loopback && h->forwarded_for.n == 0 && h->forwarded_proto.n == 0;
	if (!web_trusts_proxy(v->web, peer))
		return;
	q->loopback = false;
	told = http_forwarded(h->forwarded_for, web_trusts_proxy, v->web);
	if (inet_is(told))
		q->ip = told;
	q->secure = q->secure || str_ieq(h->forwarded_proto, STR("https"));
}

static int understand(const struct visit *v, const struct http_head *h, struct str body, struct web_request *q,
		      const char **why)
{
	int code;

	*q = (struct web_request){ .method = h->method,
				   .head = h->head,
				   .host = h->host,
				   .origin = h->origin,
				   .cookie = h->cookie,
				   .token = h->token,
				   .language = h->language,
				   .etag = h->etag,
				   .referer = h->referer,
				   .agent = h->agent,
				   .last_event = h->last_event,
				   .gzip = http_takes_gzip(h->encoding),
				   .client = v->wire.fd,
				   .mem = q->mem };
	place(v, h, q);
	code = web_guard_host(v->web, q, str_of(v->local), why);
	if (code == 0)
		code = http_target(h->target, v->web->prefix, q, why);
	if (code == 0 && q->method == WEB_POST)
		code = web_guard_origin(q, h->site, why);
	if (code == 0)
		code = http_body(h->type, body, q, why);
	return code;
}

static void refuse(struct visit *v, struct web_reply *r, int code, const char *why)
{
	v->web->counts.refused++;
	if (code == 301)
		r->location = v->web->prefix;
	web_error(r, code, "%s", why);
}

/* All bodies together have a limit: a thousand clients who send 1 MiB each must not take the memory. */
static bool has_room(struct web *w, size_t n)
{
	if (n > BODIES_MAX - w->bodies)
		return false;
	w->bodies += n;
	return true;
}

/* 0, the code of a refusal, or -1: the client has left. */
static int take_body(struct visit *v, size_t n, const struct http_head *h, const char **why)
{
	if (!has_room(v->web, h->length)) {
		*why = "Too much is being sent at this moment; please try again.";
		return 503;
	}
	v->body = h->length;
	*why = "The request took too long.";
	return say_continue(v, h) < 0 ? -1 : read_body(v, n + h->length);
}

/* A request whose head is here; false: the connection is of no use any more. */
static bool answer(struct visit *v, size_t n)
{
	ARENA(mem);
	struct str head = arena_str(&mem, str_take(buf_str(&v->in), n));
	struct web_request q = { .mem = &mem };
	struct web_reply r = { 0 };
	struct http_head h;
	const char *why;
	int code = http_head_parse(head, &h, &why);
	bool keep = code == 0 && h.keep;
	int rc;

	if (code == 0)
		code = take_body(v, n, &h, &why);
	if (code < 0)
		return false;
	keep = keep && code == 0;
	if (code == 0)
		code = understand(v, &h, str_take(str_skip(buf_str(&v->in), n), h.length), &q, &why);
	if (code != 0)
		refuse(v, &r, code, why);
	else
		web_answer(v->web, &q, &r);
	v->web->counts.requests++;
	v->web->bodies -= v->body;
	v->body = 0;
	if (keep)
		forget(v, n + h.length);
	if (r.feed != NULL) {
		live_view(v, &q, &r);
		return false;
	}
	keep = keep && !v->web->stopping;
	rc = visit_write(v, &(struct visit_reply){ &r, h.head, keep },
			 deadline_in(ANSWER_TIMES * v->web->conf->web.request_timeout));
	web_reply_clear(&r);
	return rc == 0 && keep;
}

/* What could not even be read: a word, and the end. */
static void last_word(struct visit *v, int code)
{
	struct web_reply r = { 0 };

	refuse(v, &r, code, code == 431 ? "The head of the request is too long." : "The request took too long.");
	(void)visit_write(v, &(struct visit_reply){ .reply = &r }, deadline_in(LINGER));
	web_reply_clear(&r);
}

void visit_run(struct visit *v)
{
	const struct conf_web *set = &v->web->conf->web;
	int64_t wait = set->request_timeout; /* of the first one; later ones may be late */
	struct err e = { 0 };
	bool open = true;

	if (v->web->tls != NULL &&
	    wire_start_tls(&v->wire, v->web->tls, STR("web"), deadline_in(set->request_timeout), &e) < 0)
		return;
	v->fresh = true;
	while (open && begins(v, deadline_in(wait))) {
		int code;
		ptrdiff_t n;

		v->deadline = deadline_in(set->request_timeout);
		n = read_head(v, &code);

		if (n < 0 && code != 0)
			last_word(v, code);
		open = n > 0 && answer(v, (size_t)n);
		wait = set->idle_timeout;
	}
	wire_linger(&v->wire, deadline_in(LINGER));
}
