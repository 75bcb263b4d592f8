#include "trace/rows.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

void rows_clear(struct rows *r)
{
#define ROW(type, name, meaning) free(r->name);
#include "trace/rows.def"
#undef ROW
#define D(name) free(r->name.text), free(r->name.of), map_clear(&r->name.ids);
	ROW_DICTS(D)
#undef D
	map_clear(&r->numbers);
	arena_clear(&r->mem);
	*r = (struct rows){ 0 };
}

/* Room for so many rows; what is new is not set. */
void rows_grow(struct rows *r, size_t more)
{
	size_t cap = r->cap > 0 ? r->cap : 64;

	r->n += more;
	if (r->n <= r->cap)
		return;
	while (cap < r->n)
		cap *= 2;
#define ROW(type, name, meaning) r->name = mem_grow(r->name, cap * sizeof(type));
#include "trace/rows.def"
#undef ROW
	r->cap = cap;
}

size_t rows_new(struct rows *r)
{
	size_t i = r->n;

	rows_grow(r, 1);
#define ROW(type, name, meaning) r->name[i] = ROW_UNKNOWN(r->name[i]);
#include "trace/rows.def"
#undef ROW
	r->reason[i] = 0;
	r->times[i] = 1;
	r->client[i] = 0;
	return i;
}

uint32_t rows_text(struct row_dict *d, struct str text)
{
	uintptr_t known;

	for (; d->known < d->n; d->known++)
		map_put(&d->ids, d->text[d->known], (void *)(d->known + 1));
	known = (uintptr_t)map_get(&d->ids, text);
	if (known > 0)
		return (uint32_t)(known - 1);
	if (d->n == d->cap) {
		d->cap = d->cap > 0 ? 2 * d->cap : 64;
		d->text = mem_grow(d->text, d->cap * sizeof(*d->text));
		d->of = mem_grow(d->of, d->cap * sizeof(*d->of));
	}
	d->text[d->n] = text;
	d->of[d->n] = UINT32_MAX;
	return (uint32_t)d->n++; /* put into the map when the next one is looked for */
}

uint32_t rows_name(struct rows *r, struct str address)
{
	size_t before = r->names.n;
	uint32_t id = rows_text(&r->names, address);
	ptrdiff_t at = str_rchr(address, '@');

	if (id == before)
		r->names.of[id] = rows_text(&r->domains, str_skip(address, at < 0 ? address.n : (size_t)at + 1));
	return id;
}

/* "192.0.2.0/24", "2001:db8:1::/48" */
static struct str network_text(struct rows *r, struct str ip, unsigned char bytes[16], bool six)
{
	size_t head = (size_t)(str_rchr(ip, '.') + 1);
	char z[INET6_ADDRSTRLEN], *p;

	if (six) {
		inet_ntop(AF_INET6, bytes, z, sizeof(z));
		return arena_fmt(&r->mem, "%s/48", z);
	}
	p = arena_alloc(&r->mem, head + 4);
	memcpy(p, ip.p, head);
	memcpy(p + head, "0/24", 4);
	return str_mem(p, head + 4);
}

/* Looked up by number: an address of a network that is known costs no text.  What is no address is a network of its
 * own. */
static uint32_t network_of(struct rows *r, struct str ip)
{
	unsigned char bytes[16] = { 0 };
	char z[INET6_ADDRSTRLEN] = "";
	bool six = str_chr(ip, ':') >= 0;
	uint64_t number = six ? 6 : 4;
	uintptr_t known;
	uint32_t id;

	if (ip.n >= sizeof(z))
		return rows_text(&r->nets, ip);
	memcpy(z, ip.p, ip.n);
	if (inet_pton(six ? AF_INET6 : AF_INET, z, bytes) != 1)
		return rows_text(&r->nets, ip);
	memset(bytes + (six ? 6 : 3), 0, sizeof(bytes) - (six ? 6 : 3));
	for (int i = 0; i < 6; i++)
		number = number << 8 | bytes[i];
	known = (uintptr_t)map_getn(&r->numbers, number);
	if (known > 0)
		return (uint32_t)(known - 1);
	id = rows_text(&r->nets, network_text(r, ip, bytes, six));
	map_putn(&r->numbers, number, (void *)((uintptr_t)id + 1));
	return id;
}

uint32_t rows_ip(struct rows *r, struct str ip)
{
	size_t before = r->ips.n;
	uint32_t id = rows_text(&r->ips, ip);

	if (id == before)
		r->ips.of[id] = network_of(r, ip);
	return id;
}

/* What each id of the other's dictionary is here. */
static uint32_t *translate(struct rows *r, const struct row_dict *from, struct row_dict *to)
{
	uint32_t *ids = mem_alloc((from->n + 1) * sizeof(*ids));

	for (size_t i = 0; i < from->n; i++)
		ids[i] = to == &r->names ? rows_name(r, from->text[i])
			 : to == &r->ips ? rows_ip(r, from->text[i])
					 : rows_text(to, from->text[i]);
	return ids;
}

static void translate_column(uint32_t *column, size_t n, const struct row_dict *from, const uint32_t *ids)
{
	for (size_t i = 0; i < n; i++)
		column[i] = column[i] < from->n ? ids[column[i]] : UINT32_MAX;
}

void rows_append(struct rows *r, const struct rows *more, uint32_t stories)
{
	uint32_t *names = translate(r, &more->names, &r->names), *ips = translate(r, &more->ips, &r->ips);
	uint32_t *logins = translate(r, &more->logins, &r->logins), *ports = translate(r, &more->ports, &r->ports);
	size_t at = r->n;

	rows_grow(r, more->n);
#define ROW(type, name, meaning) memcpy(r->name + at, more->name, more->n * sizeof(type));
	if (more->n > 0) {
#include "trace/rows.def"
	}
#undef ROW
	translate_column(r->from + at, more->n, &more->names, names);
	translate_column(r->to + at, more->n, &more->names, names);
	translate_column(r->ip + at, more->n, &more->ips, ips);
	translate_column(r->login + at, more->n, &more->logins, logins);
	for (size_t i = at; i < r->n; i++) {
		r->story[i] += stories;
		r->port[i] = r->port[i] < more->ports.n ? (uint8_t)ports[r->port[i]] : UINT8_MAX;
	}
	free(names);
	free(ips);
	free(logins);
	free(ports);
}

void rows_keep(struct rows *r, int64_t from, int64_t to)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->time[i] == UINT32_MAX || r->time[i] < from || r->time[i] >= to)
			continue;
#define ROW(type, name, meaning) r->name[n] = r->name[i];
#include "trace/rows.def"
#undef ROW
		n++;
	}
	r->n = n;
}

enum { LENGTH_BITS = 11, LENGTH_ONE = 1 << LENGTH_BITS };

/* As a float without sign: exponent, then what stands behind the leading one; small ones as they are. */
uint16_t row_length(int64_t ms)
{
	uint64_t m = ms > 0 ? (uint64_t)ms : 0;
	unsigned e = 0;

	if (m < 2 * LENGTH_ONE)
		return (uint16_t)m;
	while (m >= 2 * LENGTH_ONE)
		m >>= 1, e++;
	if (e + 1 >= 32)
		return ROW_LENGTH_UNKNOWN - 1;
	m = (e + 1) << LENGTH_BITS | (m & (LENGTH_ONE - 1));
	return m < ROW_LENGTH_UNKNOWN ? (uint16_t)m : ROW_LENGTH_UNKNOWN - 1;
}

uint64_t row_ms(uint16_t length)
{
	unsigned e = length >> LENGTH_BITS;
	uint64_t m = length & (LENGTH_ONE - 1);

	return e <= 1 ? length : (LENGTH_ONE | m) << (e - 1);
}
