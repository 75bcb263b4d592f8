/* Addresses of the question that were erased from the logs on request: who asks for one is told so, and what to ask for
 * instead.  An owner is told of his own only. */
#include "trace/answer_parts.h"
#include "trace/erase.h"
#include "trace/page.h"
#include "trace/writer.h"

static bool is_address(const struct filter *f)
{
	return (f->kind == FILTER_FROM || f->kind == FILTER_TO || f->kind == FILTER_ANY) && str_chr(f->value, '*') < 0;
}

void answer_find_erased(struct answer *r, const struct trace_ask *ask)
{
	for (size_t i = 0; i < r->question.n && r->nerased < ANSWER_ERASED_MAX; i++) {
		const struct filter *f = &r->question.filters[i];
		struct answer_erased *x = &r->erased[r->nerased];
		struct erase plain;

		if (ask->erased == NULL || !is_address(f) || !erase_init(&plain, f->value, &r->mem) ||
		    !(scope_all(&r->scope) || scope_has(&r->scope, f->value)))
			continue;
		x->address = arena_fmt(&r->mem, "%.*s@%.*s", STR_ARG(plain.local), STR_ARG(plain.domain));
		r->nerased += ask->erased(ask->erased_with, x->address, x->day);
	}
}

void page_erased(struct page *g)
{
	for (size_t i = 0; i < g->r->nerased; i++) {
		page_fmt(g, "  ");
		page_put(g, g->r->erased[i].address);
		page_fmt(
		    g,
		    " was erased from these logs on request on %s; where it stood until then stands " ERASED_ADDRESS
		    "\n",
		    g->r->erased[i].day);
	}
}

void writer_erased(struct writer *w)
{
	if (w->r->nerased == 0)
		return;
	json_key(&w->j, "erased");
	json_begin_array(&w->j);
	for (size_t i = 0; i < w->r->nerased; i++) {
		json_begin_object(&w->j);
		json_key(&w->j, "address");
		writer_put(w, w->r->erased[i].address);
		json_key(&w->j, "on");
		json_z(&w->j, w->r->erased[i].day);
		json_end_object(&w->j);
	}
	json_end_array(&w->j);
}
