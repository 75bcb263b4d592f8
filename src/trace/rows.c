#include "trace/rows.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

void rows_clear(struct rows *r)
{
#define ROW(type, name, meaning) free(r->name);
#include "trace/rows.def"
#undef ROW
#define D(name) free(r->name.text), free(r->name.of), dict_clear(&r->name.ids);
	ROW_DICTS(D)
#undef D
	free(r->also);
	map_clear(&r->numbers);
	arena_clear(&r->mem);
	*r = (struct rows){ 0 };
}

static void set_cap(struct rows *r, size_t cap)
{
#define ROW(type, name, meaning) r->name = mem_grow(r->name, cap * sizeof(type));
#include "trace/rows.def"
#undef ROW
	r->cap = cap;
}

void rows_reserve(struct rows *r, size_t n)
{
	if (n > r->cap)
		set_cap(r, n);
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
	set_cap(r, cap);
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

static uint32_t add_text(struct row_dict *d, struct str text)
{
	if (d->n == d->cap) {
		d->cap = d->cap > 0 ? 2 * d->cap : 64;
		d->text = mem_grow(d->text, d->cap * sizeof(*d->text));
		d->of = mem_grow(d->of, d->cap * sizeof(*d->of));
	}
	d->text[d->n] = text;
	d->of[d->n] = UINT32_MAX;
	return (uint32_t)d->n++;
}

uint32_t rows_text_of(struct row_dict *d, struct str text, uint64_t hash)
{
	struct dict_slot *s;

	for (; d->known < d->n; d->known++) {
		s = dict_slot(&d->ids, d->text[d->known]);
		if (s->p == NULL)
			dict_put(&d->ids, s, d->text[d->known], (uint32_t)d->known);
	}
	s = dict_slot_of(&d->ids, text, hash);
	if (s->p == NULL) {
		text = d->keep != NULL ? arena_str(d->keep, text) : text;
		dict_put(&d->ids, s, text, add_text(d, text));
		d->known++;
	}
	return s->number;
}

uint32_t rows_text(struct row_dict *d, struct str text)
{
	return rows_text_of(d, text, dict_hash(text));
}

static struct str domain_of(struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');

	return str_skip(address, at < 0 ? address.n : (size_t)at + 1);
}

void rows_place_name(struct rows *r, size_t i)
{
	struct str domain = domain_of(r->names.text[i]);
	uint32_t before = i > 0 ? r->names.of[i - 1] : UINT32_MAX;

	r->names.of[i] =
	    before < r->domains.n && str_eq(r->domains.text[before], domain) ? before : rows_text(&r->domains, domain);
}

uint32_t rows_new_name(struct rows *r, struct str address)
{
	return add_text(&r->names, address);
}

uint32_t rows_name_of(struct rows *r, struct str address, uint64_t hash)
{
	size_t before = r->names.n;
	uint32_t id = rows_text_of(&r->names, address, hash);

	if (id == before)
		rows_place_name(r, id);
	return id;
}

uint32_t rows_name(struct rows *r, struct str address)
{
	return rows_name_of(r, address, dict_hash(address));
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

/* "192.0.2.7" as inet_pton() takes it, in a tenth of its time. */
static bool read_quad(struct str ip, unsigned char bytes[4])
{
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		size_t from = at;
		unsigned n = 0;

		for (; at < ip.n && ascii_isdigit(ip.p[at]) && n < 256; at++)
			n = 10 * n + (unsigned)(ip.p[at] - '0');
		if (at == from || n > 255 || (at - from > 1 && ip.p[from] == '0'))
			return false;
		if (i < 3 && (at == ip.n || ip.p[at++] != '.'))
			return false;
		bytes[i] = (unsigned char)n;
	}
	return at == ip.n;
}

static bool read_six(struct str ip, unsigned char bytes[16])
{
	char z[INET6_ADDRSTRLEN] = "";

	if (ip.n >= sizeof(z))
		return false;
	memcpy(z, ip.p, ip.n);
	return inet_pton(AF_INET6, z, bytes) == 1;
}

/* Looked up by number: an address of a network that is known costs no text.  What is no address is a network of its
 * own. */
static uint32_t network_of(struct rows *r, struct str ip)
{
	unsigned char bytes[16] = { 0 };
	bool six = str_chr(ip, ':') >= 0;
	uint64_t number = six ? 6 : 4;
	uintptr_t known;
	uint32_t id;

	if (!(six ? read_six(ip, bytes) : read_quad(ip, bytes)))
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

/* "192.0.2.7" behind "192.0.2.19" */
static bool beside(struct str ip, struct str before)
{
	size_t head = (size_t)(str_rchr(before, '.') + 1);
	struct str tail = str_skip(ip, head);
	uint64_t n;

	return head > 0 && ip.n > head && str_chr(before, ':') < 0 &&
	       str_eq(str_take(ip, head), str_take(before, head)) && str_u64(tail, 255, &n) &&
	       (tail.n == 1 || tail.p[0] != '0');
}

void rows_place_ip(struct rows *r, size_t i)
{
	uint32_t before = i > 0 ? r->ips.of[i - 1] : UINT32_MAX;
	bool network = before < r->nets.n && str_ends(r->nets.text[before], STR(".0/24")) &&
		       !str_eq(r->nets.text[before], r->ips.text[i - 1]);

	r->ips.of[i] = network && beside(r->ips.text[i], r->ips.text[i - 1]) ? before : network_of(r, r->ips.text[i]);
}

uint32_t rows_ip_of(struct rows *r, struct str ip, uint64_t hash)
{
	size_t before = r->ips.n;
	uint32_t id = rows_text_of(&r->ips, ip, hash);

	if (id == before)
		rows_place_ip(r, id);
	return id;
}

uint32_t rows_ip(struct rows *r, struct str ip)
{
	return rows_ip_of(r, ip, dict_hash(ip));
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
