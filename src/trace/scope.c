#include "trace/scope.h"

bool scope_all(const struct scope *sc)
{
	return sc->domain.n == 0 && sc->mailbox.n == 0;
}

void scope_clear(struct scope *sc)
{
	map_clear(&sc->marks);
	map_clear(&sc->looks);
}

/* The address as a whole; a user without a domain belongs to nobody's scope. */
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

static bool login_in(const struct scope *sc, const struct book *b, const struct line *x)
{
	struct log_line l;

	line_fields(b, x, &l);
	return scope_has(sc, l.field[LOG_F_user]);
}

static bool is_login(const struct line *x)
{
	return x->kind == LOG_SMTP_AUTH || x->kind == LOG_SMTP_AUTH_FAILED;
}

/* A connection without a message is its own who tried to log in. */
static bool lost_in(const struct scope *sc, const struct book *b, const struct story *s)
{
	if (s->from != NULL || s->visit == NULL)
		return false;
	for (const struct line *x = s->visit->lines.first; x != NULL; x = x->next)
		if (is_login(x) && login_in(sc, b, x))
			return true;
	return false;
}

bool scope_story(const struct scope *sc, const struct book *b, const struct story *s)
{
	if (scope_all(sc) || sender_in(sc, s))
		return true;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (party_in(sc, p))
			return true;
	return lost_in(sc, b, s);
}

const struct party *scope_view(const struct scope *sc, const struct story *s, const struct party *p, struct arena *mem)
{
	struct party *view;

	if (scope_all(sc) || sender_in(sc, s) || scope_has(sc, p->name->text))
		return p;
	view = arena_alloc(mem, sizeof(*view));
	*view = *p;
	view->attempts = view->last_attempt = NULL;
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next) {
		struct attempt *own;

		if (!scope_has(sc, a->to->text))
			continue;
		own = arena_alloc(mem, sizeof(*own));
		*own = *a;
		own->next = NULL;
		if (view->attempts == NULL)
			view->attempts = own;
		else
			view->last_attempt->next = own;
		view->last_attempt = own;
	}
	return view;
}

enum verdict scope_verdict(const struct scope *sc, const struct book *b, const struct story *s, struct arena *mem)
{
	enum verdict v = VERDICT_COUNT;

	if (scope_all(sc))
		return s->verdict;
	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		enum verdict one;

		if (!scope_party(sc, s, p))
			continue;
		one = verdict_of_party(b, s, scope_view(sc, s, p, mem));
		v = v == VERDICT_COUNT || v == one ? one : VERDICT_MIXED;
	}
	return v == VERDICT_COUNT ? s->verdict : v;
}

bool scope_bounce(const struct scope *sc, const struct book *b, const struct story *s)
{
	ARENA(mem);

	for (const struct party *p = ties_of(s)->bounce != NULL ? s->parties.first : NULL; p != NULL; p = p->next) {
		const struct party *view = scope_party(sc, s, p) ? scope_view(sc, s, p, &mem) : NULL;

		for (const struct attempt *a = view != NULL ? view->attempts : NULL; a != NULL; a = a->next)
			if (verdict_of_attempt(b, s, a) == VERDICT_RETURNED)
				return true;
	}
	return ties_of(s)->bounce != NULL && scope_all(sc);
}

static bool all_in(const struct scope *sc, const struct story *s)
{
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (!party_in(sc, p))
			return false;
	return true;
}

/* What the gate found for one recipient may stand behind another: of the message it judges when all are named, and then
 * a summary does not say for whom. */
static bool gate_in(const struct scope *sc, const struct book *b, const struct story *s, const struct party *p,
		    const struct line *x)
{
	struct log_line l;

	if (x->kind < LOG_SMTP_GATE_REFUSED || x->kind > LOG_SMTP_GATE_STAGE || sender_in(sc, s))
		return true;
	line_fields(b, x, &l);
	if (x->kind == LOG_SMTP_GATE_STAGE)
		return !str_eqz(l.field[LOG_F_stage], "data") || all_in(sc, s);
	return l.field[LOG_F_rcpt].n == 0 || str_ieq(l.field[LOG_F_rcpt], p->name->text) ||
	       scope_has(sc, l.field[LOG_F_rcpt]);
}

bool scope_line(const struct scope *sc, const struct book *b, const struct story *s, const struct party *p,
		const struct line *x)
{
	if (scope_all(sc))
		return true;
	if (is_login(x))
		return login_in(sc, b, x);
	if (p != NULL && !gate_in(sc, b, s, p, x))
		return false;
	return p == NULL || x == s->visit->final || x->kind == LOG_SMTP_SIZE || x->kind == LOG_SMTP_END ||
	       x->kind == LOG_SMTP_RECOVERED || scope_party(sc, s, p);
}

static void each_visit_line(const struct scope *sc, const struct book *b, const struct story *s,
			    void (*see)(void *, const struct line *), void *with)
{
	const struct party *p = NULL, *next = s->visit->parties.first;

	for (const struct line *x = s->visit->lines.first; x != NULL; x = x->next) {
		if (next != NULL && x == next->to) {
			p = next;
			next = next->next;
		}
		if (scope_line(sc, b, s, p, x))
			see(with, x);
	}
}

static void each_attempt_line(const struct party *p, void (*see)(void *, const struct line *), void *with)
{
	const struct line *init = NULL;

	for (const struct attempt *a = p->attempts; a != NULL; a = a->next) {
		if (a->init != NULL && a->init != init)
			see(with, a->init);
		init = a->init;
		for (const struct line *x = a->lines.first; x != NULL; x = x->next)
			see(with, x);
	}
}

static void see_gate(const struct gate *g, void (*see)(void *, const struct line *), void *with)
{
	see(with, g->line);
	if (g->repeat != NULL && g->repeat->line != NULL)
		see(with, g->repeat->line);
}

void scope_each_line(const struct scope *sc, const struct book *b, const struct story *s,
		     void (*see)(void *, const struct line *), void *with)
{
	ARENA(mem);

	for (const struct story *first = ties_of(s)->first_tries; first != NULL; first = ties_of(first)->next_try)
		scope_each_line(sc, b, first, see, with);
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		for (const struct gate *g = scope_party(sc, s, p) ? p->gates : NULL; g != NULL; g = g->next)
			see_gate(g, see, with);
	if (s->visit != NULL)
		each_visit_line(sc, b, s, see, with);
	for (const struct party *p = s->parties.first; p != NULL; p = p->next)
		if (scope_party(sc, s, p))
			each_attempt_line(scope_view(sc, s, p, &mem), see, with);
	for (const struct bounce *x = scope_all(sc) ? ties_of(s)->notices : NULL; x != NULL; x = x->beside)
		see(with, x->line);
	for (const struct order *x = scope_all(sc) ? ties_of(s)->orders : NULL; x != NULL; x = x->later)
		see(with, x->line);
	if (scope_bounce(sc, b, s))
		see(with, ties_of(s)->bounce->line);
}
