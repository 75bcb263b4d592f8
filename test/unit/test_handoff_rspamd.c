/* Asking rspamd: what it is sent, and what becomes of a server that is silent, slow, wrong or endless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "handoff/rspamd.h"

enum { PATIENT = 60000 };

/* A server for one question: reads it whole (or not at all), and answers by script. */
struct server {
	enum { ANSWERS, SILENT, CLOSES, TRICKLES, ENDLESS } how;
	const char *answer;
	const char *first; /* ENDLESS: before the answer again and again */
	int listener;
	bool deaf;
	struct buf heard;
	pthread_t thread;
	struct service at;
};

static bool whole(const struct buf *b)
{
	struct str head, body, length, rest;
	uint64_t n;

	if (!str_cut(buf_str(b), STR("\r\n\r\n"), &head, &body) ||
	    !str_cut(head, STR("Content-Length: "), &rest, &length))
		return false;
	str_cut(length, STR("\r\n"), &length, &rest);
	return str_u64(length, UINT32_MAX, &n) && body.n >= n;
}

static void hear(struct server *s, int fd)
{
	char chunk[4096];
	ssize_t got;

	while (!s->deaf && !whole(&s->heard) && (got = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		buf_add(&s->heard, chunk, (size_t)got);
}

static bool says(int fd, const char *p, size_t n)
{
	return send(fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static void never_ends(const struct server *s, int fd)
{
	BUF(block);

	while (block.n < 64 * 1024)
		buf_adds(&block, s->answer);
	if (says(fd, s->first, strlen(s->first)))
		while (says(fd, block.p, block.n))
			continue;
}

static void *serves(void *arg)
{
	struct server *s = arg;
	FD(fd) = accept(s->listener, NULL, NULL);
	size_t n = strlen(s->answer);
	char c;

	hear(s, fd);
	if (s->how == ANSWERS)
		(void)says(fd, s->answer, n);
	for (size_t i = 0; s->how == TRICKLES && i < n && says(fd, s->answer + i, 1); i++)
		poll(NULL, 0, 20);
	if (s->how == ENDLESS)
		never_ends(s, fd);
	while (s->how == SILENT && recv(fd, &c, 1, 0) > 0) /* until the client leaves */
		continue;
	return NULL;
}

static void start(struct server *s)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(in);
	char spelled[64];
	struct err e;

	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&in, size), 0);
	assert_int_equal(listen(s->listener, 8), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&in, &size), 0);
	snprintf(spelled, sizeof(spelled), "inet:%u@localhost", ntohs(in.sin_port));
	assert_int_equal(service_read(&s->at, str_of(spelled), &e), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serves, s), 0);
}

static void stop(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->listener);
	buf_clear(&s->heard);
}

static struct rspamd *rspamd_for(const struct server *s)
{
	struct rspamd_set set = { s->at, "secret", "mx.example.org", 2 };
	struct err e;
	struct rspamd *r = rspamd_new(&set, &e);

	assert_non_null(r);
	return r;
}

static const struct str rcpts[] = { STR_INIT("c@example.org"), STR_INIT("d@example.org") };
static const struct str body[] = { STR_INIT("one\r\n"), STR_INIT(""), STR_INIT("two\r\n") };
static const struct rspamd_question question = {
	.from = STR_INIT("a@b.example"),
	.rcpts = rcpts,
	.nrcpts = 2,
	.ip = STR_INIT("192.0.2.1"),
	.helo = STR_INIT("client\r\nEvil: yes"),
	.hostname = STR_INIT("client.example"),
	.user = STR_INIT("bob"),
	.id = STR_INIT("77"),
	.deliver_to = STR_INIT("c@example.org"),
	.head = STR_INIT("Subject: hi\r\n\r\n"),
	.body = body,
	.nbody = 3,
};

#define OK "HTTP/1.1 200 OK\r\n"
#define JSON "{\"action\":\"reject\",\"score\":16.5,\"required_score\":15}"

static void test_what_it_is_sent(void **state)
{
	static const char expected[] =
	    "From: a@b.example\r\nRcpt: c@example.org\r\nRcpt: d@example.org\r\nIP: 192.0.2.1\r\n"
	    "Helo: client??Evil: yes\r\nHostname: client.example\r\nUser: bob\r\nQueue-Id: 77\r\n"
	    "Deliver-To: c@example.org\r\nMTA-Name: mx.example.org\r\nPassword: secret\r\n"
	    "Content-Length: 25\r\n\r\nSubject: hi\r\n\r\none\r\ntwo\r\n";
	struct server s = { .answer = OK "Content-Length: 52\r\n\r\n" JSON };
	struct rspamd_answer x;
	struct rspamd *r;
	struct err e;
	ARENA(a);

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1/", 1); /* is not for us */
	start(&s);
	r = rspamd_for(&s);
	if (rspamd_ask(r, &question, deadline_in(PATIENT), &a, &x, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(x.action, RSPAMD_REJECT);
	assert_true(x.score == 16.5);
	assert_true(str_starts(buf_str(&s.heard), STR("POST /checkv2 HTTP/1.1\r\nHost: 127.0.0.1:")));
	assert_true(str_ends(buf_str(&s.heard), STR(expected)));
	assert_true(str_find(buf_str(&s.heard), STR("Expect")) < 0);
	rspamd_free(r);
	stop(&s);
}

static void test_servers_that_are_none(void **state)
{
	static const struct {
		int how;
		bool deaf;
		const char *answer, *why, *first;
	} t[] = {
		{ SILENT, false, "", "*: no answer within * s", NULL },
		{ SILENT, true, "", "*: no answer within * s", NULL },
		{ CLOSES, false, "", "*", NULL },
		{ CLOSES, true, "", "*", NULL },
		{ ANSWERS, false, "garbage\r\n\r\n", "*", NULL },
		{ ANSWERS, false, "HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n", "*: HTTP status 500", NULL },
		{ ANSWERS, false, "HTTP/1.1 302 go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
		  "*: HTTP status 302", NULL },
		{ ANSWERS, false, OK "Content-Length: 100\r\n\r\n" JSON, "*", NULL },
		{ ANSWERS, false, OK "Content-Length: 4\r\n\r\nnone", "*: the answer is no JSON object", NULL },
		{ ANSWERS, false, OK "Content-Length: -4\r\n\r\nnone", "*", NULL },
		{ TRICKLES, false, OK "Content-Length: 52\r\n\r\n" JSON, "*: no answer within * s", NULL },
		{ ENDLESS, false, "X: y\r\n", "*: an answer of more than 8388608 bytes", OK },
		{ ENDLESS, false, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "*", "" },
		{ ENDLESS, false, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		  "*: an answer of more than 8388608 bytes", OK "\r\n" },
		{ ENDLESS, false, "10\r\nxxxxxxxxxxxxxxxx\r\n", "*: an answer of more than 8388608 bytes",
		  OK "Transfer-Encoding: chunked\r\n\r\n" },
		{ ENDLESS, false, "HTTP/1.1 100 Continue\r\n\r\n", "*: an answer of more than 8388608 bytes", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct server s = { .how = t[i].how, .deaf = t[i].deaf, .answer = t[i].answer, .first = t[i].first };
		bool late = s.how == SILENT || s.how == TRICKLES;
		struct rspamd_answer x;
		struct rspamd *r;
		struct err e;
		ARENA(a);

		start(&s);
		r = rspamd_for(&s);
		assert_int_equal(rspamd_ask(r, &question, deadline_in(late ? 100 : PATIENT), &a, &x, &e), -1);
		assert_true(str_starts(str_of(e.text), STR("rspamd at inet:127.0.0.1:")));
		if (!str_glob(str_of(t[i].why), str_of(e.text)) ||
		    (!late && strstr(e.text, "no answer within") != NULL))
			fail_msg("row %zu: %s", i, e.text);
		rspamd_free(r);
		stop(&s);
	}
}

static void test_nobody_there(void **state)
{
	struct rspamd_set set = { .most = 1 };
	struct rspamd_answer x;
	struct rspamd *r;
	struct err e;
	ARENA(a);

	(void)state;
	assert_int_equal(service_read(&set.at, STR("unix:/nonexistent/socket"), &e), 0);
	r = rspamd_new(&set, &e);
	assert_int_equal(rspamd_ask(r, &question, deadline_in(PATIENT), &a, &x, &e), -1);
	assert_true(str_starts(str_of(e.text), STR("rspamd at unix:/nonexistent/socket: ")));
	rspamd_free(r);
}

static void test_where_it_is(void **state)
{
	static const struct {
		const char *url, *text; /* NULL: refused */
	} t[] = {
		{ "http://127.0.0.1:11333", "inet:127.0.0.1:11333" },
		{ "http://127.0.0.1:1/", "inet:127.0.0.1:1" },
		{ "http://localhost", "inet:127.0.0.1:11333" },
		{ "http://[::1]", "inet6:[::1]:11333" },
		{ "HTTP://[::1]:80", "inet6:[::1]:80" },
		{ "inet:127.0.0.1:11333", "inet:127.0.0.1:11333" },
		{ "unix:/run/rspamd/worker.sock", "unix:/run/rspamd/worker.sock" },
		{ "http://rspamd.example.org:11333", NULL },
		{ "http://127.0.0.1:11333/checkv2", NULL },
		{ "http://u:p@127.0.0.1:11333", NULL },
		{ "https://127.0.0.1:11333", NULL },
		{ "http://", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct service s;
		struct err e;

		assert_int_equal(rspamd_service(&s, str_of(t[i].url), &e), t[i].text != NULL ? 0 : -1);
		if (t[i].text != NULL)
			assert_string_equal(s.text, t[i].text);
	}
}

/* ---- in fibers ---- */

static struct rspamd *shared;
static int late, turned_away;

static void asks(void *arg)
{
	struct rspamd_answer x;
	struct err e;
	ARENA(a);

	assert_int_equal(rspamd_ask(shared, &question, deadline_in(*(int *)arg), &a, &x, &e), -1);
	if (strstr(e.text, "no answer within") != NULL)
		late++;
	if (strstr(e.text, "2 questions are running, and none ended in time") != NULL)
		turned_away++;
}

static void four_ask(void *arg)
{
	static int patience[] = { 500, 500, 100, 100 };
	struct err e;

	(void)arg;
	for (size_t i = 0; i < COUNT(patience); i++)
		assert_int_equal(fiber_start(asks, &patience[i], &e), 0);
	while (fiber_count() > 1)
		fiber_sleep(1);
}

/* A server whose backlog takes all connections and who never answers. */
static void test_two_questions_at_a_time(void **state)
{
	struct server s = { .how = SILENT, .answer = "", .deaf = true };
	struct err e;

	(void)state;
	start(&s);
	shared = rspamd_for(&s);
	late = turned_away = 0;
	assert_int_equal(fiber_run(four_ask, NULL, &e), 0);
	assert_int_equal(late, 2);
	assert_int_equal(turned_away, 2);
	rspamd_free(shared);
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_it_is_sent),
		cmocka_unit_test(test_servers_that_are_none),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_where_it_is),
		cmocka_unit_test(test_two_questions_at_a_time),
	};

	signal(SIGPIPE, SIG_IGN); /* as proc_begin() does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
