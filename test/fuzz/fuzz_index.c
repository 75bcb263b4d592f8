/* Bytes as what an index holds: by the first one, the root, a block of terms, or families over two small logs.
 * Whatever comes to life is sound: its lists end, and its texts lie within their lines. */
#include <string.h>

#include "index/inside.h"
#include "index/terms_inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "2021-03-09 12:43:51, from, correspondent@elsewhere.example.net\n"
			   "2021-03-09 12:43:51, resp, 250 ok\n"
			   "2021-03-09 12:43:51, to, <recipient@example.com>\n"
			   "2021-03-09 12:43:51, resp, 250 ok\n"
			   "2021-03-09 12:43:51, size, 1234\n"
			   "2021-03-09 12:43:51, resp, 250 ok 1615286631 qp 15309\n";

static const char *read_text(void *with, uint32_t file, uint64_t offset, size_t n)
{
	(void)with;
	MUST(file < 2 && offset <= sizeof(text) - 1 && n <= sizeof(text) - 1 - offset);
	return text + offset;
}

static void look_at_story(const struct book *b, const struct story *s)
{
	size_t n = 0;

	for (const struct story *up = s; up != NULL; up = ties_of(up)->parent)
		n++;
	for (const struct story *c = ties_of(s)->child; c != NULL; c = ties_of(c)->sibling)
		MUST(ties_of(c)->parent == s);
	for (const struct line *x = s->visit != NULL ? s->visit->lines.first : NULL; x != NULL; x = x->next) {
		MUST(x->file < b->source->n);
		n += line_raw(b, x).n;
	}
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		n += p->name->text.n;
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
			n += a->report.n > 0 ? (size_t)a->report.p[a->report.n - 1] : 0;
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
			MUST(a->join.rival == NULL || a->join.rival->file < b->source->n);
	}
	MUST(n > 0);
}

/* Every second one is stepped over. */
static void look_at_families(struct unpacker *k, uint32_t families)
{
	ARENA(scratch);

	for (uint32_t f = 0; f < families; f++) {
		struct story **at;
		size_t n;

		if (f % PACK_GROUP == 0 && !unpack_group(k))
			return;
		if (f % 2 != 0) {
			if (!unpack_skip(k, &scratch))
				return;
			continue;
		}
		n = unpack_family(k, &at);
		if (n == 0)
			return;
		for (size_t i = 0; i < n; i++)
			look_at_story(k->b, at[i]);
	}
	(void)unpack_ended(k);
}

/* A block of so many families.  files: which ones they are now; NULL: the same. */
static void look_at_block(struct str bytes, uint32_t families, const uint32_t *files_now)
{
	struct pack_keys keys = { { "one", "another" }, 2 };
	struct pack_step steps[3] = { 0 };
	struct source_file files[2] = { { .text = { .n = sizeof(text) - 1 } }, { .text = { .n = sizeof(text) - 1 } } };
	struct source source = { .files = files, .n = 2 };
	struct book b;
	struct unpacker k = {
		.b = &b,
		.source = &source,
		.files = files_now,
		.keys = &keys,
		.text = { read_text, NULL },
		.steps = steps,
	};

	book_init(&b, &source);
	b.kept = true;
	if (unpack_block(&k, bytes, families))
		look_at_families(&k, families);
	book_clear(&b);
}

static void look_at_root(struct str bytes)
{
	struct index x = { .root.families = UINT32_MAX };
	struct cur c = cur_of(bytes);

	source_init(&x.own);
	zone_init(&x.facts.zone, &x.mem);
	root_take(&c, &x);
	terms_take(&x.terms, &c, &x.mem);
	if (c.why == NULL)
		root_take_growth(&c, &x);
	if (c.why == NULL)
		root_take_left(&c, &x);
	source_clear(&x.own);
	arena_clear(&x.mem);
}

/* Going through a block finds what its table has: looked at for the last number that all before it are less than. */
static void look_at_numbers(const struct term_open *x, struct str bytes)
{
	struct term_walked w;
	size_t i = 0;

	if (!terms_is_number(x->from->kind) || x->n == 0)
		return;
	while (i + 1 < x->n && str_cmp(x->texts[i], x->texts[i + 1]) < 0)
		i++;
	MUST(terms_walk_to(bytes, bytes, term_number_of(x->texts[i]), &w) && w.found);
	MUST(w.list.at == x->pieces[0][i].at && w.list.n == x->pieces[0][i].n);
}

/* A block of terms, with the same bytes for lists. */
static void look_at_terms(enum term_kind kind, struct str bytes)
{
	enum { FAMILIES = 1000 };
	struct term_block from = { .kind = kind };
	ARENA(mem);
	struct term_open x = { .from = &from, .mem = &mem, .lists = { bytes, bytes } };
	struct family_set set = { arena_alloc(&mem, (FAMILIES / 64 + 1) * sizeof(uint64_t)), FAMILIES };
	size_t n = 1, found = 0;

	if (!terms_parse(&x, bytes)) {
		struct term_walked w;

		(void)terms_walk_to(bytes, bytes, UINT64_MAX, &w);
		return;
	}
	look_at_numbers(&x, bytes);
	for (size_t i = 0; i < x.n; i++) {
		n += x.texts[i].n > 0 ? (unsigned char)x.texts[i].p[x.texts[i].n - 1] : 0;
		found += terms_put_lists(&x, kind, i, &set);
	}
	MUST(n > 0 && found <= x.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t one_gone[] = { 0, UINT32_MAX };
	struct str bytes = str_mem(data + (size > 0), size - (size > 0));

	if (size > 0 && data[0] == 'r')
		look_at_root(bytes);
	else if (size > 1 && data[0] == 't')
		look_at_terms((enum term_kind)(TERM_ADDRESS + data[1] % (TERM_KINDS - TERM_ADDRESS)),
			      str_skip(bytes, 1));
	else if (size > 1)
		look_at_block(str_skip(bytes, 1), 1 + data[1] % 20, data[0] == 'g' ? one_gone : NULL);
	return 0;
}
