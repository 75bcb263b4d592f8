/* The root that a chapter of all would have: facts of the chapters before, and of what is new. */
#include <string.h>

#include "index/bytes.h"
#include "index/tail_inside.h"
#include "trace/moment.h"

enum { LOOSE_MAX = 10000, EVEN = 2 /* seconds within which clocks agree: JOIN_NEAR */ };

void tail_see(void *with, const struct packer *k)
{
	struct tail *t = with;
	const struct line *x;

	for (size_t i = 0; (x = pack_each_line(k, i)) != NULL; i++) {
		struct tail_file *f = &t->files[x->file];

		if (f->covered != NULL && x->number <= f->nlines)
			f->covered[x->number / 64] |= (uint64_t)1 << (x->number % 64);
		if (x->local > t->latest[t->nlatest])
			t->latest[t->nlatest] = x->local;
	}
	t->nlatest++;
}

/* ---- files ---- */

static int64_t lesser(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static void merge_file(struct tail *t, size_t i, struct source_file *out)
{
	struct growth_file *g = &t->g->at[i];
	const struct source_file *now = &t->source.files[i];
	const struct tail_file *f = &t->files[i];
	struct str text = tail_new_text(t, i);

	*out = *now;
	out->mtime = g->f.mtime;
	out->packed = g->f.packed;
	out->text = (struct buf){ .n = g->to };
	out->torn = text.n > 0 && text.p[text.n - 1] != '\n';
	out->seen = arena_alloc(&t->mem, sizeof(*out->seen));
	out->seen->id = g->id;
	if (g->to == 0 && g->f.family == LOG_FOREIGN)
		out->begins = g->f.begins;
	if (t->ask->x == NULL)
		return;
	out->lines = f->lines;
	out->unreadable = f->unreadable;
	out->strangers = f->strangers;
	if (g->was == 0)
		return;
	out->lines += g->f.lines;
	out->unreadable += g->f.unreadable;
	out->strangers += g->f.strangers;
	out->first = lesser(g->f.first, now->first);
	out->last = now->last > g->f.last ? now->last : g->f.last;
	out->year_voted = now->year_voted || g->f.year_voted;
	if (text.n == 0)
		out->torn = g->f.torn;
	if (g->f.family == LOG_SPAMDYKE && now->first_year == 0)
		out->first_year = g->f.first_year;
}

static void merge_files(struct tail *t, struct source *all)
{
	*all = (struct source){ .mem = ARENA_INIT };
	all->files = arena_alloc(&t->mem, (t->source.n + 1) * sizeof(*all->files));
	all->n = t->source.n;
	for (size_t i = 0; i < all->n; i++)
		merge_file(t, i, &all->files[i]);
	source_rotations(all);
	for (size_t i = 0; i < t->g->nrepeated; i++)
		source_skip_repeated(all, t->g->repeated[i]);
}

static void merge_facts(struct tail *t, struct source *all, struct book *out)
{
	const struct index *x = t->ask->x;

	*out = (struct book){ .source = all, .zone = t->book.zone };
	if (x != NULL)
		out->zone.outliers += x->facts.zone.outliers;
	if (growth_foreign(t->g)) {
		out->year_proven = t->book.year_proven || (x != NULL && x->facts.year_proven);
		out->year_guessed = t->book.year_guessed || (x != NULL && x->facts.year_guessed);
	}
	out->skew = arena_alloc(&t->mem, (all->n + 1) * sizeof(*out->skew));
	for (size_t i = 0; i < all->n; i++) {
		const struct source_file *f = &all->files[i];

		out->oldest = lesser(out->oldest, f->first);
		out->newest = f->last > out->newest ? f->last : out->newest;
		if (f->family != LOG_SPAMDYKE || f->last == 0)
			continue;
		out->year_proven = out->year_proven || f->year_voted;
		out->year_guessed = out->year_guessed || !f->year_voted;
	}
}

/* ---- clocks ---- */

/* A gate's clock is the SMTP log's while most of its lines stand beside the replies that they name (skew.c). */
static void count_gates(struct tail *t, struct index_growth *sums)
{
	for (const struct story *s = t->tale.stories; s != NULL; s = s->later)
		for (const struct party *p = s->parties.first; p != NULL; p = p->next)
			for (const struct gate *g = p->gates; g != NULL; g = g->next) {
				const struct visit *v = s->visit;
				bool known = v != NULL && v->qp == g->qp && v->final != NULL;
				int64_t d = known ? moment_of(&t->book, g->line) - moment_of(&t->book, v->final) : EVEN;

				if (g->qp == 0 || v == NULL)
					continue;
				if (d >= EVEN || d <= -EVEN)
					sums[g->line->file].odd++;
				else if (line_offset(&t->book, g->line) >= t->g->at[g->line->file].from)
					sums[g->line->file].even++;
			}
}

static int put_sums(struct tail *t, struct index_growth *sums, struct err *e)
{
	struct index_growth *last = arena_alloc(&t->mem, (t->g->n + 1) * sizeof(*last));

	for (size_t i = 0; i < t->g->n; i++) {
		struct growth_file *g = &t->g->at[i];

		sums[i] = (struct index_growth){ 0 };
		if (g->was > 0) {
			sums[i].even = t->ask->x->files[g->was - 1].growth.even;
			sums[i].odd = t->ask->x->files[g->was - 1].growth.odd;
		}
	}
	count_gates(t, sums);
	if (t->old)
		tail_old_count(t, sums, last);
	if (t->damaged)
		return err_set(e, "the index is damaged");
	for (size_t i = 0; i < t->g->n; i++) {
		struct growth_file *g = &t->g->at[i];
		struct index_growth x = sums[i];
		uint64_t first = g->sums.first; /* also of what is not joined yet */

		/* a single sample of deliveries proves nothing */
		if (x.odd + last[i].odd > (g->f.family == LOG_DELIVERY) && x.odd + last[i].odd >= x.even + last[i].even)
			return err_set(e, "the %s clock may be another one than the SMTP log's",
				       g->f.family == LOG_DELIVERY ? "delivery log's" : "gate's");
		if (g->from == g->to && g->was > 0)
			g->sums = t->ask->x->files[g->was - 1].growth;
		else if (!growth_sums(g))
			return err_set(e, "%.*s cannot be read", STR_ARG(g->f.path));
		g->sums.first = g->to == 0 ? first : g->sums.first;
		sums[i] = g->sums;
		sums[i].even = x.even;
		sums[i].odd = x.odd;
		sums[i].from = g->from;
		sums[i].size = g->size;
		sums[i].was = g->was;
	}
	return 0;
}

/* ---- loose lines ---- */

/* What follows a try says nothing until that is there, which may stand in a log that is read before it. */
static bool may_matter(enum log_kind kind)
{
	switch (kind) {
	case LOG_DELIVERY_REMOTE:
	case LOG_DELIVERY_RESULT:
	case LOG_DELIVERY_NEXT:
	case LOG_DELIVERY_GAVE_UP:
	case LOG_DELIVERY_MAILBOX:
	case LOG_DELIVERY_DONE:
	case LOG_DELIVERY_INIT:
	case LOG_DELIVERY_INFO:
	case LOG_DELIVERY_ALIAS:
	case LOG_DELIVERY_TRY:
	case LOG_DELIVERY_BOUNCE:
	case LOG_DELIVERY_DELAY_NOTICE:
	case LOG_DELIVERY_SUCCESS_NOTICE:
	case LOG_DELIVERY_AUTOREPLY:
	case LOG_DELIVERY_POSTMASTER:
		return true;
	default:
		return false;
	}
}

void tail_put_loose(struct tail_loose *l, const struct line *x, const struct open_end *end)
{
	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? 2 * l->cap : 64;

		l->at = arena_grow(&l->t->mem, l->at, l->n, cap, sizeof(*l->at));
		l->cap = cap;
	}
	l->at[l->n++] = (struct index_loose){ .file = (uint32_t)x->file,
					      .number = line_number(&l->t->book, x),
					      .length = (uint32_t)x->length,
					      .at = line_offset(&l->t->book, x),
					      .local = x->local,
					      .begins = end != NULL && end->begins,
					      .under_way = end != NULL && end->under_way };
}

static void add_loose(struct tail_loose *l, size_t file, uint32_t number, struct str raw)
{
	const struct source_file *f = &l->t->source.files[file];
	struct line x = { .file = file, .number = number, .at = (uint32_t)(raw.p - f->text.p), .length = raw.n };

	tail_put_loose(l, &x, NULL);
}

/* Of a delivery log: what no story has, and the last init, whose message may have more tries. */
static void loose_of(struct tail_loose *l, size_t i)
{
	struct source_walk w = { .file = &l->t->source.files[i] };
	const struct tail_file *f = &l->t->files[i];
	struct log_line parsed = { 0 };
	uint32_t last_init = 0;
	struct str raw, init = { NULL, 0 };
	enum source_fault fault;

	while (source_next(&w, &raw, &fault)) {
		bool covered = (f->covered[w.number / 64] >> (w.number % 64) & 1) != 0;

		if (fault != SOURCE_GOOD)
			continue;
		if (covered && str_find(str_take(raw, 32), STR(", init, ")) < 0)
			continue;
		log_parse_next(LOG_DELIVERY, raw, &parsed);
		if (parsed.kind == LOG_DELIVERY_INIT) {
			last_init = (uint32_t)w.number;
			init = raw;
			if (!covered)
				add_loose(l, i, last_init, raw);
		} else if (!covered && may_matter(parsed.kind)) {
			add_loose(l, i, (uint32_t)w.number, raw);
		}
	}
	if (last_init > 0 && (f->covered[last_init / 64] >> (last_init % 64) & 1) != 0)
		add_loose(l, i, last_init, init);
}

/* ---- the chapters before ---- */

static struct str hidden_of(struct tail *t, const struct index *x, const struct family_set *pulled)
{
	uint64_t before = 0;
	struct str s;
	BUF(b);

	for (uint32_t f = 0; f < x->root.families; f++) {
		if (!set_has(pulled->bits, f) && (x->hidden == NULL || !set_has(x->hidden, f)))
			continue;
		bytes_put(&b, f - before);
		before = f;
	}
	s = arena_str(&t->mem, buf_str(&b));
	return s;
}

static void put_before(struct tail *t, struct index_root *r)
{
	size_t i = 0;

	r->before = arena_alloc(&t->mem, (INDEX_CHAPTERS + 1) * sizeof(*r->before));
	for (const struct index *x = t->ask->x; x != NULL && i < INDEX_CHAPTERS; x = x->before, i++)
		r->before[i] = (struct index_before){ chapter_id(x->c), hidden_of(t, x, &t->pull.set[i]) };
	r->nbefore = i;
}

int tail_root(struct tail *t, struct writing *w, struct buf *root, struct tail_made *made, struct err *e)
{
	struct tail_loose loose = { .t = t };
	struct index_growth *sums = arena_alloc(&t->mem, (t->g->n + 1) * sizeof(*sums));
	struct source all;
	struct book facts;
	struct writing_root r = { .survey = t->ask->survey, .growth = sums, .sets = &t->sets };
	int rc = put_sums(t, sums, e);

	for (size_t i = 0; i < t->g->n && rc == 0; i++)
		if (t->g->at[i].f.family == LOG_DELIVERY && !t->old)
			loose_of(&loose, i);
	for (const struct open_end *x = t->book.ends; x != NULL; x = x->next)
		if (x->visit == NULL)
			tail_put_loose(&loose, &x->line, x);
	if (t->old)
		tail_old_loose(t, &loose);
	if (rc == 0 && loose.n > LOOSE_MAX)
		rc = err_set(e, "too many lines belong to nothing");
	if (rc < 0)
		return rc;
	made->stories = t->tale.n + (t->ask->x != NULL ? t->ask->x->root.told - t->pull.stories : 0);
	made->pulled = t->pull.n;
	merge_files(t, &all);
	merge_facts(t, &all, &facts);
	r.source = &all;
	r.facts = &facts;
	r.goes_on = (struct index_root){ .grows = true,
					 .told = made->stories,
					 .zone_last = t->book.zone.last,
					 .loose = loose.at,
					 .nloose = loose.n };
	if (growth_foreign(t->g)) {
		tail_open(t, w, &r.goes_on);
		r.goes_on.host = t->book.ids.host.n > 0 || t->ask->x == NULL ? t->book.ids.host : t->ask->x->root.host;
	}
	if (t->old) {
		tail_old_open(t, w, &r.goes_on);
		tail_old_names(t, w, &r.goes_on);
		r.goes_on.zone_before = t->book.zone.sum;
	}
	r.goes_on.whole = true;
	for (size_t i = 0; i < t->g->n; i++)
		r.goes_on.whole = r.goes_on.whole && t->g->at[i].to == t->g->at[i].size;
	put_before(t, &r.goes_on);
	r.goes_on.left = root_add_left(w->out, &r.goes_on);
	write_root(w, &r, root);
	arena_clear(&all.mem);
	return 0;
}
