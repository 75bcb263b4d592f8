/* What waits, and why; and an administrator's word about it. */
#include "web/queue.h"

#include <jansson.h>
#include <stdlib.h>

#include "web/scope.h"

enum { LIMIT = 1000, PAGE = 200 };

struct listing {
	json_t *messages;
	json_int_t total;
	bool more;
};

/* A filter of telltale-queue; word NULL: none. */
struct filter_words {
	const char *word;
	struct str pattern;
};

static json_int_t qp_of(const json_t *m)
{
	return json_integer_value(json_object_get(m, "qp"));
}

static bool has(const struct listing *l, json_int_t qp)
{
	for (size_t i = 0; i < json_array_size(l->messages); i++)
		if (qp_of(json_array_get(l->messages, i)) == qp)
			return true;
	return false;
}

/* One page behind *after, which becomes its last number. */
static int take_page(struct queue_call *k, const struct filter_words *f, json_int_t *after, struct listing *l,
		     struct web_reply *r)
{
	json_t *page, *m;
	BUF(words);
	size_t i;
	int code;

	queue_call_word(&words, STR("list"));
	if (f->word != NULL) {
		queue_call_word(&words, str_of(f->word));
		queue_call_word(&words, f->pattern);
	}
	queue_call_word(&words, STR("--after"));
	queue_call_word(&words, arena_num(k->mem, (uint64_t)*after));
	queue_call_word(&words, STR("--limit"));
	queue_call_word(&words, arena_num(k->mem, PAGE));
	code = queue_call_ask(k, buf_str(&words), r);
	if (code != 0)
		return code;
	page = json_loadb(k->done.output.p, k->done.output.n, 0, NULL);
	json_array_foreach(json_object_get(page, "messages"), i, m)
	{
		*after = qp_of(m);
		if (!has(l, *after))
			json_array_append(l->messages, m);
	}
	l->more = json_is_true(json_object_get(page, "more"));
	l->total = json_integer_value(json_object_get(page, "total"));
	json_decref(page);
	return 0;
}

static int take_all(struct queue_call *k, const struct filter_words *f, struct listing *l, struct web_reply *r)
{
	json_int_t after = 0;
	bool more = l->more;
	int code;

	do
		code = take_page(k, f, &after, l, r);
	while (code == 0 && l->more && json_array_size(l->messages) < LIMIT);
	l->more = l->more || more;
	return code;
}

static void put(const struct listing *l, struct buf *out)
{
	const json_t *m;
	size_t i;

	buf_adds(out, "{\"messages\":[");
	json_array_foreach(l->messages, i, m)
	{
		char *text = i < LIMIT ? json_dumps(m, JSON_COMPACT) : NULL;

		if (text != NULL)
			buf_fmt(out, "%s%s", i > 0 ? "," : "", text);
		free(text);
	}
	buf_fmt(out, "],\"more\":%s,\"total\":%lld}\n",
		l->more || json_array_size(l->messages) > LIMIT ? "true" : "false", (long long)l->total);
}

/* An owner sees what is from him, with all its recipients, and what is for him, without the others; and no count of
 * what is not his. */
static int list(struct queue_call *k, const struct web_request *q, struct listing *l, struct web_reply *r)
{
	struct str domain, mailbox, pattern;
	int code = web_scope(q, &domain, &mailbox, r);

	if (code != 0)
		return code;
	if (domain.n == 0 && mailbox.n == 0)
		return take_all(k, &(struct filter_words){ 0 }, l, r);
	pattern = mailbox.n > 0 ? arena_fmt(k->mem, "<%.*s>", STR_ARG(mailbox))
				: arena_fmt(k->mem, "*@%.*s", STR_ARG(domain));
	code = take_all(k, &(struct filter_words){ "--from", pattern }, l, r);
	if (code == 0)
		code = take_all(k, &(struct filter_words){ "--to", pattern }, l, r);
	l->total = (json_int_t)json_array_size(l->messages);
	return code;
}

int web_queue(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct listing l = { .messages = json_array() };
	struct queue_call k;
	int code = queue_call_open(&k, w, q->mem, r);

	if (code == 0) {
		code = list(&k, q, &l, r);
		queue_call_close(&k);
	}
	if (code == 0) {
		put(&l, &r->body);
		code = web_good(r);
	}
	json_decref(l.messages);
	return code;
}

/* ---- acts ---- */

static bool is_verb(struct str s)
{
	static const char *const verbs[] = { "retry", "hold", "release", "delete" };

	for (size_t i = 0; i < COUNT(verbs); i++)
		if (str_eqz(s, verbs[i]))
			return true;
	return false;
}

/* "15309" or "15309/0", of values that are numbers; empty: they are none. */
static struct str target_of(const struct web_request *q)
{
	struct str qp = web_param(q, "qp"), recipient = web_param(q, "recipient");
	uint64_t n;

	if (!str_u64(qp, INT64_MAX, &n) || (recipient.n > 0 && !str_u64(recipient, INT32_MAX, &n)))
		return STR("");
	return recipient.n > 0 ? arena_fmt(q->mem, "%.*s/%.*s", STR_ARG(qp), STR_ARG(recipient)) : qp;
}

int web_queue_act(struct web *w, const struct web_request *q, struct web_reply *r)
{
	struct str verb = web_param(q, "action"), target = target_of(q), why = web_param(q, "why");
	struct queue_call k;
	BUF(words);
	int code;

	if (!is_verb(verb) || target.n == 0)
		return web_error(r, 400, "action is retry, hold, release or delete; qp a number, recipient its index.");
	queue_call_word(&words, verb);
	queue_call_word(&words, target);
	queue_call_word(&words, STR("--by"));
	queue_call_word(&words, arena_fmt(q->mem, "%.*s on the page", STR_ARG(q->who.by)));
	if (why.n > 0) {
		queue_call_word(&words, STR("--why"));
		queue_call_word(&words, why);
	}
	code = queue_call_open(&k, w, q->mem, r);
	if (code != 0)
		return code;
	code = queue_call_ask(&k, buf_str(&words), r);
	queue_call_close(&k);
	if (code != 0)
		return code;
	buf_fmt(&r->body, "%.*s\n", STR_ARG(k.done.output));
	return web_good(r);
}
