/* queue/stock.c - segments and big files: asked of the maker, kept as spares, given, let go. */
#include "queue/inside.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "queue/space.h"

enum { BIG_SPARES = 8, TROUBLE_AGAIN_MS = 60000, RETRY_MS = 1000, RUSH_MS = 1000 };

int depot_fd(const struct depot *d)
{
	return maker_fd(d->maker);
}

bool depot_has_space(struct depot *d, uint64_t size, struct err *e)
{
	return space_left(d->dir, size, e);
}

static int file_id(struct depot *d, uint64_t *out, struct err *e)
{
	struct number_block b = { .count = 1 };

	if (numbers_take(&d->numbers, NUMBER_FILE, &b, e) < 0)
		return -1;
	*out = b.first;
	return 0;
}

static void trouble(struct depot *d, const struct err *why)
{
	bool same = strncmp(d->trouble, why->text, sizeof(d->trouble) - 1) == 0;

	if (same && clock_mono() - d->trouble_said < TROUBLE_AGAIN_MS)
		return;
	snprintf(d->trouble, sizeof(d->trouble), "%s", why->text);
	d->trouble_said = clock_mono();
	depot_complain(d, "%s", why->text);
}

static void note_given(struct depot *d)
{
	d->given[d->ngiven++ % DEPOT_RUSH] = clock_mono();
}

static enum segment_room room_now(const struct depot *d)
{
	bool rush = d->ngiven >= DEPOT_RUSH && clock_mono() - d->given[d->ngiven % DEPOT_RUSH] < RUSH_MS;

	return rush ? SEGMENT_IN_HASTE : SEGMENT_WRITTEN;
}

static int ask_segment(struct depot *d, uint64_t size, struct err *e)
{
	struct maker_job j = { .kind = MAKER_SEGMENT, .made.size = size, .room = room_now(d) };

	if (!depot_has_space(d, size, e) || file_id(d, &j.made.id, e) < 0)
		return -1;
	d->making++;
	maker_ask(d->maker, &j);
	return 0;
}

static int ask_big(struct depot *d, struct err *e)
{
	struct maker_job j = { .kind = MAKER_BIG };

	if (file_id(d, &j.made.id, e) < 0)
		return -1;
	d->making_big++;
	maker_ask(d->maker, &j);
	return 0;
}

struct seg *depot_spare(struct depot *d, uint64_t size)
{
	for (size_t i = 0; i < d->spares.n; i++) {
		struct seg *s = index_seg(&d->index, d->spares.at[i]);

		if (s->head.size - SEGMENT_START < size)
			continue;
		ids_remove(&d->spares, s->head.id);
		return s;
	}
	return NULL;
}

static int give_segment(struct depot *d, const struct want *w, struct seg *s, struct err *e)
{
	char name[SEGMENT_NAME];
	FD(out) = -1;
	bool mine;

	segment_name(name, s->head.id, false);
	s->fd = seg_open(d, s, &mine, e);
	out = s->fd < 0 ? -1 : openat(d->segments, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (out < 0)
		return err_sys(e, "open segments/%s", name);
	s->owner = w->client;
	w->client->segments++;
	note_given(d);
	ipc_queue(w->client->conn, &queue_segment_type, w->question,
		  &(struct queue_segment){ s->head.id, s->head.nonce, SEGMENT_START, s->head.size }, fd_steal(&out));
	return 0;
}

static int give_big(struct depot *d, const struct want *w, struct err *e)
{
	uint64_t id = d->big_spares.at[0];
	int out = big_open(d, id, O_WRONLY, e);

	ids_remove(&d->big_spares, id);
	if (out < 0)
		return -1;
	ids_add(&w->client->bigs, id);
	ipc_queue(w->client->conn, &queue_big_type, w->question, &(struct queue_big){ id }, out);
	return 0;
}

/* 1: answered; 0: it must wait for the maker; -1: it cannot be had. */
static int answer(struct depot *d, const struct want *w, struct err *e)
{
	struct seg *s;

	if (!depot_has_space(d, 0, e))
		return -1;
	if (w->size == 0) {
		if (d->big_spares.n == 0)
			return d->making_big > 0 ? 0 : ask_big(d, e);
		return give_big(d, w, e) < 0 ? -1 : 1;
	}
	s = depot_spare(d, w->size);
	if (s != NULL)
		return give_segment(d, w, s, e) < 0 ? -1 : 1;
	if (w->size > d->set.segment_size - SEGMENT_START)
		return d->making > 0 ? 0 : ask_segment(d, (w->size + SEGMENT_START + 4095) / 4096 * 4096, e);
	return d->making > 0 ? 0 : ask_segment(d, d->set.segment_size, e);
}

static void refuse(const struct want *w, const struct err *why)
{
	ipc_queue(w->client->conn, &queue_refused_type, w->question, &(struct queue_refused){ str_of(why->text) }, -1);
}

static void answer_wants(struct depot *d)
{
	struct want **at = &d->wants;

	while (*at != NULL) {
		struct want *w = *at;
		struct err e = { 0 };
		int rc = answer(d, w, &e);

		if (rc == 0) {
			at = &w->next;
			continue;
		}
		if (rc < 0) {
			refuse(w, &e);
			trouble(d, &e);
		}
		*at = w->next;
		w->client->wants--;
		free(w);
	}
}

void depot_forget_wants(struct depot *d, const struct depot_client *c)
{
	struct want **at = &d->wants;

	while (*at != NULL) {
		struct want *w = *at;

		if (w->client != c) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

void depot_stock(struct depot *d)
{
	struct err e = { 0 };
	int rc = 0;

	answer_wants(d);
	if (clock_mono() < d->retry_at)
		return;
	while (rc == 0 && d->spares.n + d->making < d->set.spares)
		rc = ask_segment(d, d->set.segment_size, &e);
	while (rc == 0 && d->big_spares.n + d->making_big < BIG_SPARES)
		rc = ask_big(d, &e);
	if (rc < 0) {
		d->retry_at = deadline_in(RETRY_MS);
		trouble(d, &e);
	}
}

static void refuse_all(struct depot *d, const struct err *why)
{
	while (d->wants != NULL) {
		struct want *w = d->wants;

		refuse(w, why);
		d->wants = w->next;
		w->client->wants--;
		free(w);
	}
}

static void came(struct depot *d, const struct maker_job *j)
{
	struct seg *old = index_seg(&d->index, j->old);

	if (j->kind == MAKER_SEGMENT || j->kind == MAKER_RECYCLE)
		d->making--;
	if (j->kind == MAKER_BIG)
		d->making_big--;
	if (j->kind == MAKER_SYNC)
		depot_shortened(d, j);
	if (j->rc < 0)
		return;
	if ((j->kind == MAKER_REMOVE || j->kind == MAKER_RECYCLE) && old != NULL)
		index_seg_drop(&d->index, old);
	if (j->kind == MAKER_BIG)
		ids_add(&d->big_spares, j->made.id);
	if ((j->kind == MAKER_SEGMENT || j->kind == MAKER_RECYCLE) && j->made.id != 0) {
		index_seg_add(&d->index, &j->made);
		ids_add(&d->spares, j->made.id);
	}
}

void depot_tend(struct depot *d)
{
	struct maker_job *j;

	while ((j = maker_take(d->maker)) != NULL) {
		came(d, j);
		if (j->rc < 0 && j->kind != MAKER_SYNC) {
			trouble(d, &j->why);
			refuse_all(d, &j->why);
			d->retry_at = deadline_in(RETRY_MS);
		}
		free(j);
	}
	depot_stock(d);
}

/* The journal forgets a segment only when its file is gone for good, so the row stays until the maker has said so. */
void depot_drain(struct depot *d, struct seg *s)
{
	struct maker_job j = { .kind = MAKER_REMOVE, .old = s->head.id };
	struct number_block b = { .count = 1 };

	if (s->live > 0 || !s->sealed || s->leaving || !s->exists)
		return;
	s->leaving = true;
	if (s->head.size == d->set.segment_size && d->spares.n + d->making < d->set.spares &&
	    numbers_take(&d->numbers, NUMBER_FILE, &b, NULL) == 0) {
		j.kind = MAKER_RECYCLE;
		j.made = (struct segment_head){ .id = b.first, .size = s->head.size };
		d->making++;
	}
	maker_ask(d->maker, &j);
}

void big_remove(struct depot *d, uint64_t id)
{
	maker_ask(d->maker, &(struct maker_job){ .kind = MAKER_BIG_REMOVE, .old = id });
}
