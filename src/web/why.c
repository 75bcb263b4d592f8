/* The link in a refusal: why/REF, without a login.  In telltale-web, which knows a reference of ours from any other. */
#include <jansson.h>

#include "base/clock.h"
#include "mail/reference.h"
#include "web/plain.h"
#include "web/rate.h"
#include "web/web.h"

/* Every look reads the log: one address has ten at once, and another one every six seconds. */
enum { LOOKS = 10, LOOKS_EACH = 6000, LOOKS_AT_ONCE = 2 /* of all strangers: owners search too */ };

void web_why_open(struct web *w, struct str key)
{
	w->why_key = arena_str(&w->mem, key);
	w->why_rate = rate_new(LOOKS, LOOKS_EACH);
}

static struct str reference_of(const struct web_request *q)
{
	return str_skip(q->path, (size_t)(str_rchr(q->path, '/') + 1));
}

/* 0, or the code of an answer. */
static int read(struct web *w, const struct web_request *q, struct reference *x, struct web_reply *r)
{
	int64_t wait = rate_take(w->why_rate, q->ip, clock_mono());

	if (wait > 0) {
		r->retry_after = (int)((wait + 999) / 1000);
		return web_error(r, 429, "That was asked too often from this address; please try again in %d seconds.",
				 r->retry_after);
	}
	if (w->why_key.n != REFERENCE_KEY)
		return web_error(r, 503, "The server cannot check references now.");
	switch (reference_read(reference_of(q), w->why_key, clock_wall() / 1000, x)) {
	case REFERENCE_GOOD:
		return 0;
	case REFERENCE_EXPIRED:
		return web_error(r, 404,
				 "This link is older than %d days, and such links do not last longer. Write to %.*s.",
				 REFERENCE_DAYS, STR_ARG(w->conf->top.contact));
	case REFERENCE_FORGED:
		break;
	}
	return web_error(r, 404,
			 "This is no link of ours: a letter of it may have been lost. It stands at the end of our "
			 "answer to the refused mail.");
}

/* Nothing of what the asker sent but the reference goes on. */
static int look(struct web *w, const struct web_request *q, const struct web_param *form, struct web_reply *r)
{
	struct web_request ask = { .method = WEB_GET, .path = STR("/api/why/x"), .ip = q->ip, .mem = q->mem };
	struct reference x;
	int code = read(w, q, &x, r);

	if (code != 0)
		return code;
	ask.params[0] = (struct web_param){ STR("ref"), reference_of(q) };
	ask.params[1] =
	    (struct web_param){ STR("connection"), arena_fmt(q->mem, "%llu", (unsigned long long)x.connection) };
	ask.params[2] = *form;
	ask.nparams = 3;
	if (w->why_looking >= LOOKS_AT_ONCE) {
		r->retry_after = 2;
		return web_error(r, 503, "Too many others ask at this moment; please try again.");
	}
	w->why_looking++;
	code = web_search(w, NULL, &ask, r);
	w->why_looking--;
	if (code == 404)
		return web_error(r, 404,
				 "The server's logs do not tell of that refusal any more: they are kept for a limited "
				 "time. Write to %.*s.",
				 STR_ARG(w->conf->top.contact));
	return code;
}

int web_why(struct web *w, const struct web_request *q, struct web_reply *r)
{
	static const struct web_param form = { STR_INIT("form"), STR_INIT("json") };

	return look(w, q, &form, r);
}

/* The sentence of an error: {"error": "..."}. */
static struct str error_of(const struct web_reply *r, struct arena *a)
{
	json_t *all = json_loadb(r->body.p, r->body.n, 0, NULL);
	const char *z = json_string_value(json_object_get(all, "error"));
	struct str words = z != NULL ? arena_str(a, str_of(z)) : STR("");

	json_decref(all);
	return words;
}

/* What the other one says, for people. */
int web_why_page(struct web *w, const struct web_request *q, struct web_reply *r)
{
	static const struct web_param form = { STR_INIT("form"), STR_INIT("html") };
	int code = look(w, q, &form, r);
	struct str sentence;
	BUF(page);

	if (code == 200)
		return code;
	sentence = error_of(r, q->mem);
	plain_begin(&page, "Why a mail was refused");
	plain_text(&page, "p", sentence);
	plain_end(&page);
	buf_clear(&r->body);
	r->body = page;
	page = (struct buf)BUF_INIT;
	r->type = "text/html; charset=utf-8";
	return code;
}
