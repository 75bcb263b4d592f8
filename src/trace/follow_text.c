/* An event as a short block for people, and as one JSON object on a line. */
#include "trace/follow_parts.h"
#include "trace/page.h"
#include "trace/writer.h"

enum { PARTIES_MAX = 5, STEPS_MAX = 10 };

/* The moment of the last thing that is new. */
static int64_t time_of(const struct follow_event *e)
{
	int64_t at = 0;

	for (size_t i = 0; i < e->told->nevents; i++)
		if (e->fresh[i] && e->told->events[i].time > at)
			at = e->told->events[i].time;
	return at != 0 ? at : e->told->story->time;
}

static void put_whom(struct page *g, const struct told *t)
{
	const struct name *from = t->story->from;

	if (from == NULL)
		page_fmt(g, "(no sender was named)");
	else
		page_put(g, from->text.n > 0 ? from->text : STR("<>"));
	if (t->nparties == 0)
		return;
	page_fmt(g, " to ");
	page_put(g, t->parties[0].address);
	if (t->nparties > 1)
		page_fmt(g, " +%zu", t->nparties - 1);
}

static void put_id(struct page *g, struct told *t)
{
	struct str id = page_id(t);

	if (str_eqz(id, "-"))
		return;
	page_fmt(g, "  [");
	page_put(g, id);
	page_fmt(g, "]");
}

/* "+ delivery  it began", of a change. */
static void put_steps(struct page *g, const struct follow_event *e)
{
	const struct told *t = e->told;
	size_t n = 0;

	for (size_t i = 0; i < t->nevents; i++) {
		const struct event *x = &t->events[i];

		if (!e->fresh[i] || n++ >= STEPS_MAX)
			continue;
		page_fmt(g, "  + %-8s  ", x->station);
		if (t->nparties > 1 && x->party != NULL) {
			page_put(g, x->party->name->text);
			page_fmt(g, ": ");
		}
		page_put(g, x->what);
		buf_addc(g->out, '\n');
	}
	if (n > STEPS_MAX)
		page_fmt(g, "  + and %zu more steps\n", n - STEPS_MAX);
}

static void put_sentence(struct page *g, const struct told *t, const struct told_party *p)
{
	page_fmt(g, "  ");
	if (t->nparties > 1) {
		page_put(g, p->address);
		page_fmt(g, ": ");
	}
	page_put(g, p->summary);
	buf_addc(g->out, '\n');
}

void follow_text(struct buf *out, struct follow *f, const struct follow_event *e, bool colour)
{
	struct page g = { .out = out, .r = &f->answer, .colour = colour };
	struct told *t = &f->told;
	bool turned = e->kind == FOLLOW_CHANGED && e->turned && e->was != t->verdict;

	page_time(&g, time_of(e));
	page_fmt(&g, "  ");
	page_upper(&g, t->verdict);
	page_fmt(&g, "  ");
	put_whom(&g, t);
	put_id(&g, t);
	if (turned)
		page_fmt(&g, "  was %s", verdict_words[e->was]);
	buf_addc(out, '\n');
	if (e->kind == FOLLOW_CHANGED)
		put_steps(&g, e);
	if (e->kind == FOLLOW_CHANGED && !e->turned)
		return;
	if (t->nparties == 0)
		put_sentence(&g, t, &t->lost);
	for (size_t i = 0; i < t->nparties && i < PARTIES_MAX; i++)
		put_sentence(&g, t, &t->parties[i]);
	if (t->nparties > PARTIES_MAX)
		page_fmt(&g, "  and %zu more recipients\n", t->nparties - PARTIES_MAX);
}

void follow_json(struct buf *out, struct follow *f, const struct follow_event *e)
{
	struct writer w = { .j = json_to(out), .r = &f->answer };

	json_begin_object(&w.j);
	json_key(&w.j, "event");
	json_z(&w.j, e->kind == FOLLOW_NEW ? "new" : "changed");
	json_key(&w.j, "was");
	json_z(&w.j, e->kind == FOLLOW_NEW ? NULL : verdict_words[e->was]);
	json_key(&w.j, "new");
	json_begin_array(&w.j);
	for (size_t i = 0; i < e->told->nevents; i++)
		if (e->fresh[i])
			json_num(&w.j, (int64_t)i);
	json_end_array(&w.j);
	writer_message(&w, e->told);
	json_end_object(&w.j);
	buf_addc(out, '\n');
}
