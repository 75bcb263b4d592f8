/* What was not understood, line by line. */
#include "trace/page.h"

static void put_line(void *with, const struct unreadable *u)
{
	struct page *g = with;
	BUF(beginning);
	bool shown = unreadable_beginning(&beginning, &g->r->scope, u);

	page_fmt(g, "  ");
	answer_safe(g->out, u->file->path);
	page_fmt(g, ":%llu: %s: ", (unsigned long long)u->number, u->why);
	answer_safe(g->out, shown ? buf_str(&beginning) : STR("(it names none of the scope's mailboxes: not shown)"));
	buf_addc(g->out, '\n');
}

void page_no_question(struct page *g)
{
	const struct source *s = g->r->book.source;
	uint64_t lines = 0;

	for (size_t i = 0; i < s->n; i++)
		lines += s->files[i].lines;
	page_fmt(g, "%llu of %llu line%s in %zu file%s could not be understood.\n",
		 (unsigned long long)unreadable_count(s), (unsigned long long)lines, page_plural(lines), s->n,
		 page_plural(s->n));
	page_limits(g);
}

void page_unreadable(struct page *g)
{
	const struct source *s = g->r->book.source;
	uint64_t n = unreadable_count(s);

	page_head(g, "Lines not understood");
	if (n == 0)
		page_fmt(g, "  none\n");
	unreadable_each(s, g->r->limit, put_line, g);
	if (n > g->r->limit)
		page_fmt(g, "  the limit was reached: %zu of %llu lines are shown (--limit)\n", g->r->limit,
			 (unsigned long long)n);
}
