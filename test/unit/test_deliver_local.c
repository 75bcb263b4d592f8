/* telltale-local as telltale-queue sees it: one at a time, and nothing is lost or doubled when one takes
 * over from another. */
#include "maildir_box.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "base/clock.h"
#include "base/ipc.h"
#include "deliver/lmtp.h"
#include "deliver/local.h"
#include "queue/spool.h"

static int listener;

static pid_t start_with(struct lmtp *lmtp)
{
	pid_t pid = fork();
	sigset_t set;
	struct local_set s = { .socket = "queue.sock", .lookup = "lookup.sock", .mail_dir = "mail" };
	struct err e = { 0 };

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(3, ~0U, 0); /* else our ends of channels never close */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s.host = STR("mx.example.com");
	s.workers = 2;
	s.lmtp = lmtp;
	s.grace = 10000;
	s.signals = signalfd(-1, &set, SFD_CLOEXEC);
	_exit(local_run(&s, &e) < 0 ? 1 : 0);
}

static pid_t start_local(void)
{
	return start_with(NULL);
}

static void next_frame(struct ipc_conn *c, uint16_t type, struct ipc_frame *f)
{
	assert_int_equal(ipc_recv(c, f, deadline_in(20000), NULL), 0);
	assert_int_equal(f->type, type);
}

/* Is somebody there who says hello, within so many ms? */
static bool comes(struct ipc_conn *c, int64_t ms)
{
	struct ipc_frame f;

	if (io_wait(listener, POLLIN, deadline_in(ms)) < 0)
		return false;
	ipc_conn_init(c, accept(listener, NULL, NULL));
	next_frame(c, queue_hello_number, &f);
	return true;
}

static void say_to(struct ipc_conn *c, const struct ipc_type *t, const void *m, int fd)
{
	assert_int_equal(ipc_send(c, t, 0, m, fd, deadline_in(5000), NULL), 0);
}

static void give(struct ipc_conn *c, uint64_t delivery, bool staged)
{
	struct maildir_job j = job(MESSAGE);
	struct deliver_local m = {
		.delivery = delivery,
		.qp = j.qp,
		.staged = staged,
		.size = j.size,
		.time = (uint64_t)j.time,
		.sender = j.sender,
		.final = j.final,
		.original = j.final,
	};

	say_to(c, &deliver_local_type, &m, j.fd);
}

static void is_staged(struct ipc_conn *c, uint64_t delivery)
{
	struct deliver_staged m;
	struct ipc_frame f;

	next_frame(c, deliver_staged_number, &f);
	assert_int_equal(ipc_unpack(f.body, &deliver_staged_type, &m, NULL), 0);
	assert_int_equal(m.delivery, delivery);
}

static void is_done(struct ipc_conn *c, uint64_t delivery)
{
	struct deliver_done m;
	struct ipc_frame f;

	next_frame(c, deliver_done_number, &f);
	assert_int_equal(ipc_unpack(f.body, &deliver_done_type, &m, NULL), 0);
	assert_int_equal(m.delivery, delivery);
	assert_int_equal(m.outcome, OUTCOME_SUCCESS);
}

static void ends(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int filed(void)
{
	FILE *p = popen("ls mail/" USER "/Maildir/new | wc -l", "r");
	int n = -1;

	assert_int_equal(fscanf(p, "%d", &n), 1);
	pclose(p);
	return n;
}

static void open_house(struct ipc_conn *first, pid_t *old)
{
	listener = ipc_listen("queue.sock", 0600, NULL);
	assert_true(listener >= 0);
	*old = start_local();
	assert_true(comes(first, 20000));
}

/* The old one has a message half done when it is asked to leave, and the new one is there already. */
static void the_new_one_waits_until_the_old_one_has_finished(void **state)
{
	struct ipc_conn a, b;
	struct ipc_frame f;
	pid_t old, new;

	(void)state;
	open_house(&a, &old);
	give(&a, 1, false);
	is_staged(&a, 1);
	new = start_local();
	assert_false(comes(&b, 600));
	kill(old, SIGTERM);
	next_frame(&a, deliver_leaving_number, &f);
	assert_false(comes(&b, 600));
	say_to(&a, &deliver_finish_type, &(struct deliver_finish){ .delivery = 1 }, -1);
	is_done(&a, 1);
	assert_string_equal(slurp(FRESH), FILED);
	ipc_conn_clear(&a);
	ends(old);
	assert_true(comes(&b, 20000));
	/* We crashed before it was settled: finished again, and not doubled. */
	give(&b, 2, true);
	is_done(&b, 2);
	assert_int_equal(filed(), 1);
	kill(new, SIGTERM);
	next_frame(&b, deliver_leaving_number, &f);
	ipc_conn_clear(&b);
	ends(new);
	close(listener);
}

/* The channel breaks between staged and finish; or the old one is killed. */
static void what_the_old_one_left_is_finished_by_the_new_one(void **state)
{
	struct ipc_conn a, b;
	pid_t old, new;

	(void)state;
	open_house(&a, &old);
	give(&a, 1, false);
	is_staged(&a, 1);
	new = start_local();
	ipc_conn_clear(&a);
	assert_true(comes(&a, 20000));
	give(&a, 2, true);
	is_done(&a, 2);
	assert_int_equal(filed(), 1);
	/* Its owner takes it away, and it does not come back. */
	assert_int_equal(unlinkat(md.root, FRESH, 0), 0);
	give(&a, 3, true);
	is_done(&a, 3);
	assert_int_equal(filed(), 0);
	kill(old, SIGKILL);
	assert_int_equal(waitpid(old, NULL, 0), old);
	ipc_conn_clear(&a);
	assert_true(comes(&b, 20000));
	/* Not staged as far as the journal knows: anew. */
	give(&b, 4, false);
	is_staged(&b, 4);
	say_to(&b, &deliver_finish_type, &(struct deliver_finish){ .delivery = 4 }, -1);
	is_done(&b, 4);
	assert_int_equal(filed(), 1);
	kill(new, SIGTERM);
	ipc_conn_clear(&b);
	ends(new);
	close(listener);
}

/* Who waits for the folder can be asked to leave too. */
static void who_waits_for_the_folder_can_leave(void **state)
{
	struct ipc_conn a;
	pid_t old, new;

	(void)state;
	open_house(&a, &old);
	new = start_local();
	usleep(300000);
	kill(new, SIGTERM);
	ends(new);
	kill(old, SIGTERM);
	ipc_conn_clear(&a);
	ends(old);
	close(listener);
}

/* Between the two steps an LMTP server is named: what was staged lies in a Maildir, and ends there. */
static void what_was_staged_is_finished_where_it_lies(void **state)
{
	struct lmtp nowhere = { .patience = 1000 };
	struct ipc_conn a;
	pid_t old, new;

	(void)state;
	open_house(&a, &old);
	give(&a, 1, false);
	is_staged(&a, 1);
	kill(old, SIGKILL);
	assert_int_equal(waitpid(old, NULL, 0), old);
	ipc_conn_clear(&a);
	assert_int_equal(service_read(&nowhere.at, STR("unix:/nowhere"), NULL), 0);
	new = start_with(&nowhere);
	assert_true(comes(&a, 20000));
	give(&a, 2, true);
	is_done(&a, 2);
	assert_int_equal(filed(), 1);
	kill(new, SIGTERM);
	ipc_conn_clear(&a);
	ends(new);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_new_one_waits_until_the_old_one_has_finished),
		T(what_the_old_one_left_is_finished_by_the_new_one),
		T(what_was_staged_is_finished_where_it_lies),
		T(who_waits_for_the_folder_can_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
