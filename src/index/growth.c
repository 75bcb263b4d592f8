#include "index/growth.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/io.h"
#include "trace/group.h"

enum { RECOGNISED_BY = 256 << 10 };

/* ---- what was known of it ---- */

static void know(struct growth_file *f, const struct index *x, uint32_t i)
{
	const struct source_file *was = &x->own.files[i];
	struct source_file now = *was;

	now.path = f->f.path;
	now.mtime = f->f.mtime;
	now.packed = f->f.packed;
	now.text = (struct buf){ 0 };
	now.seen = NULL;
	f->f = now;
	f->was = i + 1;
	f->from = was->text.n;
	f->sums = x->files[i].growth;
}

static bool begins_like(struct growth_file *f, const struct index *x, uint32_t i)
{
	const struct index_growth *g = &x->files[i].growth;
	struct index_growth now = { 0 };

	return f->size >= x->own.files[i].text.n && growth_sums_of(f, x->own.files[i].text.n, &now) &&
	       now.first == g->first && now.head == g->head && now.tail == g->tail;
}

/* The file itself, under whatever name; else another one got its inode. */
static bool know_inode(struct growth_file *f, const struct index *x, uint32_t i)
{
	const struct source_file *was = &x->own.files[i];
	const struct source_id *id = &x->files[i].id;
	bool same = f->id.size == id->size && f->id.mtime == id->mtime;

	if (same && (x->files[i].growth.size == was->text.n || (was->text.n == 0 && was->family == LOG_FOREIGN))) {
		f->f.packed = was->packed;
		f->size = x->files[i].growth.size;
		f->same = true;
	} else if ((!same && (f->id.size == id->size || was->packed.form != UNPACK_PLAIN)) || !growth_open(f) ||
		   f->f.packed.form != was->packed.form || !begins_like(f, x, i)) {
		return false;
	}
	know(f, x, i);
	return true;
}

static void know_all(struct growth *g, const struct index *x, bool *found)
{
	for (size_t i = 0; i < g->n; i++)
		for (uint32_t k = 0; k < x->nfiles && g->at[i].was == 0; k++)
			if (source_same(&x->files[k].id, &g->at[i].id))
				found[k] = know_inode(&g->at[i], x, k);
}

/* Nothing stands in it, as in the one that a rotation leaves. */
static bool recognised_blank(struct growth_file *f)
{
	struct str bare;

	f->f.family = LOG_FOREIGN;
	return source_family_named(f->f.path, &f->f.family) || f->f.packed.form != UNPACK_PLAIN ||
	       !unpack_named(f->f.path, &bare);
}

static bool recognised(struct growth_file *f)
{
	BUF(head);

	f->f.opens = INT64_MAX;
	if (f->size == 0)
		return recognised_blank(f);
	if (!growth_text(f, 0, f->size < RECOGNISED_BY ? f->size : RECOGNISED_BY, &head))
		return false;
	if (!log_recognise(buf_str(&head), &f->f.family) && !source_family_named(f->f.path, &f->f.family))
		return false;
	f->f.text = head;
	f->f.opens = group_opens(&f->f);
	f->f.text = (struct buf){ 0 };
	return true;
}

/* Two logs may begin with the same lines and hold no more yet, so one name does not lead to the other kind's text. */
static bool named_alike(const struct growth_file *f, const struct source_file *was)
{
	enum log_family family;

	return !source_family_named(f->f.path, &family) ||
	       (family == was->family && str_eq(source_label(f->f.path), was->label));
}

/* A log that has another inode: an archive of one that was plain, or a new one. */
static int meet(struct growth_file *f, const struct index *x, bool *found, struct err *e)
{
	if (!growth_open(f))
		return err_set(e, "%.*s cannot be read in parts", STR_ARG(f->f.path));
	for (uint32_t k = 0; x != NULL && f->f.packed.form != UNPACK_PLAIN && k < x->nfiles; k++) {
		const struct source_file *was = &x->own.files[k];

		if (found[k] || was->text.n == 0 || was->packed.form != UNPACK_PLAIN || !named_alike(f, was) ||
		    !begins_like(f, x, k))
			continue;
		found[k] = true;
		know(f, x, k);
		return 0;
	}
	f->f.label = source_label(f->f.path);
	if (!recognised(f))
		return err_set(e, "%.*s is no log that an index goes on with", STR_ARG(f->f.path));
	return 0;
}

/* Nothing was joined of it: it may be anything now. */
static bool is_blank(const struct growth_file *f)
{
	return f->was > 0 && f->from == 0;
}

/* By which it has its place among the others. */
static int see_beginning(struct growth_file *f, struct err *e)
{
	struct index_growth now = { 0 };

	if (!growth_sums_of(f, f->size, &now))
		return err_set(e, "%.*s cannot be read", STR_ARG(f->f.path));
	f->sums.first = now.first;
	if (f->size > 0 && f->sums.first == 0)
		return err_set(e, "%.*s has no whole line yet", STR_ARG(f->f.path));
	return f->f.family == LOG_FOREIGN ? growth_see_foreign(f, e) : 0;
}

static int meet_rest(struct growth *g, const struct index *x, bool *found, struct err *e)
{
	for (size_t i = 0; i < g->n; i++) {
		struct growth_file *f = &g->at[i];
		uint32_t was = f->was;

		if (was > 0 && (!is_blank(f) || f->same))
			continue;
		if (was == 0 && meet(f, x, found, e) < 0)
			return -1;
		if (was > 0 && (!growth_open(f) || !recognised(f)))
			return err_set(e, "%.*s is no log that an index goes on with", STR_ARG(f->f.path));
		if (f->from == 0 && see_beginning(f, e) < 0)
			return -1;
		if (f->whole.n > 0)
			growth_rest(f);
	}
	for (uint32_t k = 0; x != NULL && k < x->nfiles; k++)
		if (!found[k] && x->own.files[k].text.n > 0)
			return err_set(e, "%.*s is gone", STR_ARG(x->own.files[k].path));
	return 0;
}

/* ---- together ---- */

static bool same_label(const struct source_file *a, const struct source_file *b)
{
	return a->label.n == 0 || b->label.n == 0 || str_eq(a->label, b->label);
}

/* A copy, or the beginning of one, is passed over in an answer: its first line is another log's. */
static int look_for_copies(const struct growth *g, struct err *e)
{
	for (size_t i = 0; i < g->n; i++)
		for (size_t k = 0; k < i; k++)
			if (g->at[i].size > 0 && g->at[k].size > 0 && g->at[i].f.family == g->at[k].f.family &&
			    g->at[i].sums.first == g->at[k].sums.first && same_label(&g->at[i].f, &g->at[k].f))
				return err_set(e, "%.*s begins like %.*s", STR_ARG(g->at[i].f.path),
					       STR_ARG(g->at[k].f.path));
	return 0;
}

static int by_opens(const void *a, const void *b)
{
	const struct growth_file *x = a, *y = b;

	if (x->f.opens != y->f.opens)
		return x->f.opens < y->f.opens ? -1 : 1;
	return str_cmp(x->f.path, y->f.path);
}

/* What was read must have been read in this order. */
static int put_in_order(struct growth *g, struct err *e)
{
	uint32_t last = 0;

	if (g->n > 0)
		qsort(g->at, g->n, sizeof(*g->at), by_opens);
	for (size_t i = 0; i < g->n; i++)
		if (g->at[i].f.family == LOG_FOREIGN)
			return growth_line_up(g, e);
	for (size_t i = 0; i < g->n; i++) {
		if (g->at[i].from == 0)
			continue;
		if (g->at[i].was < last)
			return err_set(e, "the logs stand in another order");
		last = g->at[i].was;
	}
	return 0;
}

/* What has frames is read in place. */
static bool has_frames(struct growth_file *f)
{
	bool framed = f->framed;

	if (framed || f->fd >= 0 || f->f.packed.form != UNPACK_ZSTD)
		return framed;
	framed = growth_open(f) && f->framed;
	growth_rest(f);
	return framed;
}

/* So much has to be unpacked as a whole, at most; to be exact takes longer. */
static uint64_t unpacked_of(struct growth *g, bool exact)
{
	uint64_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct growth_file *f = &g->at[i];

		if (f->f.packed.form != UNPACK_PLAIN && !(exact ? has_frames(f) : f->framed))
			n += f->size;
	}
	return n;
}

int growth_look(struct growth *g, const struct index *x, const struct survey_paths *p, struct err *e)
{
	bool *found;

	*g = (struct growth){ .mem = ARENA_INIT };
	if (growth_list(g, x, p, e) < 0)
		return -1;
	found = arena_alloc(&g->mem, (x != NULL ? x->nfiles : 0) + 1);
	if (x != NULL)
		know_all(g, x, found);
	if (meet_rest(g, x, found, e) < 0 || look_for_copies(g, e) < 0 || put_in_order(g, e) < 0)
		return -1;
	if (unpacked_of(g, false) > p->unpack && unpacked_of(g, true) > p->unpack)
		return err_set(e, "they would be unpacked to more than the limit");
	for (size_t i = 0; i < g->n; i++) {
		struct growth_file *f = &g->at[i];

		f->to = f->size;
		if (f->from > 0 && !str_eq(f->f.label, source_label(f->f.path)))
			return err_set(e, "%.*s had another port's name", STR_ARG(f->f.path));
	}
	return 0;
}

void growth_clear(struct growth *g)
{
	for (size_t i = 0; i < g->n; i++)
		growth_rest(&g->at[i]);
	arena_clear(&g->mem);
	*g = (struct growth){ 0 };
}

uint64_t growth_new(const struct growth *g)
{
	uint64_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += g->at[i].to - g->at[i].from;
	return n;
}
