#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/socket.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(peers), cmocka_unit_test(a_real_peer) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
