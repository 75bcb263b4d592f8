/* What was refused: the owner's list of it, and the one refusal that a link leads to.  In telltale-search. */
#include "trace/refused.h"

#include "base/clock.h"
#include "base/json.h"
#include "index/asked.h"
#include "web/scope.h"
#include "web/web.h"
#include "web/why.h"

enum { DAYS = 7, DAYS_MAX = 400, ROWS = 200, ROWS_MAX = 1000, DAY = 86400 };

/* The logs of this server. */
struct asking {
	const struct web_request *q;
	const char *dir;
	struct str link; /* what the link in a refusal begins with; empty: there is none */
	struct asked asked;
	struct trace_ask trace;
	uint64_t most;
	bool lifted; /* only what an entry on the list of allowed senders would let in */
	struct why_look look;
	struct err e;
	/* while an answer is made */
	struct answer *answer;
	struct json j;
	size_t n;
};

static void ask_of(struct web *w, const struct web_request *q, struct asking *k)
{
	struct conf *c = w->conf;

	*k = (struct asking){ .q = q, .dir = conf_z(c->top.log_dir) };
	k->asked = (struct asked){ .paths = { &k->dir, 1, SOURCE_UNPACKED_MAX },
				   .index = arena_fmt(q->mem, "%.*s/index", STR_ARG(c->top.data_dir)).p };
	k->trace = (struct trace_ask){ .tz = web_param(q, "tz"),
				       .limit = SIZE_MAX,
				       .lifetime = c->queue.lifetime / 1000,
				       .now = clock_wall() / 1000,
				       .erased = asked_erased,
				       .erased_with = &k->asked };
}

static int answer(struct asking *k, struct web_reply *r,
		  int (*make)(void *with, const struct trace_ask *t, struct buf *out))
{
	struct asked_make m = { make, k };
	int rc = asked_answer(&k->asked, &k->trace, &m, &r->body, &k->e);

	if (rc < 0)
		return web_error(r, 503, "The logs cannot be read: %s", k->e.text);
	return rc == 200 ? web_good(r) : web_error(r, rc, "%s", k->e.text);
}

static void put_time(struct asking *k, int64_t at)
{
	BUF(b);

	answer_time(&b, k->answer, at);
	json_key(&k->j, "time"), json_str(&k->j, buf_str(&b));
}

/* As far as the scope shows it. */
static void put(struct asking *k, const char *key, struct str text)
{
	BUF(b);

	scope_mask(&k->answer->scope, &b, text);
	json_key(&k->j, key);
	if (text.n > 0)
		json_str(&k->j, buf_str(&b));
	else
		json_none(&k->j);
}

/* ---- api/refused ---- */

static void put_allow(struct asking *k, const struct refused *row)
{
	json_key(&k->j, "allow");
	if (refused_lifts(row)) /* on whose list the sender would have to be; an administrator chooses the domain's */
		json_z(&k->j, k->trace.mailbox.n > 0 ? "mailbox" : "domain");
	else
		json_none(&k->j);
}

static void put_advice(struct asking *k, const struct refused *row)
{
	json_key(&k->j, "advice"), json_begin_array(&k->j);
	for (const struct advice *a = row->advice; a != NULL; a = a->next) {
		json_begin_object(&k->j);
		json_key(&k->j, "who"), json_z(&k->j, answer_who(a->who));
		put(k, "what", a->what);
		json_end_object(&k->j);
	}
	json_end_array(&k->j);
}

/* The link that the sender got with it: refusals of the gate have one, if there was room. */
static void put_link(struct asking *k, const struct refused *row)
{
	ptrdiff_t at = k->link.n > 0 ? str_find(row->reply, k->link) : -1;
	struct str rest = str_skip(row->reply, at >= 0 ? (size_t)at : row->reply.n);

	put(k, "why", str_word(&rest));
}

/* A sender is told to whom he wrote: had the mail been taken, its Return-Path would tell the same. */
static void put_sender(struct asking *k, const struct refused *row)
{
	if (!scope_has(&k->answer->scope, row->to->text)) {
		put(k, "from", row->from);
		return;
	}
	json_key(&k->j, "from"), json_str(&k->j, row->from);
}

static bool put_row(void *with, const struct refused *row)
{
	struct asking *k = with;

	if (k->lifted && !refused_lifts(row))
		return true;
	json_begin_object(&k->j);
	put_time(k, row->time);
	put_sender(k, row);
	put(k, "client", row->ip);
	put(k, "name", row->rdns);
	put(k, "recipient", row->to->text);
	json_key(&k->j, "verdict"), json_z(&k->j, verdict_words[row->verdict]);
	put(k, "reason", row->reason);
	put(k, "sentence", row->explanation);
	put_advice(k, row);
	put(k, "reply", row->reply);
	put_link(k, row);
	json_key(&k->j, "id");
	if (row->connection > 0)
		json_num(&k->j, (int64_t)row->connection);
	else
		json_none(&k->j);
	put_allow(k, row);
	json_end_object(&k->j);
	return ++k->n < k->most;
}

static int make_rows(void *with, const struct trace_ask *t, struct buf *out)
{
	struct asking *k = with;
	struct answer a;

	if (trace_answer(&a, t, &k->e) < 0)
		return 400;
	k->answer = &a;
	k->n = 0;
	k->j = json_to(out);
	json_begin_object(&k->j);
	json_key(&k->j, "rows"), json_begin_array(&k->j);
	refused_each(&a, put_row, k);
	json_end_array(&k->j);
	json_key(&k->j, "limited"), json_bool(&k->j, k->n >= k->most);
	json_end_object(&k->j);
	buf_addc(out, '\n');
	answer_clear(&a);
	return 200;
}

/* "https://host/why/" of "https://host/why/%ref". */
static struct str before_ref(struct str policy_url)
{
	ptrdiff_t at = str_find(policy_url, STR("%ref"));

	return at > 0 ? str_take(policy_url, (size_t)at) : STR("");
}

static bool number(const struct web_request *q, const char *name, uint64_t most, uint64_t *n)
{
	struct str s = web_param(q, name);

	return s.n == 0 || (str_u64(s, most, n) && *n > 0);
}

int web_refused(struct web *w, const struct web_request *q, struct web_reply *r)
{
	uint64_t days = DAYS;
	struct civil c;
	struct asking k;
	int64_t since;
	int code;

	ask_of(w, q, &k);
	k.link = before_ref(w->conf->gate.policy_url);
	k.lifted = str_eqz(web_param(q, "allow"), "true");
	k.most = ROWS;
	if (!number(q, "days", DAYS_MAX, &days) || !number(q, "limit", ROWS_MAX, &k.most))
		return web_error(r, 400, "days is from 1 to %d, limit from 1 to %d.", DAYS_MAX, ROWS_MAX);
	code = web_scope(q, &k.trace.domain, &k.trace.mailbox, r);
	if (code != 0)
		return code;
	since = k.trace.now - (int64_t)days * DAY;
	c = civil_of_seconds(since + zone_offset(since));
	k.trace.question = arena_fmt(q->mem, "after:%04d-%02d-%02d%s%.*s", c.year, c.month, c.day,
				     k.trace.mailbox.n + k.trace.domain.n > 0 ? " to:" : "",
				     STR_ARG(k.trace.mailbox.n > 0 ? k.trace.mailbox : k.trace.domain));
	return answer(&k, r, make_rows);
}

/* ---- why/REF ---- */

/* "2026-11-29T05:24:13+00:00", or "2026-11-29 05:24:13 +00:00". */
static void put_moment(struct buf *b, const struct answer *a, int64_t at, bool page)
{
	int offset = day_offset(&a->frame, at);

	if (!page) {
		answer_time(b, a, at);
		return;
	}
	stamp_put(b, civil_of_seconds(at + offset));
	buf_addc(b, ' ');
	zone_put(b, offset);
}

static int make_why(void *with, const struct trace_ask *t, struct buf *out)
{
	struct asking *k = with;
	struct answer a;
	ARENA(mem);
	struct refused row;
	int code = 200;
	BUF(time);

	if (trace_answer(&a, t, &k->e) < 0)
		return 400;
	if (refused_find(&a, web_param(k->q, "ref"), &mem, &row)) {
		put_moment(&time, &a, row.time, k->look.page);
		k->look.time = buf_str(&time);
		why_put(out, &row, &k->look);
	} else {
		err_set(&k->e, "The logs do not tell of it any more.");
		code = 404;
	}
	answer_clear(&a);
	return code;
}

/* telltale-web has looked at the reference; it says the connection. */
int web_why_found(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct asking k;
	uint64_t connection;
	int code;

	ask_of(w, q, &k);
	if (!str_u64(web_param(q, "connection"), INT64_MAX, &connection) || web_param(q, "ref").n == 0)
		return web_error(r, 404, "There is nothing at this address.");
	k.trace.question = arena_fmt(q->mem, "id:\"connection %llu\"", (unsigned long long)connection);
	k.look = (struct why_look){ .contact = w->conf->top.contact,
				    .ref = web_param(q, "ref"),
				    .page = str_eqz(web_param(q, "form"), "html") };
	code = answer(&k, r, make_why);
	if (k.look.page && code == 200)
		r->type = "text/html; charset=utf-8";
	return code;
}
