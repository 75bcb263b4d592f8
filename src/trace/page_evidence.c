/* The raw lines that an answer rests on: of each server's log by itself. */
#include "trace/moment.h"
#include "trace/page.h"
#include "trace/tell_foreign.h"

#include <stdlib.h>

enum { EVIDENCE_MAX = 60 }; /* more than a ticket can bear; --json has all */

struct evidence {
	const struct line *line;
	int64_t at;
};

struct shower {
	struct page *g;
	struct arena *mem;
	struct evidence *lines; /* of one server */
	size_t n, cap;
	size_t shown, more;
};

static void gather(void *with, const struct line *x)
{
	struct shower *s = with;

	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 64;
		s->lines = arena_grow(s->mem, s->lines, s->n, s->cap, sizeof(*s->lines));
	}
	s->lines[s->n++] = (struct evidence){ x, moment_of(&s->g->r->book, x) };
}

static int by_time(const void *a, const void *b)
{
	const struct evidence *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->line->file != y->line->file)
		return x->line->file < y->line->file ? -1 : 1;
	return x->line->number < y->line->number ? -1 : x->line->number > y->line->number;
}

static void show_line(struct shower *s, const struct line *x)
{
	struct page *g = s->g;

	if (s->shown == EVIDENCE_MAX) {
		s->more++;
		return;
	}
	s->shown++;
	page_fmt(g, "  ");
	answer_safe(g->out, g->r->book.source->files[x->file].path);
	page_fmt(g, ":%u: ", line_number(&g->r->book, x));
	page_line(g, x);
	buf_addc(g->out, '\n');
}

/* Our own logs are three, each in its order; another server's is one, in which a message's lines stand by time. */
static void show_server(void *with, const struct story *story)
{
	struct shower *s = with;
	struct answer *r = s->g->r;

	if (!scope_story(&r->scope, &r->book, story))
		return;
	s->n = 0;
	scope_each_line(&r->scope, &r->book, story, gather, s);
	if (tell_is_foreign(story) != NULL && s->n > 0)
		qsort(s->lines, s->n, sizeof(*s->lines), by_time);
	for (size_t i = 0; i < s->n; i++)
		show_line(s, s->lines[i].line);
}

void page_evidence(struct page *g, const struct story *story)
{
	ARENA(mem);
	struct shower s = { .g = g, .mem = &mem };

	page_head(g, "Evidence");
	show_server(&s, story);
	story_each_hop(story, show_server, &s);
	if (s.more > 0)
		page_fmt(g, "  and %zu more lines (--json has those of the timeline)\n", s.more);
}
