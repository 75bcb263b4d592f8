/* Terms as blocks: texts and numbers.  Addresses: terms_names.c. */
#include <stdlib.h>
#include <string.h>

#include "index/terms_inside.h"

void terms_put_block(struct term_writer *w, enum term_kind kind, struct str first)
{
	bytes_put(&w->directory, kind);
	bytes_put_str(&w->directory, first);
	w->nblocks++;
}

void terms_put_frame(struct term_writer *w, struct buf *const *parts, size_t n)
{
	struct str texts[TERM_PARTS] = { { NULL, 0 } };

	MUST(n <= TERM_PARTS);
	for (size_t i = 0; i < n; i++)
		texts[i] = buf_str(parts[i]);
	chapter_put_frame(&w->directory, chapter_add_parts(w->out, texts, n));
	for (size_t i = 0; i < n; i++)
		buf_reset(parts[i]);
}

/* A block that grows: the lengths of its texts, or its numbers' steps, with those of the lists; texts; lists. */
struct block {
	struct term_writer *to;
	struct buf marks, head, sizes, keys, lists;
	enum term_kind kind;
	struct buf first; /* its first term */
	uint64_t n, number;
	uint32_t family; /* of a counter: what its last list begins with */
	struct {
		uint64_t number;
		size_t sizes, lists;
		uint32_t family;
	} marked; /* what stood there at the last mark */
};

static void end_block(struct block *b)
{
	struct buf *const parts[] = { &b->head, &b->sizes, &b->keys }, *const lists[] = { &b->lists };

	if (b->n == 0)
		return;
	bytes_put(&b->head, b->n);
	if (terms_is_number(b->kind))
		bytes_put_str(&b->head, buf_str(&b->marks));
	terms_put_block(b->to, b->kind, buf_str(&b->first));
	terms_put_frame(b->to, parts, COUNT(parts));
	terms_put_frame(b->to, lists, 1);
	buf_reset(&b->marks);
	b->n = 0;
}

/* The families of one term follow; where they begin. */
static size_t begin_term(struct block *b, enum term_kind kind, struct str text)
{
	if (b->n > 0 && (b->kind != kind || b->sizes.n + b->keys.n >= TERM_BLOCK || b->lists.n >= TERM_BLOCK))
		end_block(b);
	if (b->n == 0) {
		b->kind = kind;
		buf_reset(&b->first);
		buf_addstr(&b->first, text);
		b->number = 0;
		b->family = 0;
		memset(&b->marked, 0, sizeof(b->marked));
	}
	b->n++;
	return b->lists.n;
}

/* A group is whole: who looks for a later number steps over it. */
static void mark(struct block *b)
{
	bytes_put(&b->marks, b->number - b->marked.number);
	bytes_put(&b->marks, b->sizes.n - b->marked.sizes);
	bytes_put(&b->marks, b->lists.n - b->marked.lists);
	bytes_put_diff(&b->marks, b->family, b->marked.family);
	b->marked.number = b->number;
	b->marked.sizes = b->sizes.n;
	b->marked.lists = b->lists.n;
	b->marked.family = b->family;
}

static void put_first(struct block *b, uint32_t family)
{
	if (terms_is_counter(b->kind))
		bytes_put_diff(&b->lists, family, b->family);
	else
		bytes_put(&b->lists, family);
	b->family = family;
}

static void write_texts(const struct terms *t, const struct term_lists *lists, struct block *b)
{
	for (size_t i = 0; i < t->texts.n; i++) {
		const struct term_entry *x = &t->texts.at[i];
		size_t from = begin_term(b, x->kind, x->text), begin = lists->begin[x->term];

		bytes_put(&b->sizes, x->text.n);
		buf_addstr(&b->keys, x->text);
		for (size_t k = begin; k < lists->begin[x->term + 1]; k++)
			bytes_put(&b->lists, lists->at[k] - (k > begin ? lists->at[k - 1] : 0));
		bytes_put(&b->sizes, b->lists.n - from);
	}
}

static void write_numbers(struct term_numbers *s, enum term_kind kind, struct block *b)
{
	size_t end;

	numbered_sort(&s->at, s->n);
	for (size_t i = 0; i < s->n; i = end) {
		char room[8];
		size_t from = begin_term(b, kind, term_number(s->at[i].number, room));
		uint32_t before = s->at[i].of;

		if (b->n > 1 && (b->n - 1) % TERM_GROUP == 0)
			mark(b);
		bytes_put(&b->sizes, s->at[i].number - b->number);
		b->number = s->at[i].number;
		put_first(b, before);
		for (end = i + 1; end < s->n && s->at[end].number == s->at[i].number; end++) {
			if (s->at[end].of == before)
				continue;
			bytes_put(&b->lists, s->at[end].of - before);
			before = s->at[end].of;
		}
		bytes_put(&b->sizes, b->lists.n - from);
	}
}

static struct term_lists lists_of(struct terms *t)
{
	struct term_lists l = { mem_alloc((t->nseen + 1) * sizeof(*l.at)),
				mem_alloc(((size_t)t->nterms + 2) * sizeof(*l.begin)) };

	for (size_t i = 0; i < t->nseen; i++)
		l.begin[t->seen[i].term + 2]++;
	for (size_t i = 2; i < (size_t)t->nterms + 2; i++)
		l.begin[i] += l.begin[i - 1];
	for (size_t i = 0; i < t->nseen; i++)
		l.at[l.begin[t->seen[i].term + 1]++] = t->seen[i].family;
	free(t->seen);
	t->seen = NULL;
	t->nseen = 0;
	return l;
}

void terms_write(struct terms *t, struct chapter_out *c, struct buf *root)
{
	struct term_writer w = { .out = c };
	struct block b = { .to = &w };
	struct term_lists lists;

	MUST(t->sorted);
	lists = lists_of(t);
	terms_write_names(t, &lists, &w);
	write_texts(t, &lists, &b);
	for (int kind = 0; kind < TERM_KINDS; kind++)
		write_numbers(&t->numbers[kind], (enum term_kind)kind, &b);
	end_block(&b);
	bytes_put(root, w.ats);
	bytes_put(root, w.nblocks);
	buf_addstr(root, buf_str(&w.directory));
	free(lists.at);
	free(lists.begin);
	buf_clear(&w.directory);
	buf_clear(&b.marks);
	buf_clear(&b.sizes);
	buf_clear(&b.keys);
	buf_clear(&b.lists);
	buf_clear(&b.head);
	buf_clear(&b.first);
}
