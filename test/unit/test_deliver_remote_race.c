/* The race of a host's addresses: who is silent costs a moment, who refuses none, and nobody is asked twice. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "deliver/remote_race.h"

static uint16_t port;
static int good, full, filling[8];

static int listen_at(const char *ip, int backlog)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(inet_pton(AF_INET, ip, &at.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	port = ntohs(at.sin_port);
	return fd;
}

/* 127.0.9.1 lets in, 127.0.9.2 has no room and says nothing, 127.0.9.3 refuses. */
static int setup(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	(void)state;
	good = listen_at("127.0.9.1", 100);
	full = listen_at("127.0.9.2", 0);
	at.sin_port = htons(port);
	(void)inet_pton(AF_INET, "127.0.9.2", &at.sin_addr);
	for (size_t i = 0; i < COUNT(filling); i++) {
		filling[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(filling[i], (struct sockaddr *)&at, sizeof(at));
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(filling); i++)
		close(filling[i]);
	close(good);
	close(full);
	return 0;
}

static void who_lets_us_in_first(void **state)
{
	static const struct {
		const char *ip[4];
		int64_t within; /* ms */
		int won;        /* -1: nobody */
		uint32_t tried;
		const char *source;
	} t[] = {
		{ { "127.0.9.1" }, 5000, 0, 1, "" },
		{ { "127.0.9.1", "127.0.9.2" }, 5000, 0, 1, "" },
		{ { "127.0.9.2", "127.0.9.1" }, 5000, 1, 2, "" },
		{ { "127.0.9.3", "127.0.9.1" }, 5000, 1, 3, "" },
		{ { "127.0.9.3", "127.0.9.2", "127.0.9.3", "127.0.9.1" }, 5000, 3, 13, "127.0.0.2" },
		{ { "127.0.9.3", "127.0.9.3" }, 5000, -1, 3, "" },
		{ { "127.0.9.2", "127.0.9.2" }, 500, -1, 3, "" },
		{ { "no address", "127.0.9.1" }, 5000, 1, 3, "" },
		{ { "127.0.9.1" }, 5000, -1, 1, "192.0.2.77" }, /* no address of this machine */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct route_stop stops[4] = { 0 };
		struct str sources[4];
		struct remote_race r = { .at = stops };
		struct sockaddr_in from;
		socklen_t n = sizeof(from);
		int fd;

		for (; r.n < 4 && t[i].ip[r.n] != NULL; r.n++) {
			stops[r.n] = (struct route_stop){ .ip = str_of(t[i].ip[r.n]), .port = port };
			sources[r.n] = str_of(t[i].source);
		}
		fd = race_run(&r, sources, deadline_in(t[i].within));
		assert_int_equal(fd < 0, t[i].won < 0);
		assert_int_equal(r.tried, t[i].tried);
		if (fd < 0)
			continue;
		assert_int_equal(r.won, t[i].won);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&from, &n), 0);
		if (t[i].source[0] != '\0')
			assert_string_equal(inet_ntoa(from.sin_addr), t[i].source);
		close(fd);
	}
}

static void each_is_asked_once(void **state)
{
	struct route_stop stops[2] = { { .ip = STR("127.0.9.2"), .port = port },
				       { .ip = STR("127.0.9.1"), .port = port } };
	const struct str sources[2] = { STR_INIT(""), STR_INIT("") };
	struct remote_race r = { .at = stops, .n = 2 };

	(void)state;
	close(race_run(&r, sources, deadline_in(5000)));
	assert_true(race_goes_on(&r));
	assert_int_equal(race_run(&r, sources, deadline_in(200)), -1);
	assert_false(race_goes_on(&r));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_lets_us_in_first),
		cmocka_unit_test(each_is_asked_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
