#include "trace/answer_parts.h"
#include "trace/tell_foreign.h"
#include "trace/writer.h"

static void put_login(struct writer *w, const char *key, struct str user)
{
	BUF(masked);

	json_key(&w->j, key);
	scope_mask_login(&w->r->scope, &masked, user);
	if (user.n > 0)
		json_str(&w->j, buf_str(&masked));
	else
		json_none(&w->j);
}

static size_t count_filters(const struct question *q, enum filter_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < q->n; i++)
		n += q->filters[i].kind == kind;
	return n;
}

/* A filter that stands once is a string, several are an array, none is null. */
static void put_filter(struct writer *w, enum filter_kind kind)
{
	const struct question *q = &w->r->question;
	size_t n = count_filters(q, kind);

	json_key(&w->j, filter_words[kind]);
	if (n == 0)
		json_none(&w->j);
	if (n > 1)
		json_begin_array(&w->j);
	for (size_t i = 0; i < q->n; i++)
		if (q->filters[i].kind == kind)
			json_str(&w->j, q->filters[i].value);
	if (n > 1)
		json_end_array(&w->j);
}

static void put_asked(struct writer *w, const char *key, struct str text)
{
	json_key(&w->j, key);
	if (text.n > 0)
		json_str(&w->j, text);
	else
		json_none(&w->j);
}

void writer_question(struct writer *w)
{
	const struct question *q = &w->r->question;
	const struct span *s = &w->r->chosen.span;

	json_begin_object(&w->j);
	json_key(&w->j, "question");
	json_str(&w->j, q->text);
	for (int f = 0; f < FILTER_KINDS; f++)
		put_filter(w, (enum filter_kind)f);
	put_asked(w, "on", q->on_text);
	put_asked(w, "after", q->after_text);
	put_asked(w, "before", q->before_text);
	writer_time(w, "since", s->from, s->from != INT64_MIN);
	writer_time(w, "until", s->to, s->to != INT64_MAX);
	json_key(&w->j, "relative_to");
	if (!question_relative(q))
		json_none(&w->j);
	else
		json_z(&w->j, w->r->frame.from_logs ? "newest line" : "now");
	json_end_object(&w->j);
}

static void see_number(void *with, uint64_t n)
{
	struct writer *w = with;

	json_num(&w->j, (int64_t)n);
}

/* Of another server's message: the id in its queue, the host, the Message-ID. */
static void put_foreign(struct writer *w, const struct foreign *f)
{
	if (f == NULL)
		return;
	writer_known(w, "queue", f->id);
	writer_known(w, "message_id", f->message_id);
	writer_known(w, "host", f->host);
	json_key(&w->j, "server");
	json_z(&w->j, foreign_servers[f->server]);
}

static void put_ids(struct writer *w, const struct told *t)
{
	json_key(&w->j, "ids");
	json_begin_object(&w->j);
	writer_number(w, "connection", answer_connection(t));
	writer_number(w, "qp", t->story->qp);
	json_key(&w->j, "deliveries");
	json_begin_array(&w->j);
	answer_numbers(t, see_number, w);
	json_end_array(&w->j);
	put_foreign(w, tell_is_foreign(t->story));
	json_end_object(&w->j);
}

static void put_client(struct writer *w, const struct told *t)
{
	json_key(&w->j, "client");
	json_begin_object(&w->j);
	writer_known(w, "ip", t->ip);
	writer_known(w, "rdns", t->rdns);
	put_login(w, "auth", t->user);
	writer_known(w, "encryption", t->encryption);
	json_end_object(&w->j);
}

static void put_recipient(struct writer *w, const struct told_party *p)
{
	json_begin_object(&w->j);
	json_key(&w->j, "address");
	writer_put(w, p->address);
	json_key(&w->j, "verdict");
	json_z(&w->j, verdict_words[p->verdict]);
	json_key(&w->j, "summary");
	writer_put(w, p->summary);
	json_key(&w->j, "explanation");
	writer_put(w, p->explanation);
	json_key(&w->j, "advice");
	json_begin_array(&w->j);
	for (const struct advice *a = p->advice; a != NULL; a = a->next) {
		json_begin_object(&w->j);
		json_key(&w->j, "who");
		json_z(&w->j, answer_who(a->who));
		json_key(&w->j, "what");
		writer_put(w, a->what);
		json_end_object(&w->j);
	}
	json_end_array(&w->j);
	writer_known(w, "passes", p->passes);
	if (p->gate != NULL && p->gate->lifts) /* reasons.def */
		json_key(&w->j, "lifts"), json_bool(&w->j, true);
	json_end_object(&w->j);
}

static void put_evidence(struct writer *w, const struct line *x)
{
	const struct book *b = &w->r->book;

	json_key(&w->j, "evidence");
	json_begin_object(&w->j);
	json_key(&w->j, "file");
	json_str(&w->j, b->source->files[x->file].path);
	json_key(&w->j, "line");
	json_num(&w->j, line_number(b, x));
	json_key(&w->j, "offset");
	if (scope_all(&w->r->scope))
		json_num(&w->j, (int64_t)line_offset(b, x));
	else
		json_none(&w->j); /* two of them would tell how long a masked name is */
	json_key(&w->j, "text");
	writer_line(w, x);
	json_end_object(&w->j);
}

/* A step of the gate's ledger: its checks one by one. */
static void put_checks(struct writer *w, const struct tell_checks *c)
{
	writer_known(w, "stage", c->stage);
	json_key(&w->j, "checks");
	json_begin_array(&w->j);
	for (size_t i = 0; i < c->n; i++) {
		const struct ledger_check *x = &c->at[i];

		json_begin_object(&w->j);
		json_key(&w->j, "name");
		writer_put(w, x->name);
		json_key(&w->j, "outcome");
		json_z(&w->j, ledger_word(x->outcome));
		json_key(&w->j, "ms");
		if (x->ms >= 0)
			json_num(&w->j, x->ms);
		else
			json_none(&w->j);
		writer_known(w, "why", x->said);
		json_end_object(&w->j);
	}
	json_end_array(&w->j);
}

static void put_event(struct writer *w, const struct event *e)
{
	json_begin_object(&w->j);
	writer_time(w, "time", e->time, true);
	json_key(&w->j, "station");
	json_z(&w->j, e->station);
	json_key(&w->j, "recipient");
	if (e->party != NULL)
		writer_put(w, e->party->name->text);
	else
		json_none(&w->j);
	json_key(&w->j, "what");
	writer_put(w, e->what);
	if (e->checks != NULL)
		put_checks(w, e->checks);
	put_evidence(w, e->line);
	json_key(&w->j, "confidence");
	json_z(&w->j, grade_words[e->grade]);
	json_end_object(&w->j);
}

static void put_notes(struct writer *w, const struct told *t)
{
	json_key(&w->j, "warnings");
	json_begin_array(&w->j);
	for (const struct note *n = t->notes; n != NULL; n = n->next)
		writer_put(w, n->text);
	json_end_array(&w->j);
}

/* The message that this one came out of: a forward's or a bounce's. */
static void put_parent(struct writer *w, const struct story *s)
{
	json_key(&w->j, "parent");
	if (ties_of(s)->parent == NULL || !scope_story(&w->r->scope, &w->r->book, ties_of(s)->parent)) {
		json_none(&w->j);
		return;
	}
	json_begin_object(&w->j);
	writer_number(w, "qp", ties_of(s)->parent->qp);
	writer_time(w, "time", ties_of(s)->parent->time, true);
	put_evidence(w, ties_of(s)->parent_line);
	json_key(&w->j, "confidence");
	json_z(&w->j, grade_words[ties_of(s)->parent_join.grade]);
	json_end_object(&w->j);
}

void writer_message(struct writer *w, const struct told *t)
{
	const struct story *s = t->story;

	json_key(&w->j, "verdict");
	json_z(&w->j, verdict_words[t->verdict]);
	json_key(&w->j, "from");
	if (s->from != NULL)
		writer_put(w, s->from->text);
	else
		json_none(&w->j);
	writer_time(w, "time", s->time, true);
	json_key(&w->j, "size");
	if (s->visit != NULL && s->visit->sized)
		json_num(&w->j, (int64_t)s->visit->size);
	else
		json_none(&w->j);
	put_ids(w, t);
	put_client(w, t);
	json_key(&w->j, "recipients");
	json_begin_array(&w->j);
	for (size_t i = 0; i < t->nparties; i++)
		put_recipient(w, &t->parties[i]);
	json_end_array(&w->j);
	json_key(&w->j, "timeline");
	json_begin_array(&w->j);
	for (size_t i = 0; i < t->nevents; i++)
		put_event(w, &t->events[i]);
	json_end_array(&w->j);
	json_key(&w->j, "confidence");
	json_z(&w->j, grade_words[s->confidence]);
	put_parent(w, s);
	put_notes(w, t);
	writer_chain(w, t);
	writer_hops(w, s);
}

void writer_searched(struct writer *w)
{
	const struct book *b = &w->r->book;
	uint64_t lines = 0, unreadable = 0, strangers = 0;

	json_key(&w->j, "searched");
	json_begin_object(&w->j);
	json_key(&w->j, "files");
	json_begin_array(&w->j);
	for (size_t i = 0; i < b->source->n; i++) {
		json_str(&w->j, b->source->files[i].path);
		lines += b->source->files[i].lines;
		unreadable += b->source->files[i].unreadable;
		strangers += b->source->files[i].strangers;
	}
	json_end_array(&w->j);
	writer_time(w, "from", zone_utc(&b->zone, b->oldest), b->oldest != 0);
	writer_time(w, "to", zone_utc(&b->zone, b->newest), b->newest != 0);
	json_key(&w->j, "lines");
	json_num(&w->j, (int64_t)lines);
	json_key(&w->j, "unreadable");
	json_num(&w->j, (int64_t)unreadable);
	json_key(&w->j, "strangers");
	json_num(&w->j, (int64_t)strangers);
	json_key(&w->j, "skipped");
	json_begin_array(&w->j);
	for (const struct source_skip *k = b->source->skipped; k != NULL; k = k->next)
		json_str(&w->j, k->path);
	json_end_array(&w->j);
	answer_json_files(&w->j, w->r);
	json_end_object(&w->j);
}

static void put_told(struct writer *w, const struct story *s)
{
	ARENA(mem);
	struct told t = { .mem = &mem, .frame = &w->r->frame };

	if (w->r->chosen.n == 1)
		t.tale = &w->r->tale;

	tell(&t, &w->r->book, s, &w->r->scope);
	if (answer_reused(w->r) > 0)
		tell_note(&t, ANSWER_REUSED, (unsigned long long)answer_reused(w->r), w->r->chosen.found);
	json_begin_object(&w->j);
	writer_message(w, &t);
	json_end_object(&w->j);
}

void answer_json(struct buf *out, struct answer *r)
{
	struct writer w = { .j = json_to(out), .r = r };

	json_begin_object(&w.j);
	json_key(&w.j, "question");
	writer_question(&w);
	json_key(&w.j, "found");
	json_num(&w.j, (int64_t)r->chosen.found);
	json_key(&w.j, "messages");
	json_begin_array(&w.j);
	for (size_t i = 0; i < answer_shown(r); i++)
		put_told(&w, r->chosen.at[i]);
	json_end_array(&w.j);
	writer_searched(&w);
	json_key(&w.j, "nearest");
	json_begin_array(&w.j);
	for (size_t i = 0; i < r->nnearest; i++)
		writer_put(&w, r->nearest[i]);
	json_end_array(&w.j);
	writer_connections(&w);
	writer_reasons(&w);
	writer_erased(&w);
	if (r->unreadable)
		answer_json_unreadable(&w.j, r);
	json_end_object(&w.j);
	buf_addc(out, '\n');
}
