/* Any bytes behind the header of a journal: reading ends, every entry applies or is refused, and the
 * checkpoint of what came out reads back to the same state. */
#include <stdlib.h>
#include <string.h>

#include "queue/index.h"
#include "queue/sum.h"

enum { HEADER = 32 };

static char *put(char *to, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*to++ = (char)(v >> (8 * i) & 0xff);
	return to;
}

static void header(char *to)
{
	memcpy(to, "TTjourn\n", 8);
	put(to + 8, 1, 8);
	put(to + 16, 0, 8);
	put(to + 24, sum_bytes(0, str_mem(to, 24)), 8);
}

static void replay(struct index *ix, struct str bytes)
{
	struct journal_scan scan;
	struct journal_hit hit;
	enum journal_found found;
	struct err e;
	size_t last = 0;

	MUST(journal_begin(&scan, bytes, &e) == 0);
	while ((found = journal_next(&scan, &hit)) != JOURNAL_END) {
		MUST(hit.from >= last && hit.to > hit.from && hit.to <= bytes.n);
		last = hit.to;
		if (found == JOURNAL_ENTRY)
			(void)index_apply(ix, &hit.entry, &e);
	}
}

/* The fuzzer cannot guess checksums: the bytes are a list of bodies, framed here. */
static void entries(struct journal *j, const uint8_t *p, size_t n)
{
	while (n >= 2) {
		size_t i = p[0] % 6, length = p[1] < n - 2 ? p[1] : n - 2;
		char body[256] = { 0 };
		union {
			struct journal_taken taken;
			struct journal_segment segment;
			struct journal_deferred deferred;
			struct journal_rescued rescued;
			char room[256];
		} u;

		memcpy(body, p + 2, length);
		if (ipc_unpack(str_mem(body, length), journal_messages[i], &u, NULL) == 0)
			journal_add(j, journal_messages[i], &u);
		p += 2 + length;
		n -= 2 + length;
	}
}

static void compare(const struct index *a, const struct index *b)
{
	const struct item *x, *y;

	MUST(a->items.n == b->items.n && a->live_bytes == b->live_bytes && a->waiting == b->waiting);
	for (uint64_t i = 0; (x = ordered_from(&a->items, i)) != NULL; i = x->qp + 1) {
		y = index_item(b, x->qp);
		MUST(y != NULL && y->nrcpts == x->nrcpts && y->left == x->left && y->segment == x->segment);
		for (size_t r = 0; r < x->nrcpts; r++)
			MUST(rcpt_final(&x->rcpts[r]) == rcpt_final(&y->rcpts[r]) &&
			     x->rcpts[r].staged == y->rcpts[r].staged);
	}
}

static void checkpoint(struct index *ix, struct journal *j)
{
	const struct item *x;

	index_list_begin(ix, j, 0);
	for (uint64_t i = 0; (x = ordered_from(&ix->items, i)) != NULL; i = x->qp + 1)
		index_list_item(ix, x, j);
	index_list_end(ix, j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct index first = { 0 }, second = { 0 };
	struct journal j = { .fd = -1 }, again = { .fd = -1 };
	char head[HEADER];

	header(head);
	buf_add(&j.pending, head, HEADER);
	if (size > 0 && data[0] % 2)
		buf_add(&j.pending, data, size);
	else
		entries(&j, data, size);
	while (j.pending.n % 8 != 0)
		buf_addc(&j.pending, '\0');
	replay(&first, buf_str(&j.pending));
	buf_add(&again.pending, head, HEADER);
	checkpoint(&first, &again);
	replay(&second, buf_str(&again.pending));
	compare(&first, &second);
	index_clear(&first);
	index_clear(&second);
	journal_clear(&j);
	journal_clear(&again);
	return 0;
}
