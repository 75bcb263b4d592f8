#include "index/index.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "index/bytes.h"
#include "index/tail.h"

/* So much may be joined at the time of a question: a share of the logs, and this. */
enum { TAIL_SHARE = 12, TAIL_LEAST = 256 << 10 };

static void take_blocks(struct cur *c, struct index *x)
{
	uint64_t first = 0;

	x->nblocks = bytes_take_count(c);
	x->blocks = arena_alloc(&x->mem, (x->nblocks + 1) * sizeof(*x->blocks));
	for (size_t i = 0; i < x->nblocks && c->why == NULL; i++) {
		struct family_block *b = &x->blocks[i];
		uint64_t n;

		b->frame = chapter_take_frame(c);
		n = bytes_take(c);
		if (n > x->root.families - first || n > b->frame.size) /* of each some bytes are there */
			cur_fail(c, "more families than there are");
		b->first = (uint32_t)first;
		b->n = (uint32_t)n;
		first += n;
	}
	if (first != x->root.families)
		cur_fail(c, "fewer families than there are");
}

static void take_terms(struct cur *c, struct index *x)
{
	uint64_t from = bytes_take(c);

	terms_take(&x->terms, c, &x->mem);
	terms_move(&x->terms, from);
}

static bool take_root(struct index *x, struct str bytes)
{
	struct index_root *r = &x->root;
	struct cur c = cur_of(bytes);

	r->survey = bytes_take_str(&c);
	r->zone_from = bytes_take_int(&c);
	r->zone_to = bytes_take_int(&c);
	r->zone = bytes_take(&c);
	root_take(&c, x);
	r->stories = bytes_take(&c);
	r->families = bytes_take(&c);
	if (r->families > UINT32_MAX || r->stories > UINT32_MAX)
		cur_fail(&c, "too many stories");
	r->from = bytes_take_int(&c);
	r->to = bytes_take_int(&c);
	r->calls_from = bytes_take_int(&c);
	r->calls_to = bytes_take_int(&c);
	r->table = chapter_take_frame(&c);
	r->rows = chapter_take_frame(&c);
	if (c.why == NULL)
		take_blocks(&c, x);
	if (c.why == NULL)
		take_terms(&c, x);
	if (c.why == NULL)
		root_take_growth(&c, x);
	for (size_t i = 0; i < x->nfiles && c.why == NULL; i++)
		grams_take(&x->files[i].grams, &c, &x->mem, x->files[i].growth.from, x->own.files[i].text.n);
	return c.why == NULL;
}

struct index *index_of(struct chapter *c, struct err *e)
{
	struct index *x = mem_alloc(sizeof(*x));

	source_init(&x->own);
	zone_init(&x->facts.zone, &x->mem);
	x->c = c;
	if (take_root(x, chapter_root(c))) {
		store_init(x);
		return x;
	}
	err_set(e, "it is damaged");
	index_close(x);
	return NULL;
}

/* What a later chapter hides of this one. */
static bool take_hidden(struct index *x, struct str bytes)
{
	struct cur c = cur_of(bytes);
	uint64_t family = 0;

	x->hidden = arena_alloc(&x->mem, (x->root.families / 64 + 1) * sizeof(uint64_t));
	while (c.p < c.end && c.why == NULL) {
		family += bytes_take(&c);
		if (family >= x->root.families)
			return false;
		x->hidden[family / 64] |= (uint64_t)1 << (family % 64);
	}
	return c.why == NULL;
}

/* Where the files of `x` stand in the latest chapter, of which `later` comes behind x. */
static bool place_files(struct index *x, const struct index *later)
{
	x->place = arena_alloc(&x->mem, (x->nfiles + 1) * sizeof(*x->place));
	memset(x->place, 0xff, (x->nfiles + 1) * sizeof(*x->place));
	for (uint32_t i = 0; i < later->nfiles; i++) {
		uint32_t was = later->files[i].growth.was;

		if (was > x->nfiles)
			return false;
		if (was > 0)
			x->place[was - 1] = later->place != NULL ? later->place[i] : i;
	}
	return true;
}

struct ranked {
	int64_t begins;
	uint32_t file;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->begins != y->begins)
		return x->begins < y->begins ? -1 : 1;
	return x->file < y->file ? -1 : x->file > y->file;
}

/* Ours are read in the order in which they stand, others behind them by their beginnings. */
static void rank_files(struct index *x)
{
	struct ranked *at = mem_alloc((x->nfiles + 1) * sizeof(*at));

	for (uint32_t i = 0; i < x->nfiles; i++)
		at[i] =
		    (struct ranked){ x->own.files[i].family == LOG_FOREIGN ? x->own.files[i].begins : INT64_MIN, i };
	if (x->nfiles > 0)
		qsort(at, x->nfiles, sizeof(*at), by_rank);
	x->rank = arena_alloc(&x->mem, (x->nfiles + 1) * sizeof(*x->rank));
	for (uint32_t i = 0; i < x->nfiles; i++)
		x->rank[at[i].file] = i;
	free(at);
}

bool index_chain(struct index *all)
{
	const struct index *later = all;
	size_t i = 0;

	rank_files(all);

	for (struct index *x = all->before; x != NULL; later = x, x = x->before, i++) {
		if (i >= all->root.nbefore || !take_hidden(x, all->root.before[i].hidden) || !place_files(x, later))
			return false;
		x->rank = arena_alloc(&x->mem, (x->nfiles + 1) * sizeof(*x->rank));
		for (size_t f = 0; f < x->nfiles; f++) {
			const struct source_file *now;

			if (x->place[f] >= all->nfiles && x->own.files[f].text.n == 0)
				continue; /* nothing stood in it, and it is gone */
			if (x->place[f] >= all->nfiles)
				return false;
			now = &all->own.files[x->place[f]];
			if (x->own.files[f].text.n > now->text.n)
				return false;
			x->own.files[f].path = now->path;
			x->own.files[f].packed = now->packed;
			x->files[f].id = all->files[x->place[f]].id;
			x->rank[f] = all->rank[x->place[f]];
		}
	}
	return i == all->root.nbefore;
}

/* The chapters before the one that was opened. */
static bool open_before(struct index *x, int dirfd, struct err *e)
{
	struct index *last = x;

	for (size_t i = 0; i < x->root.nbefore; i++) {
		struct chapter *c = chapter_open(dirfd, x->root.before[i].id, e);

		last->before = c != NULL ? index_of(c, e) : NULL;
		if (last->before == NULL)
			return false;
		last = last->before;
	}
	if (index_chain(x))
		return true;
	err_set(e, "its parts do not belong together");
	return false;
}

struct index *index_look_at(const char *dir, uint64_t id, struct err *e)
{
	FD(dirfd) = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct chapter *c;
	struct index *x;

	if (dirfd < 0) {
		err_sys(e, "open %s", dir);
		return NULL;
	}
	c = chapter_open(dirfd, id, e);
	x = c != NULL ? index_of(c, e) : NULL;
	if (x != NULL && open_before(x, dirfd, e))
		return x;
	err_wrap(e, "the index in %s", dir);
	index_close(x);
	return NULL;
}

struct index *index_look(const char *dir, struct err *e)
{
	return index_look_at(dir, 0, e);
}

/* The paths are as they were, and so is the clock that the stamps are understood by. */
bool index_stands(const struct index *x, const struct survey_paths *p, struct err *e)
{
	const struct index_root *r = &x->root;
	BUF(now);

	if (survey_take(&now, p, e) < 0)
		return false;
	if (!str_eq(buf_str(&now), r->survey) || !r->whole) {
		err_set(e, "the logs are not as they were when the index was made");
		return false;
	}
	if (r->zone_from <= r->zone_to && survey_zone(r->zone_from, r->zone_to) != r->zone) {
		err_set(e, "the logs do not name their zone, and this machine had another when the index was made");
		return false;
	}
	return true;
}

/* What is new, as a chapter in memory behind x. */
static struct index *write_tail(struct index *x, struct growth *g, struct err *e)
{
	struct chapter_out *out = chapter_create(-1, e);
	struct tail_ask ask = { .x = x, .g = g, .most = TAIL_LEAST, .rows = true };
	struct chapter *c = NULL;
	struct index *tail;
	struct tail_made made;
	BUF(root);

	for (size_t i = 0; i < g->n; i++)
		ask.most += g->at[i].to / TAIL_SHARE;
	if (growth_new(g) > ask.most)
		err_set(e, "too much is new in the logs since the index was made");
	else if (out != NULL && tail_write(out, &ask, &root, &made, e) == 0)
		c = chapter_reopen(out, buf_str(&root), e);
	chapter_out_free(out);
	tail = c != NULL ? index_of(c, e) : NULL;
	if (tail == NULL)
		return NULL;
	tail->before = x;
	if (index_chain(tail))
		return tail;
	err_set(e, "its parts do not belong together");
	tail->before = NULL;
	index_close(tail);
	return NULL;
}

/* The logs have grown since then: what is new is joined to it.  x is taken over. */
static struct index *go_on(struct index *x, const struct survey_paths *p, struct err *e)
{
	struct growth g;
	struct index *tail = NULL;

	if (growth_look(&g, x, p, e) == 0)
		tail = write_tail(x, &g, e);
	growth_clear(&g);
	if (tail == NULL)
		index_close(x);
	return tail;
}

struct index *index_open(const char *dir, const struct survey_paths *p, struct err *e)
{
	struct index *x = index_look(dir, e);

	if (x == NULL || index_stands(x, p, e))
		return x;
	if (x->root.grows)
		return go_on(x, p, e);
	if (x->root.why.n > 0)
		err_set(e,
			"the logs are not as they were when the index was made, and it cannot go on from there: %.*s",
			STR_ARG(x->root.why));
	index_close(x);
	return NULL;
}

void index_attach(struct index *x, struct source *s, struct trace_ask *ask)
{
	size_t most = s->most;

	source_clear(s);
	*s = x->own;
	s->most = most;
	source_init(&x->own);
	x->source = s;
	ask->source = s;
	ask->store = &x->store;
}

bool index_sound(const struct index *x)
{
	return !x->broken;
}

void index_close(struct index *x)
{
	if (x == NULL)
		return;
	index_close(x->before);
	texts_close(x);
	source_clear(&x->own);
	chapter_free(x->c);
	free(x->all);
	arena_clear(&x->mem);
	free(x);
}

static uint64_t sum_grams(const struct index *x)
{
	uint64_t n = 0;

	for (size_t i = 0; i < x->nfiles; i++)
		for (size_t k = 0; k < x->files[i].grams.n; k += GRAMS_GROUP)
			n += x->files[i].grams.frames[k / GRAMS_GROUP].packed;
	return n;
}

static void add_parts(const struct index *x, struct index_facts *out)
{
	out->size += chapter_size(x->c);
	out->families += x->root.families;
	for (size_t i = 0; i < x->nblocks; i++)
		out->parts[0].size += x->blocks[i].frame.packed;
	out->parts[1].size += x->root.table.packed;
	out->parts[2].size += terms_size(&x->terms, true);
	out->parts[3].size += terms_size(&x->terms, false);
	out->parts[4].size += x->root.rows.packed;
	out->parts[5].size += sum_grams(x);
}

void index_facts(struct index *x, struct index_facts *out)
{
	const struct zone_table *z = &x->facts.zone;

	*out = (struct index_facts){ .files = x->own.n,
				     .stories = x->root.told,
				     .oldest = x->facts.oldest != 0 ? zone_utc(z, x->facts.oldest) : 0,
				     .newest = x->facts.newest != 0 ? zone_utc(z, x->facts.newest) : 0,
				     .parts = { { "stories", 0 },
						{ "table", 0 },
						{ "addresses", 0 },
						{ "other terms", 0 },
						{ "rows", 0 },
						{ "filters", 0 } } };
	for (size_t i = 0; i < x->own.n; i++) {
		out->logs += x->own.files[i].text.n;
		out->lines += x->own.files[i].lines;
	}
	for (const struct index *c = x; c != NULL; c = c->before)
		add_parts(c, out);
}
