/* deliver/list.c - mail for a mailing list of ours: one message more, with all of its members as recipients.
 *
 * Who they are is asked of telltale-lookup, page by page; the recipient is busy meanwhile, in memory only.  The copy is
 * a child as a forward's is, and settles its parent by being there.  It leaves as LIST-bounces, which is the owner, so
 * that he hears of members who are gone, and no member's server tells the sender; a Delivered-To line of the list ends
 * circles; the List- fields are RFC 2369's and 2919's.
 */
#include "deliver/schedule_inside.h"

#include <stdlib.h>
#include "base/clock.h"
#include "mail/addr.h"

enum {
	OPEN_MOST = 16, /* lists at one time */
	PAUSE = 100     /* ms until it is asked again when that is too many */
};

struct listing {
	struct item *it;
	size_t rcpt;
	struct arena mem;
	struct str list; /* its address */
	struct map known;
	struct recipient *rcpts;
	size_t n, room;
};

static void listing_free(struct listing *l)
{
	map_clear(&l->known);
	arena_clear(&l->mem);
	free(l);
}

void list_clear(struct schedule *s)
{
	struct listing *l;

	for (size_t i = 0; (l = map_next(&s->lists, &i, NULL)) != NULL;)
		listing_free(l);
	map_clear(&s->lists);
}

static void later(struct schedule *s, struct listing *l)
{
	depot_release(s->set.depot, l->it, l->rcpt, clock_wall() + PAUSE);
	listing_free(l);
}

static void ask(struct schedule *s, struct listing *l, struct str after)
{
	uint64_t own = ++s->questions;

	if (s->stopped || !s->set.lookup.ask_list(s->set.lookup.asker, question_of(ASKER_LIST, own), l->list, after))
		later(s, l);
	else
		map_putn(&s->lists, own, l);
}

/* Its owner may lead to it: then each bounce of a member would go to all of them, and be bounced. */
static void refuse(struct schedule *s, struct item *it, size_t rcpt)
{
	struct err e = { 0 };

	if (attempt_refuse(s, it, rcpt, "A mailing list takes no mail without a sender. (#5.7.1)", false, &e) < 0)
		attempt_put_back(s, it, rcpt, &e);
}

bool list_start(struct schedule *s, struct item *it, size_t rcpt)
{
	struct listing *l;
	struct envelope v;
	struct err e = { 0 };

	if (s->lists.n >= OPEN_MOST || s->set.lookup.ask_list == NULL) {
		depot_release(s->set.depot, it, rcpt, clock_wall() + PAUSE);
		return false;
	}
	l = mem_alloc(sizeof(*l));
	*l = (struct listing){ .it = it, .rcpt = rcpt };
	if (depot_envelope(s->set.depot, it, &l->mem, &v, &e) < 0 || rcpt >= v.nrcpts) {
		attempt_put_back(s, it, rcpt, &e);
		listing_free(l);
		return true;
	}
	if (addr_is_nobody(v.sender)) {
		refuse(s, it, rcpt);
		listing_free(l);
		return true;
	}
	l->list = v.rcpts[rcpt].final;
	ask(s, l, STR(""));
	return true;
}

/* Each address once, whichever member leads there. */
static void add(struct listing *l, const struct recipient *r)
{
	static char mark;
	struct str key = arena_lower(&l->mem, r->final);
	bool plain = r->led != LED_LIST && r->led != LED_PROGRAM;

	if (map_get(&l->known, key) != NULL || l->n == ENVELOPE_RECIPIENTS_MAX || str_ieq(r->final, l->list))
		return;
	map_put(&l->known, key, &mark);
	if (l->n == l->room) {
		size_t room = l->room > 0 ? 2 * l->room : 64;

		l->rcpts = arena_grow(&l->mem, l->rcpts, l->n, room, sizeof(*l->rcpts));
		l->room = room;
	}
	l->rcpts[l->n] = (struct recipient){ .final = arena_str(&l->mem, r->final),
					     .channel = r->channel,
					     .led = plain ? LED_MEMBER : r->led };
	l->rcpts[l->n].original = r->led == LED_PROGRAM ? l->list : l->rcpts[l->n].final;
	l->n++;
}

/* "team" and "example.com" of team@example.com */
static void parts(struct str list, struct str *name, struct str *domain)
{
	ptrdiff_t at = str_rchr(list, '@');

	*name = str_take(list, at < 0 ? list.n : (size_t)at);
	*domain = str_skip(list, at < 0 ? list.n : (size_t)at + 1);
}

/* Names of accounts, aliases and lists are dot-atoms: none needs quotes; a URL needs some of their bytes as %XX. */
static void put_url(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_isalnum(s.p[i]) || str_chr(STR("-._~@"), s.p[i]) >= 0)
			buf_addc(b, s.p[i]);
		else
			buf_fmt(b, "%%%02X", (unsigned char)s.p[i]);
}

static void put_head(struct buf *b, struct str list)
{
	struct str name, domain;

	parts(list, &name, &domain);
	forward_put_line(b, list);
	buf_fmt(b, "List-Id: <%.*s.%.*s>\r\nList-Post: <mailto:", STR_ARG(name), STR_ARG(domain));
	put_url(b, list);
	buf_adds(b, ">\r\nList-Owner: <mailto:");
	put_url(b, name);
	buf_fmt(b, "-owner@%.*s>\r\nList-Unsubscribe: <mailto:", STR_ARG(domain));
	put_url(b, name);
	buf_fmt(b, "-owner@%.*s?subject=unsubscribe>\r\nPrecedence: list\r\n", STR_ARG(domain));
}

/* 0: it is in the queue as *qp; 1: it loops; -1. */
static int put(struct schedule *s, const struct attempt *a, const struct listing *l, uint64_t *qp, struct err *e)
{
	ARENA(mem);
	BUF(head);
	struct str name, domain;
	struct mapped m;
	struct envelope child = { .time = clock_wall(),
				  .parent_qp = a->it->qp,
				  .parent_rcpt = a->rcpt,
				  .forward = 1,
				  .tells = (a->notify & NOTIFY_SUCCESS) != 0 && !a->nobody,
				  .rcpts = l->rcpts,
				  .nrcpts = l->n };
	int rc;

	parts(l->list, &name, &domain);
	child.sender = arena_fmt(&mem, "%.*s-bounces@%.*s", STR_ARG(name), STR_ARG(domain));
	if (forward_map(s, a->it, &m, e) < 0)
		return -1;
	rc = forward_was_here(m.whole, l->list) ? 1 : depot_number(s->set.depot, NUMBER_MESSAGE, &child.qp, e);
	if (rc == 0) {
		put_head(&head, l->list);
		rc = schedule_put(s, &child, buf_str(&head), m.whole, e);
		s->copied += m.whole.n;
	}
	forward_unmap(&m);
	*qp = child.qp;
	return rc;
}

static struct dlog_result send(struct schedule *s, const struct attempt *a, const struct listing *l, struct arena *mem)
{
	struct err e = { 0 };
	uint64_t qp = 0;
	int rc = l->n > 0 ? put(s, a, l, &qp, &e) : 0;
	struct dlog_result r = forward_result(rc, qp, &e, mem);

	if (rc != 0)
		return r;
	r.at.path = arena_fmt(mem, "list %.*s", STR_ARG(l->list));
	r.at.rule = arena_fmt(mem, "%zu members", l->n);
	r.report = l->n == 0 ? STR("the list has no members\ndid 0+0+0")
			     : arena_fmt(mem, "%zu members\n%.*s", l->n, STR_ARG(r.report));
	return r;
}

static void finish(struct schedule *s, struct listing *l)
{
	ARENA(mem);
	struct attempt a = { .it = l->it, .rcpt = l->rcpt };
	struct dlog_result r;
	struct envelope v;

	if (attempt_open(s, &a, &mem, &v)) {
		r = send(s, &a, l, &mem);
		/* Whether the copy stands in the spool only recovery can say then. */
		if (!depot_broken(s->set.depot))
			attempt_end(s, &a, r);
	}
	listing_free(l);
}

void list_answer(struct schedule *s, uint64_t question, const struct lookup_answer *answer)
{
	struct listing *l = map_deln(&s->lists, question);

	if (l == NULL)
		return;
	if (answer->result == RESOLVED_TEMPORARY || s->stopped) {
		depot_release(s->set.depot, l->it, l->rcpt,
			      schedule_soon(s, &(struct attempt){ .it = l->it, .rcpt = l->rcpt }));
		listing_free(l);
		return;
	}
	for (size_t i = 0; i < answer->n; i++)
		add(l, &answer->targets[i]);
	if (answer->text.n > 0)
		ask(s, l, answer->text);
	else
		finish(s, l);
}
