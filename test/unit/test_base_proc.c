#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/proc.h"

static void peers(void **state)
{
	static const struct {
		const char *peers, *role;
		uid_t uid, ours;
		bool yes;
	} t[] = {
		{ "", "smtpd", 1000, 1000, true },
		{ "", "smtpd", 1001, 1000, false },
		{ "", "smtpd", 0, 1000, true },
		{ "smtpd=101,dns=102", "smtpd", 101, 0, true },
		{ "smtpd=101,dns=102", "dns", 102, 101, true },
		{ "smtpd=101,dns=102", "smtpd", 102, 101, false },
		{ "smtpd=101,dns=102", "smtpd", 0, 101, true },
		{ "smtpd=101,dns=102", "local", 101, 101,
		  false }, /* a role that is not named is nobody, not even ourselves */
		{ "smtpd=101,dns=102", "smtp", 101, 102, false },
		{ "smtpd=101,smtpd=103", "smtpd", 103, 102, true },
		{ "smtpd=101,dns=102", NULL, 102, 101, true }, /* any of them */
		{ "smtpd=101,dns=102", NULL, 103, 103, false },
		{ "smtpd=101,dns=102", NULL, 0, 101, true },
		{ "", NULL, 1001, 1000, false },
		{ "smtpd=,dns", "smtpd", 101, 102, false },
		{ "smtpd=99999999999", "smtpd", 101, 102, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(proc_peer_allows(str_of(t[i].peers), t[i].role, t[i].uid, t[i].ours), t[i].yes);
}

static void a_real_peer(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	unsetenv("TELLTALE_PEERS");
	assert_true(proc_peer_is(pair[0], "smtpd"));
	assert_true(proc_peer_is_ours(pair[0]));
	assert_true(proc_peer_may_command(pair[0]));
	setenv("TELLTALE_PEERS", "smtpd=4000000000", 1);
	assert_int_equal(proc_peer_is_ours(pair[0]), geteuid() == 0);
	assert_int_equal(proc_peer_is(pair[0], "smtpd"), geteuid() == 0);
	assert_true(proc_peer_may_command(pair[0])); /* our own user, whoever the programs are */
	unsetenv("TELLTALE_PEERS");
	assert_false(proc_peer_is(-1, "smtpd"));
	assert_false(proc_peer_may_command(-1));
	close(pair[0]);
	close(pair[1]);
}

/* Who knocks from a session of his own, as a program does that telltale-pipe started. */
static int from_another_session(pid_t *child)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX }; /* the kernel chooses */
	socklen_t n = sizeof(name);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd;

	assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof(name.sun_family)), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &n), 0);
	assert_int_equal(listen(listener, 1), 0);
	*child = fork();
	if (*child == 0) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (setsid() < 0 || connect(fd, (struct sockaddr *)&name, n) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	fd = accept(listener, NULL, NULL);
	close(listener);
	return fd;
}

static void a_program_is_not_telltale_pipe(void **state)
{
	pid_t child;
	int fd = from_another_session(&child);
	char peers[64];

	(void)state;
	assert_true(fd >= 0);
	unsetenv("TELLTALE_PEERS");
	assert_false(proc_peer_is(fd, "pipe"));
	assert_true(proc_peer_is(fd, "smtpd")); /* its user is ours: there telltale-pipe keeps it from all sockets */
	snprintf(peers, sizeof(peers), "smtpd=4000000000,pipe=%u", (unsigned)geteuid());
	setenv("TELLTALE_PEERS", peers, 1);
	assert_false(proc_peer_is(fd, "pipe"));
	assert_int_equal(proc_peer_is_ours(fd), geteuid() == 0);
	unsetenv("TELLTALE_PEERS");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_false(proc_peer_is(fd, "pipe")); /* nor when it is gone */
	close(fd);
}

static void a_user_of_ones_own(void **state)
{
	static const struct {
		const char *peers;
		uid_t uid;
		bool yes;
	} t[] = {
		{ "", 1000, false },
		{ "smtpd=101,pipe=102", 102, true },
		{ "pipe=102,smtpd=101", 102, true },
		{ "smtpd=101,pipe=102", 103, false },
		{ "smtpd=102,pipe=102", 102, false },
		{ "smtpd=101,pipe=0", 0, false },
		{ "smtpd=0,pipe=102", 102, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (proc_peer_apart(str_of(t[i].peers), "pipe", t[i].uid) != t[i].yes)
			fail_msg("row %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(peers), cmocka_unit_test(a_real_peer),
					    cmocka_unit_test(a_program_is_not_telltale_pipe),
					    cmocka_unit_test(a_user_of_ones_own) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
