/* The depot under damage and under a peer that breaks the rules. */
#include "queue_house.h"

static void test_two_queues_do_not_share_a_folder(void **state)
{
	struct world *w = *state;
	struct depot *second;
	struct err e = { 0 };

	assert_int_equal(depot_open(&w->set, &second, &e), -1);
	assert_non_null(strstr(e.text, "in use by another"));
}

static void test_a_damaged_message_is_held_and_the_others_go_on(void **state)
{
	struct world *w = *state;
	struct message m;
	struct item *it;
	struct err e = { 0 };
	char name[64];
	size_t rcpt, read = 0;

	put_some(w, 5);
	it = depot_find(w->depot, w->at[2].qp);
	snprintf(name, sizeof(name), "segments/%" PRIu64 ".segment", it->segment);
	harm(w, name, it->offset + RECORD_HEADER + 3);
	assert_int_equal(depot_read(w->depot, it, &m, &e), -1);
	assert_int_equal(e.code, EBADMSG);
	assert_true(it->held);
	assert_int_equal(complaints(w, "corrupt/segment-"), 1);
	while ((it = depot_due(w->depot, CHANNEL_LOCAL, INT64_MAX - 1, &rcpt)) != NULL) {
		assert_true(it->qp != w->at[2].qp);
		assert_int_equal(depot_read(w->depot, it, &m, &e), 0);
		close(m.fd);
		read++;
	}
	assert_true(read >= 4);
	restart(w);
	assert_int_equal(listed(w), 5);
}

static void test_a_hole_in_the_journal_loses_no_message(void **state)
{
	struct world *w = *state;
	uint64_t hole;

	put_some(w, 2);
	hole = w->depot->journal.end + 40;
	put_some(w, 1);
	put_some(w, 2);
	harm(w, "journal", hole);
	/* As after a kill: no clean end, the same file is read again. */
	restart(w);
	assert_int_equal(complaints(w, "not entries, skipped"), 1);
	assert_int_equal(listed(w), 5);
}

static void test_a_lost_journal_loses_no_message(void **state)
{
	struct world *w = *state;

	put_some(w, 4);
	leave_smtpd(w);
	depot_close(w->depot);
	harm(w, "journal", 3);
	open_world(w);
	assert_int_equal(complaints(w, "it is now corrupt/"), 1);
	assert_int_equal(listed(w), 4);
}

static void test_lost_numbers_stop_the_start(void **state)
{
	struct world *w = *state;
	struct depot *d;
	struct err e = { 0 };

	put_some(w, 1);
	leave_smtpd(w);
	depot_close(w->depot);
	harm(w, "numbers", 15);
	assert_int_equal(depot_open(&w->set, &d, &e), -1);
	assert_non_null(strstr(e.text, "must never repeat"));
	harm(w, "numbers", 15);
	open_world(w);
	assert_int_equal(listed(w), 1);
}

static void test_settled_segments_go_round(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };

	for (int round = 0; round < 12; round++) {
		put_some(w, 3);
		for (size_t i = w->n - 3; i < w->n; i++)
			for (size_t r = 0; r < w->at[i].nrcpts; r++)
				depot_settle(w->depot, depot_find(w->depot, w->at[i].qp), r, true);
		hear(w, &queue_sealed_type, &(struct queue_sealed){ w->seg.id, 0 });
		fd_clear(&w->fd);
		assert_int_equal(depot_sync(w->depot, &e), 0);
		for (int i = 0; i < 20; i++) {
			depot_tend(w->depot);
			usleep(1000);
		}
	}
	assert_int_equal(depot_state(w->depot).messages, 0);
	assert_true(depot_state(w->depot).segments <= 4);
	assert_int_equal(complaints(w, ""), 0);
}

/* One message in each of many segments: they are gathered, and the segments go. */
static void test_segments_with_little_life_are_emptied(void **state)
{
	struct world *w = *state;
	struct message m;
	struct err e = { 0 };

	for (int i = 0; i < 14; i++) {
		put_some(w, 1);
		hear(w, &queue_sealed_type, &(struct queue_sealed){ w->seg.id, 0 });
		fd_clear(&w->fd);
	}
	assert_true(depot_state(w->depot).segments >= 14);
	for (int i = 0; i < 12; i++) {
		w->depot->compact_at = 0;
		assert_int_equal(depot_sync(w->depot, &e), 0);
		usleep(3000);
		depot_tend(w->depot);
	}
	assert_true(depot_state(w->depot).segments < 14);
	restart(w);
	assert_int_equal(listed(w), 14);
	assert_int_equal(complaints(w, ""), 0);
	for (size_t i = 0; i < w->n; i++) {
		if (depot_read(w->depot, depot_find(w->depot, w->at[i].qp), &m, &e) < 0)
			fail_msg("%s", e.text);
		close(m.fd);
	}
}

static void sync_all(struct world *w)
{
	struct err e = { 0 };

	w->depot->urgent = true;
	if (depot_sync(w->depot, &e) < 0)
		fail_msg("%s", e.text);
	usleep(1000);
	depot_tend(w->depot);
}

/* While a new journal is made, a message that it does not list yet is moved, and then settled. */
static void test_who_is_moved_beside_a_new_journal_is_settled_in_it(void **state)
{
	struct world *w = *state;
	struct depot *d = w->depot;
	struct letter *l;
	uint64_t from;

	put_some(w, 3);
	l = new_letter(w);
	l->nrcpts = 2;
	from = w->used;
	write_record(w, l);
	hear(w, &queue_committed_type, &(struct queue_committed){ w->seg.id, from, w->used });
	hear(w, &queue_sealed_type, &(struct queue_sealed){ w->seg.id, 0 });
	fd_clear(&w->fd);
	while (depot_news(d) != NULL)
		continue;
	depot_settle(d, depot_find(d, l->qp), 0, true);
	sync_all(w);
	d->long_enough = d->checkpoint = 0;
	d->slice = 1;
	while (!d->fresh.on)
		sync_all(w);
	assert_true(d->fresh.next < l->qp);
	from = depot_find(d, l->qp)->segment;
	d->emptying = from;
	d->emptied = 0;
	sync_all(w);
	assert_true(d->fresh.next < l->qp && depot_find(d, l->qp)->segment != from);
	depot_settle(d, depot_find(d, l->qp), 1, true);
	sync_all(w);
	d->long_enough = UINT64_MAX;
	while (d->fresh.on)
		sync_all(w);
	restart(w);
	assert_int_equal(listed(w), 3);
	assert_null(depot_find(w->depot, l->qp));
	assert_int_equal(complaints(w, ""), 0);
}

static int tell(struct world *w, const struct ipc_type *t, const void *m)
{
	BUF(b);
	struct ipc_frame f = { .type = t->number, .id = 1, .fd = -1 };
	struct err e = { 0 };

	ipc_pack(&b, t, 0, m);
	f.body = str_skip(buf_str(&b), 16);
	return depot_hear(w->client, &f, &e);
}

static void test_who_breaks_the_protocol_is_not_heard(void **state)
{
	struct world *w = *state;

	put_some(w, 1);
	const struct {
		const struct ipc_type *type;
		const void *message;
	} t[] = {
		{ &queue_committed_type, &(struct queue_committed){ w->seg.id + 1, w->used, w->used + 8 } },
		{ &queue_committed_type, &(struct queue_committed){ w->seg.id, w->used - 8, w->used + 8 } },
		{ &queue_committed_type, &(struct queue_committed){ w->seg.id, w->used + 8, w->used + 16 } },
		{ &queue_committed_type, &(struct queue_committed){ w->seg.id, w->used, w->used } },
		{ &queue_committed_type, &(struct queue_committed){ w->seg.id, w->used, w->used + 3 } },
		{ &queue_committed_type, &(struct queue_committed){ w->seg.id, w->used, w->seg.size + 8 } },
		{ &queue_committed_type, &(struct queue_committed){ w->seg.id, w->used, UINT64_MAX } },
		{ &queue_sealed_type, &(struct queue_sealed){ w->seg.id + 1, 0 } },
		{ &queue_drop_big_type, &(struct queue_drop_big){ 12345 } },
		{ &queue_want_numbers_type, &(struct queue_want_numbers){ 3, 1 } },
		{ &queue_want_numbers_type, &(struct queue_want_numbers){ 0, 0 } },
		{ &queue_segment_type, &(struct queue_segment){ 0 } },
		{ &queue_hello_type, &(struct queue_hello){ STR("s"), 1 } },
	};

	for (size_t i = 0; i < COUNT(t); i++)
		if (tell(w, t[i].type, t[i].message) != -1)
			fail_msg("row %zu was heard", i);
}

/* Committed bytes that are no records are kept for a human; the queue goes on. */
static void test_committed_nonsense_is_quarantined(void **state)
{
	struct world *w = *state;
	uint64_t from;

	put_some(w, 1);
	from = w->used;
	assert_int_equal(io_pwrite_all(w->fd, "not a record at all, but 32 bytes", 32, (off_t)from), 0);
	w->used += 32;
	write_record(w, new_letter(w));
	hear(w, &queue_committed_type, &(struct queue_committed){ w->seg.id, from, w->used });
	assert_int_equal(complaints(w, "not a record"), 1);
	assert_non_null(depot_find(w->depot, w->at[1].qp));
}

/* A telltale-smtpd may not settle other people's messages by naming them as parents. */
static void test_a_client_has_no_children(void **state)
{
	struct world *w = *state;
	struct letter *l;
	uint64_t from;

	put_some(w, 1);
	from = w->used;
	l = new_letter(w);
	l->parent = w->at[0].qp;
	write_record(w, l);
	hear(w, &queue_committed_type, &(struct queue_committed){ w->seg.id, from, w->used });
	assert_int_equal(complaints(w, "claims to be a bounce"), 1);
	assert_null(depot_find(w->depot, l->qp));
	assert_false(rcpt_final(&depot_find(w->depot, w->at[0].qp)->rcpts[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_queues_do_not_share_a_folder, begin, end),
		cmocka_unit_test_setup_teardown(test_a_damaged_message_is_held_and_the_others_go_on, begin, end),
		cmocka_unit_test_setup_teardown(test_a_hole_in_the_journal_loses_no_message, begin, end),
		cmocka_unit_test_setup_teardown(test_a_lost_journal_loses_no_message, begin, end),
		cmocka_unit_test_setup_teardown(test_lost_numbers_stop_the_start, begin, end),
		cmocka_unit_test_setup_teardown(test_settled_segments_go_round, begin, end),
		cmocka_unit_test_setup_teardown(test_segments_with_little_life_are_emptied, begin, end),
		cmocka_unit_test_setup_teardown(test_who_is_moved_beside_a_new_journal_is_settled_in_it, begin, end),
		cmocka_unit_test_setup_teardown(test_who_breaks_the_protocol_is_not_heard, begin, end),
		cmocka_unit_test_setup_teardown(test_committed_nonsense_is_quarantined, begin, end),
		cmocka_unit_test_setup_teardown(test_a_client_has_no_children, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
