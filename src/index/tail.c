#include "index/tail.h"

#include "index/pack_inside.h"
#include "index/tail_inside.h"

enum { ROUNDS = 8 };

/* Lines that belong to nothing yet are read again each time. */
static bool pull_loose(struct tail *t)
{
	struct index *x = t->ask->x;

	for (size_t i = 0; x != NULL && i < x->root.nloose; i++) {
		const struct index_loose *l = &x->root.loose[i];
		const char *text = texts_read(x, l->file, l->at, l->length);
		/* with which line of qmail's a message begins, its story tells */
		bool begins = l->begins && (x->own.files[l->file].servers >> FOREIGN_QMAIL & 1) == 0;

		if (text == NULL)
			return false;
		pull_line(&t->pull, (struct pulled_line){ .file = x->place[l->file],
							  .number = l->number,
							  .length = l->length,
							  .at = l->at,
							  .local = l->local,
							  .begins = begins,
							  .open = l->begins,
							  .under_way = l->under_way,
							  .text = text });
	}
	return true;
}

/* What was joined may lead to more: until it leads to nothing new. */
static int join(struct tail *t, struct err *e)
{
	uint64_t families;

	if (!pull_all(&t->pull, t->ask->most) || !pull_loose(t))
		return err_set(e, "what is new concerns too much of what was there, or the index is damaged");
	for (int i = 0; i < ROUNDS; i++) {
		families = t->pull.families;
		if (!pull_sort(&t->pull))
			return err_set(e, "the index is damaged");
		tail_forget(t);
		if (tail_read(t, e) < 0)
			return -1;
		for (const struct story *s = t->ask->x != NULL ? t->tale.stories : NULL; s != NULL; s = s->later)
			if (!s->over)
				touch_story(&t->pull.keys, &t->book, s);
		if (t->pull.old && !tail_old_starts(t)) {
			t->pull.open_from = t->newest - TAIL_OPEN;
			t->pull.begun = false;
		}
		if (!pull_all(&t->pull, t->ask->most))
			return err_set(e, "what is new concerns too much of what was there, or the index is damaged");
		if (t->pull.families == families)
			return !t->pull.old || tail_old_starts(t)
				   ? 0
				   : err_set(e, "what is new stands too far behind what was read");
	}
	return err_set(e, "what is new concerns more and more of what was there");
}

static void mark_deliveries(struct tail *t)
{
	for (size_t i = 0; i < t->g->n; i++) {
		struct tail_file *f = &t->files[i];

		if (t->g->at[i].f.family != LOG_DELIVERY)
			continue;
		f->nlines = (size_t)t->source.files[i].lines;
		f->covered = arena_alloc(&t->mem, (f->nlines / 64 + 2) * sizeof(uint64_t));
	}
}

static int write_joined(struct tail *t, struct chapter_out *out, struct buf *root, struct tail_made *made,
			struct err *e)
{
	struct writing w;
	int rc;

	mark_deliveries(t);
	t->latest = arena_alloc(&t->mem, (t->tale.n + 1) * sizeof(*t->latest));
	write_begin(&w, &t->tale, out, &(struct write_how){ t->ask->team, t->ask->rows });
	w.see = tail_see;
	w.with = t;
	rc = write_families(&w, t->ask->say, e);
	if (rc == 0 && w.packer->ambiguous)
		rc = err_set(e, "lines of the hour that comes twice are joined anew");
	if (rc == 0)
		rc = tail_root(t, &w, root, made, e);
	write_end(&w);
	return rc;
}

static void place_chapters(struct tail *t)
{
	struct index *later = NULL;

	for (struct index *x = t->ask->x; x != NULL; later = x, x = x->before) {
		x->place = arena_alloc(&x->mem, (x->nfiles + 1) * sizeof(*x->place));
		for (uint32_t i = 0; later == NULL && i < t->g->n; i++) {
			if (t->g->at[i].was == 0)
				continue;
			x->place[t->g->at[i].was - 1] = i;
		}
		for (uint32_t i = 0; later != NULL && i < later->nfiles; i++)
			if (later->files[i].growth.was > 0)
				x->place[later->files[i].growth.was - 1] = later->place[i];
		for (size_t f = 0; f < x->nfiles; f++) {
			const struct growth_file *now = &t->g->at[x->place[f]];

			x->own.files[f].path = now->f.path;
			x->own.files[f].packed = now->f.packed;
			x->files[f].id = now->id;
		}
	}
}

int tail_write(struct chapter_out *out, const struct tail_ask *ask, struct buf *root, struct tail_made *made,
	       struct err *e)
{
	struct tail t = { .ask = ask,
			  .g = ask->g,
			  .zone_said = INT64_MAX,
			  .earliest = INT64_MAX,
			  .mem = ARENA_INIT,
			  .lasting = ARENA_INIT };
	int rc = 0;

	*made = (struct tail_made){ 0 };
	source_init(&t.source);
	t.files = arena_alloc(&t.mem, (t.g->n + 1) * sizeof(*t.files));
	place_chapters(&t);
	if (!pull_begin(&t.pull, ask->x, t.g))
		rc = err_set(e, "the index is damaged");
	t.pull.pairs = ask->pairs;
	if (rc == 0)
		rc = tail_scan(&t, e);
	if (rc == 0)
		rc = join(&t, e);
	if (rc == 0)
		rc = tail_check(&t, e);
	pull_end(&t.pull);
	if (rc == 0)
		rc = write_joined(&t, out, root, made, e);
	if (rc == 0)
		pairs_gather(ask->pairs, &t.tale);
	sets_clear(&t.sets);
	map_clear(&t.tries);
	tail_forget(&t);
	pull_clear(&t.pull);
	arena_clear(&t.mem);
	arena_clear(&t.lasting);
	return rc;
}
