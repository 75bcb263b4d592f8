/* The chain of a message, the reasons behind many, who called when nothing was found. */
#include "trace/around.h"
#include "trace/causes.h"
#include "trace/chain.h"
#include "trace/rows.h"
#include "trace/tell_foreign.h"
#include "trace/writer.h"

static void put_link(void *with, const struct told *t, const char *relation, int depth)
{
	struct writer *w = with;

	(void)depth;
	json_begin_object(&w->j);
	writer_number(w, "qp", t->story->qp);
	if (tell_is_foreign(t->story) != NULL) {
		writer_known(w, "queue", tell_is_foreign(t->story)->id);
		writer_known(w, "host", tell_is_foreign(t->story)->host);
	}
	json_key(&w->j, "relation");
	if (relation != NULL)
		json_z(&w->j, relation);
	else
		json_none(&w->j);
	json_key(&w->j, "verdict");
	json_z(&w->j, verdict_words[t->verdict]);
	json_key(&w->j, "recipients");
	json_begin_array(&w->j);
	for (size_t i = 0; i < t->nparties; i++)
		writer_put(w, t->parties[i].address);
	json_end_array(&w->j);
	json_end_object(&w->j);
}

void writer_chain(struct writer *w, const struct told *t)
{
	json_key(&w->j, "chain");
	json_begin_array(&w->j);
	chain_walk(w->r, t->story, put_link, w);
	json_end_array(&w->j);
}

static void put_hop(void *with, const struct story *hop)
{
	struct writer *w = with;
	const struct foreign *f = tell_is_foreign(hop);

	if (!scope_story(&w->r->scope, &w->r->book, hop))
		return;
	json_begin_object(&w->j);
	writer_known(w, "host", f != NULL ? f->host : STR(""));
	writer_known(w, "server", str_of(f != NULL ? foreign_servers[f->server] : ""));
	writer_known(w, "queue", f != NULL ? f->id : STR(""));
	writer_number(w, "qp", hop->qp);
	writer_time(w, "time", hop->time, true);
	json_key(&w->j, "verdict");
	json_z(&w->j, verdict_words[answer_verdict(w->r, hop)]);
	json_key(&w->j, "confidence");
	json_z(&w->j, grade_words[ties_of(hop)->hop.grade]);
	json_key(&w->j, "by");
	json_z(&w->j, ties_of(hop)->hop.key);
	json_end_object(&w->j);
}

void writer_hops(struct writer *w, const struct story *s)
{
	json_key(&w->j, "hops");
	json_begin_array(&w->j);
	story_each_hop(s, put_hop, w);
	json_end_array(&w->j);
}

/* What reason: finds it by: as statistics name it, else its words without who says them. */
static struct str to_ask(struct str reason)
{
	ptrdiff_t end = str_find(reason, STR(": "));

	if (row_reason_named(reason) != 0)
		return reason;
	for (ptrdiff_t i = 0; i < end; i++)
		if (reason.p[i] != ' ' && (reason.p[i] < 'a' || reason.p[i] > 'z'))
			return reason;
	return end > 0 ? str_skip(reason, (size_t)end + 2) : reason;
}

static void put_cause(struct writer *w, const struct cause_count *x)
{
	json_begin_object(&w->j);
	writer_known(w, "reason", x->reason);
	writer_known(w, "ask", to_ask(x->reason));
	json_key(&w->j, "count");
	json_num(&w->j, (int64_t)x->n);
	writer_time(w, "first", x->first, true);
	writer_time(w, "last", x->last, true);
	json_key(&w->j, "ips");
	json_begin_array(&w->j);
	for (size_t i = 0; i < x->nips; i++)
		writer_put(w, x->ips[i]);
	json_end_array(&w->j);
	json_end_object(&w->j);
}

void writer_reasons(struct writer *w)
{
	struct answer *r = w->r;
	struct causes c = { 0 };
	ARENA(mem);

	if (r->chosen.n > 1)
		causes_count(&c, &r->tale, &r->question, &r->chosen, &r->scope, &mem);
	json_key(&w->j, "reasons");
	json_begin_array(&w->j);
	for (size_t i = 0; i < c.n; i++)
		put_cause(w, &c.at[i]);
	json_end_array(&w->j);
	if (r->chosen.n < r->chosen.found) { /* of the newest that many */
		json_key(&w->j, "reasons_of");
		json_num(&w->j, (int64_t)r->chosen.n);
	}
	writer_time(w, "let_in_before", c.before != NULL ? c.before->time : 0, c.before != NULL);
}

static void put_call(struct writer *w, const struct story *s)
{
	ARENA(mem);
	struct told t = { .mem = &mem, .frame = &w->r->frame };

	tell(&t, &w->r->book, s, &w->r->scope);
	json_begin_object(&w->j);
	writer_time(w, "time", s->time, true);
	writer_number(w, "connection", answer_connection(&t));
	writer_known(w, "ip", t.ip);
	writer_known(w, "rdns", t.rdns);
	json_key(&w->j, "verdict");
	json_z(&w->j, verdict_words[t.verdict]);
	json_end_object(&w->j);
}

void writer_connections(struct writer *w)
{
	struct answer *r = w->r;
	struct around x = { 0 };

	if (r->chosen.n == 0)
		around_look(&x, &r->tale, &r->question, &r->chosen, &r->scope);
	json_key(&w->j, "connections");
	json_begin_array(&w->j);
	for (size_t i = 0; i < x.ncalls; i++)
		put_call(w, x.calls[i]);
	json_end_array(&w->j);
}
