#include "queue/index.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"

enum { REPORT_MAX = 1000 };

static void seg_free(struct seg *s)
{
	fd_clear(&s->fd);
	free(s->gaps);
	free(s);
}

static void item_free(struct index *ix, struct item *it)
{
	index_orders_drop(ix, it);
	for (size_t i = 0; i < it->nrcpts; i++) {
		intern_drop(&ix->texts, it->rcpts[i].report);
		intern_drop(&ix->texts, it->rcpts[i].domain);
	}
	free(it);
}

static void rescued_clear(struct index *ix)
{
	struct journal_rescued *t;

	for (size_t i = 0; (t = map_next(&ix->rescued, &i, NULL)) != NULL;)
		free(t);
	map_clear(&ix->rescued);
}

void index_clear(struct index *ix)
{
	struct item *it;
	struct seg *s;

	for (uint64_t at = 0; (it = ordered_from(&ix->items, at)) != NULL;) {
		at = it->qp + 1;
		free(it);
	}
	for (size_t i = 0; (s = map_next(&ix->segs, &i, NULL)) != NULL;)
		seg_free(s);
	ordered_clear(&ix->items);
	intern_clear(&ix->texts);
	map_clear(&ix->segs);
	rescued_clear(ix);
	index_orders_clear(ix);
	for (size_t c = 0; c < CHANNELS; c++)
		due_clear(&ix->due[c]);
	*ix = (struct index){ 0 };
}

struct item *index_item(const struct index *ix, uint64_t qp)
{
	return ordered_get(&ix->items, qp);
}

struct seg *index_seg(const struct index *ix, uint64_t id)
{
	return map_getn(&ix->segs, id);
}

struct seg *index_seg_add(struct index *ix, const struct segment_head *h)
{
	struct seg *s = mem_alloc(sizeof(*s));

	*s = (struct seg){ .head = *h, .exists = true, .covered = SEGMENT_START, .fd = -1 };
	map_putn(&ix->segs, h->id, s);
	return s;
}

void index_seg_drop(struct index *ix, struct seg *s)
{
	map_deln(&ix->segs, s->head.id);
	seg_free(s);
}

/* The segment an entry speaks of; one without a file gets a row that says so. */
static struct seg *seg_of(struct index *ix, uint64_t id)
{
	struct seg *s = index_seg(ix, id);

	if (s != NULL)
		return s;
	s = index_seg_add(ix, &(struct segment_head){ .id = id });
	s->exists = false;
	return s;
}

static void cover(struct seg *s, uint64_t from, uint64_t to)
{
	if (from > s->covered) {
		s->gaps = mem_grow(s->gaps, (s->ngaps + 1) * sizeof(*s->gaps));
		s->gaps[s->ngaps++] = (struct range){ s->covered, from };
	}
	if (to > s->covered)
		s->covered = to;
}

bool rcpt_final(const struct item_rcpt *r)
{
	return rcpt_settled(r);
}

void index_tally(struct item *it, size_t rcpt, int by)
{
	const struct item_rcpt *r = &it->rcpts[rcpt];

	if (rcpt_failed(r))
		it->failed += (uint32_t)by;
	else if (rcpt_delivered(r))
		it->delivered += (uint32_t)by;
	else if (r->state == RCPT_BUSY ||
		 (r->state == RCPT_WAITING && r->attempts == 0 && !r->held && !r->paused && !r->alone))
		it->open += (uint32_t)by;
}

static void settle(struct index *ix, struct item *it, size_t rcpt, bool delivered)
{
	struct item_rcpt *r = &it->rcpts[rcpt];

	if (rcpt_final(r))
		return;
	due_remove(&ix->due[r->channel], it, rcpt);
	index_tally(it, rcpt, -1);
	r->state = delivered ? RCPT_DONE : RCPT_FAILED;
	intern_drop(&ix->texts, r->report);
	r->report = NULL;
	it->left--;
	ix->waiting--;
}

static void lie_in(struct index *ix, struct item *it, int sign)
{
	struct seg *s = seg_of(ix, it->segment);
	uint64_t n = it->length;

	s->live += sign > 0 ? 1 : (uint64_t)-1;
	s->live_bytes += sign > 0 ? n : (uint64_t)0 - n;
	ix->live_bytes += sign > 0 ? n : (uint64_t)0 - n;
}

static void move(struct index *ix, struct item *it, const struct journal_taken *t)
{
	lie_in(ix, it, -1);
	it->segment = t->segment;
	it->offset = (uint32_t)t->offset;
	it->length = (uint32_t)t->length;
	lie_in(ix, it, 1);
}

static struct item *item_new(const struct journal_taken *t)
{
	struct item *it = mem_alloc(sizeof(*it) + t->channels.n * sizeof(it->rcpts[0]));

	*it = (struct item){ .qp = t->qp,
			     .segment = t->segment,
			     .offset = (uint32_t)t->offset,
			     .length = (uint32_t)t->length,
			     .big = t->big,
			     .size = t->size,
			     .born = (int64_t)t->born,
			     .parent_qp = t->parent_qp,
			     .parent_rcpt = t->parent_rcpt < ITEM_NOBODY ? (uint32_t)t->parent_rcpt : ITEM_NOBODY,
			     .nrcpts = (uint32_t)t->channels.n,
			     .left = (uint32_t)t->channels.n };
	for (size_t i = 0; i < it->nrcpts; i++) {
		it->rcpts[i].channel = t->channels.p[i] == CHANNEL_LOCAL ? CHANNEL_LOCAL : CHANNEL_REMOTE;
		it->rcpts[i].next = it->born;
		index_tally(it, i, 1);
	}
	return it;
}

struct item *index_apply_taken(struct index *ix, const struct journal_taken *t)
{
	struct item *it = index_item(ix, t->qp);
	struct seg *s = seg_of(ix, t->segment);

	if (t->qp == UINT64_MAX || t->channels.n == 0 || t->channels.n > ENVELOPE_RECIPIENTS_MAX ||
	    t->offset > SEGMENT_SIZE_MOST || t->length > SEGMENT_SIZE_MOST)
		return NULL;
	if (t->listed)
		s->listed++;
	else
		cover(s, t->offset, t->offset + t->length);
	if (it != NULL) {
		if (it->nrcpts == t->channels.n)
			move(ix, it, t);
		return NULL;
	}
	it = item_new(t);
	ordered_put(&ix->items, it->qp, it);
	ix->waiting += it->left;
	lie_in(ix, it, 1);
	return it;
}

void index_apply_segment(struct index *ix, const struct journal_segment *t)
{
	struct seg *s = seg_of(ix, t->id);

	cover(s, t->from, t->covered);
	s->sealed = s->sealed || t->sealed;
	s->own = s->own || t->own;
	s->promised = t->live == INDEX_UNKNOWN ? INDEX_UNKNOWN : s->promised + t->live;
}

void index_apply_listed(struct index *ix, const struct journal_listed *t)
{
	seg_of(ix, t->segment)->promised = t->messages;
}

static struct item_rcpt *rcpt_of(struct index *ix, uint64_t qp, uint64_t rcpt, struct item **it)
{
	*it = index_item(ix, qp);
	return *it != NULL && rcpt < (*it)->nrcpts ? &(*it)->rcpts[rcpt] : NULL;
}

void index_apply_staged(struct index *ix, const struct journal_staged *t)
{
	struct item *it;
	struct item_rcpt *r = rcpt_of(ix, t->qp, t->rcpt, &it);

	if (r != NULL)
		r->staged = true;
}

void index_apply_settled(struct index *ix, const struct journal_settled *t)
{
	struct item *it;

	if (rcpt_of(ix, t->qp, t->rcpt, &it) != NULL)
		settle(ix, it, t->rcpt, t->delivered != 0);
}

void index_apply_deferred(struct index *ix, const struct journal_deferred *t)
{
	struct item *it;
	struct item_rcpt *r = rcpt_of(ix, t->qp, t->rcpt, &it);
	const char *former;

	if (r == NULL || rcpt_final(r))
		return;
	due_remove(&ix->due[r->channel], it, t->rcpt);
	index_tally(it, t->rcpt, -1);
	r->state = RCPT_WAITING;
	r->paused = r->alone = false;
	r->attempts = (uint32_t)t->attempts;
	r->next = (int64_t)t->next;
	index_tally(it, t->rcpt, 1);
	former = r->report;
	r->report = intern_keep(&ix->texts, str_take(t->report, REPORT_MAX));
	intern_drop(&ix->texts, former);
}

void index_apply_noticed(struct index *ix, const struct journal_noticed *t)
{
	struct item *it = index_item(ix, t->qp);

	if (it != NULL)
		it->noticed = true;
}

void index_apply_rescued(struct index *ix, const struct journal_rescued *t)
{
	struct journal_rescued *kept = mem_alloc(sizeof(*kept));

	*kept = *t;
	free(map_putn(&ix->rescued, t->qp, kept));
}

bool index_knows(const struct index *ix, uint64_t qp)
{
	return index_item(ix, qp) != NULL || map_getn(&ix->rescued, qp) != NULL;
}

int index_apply(struct index *ix, const struct ipc_frame *f, struct err *e)
{
	union {
		struct journal_taken taken;
		struct journal_segment segment;
		struct journal_staged staged;
		struct journal_settled settled;
		struct journal_deferred deferred;
		struct journal_held held;
		struct journal_noticed noticed;
		struct journal_listed listed;
		struct journal_order order;
		struct journal_paused paused;
		struct journal_rescued rescued;
	} u;
	const struct ipc_type *t = NULL;

	for (size_t i = 0; journal_messages[i] != NULL; i++)
		if (journal_messages[i]->number == f->type)
			t = journal_messages[i];
	if (t == NULL)
		return err_set(e, "a journal entry of unknown type %u", f->type);
	if (ipc_unpack(f->body, t, &u, e) < 0)
		return -1;
	if (t == &journal_taken_type)
		(void)index_apply_taken(ix, &u.taken);
	else if (t == &journal_segment_type)
		index_apply_segment(ix, &u.segment);
	else if (t == &journal_staged_type)
		index_apply_staged(ix, &u.staged);
	else if (t == &journal_settled_type)
		index_apply_settled(ix, &u.settled);
	else if (t == &journal_deferred_type)
		index_apply_deferred(ix, &u.deferred);
	else if (t == &journal_held_type)
		index_apply_held(ix, &u.held);
	else if (t == &journal_noticed_type)
		index_apply_noticed(ix, &u.noticed);
	else if (t == &journal_listed_type)
		index_apply_listed(ix, &u.listed);
	else if (t == &journal_order_type)
		index_apply_order(ix, &u.order);
	else if (t == &journal_paused_type)
		index_apply_paused(ix, &u.paused);
	else
		index_apply_rescued(ix, &u.rescued);
	return 0;
}

void index_schedule(struct index *ix, struct item *it)
{
	for (size_t i = 0; i < it->nrcpts; i++) {
		struct item_rcpt *r = &it->rcpts[i];

		if (r->state == RCPT_WAITING && r->place == 0 && !r->held && !it->held)
			due_add(&ix->due[r->channel], it, i, r->next);
	}
}

void index_unschedule(struct index *ix, struct item *it)
{
	for (size_t i = 0; i < it->nrcpts; i++)
		due_remove(&ix->due[it->rcpts[i].channel], it, i);
}

void index_drop(struct index *ix, struct item *it)
{
	index_unschedule(ix, it);
	ix->waiting -= it->left;
	lie_in(ix, it, -1);
	(void)ordered_del(&ix->items, it->qp);
	item_free(ix, it);
}

struct journal_taken index_entry(const struct item *it, char *channels)
{
	for (size_t i = 0; i < it->nrcpts; i++)
		channels[i] = (char)it->rcpts[i].channel;
	return (struct journal_taken){ .qp = it->qp,
				       .segment = it->segment,
				       .offset = it->offset,
				       .length = it->length,
				       .big = it->big,
				       .size = it->size,
				       .born = (uint64_t)it->born,
				       .parent_qp = it->parent_qp,
				       .parent_rcpt = it->parent_rcpt < ITEM_NOBODY ? it->parent_rcpt : ENVELOPE_NOBODY,
				       .channels = str_mem(channels, it->nrcpts) };
}
