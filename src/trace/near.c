#include "trace/select.h"
#include "trace/wish.h"

enum { LONGEST = 254 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Only the cells within `limit` of the diagonal can end at no more than that: all others count as beyond it. */
unsigned near_distance(struct str a, struct str b, unsigned limit)
{
	unsigned row[LONGEST + 2];

	if (a.n > LONGEST || b.n > LONGEST || (a.n > b.n ? a.n - b.n : b.n - a.n) > limit)
		return limit + 1;
	for (unsigned j = 0; j <= b.n && j <= limit; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t from = i > limit ? i - limit : 0, to = i + limit < b.n ? i + limit : b.n;
		unsigned before = from > 0 ? row[from - 1] : limit + 1, best = limit + 1, left = limit + 1;

		if (i + limit <= b.n)
			row[i + limit] = limit + 1; /* the row above did not come so far */
		for (size_t j = from; j <= to; j++) {
			unsigned above = row[j], cost = limit + 1;

			if (j > 0)
				cost = before + (ascii_lower(a.p[i - 1]) != ascii_lower(b.p[j - 1]));
			before = above;
			left = row[j] = least(cost, above + 1, left + 1);
			best = left < best ? left : best;
		}
		if (best > limit)
			return limit + 1;
	}
	return row[b.n] <= limit ? row[b.n] : limit + 1;
}

struct near {
	struct str text;
	unsigned distance;
};

/* Keep the list sorted by distance, then by text, so that the answer does not depend on the hash. */
static void insert(struct near *list, size_t *n, struct near x)
{
	size_t i = *n < NEAR_MAX ? (*n)++ : NEAR_MAX - 1;

	list[i] = x;
	for (; i > 0; i--) {
		struct near *a = &list[i - 1], *b = &list[i];

		if (a->distance < b->distance || (a->distance == b->distance && str_cmp(a->text, b->text) <= 0))
			return;
		x = *a;
		*a = *b;
		*b = x;
	}
}

static bool better(const struct near *list, size_t n, struct near x)
{
	const struct near *last = n > 0 ? &list[n - 1] : NULL;

	if (n < NEAR_MAX)
		return true;
	return x.distance < last->distance || (x.distance == last->distance && str_cmp(x.text, last->text) < 0);
}

static bool names_address(const struct filter *f)
{
	return f->kind <= FILTER_ANY && question_exact(f);
}

static unsigned to_question(const struct question *q, struct str address)
{
	unsigned best = NEAR_DISTANCE + 1;

	for (size_t i = 0; i < q->n; i++) {
		const struct filter *f = &q->filters[i];
		unsigned d;

		if (!names_address(f))
			continue;
		d = near_distance(f->value, address, NEAR_DISTANCE);
		best = d > 0 && d < best ? d : best;
	}
	return best;
}

struct search {
	struct arena *mem;
	const struct question *q;
	const struct scope *sc;
	struct near list[NEAR_MAX];
	size_t n;
};

static bool listed(const struct search *s, struct str text)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->list[i].text, text))
			return true;
	return false;
}

static void look_at(void *with, struct str text)
{
	struct search *s = with;
	struct near one = { text, to_question(s->q, text) };

	if (one.distance > NEAR_DISTANCE || !scope_shows(s->sc, text) || !better(s->list, s->n, one) || listed(s, text))
		return;
	one.text = arena_str(s->mem, text);
	insert(s->list, &s->n, one);
}

size_t select_near(const struct tale *t, const struct question *q, const struct scope *sc, struct str out[NEAR_MAX])
{
	struct search s = { .mem = &t->book->mem, .q = q, .sc = sc };
	bool any = false;

	for (size_t i = 0; i < q->n; i++)
		any = any || names_address(&q->filters[i]);
	if (!any) /* then nothing resembles it, and all names of the logs need not be looked at */
		return 0;
	if (t->store != NULL)
		t->store->names(t->store, look_at, &s);
	for (size_t i = 0; t->store == NULL && i < t->book->nnames; i++)
		look_at(&s, t->book->names.at[i]->text);
	for (size_t i = 0; i < s.n; i++)
		out[i] = s.list[i].text;
	return s.n;
}
