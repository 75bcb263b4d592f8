/* The depot on a machine that fails it: a disk that does not sync, no descriptors left. */
#include <sys/resource.h>

#include "queue_house.h"

static bool big_there(struct world *w, uint64_t id)
{
	char path[400];

	/* The maker does one thing after the other: whoever makes has removed what came before. */
	get_segment(w);
	snprintf(path, sizeof(path), "%s/big/%" PRIu64, w->dir, id);
	return access(path, F_OK) == 0;
}

static uint64_t get_big(struct world *w)
{
	struct queue_big big = { 0 };
	struct ipc_frame f;
	struct err e = { 0 };
	int rc = 0;

	hear(w, &queue_want_big_type, &(struct queue_want_big){ 1 });
	for (int i = 0; i < 1000 && rc == 0; i++) {
		depot_tend(w->depot);
		(void)ipc_flush(&w->ours, &e);
		(void)ipc_fill(&w->theirs, &e);
		rc = ipc_next(&w->theirs, &f, &e);
		usleep(rc == 0 ? 1000 : 0);
	}
	assert_int_equal(rc, 1);
	assert_int_equal(ipc_unpack(f.body, &queue_big_type, &big, &e), 0);
	close(f.fd);
	return big.id;
}

/* A segment that cannot be synced when its writer dies may hold what was promised: neither it nor a file it may name
 * goes, and it is read as soon as that is possible. */
static void test_what_cannot_be_read_now_is_read_later(void **state)
{
	struct world *w = *state;
	struct seg *s;
	uint64_t big;
	FD(bad) = open("/dev/full", O_WRONLY | O_CLOEXEC);

	put_some(w, 1);
	big = get_big(w);
	write_record(w, new_letter(w));
	s = index_seg(&w->depot->index, w->seg.id);
	assert_int_equal(dup3(bad, s->fd, O_CLOEXEC), s->fd);
	leave_smtpd(w);
	assert_null(depot_find(w->depot, w->at[1].qp));
	assert_int_equal(complaints(w, "read again later"), 1);
	connect_smtpd(w);
	assert_true(big_there(w, big));
	fd_clear(&s->fd);
	w->depot->reread_at = 0;
	assert_int_equal(depot_sync(w->depot, NULL), 0);
	assert_non_null(depot_find(w->depot, w->at[1].qp));
	assert_true(s->sealed);
}

/* A disk that fails under our own segment is an error of that message, or the end of this run; never a crash. */
static void test_a_failing_own_segment_is_left(void **state)
{
	struct world *w = *state;
	struct envelope v = envelope_of(new_letter(w));
	struct err e = { 0 };
	FD(bad) = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_int_equal(depot_put(w->depot, &v, STR("head\r\n"), STR("body"), &e), 0);
	assert_int_equal(dup3(bad, w->depot->own.fd, O_CLOEXEC), w->depot->own.fd);
	v = envelope_of(new_letter(w));
	assert_int_equal(depot_put(w->depot, &v, STR("head\r\n"), STR("body"), &e), -1);
	assert_int_equal(depot_sync(w->depot, &e), -1);
	assert_true(depot_broken(w->depot));
	restart(w);
	assert_non_null(depot_find(w->depot, w->at[0].qp));
}

/* What stands in our own segment and cannot be read back is a message all the same: only recovery may say what became
 * of it.  Were it written once more, both would be delivered. */
static void test_what_we_wrote_and_cannot_read_is_not_written_twice(void **state)
{
	struct world *w = *state;
	struct envelope first = envelope_of(new_letter(w)), v;
	struct seg *s;
	struct err e = { 0 };
	FD(bad) = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_int_equal(depot_put(w->depot, &first, STR("head\r\n"), STR("body"), &e), 0);
	s = w->depot->own.seg;
	assert_int_equal(dup3(bad, s->fd, O_CLOEXEC), s->fd);
	v = envelope_of(new_letter(w));
	assert_int_equal(depot_put(w->depot, &v, STR("head\r\n"), STR("body"), &e), -1);
	fd_clear(&s->fd);
	v = envelope_of(new_letter(w));
	(void)depot_put(w->depot, &v, STR("head\r\n"), STR("body"), &e); /* the same again, under a new number */
	(void)depot_sync(w->depot, &e);
	restart(w);
	assert_non_null(depot_find(w->depot, w->at[1].qp));
	assert_null(depot_find(w->depot, w->at[2].qp));
}

/* Descriptors come back: a start without them concludes nothing about the files it cannot open. */
static void test_a_start_without_descriptors_harms_nothing(void **state)
{
	struct world *w = *state;
	struct rlimit old, low;
	struct depot *d;
	struct err e = { 0 };
	int rc = -1;

	put_some(w, 3);
	leave_smtpd(w);
	depot_close(w->depot);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	for (low.rlim_cur = 4; rc < 0 && low.rlim_cur < 60; low.rlim_cur++) {
		setrlimit(RLIMIT_NOFILE, &low);
		rc = depot_open(&w->set, &d, &e);
		setrlimit(RLIMIT_NOFILE, &old);
	}
	if (rc < 0)
		fail_msg("%s", e.text);
	depot_close(d);
	open_world(w);
	assert_int_equal(listed(w), 3);
	assert_int_equal(complaints(w, "corrupt/"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_cannot_be_read_now_is_read_later, begin, end),
		cmocka_unit_test_setup_teardown(test_a_failing_own_segment_is_left, begin, end),
		cmocka_unit_test_setup_teardown(test_what_we_wrote_and_cannot_read_is_not_written_twice, begin, end),
		cmocka_unit_test_setup_teardown(test_a_start_without_descriptors_harms_nothing, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
