#include "handoff/edit.h"

#include <string.h>
#include "mail/field.h"

static bool is_white(char c)
{
	return c == ' ' || c == '\t';
}

/* ---- what an edit may hold ---- */

static const char *name_ok(struct str name)
{
	if (name.n == 0)
		return "a field without a name";
	if (name.n > EDIT_NAME_MAX)
		return "a field's name is too long";
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == ':')
			return "a field's name has a byte that no name has";
	return NULL;
}

/* The white space of a fold at p[i], and something behind it on that line. */
static bool folds(struct str v, size_t i)
{
	size_t at = i + 2;

	if (i + 1 >= v.n || v.p[i + 1] != '\n')
		return false;
	while (at < v.n && is_white(v.p[at]))
		at++;
	return at > i + 2 && at < v.n && v.p[at] != '\r';
}

const char *edit_ok(const struct edit *d)
{
	const char *why = name_ok(d->name);
	size_t line = d->name.n + 1;

	if (why != NULL || d->kind == EDIT_DELETE)
		return why;
	if (d->value.n > EDIT_VALUE_MAX)
		return "a field's value is too long";
	for (size_t i = 0; i < d->value.n; i++) {
		unsigned char c = (unsigned char)d->value.p[i];

		if (c == '\r' && folds(d->value, i)) {
			i++;
			line = 0;
			continue;
		}
		if (c == '\r' || c == '\n')
			return "a field's value has a line end that is no fold";
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return "a field's value has a control character";
		if (++line > EDIT_LINE_MAX)
			return "a line of a field's value is too long";
	}
	return NULL;
}

/* LF becomes CRLF; line ends behind the value go. */
static struct str with_crlf(struct arena *a, struct str v)
{
	char *out;
	size_t n = 0;

	while (v.n > 0 && (v.p[v.n - 1] == '\n' || v.p[v.n - 1] == '\r'))
		v.n--;
	out = arena_alloc(a, 2 * v.n + 1);
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\n' && (i == 0 || v.p[i - 1] != '\r'))
			out[n++] = '\r';
		out[n++] = v.p[i];
	}
	return str_mem(out, n);
}

int edit_make(struct edit *d, struct arena *a, const char **why)
{
	if (d->value.n > EDIT_VALUE_MAX) {
		*why = "a field's value is too long";
		return -1;
	}
	d->name = arena_str(a, str_take(d->name, EDIT_NAME_MAX + 1));
	d->value = with_crlf(a, d->value);
	*why = edit_ok(d);
	return *why == NULL ? 0 : -1;
}

struct str edit_spaced(struct arena *a, struct str value)
{
	char *p = arena_alloc(a, value.n + 1);

	p[0] = ' ';
	if (value.n > 0)
		memcpy(p + 1, value.p, value.n);
	return str_mem(p, value.n + 1);
}

/* ---- the header as a list ---- */

static struct head_field field_of(struct str raw)
{
	struct head_field f = { .raw = raw, .name = str_take(raw, field_name(raw)) };
	ptrdiff_t colon = str_chr(raw, ':');

	if (f.name.n == 0)
		return f;
	f.value = str_skip(raw, (size_t)colon + 1);
	if (str_ends(f.value, STR("\n")))
		f.value.n--;
	if (str_ends(f.value, STR("\r")))
		f.value.n--;
	return f;
}

static void put_field(struct head *h, size_t at, struct head_field f)
{
	if (h->n == h->room) {
		size_t want = h->room < 32 ? 64 : 2 * h->room;

		h->fields = arena_grow(h->mem, h->fields, h->n, want, sizeof(*h->fields));
		h->room = want;
	}
	memmove(h->fields + at + 1, h->fields + at, (h->n - at) * sizeof(*h->fields));
	h->fields[at] = f;
	h->n++;
}

static void drop_field(struct head *h, size_t at)
{
	h->n--;
	memmove(h->fields + at, h->fields + at + 1, (h->n - at) * sizeof(*h->fields));
	if (at < h->above)
		h->above--;
}

void head_read(struct head *h, struct arena *a, struct str block)
{
	*h = (struct head){ .mem = a };
	while (block.n > 0)
		put_field(h, h->n, field_of(field_raw(&block)));
}

/* ---- applying ---- */

static bool is_named(const struct head *h, size_t i, struct str name)
{
	return h->fields[i].name.n > 0 && str_ieq(h->fields[i].name, name);
}

/* Where the nth field of that name stands (from 1; -1 is the last one), or -1. */
static ptrdiff_t nth(const struct head *h, struct str name, int32_t which)
{
	for (size_t i = 0; which > 0 && i < h->n; i++)
		if (is_named(h, i, name) && --which == 0)
			return (ptrdiff_t)i;
	for (size_t i = h->n; which < 0 && i-- > 0;)
		if (is_named(h, i, name) && ++which == 0)
			return (ptrdiff_t)i;
	return -1;
}

static void drop_all(struct head *h, struct str name)
{
	size_t kept = 0, above = h->above;

	for (size_t i = 0; i < h->n; i++) {
		if (!is_named(h, i, name))
			h->fields[kept++] = h->fields[i];
		else if (i < h->above)
			above--;
	}
	h->n = kept;
	h->above = above;
}

static void insert(struct head *h, int32_t place, struct head_field f)
{
	size_t at = place < 0 ? 0 : (size_t)place;

	if (at <= h->above) {
		put_field(h, at, f);
		h->above++;
	} else {
		put_field(h, at - 1 < h->n ? at - 1 : h->n, f);
	}
}

static void apply(struct head *h, const struct edit *d)
{
	struct str raw = { 0 };
	ptrdiff_t at = d->kind == EDIT_CHANGE || d->kind == EDIT_DELETE ? nth(h, d->name, d->at) : -1;

	if (d->kind != EDIT_DELETE)
		raw = arena_fmt(h->mem, "%.*s:%.*s\r\n", STR_ARG(d->name), STR_ARG(d->value));
	if (d->kind == EDIT_INSERT)
		insert(h, d->at, field_of(raw));
	else if (d->kind == EDIT_DELETE && d->at == 0)
		drop_all(h, d->name);
	else if (d->kind == EDIT_DELETE && at >= 0)
		drop_field(h, (size_t)at);
	else if (d->kind == EDIT_CHANGE && at >= 0)
		h->fields[at] = field_of(raw);
	else if (d->kind != EDIT_DELETE)
		put_field(h, h->n, field_of(raw));
}

size_t head_edit(struct head *h, const struct edit *d, size_t n)
{
	size_t refused = 0;

	for (size_t i = 0; i < n; i++) {
		if (edit_ok(&d[i]) == NULL)
			apply(h, &d[i]);
		else
			refused++;
	}
	return refused;
}

void head_put(struct buf *b, const struct head *h, enum head_part part)
{
	size_t i = part & HEAD_ABOVE ? 0 : h->above, end = part & HEAD_BELOW ? h->n : h->above;

	for (; i < end; i++)
		buf_addstr(b, h->fields[i].raw);
}
