/* What a chapter keeps so that the next one can go on from it, where the logs may grow. */
#include <string.h>

#include "index/bytes.h"
#include "index/inside.h"

static void put_number(struct buf *b, uint64_t v)
{
	buf_add(b, &v, sizeof(v));
}

static uint64_t take_number(struct cur *c)
{
	struct str s = cur_take(c, sizeof(uint64_t), "a number without end");
	uint64_t v = 0;

	if (s.n == sizeof(v))
		memcpy(&v, s.p, sizeof(v));
	return v;
}

static void put_waiting(struct buf *b, const struct index_root *r)
{
	bytes_put(b, r->nwaiting);
	for (size_t i = 0; i < r->nwaiting; i++) {
		bytes_put_int(b, (int64_t)r->waiting[i].family - (i > 0 ? r->waiting[i - 1].family : 0));
		bytes_put(b, r->waiting[i].to);
	}
}

static void put_flights(struct buf *b, const struct index_root *r)
{
	bytes_put(b, r->nflights);
	for (size_t i = 0; i < r->nflights; i++) {
		bytes_put(b, r->flights[i].number);
		bytes_put_int(b, r->flights[i].at);
		bytes_put(b, r->flights[i].family);
	}
}

static void put_loose(struct buf *b, const struct index_root *r)
{
	bytes_put(b, r->nloose);
	for (size_t i = 0; i < r->nloose; i++) {
		bytes_put(b, r->loose[i].file);
		bytes_put(b, r->loose[i].number);
		bytes_put(b, r->loose[i].at);
		bytes_put(b, (uint64_t)r->loose[i].length << 2 | r->loose[i].under_way << 1 | r->loose[i].begins);
		bytes_put_int(b, r->loose[i].local);
	}
}

static void put_open(struct buf *b, const struct index_root *r)
{
	bytes_put(b, r->nopen);
	for (size_t i = 0; i < r->nopen; i++) {
		bytes_put(b, r->open[i]);
		bytes_put_int(b, r->until[i]);
	}
}

struct chapter_frame root_add_left(struct chapter_out *out, const struct index_root *r)
{
	BUF(b);

	put_loose(&b, r);
	put_open(&b, r);
	put_waiting(&b, r);
	put_flights(&b, r);
	return chapter_add(out, buf_str(&b));
}

void root_put_growth(struct buf *b, const struct index_root *r, const struct index_growth *files, size_t n)
{
	bytes_put(b, r->grows);
	if (!r->grows) {
		bytes_put_str(b, r->why);
		return;
	}
	bytes_put(b, r->whole);
	bytes_put(b, r->told);
	bytes_put_int(b, r->zone_last);
	for (size_t i = 0; i < n; i++) {
		put_number(b, files[i].first);
		put_number(b, files[i].head);
		put_number(b, files[i].tail);
		bytes_put(b, files[i].from);
		bytes_put(b, files[i].size);
		bytes_put(b, files[i].was);
		bytes_put(b, files[i].even);
		bytes_put(b, files[i].odd);
	}
	chapter_put_frame(b, r->left);
	bytes_put_int(b, r->zone_before.offset);
	bytes_put(b, r->zone_before.kept);
	bytes_put(b, r->zone_before.others);
	bytes_put_int(b, r->zone_before.first);
	chapter_put_frame(b, r->tried);
	chapter_put_frame(b, r->relied);
	chapter_put_frame(b, r->hours);
	bytes_put_int(b, r->hours_from);
	bytes_put_str(b, r->host);
	bytes_put(b, r->nbefore);
	for (size_t i = 0; i < r->nbefore; i++) {
		put_number(b, r->before[i].id);
		bytes_put_str(b, r->before[i].hidden);
	}
}

static uint32_t take_upto(struct cur *c, uint64_t limit)
{
	uint64_t v = bytes_take(c);

	if (v >= limit)
		cur_fail(c, "no such number");
	return v < limit ? (uint32_t)v : 0;
}

static void take_growth(struct cur *c, struct index_growth *g)
{
	g->first = take_number(c);
	g->head = take_number(c);
	g->tail = take_number(c);
	g->from = bytes_take(c);
	g->size = bytes_take(c);
	g->was = take_upto(c, SOURCE_FILES_MAX + 1);
	g->even = bytes_take(c);
	g->odd = bytes_take(c);
}

static void take_loose(struct cur *c, struct index *x)
{
	struct index_root *r = &x->root;

	r->nloose = bytes_take_count(c);
	r->loose = arena_alloc(&x->mem, (r->nloose + 1) * sizeof(*r->loose));
	for (size_t i = 0; i < r->nloose && c->why == NULL; i++) {
		struct index_loose *l = &r->loose[i];

		l->file = take_upto(c, x->nfiles);
		l->number = take_upto(c, UINT32_MAX);
		l->at = bytes_take(c);
		l->length = take_upto(c, 4 * (SOURCE_LINE_MAX + 1));
		l->begins = (l->length & 1) != 0;
		l->under_way = (l->length & 2) != 0;
		l->length >>= 2;
		l->local = bytes_take_int(c);
		if (c->why == NULL &&
		    (l->at > x->own.files[l->file].text.n || l->length > x->own.files[l->file].text.n - l->at))
			cur_fail(c, "a line beyond its file");
	}
}

static void take_waiting(struct cur *c, struct index *x)
{
	struct index_root *r = &x->root;
	int64_t family = 0;

	r->nwaiting = bytes_take_count(c);
	r->waiting = arena_alloc(&x->mem, (r->nwaiting + 1) * sizeof(*r->waiting));
	for (size_t i = 0; i < r->nwaiting && c->why == NULL; i++) {
		family = bytes_take_diff(c, family);
		r->waiting[i].to = bytes_take(c);
		r->waiting[i].family = (uint32_t)family;
		if (family < 0 || (uint64_t)family >= r->families)
			cur_fail(c, "no such family");
	}
}

static void take_flights(struct cur *c, struct index *x)
{
	struct index_root *r = &x->root;

	r->nflights = bytes_take_count(c);
	r->flights = arena_alloc(&x->mem, (r->nflights + 1) * sizeof(*r->flights));
	for (size_t i = 0; i < r->nflights && c->why == NULL; i++) {
		r->flights[i].number = bytes_take(c);
		r->flights[i].at = bytes_take_int(c);
		r->flights[i].family = take_upto(c, r->families);
	}
}

static void take_open(struct cur *c, struct index *x)
{
	struct index_root *r = &x->root;

	r->nopen = bytes_take_count(c);
	r->open = arena_alloc(&x->mem, (r->nopen + 1) * sizeof(*r->open));
	r->until = arena_alloc(&x->mem, (r->nopen + 1) * sizeof(*r->until));
	for (size_t i = 0; i < r->nopen && c->why == NULL; i++) {
		r->open[i] = take_upto(c, r->families);
		r->until[i] = bytes_take_int(c);
	}
}

void root_take_left(struct cur *c, struct index *x)
{
	take_loose(c, x);
	take_open(c, x);
	take_waiting(c, x);
	take_flights(c, x);
}

bool root_left(struct index *x)
{
	struct str bytes;
	struct cur c;

	if (x->root.left_read || !x->root.grows)
		return true;
	if (!chapter_get(x->c, x->root.left, &x->mem, &bytes))
		return false;
	c = cur_of(bytes);
	root_take_left(&c, x);
	x->root.left_read = c.why == NULL;
	return x->root.left_read;
}

static void take_clocks(struct cur *c, struct index_root *r)
{
	r->zone_before.offset = (int)bytes_take_int(c);
	r->zone_before.kept = bytes_take(c);
	r->zone_before.others = bytes_take(c);
	r->zone_before.first = bytes_take_int(c);
	r->tried = chapter_take_frame(c);
	r->relied = chapter_take_frame(c);
	r->hours = chapter_take_frame(c);
	r->hours_from = bytes_take_int(c);
	r->host = bytes_take_str(c);
}

void root_take_growth(struct cur *c, struct index *x)
{
	struct index_root *r = &x->root;

	r->told = r->stories;
	r->whole = true;
	r->grows = bytes_take(c) != 0;
	if (!r->grows) {
		r->why = bytes_take_str(c);
		return;
	}
	r->whole = bytes_take(c) != 0;
	r->told = bytes_take(c);
	r->zone_last = bytes_take_int(c);
	for (size_t i = 0; i < x->nfiles; i++)
		take_growth(c, &x->files[i].growth);
	r->left = chapter_take_frame(c);
	take_clocks(c, r);
	r->nbefore = bytes_take_count(c);
	if (r->nbefore > INDEX_CHAPTERS)
		cur_fail(c, "too many chapters");
	if (c->why != NULL)
		return;
	r->before = arena_alloc(&x->mem, (r->nbefore + 1) * sizeof(*r->before));
	for (size_t i = 0; i < r->nbefore; i++) {
		r->before[i].id = take_number(c);
		r->before[i].hidden = bytes_take_str(c);
	}
}
