/* A block of terms, unpacked. */
#include <string.h>

#include "index/terms_inside.h"

static void take_sizes(struct term_open *x, int role, struct cur *c)
{
	size_t at = 0;

	x->pieces[role] = arena_alloc(x->mem, (x->n + 1) * sizeof(struct term_piece));
	for (size_t i = 0; i < x->n && c->why == NULL; i++) {
		uint64_t n = bytes_take(c);

		if (n > CHAPTER_FRAME_MAX)
			cur_fail(c, "a list that is too long");
		x->pieces[role][i] = (struct term_piece){ at, n };
		at += n;
	}
}

static void open_texts(struct term_open *x, struct cur *c)
{
	size_t list = 0, at = 0;

	x->pieces[0] = arena_alloc(x->mem, (x->n + 1) * sizeof(struct term_piece));
	for (size_t i = 0; i < x->n && c->why == NULL; i++) {
		uint64_t n = bytes_take(c), size = bytes_take(c);

		if (n > (uint64_t)(c->end - c->p) || size > CHAPTER_FRAME_MAX)
			cur_fail(c, "a term that is too long");
		x->texts[i].n = n;
		x->pieces[0][i] = (struct term_piece){ list, size };
		list += size;
	}
	x->keys = cur_rest(c);
	for (size_t i = 0; i < x->n && c->why == NULL; at += x->texts[i++].n) {
		if (x->texts[i].n > x->keys.n - at)
			cur_fail(c, "terms without end");
		x->texts[i].p = x->keys.p + at;
	}
	if (at != x->keys.n)
		cur_fail(c, "more texts than terms");
}

/* What a group of numbers adds up to. */
struct mark {
	uint64_t step, sizes, lists;
	int64_t first;
};

static struct mark take_mark(struct cur *c)
{
	struct mark m;

	m.step = bytes_take(c);
	m.sizes = bytes_take(c);
	m.lists = bytes_take(c);
	m.first = bytes_take_int(c);
	if (m.sizes > CHAPTER_FRAME_MAX || m.lists > CHAPTER_FRAME_MAX)
		cur_fail(c, "a group that is too long");
	return m;
}

/* The group ends here: its mark says so. */
static void check_mark(struct cur *marks, struct cur *c, struct mark is)
{
	struct mark m = take_mark(marks);

	if (marks->why != NULL || m.step != is.step || m.sizes != is.sizes || m.lists != is.lists)
		cur_fail(c, "a mark that is not where a group ends");
}

static void open_numbers(struct term_open *x, struct cur *c)
{
	char *keys = arena_alloc(x->mem, 8 * (x->n + 1));
	struct cur marks = cur_of(bytes_take_str(c));
	struct mark group = { 0 };
	const char *begin = c->p;
	size_t list = 0;
	uint64_t number = 0;

	x->pieces[0] = arena_alloc(x->mem, (x->n + 1) * sizeof(struct term_piece));
	for (size_t i = 0; i < x->n && c->why == NULL; i++) {
		uint64_t step, size;

		if (i > 0 && i % TERM_GROUP == 0) {
			group.sizes = (uint64_t)(c->p - begin);
			check_mark(&marks, c, group);
			group = (struct mark){ 0 };
			begin = c->p;
		}
		step = bytes_take(c);
		size = bytes_take(c);
		if (size > CHAPTER_FRAME_MAX)
			cur_fail(c, "a list that is too long");
		if (number + step < number)
			cur_fail(c, "numbers that do not rise");
		number += step;
		group.step += step;
		group.lists += size;
		x->texts[i] = term_number(number, keys + 8 * i);
		x->pieces[0][i] = (struct term_piece){ list, size };
		list += size;
	}
	if (marks.p != marks.end)
		cur_fail(c, "more marks than groups");
	x->keys = str_mem(keys, 8 * x->n);
}

/* Of each address its domain, where it has one. */
static struct str *take_domains(struct term_open *x, bool **bare, struct cur *c)
{
	struct str *domain = arena_alloc(x->mem, (x->n + 1) * sizeof(*domain));
	size_t i = 0;

	*bare = arena_alloc(x->mem, x->n + 1);
	while (i < x->n && c->why == NULL) {
		uint64_t count = bytes_take(c), n = bytes_take(c);
		struct str text = n > 0 ? cur_take(c, n - 1, "a domain without end") : (struct str){ "", 0 };

		if (count == 0 || count > x->n - i)
			cur_fail(c, "more addresses than there are");
		for (; count > 0 && c->why == NULL; count--, i++) {
			domain[i] = text;
			(*bare)[i] = n == 0;
		}
	}
	return domain;
}

/* The texts are put together again, one behind the other. */
static void open_names(struct term_open *x, struct cur *c)
{
	bool *bare;
	struct str *domain = take_domains(x, &bare, c), locals;
	size_t all = 0, some = 0;
	char *p;

	for (size_t i = 0; i < x->n && c->why == NULL; i++) {
		x->texts[i].n = bytes_take(c);
		if (x->texts[i].n > (uint64_t)(c->end - c->p))
			cur_fail(c, "a local part without end");
		some += x->texts[i].n;
		all += x->texts[i].n + 1 + domain[i].n;
	}
	take_sizes(x, TERM_FROM, c);
	take_sizes(x, TERM_TO, c);
	locals = cur_rest(c);
	if (c->why == NULL && (some != locals.n || all > CHAPTER_FRAME_MAX))
		cur_fail(c, "not the local parts");
	if (c->why != NULL)
		return;
	x->keys.p = p = arena_alloc(x->mem, all + 1);
	for (size_t i = 0; i < x->n; i++) {
		size_t n = x->texts[i].n;

		x->texts[i].p = p;
		memcpy(p, locals.p, n);
		locals = str_skip(locals, n);
		if (!bare[i]) {
			p[n++] = '@';
			memcpy(p + n, domain[i].p, domain[i].n);
		}
		x->texts[i].n = n + domain[i].n;
		p += x->texts[i].n;
	}
	x->keys.n = (size_t)(p - x->keys.p);
}

bool terms_parse(struct term_open *x, struct str whole)
{
	struct cur r = cur_of(whole);

	x->n = bytes_take_count(&r);
	x->texts = arena_alloc(x->mem, (x->n + 1) * sizeof(*x->texts));
	if (x->from->kind == TERM_ADDRESS)
		open_names(x, &r);
	else if (terms_is_number(x->from->kind))
		open_numbers(x, &r);
	else
		open_texts(x, &r);
	return r.why == NULL;
}

bool terms_open(struct term_open *x, struct chapter *c, const struct term_block *from, struct arena *mem)
{
	struct str whole;

	*x = (struct term_open){ .c = c, .from = from, .mem = mem };
	return chapter_get(c, from->keys, mem, &whole) && terms_parse(x, whole);
}

/* ---- families ---- */

static bool list_of(struct term_open *x, int role, size_t i, struct cur *c)
{
	const struct term_piece *p = &x->pieces[role][i];
	struct chapter_frame frame = role == 0 ? x->from->lists : x->from->more;

	if (x->lists[role].p == NULL && !chapter_get(x->c, frame, x->mem, &x->lists[role]))
		return false;
	if (p->at > x->lists[role].n || p->n > x->lists[role].n - p->at)
		return false;
	*c = cur_of(str_take(str_skip(x->lists[role], p->at), p->n));
	return true;
}

/* Of a counter: what the list before it began with.  Who asks in order goes on from where he was. */
static bool first_of(struct term_open *x, size_t i, int64_t *family)
{
	if (i < x->walked)
		x->walked = 0, x->first = 0;
	for (; x->walked < i; x->walked++) {
		struct cur c;

		if (!list_of(x, 0, x->walked, &c))
			return false;
		x->first = bytes_take_diff(&c, x->first);
	}
	*family = x->first;
	return true;
}

static bool put_list(struct term_open *x, int role, size_t i, struct family_set *out)
{
	bool counts = terms_is_counter(x->from->kind);
	uint64_t family = 0;
	int64_t before = 0;
	struct cur c;

	if ((counts && !first_of(x, i, &before)) || !list_of(x, role, i, &c))
		return false;
	for (bool first = true; c.p < c.end && c.why == NULL; first = false) {
		family = first && counts ? (uint64_t)bytes_take_diff(&c, before) : family + bytes_take(&c);
		if (family >= out->n)
			return false;
		out->bits[family / 64] |= (uint64_t)1 << (family % 64);
	}
	return c.why == NULL;
}

bool terms_put_lists(struct term_open *x, enum term_kind kind, size_t i, struct family_set *out)
{
	if (kind > TERM_ADDRESS)
		return put_list(x, 0, i, out);
	return (kind == TERM_TO || put_list(x, TERM_FROM, i, out)) &&
	       (kind == TERM_FROM || put_list(x, TERM_TO, i, out));
}

/* ---- one number ---- */

/* Over the groups whose numbers are all less: so many numbers, behind which the cursor stands. */
static size_t step_over(struct cur *c, struct cur marks, size_t n, uint64_t wanted, uint64_t *number,
			struct term_walked *w)
{
	size_t over = 0;
	uint64_t bytes = 0;

	while (marks.p < marks.end && marks.why == NULL) {
		struct mark m = take_mark(&marks);

		if (*number + m.step >= wanted || marks.why != NULL || n - over <= TERM_GROUP)
			break;
		*number += m.step;
		bytes += m.sizes;
		w->list.at += m.lists;
		w->first = (int64_t)((uint64_t)w->first + (uint64_t)m.first);
		over += TERM_GROUP;
	}
	(void)cur_take(c, bytes, "a group without end");
	return over;
}

bool terms_walk_to(struct str keys, struct str lists, uint64_t wanted, struct term_walked *w)
{
	struct cur r = cur_of(keys);
	size_t left = bytes_take_count(&r);
	struct cur marks = cur_of(bytes_take_str(&r));
	uint64_t number = 0;

	*w = (struct term_walked){ 0 };
	left -= step_over(&r, marks, left, wanted, &number, w);
	for (; left > 0; left--, w->list.at += w->list.n) {
		struct cur list;

		number += bytes_take(&r);
		w->list.n = bytes_take(&r);
		w->found = number == wanted;
		if (r.why != NULL || w->list.n > CHAPTER_FRAME_MAX)
			return false;
		if (number >= wanted)
			return true;
		list = cur_of(str_take(str_skip(lists, w->list.at), w->list.n));
		if (lists.n > 0)
			w->first = bytes_take_diff(&list, w->first);
	}
	return r.why == NULL;
}

bool terms_walk(const struct term_block *from, struct chapter *c, uint64_t wanted, struct arena *mem,
		struct family_set *out)
{
	struct term_open x = { .c = c, .from = from, .mem = mem };
	struct term_walked w;
	struct str keys;

	if (!chapter_get(c, from->keys, mem, &keys) || !terms_walk_to(keys, STR(""), wanted, &w))
		return false;
	if (!w.found)
		return true;
	if (terms_is_counter(from->kind) &&
	    (!chapter_get(c, from->lists, mem, &x.lists[0]) || !terms_walk_to(keys, x.lists[0], wanted, &w)))
		return false;
	x.pieces[0] = &w.list;
	x.first = w.first;
	return put_list(&x, 0, 0, out);
}
