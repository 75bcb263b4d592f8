/* Who may say that he is whom: where no users are set apart, our own user may be any of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/io.h"
#include "deliver/hello.h"

static char role_of(const char *peers, struct str role, bool hello)
{
	int pair[2];
	struct ipc_conn from, to;
	struct ipc_frame f = { .fd = -1 };
	struct err e = { 0 };
	char letter = '?';

	if (peers != NULL)
		setenv("TELLTALE_PEERS", peers, 1);
	else
		unsetenv("TELLTALE_PEERS");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	ipc_conn_init(&from, pair[0]);
	ipc_conn_init(&to, pair[1]);
	if (hello)
		ipc_queue(&from, &queue_hello_type, 0, &(struct queue_hello){ role, 0 }, -1);
	else
		ipc_queue(&from, &queue_want_numbers_type, 0, &(struct queue_want_numbers){ 0, 1 }, -1);
	assert_int_equal(ipc_flush(&from, &e), 0);
	assert_true(ipc_fill(&to, &e) >= 0);
	assert_int_equal(ipc_next(&to, &f, &e), 1);
	letter = hello_role(pair[1], &f, &e);
	assert_int_equal(e.text[0] != '\0', letter == 0);
	ipc_conn_clear(&from);
	ipc_conn_clear(&to);
	return letter;
}

static void every_role_has_its_letter(void **state)
{
	static const struct {
		struct str role;
		char letter;
	} t[] = {
		{ STR_INIT("s"), 's' }, { STR_INIT("l"), 'l' }, { STR_INIT("r"), 'r' }, { STR_INIT("t"), 't' },
		{ STR_INIT("w"), 'w' }, { STR_INIT("d"), 'd' }, { STR_INIT("x"), 0 },   { STR_INIT(""), 0 },
		{ STR_INIT("sd"), 0 },  { STR_INIT("S"), 0 },   { STR_INIT("\0"), 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (role_of(NULL, t[i].role, true) != t[i].letter)
			fail_msg("row %zu", i);
	assert_int_equal(role_of(NULL, STR("s"), false), 0);
}

static void another_user_is_nobody(void **state)
{
	ARENA(a);
	const char *us = arena_fmt(&a, "smtpd=4000001,search=%u", (unsigned)getuid()).p;

	(void)state;
	assert_int_equal(role_of(us, STR("d"), true), 'd');
	assert_int_equal(role_of(us, STR("s"), true), getuid() == 0 ? 's' : 0); /* root is whoever it says */
	unsetenv("TELLTALE_PEERS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_role_has_its_letter),
		cmocka_unit_test(another_user_is_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
