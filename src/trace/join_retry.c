/* What was refused for now and came again is one story (INTERFACE.md 4): graylisting above all.
 *
 * The sending server tries again with the same sender and recipient.  One acceptance within a day after such a
 * refusal, and no second one that could be meant: it is that message.  The client's network or name must not speak
 * against it, but never decides: large senders try again from other machines.  Where more than one acceptance fits
 * the stories stay apart, and each is told of the other.
 *
 * What is refused each time and never accepted is one story too if the refusal is the same and the tries come as a
 * mail server makes them.  Two within a minute are two messages, or one at two doors: then nobody can tell which came
 * again, and all stay apart.
 */
#include <stdlib.h>

#include "trace/join.h"

enum { SOON = 60 }; /* seconds: no mail server tries again so soon */

/* One recipient of one visit, of which more than one may be a try of the same message. */
struct call {
	const struct name *from, *to;
	int64_t at;
	struct party *party;
	bool taken;
	size_t order;
};

static int by_pair(const void *a, const void *b)
{
	const struct call *x = a, *y = b;

	if (x->from != y->from)
		return x->from->id < y->from->id ? -1 : 1;
	if (x->to != y->to)
		return x->to->id < y->to->id ? -1 : 1;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool temporary(int code)
{
	return code >= 400 && code < 500;
}

static bool refused_for_now(const struct party *p)
{
	return temporary(p->code) || (p->code < 400 && p->visit->final != NULL && temporary(p->visit->size_code));
}

/* Another server's log names an accepted recipient only when it delivers. */
const struct line *party_called(const struct party *p)
{
	return p->to != NULL ? p->to : p->visit->final;
}

/* Bounces have no sender to tell them apart by. */
static bool calls(const struct visit *v, const struct party *p)
{
	return v->from != NULL && v->from->text.n > 0 && p->visit == v && party_called(p) != NULL;
}

enum { REFUSED_FROM = 1, REFUSED_TO = 2 };

/* The names of all refusals for now: without one of these both ways no call has anything to come again for. */
void join_refused(struct completer *c, const struct visit *v, const struct party *p)
{
	if (!calls(v, p) || !refused_for_now(p))
		return;
	if (c->refused_names == NULL)
		c->refused_names = arena_alloc(&c->mem, c->b->nnames);
	c->refused_names[v->from->id] |= REFUSED_FROM;
	c->refused_names[p->name->id] |= REFUSED_TO;
}

struct calls {
	struct call *at;
	size_t n, cap;
};

static void add_call(struct completer *c, struct calls *out, struct visit *v, struct party *p)
{
	if (out->n == out->cap) {
		out->cap = out->cap > 0 ? out->cap * 2 : 64;
		out->at = arena_grow(&c->mem, out->at, out->n, out->cap, sizeof(*out->at));
	}
	out->at[out->n] =
	    (struct call){ v->from, p->name, moment_of(c->b, party_called(p)), p, join_accepted(p), out->n };
	out->n++;
}

/* Those of the marked names. */
static void gather(struct completer *c, struct calls *out)
{
	const uint8_t *marks = c->refused_names;

	for (struct visit *v = c->b->visits; v != NULL; v = v->later) {
		if (v->from == NULL || (marks[v->from->id] & REFUSED_FROM) == 0)
			continue;
		for (struct party *p = v->parties.first; p != NULL; p = p->next)
			if ((marks[p->name->id] & REFUSED_TO) != 0 && calls(v, p) &&
			    (join_accepted(p) || refused_for_now(p)))
				add_call(c, out, v, p);
	}
}

static bool known(struct str s)
{
	return s.n > 0 && !str_eqz(s, "(unknown)") && !str_eqz(s, "unknown");
}

static struct str ip_of(const struct party *p)
{
	return p->gates != NULL ? p->gates->ip : p->visit->connection > 0 ? p->visit->ip : STR("");
}

static struct str name_of(const struct party *p)
{
	return p->gates != NULL && known(p->gates->rdns) ? p->gates->rdns : p->visit->rdns;
}

/* "mail-1.out.big.example" -> "big.example" */
static struct str owner_of(struct str name)
{
	size_t dots = 0;

	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == '.' && ++dots == 2)
			return str_skip(name, i + 1);
	return name;
}

static struct str network_of(struct str ip)
{
	ptrdiff_t end = str_rchr(ip, '.');

	return end > 0 ? str_take(ip, (size_t)end) : str_take(ip, str_rchr(ip, ':') > 0 ? 14 : ip.n);
}

enum agreement { CLIENT_UNKNOWN, CLIENT_SAME, CLIENT_OTHER };

/* Other: both are known, and neither network nor name agrees. */
static enum agreement clients(const struct party *a, const struct party *b)
{
	bool ips = known(ip_of(a)) && known(ip_of(b)), names = known(name_of(a)) && known(name_of(b));

	if (ips && str_eq(network_of(ip_of(a)), network_of(ip_of(b))))
		return CLIENT_SAME;
	if (names && str_eq(owner_of(name_of(a)), owner_of(name_of(b))))
		return CLIENT_SAME;
	return ips || names ? CLIENT_OTHER : CLIENT_UNKNOWN;
}

static bool other_client(const struct party *a, const struct party *b)
{
	return clients(a, b) == CLIENT_OTHER;
}

/* All tries of one sender and recipient, by time: which refusals did which acceptance end? */
static void join_pair(struct call *at, size_t n)
{
	size_t pending = 0; /* the first refusal that nothing has ended yet */

	for (size_t i = 0; i < n; i++) {
		bool alone = true;

		if (!at[i].taken)
			continue;
		for (size_t k = i + 1; k < n && alone && at[k].at <= at[i].at + REACH_RIVAL; k++)
			alone = !at[k].taken;
		for (size_t k = pending; k < i; k++) {
			if (at[k].at < at[i].at - REACH_AGAIN)
				continue;
			at[k].party->seen_again = at[i].party;
			if (alone && !other_client(at[k].party, at[i].party) && at[i].party->first_try == NULL)
				at[i].party->first_try = at[k].party;
		}
		pending = i + 1;
	}
}

/* A refusal that no acceptance may have ended. */
static bool open_refusal(const struct call *x)
{
	return !x->taken && x->party->seen_again == NULL;
}

static int refusal_code(const struct party *p)
{
	return temporary(p->code) ? p->code : p->visit->size_code;
}

static struct str gate_code(const struct party *p)
{
	return p->last_gate != NULL ? p->last_gate->code : STR("");
}

/* May the second be the next try of the first, of a message that was tried since then? */
static bool tried_again(const struct call *first, const struct call *second, int64_t since)
{
	const struct party *a = first->party, *b = second->party;
	int64_t longest = REACH_FIRST + (first->at - since);

	return open_refusal(first) && open_refusal(second) &&
	       second->at - first->at <= (longest < REACH_NEXT ? longest : REACH_NEXT) &&
	       refusal_code(a) == refusal_code(b) && str_eq(gate_code(a), gate_code(b)) && !other_client(a, b);
}

/* The runs of refusals that nothing ended: which are one message's tries? */
static void join_refusals(struct call *at, size_t n)
{
	size_t end;

	for (size_t i = 0; i < n; i = end) {
		bool crowded = false;

		for (end = i + 1; end < n && tried_again(&at[end - 1], &at[end], at[i].at); end++)
			crowded = crowded || at[end].at - at[end - 1].at < SOON;
		if (crowded || end - i < 2)
			continue;
		at[end - 1].party->first_try = at[i].party;
		for (size_t k = i; k < end - 1; k++)
			at[k].party->seen_again = at[end - 1].party;
	}
}

/* Are all recipients of this beginning told of in one later story, and surely? */
static struct story *told_in(const struct story *s)
{
	struct story *whole = NULL;

	for (const struct party *p = s->parties.first; p != NULL; p = p->next) {
		const struct party *again = p->seen_again;

		if (again == NULL || again->first_try == NULL || again->story == s || p->attempts != NULL ||
		    other_client(p, again) || (whole != NULL && whole != again->story))
			return NULL;
		whole = again->story;
	}
	return whole;
}

/* Of refusals alone nothing but the same client says that they are one message's. */
static struct join why(const struct story *s)
{
	const struct party *p = s->parties.first, *again = p->seen_again;

	if (join_accepted(again))
		return (struct join){ GRADE_STRONG, "sender and recipient, after a refusal for now", NULL };
	return (struct join){ clients(p, again) == CLIENT_SAME ? GRADE_STRONG : GRADE_GUESS,
			      "sender, recipient and the same refusal", NULL };
}

static void make_part(struct book *b, struct story *s, struct story *whole)
{
	struct ties *part = ties_need(b, s), *all = ties_need(b, whole);

	part->again = why(s);
	part->part_of = whole;
	if (all->last_try != NULL)
		ties_need(b, all->last_try)->next_try = s;
	else
		all->first_tries = s;
	all->last_try = s;
	if (s->time < whole->time)
		whole->time = s->time;
	story_join(whole, part->again);
}

void join_first_tries(struct completer *c)
{
	struct calls all = { 0 };
	size_t end;

	if (c->refused_names == NULL)
		return;
	gather(c, &all);
	qsort(all.at, all.n, sizeof(*all.at), by_pair);
	for (size_t i = 0; i < all.n; i = end) {
		struct call *at = &all.at[i];

		for (end = i + 1; end < all.n && all.at[end].from == at->from && all.at[end].to == at->to;)
			end++;
		join_pair(at, end - i);
		join_refusals(at, end - i);
	}
	join_known_tries(c);
	for (struct story *s = c->tale->stories; s != NULL; s = s->later) {
		struct story *whole = s->visit != NULL ? told_in(s) : NULL;

		if (whole != NULL)
			make_part(c->b, s, whole);
	}
}
