#include "trace/scope.h"

#include <string.h>

bool scope_all(const struct scope *sc)
{
	return sc->domain.n == 0 && sc->mailbox.n == 0;
}

bool scope_has(const struct scope *sc, struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');
	struct str domain = at < 0 ? STR("") : str_skip(address, (size_t)at + 1);

	if (sc->mailbox.n > 0 && !str_ieq(sc->mailbox, address))
		return false;
	return sc->domain.n == 0 || str_ieq(sc->domain, domain);
}

static bool party_in(const struct scope *sc, const struct party *p)
{
	if (scope_has(sc, p->name->text))
		return true;
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (scope_has(sc, a->to->text))
			return true;
	return false;
}

static bool sender_in(const struct scope *sc, const struct story *s)
{
	if (s->from != NULL && scope_has(sc, s->from->text))
		return true;
	return s->visit != NULL && s->visit->user.n > 0 && scope_has(sc, s->visit->user);
}

bool scope_party(const struct scope *sc, const struct story *s, const struct party *p)
{
	return scope_all(sc) || sender_in(sc, s) || party_in(sc, p);
}

bool scope_story(const struct scope *sc, const struct story *s)
{
	if (scope_all(sc) || sender_in(sc, s))
		return true;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (party_in(sc, p))
			return true;
	return false;
}

static bool local_byte(char c)
{
	return (unsigned char)c >= 0x80 || (c > ' ' && strchr("<>@,:;()[]\"", c) == NULL);
}

static bool domain_byte(char c)
{
	return ascii_isalnum(c) || c == '.' || c == '-' || (unsigned char)c >= 0x80;
}

/* First and last byte of the local part stay: enough to tell two apart, too little to write to. */
static void put_masked(struct buf *out, struct str local)
{
	if (local.n > 0)
		buf_addc(out, local.p[0]);
	buf_adds(out, "***");
	if (local.n > 2)
		buf_addc(out, local.p[local.n - 1]);
}

/* Where the local part that ends at `at` begins, not before `from`.  A quoted one may hold any byte. */
static size_t local_start(struct str text, size_t from, size_t at)
{
	size_t start = at;

	if (at >= from + 2 && text.p[at - 1] == '"') {
		for (start = at - 1; start > from && text.p[start - 1] != '"'; start--)
			;
		return start > from ? start - 1 : at;
	}
	while (start > from && local_byte(text.p[start - 1]))
		start--;
	return start;
}

void scope_mask(struct scope *sc, struct buf *out, struct str text)
{
	size_t done = 0;

	for (size_t at = 0; !scope_all(sc) && at < text.n; at++) {
		size_t from, to = at + 1;

		if (text.p[at] != '@')
			continue;
		from = local_start(text, done, at);
		while (to < text.n && domain_byte(text.p[to]))
			to++;
		if (scope_has(sc, str_mem(text.p + from, to - from)))
			continue;
		buf_add(out, text.p + done, from - done);
		put_masked(out, str_mem(text.p + from, at - from));
		sc->masked = true;
		done = at;
	}
	if (done < text.n)
		buf_add(out, text.p + done, text.n - done);
}
