/* Several messages: one row each, newest first, and the counts. */
#include "trace/page.h"
#include "trace/tell_foreign.h"

#include <stddef.h>
#include <string.h>

enum { ADDRESS_WIDTH = 40, WHY_WIDTH = 60, TIME_WIDTH = 26, LEAST = 20 /* of a text that is cut to fit */, INDENT = 6 };

struct row {
	struct str from, to, size, id, ip, why;
	enum verdict verdict;
	int64_t time;
};

struct widths {
	size_t from, to, verdict, size, id, why;
	bool below; /* a row does not fit: who and why stand below it */
};

static void widen(size_t *w, size_t n, size_t most)
{
	if (n > most)
		n = most;
	if (n > *w)
		*w = n;
}

static struct str why_of(struct told *t)
{
	for (size_t i = 0; i < t->nparties; i++)
		if (page_verdict(t->parties[i].verdict) != PAINT_GOOD)
			return t->parties[i].brief;
	return t->nparties > 0 ? t->parties[0].brief : t->lost.brief;
}

static struct str to_of(struct told *t)
{
	if (t->nparties == 0)
		return STR("-");
	if (t->nparties == 1)
		return t->parties[0].address;
	return arena_fmt(t->mem, "%.*s +%zu", STR_ARG(t->parties[0].address), t->nparties - 1);
}

struct str page_id(struct told *t)
{
	if (tell_is_foreign(t->story) != NULL && tell_is_foreign(t->story)->id.n > 0)
		return tell_question(t->mem, t->story);
	if (t->story->qp > 0)
		return arena_fmt(t->mem, "qp %llu", (unsigned long long)t->story->qp);
	for (size_t i = 0; i < t->nparties; i++)
		if (t->parties[i].party->attempts != NULL && t->parties[i].party->attempts->number > 0)
			return arena_fmt(t->mem, "delivery %llu",
					 (unsigned long long)t->parties[i].party->attempts->number);
	if (answer_connection(t) > 0)
		return arena_fmt(t->mem, "connection %llu", (unsigned long long)answer_connection(t));
	return STR("-");
}

static struct str from_of(const struct story *s)
{
	if (s->from == NULL)
		return STR("-");
	return s->from->text.n > 0 ? s->from->text : STR("<>");
}

static void make_row(struct page *g, const struct story *s, struct row *out, struct arena *keep)
{
	struct told t = { .mem = keep, .frame = &g->r->frame };

	tell(&t, &g->r->book, s, &g->r->scope);
	*out = (struct row){ .from = from_of(s),
			     .to = to_of(&t),
			     .verdict = t.verdict,
			     .size = STR("-"),
			     .id = page_id(&t),
			     .ip = t.ip.n > 0 ? t.ip : STR("-"),
			     .why = why_of(&t),
			     .time = s->time };
	if (s->visit != NULL && s->visit->sized)
		out->size = tell_count(keep, s->visit->size);
}

static size_t less(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* To a terminal's width: addresses and reasons are cut, or stand below where too little would be left of them. */
static void fit(const struct page *g, struct widths *w)
{
	size_t fixed = 2 + TIME_WIDTH + 6 * 2 + w->verdict + w->size + w->id;
	size_t left = g->width > fixed ? g->width - fixed : 0, share = left / 3;

	if (g->width == 0 || left >= w->from + w->to + w->why)
		return;
	w->below = share < LEAST;
	if (w->below) {
		w->why = g->width > INDENT + LEAST ? g->width - INDENT : LEAST;
		w->from = w->to = less(ADDRESS_WIDTH, (w->why - 4) / 2); /* " to " */
		return;
	}
	w->from = less(w->from, share);
	w->to = less(w->to, share);
	w->why = less(w->why, left - w->from - w->to);
}

static void measure(struct page *g, const struct row *rows, size_t n, struct widths *w)
{
	*w = (struct widths){ 4, 2, 7, 4, 2, 3, false };
	for (size_t i = 0; i < n; i++) {
		widen(&w->from, page_columns(g, rows[i].from), ADDRESS_WIDTH);
		widen(&w->to, page_columns(g, rows[i].to), ADDRESS_WIDTH);
		widen(&w->verdict, strlen(verdict_words[rows[i].verdict]), 20);
		widen(&w->size, rows[i].size.n, 15);
		widen(&w->id, rows[i].id.n, 28);
		widen(&w->why, page_columns(g, rows[i].why), WHY_WIDTH);
	}
	fit(g, w);
}

static void gap(struct page *g)
{
	buf_adds(g->out, "  ");
}

static void right(struct page *g, struct str s, size_t width)
{
	for (size_t i = s.n; i < width; i++)
		buf_addc(g->out, ' ');
	buf_addstr(g->out, s);
}

static void put_middle(struct page *g, const struct row *x, const struct widths *w)
{
	page_paint(g, page_verdict(x->verdict), verdict_words[x->verdict]);
	for (size_t i = strlen(verdict_words[x->verdict]); i < w->verdict; i++)
		buf_addc(g->out, ' ');
	gap(g);
	right(g, x->size, w->size);
	gap(g);
}

static void put_below(struct page *g, const struct row *x, const struct widths *w)
{
	gap(g);
	page_time(g, x->time);
	gap(g);
	put_middle(g, x, w);
	page_cell(g, x->id, w->id, false);
	page_fmt(g, "\n%*s", INDENT, "");
	page_cell(g, x->from, w->from, false);
	page_fmt(g, " to ");
	page_cell(g, x->to, w->to, false);
	page_fmt(g, "\n%*s", INDENT, "");
	page_cell(g, x->why, w->why, false);
	buf_addc(g->out, '\n');
}

static void put_row(struct page *g, const struct row *x, const struct widths *w)
{
	if (w->below) {
		put_below(g, x, w);
		return;
	}
	gap(g);
	page_time(g, x->time);
	gap(g);
	page_cell(g, x->from, w->from, true);
	gap(g);
	page_cell(g, x->to, w->to, true);
	gap(g);
	put_middle(g, x, w);
	page_cell(g, x->id, w->id, true);
	gap(g);
	page_cell(g, x->why, w->why, false);
	buf_addc(g->out, '\n');
}

static void put_title(struct page *g, const struct widths *w)
{
	if (w->below) {
		page_fmt(g, "  %-*s  %-*s  %*s  ID\n%*sFROM to TO\n%*sWHY\n", TIME_WIDTH, "TIME", (int)w->verdict,
			 "VERDICT", (int)w->size, "SIZE", INDENT, "", INDENT, "");
		return;
	}
	page_fmt(g, "  %-*s  %-*s  %-*s  %-*s  %*s  %-*s  %s\n", TIME_WIDTH, "TIME", (int)w->from, "FROM", (int)w->to,
		 "TO", (int)w->verdict, "VERDICT", (int)w->size, "SIZE", (int)w->id, "ID", "WHY");
}

/* Those that the logs of more than one server tell of. */
static void put_travellers(struct page *g)
{
	const struct chosen *c = &g->r->chosen;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += story_next_hop(c->at[i], NULL) != NULL;
	if (n > 0)
		page_fmt(g, "%zu of them went through more than one of the servers searched; each counts once.\n", n);
}

static void put_totals(struct page *g)
{
	const struct chosen *c = &g->r->chosen;
	size_t count[VERDICT_COUNT] = { 0 };
	bool first = true;
	BUF(text);

	for (size_t i = 0; i < c->n; i++)
		count[answer_verdict(g->r, c->at[i])]++;
	for (int v = 0; v < VERDICT_COUNT; v++) {
		if (count[v] == 0)
			continue;
		buf_fmt(&text, "%s%zu %s", first ? "" : ", ", count[v], verdict_words[v]);
		first = false;
	}
	page_fmt(g, "%zu messages: %s.\n", c->n, buf_z(&text));
	put_travellers(g);
}

static struct str field_of(const struct row *x, size_t field)
{
	return *(const struct str *)((const char *)x + field);
}

static bool same_as_first(const struct row *rows, size_t n, size_t field)
{
	for (size_t i = 1; i < n; i++)
		if (!str_eq(field_of(&rows[0], field), field_of(&rows[i], field)))
			return false;
	return true;
}

static bool same_time(const struct row *rows, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (rows[i].time != rows[0].time)
			return false;
	return true;
}

/* "the size (620 or 23,533)", each value once */
static void put_difference(struct page *g, const struct row *rows, size_t n, const char *what, size_t field, bool *any)
{
	enum { SHOWN = 4 };
	struct str seen[SHOWN];
	size_t shown = 0;

	if (same_as_first(rows, n, field))
		return;
	page_fmt(g, "%s%s (", *any ? ", " : "", what);
	*any = true;
	for (size_t i = 0; i < n; i++) {
		bool new = true;

		for (size_t j = 0; j < shown; j++)
			new = new && !str_eq(seen[j], field_of(&rows[i], field));
		if (!new)
			continue;
		if (shown == SHOWN) {
			page_fmt(g, " or others");
			break;
		}
		page_fmt(g, shown > 0 ? " or " : "");
		seen[shown++] = field_of(&rows[i], field);
		page_cell(g, seen[shown - 1], ADDRESS_WIDTH, false);
	}
	page_fmt(g, ")");
}

/* What an asker may know: it tells which of them is meant. */
static void put_ambiguous(struct page *g, const struct row *rows, size_t n)
{
	const struct filter *id = question_filter(&g->r->question, FILTER_ID);
	bool any = !same_time(rows, n);

	page_paint(g, PAINT_WAIT, "AMBIGUOUS");
	page_fmt(g, "  More than one message fits. What tells them apart: %s", any ? "the time" : "");
	put_difference(g, rows, n, "the sender", offsetof(struct row, from), &any);
	put_difference(g, rows, n, "the recipient", offsetof(struct row, to), &any);
	put_difference(g, rows, n, "the size", offsetof(struct row, size), &any);
	put_difference(g, rows, n, "the client's address", offsetof(struct row, ip), &any);
	put_difference(g, rows, n, "the ID", offsetof(struct row, id), &any);
	page_fmt(g, "%s.\n", any ? "" : "nothing that the logs say");
	if (id != NULL && id->number > 0)
		page_fmt(
		    g,
		    "  The number stands for more than one thing: numbers of each kind count by themselves, and many "
		    "logs use them again after a while.\n");
	page_fmt(g, "  Ask again with an ID as it stands here, or with a time.\n");
}

void page_table(struct page *g)
{
	ARENA(keep);
	size_t n = answer_shown(g->r);
	struct row *rows = arena_alloc(&keep, (n + 1) * sizeof(*rows));
	struct widths w;

	for (size_t i = 0; i < n; i++)
		make_row(g, g->r->chosen.at[i], &rows[i], &keep);
	if (question_names_one(&g->r->question))
		put_ambiguous(g, rows, n);
	put_totals(g);
	page_causes(g);
	buf_addc(g->out, '\n');
	measure(g, rows, n, &w);
	put_title(g, &w);
	for (size_t i = 0; i < n; i++)
		put_row(g, &rows[i], &w);
	page_similar(g);
	page_head(g, "Next");
	page_fmt(g, "  One message in full: telltale trace, and its ID as it stands in the table.\n");
	page_limits(g);
}
