/* The honest no: what was looked for and where, what stands near it, what to ask for. */
#include "trace/erase.h"
#include "trace/page.h"

/* Was a message described, and not what became of it? */
static bool names_message(const struct question *q)
{
	return question_filter(q, FILTER_VERDICT) == NULL && question_filter(q, FILTER_REASON) == NULL &&
	       (question_filter(q, FILTER_FROM) != NULL || question_filter(q, FILTER_TO) != NULL ||
		question_filter(q, FILTER_ANY) != NULL || question_filter(q, FILTER_ID) != NULL);
}

/* By whether a message was named, and whether an owner asks: mail of others is not denied to have been here. */
static const struct str no_words[2][2] = {
	{ STR_INIT("Nothing of that kind happened here in that time, or it is in a log that was not searched."),
	  STR_INIT("Nothing of that kind happened to a mailbox shown here in that time, or it is in a log that was not "
		   "searched.") },
	{ STR_INIT(
	      "If such a message was sent, it never reached this server, or it is in a log that was not searched."),
	  STR_INIT(
	      "If such a message was sent, it was for no mailbox shown here and from none, or it never reached this "
	      "server, or it is in a log that was not searched.") },
};

static bool empty(const struct source *s)
{
	size_t bytes = 0;

	for (size_t i = 0; i < s->n; i++)
		bytes += s->files[i].text.n;
	return s->n > 0 && bytes == 0;
}

/* Who asks for an address that was erased is told so before all else. */
static void put_headline(struct page *g)
{
	page_paint(g, PAINT_BAD, "NOT FOUND");
	for (size_t i = 0; i < g->r->nerased; i++) {
		page_fmt(g, i == 0 ? "  " : ", ");
		page_put(g, g->r->erased[i].address);
		page_fmt(g, " was erased from these logs on request on %s", g->r->erased[i].day);
	}
	page_fmt(g, g->r->nerased > 0 ? "; nothing that is left fits this question.\n"
				      : "  Nothing in the logs searched fits this question.\n");
}

/* The time asked for against the time the logs cover. */
static void put_coverage(struct page *g)
{
	const struct book *b = &g->r->book;
	const struct span *s = &g->r->chosen.span;
	int64_t from = zone_utc(&b->zone, b->oldest), to = zone_utc(&b->zone, b->newest);

	if (b->oldest == 0 && empty(b->source))
		page_wrap(g, STR("The logs searched are empty, so they prove nothing."));
	else if (b->oldest == 0)
		page_wrap(g, STR("The logs searched hold no readable line, so they prove nothing."));
	else if (s->from >= s->to)
		page_wrap(g, STR("No time is after the one and before the other, so nothing was looked for."));
	else if (s->to <= from || s->from > to)
		page_wrap(g, STR("The time asked for lies outside the logs searched, so they prove nothing about it."));
	else if ((s->from != INT64_MIN && s->from < from - 86400) || (s->to != INT64_MAX && s->to > to + 86400))
		page_wrap(g, STR("The logs searched cover only a part of the time asked for."));
	else if (g->r->nerased > 0)
		page_wrap(g,
			  STR("If such a message came before that day, it stands under " ERASED_ADDRESS
			      ", with those of others who were erased; if later, it never reached this server, or it "
			      "is in a log that was not searched."));
	else
		page_wrap(g, no_words[names_message(&g->r->question)][!scope_all(&g->r->scope)]);
}

/* Who asks has read a From line; the logs have the envelope. */
static void put_envelope(struct page *g)
{
	if (g->r->book.oldest != 0 && question_filter(&g->r->question, FILTER_FROM) != NULL)
		page_wrap(
		    g,
		    STR("A sender is found here by the envelope (Return-Path): newsletters, lists and forgers "
			"write another address into the From line. With to: and the time it is found all the same."));
}

static void put_since(struct page *g)
{
	const struct book *b = &g->r->book;

	if (b->oldest == 0)
		return;
	page_fmt(g, "  The logs searched begin at ");
	page_time(g, zone_utc(&b->zone, b->oldest));
	page_fmt(g, " and end at ");
	page_time(g, zone_utc(&b->zone, b->newest));
	page_fmt(g, ".\n");
}

static void put_latest(struct page *g, size_t n, int64_t last)
{
	if (n == 0) {
		page_fmt(g, "nothing\n");
		return;
	}
	page_fmt(g, "%zu message%s, the latest at ", n, page_plural(n));
	page_time(g, last);
	buf_addc(g->out, '\n');
}

static void put_parts(struct page *g, const struct around *x)
{
	if (x->nparts == 0)
		return;
	page_head(g, "Each part of the question by itself");
	for (size_t i = 0; i < x->nparts; i++) {
		const struct filter *f = x->parts[i].filter;

		page_fmt(g, "  ");
		if (f == NULL) {
			page_fmt(g, "the time asked for");
		} else {
			page_fmt(g, "%s:", filter_words[f->kind]);
			answer_safe(g->out, f->value);
		}
		page_fmt(g, ": ");
		put_latest(g, x->parts[i].n, x->parts[i].last);
	}
}

static void put_call(struct page *g, const struct story *s)
{
	ARENA(mem);
	struct told t = { .mem = &mem, .frame = &g->r->frame };

	tell(&t, &g->r->book, s, &g->r->scope);
	page_fmt(g, "  ");
	page_time(g, s->time);
	if (answer_connection(&t) > 0)
		page_fmt(g, "  connection %llu", (unsigned long long)answer_connection(&t));
	page_fmt(g, "  from ");
	page_put(g, t.ip.n > 0 ? t.ip : STR("an unknown address"));
	if (t.rdns.n > 0) {
		page_fmt(g, " (");
		page_put(g, t.rdns);
		page_fmt(g, ")");
	}
	page_fmt(g, ", %s: ", verdict_words[t.verdict]);
	page_put(g, t.nparties > 0 ? t.parties[0].brief : t.lost.brief);
	buf_addc(g->out, '\n');
}

static void put_calls(struct page *g, const struct around *x)
{
	if (x->domain.n == 0)
		return;
	page_head(g, "Connections from the sender's side in that time");
	if (x->ncalls == 0) {
		page_fmt(g, "  None: no server that is called ");
		page_put(g, x->domain);
		page_fmt(g, " (or a name below it) connected, and nobody else named a sender there.\n");
	}
	for (size_t i = 0; i < x->ncalls; i++)
		put_call(g, x->calls[i]);
	if (x->ncalls < x->ncalls_all)
		page_fmt(g, "  and %zu earlier ones\n", x->ncalls_all - x->ncalls);
}

void page_similar(struct page *g)
{
	struct answer *r = g->r;

	if (r->nnearest == 0)
		return;
	page_head(g, "Similar addresses that do occur");
	for (size_t i = 0; i < r->nnearest; i++) {
		struct near_use u = { .address = r->nearest[i] };
		const char *before = ", ";

		around_near(&u, &r->tale, &r->scope);
		page_fmt(g, "  ");
		page_put(g, u.address);
		page_fmt(g, ": ");
		if (u.n == 0) {
			page_fmt(g, "no message\n");
			continue;
		}
		page_fmt(g, "%zu message%s", u.n, page_plural(u.n));
		for (int v = 0; v < VERDICT_COUNT; v++)
			if (u.count[v] > 0)
				page_fmt(g, "%s%zu %s", before, u.count[v], verdict_words[v]);
		page_fmt(g, "; the latest at ");
		page_time(g, u.last);
		buf_addc(g->out, '\n');
	}
}

void page_not_found(struct page *g)
{
	struct around x;

	around_look(&x, &g->r->tale, &g->r->question, &g->r->chosen, &g->r->scope);
	put_headline(g);
	put_since(g);
	put_coverage(g);
	put_envelope(g);
	if (!source_whole(g->r->book.source))
		page_wrap(
		    g,
		    STR("Some of the logs could not be read, or not to their end (see Limits): it may stand there."));
	put_parts(g, &x);
	put_calls(g, &x);
	page_similar(g);
	page_head(g, "Next");
	page_wrap(
	    g,
	    STR("sender: Ask for the exact addresses, the time with its zone, the Message-ID, and the reply or bounce "
		"that the sender's own server got: it names the server that answered and why. If that server shows "
		"that the message was handed over, its log has our reply (250 ok ... qp ...): trace that number."));
	page_limits(g);
}
