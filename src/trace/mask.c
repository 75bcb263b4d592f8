/* Addresses of others, wherever and however they are written, lose their local part. */
#include <string.h>

#include "base/utf8.h"
#include "trace/scope.h"

enum { LOCAL_MAX = 2048 }; /* no field of a log holds a longer one */

/* An at-sign as it stands, as links and headers encode it, as our logs escape it. */
static size_t at_sign(struct str s)
{
	static const char *const t[] = { "@", "%40", "=40", "\\x40", "\\x5cx40", "&#64;", "%2540", "\xef\xbc\xa0" };

	if (s.n == 0 || strchr("@%=\\&\xef", s.p[0]) == NULL)
		return 0;
	for (size_t i = 0; i < COUNT(t); i++)
		if (str_starts(s, str_of(t[i])))
			return strlen(t[i]);
	return 0;
}

/* Bytes that no address should have are taken for a part of it: rather too much is masked than too little. */
static bool local_byte(char c)
{
	return c == '\0' || strchr(" \t\n<>@,:;()[]\"", c) == NULL;
}

static bool domain_byte(char c)
{
	return ascii_isalnum(c) || c == '.' || c == '-' || (unsigned char)c >= 0x80;
}

/* A quote inside a quoted local part stands behind a backslash, which our logs write as \x5c. */
static bool quoted_pair(struct str text, size_t from, size_t at)
{
	return (at > from && text.p[at - 1] == '\\') ||
	       (at >= from + 4 && str_eqz(str_mem(text.p + at - 4, 4), "\\x5c"));
}

/* Where the local part that ends at `at` begins, not before `from`.  A quoted one may hold any byte. */
static size_t local_start(struct str text, size_t from, size_t at)
{
	size_t start = at;

	if (at > from + LOCAL_MAX)
		from = at - LOCAL_MAX;
	if (at >= from + 2 && text.p[at - 1] == '"') {
		for (start = at - 1; start > from && text.p[start - 1] != '\n'; start--)
			if (text.p[start - 1] == '"' && !quoted_pair(text, from, start - 1))
				break;
		return start > from && text.p[start - 1] == '"' ? start - 1 : at;
	}
	while (start > from && local_byte(text.p[start - 1]))
		start--;
	return start;
}

/* <john smith@x.example>: between brackets all of it is one address. */
static size_t bracket_start(struct str text, size_t least, size_t from)
{
	size_t start = from;

	if (start > least + LOCAL_MAX)
		least = start - LOCAL_MAX;
	while (start > least && strchr("<>\n@", text.p[start - 1]) == NULL)
		start--;
	return start > least && text.p[start - 1] == '<' ? start : from;
}

static bool domain_like(struct str s)
{
	ptrdiff_t dot = str_rchr(s, '.');

	return dot > 0 && (size_t)dot + 1 < s.n && ascii_isalpha(s.p[dot + 1]);
}

/* list-john=other.example@, SRS0=x=y=other.example=john@, john%other.example@: somebody else's address inside. */
static bool carries_another(struct str local)
{
	bool parted = false, domain = false;
	size_t from = 0;

	for (size_t i = 0; i <= local.n; i++) {
		if (i < local.n && strchr("=%!", local.p[i]) == NULL)
			continue;
		parted = parted || i < local.n;
		domain = domain || domain_like(str_mem(local.p + from, i - from));
		from = i + 1;
	}
	return parted && domain;
}

/* Length of the character at the start of s; 0 when a person would not see it, or take it for an end of the address. */
static size_t first_character(struct str s)
{
	uint32_t code;
	size_t n = utf8_at(s, &code);

	return n > 0 && !utf8_unseen(code) && local_byte(s.p[0]) ? n : 0;
}

static size_t last_character(struct str s)
{
	for (size_t n = 1; n <= 4 && n <= s.n; n++)
		if (first_character(str_skip(s, s.n - n)) == n)
			return n;
	return 0;
}

/* j***n, as it stands in an answer that is read again: it has nothing left to hide. */
static bool already_masked(struct str local)
{
	size_t first = str_starts(local, STR("***")) ? 0 : first_character(local);
	struct str rest = str_skip(local, first);

	return str_starts(rest, STR("***")) && (rest.n == 3 || last_character(rest) == rest.n - 3);
}

static bool quoted(struct str local)
{
	return local.n > 1 && local.p[0] == '"' && local.p[local.n - 1] == '"';
}

/* First and last character of the local part stay: enough to recognise, too little to write to. */
static void put_masked(struct buf *out, struct str local)
{
	size_t first = first_character(local), last = last_character(local);

	if (quoted(local)) {
		buf_adds(out, "\"***\"");
		return;
	}
	if (already_masked(local)) {
		buf_addstr(out, local);
		return;
	}
	buf_addstr(out, str_take(local, first));
	buf_adds(out, "***");
	if (local.n > first + last)
		buf_addstr(out, str_skip(local, local.n - last));
}

struct mark {
	unsigned n;
};

static struct mark *mark_at(struct scope *sc, struct map *m, struct str key)
{
	struct mark *x = map_get(m, key);

	if (x == NULL) {
		x = arena_alloc(sc->mem, sizeof(*x));
		map_put(m, key, x);
	}
	return x;
}

static struct str address_key(struct scope *sc, struct str local, struct str domain)
{
	struct str whole = arena_fmt(sc->mem, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain));

	return arena_lower(sc->mem, log_plain(sc->mem, whole));
}

/* 1 for the first address that looks so, 2 for the second, whichever way it is written. */
static unsigned mark_of(struct scope *sc, struct str local, struct str domain)
{
	struct mark *mark;
	BUF(look);

	if (sc->mem == NULL)
		return 1;
	mark = mark_at(sc, &sc->marks, address_key(sc, local, domain));
	if (mark->n > 0)
		return mark->n;
	put_masked(&look, local);
	return mark->n = ++mark_at(sc, &sc->looks, address_key(sc, buf_str(&look), domain))->n;
}

static void put_other(struct scope *sc, struct buf *out, struct str local, struct str domain)
{
	unsigned mark = mark_of(sc, local, domain);

	put_masked(out, local);
	if (mark > 1)
		buf_fmt(out, "(%u)", mark);
	sc->masked = true;
}

/* Without the full stop of a sentence. */
static struct str bare_domain(struct str s)
{
	while (s.n > 0 && (s.p[s.n - 1] == '.' || s.p[s.n - 1] == '-'))
		s.n--;
	return s;
}

/* The tag in front of a sender (BATV) is another one each time: the address behind it is what is told apart. */
static struct str bare_local(struct str local)
{
	struct str bare = name_bare(local);

	return bare.n > 0 ? bare : local;
}

static bool own(const struct scope *sc, struct str local, struct str domain)
{
	BUF(b);

	buf_fmt(&b, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain));
	if (!scope_has(sc, buf_str(&b)))
		return false;
	return sc->mailbox.n > 0 || !carries_another(local);
}

bool scope_shows(const struct scope *sc, struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');

	return scope_all(sc) || (at > 0 && own(sc, str_take(address, (size_t)at), str_skip(address, (size_t)at + 1)));
}

/* me@example.com=bob@: what seems to be a domain is the beginning of another local part, which will be masked. */
static bool goes_on(struct str rest)
{
	size_t n = 0;

	while (n < rest.n && n < LOCAL_MAX && local_byte(rest.p[n]) && at_sign(str_skip(rest, n)) == 0)
		n++;
	return n < rest.n && at_sign(str_skip(rest, n)) > 0;
}

void scope_mask(struct scope *sc, struct buf *out, struct str text)
{
	size_t done = 0;

	for (size_t at = 0; !scope_all(sc) && at < text.n; at++) {
		size_t sign = at_sign(str_skip(text, at)), from, to = at + sign;
		struct str local, domain;

		if (sign == 0)
			continue;
		while (to < text.n && domain_byte(text.p[to]))
			to++;
		domain = bare_domain(str_mem(text.p + at + sign, to - at - sign));
		if (sign > 1 && !domain_like(domain))
			continue;
		from = local_start(text, done, at);
		if (to < text.n && text.p[to] == '>')
			from = bracket_start(text, done, from);
		local = bare_local(str_mem(text.p + from, at - from));
		if (own(sc, local, domain) && !goes_on(str_skip(text, to)))
			continue;
		buf_add(out, text.p + done, from - done);
		put_other(sc, out, local, domain);
		done = at;
	}
	if (done < text.n)
		buf_add(out, text.p + done, text.n - done);
}

void scope_mask_login(struct scope *sc, struct buf *out, struct str user)
{
	if (scope_all(sc) || user.n == 0 || str_eqz(user, "-") || str_chr(user, '@') >= 0)
		scope_mask(sc, out, user);
	else
		put_other(sc, out, user, STR(""));
}

/* A whole field that is an address or a login, whatever bytes it has. */
static void mask_field(struct scope *sc, struct buf *out, struct str value)
{
	ptrdiff_t at = str_rchr(value, '@');
	struct str local = at < 0 ? value : str_take(value, (size_t)at);
	struct str domain = at < 0 ? STR("") : str_skip(value, (size_t)at + 1);

	if (value.n == 0 || str_eqz(value, "-") || str_eqz(value, "(unknown)") || own(sc, bare_local(local), domain)) {
		scope_mask(sc, out, value); /* another address may stand inside ours */
		return;
	}
	put_other(sc, out, bare_local(local), bare_domain(domain));
	if (at < 0)
		return;
	buf_addc(out, '@');
	scope_mask(sc, out, domain);
}

/* The path of a `to` line without its brackets; what is no plain <address> is left to the words around it. */
static struct str inner_address(struct str field)
{
	if (field.n > 2 && field.p[0] == '<' && field.p[field.n - 1] == '>')
		return str_mem(field.p + 1, field.n - 2);
	return str_chr(field, '<') < 0 && str_chr(field, '>') < 0 ? field : STR("");
}

/* The address of a field that stands next in the line, not before `from`; empty: there is none. */
static struct str next_address(const struct log_line *l, const char *from)
{
	static const enum log_field addresses[] = { LOG_F_sender, LOG_F_path, LOG_F_rcpt,
						    LOG_F_user,   LOG_F_by,   LOG_F_words };
	const char *end = l->raw.p + l->raw.n;
	struct str next = STR("");

	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct str value = inner_address(l->field[addresses[i]]);

		if (value.n > 0 && value.p >= from && value.p + value.n <= end && (next.n == 0 || value.p < next.p))
			next = value;
	}
	return next;
}

/* DOMAIN/USER/Maildir...: it names a mailbox, and that may be somebody else's. */
static void mask_box(struct scope *sc, struct buf *out, struct str box)
{
	struct str domain, user, rest;
	bool path = str_cut(box, STR("/"), &domain, &rest) && str_cut(rest, STR("/"), &user, &rest);

	if (!path || !domain_like(domain) || own(sc, user, domain)) {
		scope_mask(sc, out, box);
		return;
	}
	buf_fmt(out, "%.*s/", STR_ARG(domain));
	put_other(sc, out, user, STR(""));
	buf_fmt(out, "/%.*s", STR_ARG(rest));
}

void scope_mask_line(struct scope *sc, const struct book *b, struct buf *out, const struct line *x)
{
	struct str raw = line_raw(b, x);
	const char *done = raw.p, *end = raw.p + raw.n;
	struct log_line l;
	struct str value;

	if (scope_all(sc)) {
		buf_addstr(out, raw);
		return;
	}
	line_fields(b, x, &l);
	while ((value = next_address(&l, done)).n > 0) {
		scope_mask(sc, out, str_mem(done, (size_t)(value.p - done)));
		mask_field(sc, out, value);
		done = value.p + value.n;
	}
	value = l.field[LOG_F_box];
	if (value.n > 0) {
		scope_mask(sc, out, str_mem(done, (size_t)(value.p - done)));
		mask_box(sc, out, value);
		done = value.p + value.n;
	}
	scope_mask(sc, out, str_mem(done, (size_t)(end - done)));
}
