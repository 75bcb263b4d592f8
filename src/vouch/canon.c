#include "vouch/canon.h"

#include <string.h>
#include "base/err.h"
#include "mail/field.h"

struct canon_name {
	size_t count, last; /* 1 + the index of the lowest */
	size_t next;        /* the same of the next to be taken, while pass is the head's */
	uint64_t pass;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A field with its folds: up to a CRLF that is followed by no white space. */
static struct str take_field(struct str *rest)
{
	struct str all = *rest, f;
	size_t n = 0;

	for (;;) {
		ptrdiff_t at = str_find(str_skip(all, n), STR("\r\n"));

		n = at < 0 ? all.n : n + (size_t)at + 2;
		if (n == all.n || !is_blank(all.p[n]))
			break;
	}
	f = str_take(all, n);
	*rest = str_skip(all, n);
	return f;
}

static struct str without_crlf(struct str s)
{
	return str_ends(s, STR("\r\n")) ? str_take(s, s.n - 2) : s;
}

/* Name, perhaps white space (obsolete, still sent), colon: false when it is no field. */
static bool split_field(struct str raw, struct canon_field *f)
{
	size_t n = field_name(raw);

	if (n == 0)
		return false;
	*f = (struct canon_field){ .raw = raw, .name = str_take(raw, n) };
	f->value = without_crlf(str_skip(raw, (size_t)str_chr(raw, ':') + 1));
	return true;
}

static void index_field(struct canon_head *h, size_t i)
{
	struct str key = arena_lower(h->arena, h->fields[i].name);
	struct canon_name *name = map_get(&h->names, key);

	if (name == NULL) {
		name = arena_alloc(h->arena, sizeof(*name));
		map_put(&h->names, key, name);
	}
	h->fields[i].above = name->last;
	name->last = i + 1;
	name->count++;
}

static size_t count_fields(struct str block)
{
	size_t n = 0;

	while (block.n > 0 && n <= CANON_FIELDS_MAX) {
		take_field(&block);
		n++;
	}
	return n;
}

void canon_head_read(struct canon_head *h, struct arena *a, struct str block)
{
	size_t most = count_fields(block);

	*h = (struct canon_head){ .arena = a, .names = MAP_INIT };
	h->too_many = most > CANON_FIELDS_MAX;
	if (h->too_many)
		return;
	h->fields = arena_alloc(a, (most + 1) * sizeof(*h->fields));
	while (block.n > 0 && !str_starts(block, STR("\r\n"))) {
		struct str raw = take_field(&block);

		if (split_field(raw, &h->fields[h->n])) {
			index_field(h, h->n);
			h->n++;
		}
	}
}

void canon_head_clear(struct canon_head *h)
{
	map_clear(&h->names);
}

size_t canon_head_count(const struct canon_head *h, struct str name)
{
	const struct canon_name *n = map_get(&h->names, name);

	return n != NULL ? n->count : 0;
}

struct canon_field *canon_head_last(const struct canon_head *h, struct str name)
{
	const struct canon_name *n = map_get(&h->names, name);

	return n != NULL ? &h->fields[n->last - 1] : NULL;
}

void canon_head_rewind(struct canon_head *h)
{
	h->pass++;
}

struct canon_field *canon_head_take(struct canon_head *h, struct str name)
{
	char low[80];
	struct canon_name *n;
	struct canon_field *f;

	if (name.n <= sizeof(low)) {
		for (size_t i = 0; i < name.n; i++)
			low[i] = ascii_lower(name.p[i]);
		name = str_mem(low, name.n);
	} else {
		name = arena_lower(h->arena, name);
	}
	n = map_get(&h->names, name);
	if (n == NULL)
		return NULL;
	if (n->pass != h->pass) {
		n->pass = h->pass;
		n->next = n->last;
	}
	if (n->next == 0)
		return NULL;
	f = &h->fields[n->next - 1];
	n->next = f->above;
	return f;
}

/* Name in lower case, no white space around the colon, no folds, each run of white space one space, none at the end. */
struct str canon_relaxed(struct arena *a, struct str raw)
{
	char *out = arena_alloc(a, raw.n + 3);
	size_t n = 0, i = 0, value;
	bool blank = false;

	for (; i < raw.n && raw.p[i] != ':'; i++)
		if (!is_blank(raw.p[i]))
			out[n++] = ascii_lower(raw.p[i]);
	out[n++] = ':';
	value = n;
	for (i++; i < raw.n; i++) {
		char c = raw.p[i];

		if (c == '\r' && i + 1 < raw.n && raw.p[i + 1] == '\n') {
			i++;
		} else if (is_blank(c)) {
			blank = true;
		} else {
			if (blank && n > value)
				out[n++] = ' ';
			blank = false;
			out[n++] = c;
		}
	}
	out[n++] = '\r';
	out[n++] = '\n';
	return str_mem(out, n);
}

struct str canon_form(struct canon_head *h, struct canon_field *f, enum canon canon)
{
	if (canon == CANON_SIMPLE)
		return f->raw;
	if (f->relaxed.p == NULL)
		f->relaxed = canon_relaxed(h->arena, f->raw);
	return f->relaxed;
}

struct str canon_form_without(struct canon_head *h, const struct canon_field *f, struct str hole, enum canon canon)
{
	struct str raw = without_crlf(f->raw);
	size_t before = hole.p != NULL ? (size_t)(hole.p - raw.p) : raw.n, after = before + hole.n;
	char *text = arena_alloc(h->arena, raw.n + 1);
	size_t n = raw.n - hole.n;

	MUST(after <= raw.n);
	memcpy(text, raw.p, before);
	memcpy(text + before, raw.p + after, raw.n - after);
	if (canon == CANON_SIMPLE)
		return str_mem(text, n);
	return without_crlf(canon_relaxed(h->arena, str_mem(text, n)));
}
