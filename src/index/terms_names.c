/* Addresses as blocks: each once, by domain, with the families that it sent to and those that it received in. */
#include <stdlib.h>
#include <string.h>

#include "index/terms_inside.h"

struct names {
	struct term_writer *to;
	struct buf count, domains, locals, roles[2], keys, lists[2];
	struct str first, domain;
	bool bare; /* the domain's addresses have no `@` */
	uint64_t n, of_domain;
	size_t bytes;
	uint32_t *merged; /* families of one address */
	size_t nmerged, merged_cap;
};

/* How many of the domain there were stands before it. */
static void end_domain(struct names *w)
{
	if (w->of_domain == 0)
		return;
	bytes_put(&w->domains, w->of_domain);
	bytes_put(&w->domains, w->bare ? 0 : w->domain.n + 1);
	buf_addstr(&w->domains, w->domain);
	w->of_domain = 0;
}

static void end_block(struct names *w)
{
	struct buf *const parts[] = { &w->count, &w->domains, &w->locals, &w->roles[0], &w->roles[1], &w->keys };
	struct buf *const lists[] = { &w->lists[0], &w->lists[1] };

	if (w->n == 0)
		return;
	end_domain(w);
	bytes_put(&w->count, w->n);
	terms_put_block(w->to, TERM_ADDRESS, w->first);
	terms_put_frame(w->to, parts, COUNT(parts));
	terms_put_frame(w->to, &lists[0], 1);
	terms_put_frame(w->to, &lists[1], 1);
	w->n = 0;
	w->bytes = 0;
}

static void put_name(struct names *w, struct str text)
{
	ptrdiff_t at = str_rchr(text, '@');
	struct str local = at < 0 ? text : str_take(text, (size_t)at);
	struct str domain = str_skip(text, at < 0 ? text.n : (size_t)at + 1);

	if (w->bytes >= TERM_BLOCK || w->lists[0].n >= TERM_BLOCK || w->lists[1].n >= TERM_BLOCK)
		end_block(w);
	if (w->of_domain > 0 && (w->bare != (at < 0) || !str_eq(w->domain, domain)))
		end_domain(w);
	if (w->n == 0)
		w->first = text;
	w->domain = domain;
	w->bare = at < 0;
	w->to->ats = w->to->ats || str_chr(local, '@') >= 0;
	bytes_put(&w->locals, local.n);
	buf_addstr(&w->keys, local);
	w->bytes += text.n;
	w->of_domain++;
	w->n++;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void merge(struct names *w, const struct term_lists *lists, uint32_t term)
{
	size_t begin = lists->begin[term], n = lists->begin[term + 1] - begin;

	if (w->nmerged + n > w->merged_cap) {
		w->merged_cap = 2 * (w->nmerged + n);
		w->merged = mem_grow(w->merged, w->merged_cap * sizeof(*w->merged));
	}
	if (n > 0)
		memcpy(w->merged + w->nmerged, lists->at + begin, n * sizeof(*w->merged));
	w->nmerged += n;
}

/* The families of all terms of the kind among those of one address: it may stand for others, too. */
static void put_role(struct names *w, const struct term_lists *lists, const struct term_entry *at, size_t n, int role)
{
	size_t from = w->lists[role].n, terms = 0;
	uint32_t before = 0;

	w->nmerged = 0;
	for (size_t i = 0; i < n; i++) {
		if ((int)at[i].kind != role)
			continue;
		merge(w, lists, at[i].term);
		terms++;
	}
	if (terms > 1 && w->nmerged > 0)
		qsort(w->merged, w->nmerged, sizeof(*w->merged), by_number);
	for (size_t i = 0; i < w->nmerged; i++) {
		if (i > 0 && w->merged[i] == before)
			continue;
		bytes_put(&w->lists[role], w->merged[i] - before);
		before = w->merged[i];
	}
	bytes_put(&w->roles[role], w->lists[role].n - from);
}

void terms_write_names(struct terms *t, const struct term_lists *lists, struct term_writer *to)
{
	const struct term_entry *at = t->addresses.at;
	struct names w = { .to = to };
	size_t end;

	for (size_t i = 0; i < t->addresses.n; i = end) {
		for (end = i + 1; end < t->addresses.n && str_eq(at[end].text, at[i].text);)
			end++;
		put_name(&w, at[i].text);
		put_role(&w, lists, at + i, end - i, TERM_FROM);
		put_role(&w, lists, at + i, end - i, TERM_TO);
	}
	end_block(&w);
	buf_clear(&w.count);
	buf_clear(&w.domains);
	buf_clear(&w.locals);
	buf_clear(&w.keys);
	for (int role = TERM_FROM; role <= TERM_TO; role++) {
		buf_clear(&w.roles[role]);
		buf_clear(&w.lists[role]);
	}
	free(w.merged);
}
