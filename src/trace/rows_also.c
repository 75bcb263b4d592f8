/* What else a filter may find a story by: addresses that attempts went to, logins, and what the next servers saw. */
#include <stdlib.h>

#include "trace/rows.h"
#include "trace/select.h"

enum { LOOKED_AT = 16 }; /* own recipients among which an address is looked for before it is told again */

struct also {
	struct rows_maker *m;
	const struct story *story;
	size_t row; /* its first one */
	bool hop;
};

static void add(struct rows *r, size_t row, enum row_also_kind kind, uint32_t text)
{
	for (size_t i = r->nalso; i > 0 && r->also[i - 1].row == row; i--)
		if (r->also[i - 1].kind == kind && r->also[i - 1].text == text)
			return;
	if (r->nalso == r->also_cap) {
		r->also_cap = r->also_cap > 0 ? 2 * r->also_cap : 64;
		r->also = mem_grow(r->also, r->also_cap * sizeof(*r->also));
	}
	r->also[r->nalso++] = (struct row_also){ (uint32_t)row, text, kind };
}

static bool is_own(const struct story *s, const struct name *x)
{
	size_t n = 0;

	for (const struct party *p = s->parties.first; p != NULL && n < LOOKED_AT; p = p->next, n++)
		if (p->name == x)
			return true;
	return false;
}

static void see_address(struct also *k, size_t row, const struct name *x)
{
	if (x == NULL || (k->hop && is_own(k->story, x)))
		return;
	add(k->m->to, row, k->hop ? ALSO_HOP_TO : ALSO_TO, rows_maker_name(k->m, x));
}

static void see_parties(struct also *k, const struct story *s)
{
	size_t row = k->row;

	for (const struct party *p = s->parties.first; p != NULL; p = p->next, row += !k->hop) {
		if (k->hop)
			see_address(k, row, p->name);
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
			if (a->to != p->name)
				see_address(k, row, a->to);
	}
}

static void see_login(void *with, const struct line *x, struct str user)
{
	struct also *k = with;

	(void)x;
	if (user.n > 0)
		add(k->m->to, k->row, k->hop ? ALSO_HOP_LOGIN : ALSO_LOGIN, rows_text(&k->m->to->logins, user));
}

static struct str label_of(const struct also *k, const struct story *s)
{
	const struct line *x = s->visit != NULL ? s->visit->lines.first : NULL;

	return x != NULL ? k->m->book->source->files[x->file].label : (struct str){ NULL, 0 };
}

static void see_hop(void *with, const struct story *hop)
{
	struct also *k = with;
	struct rows *r = k->m->to;
	struct str label = label_of(k, hop);

	if (hop->from != NULL && hop->from != k->story->from)
		add(r, k->row, ALSO_HOP_FROM, rows_maker_name(k->m, hop->from));
	see_parties(k, hop);
	select_each_login(k->m->book, hop, see_login, k);
	if (label.n > 0 && !str_eq(label, label_of(k, k->story)) && r->ports.n < ROW_UNKNOWN(*r->port))
		add(r, k->row, ALSO_HOP_PORT, rows_text(&r->ports, label));
}

static int by_row(const void *a, const void *b)
{
	const struct row_also *x = a, *y = b;

	return x->row < y->row ? -1 : x->row > y->row;
}

void rows_add_also(struct rows_maker *m, const struct story *s, size_t row)
{
	struct also k = { .m = m, .story = s, .row = row };
	size_t before = m->to->nalso;

	see_parties(&k, s);
	select_each_login(m->book, s, see_login, &k);
	k.hop = true;
	story_each_hop(s, see_hop, &k);
	if (m->to->nalso > before + 1)
		qsort(m->to->also + before, m->to->nalso - before, sizeof(*m->to->also), by_row);
}
