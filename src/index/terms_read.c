#include <stdlib.h>
#include <string.h>

#include "index/terms_inside.h"
#include "trace/scan.h"

void terms_take(struct term_blocks *b, struct cur *c, struct arena *mem)
{
	size_t n;

	b->ats = bytes_take(c) != 0;
	n = bytes_take_count(c);
	b->at = arena_alloc(mem, (n + 1) * sizeof(*b->at));
	b->n = 0;
	for (size_t i = 0; i < n && c->why == NULL; i++) {
		struct term_block *x = &b->at[b->n++];
		uint64_t kind = bytes_take(c);

		if (kind < TERM_ADDRESS || kind >= TERM_KINDS)
			cur_fail(c, "no such kind of term");
		x->kind = (enum term_kind)kind;
		x->first = bytes_take_str(c);
		x->keys = chapter_take_frame(c);
		x->lists = chapter_take_frame(c);
		if (x->kind == TERM_ADDRESS)
			x->more = chapter_take_frame(c);
	}
}

void terms_move(struct term_blocks *b, uint64_t from)
{
	for (size_t i = 0; i < b->n; i++) {
		b->at[i].keys.offset += from;
		b->at[i].lists.offset += from;
		b->at[i].more.offset += from;
	}
}

uint64_t terms_size(const struct term_blocks *b, bool addresses)
{
	uint64_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if ((b->at[i].kind == TERM_ADDRESS) == addresses)
			n += (uint64_t)b->at[i].keys.packed + b->at[i].lists.packed + b->at[i].more.packed;
	return n;
}

/* By what its blocks are known. */
static enum term_kind block_kind(enum term_kind kind)
{
	return kind < TERM_ADDRESS ? TERM_ADDRESS : kind;
}

/* The last block that begins before the term or with it: equal ones may begin in the block before. */
static size_t block_of(const struct term_blocks *b, enum term_kind kind, struct str text)
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct term_block *x = &b->at[middle];

		if (x->kind < kind || (x->kind == kind && terms_compare(kind, x->first, text) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? low - 1 : 0;
}

static bool find_in(struct term_open *x, enum term_kind kind, struct str text, struct family_set *out)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (terms_compare(x->from->kind, x->texts[middle], text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < x->n && str_eq(x->texts[low], text); low++)
		if (!terms_put_lists(x, kind, low, out))
			return false;
	return true;
}

struct term_kept {
	struct arena mem;
	struct term_open open;
	size_t block; /* plus 1; 0: none */
};

void terms_keep(struct term_blocks *b)
{
	if (b->kept == NULL)
		b->kept = mem_alloc(sizeof(*b->kept));
}

void terms_leave(struct term_blocks *b)
{
	if (b->kept != NULL)
		arena_clear(&b->kept->mem);
	free(b->kept);
	b->kept = NULL;
}

int terms_address_order(struct str a, struct str b)
{
	return terms_compare(TERM_ADDRESS, a, b);
}

static bool find_in_kept(const struct term_blocks *b, struct chapter *c, size_t block, enum term_kind kind,
			 struct str text, struct family_set *out)
{
	struct term_kept *k = b->kept;

	if (k->block != block + 1) {
		k->block = 0;
		arena_reset(&k->mem);
		if (!terms_open(&k->open, c, &b->at[block], &k->mem))
			return false;
		k->block = block + 1;
	}
	return find_in(&k->open, kind, text, out);
}

bool terms_find(const struct term_blocks *b, struct chapter *c, enum term_kind kind, struct str text,
		struct family_set *out)
{
	enum term_kind of = block_kind(kind);
	bool good = true;
	ARENA(mem);

	for (size_t i = block_of(b, of, text); i < b->n && good; i++) {
		struct term_open x;

		if (b->at[i].kind > of || (b->at[i].kind == of && terms_compare(of, b->at[i].first, text) > 0))
			break;
		if (b->at[i].kind == of && b->kept != NULL)
			good = find_in_kept(b, c, i, kind, text, out);
		else if (b->at[i].kind == of && terms_is_number(of))
			good = terms_walk(&b->at[i], c, term_number_of(text), &mem, out);
		else if (b->at[i].kind == of)
			good = terms_open(&x, c, &b->at[i], &mem) && find_in(&x, kind, text, out);
		arena_reset(&mem);
	}
	return good;
}

bool terms_find_number(const struct term_blocks *b, struct chapter *c, enum term_kind kind, uint64_t number,
		       struct family_set *out)
{
	char room[8];

	return terms_find(b, c, kind, term_number(number, room), out);
}

/* The term that holds this place of the block's texts. */
static size_t text_at(const struct term_open *x, const char *p)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (x->texts[middle].p <= p)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

static bool look_at(struct term_open *x, const struct term_look *look, size_t i, struct family_set *out)
{
	return !look->fits(look->with, x->texts[i]) || out == NULL || terms_put_lists(x, look->kind, i, out);
}

static bool scan_parts(struct term_open *x, const struct term_look *look, struct family_set *out)
{
	struct scan scan = scan_for(look->part, SCAN_BYTES);

	for (size_t at = 0; (at = scan_find(&scan, x->keys, at)) < x->keys.n;) {
		size_t i = text_at(x, x->keys.p + at);

		if (!look_at(x, look, i, out))
			return false;
		/* on with the next term: this one was asked */
		at = (size_t)(x->texts[i].p + x->texts[i].n - x->keys.p);
	}
	return true;
}

static bool scan_all(struct term_open *x, const struct term_look *look, struct family_set *out)
{
	for (size_t i = 0; i < x->n; i++)
		if (!look_at(x, look, i, out))
			return false;
	return true;
}

/* A look through some blocks. */
struct looking {
	const struct term_look *look;
	/* For the longest piece of the part without `@`: it stands in a block's bytes, or no term fits. */
	struct scan there;
	struct chapter *c;
	struct arena mem; /* of one block */
	struct family_set *out;
};

struct str terms_longest_part(struct str pattern, const char *breaks)
{
	struct str best = { NULL, 0 };
	size_t from = 0;

	for (size_t i = 0; i <= pattern.n; i++) {
		if (i < pattern.n && strchr(breaks, pattern.p[i]) == NULL)
			continue;
		if (i - from > best.n)
			best = str_mem(pattern.p + from, i - from);
		from = i + 1;
	}
	return best;
}

static struct looking look_for(struct chapter *c, const struct term_look *look, struct family_set *out)
{
	return (struct looking){ .look = look,
				 .there = scan_for(terms_longest_part(look->part, "@"), SCAN_BYTES),
				 .c = c,
				 .mem = ARENA_INIT,
				 .out = out };
}

static bool scan_block(struct looking *l, const struct term_block *from)
{
	struct term_open x = { .c = l->c, .from = from, .mem = &l->mem };
	struct str whole;

	arena_reset(&l->mem);
	if (!chapter_get(l->c, from->keys, &l->mem, &whole))
		return false;
	if (l->there.literal.n > 0 && scan_find(&l->there, whole, 0) == whole.n)
		return true;
	return terms_parse(&x, whole) &&
	       (l->look->part.n > 0 ? scan_parts(&x, l->look, l->out) : scan_all(&x, l->look, l->out));
}

static bool behind_domain(struct str address, struct str begin)
{
	ptrdiff_t at = str_rchr(address, '@');
	struct str domain = str_skip(address, (size_t)(at + 1));

	return at >= 0 && str_cmp(domain, begin) > 0 && str_find(domain, begin) != 0;
}

/* The blocks with addresses of domains that begin so. */
static bool scan_domains(const struct term_blocks *b, struct looking *l, struct str begin)
{
	bool good = true;
	ARENA(mem);
	struct str first = arena_fmt(&mem, "@%.*s", STR_ARG(begin));

	for (size_t i = block_of(b, TERM_ADDRESS, first); i < b->n && b->at[i].kind == TERM_ADDRESS && good; i++) {
		if (behind_domain(b->at[i].first, begin))
			break;
		good = scan_block(l, &b->at[i]);
	}
	arena_clear(&l->mem);
	return good;
}

bool terms_scan(const struct term_blocks *b, struct chapter *c, const struct term_look *look, struct family_set *out)
{
	enum term_kind of = block_kind(look->kind);
	ptrdiff_t at = of == TERM_ADDRESS && !b->ats ? str_chr(look->part, '@') : -1;
	struct looking l = look_for(c, look, out);
	bool good = true;

	if (at >= 0)
		return scan_domains(b, &l, str_skip(look->part, (size_t)at + 1));
	for (size_t i = 0; i < b->n && good; i++)
		good = b->at[i].kind != of || scan_block(&l, &b->at[i]);
	arena_clear(&l.mem);
	return good;
}

bool terms_scan_domain(const struct term_blocks *b, struct chapter *c, const struct term_look *look,
		       struct family_set *out)
{
	struct looking l = look_for(c, look, out);

	return scan_domains(b, &l, look->part);
}

/* Of its texts, which lie one behind the other, a copy in the arena. */
static void keep_texts(const struct term_open *x, struct arena *mem, struct str *out)
{
	struct str keys = arena_str(mem, x->keys);

	for (size_t i = 0; i < x->n; i++)
		out[i] = str_mem(keys.p + (x->texts[i].p - x->keys.p), x->texts[i].n);
}

bool terms_texts(const struct term_blocks *b, struct chapter *c, enum term_kind kind, struct arena *mem,
		 struct term_texts *out)
{
	size_t cap = 0;
	ARENA(block);

	*out = (struct term_texts){ NULL, 0 };
	for (size_t i = 0; i < b->n; i++) {
		struct term_open x;

		if (b->at[i].kind != kind)
			continue;
		arena_reset(&block);
		if (!terms_open(&x, c, &b->at[i], &block))
			return false;
		if (out->n + x.n > cap) {
			cap = 2 * (out->n + x.n);
			out->at = arena_grow(mem, out->at, out->n, cap + 1, sizeof(*out->at));
		}
		keep_texts(&x, mem, out->at + out->n);
		out->n += x.n;
	}
	return true;
}
