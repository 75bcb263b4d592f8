/* Rows of one tale behind those of another: each text of theirs gets its number here. */
#include <stdlib.h>
#include <string.h>

#include "trace/rows.h"

/* What each id of the other's dictionary is here; UINT32_MAX: no row of theirs names it. */
struct translation {
	const struct row_dict *from;
	uint32_t *ids;
};

enum { UNUSED, USED };

static struct translation translate(const struct row_dict *from)
{
	return (struct translation){ from, mem_alloc((from->n + 1) * sizeof(uint32_t)) };
}

static void use_column(struct translation *t, const uint32_t *column, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (column[i] < t->from->n)
			t->ids[column[i]] = USED;
}

static size_t dict_of(enum row_also_kind kind)
{
	return kind == ALSO_HOP_PORT ? 2 : kind == ALSO_LOGIN || kind == ALSO_HOP_LOGIN ? 1 : 0;
}

/* t: of names, logins, ports. */
static void use_also(const struct rows *more, struct translation *const t[3])
{
	for (size_t i = 0; i < more->nalso; i++)
		use_column(t[dict_of(more->also[i].kind)], &more->also[i].text, 1);
}

/* Looking them up waits for memory, so each is asked for twice before: for its slot, and for what lies there. */
enum { AHEAD = 16 };

static void number_all(struct rows *r, struct translation *t, struct row_dict *to,
		       uint32_t (*number)(struct rows *, struct row_dict *, struct str, uint64_t))
{
	const struct row_dict *from = t->from;
	uint64_t hash[AHEAD];

	for (size_t i = 0; i < from->n + AHEAD; i++) {
		size_t later = i - AHEAD / 2, now = i - AHEAD;

		if (now < from->n)
			t->ids[now] =
			    t->ids[now] == USED ? number(r, to, from->text[now], hash[now % AHEAD]) : UINT32_MAX;
		if (i < from->n && t->ids[i] == USED)
			dict_ahead(&to->ids, hash[i % AHEAD] = dict_hash(from->text[i]));
		if (later < from->n && t->ids[later] == USED)
			dict_text_ahead(&to->ids, hash[later % AHEAD]);
	}
}

static uint32_t number_name(struct rows *r, struct row_dict *to, struct str text, uint64_t hash)
{
	(void)to;
	return rows_name_of(r, text, hash);
}

static uint32_t number_ip(struct rows *r, struct row_dict *to, struct str text, uint64_t hash)
{
	(void)to;
	return rows_ip_of(r, text, hash);
}

static uint32_t number_text(struct rows *r, struct row_dict *to, struct str text, uint64_t hash)
{
	(void)r;
	return rows_text_of(to, text, hash);
}

static uint32_t id_here(const struct translation *t, uint32_t id)
{
	return id < t->from->n ? t->ids[id] : UINT32_MAX;
}

static void translate_column(uint32_t *column, size_t n, const struct translation *t)
{
	for (size_t i = 0; i < n; i++)
		column[i] = id_here(t, column[i]);
}

static void append_also(struct rows *r, const struct rows *more, size_t row, struct translation *const t[3])
{
	if (more->nalso == 0)
		return;
	r->also_cap = r->nalso + more->nalso;
	r->also = mem_grow(r->also, r->also_cap * sizeof(*r->also));
	for (size_t i = 0; i < more->nalso; i++) {
		struct row_also a = more->also[i];

		a.row += (uint32_t)row;
		a.text = id_here(t[dict_of(a.kind)], a.text);
		r->also[r->nalso++] = a;
	}
}

static void append_columns(struct rows *r, const struct rows *more)
{
	size_t at = r->n;

	rows_grow(r, more->n);
	if (more->n == 0)
		return;
#define ROW(type, name, meaning) memcpy(r->name + at, more->name, more->n * sizeof(type));
#include "trace/rows.def"
#undef ROW
}

static void keep_texts(struct rows *r, struct arena *mem)
{
	r->names.keep = r->ips.keep = r->logins.keep = r->ports.keep = mem;
}

void rows_append(struct rows *r, const struct rows *more, uint32_t stories)
{
	struct translation names = translate(&more->names), ips = translate(&more->ips),
			   logins = translate(&more->logins), ports = translate(&more->ports);
	struct translation *const of_also[] = { &names, &logins, &ports };
	size_t at = r->n;

	keep_texts(r, &r->mem);
	use_column(&names, more->from, more->n);
	use_column(&names, more->to, more->n);
	use_column(&ips, more->ip, more->n);
	use_column(&logins, more->login, more->n);
	for (size_t i = 0; i < more->n; i++)
		use_column(&ports, &(uint32_t){ more->port[i] }, 1);
	use_also(more, of_also);
	number_all(r, &names, &r->names, number_name);
	number_all(r, &ips, &r->ips, number_ip);
	number_all(r, &logins, &r->logins, number_text);
	number_all(r, &ports, &r->ports, number_text);
	append_columns(r, more);
	translate_column(r->from + at, more->n, &names);
	translate_column(r->to + at, more->n, &names);
	translate_column(r->ip + at, more->n, &ips);
	translate_column(r->login + at, more->n, &logins);
	for (size_t i = at; i < r->n; i++) {
		r->story[i] += stories;
		r->port[i] = (uint8_t)id_here(&ports, r->port[i]);
	}
	append_also(r, more, at, of_also);
	keep_texts(r, NULL);
	free(names.ids);
	free(ips.ids);
	free(logins.ids);
	free(ports.ids);
}
