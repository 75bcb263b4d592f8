/* The loops over rows.  Nothing is allocated for a row, and nothing is looked up by text. */
#include <stdlib.h>
#include <string.h>

#include "trace/stats.h"

void tally_begin(struct tally *t)
{
	*t = (struct tally){ .first = UINT32_MAX, .last = UINT32_MAX, .story = UINT32_MAX };
}

static bool is_good(unsigned verdict)
{
	return verdict == VERDICT_DELIVERED || verdict == VERDICT_FORWARDED || verdict == VERDICT_RELAYED;
}

void tally_add(struct tally *t, const struct rows *r, size_t i)
{
	unsigned v = r->verdict[i], times = r->times[i];

	if (r->time[i] < t->first)
		t->first = r->time[i];
	if (r->time[i] != UINT32_MAX && (t->last == UINT32_MAX || r->time[i] > t->last))
		t->last = r->time[i];
	if (r->to[i] == UINT32_MAX) {
		t->lost += times;
		return;
	}
	if (r->story[i] != t->story) {
		t->story = r->story[i];
		t->messages += times;
		t->bytes += r->bytes[i] != UINT32_MAX ? r->bytes[i] : 0;
	}
	t->recipients += times;
	t->good += is_good(v) ? times : 0;
	t->refused += v == VERDICT_REFUSED ? times : 0;
	t->put_off += v == VERDICT_REFUSED_TEMPORARILY ? times : 0;
	t->returned += v == VERDICT_RETURNED ? times : 0;
}

/* The first look at a key: only what decides who is among the first. */
struct light {
	struct {
		uint32_t n, story; /* story: the last one; UINT32_MAX: it has no row */
	} * at;
	uint32_t *first; /* its first row; apart, as it is written once */
};

static void light_clear(struct light *l)
{
	free(l->at);
	free(l->first);
}

static void count_light(struct light *l, const struct rows *r, const uint32_t *key, size_t keys, enum group_by by)
{
	l->at = mem_alloc((keys + 1) * sizeof(*l->at));
	l->first = mem_alloc((keys + 1) * sizeof(*l->first));
	for (size_t i = 0; i < keys; i++)
		l->at[i].story = UINT32_MAX;
	for (size_t i = 0; i < r->n; i++) {
		uint32_t k = key[i] < keys ? key[i] : (uint32_t)keys;

		if (by == BY_MESSAGES_AND_VISITS && l->at[k].story == r->story[i])
			continue;
		if (l->at[k].story == UINT32_MAX)
			l->first[k] = (uint32_t)i;
		l->at[k].story = r->story[i];
		l->at[k].n += by == BY_RECIPIENTS && r->to[i] == UINT32_MAX ? 0 : r->times[i];
	}
}

/* Is a behind b in the order of the table?  Of equals the one that was seen first stands first, whatever its id: an
 * index numbers more names than one answer does. */
static bool behind(const struct light *l, uint32_t a, uint32_t b)
{
	return l->at[a].n != l->at[b].n ? l->at[a].n < l->at[b].n : l->first[a] > l->first[b];
}

/* A heap whose top is the last of the best. */
static void sift(const struct light *l, uint32_t *heap, size_t n, size_t i)
{
	for (size_t k = 2 * i + 1; k < n; i = k, k = 2 * i + 1) {
		uint32_t x = heap[i];

		if (k + 1 < n && behind(l, heap[k + 1], heap[k]))
			k++;
		if (!behind(l, heap[k], x))
			return;
		heap[i] = heap[k];
		heap[k] = x;
	}
}

static void make_heap(const struct light *l, uint32_t *heap, size_t n)
{
	for (size_t k = n / 2; k-- > 0;)
		sift(l, heap, n, k);
}

/* The best keys, in order; *n of them, and how many others occur. */
static uint32_t *best(const struct light *l, size_t keys, size_t top, size_t *n, size_t *more)
{
	uint32_t *heap = mem_alloc((top + 1) * sizeof(*heap));
	size_t have = 0, used = 0;

	for (uint32_t i = 0; i < keys; i++) {
		if (l->at[i].story == UINT32_MAX)
			continue;
		used++;
		if (have < top) {
			heap[have++] = i;
			if (have == top)
				make_heap(l, heap, have);
		} else if (top > 0 && behind(l, heap[0], i)) {
			heap[0] = i;
			sift(l, heap, have, 0);
		}
	}
	if (have < top)
		make_heap(l, heap, have);
	for (size_t k = have; k > 1; k--) {
		uint32_t last = heap[0];

		heap[0] = heap[k - 1];
		heap[k - 1] = last;
		sift(l, heap, k - 1, 0);
	}
	*n = have;
	*more = used - have;
	return heap;
}

void stats_group(struct groups *out, const struct rows *r, const uint32_t *key, size_t keys, size_t top,
		 enum group_by by, struct arena *mem)
{
	struct light light;
	uint32_t *place, *found;

	*out = (struct groups){ 0 };
	count_light(&light, r, key, keys, by);
	found = best(&light, keys, top < keys ? top : keys, &out->n, &out->more);
	place = mem_alloc((keys + 1) * sizeof(*place));
	out->at = arena_alloc(mem, (out->n + 1) * sizeof(*out->at));
	for (size_t i = 0; i < out->n; i++) {
		place[found[i]] = (uint32_t)i + 1;
		out->at[i].key = found[i];
		tally_begin(&out->at[i].tally);
	}
	for (size_t i = 0; i < r->n; i++) {
		uint32_t at = key[i] < keys ? place[key[i]] : 0;

		if (at > 0)
			tally_add(&out->at[at - 1].tally, r, i);
	}
	free(place);
	free(found);
	light_clear(&light);
}

uint32_t *stats_key_of(const uint32_t *column, size_t n, const struct row_dict *d)
{
	uint32_t *key = mem_alloc((n + 1) * sizeof(*key));

	for (size_t i = 0; i < n; i++)
		key[i] = column[i] < d->n ? d->of[column[i]] : UINT32_MAX;
	return key;
}

uint32_t *stats_key_narrow(const uint8_t *bytes, const uint16_t *words, size_t n, unsigned none)
{
	uint32_t *key = mem_alloc((n + 1) * sizeof(*key));

	for (size_t i = 0; i < n; i++) {
		uint32_t x = bytes != NULL ? bytes[i] : words[i];

		key[i] = x != none ? x : UINT32_MAX;
	}
	return key;
}

enum { LENGTHS = UINT16_MAX + 1 };

/* The value that so many per mille of all are not above. */
static uint64_t quantile(const uint32_t *count, uint64_t n, unsigned per_mille)
{
	uint64_t want = (n * per_mille + 999) / 1000, seen = 0;

	for (unsigned x = 0; x < ROW_LENGTH_UNKNOWN; x++)
		if ((seen += count[x]) >= want)
			return row_ms((uint16_t)x);
	return 0;
}

static void summarise(struct lengths *out, const uint32_t *count)
{
	*out = (struct lengths){ 0 };
	for (unsigned x = 0; x < ROW_LENGTH_UNKNOWN; x++) {
		out->n += count[x];
		if (count[x] > 0)
			out->max = row_ms((uint16_t)x);
	}
	if (out->n == 0)
		return;
	out->p50 = quantile(count, out->n, 500);
	out->p90 = quantile(count, out->n, 900);
	out->p99 = quantile(count, out->n, 990);
}

void stats_lengths(struct lengths out[LENGTHS_PORTS + 1], const struct rows *r, const uint16_t *column, bool once)
{
	size_t ports = r->ports.n < LENGTHS_PORTS ? r->ports.n : LENGTHS_PORTS;
	uint32_t *count = mem_alloc((ports + 1) * LENGTHS * sizeof(*count)), *all = count + ports * LENGTHS;
	uint32_t before = UINT32_MAX;

	for (size_t i = 0; i < r->n; i++) {
		size_t port = r->port[i] < ports ? r->port[i] : ports;

		if (!once || r->story[i] != before)
			count[port * LENGTHS + column[i]]++;
		before = r->story[i];
	}
	for (size_t p = 0; p < ports; p++) {
		summarise(&out[p], count + p * LENGTHS);
		for (size_t x = 0; x < LENGTHS; x++)
			all[x] += count[p * LENGTHS + x];
	}
	summarise(&out[LENGTHS_PORTS], all);
	free(count);
}
