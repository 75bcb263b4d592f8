/* Each line is looked at twice: as it stands but for the escapes of our logs, and with what mail and links encode
 * undone.  A view knows of each of its bytes where it stands in the line. */
#include "trace/erase.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { CARRIER_MAX = 2048 /* bytes of an address around the place */ };

bool erase_init(struct erase *x, struct str address, struct arena *a)
{
	ptrdiff_t at;

	if (str_starts(address, STR("<")) && str_ends(address, STR(">")))
		address = str_mem(address.p + 1, address.n - 2);
	at = str_rchr(address, '@');
	if (at <= 0 || (size_t)at + 1 == address.n || address.n > 320 || str_chr(address, '\n') >= 0)
		return false;
	*x = (struct erase){ .local = arena_lower(a, str_take(address, (size_t)at)),
			     .domain = arena_lower(a, str_skip(address, (size_t)at + 1)) };
	if (x->local.n > 2 && str_starts(x->local, STR("\"")) && str_ends(x->local, STR("\"")))
		x->local = str_mem(x->local.p + 1, x->local.n - 2);
	if (str_ends(x->domain, STR(".")))
		x->domain.n--;
	return x->domain.n > 0 && str_chr(x->domain, '*') < 0 && str_chr(x->local, '*') < 0;
}

/* ---- views ---- */

struct view {
	struct str line;
	struct buf text; /* lower case, decoded */
	uint32_t *at;    /* where in the line; of the last byte: the line's end */
	size_t cap;
	size_t tail; /* from here on, in a report or the gate's reason, a space is written as '_' */
};

static void view_put(struct view *v, char c, size_t at)
{
	if (v->text.n + 2 > v->cap) {
		v->cap = v->cap > 0 ? v->cap * 2 : 1024;
		v->at = mem_grow(v->at, v->cap * sizeof(*v->at));
	}
	v->at[v->text.n] = (uint32_t)at;
	buf_addc(&v->text, ascii_lower(c));
}

static int hex(char c)
{
	return ascii_isdigit(c)                                 ? c - '0'
	       : ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f' ? ascii_lower(c) - 'a' + 10
								: -1;
}

/* "\x40": 4 bytes that are one; a backslash that is escaped itself and opens another: "\x5cx40". */
static size_t escaped(struct str s, char *c)
{
	size_t n = 2;

	if (s.n < 4 || s.p[0] != '\\' || s.p[1] != 'x')
		return 0;
	while (s.n >= n + 5 && s.p[n] == '5' && ascii_lower(s.p[n + 1]) == 'c' && s.p[n + 2] == 'x' &&
	       hex(s.p[n + 3]) >= 0 && hex(s.p[n + 4]) >= 0)
		n += 3;
	if (hex(s.p[n]) < 0 || hex(s.p[n + 1]) < 0)
		return 0;
	*c = (char)(hex(s.p[n]) << 4 | hex(s.p[n + 1]));
	return n + 2;
}

/* What stands for an at-sign, a plus or an equals sign in xtext, links and headers. */
static size_t encoded(struct str s, char *c)
{
	static const struct {
		const char *text;
		char c;
	} t[] = { { "+40", '@' },   { "=40", '@' },          { "%40", '@' }, { "%2540", '@' },
		  { "&#64;", '@' }, { "\xef\xbc\xa0", '@' }, { "+2b", '+' }, { "%2b", '+' },
		  { "+3d", '=' },   { "=3d", '=' },          { "%3d", '=' } };

	if (strchr("+=%&\xef", s.p[0]) == NULL)
		return 0;
	for (size_t i = 0; i < COUNT(t); i++)
		if (str_istarts(s, str_of(t[i].text))) {
			*c = t[i].c;
			return strlen(t[i].text);
		}
	return 0;
}

static void look(struct view *v, struct str line, bool decode)
{
	static const char *const tails[] = { ", result, ", " reason: " };
	size_t n;

	v->line = line;
	buf_reset(&v->text);
	for (size_t i = 0; i < line.n; i += n) {
		struct str rest = str_skip(line, i);
		char c = line.p[i];

		n = escaped(rest, &c);
		if (n == 0 && decode && c != '\0')
			n = encoded(rest, &c);
		if (n == 0)
			n = 1;
		view_put(v, c, i);
	}
	view_put(v, '\n', line.n); /* no address goes over it */
	v->tail = v->text.n;
	for (size_t i = 0; i < COUNT(tails) && v->tail == v->text.n; i++) {
		ptrdiff_t tail = str_find(buf_str(&v->text), str_of(tails[i]));

		v->tail = tail >= 0 ? (size_t)tail : v->text.n;
	}
}

/* ---- what stands around the domain ---- */

static bool separates(char c)
{
	return c == '\0' || strchr(" \t\n\r<>@,:;()[]\"'", c) != NULL;
}

static bool domain_byte(char c)
{
	return ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

static size_t carrier_start(struct str t, size_t at)
{
	size_t least = at > CARRIER_MAX ? at - CARRIER_MAX : 0;

	while (at > least && !separates(t.p[at - 1]))
		at--;
	return at;
}

/* Behind `at`: the rest of a local part and its domain, if there is one; else `at`. */
static size_t carrier_end(struct str t, size_t at)
{
	size_t i = at;

	while (i < t.n && i < at + CARRIER_MAX && !separates(t.p[i]))
		i++;
	if (i == t.n || t.p[i] != '@')
		return at;
	for (i++; i < t.n && domain_byte(t.p[i]) && t.p[i] != '_';)
		i++;
	while (i > at && t.p[i - 1] == '.')
		i--;
	return i;
}

/* Does the domain end there, or is it the beginning of a longer one? */
static bool domain_ends(struct str t, size_t at)
{
	char c = at < t.n ? t.p[at] : ' ', next = at + 1 < t.n ? t.p[at + 1] : ' ';

	return !domain_byte(c) || c == '_' || (c == '.' && !ascii_isalnum(next) && (unsigned char)next < 0x80);
}

static bool ends_with_local(const struct erase *x, struct str t, size_t at, size_t *from)
{
	if (at < x->local.n || memcmp(t.p + at - x->local.n, x->local.p, x->local.n) != 0)
		return false;
	*from = at - x->local.n;
	return true;
}

/* Is the byte before the local part one that no local part of its own could go on with? */
static bool bounded(struct str t, size_t at)
{
	return at == 0 || !ascii_isalnum(t.p[at - 1]);
}

struct place {
	size_t from, to;
	const char *mask;
};

/* "john"@x.example */
static bool quoted_local(const struct erase *x, const struct view *v, size_t sign, struct place *p)
{
	struct str t = buf_str(&v->text);
	size_t from;

	if (sign < x->local.n + 2 || t.p[sign - 1] != '"' || !ends_with_local(x, t, sign - 1, &from) || from == 0 ||
	    t.p[from - 1] != '"')
		return false;
	p->from = from - 1;
	return true;
}

/* An at-sign that is encoded: as in a link, where a local part may stand behind these. */
static bool in_link(const struct view *v, size_t sign, char before)
{
	return v->line.p[v->at[sign]] != '@' && strchr("=/?&", before) != NULL;
}

/* john@, john+tag@, prvs=1234=john@ */
static bool plain_local(const struct erase *x, const struct view *v, size_t sign, struct place *p)
{
	struct str t = buf_str(&v->text);
	size_t start = carrier_start(t, sign), from;
	struct str local = str_mem(t.p + start, sign - start);

	p->from = start;
	if (str_eq(local, x->local) ||
	    (str_starts(local, x->local) && local.n > x->local.n && local.p[x->local.n] == '+'))
		return true;
	if (!ends_with_local(x, t, sign, &from))
		return false;
	if (from < start) /* a local part with a byte in it that separates others */
		return bounded(t, from) && (p->from = from, true);
	if (from > start && str_starts(local, STR("prvs=")) && t.p[from - 1] == '=')
		return true;
	p->from = from;
	return from > start && ((t.p[from - 1] == '_' && from > v->tail) || in_link(v, sign, t.p[from - 1]));
}

static bool at_sign_before(const struct erase *x, const struct view *v, size_t domain, struct place *p)
{
	struct str t = buf_str(&v->text);

	if (domain == 0 || t.p[domain - 1] != '@' || !domain_ends(t, domain + x->domain.n))
		return false;
	p->to = domain + x->domain.n;
	p->mask = ERASED_ADDRESS;
	return quoted_local(x, v, domain - 1, p) || plain_local(x, v, domain - 1, p);
}

/* john or john+tag stands before `at`. */
static bool local_before(const struct erase *x, struct str t, size_t at, size_t *from)
{
	size_t start = carrier_start(t, at);
	ptrdiff_t tag = str_rchr(str_mem(t.p + start, at - start), '+');

	if (ends_with_local(x, t, at, from) && bounded(t, *from))
		return true;
	return tag > 0 && ends_with_local(x, t, start + (size_t)tag, from) && bounded(t, *from);
}

/* john=x.example and john%x.example, mostly within an address that carries it */
static bool carried_before(const struct erase *x, struct str t, size_t domain, struct place *p)
{
	size_t from, end = domain + x->domain.n;

	if (domain == 0 || strchr("=%#", t.p[domain - 1]) == NULL || !domain_ends(t, end) ||
	    !local_before(x, t, domain - 1, &from))
		return false;
	p->from = carrier_start(t, from);
	p->to = carrier_end(t, end);
	p->mask = p->to > end ? ERASED_ADDRESS : ERASED_LOCAL "=" ERASED_DOMAIN;
	if (p->to == end)
		p->from = from;
	return true;
}

/* SRS0=hash=day=x.example=john@y.example, x.example!john, x.example/john/Maildir */
static bool carried_behind(const struct erase *x, struct str t, size_t domain, struct place *p)
{
	size_t sep = domain + x->domain.n, local = sep + 1, end = local + x->local.n;

	if (end >= t.n || strchr("=!/", t.p[sep]) == NULL || memcmp(t.p + local, x->local.p, x->local.n) != 0 ||
	    !bounded(t, domain) || !(separates(t.p[end]) || t.p[end] == '/' || t.p[end] == '+'))
		return false;
	*p = (struct place){ domain, end, ERASED_DOMAIN "/" ERASED_LOCAL };
	if (t.p[sep] == '/')
		return true;
	p->from = carrier_start(t, domain);
	p->to = carrier_end(t, end);
	p->mask = p->to > end ? ERASED_ADDRESS : ERASED_DOMAIN "=" ERASED_LOCAL;
	return true;
}

/* ---- a line ---- */

struct places {
	struct place *at;
	size_t n, cap;
};

static void note(struct places *all, const struct view *v, const struct place *p)
{
	if (all->n == all->cap) {
		all->cap = all->cap > 0 ? all->cap * 2 : 16;
		all->at = mem_grow(all->at, all->cap * sizeof(*all->at));
	}
	all->at[all->n++] = (struct place){ v->at[p->from], v->at[p->to], p->mask };
}

static void find_places(const struct erase *x, const struct view *v, struct places *all)
{
	struct str t = buf_str(&v->text);
	size_t done = 0;
	ptrdiff_t found;

	while ((found = str_find(str_skip(t, done), x->domain)) >= 0) {
		size_t domain = done + (size_t)found;
		struct place p = { 0 };

		if (at_sign_before(x, v, domain, &p) || carried_before(x, t, domain, &p) ||
		    carried_behind(x, t, domain, &p))
			note(all, v, &p);
		done = domain + 1;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->to < y->to) - (x->to > y->to);
}

/* What both views found is one place; of two that overlap the first goes as far as both. */
static void put_line(struct erase *x, struct str line, struct places *all, struct buf *out)
{
	size_t done = 0;

	qsort(all->at, all->n, sizeof(*all->at), by_place);
	for (size_t i = 0; i < all->n; i++) {
		const struct place *p = &all->at[i];

		if (p->from < done) {
			done = p->to > done ? p->to : done;
			continue;
		}
		buf_add(out, line.p + done, p->from - done);
		buf_adds(out, p->mask);
		done = p->to;
		x->places++;
	}
	buf_addstr(out, str_skip(line, done));
	x->lines += all->n > 0;
}

/* With its newline, if it has one. */
static bool erase_line(struct erase *x, struct view *v, struct places *all, struct str line, struct buf *out)
{
	all->n = 0;
	for (int decode = 0; decode < 2; decode++) {
		look(v, line, decode);
		find_places(x, v, all);
	}
	if (all->n > 0)
		put_line(x, line, all, out);
	else
		buf_addstr(out, line);
	return all->n > 0;
}

bool erase_may(const struct erase *x, struct str text)
{
	char first = x->domain.p[0], upper = (char)(first >= 'a' && first <= 'z' ? first - 'a' + 'A' : first);

	for (size_t i = 0; i + x->domain.n <= text.n; i++)
		if ((text.p[i] == first || text.p[i] == upper) && str_ieq(str_mem(text.p + i, x->domain.n), x->domain))
			return true;
	return false;
}

bool erase_text(struct erase *x, struct str text, struct buf *out)
{
	struct view v = { .text = BUF_INIT };
	struct places all = { 0 };
	bool any = false;

	while (text.n > 0) {
		ptrdiff_t end = str_chr(text, '\n');
		struct str line = str_take(text, end < 0 ? text.n : (size_t)end + 1);

		if (!erase_may(x, line))
			buf_addstr(out, line);
		else if (erase_line(x, &v, &all, line, out))
			any = true;
		text = str_skip(text, line.n);
	}
	buf_clear(&v.text);
	free(v.at);
	free(all.at);
	return any;
}
