/* Bytes as what an index holds: by the first one, the root or a family over two small logs.  Whatever comes to life is
 * sound: its lists end, and its texts lie within their lines. */
#include <string.h>

#include "index/inside.h"

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

	for (const struct story *up = s; up != NULL; up = up->parent)
		n++;
	for (const struct story *c = s->child; c != NULL; c = c->sibling)
		MUST(c->parent == s);
	for (const struct line *x = s->visit != NULL ? s->visit->lines.first : NULL; x != NULL; x = x->next)
		n += line_raw(b, x).n;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		n += p->name->text.n;
		for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
			n += a->report.n > 0 ? (size_t)a->report.p[a->report.n - 1] : 0;
	}
	MUST(n > 0);
}

static void look_at_family(struct str bytes)
{
	struct pack_keys keys = { { "one", "another" }, 2 };
	struct pack_step steps[3] = { 0 };
	struct source_file files[2] = { { .text = { .n = sizeof(text) - 1 } }, { .text = { .n = sizeof(text) - 1 } } };
	struct source source = { .files = files, .n = 2 };
	struct book b;
	struct unpacker k = { .b = &b, .keys = &keys, .text = { read_text, NULL }, .steps = steps };
	struct story **at;
	size_t n;

	book_init(&b, &source);
	b.kept = true;
	n = unpack_family(&k, bytes, &at);
	for (size_t i = 0; i < n; i++)
		look_at_story(&b, at[i]);
	book_clear(&b);
}

static void look_at_root(struct str bytes)
{
	struct index x = { 0 };
	struct cur c = cur_of(bytes);

	source_init(&x.own);
	zone_init(&x.facts.zone, &x.mem);
	root_take(&c, &x);
	terms_take(&x.terms, &c, &x.mem);
	source_clear(&x.own);
	arena_clear(&x.mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = str_mem(data + (size > 0), size - (size > 0));

	if (size > 0 && data[0] == 'r')
		look_at_root(bytes);
	else if (size > 0)
		look_at_family(bytes);
	return 0;
}
