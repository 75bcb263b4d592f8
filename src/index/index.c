#include "index/index.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "index/bytes.h"
#include "index/inside.h"

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
		if (n > x->root.families - first)
			cur_fail(c, "more families than there are");
		b->first = (uint32_t)first;
		b->n = (uint32_t)n;
		first += n;
	}
	if (first != x->root.families)
		cur_fail(c, "fewer families than there are");
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
	r->table = chapter_take_frame(&c);
	r->rows = chapter_take_frame(&c);
	if (c.why == NULL)
		take_blocks(&c, x);
	if (c.why == NULL)
		terms_take(&x->terms, &c, &x->mem);
	return c.why == NULL;
}

struct index *index_look(const char *dir, struct err *e)
{
	FD(dirfd) = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct index *x;

	if (dirfd < 0) {
		err_sys(e, "open %s", dir);
		return NULL;
	}
	x = mem_alloc(sizeof(*x));
	source_init(&x->own);
	zone_init(&x->facts.zone, &x->mem);
	x->c = chapter_open(dirfd, e);
	if (x->c != NULL && take_root(x, chapter_root(x->c))) {
		store_init(x);
		return x;
	}
	if (x->c != NULL)
		err_set(e, "it is damaged");
	err_wrap(e, "the index in %s", dir);
	index_close(x);
	return NULL;
}

/* The paths are as they were, and so is the clock that the stamps are understood by. */
static bool stands_for(const struct index *x, const struct survey_paths *p, struct err *e)
{
	const struct index_root *r = &x->root;
	BUF(now);

	if (survey_take(&now, p, e) < 0)
		return false;
	if (!str_eq(buf_str(&now), r->survey)) {
		err_set(e, "the logs are not as they were when the index was made");
		return false;
	}
	if (r->zone_from <= r->zone_to && survey_zone(r->zone_from, r->zone_to) != r->zone) {
		err_set(e, "the logs do not name their zone, and this machine had another when the index was made");
		return false;
	}
	return true;
}

struct index *index_open(const char *dir, const struct survey_paths *p, struct err *e)
{
	struct index *x = index_look(dir, e);

	if (x == NULL || stands_for(x, p, e))
		return x;
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
	texts_close(x);
	source_clear(&x->own);
	chapter_free(x->c);
	free(x->all);
	arena_clear(&x->mem);
	free(x);
}

static uint64_t sum_blocks(const struct index *x)
{
	uint64_t n = 0;

	for (size_t i = 0; i < x->nblocks; i++)
		n += x->blocks[i].frame.packed;
	return n;
}

void index_facts(struct index *x, struct index_facts *out)
{
	const struct zone_table *z = &x->facts.zone;
	uint64_t addresses = 0, others = 0;

	*out = (struct index_facts){ .size = chapter_size(x->c),
				     .files = x->own.n,
				     .stories = x->root.stories,
				     .families = x->root.families,
				     .oldest = x->facts.oldest != 0 ? zone_utc(z, x->facts.oldest) : 0,
				     .newest = x->facts.newest != 0 ? zone_utc(z, x->facts.newest) : 0 };
	for (size_t i = 0; i < x->own.n; i++) {
		out->logs += x->own.files[i].text.n;
		out->lines += x->own.files[i].lines;
	}
	for (size_t i = 0; i < x->terms.n; i++)
		*(x->terms.at[i].kind <= TERM_NAME ? &addresses : &others) +=
		    x->terms.at[i].keys.packed + x->terms.at[i].lists.packed;
	out->parts[0] = (struct index_part){ "stories", sum_blocks(x) };
	out->parts[1] = (struct index_part){ "table", x->root.table.packed };
	out->parts[2] = (struct index_part){ "addresses", addresses };
	out->parts[3] = (struct index_part){ "other terms", others };
}
