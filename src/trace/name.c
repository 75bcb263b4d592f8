/* Addresses: one struct name for each, found by its text. */
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"
#include "trace/record.h"

enum { FIRST_CAP = 256, SPELT_MAX = 1020 };

struct name_ref {
	struct name *name; /* NULL: nothing stands here */
	uint64_t hash;
};

/* Where the text stands, or could go. */
static struct name_ref *find(const struct names *t, struct str text, uint64_t hash)
{
	for (size_t i = hash & (t->cap - 1);; i = (i + 1) & (t->cap - 1)) {
		struct name_ref *r = &t->refs[i];

		if (r->name == NULL || (r->hash == hash && str_eq(r->name->text, text)))
			return r;
	}
}

static void grow(struct names *t)
{
	struct names old = *t;

	t->cap = old.cap > 0 ? old.cap * 2 : FIRST_CAP;
	t->refs = mem_alloc(t->cap * sizeof(*t->refs));
	t->at = mem_grow(t->at, t->cap * sizeof(struct name *));
	for (size_t i = 0; i < old.cap; i++) {
		size_t to = old.refs[i].hash & (t->cap - 1);

		if (old.refs[i].name == NULL)
			continue;
		while (t->refs[to].name != NULL)
			to = (to + 1) & (t->cap - 1);
		t->refs[to] = old.refs[i];
	}
	free(old.refs);
}

void names_clear(struct names *t)
{
	free(t->refs);
	free(t->at);
	*t = (struct names){ 0 };
}

/* "<a@b> SIZE=1" -> "a@b" */
static struct str inside_brackets(struct str s)
{
	ptrdiff_t end;

	if (s.n == 0 || s.p[0] != '<')
		return s;
	end = str_rchr(s, '>');
	return end > 0 ? (struct str){ s.p + 1, (size_t)end - 1 } : str_skip(s, 1);
}

/* prvs=TAG=user@domain and prvs=TAG/user@domain (LOG-FORMATS 1.2): the gate's log has the bare address. */
static struct str without_batv(struct str s)
{
	struct str rest = str_skip(s, 5);

	if (s.n < 5 || (s.p[0] | 0x20) != 'p' || !str_istarts(s, STR("prvs=")))
		return s;
	for (size_t i = 0; i < rest.n && rest.p[i] != '@'; i++)
		if (rest.p[i] == '=' || rest.p[i] == '/')
			return str_skip(rest, i + 1);
	return s;
}

struct str name_bare(struct str address)
{
	struct str s = without_batv(inside_brackets(str_trim(address)));

	return str_eqz(s, "(unknown)") ? STR("") : s;
}

/* Would it end the word that an address is? */
static bool ends_word(unsigned char c)
{
	switch (c) {
	case '<':
	case '>':
	case ',':
	case ':':
	case ';':
	case '(':
	case ')':
	case '[':
	case ']':
	case '"':
		return true;
	default:
		return c <= ' ';
	}
}

/* Lower case; in a local part without quotes the bytes that would end it (a space, a bracket) become \xHH, so that an
 * address is one word wherever it is shown.  Returns the length. */
static size_t spell(struct str bare, char *low, size_t cap)
{
	static const char hex[] = "0123456789abcdef";
	ptrdiff_t at = str_rchr(bare, '@');
	size_t local = at > 0 && bare.p[at - 1] != '"' ? (size_t)at : 0, n = 0;

	for (size_t i = 0; i < bare.n && n + 4 <= cap; i++) {
		unsigned char c = (unsigned char)bare.p[i];

		if (i >= local || !ends_word(c)) {
			low[n++] = ascii_lower(bare.p[i]);
			continue;
		}
		low[n++] = '\\';
		low[n++] = 'x';
		low[n++] = hex[c >> 4];
		low[n++] = hex[c & 15];
	}
	return n;
}

/* Is that how spell() would spell it?  So nearly all addresses stand there. */
static bool is_spelt(struct str bare)
{
	bool plain = bare.n < SPELT_MAX;

	for (size_t i = 0; i < bare.n && plain; i++) {
		char c = bare.p[i];

		plain = (c >= 'a' && c <= 'z') || (c >= '-' && c <= '9') || c == '@' || c == '_';
	}
	return plain;
}

static struct name *new_name(struct book *b, struct name_ref *where, struct str text, uint64_t hash)
{
	struct name *x = arena_alloc(&b->mem, sizeof(*x));

	MUST(b->nnames < UINT32_MAX);
	x->text = arena_str(&b->mem, text);
	x->id = (uint32_t)b->nnames++;
	b->names.at[x->id] = x;
	*where = (struct name_ref){ x, hash };
	return x;
}

struct name *book_spelling(struct book *b, struct str text)
{
	struct names *t = &b->names;
	struct name_ref *r;
	uint64_t hash;

	if ((b->nnames + 1) * 3 >= t->cap * 2)
		grow(t);
	hash = dict_hash(text);
	r = find(t, text, hash);
	return r->name != NULL ? r->name : new_name(b, r, text, hash);
}

/* One address may be escaped in one field and not in another: names are compared as they were given.  What stands
 * there without escapes as a name that is known is spelt as we would spell it. */
struct name *book_name(struct book *b, struct str address)
{
	struct names *t = &b->names;
	struct str bare = name_bare(address), text;
	bool escaped;
	struct name_ref *r;
	uint64_t hash;
	char low[SPELT_MAX + 4];

	if ((b->nnames + 1) * 3 >= t->cap * 2)
		grow(t);
	hash = dict_hash(bare);
	r = find(t, bare, hash);
	escaped = str_chr(bare, '\\') >= 0;
	if (!escaped && r->name != NULL)
		return r->name;
	if (!escaped && is_spelt(bare))
		return new_name(b, r, bare, hash);
	if (escaped)
		bare = log_plain(&b->mem, bare);
	text = str_mem(low, spell(bare, low, sizeof(low)));
	if (!str_eq(text, bare) || escaped) {
		hash = dict_hash(text);
		r = find(t, text, hash);
	}
	return r->name != NULL ? r->name : new_name(b, r, text, hash);
}

uint64_t book_name_soon(const struct book *b, struct str address)
{
	const struct names *t = &b->names;
	uint64_t hash;

	if (t->cap == 0)
		return 0;
	hash = dict_hash(name_bare(address));
	__builtin_prefetch(&t->refs[hash & (t->cap - 1)]);
	return hash;
}

void book_name_sooner(const struct book *b, uint64_t soon)
{
	enum { CACHE_LINE = 64 };
	const struct names *t = &b->names;
	const struct name *x = t->cap > 0 ? t->refs[soon & (t->cap - 1)].name : NULL;

	if (x == NULL)
		return;
	__builtin_prefetch(x);
	__builtin_prefetch((const char *)x + CACHE_LINE); /* its text stands behind it */
}
