#include "index/pull.h"

#include <stdlib.h>
#include <string.h>

#include "index/pack_inside.h"

static const enum term_kind kinds[KEY_KINDS] = {
	[KEY_QP] = TERM_QP, [KEY_CONNECTION] = TERM_CONNECTION, [KEY_DELIVERY] = TERM_DELIVERY, [KEY_ID] = TERM_ID
};

bool pull_begin(struct pull *p, struct index *x, const struct growth *g)
{
	bool good = true;
	size_t i = 0;

	*p = (struct pull){ .newest = x, .mem = ARENA_INIT };
	source_init(&p->files);
	for (size_t f = 0; f < g->n; f++)
		source_add_kept(&p->files, g->at[f].f, STR(""));
	book_init(&p->book, &p->files);
	p->book.kept = true;
	p->tale.book = &p->book;
	touch_init(&p->keys, &p->book);
	p->old = p->keys.old = x != NULL && x->root.zone_before.kept > 0;
	if (x != NULL) {
		p->book.zone.steps = x->facts.zone.steps;
		p->book.zone.nsteps = x->facts.zone.nsteps;
	}
	for (; x != NULL; x = x->before, i++) {
		p->set[i] = set_new(&p->mem, x->root.families);
		terms_keep(&x->terms);
		store_into(x, &p->tale);
		good = good && root_left(x);
	}
	return good;
}

void pull_end(struct pull *p)
{
	for (struct index *x = p->newest; x != NULL; x = x->before)
		terms_leave(&x->terms);
	touch_clear(&p->keys);
	p->keys = (struct touch){ 0 };
	map_clear(&p->known.at);
	map_clear(&p->known.rivals);
	map_clear(&p->awaited);
	book_clear(&p->book);
	source_clear(&p->files);
	free(p->lines);
	p->lines = NULL;
}

void pull_clear(struct pull *p)
{
	pull_end(p);
	arena_clear(&p->mem);
}

void pull_line(struct pull *p, struct pulled_line x)
{
	if (p->n == p->cap) {
		p->cap = 2 * p->cap + 256;
		p->lines = mem_grow(p->lines, p->cap * sizeof(*p->lines));
	}
	p->lines[p->n++] = x;
	p->bytes += x.begins ? 0 : x.length + 1; /* its story has it, too */
}

static int by_place(const void *a, const void *b)
{
	const struct pulled_line *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* One and the same: of a line that is only pointed at there is no text. */
static void merge_line(struct pulled_line *x, struct pulled_line y)
{
	y.begins = y.begins || x->begins;
	y.open = y.open || x->open;
	y.under_way = y.under_way || x->under_way;
	if (x->mute)
		*x = y;
	x->begins = y.begins;
	x->open = y.open;
	x->under_way = y.under_way;
}

static bool same_text(const struct pulled_line *x, const struct pulled_line *y)
{
	return x->mute || y->mute || (x->at == y->at && x->length == y->length);
}

bool pull_sort(struct pull *p)
{
	bool good = true;
	size_t n = 0;

	if (p->n > 0)
		qsort(p->lines, p->n, sizeof(*p->lines), by_place);
	for (size_t i = 0; i < p->n; i++) {
		if (n == 0 || by_place(&p->lines[n - 1], &p->lines[i]) != 0) {
			p->lines[n++] = p->lines[i];
			continue;
		}
		good = good && same_text(&p->lines[n - 1], &p->lines[i]);
		merge_line(&p->lines[n - 1], p->lines[i]);
	}
	p->n = n;
	return good;
}

struct pulled_line pulled_of(const struct pull *p, const struct line *l)
{
	return (struct pulled_line){ .file = l->file,
				     .number = l->number,
				     .length = l->length,
				     .kind = (enum log_kind)l->kind,
				     .local = l->local,
				     .at = l->at,
				     .text = line_raw(&p->book, l).p };
}

void pull_begin_line(struct pull *p, const struct line *l)
{
	struct pulled_line x = pulled_of(p, l);

	x.begins = true;
	pull_line(p, x);
}

/* The first line of its connection, before which no line of the same process is of it.  Of Exim also all that a visit
 * has that is of no connection which the lines before it tell of; of qmail the first line of its message. */
static void pull_talk(struct pull *p, const struct story *s)
{
	const struct foreign *f = s->visit != NULL ? s->visit->foreign : NULL;

	if (f != NULL && f->talk != NULL)
		pull_begin_line(p, f->talk);
	else if (f != NULL && f->server == FOREIGN_QMAIL)
		pull_begin_line(p, f->begins);
	else if (f != NULL && f->server == FOREIGN_EXIM && s->visit->ip.n > 0)
		for (const struct line *l = s->visit->lines.first; l != NULL; l = l->next)
			pull_begin_line(p, l);
}

static bool see_family(void *with, struct index *x, uint32_t family, struct story *const *at, size_t n)
{
	struct pull *p = with;
	struct gathered g = { 0 };
	bool over = p->old && pull_over(p, at, n);

	(void)x;
	(void)family;
	p->families++;
	p->stories += n;
	for (size_t i = 0; i < n; i++) {
		pull_talk(p, at[i]);
		if (p->old)
			pull_known(p, at[i]);
		if (!over)
			touch_story(&p->keys, &p->book, at[i]);
	}
	gather_family(&g, at, n);
	for (size_t i = 0; i < g.n; i++) {
		const struct line *l = g.at[i].line;

		if (i == 0 || !pack_same_text(g.at[i - 1].line, l))
			pull_line(p, pulled_of(p, l));
	}
	free(g.at);
	return true;
}

/* ---- by numbers ---- */

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t number_of(int kind, uint64_t key)
{
	return kind == KEY_ID ? (uint32_t)key : key; /* no key is 0 */
}

static bool find_numbers(struct index *x, const struct touch *k, struct family_set *out)
{
	for (int kind = 0; kind < KEY_KINDS; kind++)
		for (size_t i = k->of[kind].done; i < k->of[kind].n; i++)
			if (!terms_find_number(&x->terms, x->c, kinds[kind], number_of(kind, k->of[kind].at[i]), out))
				return false;
	return true;
}

/* ---- until nothing is new ---- */

/* What was found, is told by that chapter, and was not pulled before. */
static bool take_found(struct pull *p, size_t i, struct index *x, struct family_set *found, bool *more)
{
	bool some = false;

	for (size_t w = 0; w <= found->n / 64; w++) {
		found->bits[w] &= ~(p->set[i].bits[w] | (x->hidden != NULL ? x->hidden[w] : 0));
		p->set[i].bits[w] |= found->bits[w];
		some = some || found->bits[w] != 0;
	}
	*more = *more || some;
	return !some || store_each(x, found, see_family, p);
}

/* What the logs had left open.  What the end of an earlier chapter left open is in a later one only if it was needed
 * there. */
static void find_open(struct pull *p, struct family_set *out)
{
	const struct index *x = p->begun ? NULL : p->newest;

	for (size_t c = 0; x != NULL; x = x->before, c++)
		for (size_t i = 0; i < x->root.nopen && (c == 0 || p->old); i++)
			if (x->root.until[i] == 0 || x->root.until[i] >= p->open_from)
				set_add(&out[c], x->root.open[i]);
	p->begun = true;
}

static bool pull_round(struct pull *p, bool *more)
{
	struct family_set found[INDEX_CHAPTERS + 1];
	bool good = true;
	size_t i = 0;
	ARENA(mem);

	for (int kind = 0; kind < KEY_KINDS; kind++) {
		struct key_numbers *k = &p->keys.of[kind];

		if (k->n > k->done)
			qsort(k->at + k->done, k->n - k->done, sizeof(*k->at), by_number);
	}
	for (struct index *x = p->newest; x != NULL && good; x = x->before, i++) {
		found[i] = set_new(&mem, x->root.families);
		good = find_numbers(x, &p->keys, &found[i]);
	}
	if (good)
		find_open(p, found);
	pull_waiting(p, found);
	for (int kind = 0; kind < KEY_KINDS; kind++)
		p->keys.of[kind].done = p->keys.of[kind].n;
	good = good && pull_pairs(p, found);
	i = 0;
	for (struct index *x = p->newest; x != NULL && good; x = x->before, i++)
		good = take_found(p, i, x, &found[i], more);
	return good;
}

bool pull_all(struct pull *p, uint64_t most)
{
	bool more = p->newest != NULL;

	while (more) {
		more = false;
		if (!pull_round(p, &more) || p->bytes > most)
			return false;
	}
	return true;
}
