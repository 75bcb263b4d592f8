/* The chain of forwards and bounces that a message belongs to, below its headline. */
#include "trace/chain.h"
#include "trace/page.h"
#include "trace/tell_foreign.h"

struct tree {
	struct page *g;
	const struct story *here;
	size_t rows;
};

/* Of several fates the one that went wrong: it is why there is a bounce. */
static const struct told_party *telling(const struct told *t)
{
	for (size_t i = 0; i < t->nparties; i++)
		if (t->parties[i].verdict == VERDICT_RETURNED || t->parties[i].verdict == VERDICT_REFUSED)
			return &t->parties[i];
	return &t->parties[0];
}

static void put_fate(struct page *g, const struct told *t)
{
	const struct told_party *p = telling(t);

	if (t->verdict == VERDICT_MIXED) {
		page_fmt(g, "mixed; ");
		page_put(g, p->address);
		page_fmt(g, ": ");
	}
	page_put(g, p->summary);
}

static void put_row(void *with, const struct told *t, const char *relation, int depth)
{
	struct tree *x = with;
	struct page *g = x->g;

	if (x->rows++ == 0)
		page_fmt(g, "  The whole chain, each line a message of its own (trace %s tells all of it):\n",
			 tell_is_foreign(t->story) != NULL ? "id:ID" : "qp NUMBER");
	page_fmt(g, "    %*s", depth * 2, "");
	page_put(g, tell_called(t->mem, t->story));
	if (relation != NULL)
		page_fmt(g, " (the %s)", relation);
	if (t->nparties > 0) {
		page_fmt(g, " to ");
		page_put(g, t->parties[0].address);
	}
	if (t->nparties > 1)
		page_fmt(g, " and %zu more", t->nparties - 1);
	page_fmt(g, ": ");
	if (t->story == x->here)
		page_fmt(g, "%s (this one)", verdict_words[t->verdict]);
	else if (t->nparties > 0)
		put_fate(g, t);
	else
		page_fmt(g, "%s", verdict_words[t->verdict]);
	buf_addc(g->out, '\n');
}

void page_chain(struct page *g, const struct told *t)
{
	struct tree x = { .g = g, .here = t->story };

	if (!chain_walk(g->r, t->story, put_row, &x))
		page_fmt(g, "    and more\n");
}
