/* Rows as bytes: the vocabulary's number, how many rows, each column, logins and ports as lengths and texts.  Those
 * that name texts, and times, stand byte by byte, the lowest of all first, which zstd packs better; stories as steps.
 * In the machine's own order of bytes: an index is used where it was made. */
#include <stdlib.h>
#include <string.h>

#include "trace/rows.h"

/* Those of four bytes have a line each in rows_pack() and take_columns(). */
#define ROW(type, name, meaning) +(sizeof(type) == sizeof(uint32_t))
_Static_assert(0
#include "trace/rows.def"
		   == 7,
	       "a new column is packed");
#undef ROW

static void put_number(struct buf *out, uint64_t n)
{
	buf_add(out, &n, sizeof(n));
}

static void put_dict(struct buf *out, const struct row_dict *d)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < d->n; i++)
		bytes += d->text[i].n;
	put_number(out, d->n);
	put_number(out, bytes);
	for (size_t i = 0; i < d->n; i++) {
		uint32_t n = (uint32_t)d->text[i].n;

		buf_add(out, &n, sizeof(n));
	}
	for (size_t i = 0; i < d->n; i++)
		buf_addstr(out, d->text[i]);
}

static void put_column(struct buf *out, const void *column, size_t n, size_t size)
{
	if (n > 0)
		buf_add(out, column, n * size);
}

static void put_planes(struct buf *out, const uint32_t *column, size_t n)
{
	buf_need(out, 4 * n + 1);
	for (int shift = 0; shift < 32; shift += 8) {
		char *p = out->p + out->n;

		for (size_t i = 0; i < n; i++)
			p[i] = (char)(column[i] >> shift);
		out->n += n;
	}
}

/* Of ids, where each stands in the dictionary that is kept. */
static void put_places(struct buf *out, const uint32_t *column, size_t n, const struct row_dict *d,
		       const uint32_t *places)
{
	uint32_t *to = mem_alloc((n + 1) * sizeof(*to));

	for (size_t i = 0; i < n; i++)
		to[i] = column[i] < d->n ? places[column[i]] : UINT32_MAX;
	put_planes(out, to, n);
	free(to);
}

static void put_steps(struct buf *out, const uint32_t *column, size_t n)
{
	uint32_t *to = mem_alloc((n + 1) * sizeof(*to));

	for (size_t i = 0; i < n; i++)
		to[i] = column[i] - (i > 0 ? column[i - 1] : 0);
	put_planes(out, to, n);
	free(to);
}

static bool is_named(enum row_also_kind kind)
{
	return kind == ALSO_TO || kind == ALSO_HOP_FROM || kind == ALSO_HOP_TO;
}

static void put_also(struct buf *out, const struct rows *r, const struct rows_places *p)
{
	size_t n = r->nalso, bytes = (n + 1) * sizeof(uint32_t);
	uint32_t *row = mem_alloc(bytes), *text = mem_alloc(bytes);
	unsigned char *kind = mem_alloc(n + 1);

	for (size_t i = 0; i < n; i++) {
		const struct row_also *a = &r->also[i];

		row[i] = a->row;
		text[i] = is_named(a->kind) && a->text < r->names.n ? p->names[a->text] : a->text;
		kind[i] = (unsigned char)a->kind;
	}
	put_number(out, n);
	put_steps(out, row, n);
	put_planes(out, text, n);
	put_column(out, kind, n, 1);
	free(row);
	free(text);
	free(kind);
}

void rows_pack(struct buf *out, const struct rows *r, const struct rows_places *p)
{
	put_number(out, row_vocabulary());
	put_number(out, r->n);
	put_planes(out, r->time, r->n);
	put_steps(out, r->story, r->n);
	put_places(out, r->from, r->n, &r->names, p->names);
	put_places(out, r->to, r->n, &r->names, p->names);
	put_places(out, r->ip, r->n, &r->ips, p->ips);
	put_column(out, r->login, r->n, sizeof(*r->login));
	put_column(out, r->bytes, r->n, sizeof(*r->bytes));
#define ROW(type, name, meaning) \
	if (sizeof(type) < sizeof(uint32_t)) \
		put_column(out, r->name, r->n, sizeof(type));
#include "trace/rows.def"
#undef ROW
	put_dict(out, &r->logins);
	put_dict(out, &r->ports);
	put_also(out, r, p);
}

/* What is left of the bytes; once too few were there, none are. */
struct packed {
	struct str rest;
	bool good;
};

static const char *take(struct packed *p, uint64_t n, size_t size)
{
	const char *at = p->rest.p;

	p->good = p->good && n <= p->rest.n / size;
	if (p->good)
		p->rest = str_skip(p->rest, (size_t)n * size);
	return at;
}

static uint64_t take_number(struct packed *p)
{
	const char *at = take(p, 1, sizeof(uint64_t));
	uint64_t n = 0;

	if (p->good)
		memcpy(&n, at, sizeof(n));
	return n;
}

static void take_column(struct packed *p, void *column, size_t n, size_t size)
{
	const char *at = take(p, n, size);

	if (p->good && n > 0)
		memcpy(column, at, n * size);
}

static void take_planes(struct packed *p, uint32_t *column, size_t n)
{
	const unsigned char *a = (const unsigned char *)take(p, n, sizeof(*column)), *b, *c, *d;

	if (!p->good)
		return;
	b = a + n;
	c = b + n;
	d = c + n;
	for (size_t i = 0; i < n; i++)
		column[i] = a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24;
}

static void take_steps(struct packed *p, uint32_t *column, size_t n)
{
	take_planes(p, column, n);
	for (size_t i = 1; i < n && p->good; i++)
		column[i] += column[i - 1];
}

/* Rows must rise, and be there; ids are looked at by whoever asks. */
static void take_also(struct packed *p, struct rows *r)
{
	uint64_t n = take_number(p);
	uint32_t *row, *text;
	const char *kind;

	p->good = p->good && n <= p->rest.n;
	if (!p->good)
		return;
	row = mem_alloc((n + 1) * sizeof(*row));
	text = mem_alloc((n + 1) * sizeof(*text));
	take_steps(p, row, n);
	take_planes(p, text, n);
	kind = take(p, n, 1);
	r->also = mem_alloc((n + 1) * sizeof(*r->also));
	r->also_cap = n + 1;
	for (size_t i = 0; i < n && p->good; i++) {
		p->good = row[i] < r->n && (i == 0 || row[i] >= row[i - 1]) && (unsigned char)kind[i] < ROW_ALSO_KINDS;
		r->also[r->nalso++] = (struct row_also){ row[i], text[i], (enum row_also_kind)kind[i] };
	}
	free(row);
	free(text);
}

static void begin_dict(struct row_dict *d, size_t n)
{
	d->text = mem_alloc((n + 1) * sizeof(*d->text));
	d->of = mem_alloc((n + 1) * sizeof(*d->of));
	d->n = n;
	d->cap = n + 1;
	memset(d->of, 0xff, n * sizeof(*d->of));
}

static void take_dict(struct packed *p, struct row_dict *d)
{
	uint64_t n = take_number(p), bytes = take_number(p), used = 0;
	const char *lengths = take(p, n, sizeof(uint32_t)), *texts = take(p, bytes, 1);

	if (!p->good || n >= UINT32_MAX)
		return;
	begin_dict(d, n);
	for (size_t i = 0; i < n; i++) {
		uint32_t length;

		memcpy(&length, lengths + i * sizeof(length), sizeof(length));
		p->good = p->good && length <= bytes - used;
		d->text[i] = str_mem(texts + used, p->good ? length : 0);
		used += p->good ? length : 0;
	}
}

static void give_texts(struct rows *r, const struct rows_texts *t)
{
	begin_dict(&r->names, t->nnames);
	if (t->nnames > 0)
		memcpy(r->names.text, t->names, t->nnames * sizeof(*t->names));
	begin_dict(&r->ips, t->nips);
	if (t->nips > 0)
		memcpy(r->ips.text, t->ips, t->nips * sizeof(*t->ips));
	for (size_t i = 0; i < t->nnames && !t->bare; i++)
		rows_place_name(r, i);
	for (size_t i = 0; i < t->nips && !t->bare; i++)
		rows_place_ip(r, i);
}

static void tame(uint32_t *ids, size_t n, const struct row_dict *d)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] >= d->n)
			ids[i] = UINT32_MAX;
}

static void tame_rows(struct rows *r)
{
	tame(r->from, r->n, &r->names);
	tame(r->to, r->n, &r->names);
	tame(r->ip, r->n, &r->ips);
	tame(r->login, r->n, &r->logins);
	for (size_t i = 0; i < r->n; i++) {
		if (r->verdict[i] >= VERDICT_COUNT)
			r->verdict[i] = VERDICT_UNKNOWN;
		if (r->port[i] >= r->ports.n)
			r->port[i] = UINT8_MAX;
	}
}

static void take_columns(struct packed *p, struct rows *r)
{
	take_planes(p, r->time, r->n);
	take_steps(p, r->story, r->n);
	take_planes(p, r->from, r->n);
	take_planes(p, r->to, r->n);
	take_planes(p, r->ip, r->n);
	take_column(p, r->login, r->n, sizeof(*r->login));
	take_column(p, r->bytes, r->n, sizeof(*r->bytes));
#define ROW(type, name, meaning) \
	if (sizeof(type) < sizeof(uint32_t)) \
		take_column(p, r->name, r->n, sizeof(type));
#include "trace/rows.def"
#undef ROW
}

bool rows_unpack(struct rows *r, struct str packed, const struct rows_texts *t)
{
	struct packed p = { packed, true };
	uint64_t vocabulary = take_number(&p), n = take_number(&p);

	*r = (struct rows){ 0 };
	p.good = p.good && vocabulary == row_vocabulary() && n < UINT32_MAX && n <= packed.n;
	if (p.good)
		rows_grow(r, (size_t)n);
	take_columns(&p, r);
	take_dict(&p, &r->logins);
	take_dict(&p, &r->ports);
	take_also(&p, r);
	p.good = p.good && p.rest.n == 0;
	if (p.good) {
		give_texts(r, t);
		tame_rows(r);
	} else {
		rows_clear(r);
	}
	return p.good;
}
