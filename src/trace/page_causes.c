/* Many refusals in a few lines: how many, since when, why, from where, and what came before. */
#include "trace/page.h"

enum { FIXED = 2 + 7 + 2 + 26 + 2 + 26 + 2, BELOW = 11, LEAST = 30 };

static void put_ips(struct page *g, const struct cause_count *x)
{
	for (size_t i = 0; i < x->nips; i++) {
		page_fmt(g, i == 0 ? "from " : ", ");
		page_put(g, x->ips[i]);
	}
	if (x->more_ips)
		page_fmt(g, " and others");
}

/* A terminal that is too narrow for one line has reason and addresses below it. */
static bool is_narrow(const struct page *g)
{
	return g->width > 0 && g->width < FIXED + LEAST;
}

static void begin_part(struct page *g, bool below)
{
	page_fmt(g, "%s%*s", below ? "\n" : "", below ? BELOW : 2, "");
}

static void put_reason(struct page *g, const struct cause_count *x)
{
	size_t used = is_narrow(g) ? BELOW : FIXED, width = PAGE_WIDTH;

	if (g->width > 0 && g->width < used + PAGE_WIDTH)
		width = g->width > used + LEAST ? g->width - used : LEAST;
	begin_part(g, is_narrow(g));
	page_cell(g, x->reason, width, false);
	if (x->nips > 0)
		begin_part(g, g->width > 0);
	put_ips(g, x);
	buf_addc(g->out, '\n');
}

static void put_cause(struct page *g, const struct cause_count *x)
{
	page_fmt(g, "  %7zu  ", x->n);
	page_time(g, x->first);
	page_fmt(g, "  ");
	page_time(g, x->last);
	put_reason(g, x);
	if (x->meaning.n > 0 && g->width > 0) {
		page_wrap_at(g, x->meaning, BELOW);
	} else if (x->meaning.n > 0) {
		page_fmt(g, "%*s", BELOW, "");
		page_put(g, x->meaning);
		buf_addc(g->out, '\n');
	}
}

static bool known_ip(const struct causes *c, struct str ip)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t j = 0; j < c->at[i].nips; j++)
			if (str_eq(c->at[i].ips[j], ip))
				return true;
	return false;
}

/* What changed: the last one that was let in, and whether it came from elsewhere. */
static void put_before(struct page *g, const struct causes *c)
{
	ARENA(mem);
	struct told t = { .mem = &mem, .frame = &g->r->frame };

	if (c->before == NULL)
		return;
	tell(&t, &g->r->book, c->before, &g->r->scope);
	page_fmt(g, "  Before the first of them this sender was let in, last at ");
	page_time(g, c->before->time);
	if (t.ip.n > 0) {
		page_fmt(g, " from ");
		page_put(g, t.ip);
		page_fmt(g, known_ip(c, t.ip) ? ", the same address" : ", another address");
	}
	page_fmt(g, ".\n");
}

void page_causes(struct page *g)
{
	struct causes c;
	ARENA(mem);

	causes_count(&c, &g->r->tale, &g->r->question, &g->r->chosen, &g->r->scope, &mem);
	if (c.refused < 2)
		return; /* its row says it all */
	page_head(g, "Refused or returned, by reason");
	page_fmt(g, "  %7s  %-26s  %s", "COUNT", "FIRST", "LAST");
	if (!is_narrow(g))
		page_fmt(g, "%22s  REASON", "");
	buf_addc(g->out, '\n');
	for (size_t i = 0; i < c.n; i++)
		put_cause(g, &c.at[i]);
	if (c.more > 0)
		page_fmt(g, "  and %zu other reason%s\n", c.more, c.more == 1 ? "" : "s");
	put_before(g, &c);
}
