/* queue/index_list.c - the index as entries of a journal: what a checkpoint writes. */
#include "queue/index.h"

#include <stdlib.h>

#include "base/err.h"

static void list_rcpt(const struct item *it, size_t i, struct journal *j)
{
	const struct item_rcpt *r = &it->rcpts[i];

	if (r->attempts > 0 || r->report != NULL)
		journal_add(j, &journal_deferred_type,
			    &(struct journal_deferred){ it->qp, i, r->attempts, (uint64_t)r->next, str_of(r->report) });
	if (r->staged)
		journal_add(j, &journal_staged_type, &(struct journal_staged){ it->qp, i });
	if (rcpt_final(r))
		journal_add(j, &journal_settled_type, &(struct journal_settled){ it->qp, i, r->state == RCPT_DONE });
}

void index_list_item(struct index *ix, const struct item *it, struct journal *j)
{
	char *channels = mem_alloc(it->nrcpts);
	struct journal_taken t = index_entry(it, channels);

	t.listed = 1;
	index_seg(ix, it->segment)->listed++;
	journal_add(j, &journal_taken_type, &t);
	free(channels);
	if (it->noticed)
		journal_add(j, &journal_noticed_type, &(struct journal_noticed){ it->qp });
	for (size_t i = 0; i < it->nrcpts; i++)
		list_rcpt(it, i, j);
	index_list_orders(ix, it, j);
}

static void list_seg(struct seg *s, struct journal *j)
{
	/* A gap that could not be read yet is read again, with all behind it. */
	struct journal_segment t = { .id = s->head.id,
				     .from = SEGMENT_START,
				     .covered = s->ngaps > 0 ? s->gaps[0].from : s->covered,
				     .sealed = s->sealed,
				     .own = s->own,
				     .live = INDEX_UNKNOWN };

	s->listed = 0;
	journal_add(j, &journal_segment_type, &t);
}

static void list_rescued(struct index *ix, struct journal *j, int64_t now)
{
	struct journal_rescued *t;

	for (size_t i = 0; (t = map_next(&ix->rescued, &i, NULL)) != NULL;)
		if ((int64_t)t->until > now)
			journal_add(j, &journal_rescued_type, t);
		else
			free(map_deln(&ix->rescued, t->qp));
}

void index_list_begin(struct index *ix, struct journal *j, int64_t now)
{
	struct seg *s;

	for (size_t i = 0; (s = map_next(&ix->segs, &i, NULL)) != NULL;)
		if (s->exists)
			list_seg(s, j);
	list_rescued(ix, j, now);
	index_list_pauses(ix, j, now);
}

void index_list_end(struct index *ix, struct journal *j)
{
	const struct seg *s;

	for (size_t i = 0; (s = map_next(&ix->segs, &i, NULL)) != NULL;)
		if (s->exists)
			journal_add(j, &journal_listed_type, &(struct journal_listed){ s->head.id, s->listed });
}
