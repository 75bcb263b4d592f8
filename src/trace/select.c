#include "trace/select.h"

#include "trace/rows.h"
#include "trace/tell.h"
#include "trace/wish.h"

/* One filter against one story, as far as the scope shows it. */
struct look {
	const struct filter *f;
	struct book *b;
	const struct story *s;
	const struct scope *sc;
	bool found;
};

static bool text_in(const struct look *k, struct str text)
{
	return select_text(k->f, k->sc, text);
}

static bool address_fits(const struct look *k, const struct name *x)
{
	return x != NULL && select_address(k->f, k->sc, x->text);
}

static const struct party *seen(const struct look *k, const struct party *p)
{
	return scope_party(k->sc, k->s, p) ? scope_view(k->sc, k->s, p, &k->b->mem) : NULL;
}

static bool party_fits(const struct look *k, const struct party *p)
{
	if (address_fits(k, p->name))
		return true;
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (address_fits(k, a->to))
			return true;
	return false;
}

static bool party_ip(const struct look *k, const struct party *p)
{
	for (const struct gate *g = p->gates; g != NULL; g = g->next)
		if (ip_net_has(&k->f->net, g->ip))
			return true;
	return false;
}

static bool party_connection(const struct look *k, const struct party *p)
{
	for (const struct gate *g = p->gates; g != NULL; g = g->next)
		if (g->connection == k->f->number)
			return true;
	return false;
}

static bool party_delivery(const struct look *k, const struct party *p)
{
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (a->number == k->f->number)
			return true;
	return false;
}

static bool reason_in(const struct look *k, const struct line *x)
{
	return x != NULL && text_in(k, line_raw(k->b, x));
}

/* As statistics count it: what decided, not all that was said on the way. */
static bool counted_reason(const struct look *k, const struct party *p)
{
	struct told t = { .story = k->s, .book = k->b, .scope = k->sc, .mem = &k->b->mem };
	enum verdict v = p != NULL ? verdict_of_party(k->b, k->s, p) : k->s->verdict;

	return rows_why(&t, p, v) == k->f->reason;
}

static bool party_reason(const struct look *k, const struct party *p)
{
	if (k->f->reason != 0)
		return counted_reason(k, p);
	if (reason_in(k, p->check) || reason_in(k, p->gate_line) || reason_in(k, p->resp))
		return true;
	for (const struct gate *g = p->gates; g != NULL; g = g->next)
		if (text_in(k, g->code) || text_in(k, g->reason))
			return true;
	for (const struct attempt *a = p->attempts; a != NULL; a = a->next)
		if (text_in(k, a->report))
			return true;
	return false;
}

static bool party_verdict(const struct look *k, const struct party *p)
{
	return verdict_of_party(k->b, k->s, p) == k->f->verdict;
}

static bool any_party(const struct look *k, bool (*fits)(const struct look *, const struct party *))
{
	for (const struct party *p = k->s->parties.first; p != NULL; p = p->next) {
		const struct party *view = seen(k, p);

		if (view != NULL && fits(k, view))
			return true;
	}
	return false;
}

static bool ip_fits(const struct look *k)
{
	return (k->s->visit != NULL && ip_net_has(&k->f->net, k->s->visit->ip)) || any_party(k, party_ip);
}

static void look_for_text(void *with, const struct line *x)
{
	struct look *k = with;

	k->found = k->found || scope_glob_line(k->sc, k->b, k->f->pattern, x) ||
		   (str_chr(k->f->pattern, ' ') >= 0 && scope_all(k->sc) && text_in(k, line_raw(k->b, x)));
}

static bool text_fits(struct look *k)
{
	k->found = false;
	scope_each_line(k->sc, k->b, k->s, look_for_text, k);
	return k->found;
}

static bool connection_fits(const struct look *k)
{
	if (k->s->visit != NULL && k->s->visit->connection == k->f->number)
		return true;
	return any_party(k, party_connection);
}

/* Another server's queue id or the Message-ID: the message's own. */
static bool owns_id(const struct look *k, const struct story *s)
{
	const struct foreign *f = s->visit != NULL ? s->visit->foreign : NULL;

	return f != NULL && ((f->id.n > 0 && str_eq(f->id, k->f->value)) ||
			     (f->message_id.n > 0 && str_eq(f->message_id, name_bare(k->f->value))));
}

/* Who only names the id of a message beside it in the chain is not the one that is meant. */
static bool beside_owner(const struct look *k)
{
	const struct story *c = ties_of(k->s)->child;

	if (ties_of(k->s)->parent != NULL && owns_id(k, ties_of(k->s)->parent))
		return true;
	for (int i = 0; i < 64 && c != NULL && !owns_id(k, c); i++)
		c = ties_of(c)->sibling;
	return c != NULL && owns_id(k, c);
}

static bool id_fits(struct look *k)
{
	enum id_kind kind = k->f->id;

	if (owns_id(k, k->s))
		return true;
	if (beside_owner(k))
		return false;
	if (k->f->number == 0)
		return !k->f->whole && text_fits(k);
	return ((kind == ID_ANY || kind == ID_QP) && k->s->qp == k->f->number) ||
	       ((kind == ID_ANY || kind == ID_CONNECTION) && connection_fits(k)) ||
	       ((kind == ID_ANY || kind == ID_DELIVERY) && any_party(k, party_delivery));
}

/* Why a connection ended, a login failed, or MAIL was refused, counts like a recipient's refusal. */
static bool visit_reason(const struct look *k)
{
	const struct visit *v = k->s->visit;

	if (v == NULL)
		return false;
	if (reason_in(k, v->gate_refusal) || reason_in(k, v->final))
		return true;
	if (k->s->parties.first != NULL)
		return v->ended.n > 0 && text_in(k, v->ended);
	for (const struct line *x = v->lines.first; x != NULL; x = x->next)
		if ((x->kind == LOG_SMTP_RESP || x->kind == LOG_SMTP_END || x->kind == LOG_SMTP_AUTH_FAILED) &&
		    scope_line(k->sc, k->b, k->s, NULL, x) && reason_in(k, x))
			return true;
	return false;
}

static bool verdict_fits(const struct look *k)
{
	if (k->s->parties.first == NULL || k->f->verdict == VERDICT_MIXED)
		return scope_verdict(k->sc, k->b, k->s, &k->b->mem) == k->f->verdict;
	return any_party(k, party_verdict);
}

static bool port_fits(const struct look *k)
{
	const struct visit *v = k->s->visit;

	return v != NULL && v->lines.first != NULL &&
	       str_eq(k->b->source->files[v->lines.first->file].label, k->f->value);
}

/* Who had logged in when the message came; another's is nobody's to ask for. */
static bool user_fits(const struct look *k)
{
	struct told t = { .story = k->s, .book = k->b, .scope = k->sc, .mem = &k->b->mem };

	tell_client(&t);
	return t.user.n > 0 && (scope_all(k->sc) || scope_has(k->sc, t.user)) && text_in(k, t.user);
}

static void look_at_login(void *with, const struct line *x, struct str user)
{
	struct look *k = with;

	k->found = k->found || ((x == NULL || scope_line(k->sc, k->b, k->s, NULL, x)) && text_in(k, user));
}

static bool login_fits(const struct look *k)
{
	struct look copy = *k;

	copy.found = false;
	select_each_login(k->b, k->s, look_at_login, &copy);
	return copy.found;
}

static bool fits(struct look *k)
{
	switch (k->f->kind) {
	case FILTER_FROM:
		return address_fits(k, k->s->from);
	case FILTER_TO:
		return any_party(k, party_fits);
	case FILTER_ANY:
		return address_fits(k, k->s->from) || any_party(k, party_fits) || login_fits(k);
	case FILTER_IP:
		return ip_fits(k);
	case FILTER_ID:
		return id_fits(k);
	case FILTER_VERDICT:
		return verdict_fits(k);
	case FILTER_REASON:
		if (k->f->reason != 0 && k->s->parties.first == NULL)
			return counted_reason(k, NULL);
		return (k->f->reason == 0 && visit_reason(k)) || any_party(k, party_reason);
	case FILTER_LOGIN:
		return user_fits(k);
	case FILTER_PORT:
		return port_fits(k);
	case FILTER_TEXT:
		return text_fits(k);
	case FILTER_KINDS:
		break;
	}
	return false;
}

static bool one_fits(struct look *k)
{
	const struct story *s = k->s;

	if (fits(k))
		return true;
	if (k->f->kind != FILTER_IP && k->f->kind != FILTER_ID && (k->f->kind != FILTER_REASON || k->f->reason != 0))
		return false;
	/* What was refused for now is told in the story of its acceptance. */
	for (k->s = ties_of(s)->first_tries; k->s != NULL; k->s = ties_of(k->s)->next_try)
		if (fits(k))
			return true;
	return false;
}

struct hop_look {
	struct look k;
	bool found;
};

static void look_at_hop(void *with, const struct story *hop)
{
	struct hop_look *x = with;

	x->k.s = hop;
	x->found = x->found || (scope_story(x->k.sc, x->k.b, hop) && one_fits(&x->k));
}

bool select_fits(const struct filter *f, struct book *b, const struct story *s, const struct scope *sc)
{
	struct hop_look x = { .k = { .f = f, .b = b, .s = s, .sc = sc } };

	if (one_fits(&x.k))
		return true;
	if (f->kind == FILTER_VERDICT || f->kind == FILTER_LOGIN || f->reason != 0)
		return false; /* what the next servers made of it is in its own */
	story_each_hop(s, look_at_hop, &x);
	return x.found;
}

bool select_party(const struct filter *f, struct book *b, const struct story *s, const struct party *p,
		  const struct scope *sc)
{
	struct look k = { .f = f, .b = b, .s = s, .sc = sc };
	const struct party *view = seen(&k, p);

	if (view == NULL)
		return false;
	if (f->kind == FILTER_TO)
		return party_fits(&k, view);
	if (f->kind == FILTER_ANY)
		return party_fits(&k, view) || address_fits(&k, s->from) || login_fits(&k);
	if (f->kind == FILTER_VERDICT)
		return f->verdict == VERDICT_MIXED || party_verdict(&k, view);
	return f->kind != FILTER_REASON || party_reason(&k, view);
}

bool select_row(const struct book *b, const struct story *s, const struct scope *sc)
{
	if (ties_of(s)->part_of != NULL || !scope_story(sc, b, s))
		return false;
	return ties_of(s)->hop.key == NULL || ties_of(s)->parent == NULL || !scope_story(sc, b, ties_of(s)->parent);
}

bool select_answers(const struct chosen *c, struct book *b, const struct story *s, const struct question *q,
		    const struct scope *sc)
{
	if (s->time < c->span.from || s->time >= c->span.to || !select_row(b, s, sc))
		return false;
	for (size_t i = 0; i < q->n; i++)
		if (!select_fits(&q->filters[i], b, s, sc))
			return false;
	return select_together(q, b, s, sc);
}

/* "before:15:00" is today's; "between 22:00 and 6:00" ends with the first 6:00 behind the begin. */
static bool until(const struct question *q, const struct day_frame *f, int64_t begin, int64_t *end)
{
	struct day_frame next = *f;
	struct day d = q->before;
	struct span x;

	if (day_bare(&d) && !day_bare(&q->after))
		d.kind = DAY_TODAY;
	if (q->before_text.n == 0 || !day_resolve(&d, f, false, &x))
		return false;
	next.reference += 86400;
	if (day_bare(&d) && x.from <= begin)
		day_resolve(&d, &next, false, &x);
	*end = d.end ? x.to : x.from;
	return true;
}

struct span select_span(const struct question *q, const struct day_frame *f)
{
	struct span all = { INT64_MIN, INT64_MAX }, x;
	int64_t end;

	if (q->on_text.n > 0 && day_resolve(&q->on, f, true, &x))
		all = x;
	if (q->after_text.n > 0 && day_resolve(&q->after, f, false, &x) && x.from > all.from)
		all.from = x.from;
	if (until(q, f, all.from, &end) && end < all.to)
		all.to = end;
	return all;
}

struct wish select_wish(const struct chosen *c, const struct question *q, const struct scope *sc)
{
	return (struct wish){ .kind = WISH_QUESTION, .filters = q->filters, .n = q->n, .span = c->span, .scope = sc };
}

void select_stories(struct chosen *c, const struct tale *t, const struct question *q, const struct scope *sc)
{
	wish(t, select_wish(c, q, sc));
	c->at = arena_alloc(&t->book->mem, (t->n + 1) * sizeof(struct story *));
	c->n = 0;
	for (const struct story *s = t->stories; s != NULL; s = s->later)
		if (select_answers(c, t->book, s, q, sc))
			c->at[c->n++] = s;
	c->found = c->n;
	select_newest_first(c->at, c->n);
}
