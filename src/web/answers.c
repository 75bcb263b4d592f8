/* Handlers of telltale-search: what the command says with --json, and nothing else. */
#include "base/clock.h"
#include "base/json.h"
#include "index/asked.h"
#include "trace/explain.h"
#include "trace/stats.h"
#include "web/scope.h"
#include "web/web.h"

/* So many of the messages found are looked at for why they were refused: the rest is only counted. */
enum { LIMIT = 100, TOP = 10, NUMBER_MAX = 1000, LOOKED_AT = 2000 };

/* A number of the request; false: it is none. */
static bool number(const struct web_request *q, const char *name, size_t preset, size_t *out)
{
	struct str s = web_param(q, name);
	uint64_t n = preset;

	if (s.n > 0 && (!str_u64(s, NUMBER_MAX, &n) || n == 0))
		return false;
	*out = (size_t)n;
	return true;
}

/* The logs of this server, and what the asker may see of them. */
struct asking {
	const char *dir;
	struct asked asked;
	struct trace_ask trace;
	void (*report)(struct report *r, const struct stats_ask *ask);
	size_t top;
	struct err *e;
};

static int ask_of(struct web *w, const struct web_request *q, struct asking *k, struct web_reply *r)
{
	struct conf *c = w->conf;

	*k = (struct asking){ .dir = conf_z(c->top.log_dir), .e = k->e };
	k->asked = (struct asked){ .paths = { &k->dir, 1, SOURCE_UNPACKED_MAX },
				   .index = arena_fmt(q->mem, "%.*s/index", STR_ARG(c->top.data_dir)).p };
	k->trace = (struct trace_ask){ .question = web_param(q, "q"),
				       .tz = web_param(q, "tz"),
				       .lifetime = c->queue.lifetime / 1000,
				       .now = clock_wall() / 1000,
				       .erased = asked_erased,
				       .erased_with = &k->asked };
	if (!number(q, "limit", LIMIT, &k->trace.limit) || !number(q, "top", TOP, &k->top))
		return web_error(r, 400, "A number of rows is from 1 to %d.", NUMBER_MAX);
	return web_scope(q, &k->trace.domain, &k->trace.mailbox, r);
}

/* Codes of make(), beside those of HTTP. */
static int answer(const struct asking *k, struct web_reply *r,
		  int (*make)(void *with, const struct trace_ask *t, struct buf *out))
{
	struct asked_make m = { make, (void *)(uintptr_t)k };
	int rc = asked_answer(&k->asked, &k->trace, &m, &r->body, k->e);

	if (rc < 0)
		return web_error(r, 503, "The logs cannot be read: %s", k->e->text);
	return rc == 200 ? web_good(r) : web_error(r, rc, "%s", k->e->text);
}

static int make_trace(void *with, const struct trace_ask *t, struct buf *out)
{
	const struct asking *k = with;
	struct answer a;

	if (trace_answer(&a, t, k->e) < 0)
		return 400;
	answer_json(out, &a);
	answer_clear(&a);
	return 200;
}

int web_trace(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct err e = { 0 };
	struct asking k = { .e = &e };
	int code = ask_of(w, q, &k, r);

	if (code != 0)
		return code;
	if (k.trace.question.n == 0)
		return web_error(r, 400, "Ask something: q=from:anna@example.org, or any words around an address.");
	k.trace.most = LOOKED_AT;
	return answer(&k, r, make_trace);
}

static int make_stats(void *with, const struct trace_ask *t, struct buf *out)
{
	const struct asking *k = with;
	ARENA(mem);
	struct report report = { .mem = &mem };
	struct answer a;

	if (trace_answer(&a, t, k->e) < 0)
		return 400;
	k->report(&report, &(struct stats_ask){ .answer = &a, .top = k->top });
	report_put_json(out, &report);
	answer_clear(&a);
	return 200;
}

static int statistics(struct web *w, const struct web_request *q, struct web_reply *r,
		      void (*report)(struct report *r, const struct stats_ask *ask))
{
	struct err e = { 0 };
	struct asking k = { .e = &e };
	int code = ask_of(w, q, &k, r);

	if (code != 0)
		return code;
	k.report = report;
	k.trace.limit = SIZE_MAX;
	k.trace.everything = k.trace.tables = true;
	return answer(&k, r, make_stats);
}

int web_stats(struct web *w, const struct web_request *q, struct web_reply *r)
{
	return statistics(w, q, r, stats_report);
}

int web_stats_changed(struct web *w, const struct web_request *q, struct web_reply *r)
{
	return statistics(w, q, r, stats_changed);
}

int web_stats_unusual(struct web *w, const struct web_request *q, struct web_reply *r)
{
	return statistics(w, q, r, stats_unusual);
}

int web_explain(struct web *w, const struct web_request *q, struct web_reply *r)
{
	(void)w;
	if (explain_lines_json(&r->body, web_param(q, "text")) == 2)
		return web_error(r, 400, "There is no text to explain: text=...");
	return web_good(r);
}
