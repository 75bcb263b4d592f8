#include "index/terms.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "index/terms_inside.h"

struct entry {
	uint64_t front; /* kind and the first bytes, to sort by */
	struct str text;
	uint32_t term;
	enum term_kind kind;
};

struct seen {
	uint32_t term, family;
};

struct numbered {
	uint64_t number;
	uint32_t family;
};

struct numbers {
	struct numbered *at;
	size_t n, cap;
};

struct terms {
	struct arena mem;
	struct map known; /* kind and text -> its number */
	struct buf key;
	struct entry *entries;
	size_t nentries, entries_cap;
	uint32_t nterms;
	struct seen *seen;
	size_t nseen, seen_cap;
	uint32_t *latest; /* of each term: the family that it was seen in last, plus 1 */
	size_t latest_cap;
	struct numbers numbers[TERM_KINDS];
};

struct terms *terms_new(void)
{
	return mem_alloc(sizeof(struct terms));
}

void terms_free(struct terms *t)
{
	map_clear(&t->known);
	buf_clear(&t->key);
	arena_clear(&t->mem);
	free(t->entries);
	free(t->seen);
	free(t->latest);
	for (int i = 0; i < TERM_KINDS; i++)
		free(t->numbers[i].at);
	free(t);
}

static uint64_t front_of(enum term_kind kind, struct str s)
{
	uint64_t front = (uint64_t)kind;

	for (size_t i = 0; i < 7; i++)
		front = front << 8 | (i < s.n ? (unsigned char)s.p[i] : 0);
	return front;
}

static void add_entry(struct terms *t, enum term_kind kind, struct str text, uint32_t term)
{
	if (t->nentries == t->entries_cap) {
		t->entries_cap = t->entries_cap > 0 ? 2 * t->entries_cap : 1024;
		t->entries = mem_grow(t->entries, t->entries_cap * sizeof(*t->entries));
	}
	t->entries[t->nentries++] = (struct entry){ front_of(kind, text), text, term, kind };
}

void terms_alias(struct terms *t, enum term_kind kind, struct str text, uint32_t term)
{
	add_entry(t, kind, arena_str(&t->mem, text), term);
}

uint32_t terms_of(struct terms *t, enum term_kind kind, struct str text)
{
	uint32_t *known;
	struct str key;

	buf_reset(&t->key);
	buf_addc(&t->key, (char)kind);
	buf_addstr(&t->key, text);
	known = map_get(&t->known, buf_str(&t->key));
	if (known != NULL)
		return *known;
	known = arena_alloc(&t->mem, sizeof(*known));
	*known = t->nterms++;
	key = arena_str(&t->mem, buf_str(&t->key));
	map_put(&t->known, key, known);
	add_entry(t, kind, str_skip(key, 1), *known);
	return *known;
}

void terms_see(struct terms *t, uint32_t term, uint32_t family)
{
	if (term >= t->latest_cap) {
		size_t cap = t->latest_cap;

		t->latest_cap = 2 * ((size_t)term + 512);
		t->latest = mem_grow(t->latest, t->latest_cap * sizeof(*t->latest));
		memset(t->latest + cap, 0, (t->latest_cap - cap) * sizeof(*t->latest));
	}
	if (t->latest[term] == family + 1)
		return;
	t->latest[term] = family + 1;
	if (t->nseen == t->seen_cap) {
		t->seen_cap = t->seen_cap > 0 ? 2 * t->seen_cap : 1024;
		t->seen = mem_grow(t->seen, t->seen_cap * sizeof(*t->seen));
	}
	t->seen[t->nseen++] = (struct seen){ term, family };
}

void terms_see_number(struct terms *t, enum term_kind kind, uint64_t number, uint32_t family)
{
	struct numbers *s = &t->numbers[kind];

	if (s->n > 0 && s->at[s->n - 1].number == number && s->at[s->n - 1].family == family)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? 2 * s->cap : 1024;
		s->at = mem_grow(s->at, s->cap * sizeof(*s->at));
	}
	s->at[s->n++] = (struct numbered){ number, family };
}

/* ---- writing ---- */

/* A block that grows. */
struct writer {
	struct chapter_out *out;
	struct buf *root;
	struct buf sizes, keys, lists, whole;
	enum term_kind kind;
	struct str first;
	uint64_t n, nblocks;
};

static void end_block(struct writer *w)
{
	if (w->n == 0)
		return;
	buf_reset(&w->whole);
	bytes_put(&w->whole, w->n);
	buf_addstr(&w->whole, buf_str(&w->sizes));
	buf_addstr(&w->whole, buf_str(&w->keys));
	bytes_put(w->root, w->kind);
	bytes_put_str(w->root, str_take(buf_str(&w->keys), w->first.n));
	chapter_put_frame(w->root, chapter_add(w->out, buf_str(&w->whole)));
	chapter_put_frame(w->root, chapter_add(w->out, buf_str(&w->lists)));
	buf_reset(&w->sizes);
	buf_reset(&w->keys);
	buf_reset(&w->lists);
	w->n = 0;
	w->nblocks++;
}

/* The families of one term follow as steps, by put_family(). */
static size_t begin_term(struct writer *w, enum term_kind kind, struct str text)
{
	if (w->n > 0 && (w->kind != kind || w->keys.n >= TERM_BLOCK || w->lists.n >= TERM_BLOCK))
		end_block(w);
	if (w->n == 0) {
		w->kind = kind;
		w->first.n = text.n;
	}
	buf_addstr(&w->keys, text);
	bytes_put(&w->sizes, text.n);
	w->n++;
	return w->lists.n;
}

static void end_term(struct writer *w, size_t from)
{
	bytes_put(&w->sizes, w->lists.n - from);
}

static int by_text(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c;

	if (x->front != y->front)
		return x->front < y->front ? -1 : 1;
	c = str_cmp(x->text, y->text);
	return c != 0 ? c : x->term < y->term ? -1 : x->term > y->term;
}

/* The families of each term, one list behind the other; where each begins. */
static uint32_t *lists_of(struct terms *t, size_t **begin)
{
	size_t *at = mem_alloc(((size_t)t->nterms + 2) * sizeof(*at));
	uint32_t *lists = mem_alloc((t->nseen + 1) * sizeof(*lists));

	for (size_t i = 0; i < t->nseen; i++)
		at[t->seen[i].term + 2]++;
	for (size_t i = 2; i < (size_t)t->nterms + 2; i++)
		at[i] += at[i - 1];
	for (size_t i = 0; i < t->nseen; i++)
		lists[at[t->seen[i].term + 1]++] = t->seen[i].family;
	free(t->seen);
	t->seen = NULL;
	*begin = at;
	return lists;
}

static void write_texts(struct terms *t, struct writer *w)
{
	size_t *begin;
	uint32_t *lists = lists_of(t, &begin);

	if (t->nentries > 0)
		qsort(t->entries, t->nentries, sizeof(*t->entries), by_text);
	for (size_t i = 0; i < t->nentries; i++) {
		const struct entry *x = &t->entries[i];
		size_t from = begin_term(w, x->kind, x->text);
		uint32_t before = 0;

		for (size_t k = begin[x->term]; k < begin[x->term + 1]; k++) {
			bytes_put(&w->lists, lists[k] - before);
			before = lists[k];
		}
		end_term(w, from);
	}
	free(lists);
	free(begin);
}

/* By number, a byte at a time from the lowest; families of one number stay in their order. */
static void sort_numbers(struct numbers *s)
{
	struct numbered *other = mem_alloc((s->n + 1) * sizeof(*other)), *old;

	for (int shift = 0; shift < 64; shift += 8) {
		size_t count[257] = { 0 };

		for (size_t i = 0; i < s->n; i++)
			count[(s->at[i].number >> shift & 0xff) + 1]++;
		if (s->n == 0 || count[(s->at[0].number >> shift & 0xff) + 1] == s->n)
			continue; /* the byte is the same in all */
		for (int i = 1; i < 257; i++)
			count[i] += count[i - 1];
		for (size_t i = 0; i < s->n; i++)
			other[count[s->at[i].number >> shift & 0xff]++] = s->at[i];
		old = s->at;
		s->at = other;
		other = old;
	}
	free(other);
}

static void write_numbers(struct numbers *s, enum term_kind kind, struct writer *w)
{
	size_t end;

	sort_numbers(s);
	for (size_t i = 0; i < s->n; i = end) {
		char room[8];
		size_t from = begin_term(w, kind, term_number(s->at[i].number, room));
		uint32_t before = 0;

		for (end = i; end < s->n && s->at[end].number == s->at[i].number; end++) {
			if (end > i && s->at[end].family == before)
				continue;
			bytes_put(&w->lists, s->at[end].family - before);
			before = s->at[end].family;
		}
		end_term(w, from);
	}
}

void terms_write(struct terms *t, struct chapter_out *c, struct buf *root)
{
	BUF(blocks);
	struct writer w = { .out = c, .root = &blocks };

	write_texts(t, &w);
	for (int kind = 0; kind < TERM_KINDS; kind++) {
		end_block(&w);
		write_numbers(&t->numbers[kind], (enum term_kind)kind, &w);
	}
	end_block(&w);
	bytes_put(root, w.nblocks);
	buf_addstr(root, buf_str(&blocks));
	buf_clear(&w.sizes);
	buf_clear(&w.keys);
	buf_clear(&w.lists);
	buf_clear(&w.whole);
}
