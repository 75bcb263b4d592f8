/* What a person sees while logs are read: at a terminal, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/waiting.h"

/* Until that stands there, or two seconds long.  A signal may come at any moment. */
static bool shown(int terminal, const char *text)
{
	int64_t until = deadline_in(2000);
	char said[4096] = "";
	size_t n = 0;

	while (strstr(said, text) == NULL && clock_mono() < until && n < sizeof(said) - 1) {
		ssize_t got = read(terminal, said + n, sizeof(said) - 1 - n);

		if (got <= 0)
			poll(NULL, 0, 20);
		else
			said[n += (size_t)got] = '\0';
	}
	return strstr(said, text) != NULL;
}

/* Nothing comes any more but what was said before. */
static bool is_quiet(int terminal)
{
	char said[4096];

	while (read(terminal, said, sizeof(said)) > 0)
		continue;
	poll(NULL, 0, 500);
	return read(terminal, said, sizeof(said)) < 0;
}

static void it_goes_on(void **state)
{
	struct source s = { .loaded = 314000000 };
	int terminal, people, before = dup(STDERR_FILENO);
	bool loads, reads, joins, ends;

	(void)state;
	assert_int_equal(openpty(&terminal, &people, NULL, NULL, NULL), 0);
	assert_int_equal(fcntl(terminal, F_SETFL, O_NONBLOCK), 0);
	dup2(people, STDERR_FILENO);
	waiting_for(&s);
	loads = shown(terminal, "reading the logs: 314 MB");
	s.understood = s.loaded / 3;
	reads = shown(terminal, "understanding the logs [#########                     ] 33 %");
	s.understood = s.loaded;
	joins = shown(terminal, "joining the lines");
	waiting_for(NULL);
	ends = is_quiet(terminal);
	dup2(before, STDERR_FILENO);
	assert_true(loads && reads && joins && ends);
	close(terminal);
	close(people);
	close(before);
}

static void nobody_watches(void **state)
{
	struct source s = { .loaded = 1 };
	int ends[2], before = dup(STDERR_FILENO);
	char c;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	waiting_for(&s);
	poll(NULL, 0, 1000);
	waiting_for(NULL);
	dup2(before, STDERR_FILENO);
	assert_int_equal(read(ends[0], &c, 1), -1);
	close(ends[0]);
	close(ends[1]);
	close(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_on),
		cmocka_unit_test(nobody_watches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
