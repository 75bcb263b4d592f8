#include "trace/causes.h"

#include <stdlib.h>

#include "trace/wish.h"

enum { REASONS_MAX = 1000 }; /* kept apart; words that vary endlessly (a number in each) are no reasons */

struct counter {
	struct causes *out;
	struct arena *mem;
	struct map by_reason;
	size_t cap;
	const struct story *earliest; /* the one that was refused first */
};

struct index {
	size_t i;
};

static bool in_trouble(enum verdict v)
{
	return v == VERDICT_REFUSED || v == VERDICT_REFUSED_TEMPORARILY || v == VERDICT_RETURNED;
}

static struct cause_count *count_of(struct counter *k, struct str reason)
{
	struct index *at = map_get(&k->by_reason, reason);
	struct causes *c = k->out;

	if (at != NULL)
		return &c->at[at->i];
	if (c->n == REASONS_MAX) {
		c->more++;
		return NULL;
	}
	if (c->n == k->cap) {
		k->cap = k->cap > 0 ? k->cap * 2 : 16;
		c->at = arena_grow(k->mem, c->at, c->n, k->cap, sizeof(*c->at));
	}
	c->at[c->n] = (struct cause_count){ .reason = arena_str(k->mem, reason) };
	at = arena_alloc(k->mem, sizeof(*at));
	at->i = c->n++;
	map_put(&k->by_reason, c->at[at->i].reason, at);
	return &c->at[at->i];
}

static void add_ip(struct cause_count *x, struct str ip, struct arena *mem)
{
	if (ip.n == 0)
		return;
	for (size_t i = 0; i < x->nips; i++)
		if (str_eq(x->ips[i], ip))
			return;
	if (x->nips == CAUSE_IPS)
		x->more_ips = true;
	else
		x->ips[x->nips++] = arena_str(mem, ip);
}

/* The first sentence that says why. */
static struct str first_sentence(struct str s)
{
	ptrdiff_t end = str_find(s, STR(". "));

	if (end >= 0 && str_starts(s, STR(TELL_NOT_OURS))) {
		s = str_skip(s, (size_t)end + 2);
		end = str_find(s, STR(". "));
	}
	return end < 0 ? s : str_take(s, (size_t)end + 1);
}

/* What syslog counted instead of writing it. */
static uint64_t times_more(const struct told *t, const struct told_party *p)
{
	if (p->party != NULL)
		return party_again(p->party);
	return t->story->visit != NULL ? t->story->visit->again : 0;
}

static void add(struct counter *k, const struct told *t, const struct told_party *p)
{
	struct cause_count *x = count_of(k, p->brief);
	int64_t time = t->story->time;
	size_t times = 1 + (size_t)times_more(t, p);
	bool first = x != NULL && x->n == 0;

	if (x == NULL)
		return;
	k->out->refused += times;
	x->n += times;
	if (first)
		x->meaning = arena_str(k->mem, first_sentence(p->explanation));
	if (first || time < x->first)
		x->first = time;
	if (first || time > x->last)
		x->last = time;
	if (k->earliest == NULL || time < k->out->first) {
		k->out->first = time;
		k->earliest = t->story;
	}
	add_ip(x, t->ip, k->mem);
}

static void add_story(struct counter *k, const struct tale *t, const struct story *s, const struct scope *sc,
		      struct arena *scratch)
{
	struct day_frame frame = { .zone = &t->book->zone };
	struct told told = { .story = s, .book = t->book, .scope = sc, .mem = scratch, .frame = &frame };
	struct told_party one = { 0 };

	tell_client(&told);
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		const struct party *seen = scope_party(sc, s, p) ? scope_view(sc, s, p, scratch) : NULL;

		/* what went well is told at length, and counts for nothing here */
		if (seen == NULL || !in_trouble(verdict_of_party(t->book, s, seen)))
			continue;
		tell_party(&told, &one, seen);
		add(k, &told, &one);
	}
	if (s->parties.first != NULL || !in_trouble(s->verdict))
		return;
	tell_lost(&told, &one);
	add(k, &told, &one);
}

static int most_first(const void *a, const void *b)
{
	const struct cause_count *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return str_cmp(x->reason, y->reason);
}

static bool let_in(enum verdict v)
{
	return v != VERDICT_UNKNOWN && v != VERDICT_ABANDONED && !in_trouble(v);
}

static bool about_whom(const struct filter *f)
{
	return f->kind == FILTER_FROM || f->kind == FILTER_TO || f->kind == FILTER_ANY;
}

/* Who and where stay; what became of it and when are what is asked about.  A question for many senders at once (from:*)
 * does not make one sender of them: the domain is that of the first refusal. */
static bool same_sender(const struct question *q, struct book *b, const struct story *s, const struct scope *sc)
{
	for (size_t i = 0; i < q->n; i++) {
		if (about_whom(&q->filters[i]) && !select_fits(&q->filters[i], b, s, sc))
			return false;
	}
	return true;
}

static struct str sender_domain(const struct story *s)
{
	struct str from = s->from != NULL ? s->from->text : STR("");
	ptrdiff_t at = str_rchr(from, '@');

	return at < 0 ? from : str_skip(from, (size_t)at + 1);
}

static const struct story *latest_let_in(const struct tale *t, const struct question *q, const struct scope *sc,
					 const struct story *refused)
{
	const struct story *found = NULL;
	ARENA(scratch);

	for (const struct story *s = t->stories; s != NULL; s = s->later) {
		if (s->time >= refused->time || (found != NULL && s->time < found->time) ||
		    !scope_story(sc, t->book, s))
			continue;
		if (str_ieq(sender_domain(s), sender_domain(refused)) &&
		    let_in(scope_verdict(sc, t->book, s, &scratch)) && same_sender(q, t->book, s, sc))
			found = s;
		arena_reset(&scratch);
	}
	return found;
}

/* It is sought in the hour before, then in the day, in the month, at last in all that is known: a large sender's mail
 * of years, or all that an owner ever had, need not come to life for it. */
static const struct story *let_in_before(const struct tale *t, const struct question *q, const struct scope *sc,
					 const struct story *refused)
{
	static const int64_t back[] = { 3600, 86400, 30 * 86400 };
	struct filter whom[QUESTION_MAX];
	struct wish w = { .kind = scope_all(sc) ? WISH_DOMAIN : WISH_QUESTION,
			  .filters = whom,
			  .span = { .to = refused->time },
			  .scope = sc,
			  .text = sender_domain(refused) };

	for (size_t i = 0; i < q->n; i++)
		if (about_whom(&q->filters[i]))
			whom[w.n++] = q->filters[i];
	for (size_t i = 0; i < COUNT(back) && t->store != NULL; i++) {
		const struct story *found;

		w.span.from = refused->time - back[i];
		wish(t, w);
		found = latest_let_in(t, q, sc, refused);
		if (found != NULL && found->time >= w.span.from)
			return found;
	}
	w.span.from = INT64_MIN;
	wish(t, w);
	return latest_let_in(t, q, sc, refused);
}

void causes_count(struct causes *out, const struct tale *t, const struct question *q, const struct chosen *c,
		  const struct scope *sc, struct arena *mem)
{
	struct counter k = { .out = out, .mem = mem };
	ARENA(scratch);

	*out = (struct causes){ 0 };
	for (size_t i = 0; i < c->n; i++) {
		add_story(&k, t, c->at[i], sc, &scratch);
		arena_reset(&scratch);
	}
	map_clear(&k.by_reason);
	if (out->n == 0)
		return;
	qsort(out->at, out->n, sizeof(*out->at), most_first);
	if (out->n > CAUSES_MAX) {
		out->more += out->n - CAUSES_MAX;
		out->n = CAUSES_MAX;
	}
	if (question_filter(q, FILTER_FROM) != NULL && c->n == c->found) /* the first refusal is among them */
		out->before = let_in_before(t, q, sc, k.earliest);
}
