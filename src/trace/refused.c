#include "trace/refused.h"

static bool is_refused(enum verdict v)
{
	return v == VERDICT_REFUSED || v == VERDICT_REFUSED_TEMPORARILY;
}

/* The line that said it: to the recipient, else to the whole message; NULL: the gate's log alone tells of it. */
static const struct line *said_in(const struct party *p)
{
	if (p->code >= 400 || p->visit == NULL)
		return p->resp;
	return p->visit->final;
}

/* What the vocabulary has of a refusal in words that it does not know. */
static const struct word *word_of_class(enum verdict v)
{
	return &status_class(v == VERDICT_REFUSED ? STR("550") : STR("450"))->word;
}

static void fill(struct told *t, const struct party *p, const struct line *said, struct refused *out)
{
	struct str text;
	int code = 0;

	*out = (struct refused){ .time = t->story->time,
				 .to = p != NULL ? p->name : NULL,
				 .from = t->story->from != NULL ? t->story->from->text : STR(""),
				 .ip = t->ip,
				 .rdns = t->rdns,
				 .connection = answer_connection(t) };
	if (said != NULL) {
		out->time = tell_time(t, said);
		out->reply = tell_reply(t, said, &code, &text);
	}
	out->verdict = code >= 400 && code < 500 ? VERDICT_REFUSED_TEMPORARILY : VERDICT_REFUSED;
	if (p != NULL)
		out->gate = tell_gate_reason(t, p);
	else if (said != NULL)
		out->gate = reason_by_reply(code, text);
}

/* As an answer has it. */
static void fill_told(const struct told_party *x, struct refused *out)
{
	out->verdict = x->verdict;
	out->gate = x->gate;
	out->word = x->word != NULL ? x->word : word_of_class(x->verdict);
	out->reason = x->gate != NULL ? str_of(x->gate->code) : x->brief;
	out->explanation = x->explanation;
	out->advice = x->advice;
}

static bool of_party(struct told *t, const struct told_party *x, struct refused *out)
{
	if (!is_refused(x->verdict) || !scope_has(t->scope, x->party->name->text))
		return false; /* what he wrote to others is not refused for him */
	fill(t, x->party, said_in(x->party), out);
	fill_told(x, out);
	return true;
}

bool refused_lifts(const struct refused *row)
{
	return row->gate != NULL && row->gate->lifts && row->from.n > 0;
}

void refused_each(struct answer *r, bool (*see)(void *with, const struct refused *row), void *with)
{
	bool on = true;

	for (size_t i = 0; on && i < r->chosen.n; i++) {
		ARENA(mem);
		struct told t = { .mem = &mem, .frame = &r->frame };
		struct refused row;

		/* Most mail is taken, and needs no words here. */
		if (!is_refused(r->chosen.at[i]->verdict) && r->chosen.at[i]->verdict != VERDICT_MIXED)
			continue;
		tell(&t, &r->book, r->chosen.at[i], &r->scope);
		for (size_t k = 0; on && k < t.nparties; k++)
			if (of_party(&t, &t.parties[k], &row))
				on = see(with, &row);
	}
}

/* ---- one of them ---- */

static bool has(const struct answer *r, const struct line *x, struct str text)
{
	return x != NULL && str_find(line_raw(&r->book, x), text) >= 0;
}

/* The line of the story's visit that has the text; NULL: none. */
static const struct line *line_with(const struct answer *r, const struct story *s, struct str text)
{
	const struct line *x = s->visit != NULL ? s->visit->lines.first : NULL;

	while (x != NULL && !has(r, x, text))
		x = x->next;
	return x;
}

static const struct party *party_of(const struct answer *r, const struct story *s, const struct line *x,
				    struct str text)
{
	const struct party *p = s->parties.first;

	/* What was said of all is said of him who is alone. */
	if (p != NULL && p->next == NULL)
		return p;
	for (; p != NULL; p = p->next) {
		if (x != NULL && p->resp == x)
			return p;
		for (const struct gate *g = x == NULL ? p->gates : NULL; g != NULL; g = g->next)
			if (has(r, g->line, text))
				return p;
	}
	return NULL;
}

static bool in_gates(const struct answer *r, const struct story *s, struct str text)
{
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		for (const struct gate *g = p->gates; g != NULL; g = g->next)
			if (has(r, g->line, text))
				return true;
	return false;
}

/* As the vocabulary has it. */
static void fill_gate(struct told *t, struct refused *out)
{
	out->word = &out->gate->word;
	out->reason = str_of(out->gate->code);
	out->explanation = word_settled(out->word, t->mem);
}

static bool find_in(struct answer *r, const struct story *s, struct str text, struct told *t, struct refused *out)
{
	const struct line *x = line_with(r, s, text);
	const struct party *p;

	if (x == NULL && !in_gates(r, s, text))
		return false;
	p = party_of(r, s, x, text);
	tell(t, &r->book, s, &r->scope);
	fill(t, p, x != NULL && x->kind != LOG_SMTP_RESP ? NULL : x, out);
	for (size_t i = 0; p != NULL && i < t->nparties; i++)
		if (t->parties[i].party == p && is_refused(t->parties[i].verdict) && t->parties[i].gate != NULL)
			fill_told(&t->parties[i], out);
	/* Of several that were refused together each has the same reason. */
	if (p == NULL && s->parties.first != NULL && out->gate == NULL)
		out->gate = tell_gate_reason(t, s->parties.first);
	if (out->gate == NULL)
		return false;
	if (out->word == NULL)
		fill_gate(t, out);
	return true;
}

bool refused_find(struct answer *r, struct str text, struct arena *a, struct refused *out)
{
	for (size_t i = 0; i < r->chosen.n; i++) {
		const struct story *s = r->chosen.at[i];
		struct told t = { .mem = a, .frame = &r->frame };

		if (find_in(r, s, text, &t, out))
			return true;
		for (s = ties_of(s)->first_tries; s != NULL; s = ties_of(s)->next_try) {
			t = (struct told){ .mem = a, .frame = &r->frame };
			if (find_in(r, s, text, &t, out))
				return true;
		}
	}
	return false;
}
