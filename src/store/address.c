/* Questions about addresses: where do they lead, how much may they hold, are they full? */
#include <stdlib.h>

#include "base/clock.h"
#include "base/say.h"
#include "store/server.h"

static void resolve(struct server *s, struct str address, struct question *q)
{
	struct err e = { 0 };

	q->answer = (struct lookup_answer){ .result = RESOLVED_TEMPORARY };
	server_look_at_file(s);
	if (s->store == NULL)
		return;
	if (store_read(s->store, &e) < 0 ||
	    store_resolve(s->store, address, &q->mem, &q->answer, &e) == RESOLVED_TEMPORARY)
		server_sick(s, &e);
	else
		server_well(s);
}

/* It can only be full when every target is a mailbox with a quota: these are the needs, else there are none. */
static int find_needs(struct server *s, struct question *q, struct err *e)
{
	struct lookup_answer *a = &q->answer;
	uint64_t limit = 0;

	q->needs = arena_alloc(&q->mem, (a->n + 1) * sizeof(*q->needs));
	for (size_t i = 0; i < a->n; i++) {
		int rc = 0;

		if (a->targets[i].channel == CHANNEL_LOCAL)
			rc = store_limit(s->store, a->targets[i].final, &limit, e);
		if (rc < 0)
			return -1;
		if (rc == 0 || limit == 0) {
			q->n = 0;
			return 0;
		}
		q->needs[q->n++] = (struct need){
			.address = a->targets[i].final,
			.bytes = usage_threshold(limit, (uint64_t)s->conf->recipients.quota_percent),
		};
	}
	return 0;
}

static void put_targets(const struct lookup_answer *answer, struct buf *targets, struct buf *channels,
			struct buf *routes)
{
	for (size_t i = 0; i < answer->n; i++) {
		const struct recipient *t = &answer->targets[i];

		if (i > 0)
			buf_addc(targets, '\n');
		buf_addstr(targets, t->final);
		buf_addc(channels, t->channel == CHANNEL_LOCAL ? 'l' : 'r');
		buf_addc(routes, (char)((t->replies ? 'A' : 'a') + t->led));
	}
}

static void tell(struct visitor *v, uint64_t id, const struct lookup_answer *answer)
{
	BUF(targets);
	BUF(channels);
	BUF(routes);

	put_targets(answer, &targets, &channels, &routes);
	ipc_queue(&v->conn, &lookup_resolved_type, id,
		  &(struct lookup_resolved){ answer->result, buf_str(&targets), buf_str(&channels), answer->settings,
					     buf_str(&routes), answer->srs, (uint64_t)answer->delay_notice },
		  -1);
}

/* ---- automatic answers, lists: what the workers find out ---- */

static void tell_reply(struct visitor *v, uint64_t id, const struct lookup_answer *answer)
{
	BUF(targets);
	BUF(channels);
	BUF(routes);

	put_targets(answer, &targets, &channels, &routes);
	ipc_queue(&v->conn, &lookup_reply_told_type, id,
		  &(struct lookup_reply_told){ answer->result, buf_str(&targets), buf_str(&channels), buf_str(&routes),
					       answer->subject, answer->text },
		  -1);
}

static void tell_list(struct visitor *v, uint64_t id, const struct lookup_answer *answer)
{
	BUF(targets);
	BUF(channels);
	BUF(routes);

	put_targets(answer, &targets, &channels, &routes);
	ipc_queue(&v->conn, &lookup_list_told_type, id,
		  &(struct lookup_list_told){ answer->result, buf_str(&targets), buf_str(&channels), buf_str(&routes),
					      answer->text },
		  -1);
}

static void tell_done(struct visitor *v, const struct job *j)
{
	if (j->list)
		tell_list(v, j->id, &j->answer);
	else
		tell_reply(v, j->id, &j->answer);
}

static void give(struct server *s, struct visitor *v, uint64_t id, bool list, struct str words, struct str input)
{
	struct job *j = mem_alloc(sizeof(*j));

	*j = (struct job){ .kind = JOB_REPLY, .visitor = v->number, .id = id, .list = list };
	buf_addstr(&j->words, words);
	buf_addstr(&j->input, input);
	if (workers_give(s->workers, j))
		return;
	j->answer.result = RESOLVED_TEMPORARY;
	tell_done(v, j);
	job_free(j);
}

int server_take_reply(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_reply m;

	if (!v->queue || ipc_unpack(f->body, &lookup_reply_type, &m, NULL) < 0 || m.sender.n == 0)
		return -1;
	give(s, v, f->id, false, m.address, m.sender);
	return 0;
}

int server_take_list(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_list m;

	if (!v->queue || ipc_unpack(f->body, &lookup_list_type, &m, NULL) < 0)
		return -1;
	give(s, v, f->id, true, m.list, m.after);
	return 0;
}

int server_take_post(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_post m;
	struct lookup_post_told told = { 0 };
	struct err e = { 0 };
	int rc = -1;

	if (ipc_unpack(f->body, &lookup_post_type, &m, NULL) < 0)
		return -1;
	server_look_at_file(s);
	if (s->store != NULL && store_read(s->store, &e) == 0)
		rc = store_list_may_post(s->store, m.list, m.sender, &e);
	if (rc < 0 && s->store != NULL)
		server_sick(s, &e);
	told.known = rc >= 0;
	told.may = rc > 0;
	ipc_queue(&v->conn, &lookup_post_told_type, f->id, &told, -1);
	return 0;
}

void server_end_reply(struct visitor *v, const struct job *j)
{
	if (j->answer.result == RESOLVED_TEMPORARY)
		say(SAY_WARNING, "%s waits: %s", j->list ? "mail for a list" : "an automatic answer", j->err.text);
	if (v != NULL)
		tell_done(v, j);
}

int server_take_resolve(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_resolve m;
	struct question *q;
	struct err e = { 0 };

	if (ipc_unpack(f->body, &lookup_resolve_type, &m, NULL) < 0)
		return -1;
	q = mem_alloc(sizeof(*q));
	q->visitor = v->number;
	q->id = f->id;
	resolve(s, m.address, q);
	if (q->answer.n > 0 && usage_connected(s->usage) && find_needs(s, q, &e) < 0) {
		server_sick(s, &e);
		q->answer = (struct lookup_answer){ .result = RESOLVED_TEMPORARY };
		q->n = 0;
	}
	if (q->n > 0) {
		usage_ask(s->usage, q, clock_mono());
		visitor_soon(s, s->usage_server);
		return 0;
	}
	tell(v, q->id, &q->answer);
	question_free(q);
	return 0;
}

void server_tell_resolved(struct server *s)
{
	struct lookup_answer over_quota = { .result = RESOLVED_OVER_QUOTA };
	struct question *q;

	while ((q = usage_take(s->usage)) != NULL) {
		struct visitor *v = map_getn(&s->by_number, q->visitor);

		if (q->full)
			over_quota.settings = q->answer.settings;
		if (v != NULL) {
			tell(v, q->id, q->full ? &over_quota : &q->answer);
			visitor_soon(s, v);
		}
		question_free(q);
	}
}

int server_take_quota(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_quota m;
	struct lookup_quota_told told = { 0 };
	struct err e = { 0 };

	if (ipc_unpack(f->body, &lookup_quota_type, &m, NULL) < 0)
		return -1;
	server_look_at_file(s);
	if (s->store != NULL && store_read(s->store, &e) == 0 &&
	    store_limit(s->store, m.address, &told.limit, &e) >= 0) {
		told.known = 1;
		server_well(s);
	} else if (s->store != NULL) {
		server_sick(s, &e);
	}
	ipc_queue(&v->conn, &lookup_quota_told_type, f->id, &told, -1);
	return 0;
}

/* ---- telltale-local ---- */

void server_forget_usage_server(struct server *s)
{
	s->usage_server = NULL;
	usage_connect(s->usage, NULL);
}

/* The latest one is asked; one before it, on its way out, still answers what it was asked. */
int server_take_usage_server(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_usage_server m;

	if (!v->local || ipc_unpack(f->body, &lookup_usage_server_type, &m, NULL) < 0 || m.version != 1 || s->drain > 0)
		return -1;
	s->usage_server = v;
	usage_connect(s->usage, &v->conn);
	return 0;
}

int server_take_usage(struct server *s, struct visitor *v, const struct ipc_frame *f)
{
	struct lookup_usage_told m;

	if (!v->local || ipc_unpack(f->body, &lookup_usage_told_type, &m, NULL) < 0 || m.known > 1)
		return -1;
	usage_told(s->usage, f->id, &m, clock_mono());
	return 0;
}
