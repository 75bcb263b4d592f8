/* A message, the forwards and the bounces that came out of it: one tree. */
#include "trace/page.h"

enum { CHAIN_DEPTH = 8, CHAIN_ROWS = 40 };

struct tree {
	struct page *g;
	const struct story *here;
	size_t rows;
	bool more;
};

static const struct story *root_of(const struct story *s)
{
	for (int i = 0; i < CHAIN_DEPTH && s->parent != NULL; i++)
		s = s->parent;
	return s;
}

static const char *kind_of(const struct story *s)
{
	if (s->parent == NULL)
		return "";
	return s->parent->bounce != NULL && s->parent->bounce->qp == s->qp ? " (the bounce)" : " (the forward)";
}

static void put_row(struct tree *x, const struct story *s, int depth)
{
	struct page *g = x->g;
	ARENA(mem);
	struct told t = { .mem = &mem, .frame = &g->r->frame };

	tell(&t, &g->r->book, s, &g->r->scope);
	page_fmt(g, "  %*smessage %llu%s", depth * 2, "", (unsigned long long)s->qp, kind_of(s));
	if (t.nparties > 0) {
		page_fmt(g, " to ");
		page_put(g, t.parties[0].address);
	}
	if (t.nparties > 1)
		page_fmt(g, " and %zu more", t.nparties - 1);
	page_fmt(g, ": %s", verdict_words[t.verdict]);
	if (s == x->here) {
		page_fmt(g, " (this one)\n");
		return;
	}
	if (t.nparties > 0) {
		page_fmt(g, ". ");
		page_put(g, t.parties[0].summary);
	}
	buf_addc(g->out, '\n');
}

/* The owner of a mailbox sees its own messages, and where its own forwards went. */
static bool visible(const struct tree *x, const struct story *s)
{
	const struct scope *sc = &x->g->r->scope;
	struct did d;
	ARENA(mem);

	if (scope_story(sc, &x->g->r->book, s))
		return true;
	for (const struct party *p = s->parent != NULL ? s->parent->parties.first : NULL; p != NULL; p = p->next) {
		const struct party *view = scope_party(sc, s->parent, p) ? scope_view(sc, s->parent, p, &mem) : NULL;

		for (const struct attempt *a = view != NULL ? view->attempts : NULL; a != NULL; a = a->next)
			if (did_of(a->report, &d) && d.qp == s->qp)
				return true;
	}
	return false;
}

static void walk(struct tree *x, const struct story *s, int depth)
{
	if (visible(x, s)) {
		put_row(x, s, depth);
		x->rows++;
	}
	x->more = x->more || x->rows == CHAIN_ROWS || depth == CHAIN_DEPTH;
	for (const struct story *c = s->child; c != NULL && !x->more; c = c->sibling)
		walk(x, c, depth + 1);
}

void page_chain(struct page *g, const struct told *t)
{
	struct tree x = { .g = g, .here = t->story };
	const struct story *root = root_of(t->story);

	if (root->child == NULL)
		return;
	page_fmt(g, "  The whole chain, each line a message of its own (trace qp NUMBER tells all of it):\n");
	walk(&x, root, 1);
	if (x.more)
		page_fmt(g, "    and more\n");
}
