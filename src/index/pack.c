#include "index/pack.h"

#include <stdlib.h>
#include <string.h>

#include "index/pack_inside.h"

struct packer *pack_new(const struct tale *t, struct pack_keys *keys)
{
	struct packer *k = mem_alloc(sizeof(*k));

	k->b = t->book;
	k->keys = keys;
	k->number = mem_alloc((t->n + 1) * sizeof(*k->number));
	k->names = mem_alloc((t->book->nnames + 1) * sizeof(*k->names));
	k->steps = mem_alloc((t->book->source->n + 1) * sizeof(*k->steps));
	k->asked = INT64_MIN;
	return k;
}

void pack_free(struct packer *k)
{
	free(k->lines.at);
	free(k->runs);
	buf_clear(&k->low);
	free(k->low_at);
	free(k->number);
	free(k->names);
	map_clear(&k->parties);
	free(k->places);
	free(k->steps);
	free(k);
}

static void put_NAME(struct packer *k, const struct name *x)
{
	struct pack_name *n = x != NULL ? &k->names[x->id] : NULL;

	if (n == NULL) {
		bytes_put(k->out, 0);
		return;
	}
	if (n->family == k->family) {
		bytes_put(k->out, n->number + 1);
		return;
	}
	*n = (struct pack_name){ k->family, k->nnames++ };
	bytes_put(k->out, n->number + 1);
	pack_spelling(k, x->text);
}

/* ---- other members ---- */

#define put_STR pack_text
#define put_NUM(k, v) bytes_put((k)->out, (uint64_t)(v))
#define put_SERVER put_NUM
#define put_OUTCOME put_NUM
#define put_WENT put_NUM
#define put_TOLD put_NUM
#define put_VERDICT put_NUM
#define put_GRADE put_NUM
#define put_BEYOND put_NUM

static void put_near(struct packer *k, int64_t v, int64_t base)
{
	if (v == 0)
		bytes_put(k->out, 0);
	else
		bytes_put(k->out, bytes_fold((int64_t)((uint64_t)v - (uint64_t)base)) + 1);
}

#define put_TIME(k, v) put_near(k, (int64_t)(v), (k)->base)
#define put_MS(k, v) put_near(k, v, (k)->base * 1000)

#define put_LINE pack_line_ref
void pack_line_ref(struct packer *k, const struct line *x)
{
	size_t i = x != NULL ? gathered_find(&k->lines, x) : 0;

	k->bad = k->bad || i == SIZE_MAX;
	bytes_put(k->out, x != NULL ? (uint64_t)i + 1 : 0);
}

static void put_LINES(struct packer *k, struct lines l)
{
	put_LINE(k, l.first);
	if (l.first != NULL)
		put_LINE(k, l.last);
}

static size_t key_number(struct packer *k, const char *key)
{
	size_t i = 0;

	while (i < k->keys->n && strcmp(k->keys->at[i], key) != 0)
		i++;
	if (i == k->keys->n && i < PACK_KEYS_MAX)
		k->keys->at[k->keys->n++] = key;
	k->bad = k->bad || i == PACK_KEYS_MAX;
	return i;
}

static void put_JOIN(struct packer *k, struct join j)
{
	if (j.key == NULL) {
		k->bad = k->bad || j.rival != NULL || j.grade != GRADE_GUESS;
		bytes_put(k->out, 0);
		return;
	}
	bytes_put(k->out, key_number(k, j.key) + 1);
	bytes_put(k->out, (uint64_t)j.grade << 1 | (j.rival != NULL));
	if (j.rival == NULL)
		return;
	bytes_put(k->out, j.rival->file);
	bytes_put(k->out, j.rival->number);
}

static void put_STORY(struct packer *k, const struct story *s)
{
	k->bad = k->bad || (s != NULL && k->number[s->order] == 0);
	bytes_put(k->out, s != NULL ? k->number[s->order] : 0);
}

static void put_PARTY(struct packer *k, const struct party *p)
{
	const uint32_t *at = p != NULL ? map_getn(&k->parties, (uintptr_t)p) : NULL;

	k->bad = k->bad || (p != NULL && at == NULL);
	bytes_put(k->out, at != NULL ? *at : 0);
}

static void put_OWN_STORY(struct packer *k, const struct story *s)
{
	k->bad = k->bad || s != k->story;
}

static void put_OWN_VISIT(struct packer *k, const struct visit *v)
{
	k->bad = k->bad || (v != NULL && v != k->story->visit);
	bytes_put(k->out, v != NULL);
}

/* The visit's recipients are the first ones of the story. */
static void put_VISITORS(struct packer *k, struct parties ps)
{
	k->bad = k->bad || (ps.n > 0 && ps.first != k->story->parties.first) || ps.n > k->story->parties.n;
	bytes_put(k->out, ps.n);
}

#define put_LINK(k, v) ((void)0)
#define put_LAST put_LINK
#define put_GONE put_LINK

#define ONE(s) \
	static void put_##s(struct packer *k, const struct s *v); \
	static void put_ONE_##s(struct packer *k, const struct s *v) \
	{ \
		bytes_put(k->out, v != NULL); \
		if (v != NULL) \
			put_##s(k, v); \
	}
#define LIST(s, link) \
	static void put_##s(struct packer *k, const struct s *v); \
	static void put_LIST_##s(struct packer *k, const struct s *v) \
	{ \
		size_t n = 0; \
		for (const struct s *x = v; x != NULL; x = x->link) \
			n++; \
		bytes_put(k->out, n); \
		for (; v != NULL; v = v->link) \
			put_##s(k, v); \
	}
PACK_ONES(ONE)
PACK_LISTS(LIST)
#undef ONE
#undef LIST

static void put_party(struct packer *k, const struct party *v);

static void put_PARTIES(struct packer *k, struct parties ps)
{
	size_t cursor = 0, i = 0;

	for (const struct party *p = ps.first; p != NULL; p = p->next)
		if (++i, p == ps.cursor)
			cursor = i;
	k->bad = k->bad || i != ps.n;
	bytes_put(k->out, ps.n);
	bytes_put(k->out, cursor);
	for (const struct party *p = ps.first; p != NULL; p = p->next)
		put_party(k, p);
}

#define STRUCT(s) \
	static void put_##s(struct packer *k, const struct s *v) \
	{
#define FIELD(s, T, f) put_##T(k, v->f);
#define END(s) }
static void put_story(struct packer *k, const struct story *v);
#include "index/fields.def"
#undef STRUCT
#undef FIELD
#undef END

/* ---- families ---- */

/* Recipients that point at others: rare, and then of few stories. */
static bool parties_asked(struct story *const *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (const struct party *p = at[i]->parties.first; p != NULL; p = p->next)
			if (p->first_try != NULL || p->seen_again != NULL)
				return true;
	return false;
}

static size_t count_parties(struct story *const *at, size_t n)
{
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += at[i]->parties.n;
	return all;
}

static void number_parties(struct packer *k, struct story *const *at, size_t n)
{
	size_t all = count_parties(at, n), number = 0;

	map_clear(&k->parties);
	if (!parties_asked(at, n))
		return;
	if (k->places_cap < all) {
		k->places_cap = 2 * all;
		k->places = mem_grow(k->places, k->places_cap * sizeof(*k->places));
	}
	for (size_t i = 0; i < n; i++)
		for (const struct party *p = at[i]->parties.first; p != NULL && number < all; p = p->next) {
			k->places[number] = (uint32_t)number + 1;
			map_putn(&k->parties, (uintptr_t)p, &k->places[number++]);
		}
}

bool pack_family(struct packer *k, struct buf *out, struct story *const *at, size_t n)
{
	size_t from = out->n;

	k->out = out;
	k->bad = false;
	k->family++;
	k->nnames = 0;
	k->base = at[0]->time;
	gather_family(&k->lines, at, n);
	pack_lower(k);
	for (size_t i = 0; i < n; i++)
		k->number[at[i]->order] = (uint32_t)i + 1;
	number_parties(k, at, n);
	bytes_put(out, n);
	bytes_put(out, count_parties(at, n));
	bytes_put_int(out, k->base);
	bytes_put(out, k->lines.n);
	for (size_t i = 0; i < k->lines.n; i++)
		pack_line(k, i);
	for (size_t i = 0; i < n; i++) {
		k->story = at[i];
		bytes_put(out, at[i]->order - (i > 0 ? at[i - 1]->order : 0));
		put_story(k, at[i]);
	}
	for (size_t i = 0; i < n; i++)
		k->number[at[i]->order] = 0;
	return !k->bad && out->n - from <= PACK_FAMILY_MAX && k->lines.n <= PACK_LINES_MAX;
}

const struct line *const *pack_lines(const struct packer *k, size_t *n)
{
	*n = k->lines.n;
	return k->lines.at;
}
