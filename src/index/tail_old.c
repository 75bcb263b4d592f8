/* Old logs, which say no zone and no numbers: what their end leaves open, and what is known of all of them. */
#include <stdlib.h>
#include <string.h>

#include "index/bytes.h"
#include "index/tail_inside.h"
#include "trace/join.h"

enum { LATE = REACH_FIRST_TRY + 100 };

/* ---- what the end leaves open ---- */

static bool untried(const struct party *p, int64_t newest)
{
	return p->visit != NULL && join_accepted(p) && p->attempts == NULL &&
	       p->visit->final->local >= newest - TAIL_ANEW - LATE;
}

/* Is it the last line of its file? */
static bool is_last(const struct tail *t, const struct line *x)
{
	const struct growth_file *g = &t->g->at[x->file];
	uint64_t lines = t->ask->x == NULL ? t->source.files[x->file].lines
					   : t->files[x->file].lines + (g->was > 0 ? g->f.lines : 0);

	return line_number(&t->book, x) == lines;
}

/* A first attempt or an end may come whenever it wants. */
static bool may_go_on(const struct tail *t, const struct story *s)
{
	if (s->visit != NULL && (verdict_unsettled(&t->book, s->visit) || is_last(t, s->visit->lines.last)))
		return true;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (untried(p, t->newest))
			return true;
	return false;
}

static bool is_flight(const struct attempt *a)
{
	return !a->resulted && a->join.grade == GRADE_GUESS && a->join.key != NULL &&
	       strcmp(a->join.key, join_retry_key) == 0;
}

/* What was put off goes on with a try that names its recipient, whenever it comes. */
static void find_waiting(struct tail *t, const struct party *p, uint32_t family, struct index_root *r, size_t *cap)
{
	if (p->deferral == NULL)
		return;
	if (r->nwaiting == *cap) {
		*cap = 2 * *cap + 64;
		r->waiting = arena_grow(&t->mem, r->waiting, r->nwaiting, *cap, sizeof(*r->waiting));
	}
	r->waiting[r->nwaiting++] = (struct index_waiting){ family, pull_hash(p->deferral->to->text) };
}

static void find_flights(struct tail *t, const struct party *p, uint32_t family, struct index_root *r, size_t *cap)
{
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next) {
		if (!is_flight(a))
			continue;
		if (r->nflights == *cap) {
			*cap = 2 * *cap + 16;
			r->flights = arena_grow(&t->mem, r->flights, r->nflights, *cap, sizeof(*r->flights));
		}
		r->flights[r->nflights++] = (struct index_flight){ a->number, attempt_try(a)->local, family };
	}
}

static void find_unfinished(struct tail *t, const struct writing *w, struct index_root *r)
{
	size_t waiting = 0, flights = 0;

	for (const struct story *s = t->tale.stories; s != NULL; s = s->later)
		for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
			find_waiting(t, p, w->kin.family[s->order], r, &waiting);
			find_flights(t, p, w->kin.family[s->order], r, &flights);
		}
}

/* So many tries, and inits, before those that are joined anew in any case are always read again. */
enum { LAST = 8 };

/* Those tries: the next one is told by the one before whether its number counts on. */
struct last_tries {
	const struct attempt *at[LAST];
	size_t n;
};

static void find_last(const struct tail *t, struct last_tries *out)
{
	out->n = 0;
	for (const struct attempt *a = t->book.attempts; a != NULL; a = a->later)
		if (attempt_try(a)->local < t->newest - PULL_ANEW)
			out->at[out->n++ % LAST] = a;
}

static bool has_last(const struct last_tries *last, const struct story *s)
{
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
			for (size_t i = 0; i < last->n && i < LAST; i++)
				if (last->at[i] == a)
					return true;
	return false;
}

/* It is the one that was before it in the log: all lines are there from a moment on, and the last ones. */
static bool stands(const struct tail *t, const struct line *before, size_t later)
{
	return later < LAST || (before != NULL && before->local >= t->pull.open_from);
}

bool tail_old_starts(const struct tail *t)
{
	const struct attempt *a = t->book.attempts, *before = NULL;
	size_t tries = 0, inits = 0;

	for (; a != NULL && attempt_try(a)->local < t->pull.known.since; a = a->later)
		before = a;
	if (a == NULL || t->ask->x->facts.oldest >= t->pull.open_from)
		return true;
	for (const struct attempt *x = a; x != NULL; x = x->later)
		tries += attempt_try(x)->local < t->newest - PULL_ANEW;
	for (const struct init *x = a->latest != NULL ? a->latest->later : t->book.inits; x != NULL; x = x->later)
		inits += x->line->local < t->newest - PULL_ANEW;
	return stands(t, before != NULL ? attempt_try(before) : NULL, tries) &&
	       stands(t, a->latest != NULL ? a->latest->line : NULL, inits);
}

void tail_old_open(struct tail *t, const struct writing *w, struct index_root *r)
{
	struct family_set always = set_new(&t->mem, w->kin.families);
	struct last_tries last;

	find_last(t, &last);
	for (const struct story *s = t->tale.stories; s != NULL; s = s->later) {
		if (may_go_on(t, s) || has_last(&last, s))
			set_add(&always, w->kin.family[s->order]);
	}
	r->open = arena_alloc(&t->mem, (w->kin.families + 1) * sizeof(*r->open));
	r->until = arena_alloc(&t->mem, (w->kin.families + 1) * sizeof(*r->until));
	for (uint32_t f = 0; f < w->kin.families; f++) {
		bool stays = set_has(always.bits, f);

		if (!stays && t->latest[f] < t->newest - TAIL_OPEN)
			continue;
		r->until[r->nopen] = stays ? 0 : t->latest[f];
		r->open[r->nopen++] = f;
	}
	find_unfinished(t, w, r);
}

/* Inits that no story has, and the last ones. */
void tail_old_loose(struct tail *t, struct tail_loose *l)
{
	const struct init *last[LAST];
	size_t n = 0;

	for (const struct init *x = t->book.inits; x != NULL; x = x->later) {
		const struct tail_file *f = &t->files[x->line->file];
		uint32_t number = x->line->number;

		if (x->line->local < t->newest - PULL_ANEW)
			last[n++ % LAST] = x;
		if (x->line->local >= t->newest - TAIL_OPEN && (f->covered[number / 64] >> (number % 64) & 1) == 0)
			tail_put_loose(l, x->line, NULL);
	}
	for (size_t i = 0; i < n && i < LAST; i++)
		tail_put_loose(l, last[i]->line, NULL);
}

/* ---- names ---- */

bool tail_old_new(const struct tail *t, const struct line *x)
{
	return line_offset(&t->book, x) >= t->g->at[x->file].from;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static struct chapter_frame put_tried(struct tail *t, struct writing *w)
{
	uint64_t *at, before = 0;
	size_t n = 0;
	BUF(b);

	for (const struct attempt *a = t->book.attempts; a != NULL; a = a->later)
		n += tail_old_new(t, attempt_try(a));
	at = mem_alloc((n + 1) * sizeof(*at));
	n = 0;
	for (const struct attempt *a = t->book.attempts; a != NULL; a = a->later)
		if (tail_old_new(t, attempt_try(a)))
			at[n++] = pull_hash(a->to->text);
	if (n > 0)
		qsort(at, n, sizeof(*at), by_number);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && at[i] == before)
			continue;
		bytes_put(&b, at[i] - before);
		before = at[i];
	}
	free(at);
	return chapter_add(w->out, buf_str(&b));
}

static struct chapter_frame put_relied(struct tail *t, struct writing *w)
{
	BUF(b);

	for (const struct relied *r = t->book.relied; r != NULL; r = r->next) {
		bytes_put(&b, pull_hash(r->name->text));
		bytes_put_int(&b, r->at);
	}
	return chapter_add(w->out, buf_str(&b));
}

void tail_old_names(struct tail *t, struct writing *w, struct index_root *r)
{
	r->tried = put_tried(t, w);
	r->relied = put_relied(t, w);
	r->hours = chapter_add(w->out, t->hours);
	r->hours_from = t->hours_from;
}

/* Those that were tried in one chapter, once somebody asks. */
static bool load_tried(struct tail *t, size_t i, const struct index *x)
{
	struct str packed;
	uint64_t last = 0;
	struct cur c;

	if (t->tried[i].at != NULL)
		return true;
	if (!chapter_get(x->c, x->root.tried, &t->lasting, &packed))
		return false;
	t->tried[i].at = arena_alloc(&t->lasting, (packed.n + 1) * sizeof(uint64_t));
	c = cur_of(packed);
	while (c.p < c.end && c.why == NULL)
		t->tried[i].at[t->tried[i].n++] = last += bytes_take(&c);
	return c.why == NULL;
}

static bool was_tried(struct tail *t, uint64_t hash)
{
	size_t i = 0;

	for (const struct index *x = t->ask->x; x != NULL; x = x->before, i++) {
		if (!load_tried(t, i, x))
			t->damaged = true;
		else if (bsearch(&hash, t->tried[i].at, t->tried[i].n, sizeof(hash), by_number) != NULL)
			return true;
	}
	return false;
}

bool tail_old_tried(void *with, struct str name)
{
	return was_tried(with, pull_hash(name));
}

void tail_old_try(struct tail *t, struct str rcpt)
{
	struct str name = book_name(t->pull.keys.names, rcpt)->text;

	map_putn(&t->tries, pull_hash(name) + 1, t);
	pull_await(&t->pull, name);
}

static int64_t surprise_in(struct tail *t, const struct index *x)
{
	int64_t first = INT64_MAX;
	struct str packed;
	struct cur c;
	ARENA(mem);

	if (!chapter_get(x->c, x->root.relied, &mem, &packed)) {
		t->damaged = true;
		return 0;
	}
	c = cur_of(packed);
	while (c.p < c.end && c.why == NULL) {
		uint64_t hash = bytes_take(&c);
		int64_t at = bytes_take_int(&c);

		if (at < first && map_getn(&t->tries, hash + 1) != NULL && !was_tried(t, hash))
			first = at;
	}
	return first;
}

int64_t tail_old_surprise(struct tail *t)
{
	int64_t first = INT64_MAX;

	for (const struct index *x = t->ask->x; x != NULL; x = x->before) {
		int64_t at = surprise_in(t, x);

		first = at < first ? at : first;
	}
	return first;
}

static bool is_touched(const struct key_numbers *k, uint64_t number)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->at[i] == number)
			return true;
	return false;
}

int64_t tail_old_flight(const struct tail *t)
{
	int64_t first = INT64_MAX;

	for (const struct index *x = t->ask->x; x != NULL; x = x->before)
		for (size_t i = 0; i < x->root.nflights; i++) {
			const struct index_flight *f = &x->root.flights[i];

			if ((x->hidden == NULL || !set_has(x->hidden, f->family)) && f->at < first &&
			    is_touched(&t->pull.keys.of[KEY_DELIVERY], f->number))
				first = f->at;
		}
	return first;
}
