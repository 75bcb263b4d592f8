/* Rows as bytes: the vocabulary's number, how many rows, each column as it is, each dictionary as lengths, texts, `of`.
 * In the machine's own order of bytes: an index is used where it was made. */
#include <string.h>

#include "trace/rows.h"

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
	if (d->n > 0)
		buf_add(out, d->of, d->n * sizeof(*d->of));
}

void rows_pack(struct buf *out, const struct rows *r)
{
	put_number(out, row_vocabulary());
	put_number(out, r->n);
#define ROW(type, name, meaning) \
	if (r->n > 0) \
		buf_add(out, r->name, r->n * sizeof(type));
#include "trace/rows.def"
#undef ROW
#define D(name) put_dict(out, &r->name);
	ROW_DICTS(D)
#undef D
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

static void take_dict(struct packed *p, struct row_dict *d)
{
	uint64_t n = take_number(p), bytes = take_number(p), used = 0;
	const char *lengths = take(p, n, sizeof(uint32_t)), *texts = take(p, bytes, 1);
	const char *of = take(p, n, sizeof(*d->of));

	if (!p->good || n >= UINT32_MAX)
		return;
	d->text = mem_alloc((n + 1) * sizeof(*d->text));
	d->of = mem_alloc((n + 1) * sizeof(*d->of));
	d->n = n;
	d->cap = n + 1;
	memcpy(d->of, of, n * sizeof(*d->of));
	for (size_t i = 0; i < n; i++) {
		uint32_t length;

		memcpy(&length, lengths + i * sizeof(length), sizeof(length));
		p->good = p->good && length <= bytes - used;
		d->text[i] = str_mem(texts + used, p->good ? length : 0);
		used += p->good ? length : 0;
	}
}

static void tame(uint32_t *ids, size_t n, const struct row_dict *d)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] >= d->n)
			ids[i] = UINT32_MAX;
}

static void tame_rows(struct rows *r)
{
	tame(r->names.of, r->names.n, &r->domains);
	tame(r->ips.of, r->ips.n, &r->nets);
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

bool rows_unpack(struct rows *r, struct str packed)
{
	struct packed p = { packed, true };
	uint64_t vocabulary = take_number(&p), n = take_number(&p);
	const char *at;

	*r = (struct rows){ 0 };
	p.good = p.good && vocabulary == row_vocabulary() && n < UINT32_MAX && n <= packed.n;
	if (p.good)
		rows_grow(r, (size_t)n);
#define ROW(type, name, meaning) \
	at = take(&p, n, sizeof(type)); \
	if (p.good && n > 0) \
		memcpy(r->name, at, (size_t)n * sizeof(type));
#include "trace/rows.def"
#undef ROW
#define D(name) take_dict(&p, &r->name);
	ROW_DICTS(D)
#undef D
	p.good = p.good && p.rest.n == 0;
	if (p.good)
		tame_rows(r);
	else
		rows_clear(r);
	return p.good;
}
