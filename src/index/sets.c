#include "index/sets.h"

#include <stdlib.h>

#include "base/err.h"

struct sets_of {
	struct team_job job;
	struct str text;
	struct gram_sets *made;
};

static void make(void *with)
{
	struct sets_of *x = with;

	x->made = grams_of(x->text);
}

void sets_begin(struct sets *s, struct team *c, size_t n, struct str (*text)(void *with, size_t i), void *with)
{
	*s = (struct sets){ .team = c, .at = mem_alloc((n + 1) * sizeof(*s->at)), .n = n };
	for (size_t i = 0; i < n; i++) {
		s->at[i] = (struct sets_of){ .job = { .run = make, .with = &s->at[i] }, .text = text(with, i) };
		team_begin(c, &s->at[i].job);
	}
}

void sets_wait(struct sets *s)
{
	for (size_t i = 0; i < s->n; i++)
		team_end(s->team, &s->at[i].job);
}

void sets_write(struct sets *s, struct buf *root, struct chapter_out *out)
{
	sets_wait(s);
	for (size_t i = 0; i < s->n; i++)
		grams_write(root, out, s->at[i].made);
}

void sets_clear(struct sets *s)
{
	sets_wait(s);
	for (size_t i = 0; i < s->n; i++)
		grams_free(s->at[i].made);
	free(s->at);
	*s = (struct sets){ 0 };
}
