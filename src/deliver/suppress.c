/* deliver/suppress.c - an address at which a login's mail failed for good: telltale-lookup may put it on his list.
 *
 * Only what says that the address itself is bad counts (no such mailbox, moved), by the words of the other server or,
 * where they say nothing, by its status code; a policy, a full mailbox or a server that is away never does.
 */
#include "deliver/schedule_inside.h"

#include "base/io.h"
#include "words/words.h"

enum { REASON_MOST = 200 };

/* What the other server said, or we, without what stands around it. */
static struct str words_of(struct str report)
{
	struct str said = STR("Remote host said: ");
	ptrdiff_t at = str_find(report, said);

	return at < 0 ? report : str_skip(report, (size_t)at + said.n);
}

/* The first "5.d.d" (RFC 3463); empty: none. */
static struct str status_of(struct str s)
{
	for (size_t i = 0; i + 5 <= s.n; i++) {
		size_t n = 4;

		if ((i > 0 && (ascii_isdigit(s.p[i - 1]) || s.p[i - 1] == '.')) || s.p[i] != '5' || s.p[i + 1] != '.' ||
		    !ascii_isdigit(s.p[i + 2]) || s.p[i + 3] != '.' || !ascii_isdigit(s.p[i + 4]))
			continue;
		while (i + n < s.n && ascii_isdigit(s.p[i + n]))
			n++;
		return str_take(str_skip(s, i), n);
	}
	return STR("");
}

static enum cause_id cause_of(struct str said)
{
	const struct hint_row *hint = hint_match_strong(said);
	struct str status = status_of(said);

	if (hint != NULL)
		return hint_cause(hint);
	if (status.n > 0)
		return cause_by_status(status);
	hint = hint_match(said);
	return hint != NULL ? hint_cause(hint) : CAUSE_UNKNOWN;
}

bool suppress_is_bad(struct str report)
{
	enum cause_id cause = cause_of(words_of(report));

	return cause == CAUSE_NO_MAILBOX || cause == CAUSE_MOVED;
}

/* One line of printable ASCII: it comes back in a reply. */
static struct str reason_of(struct arena *mem, struct str report)
{
	struct str said = str_take(words_of(report), REASON_MOST), line, rest;
	char *to;

	str_cut(said, STR("\n"), &line, &rest);
	to = arena_alloc(mem, line.n + 1);
	for (size_t i = 0; i < line.n; i++)
		to[i] = ascii_isprint(line.p[i]) && line.p[i] != '(' && line.p[i] != ')' ? line.p[i] : ' ';
	return str_trim(str_mem(to, line.n));
}

void suppress_look(struct schedule *s, const struct attempt *a, struct str report)
{
	ARENA(mem);
	struct envelope v;
	struct err e = { 0 };

	if (s->set.lookup.suppress == NULL || a->deleted || !suppress_is_bad(report) ||
	    depot_envelope(s->set.depot, a->it, &mem, &v, &e) < 0)
		return;
	if (v.auth.n > 0 && v.parent_qp == 0 && a->rcpt < v.nrcpts)
		s->set.lookup.suppress(s->set.lookup.asker, v.auth, v.rcpts[a->rcpt].final, reason_of(&mem, report));
}
