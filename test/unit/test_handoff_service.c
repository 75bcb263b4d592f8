/* Where services are: every spelling, and what is no place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "handoff/service.h"

static void test_spellings(void **state)
{
	static const struct {
		const char *spelled, *text; /* text NULL: refused */
		unsigned port;
	} t[] = {
		{ "inet:127.0.0.1:8891", "inet:127.0.0.1:8891", 8891 },
		{ "inet:8891@127.0.0.1", "inet:127.0.0.1:8891", 8891 },
		{ "inet:localhost:8891", "inet:127.0.0.1:8891", 8891 },
		{ "inet:8891@localhost", "inet:127.0.0.1:8891", 8891 },
		{ "inet:[::1]:8891", "inet6:[::1]:8891", 8891 },
		{ "inet6:[::1]:8891", "inet6:[::1]:8891", 8891 },
		{ "inet6:8891@::1", "inet6:[::1]:8891", 8891 },
		{ "inet6:8891@[::1]", "inet6:[::1]:8891", 8891 },
		{ "inet6:localhost:1", "inet6:[::1]:1", 1 },
		{ "unix:/run/x.sock", "unix:/run/x.sock", 0 },
		{ "local:/run/x.sock", "unix:/run/x.sock", 0 },
		{ "inet:mail.example.org:8891", NULL, 0 },
		{ "inet6:127.0.0.1:8891", NULL, 0 },
		{ "inet:127.0.0.1", NULL, 0 },
		{ "inet:127.0.0.1:0", NULL, 0 },
		{ "inet:127.0.0.1:65536", NULL, 0 },
		{ "inet:8891@", NULL, 0 },
		{ "inet:", NULL, 0 },
		{ "unix:run/x.sock", NULL, 0 },
		{ "unix:", NULL, 0 },
		{ "unix:/a b", NULL, 0 },
		{ "unix:/123456789012345678901234567890123456789012345678901234567890"
		  "12345678901234567890123456789012345678901234567",
		  NULL, 0 },
		{ "/run/x.sock", NULL, 0 },
		{ "http://127.0.0.1:11333", NULL, 0 },
		{ "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct service s;
		struct err e;

		assert_int_equal(service_read(&s, str_of(t[i].spelled), &e), t[i].text != NULL ? 0 : -1);
		if (t[i].text == NULL)
			continue;
		assert_string_equal(s.text, t[i].text);
		assert_int_equal(s.port, t[i].port);
	}
}

/* A folder with a Unix socket "s" that nobody accepts from. */
static int listening(char folder[], struct service *s)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char spelled[128];
	struct err e;

	assert_non_null(mkdtemp(folder));
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/s", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(fd, 0), 0);
	snprintf(spelled, sizeof(spelled), "unix:%s/s", folder);
	assert_int_equal(service_read(s, str_of(spelled), &e), 0);
	return fd;
}

static void gone(const char *folder)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/s", folder);
	unlink(path);
	rmdir(folder);
}

static void test_a_full_backlog_is_waited_for_until_the_deadline(void **state)
{
	char folder[] = "/tmp/telltale-service-XXXXXX";
	struct service s;
	FD(fd) = listening(folder, &s);
	FD(first) = -1;
	FD(second) = -1;
	struct err e;

	(void)state;
	first = service_connect(&s, deadline_in(1000), &e);
	assert_true(first >= 0);
	second = service_connect(&s, deadline_in(50), &e);
	assert_int_equal(second, -1);
	assert_int_equal(e.code, ETIMEDOUT);
	gone(folder);
}

static void test_nobody_there(void **state)
{
	char folder[] = "/tmp/telltale-service-XXXXXX";
	struct service s;
	int fd = listening(folder, &s);
	struct err e;

	(void)state;
	close(fd);
	assert_int_equal(service_connect(&s, deadline_in(1000), &e), -1);
	assert_int_equal(e.code, ECONNREFUSED);
	gone(folder);
	assert_int_equal(service_connect(&s, deadline_in(1000), &e), -1);
	assert_int_equal(e.code, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_a_full_backlog_is_waited_for_until_the_deadline),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
