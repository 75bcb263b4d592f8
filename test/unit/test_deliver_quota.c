/* Who may bring one more message in, and what telltale-lookup is told about it. */
#include "maildir_box.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "base/ipc.h"
#include "deliver/quota.h"
#include "deliver/usage_serve.h"
#include "lookup/lookup.h"

#define NOTES "mail/" USER "/Maildir/maildirsize"

/* A telltale-lookup of the test's own. */
static struct {
	int listener;
	uint64_t limit;
	int asked;  /* lookup_quota */
	int silent; /* answer nothing */
} house;

static int heard(struct ipc_conn *c, struct ipc_frame *f)
{
	fd_clear(&f->fd);
	if (f->type != lookup_quota_number)
		return -1;
	house.asked++;
	if (house.silent)
		return 0;
	return ipc_send(c, &lookup_quota_told_type, f->id, &(struct lookup_quota_told){ 1, house.limit }, -1,
			deadline_in(1000), NULL);
}

static void *lookup_main(void *arg)
{
	for (;;) {
		struct ipc_conn c;
		struct ipc_frame f;

		if (io_wait(house.listener, POLLIN, deadline_in(20000)) < 0)
			return arg;
		ipc_conn_init(&c, accept(house.listener, NULL, NULL));
		if (c.fd < 0)
			return arg;
		while (ipc_recv(&c, &f, deadline_in(20000), NULL) == 0 && heard(&c, &f) == 0)
			;
		ipc_conn_clear(&c);
	}
}

static pthread_t house_open(uint64_t limit)
{
	pthread_t t;

	house.listener = ipc_listen("lookup.sock", 0600, NULL);
	house.limit = limit;
	house.asked = house.silent = 0;
	assert_true(house.listener >= 0);
	assert_int_equal(pthread_create(&t, NULL, lookup_main, NULL), 0);
	md.quota = quota_new("lookup.sock");
	return t;
}

static void house_close(pthread_t t)
{
	quota_free(md.quota);
	md.quota = NULL;
	shutdown(house.listener, SHUT_RDWR);
	pthread_join(t, NULL);
	close(house.listener);
}

static void try_one(uint64_t qp, bool fits)
{
	struct maildir_job j = job(MESSAGE);

	j.qp = qp;
	stage(&j);
	if (fits) {
		assert_false(j.ended);
		finish(&j);
		delivered(&j);
	} else {
		ended(&j, OUTCOME_DEFERRAL, "user is over quota (#4.2.2)");
	}
	close(j.fd);
}

/* Three fit, and the fourth does not: also before a new count, and from one batch. */
static void a_full_mailbox_is_a_deferral(void **state)
{
	pthread_t t = house_open(3 * strlen(MESSAGE) + 5);
	struct maildir_job j[5], *all[5];
	int waits = 0;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		j[i] = job(MESSAGE);
		j[i].qp = i;
		all[i] = &j[i];
	}
	maildir_stage(&md, all, 5);
	for (size_t i = 0; i < 5; i++) {
		waits += j[i].ended;
		close(j[i].fd);
	}
	assert_int_equal(waits, 2);
	assert_int_equal(house.asked, 1); /* a limit is remembered */
	house_close(t);
}

static void no_limit_is_no_limit(void **state)
{
	pthread_t t = house_open(0);

	(void)state;
	shell("mkdir -p mail/%s/Maildir/new; touch mail/" USER "/Maildir/new/1,S=1152921504606846976", USER);
	try_one(1, true);
	house_close(t);
}

static void what_the_owner_noted_is_believed_when_there_is_room(void **state)
{
	pthread_t t = house_open(1000);

	(void)state;
	/* They say there is room: nobody counts. */
	shell("mkdir -p mail/%s/Maildir/new; touch mail/" USER
	      "/Maildir/new/1,S=2000; printf '1000S\\n7 1\\n' > " NOTES,
	      USER);
	try_one(1, true);
	house_close(t);
	/* They say there is none: they may be old, and somebody has deleted. */
	t = house_open(1000);
	shell("rm mail/%s/Maildir/new/1,S=2000; printf '1000S\\n5000 1\\n' > " NOTES, USER);
	try_one(2, true);
	house_close(t);
	t = house_open(1000);
	shell("touch mail/%s/Maildir/new/1,S=2000", USER);
	try_one(3, false);
	house_close(t);
}

/* Nobody there, or nobody who answers: mail goes on, and waits once, not each time. */
static void who_cannot_be_asked_delays_nobody(void **state)
{
	pthread_t t = house_open(1);
	int64_t begun;

	(void)state;
	house.silent = 1;
	begun = clock_mono();
	for (uint64_t i = 0; i < 50; i++)
		try_one(i, true);
	assert_true(house.asked < 10);
	assert_true(clock_mono() - begun < 10000);
	house_close(t);
	unlink("lookup.sock");
	md.quota = quota_new("lookup.sock");
	try_one(99, true);
	quota_free(md.quota);
	md.quota = NULL;
}

/* ---- telltale-lookup asks us ---- */

static void take_line(int listener, struct ipc_conn *c)
{
	struct ipc_frame f;

	assert_int_equal(io_wait(listener, POLLIN, deadline_in(10000)), 0);
	ipc_conn_init(c, accept(listener, NULL, NULL));
	assert_int_equal(ipc_recv(c, &f, deadline_in(10000), NULL), 0);
	assert_int_equal(f.type, lookup_usage_server_number);
}

static struct lookup_usage_told ask(struct ipc_conn *c, uint64_t id, const char *address)
{
	struct lookup_usage question = { .address = str_of(address) };
	struct lookup_usage_told told;
	struct ipc_frame f;

	assert_int_equal(ipc_send(c, &lookup_usage_type, id, &question, -1, deadline_in(10000), NULL), 0);
	assert_int_equal(ipc_recv(c, &f, deadline_in(10000), NULL), 0);
	assert_int_equal(f.type, lookup_usage_told_number);
	assert_int_equal(f.id, id);
	assert_int_equal(ipc_unpack(f.body, &lookup_usage_told_type, &told, NULL), 0);
	return told;
}

/* A successor gets a line soon although the old one is still there; a break is mended; nonsense ends one line only. */
static void the_lookup_asks_over_a_line_of_ours(void **state)
{
	static struct maildir m; /* the thread never ends */
	static const char *const no[] = { "bob", "../x@example.com", "bob@..", "", "a\nb@example.com" };
	FD(listener) = ipc_listen("lookup.sock", 0600, NULL);
	struct ipc_conn first, second, third;
	char path[128];

	(void)state;
	shell("mkdir -p mail/%s/Maildir/new; touch mail/" USER "/Maildir/new/1,S=2000", USER);
	snprintf(path, sizeof(path), "%s/lookup.sock", top);
	m = (struct maildir){ .root = dup(md.root), .quota = quota_new(path) };
	assert_int_equal(usage_serve_start(&(struct usage_serve){ path, &m, 1500 }, NULL), 0);
	take_line(listener, &first);
	assert_int_equal(ask(&first, 7, "bob@example.com").bytes, 2000);
	assert_int_equal(ask(&first, 8, "nobody@example.com").known, 1);
	for (size_t i = 0; i < COUNT(no); i++)
		assert_int_equal(ask(&first, 9, no[i]).known, 0);
	take_line(listener, &second);
	assert_int_equal(ask(&first, 10, "bob@example.com").bytes, 2000);
	assert_int_equal(ask(&second, 11, "bob@example.com").known, 1);
	assert_int_equal(ipc_send(&second, &lookup_quota_told_type, 1, &(struct lookup_quota_told){ 1, 1 }, -1,
				  deadline_in(1000), NULL),
			 0);
	take_line(listener, &third);
	assert_int_equal(ask(&third, 12, "bob@example.com").bytes, 2000);
	ipc_conn_clear(&first);
	ipc_conn_clear(&second);
	ipc_conn_clear(&third);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_full_mailbox_is_a_deferral),
		T(no_limit_is_no_limit),
		T(what_the_owner_noted_is_believed_when_there_is_room),
		T(who_cannot_be_asked_delays_nobody),
		T(the_lookup_asks_over_a_line_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
