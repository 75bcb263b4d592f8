/* The gate's ledger as steps: one for each stage with the names of its checks, and one for each check that has
 * something to say. */
#include <string.h>

#include "trace/tell_parts.h"

enum { CHECKS_MAX = 200 };

/* "whitelisted_by_ip-whitelist_192.0.2.7": spaces again, but for those of the entry, which may be an address. */
static struct str spaced(struct arena *a, struct str s)
{
	static const char *const forms[][2] = {
		{ "already_refused_by_", "already refused by " },
		{ "whitelisted_by_", "whitelisted by " },
		{ "filter-level_", "filter-level " },
	};
	struct str head, rest;

	for (size_t i = 0; i < COUNT(forms); i++) {
		if (!str_starts(s, str_of(forms[i][0])))
			continue;
		rest = str_skip(s, strlen(forms[i][0]));
		if (!str_cut(rest, STR("_"), &head, &rest))
			return arena_fmt(a, "%s%.*s", forms[i][1], STR_ARG(head));
		return arena_fmt(a, "%s%.*s %.*s", forms[i][1], STR_ARG(head), STR_ARG(rest));
	}
	return s;
}

static void put_name(struct buf *b, const struct ledger_check *x)
{
	buf_addstr(b, x->name);
	if (x->ms > 0)
		buf_fmt(b, " (%lld ms)", (long long)x->ms);
}

static void put_outcome(struct buf *b, const struct tell_checks *c, enum ledger_outcome which)
{
	static const char *const lead[LEDGER_OUTCOMES] = {
		[LEDGER_PASSED] = "passed ",
		[LEDGER_REFUSED] = "refused by ",
		[LEDGER_ALLOWED] = "let past by ",
		[LEDGER_ERROR] = "could not ask ",
	};
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (c->at[i].outcome != which)
			continue;
		buf_adds(b, n++ > 0 ? ", " : b->n > 0 ? "; " : "");
		buf_adds(b, n == 1 ? lead[which] : "");
		put_name(b, &c->at[i]);
	}
}

/* Those that were not asked, by reason: "not asked: A, B (authenticated); C (already refused by D)". */
static void put_skipped(struct buf *b, const struct tell_checks *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct ledger_check *x = &c->at[i];
		bool first = true, told = false;

		for (size_t k = 0; k < i && x->outcome == LEDGER_SKIPPED; k++)
			told = told || (c->at[k].outcome == LEDGER_SKIPPED && str_eq(c->at[k].said, x->said));
		if (x->outcome != LEDGER_SKIPPED || told)
			continue;
		buf_adds(b, n > 0 ? "; " : b->n > 0 ? "; not asked: " : "not asked: ");
		n++;
		for (size_t k = i; k < c->n; k++) {
			if (c->at[k].outcome != LEDGER_SKIPPED || !str_eq(c->at[k].said, x->said))
				continue;
			buf_adds(b, first ? "" : ", ");
			buf_addstr(b, c->at[k].name);
			first = false;
		}
		buf_fmt(b, " (%.*s)", STR_ARG(x->said));
	}
}

static struct str checks_words(struct told *t, const struct tell_checks *c)
{
	BUF(b);
	BUF(all);

	for (int o = 0; o < LEDGER_SKIPPED; o++)
		put_outcome(&b, c, (enum ledger_outcome)o);
	put_skipped(&b, c);
	buf_fmt(&all, "%.*s: ", STR_ARG(c->stage.n > 0 ? c->stage : STR("checks")));
	buf_addstr(&all, buf_str(&b));
	return arena_str(t->mem, buf_str(&all));
}

static void add(struct told *t, struct tell_checks *c, size_t *cap, struct ledger_check x)
{
	if (c->n == CHECKS_MAX)
		return;
	if (c->n == *cap) {
		*cap = c->n > 0 ? 2 * c->n : 16;
		c->at = arena_grow(t->mem, c->at, c->n, *cap, sizeof(*c->at));
	}
	x.name = log_plain(t->mem, x.name);
	x.said = log_plain(t->mem, x.said);
	if (x.outcome == LEDGER_SKIPPED)
		x.said = spaced(t->mem, x.said);
	c->at[c->n++] = x;
}

struct tell_checks *tell_gate_stage(struct told *t, const struct log_line *l, struct str *what)
{
	struct tell_checks *c = arena_alloc(t->mem, sizeof(*c));
	struct ledger walk = { .rest = l->field[LOG_F_summary] };
	struct ledger_check x;
	size_t cap = 0;

	c->stage = l->field[LOG_F_stage];
	while (ledger_next(&walk, &x))
		add(t, c, &cap, x);
	*what = checks_words(t, c);
	return c;
}

/* A check that had no objection, nothing to tell, or was not asked: `logs { checks = all }` has a line for it. */
static bool is_quiet(const struct log_line *l, struct ledger_check *x)
{
	return ledger_line(l, x) && (x->outcome == LEDGER_SKIPPED || (x->outcome == LEDGER_PASSED && x->said.n == 0));
}

static bool is_check(const struct log_line *l)
{
	struct ledger_check x;

	return ledger_line(l, &x);
}

/* All quiet ones of the checks that stand together, as far as the scope shows them, told where the first one stands. */
struct tell_checks *tell_quiet(struct told *t, const struct party *p, const struct line *first, bool *told,
			       struct str *what)
{
	struct tell_checks *c;
	struct ledger_check x;
	struct log_line l;
	size_t cap = 0;

	line_fields(t->book, first, &l);
	if (!is_check(&l)) {
		*told = false;
		return NULL;
	}
	if (*told || !is_quiet(&l, &x))
		return NULL;
	*told = true;
	c = arena_alloc(t->mem, sizeof(*c));
	for (const struct line *y = first; y != NULL; y = y->next) {
		line_fields(t->book, y, &l);
		if (!is_check(&l))
			break;
		if (is_quiet(&l, &x) && scope_line(t->scope, t->book, p != NULL ? p->story : t->story, p, y))
			add(t, c, &cap, x);
	}
	*what = checks_words(t, c);
	return c;
}

/* One check in full; empty: it is quiet, or none. */
struct str tell_check(struct told *t, const struct log_line *l)
{
	static const char *const forms[LEDGER_OUTCOMES] = {
		[LEDGER_PASSED] = "%.*s: %.*s",
		[LEDGER_REFUSED] = "refused by %.*s: %.*s",
		[LEDGER_ALLOWED] = "let past by %.*s: %.*s",
		[LEDGER_ERROR] = "the check %.*s could not be made: %.*s",
	};
	struct ledger_check x;

	if (!ledger_line(l, &x) || is_quiet(l, &x))
		return STR("");
	x.said = log_plain(t->mem, x.said);
	if (x.ms > 0)
		x.said = arena_fmt(t->mem, "%.*s (%lld ms)", STR_ARG(x.said), (long long)x.ms);
	return arena_fmt(t->mem, forms[x.outcome], STR_ARG(log_plain(t->mem, x.name)), STR_ARG(x.said));
}
