/* queue/index_order.c - the postmaster's orders and pauses in the index. */
#include "queue/index.h"

#include <stdlib.h>

static const char *keep(struct index *ix, struct str text)
{
	return intern_keep(&ix->texts, str_take(text, ORDER_TEXT_MAX));
}

static void order_free(struct index *ix, struct order *o)
{
	intern_drop(&ix->texts, o->by);
	intern_drop(&ix->texts, o->why);
	intern_drop(&ix->texts, o->host);
	free(o);
}

const struct order *index_order(const struct index *ix, const struct item *it, size_t rcpt)
{
	const struct order *o = it->ordered ? map_getn(&ix->orders, it->qp) : NULL;

	while (o != NULL && o->rcpt != rcpt)
		o = o->next;
	return o;
}

/* The order of that recipient, if any, is no more. */
static void forget(struct index *ix, struct item *it, size_t rcpt)
{
	struct order *first = it->ordered ? map_getn(&ix->orders, it->qp) : NULL, **at = &first, *gone;

	while (*at != NULL && (*at)->rcpt != rcpt)
		at = &(*at)->next;
	gone = *at;
	if (gone == NULL)
		return;
	*at = gone->next;
	if (first != NULL)
		(void)map_putn(&ix->orders, it->qp, first);
	else
		(void)map_deln(&ix->orders, it->qp);
	it->ordered = first != NULL;
	order_free(ix, gone);
}

static void add(struct index *ix, struct item *it, const struct journal_order *t)
{
	struct order *o = mem_alloc(sizeof(*o));

	*o = (struct order){ .rcpt = (uint32_t)t->rcpt,
			     .held = t->held != 0,
			     .since = (int64_t)t->since,
			     .by = keep(ix, t->by),
			     .why = keep(ix, t->why),
			     .host = keep(ix, t->host) };
	o->next = map_getn(&ix->orders, it->qp);
	(void)map_putn(&ix->orders, it->qp, o);
	it->ordered = true;
}

void index_apply_order(struct index *ix, const struct journal_order *t)
{
	struct item *it = index_item(ix, t->qp);
	struct item_rcpt *r = it != NULL && t->rcpt < it->nrcpts ? &it->rcpts[t->rcpt] : NULL;

	if (r == NULL || rcpt_final(r))
		return;
	if (t->held)
		due_remove(&ix->due[r->channel], it, t->rcpt);
	index_tally(it, t->rcpt, -1);
	r->held = t->held != 0;
	r->rerouted = t->host.n > 0;
	index_tally(it, t->rcpt, 1);
	forget(ix, it, t->rcpt);
	if (r->held || r->rerouted)
		add(ix, it, t);
}

void index_apply_held(struct index *ix, const struct journal_held *t)
{
	index_apply_order(ix, &(struct journal_order){ .qp = t->qp, .rcpt = t->rcpt, .held = t->held });
}

void index_orders_drop(struct index *ix, struct item *it)
{
	struct order *o = it->ordered ? map_deln(&ix->orders, it->qp) : NULL;

	while (o != NULL) {
		struct order *next = o->next;

		order_free(ix, o);
		o = next;
	}
	it->ordered = false;
}

static void pause_free(struct index *ix, struct pause *p)
{
	intern_drop(&ix->texts, p->name);
	intern_drop(&ix->texts, p->by);
	intern_drop(&ix->texts, p->why);
	free(p);
}

void index_apply_paused(struct index *ix, const struct journal_paused *t)
{
	struct pause *p = map_del(&ix->pauses, t->name);

	if (p != NULL)
		pause_free(ix, p);
	if (t->until == 0 || t->name.n == 0 || t->name.n > ORDER_TEXT_MAX || ix->pauses.n >= PAUSES_MAX)
		return;
	p = mem_alloc(sizeof(*p));
	*p = (struct pause){ .name = keep(ix, t->name),
			     .since = (int64_t)t->since,
			     .until = t->until < (uint64_t)PAUSE_OPEN ? (int64_t)t->until : PAUSE_OPEN,
			     .by = keep(ix, t->by),
			     .why = keep(ix, t->why) };
	(void)map_put(&ix->pauses, str_of(p->name), p);
}

void index_orders_clear(struct index *ix)
{
	struct order *o;
	struct pause *p;

	for (size_t i = 0; (o = map_next(&ix->orders, &i, NULL)) != NULL;)
		while (o != NULL) {
			struct order *next = o->next;

			free(o);
			o = next;
		}
	for (size_t i = 0; (p = map_next(&ix->pauses, &i, NULL)) != NULL;)
		free(p);
	map_clear(&ix->orders);
	map_clear(&ix->pauses);
}

struct journal_order index_order_entry(const struct item *it, const struct order *o)
{
	return (struct journal_order){ .qp = it->qp,
				       .rcpt = o->rcpt,
				       .held = o->held,
				       .since = (uint64_t)o->since,
				       .by = str_of(o->by),
				       .why = str_of(o->why),
				       .host = str_of(o->host) };
}

struct journal_paused index_pause_entry(const struct pause *p)
{
	return (struct journal_paused){ .name = str_of(p->name),
					.since = (uint64_t)p->since,
					.until = (uint64_t)p->until,
					.by = str_of(p->by),
					.why = str_of(p->why) };
}

void index_list_orders(struct index *ix, const struct item *it, struct journal *j)
{
	const struct order *o = it->ordered ? map_getn(&ix->orders, it->qp) : NULL;

	for (; o != NULL; o = o->next) {
		struct journal_order t = index_order_entry(it, o);

		journal_add(j, &journal_order_type, &t);
	}
}

void index_list_pauses(struct index *ix, struct journal *j, int64_t now)
{
	const struct pause *p;

	for (size_t i = 0; (p = map_next(&ix->pauses, &i, NULL)) != NULL;) {
		struct journal_paused t = index_pause_entry(p);

		if (p->until > now)
			journal_add(j, &journal_paused_type, &t);
	}
}
