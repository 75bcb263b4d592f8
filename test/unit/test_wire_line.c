/* Lines as they come over a real socket. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fiber.h"
#include "wire/line.h"

static struct line line;

struct pair {
	int peer;
	struct wire w;
};

static struct pair pair_open(void)
{
	struct pair p;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	io_nonblock(fd[0]);
	wire_init(&p.w, fd[0]);
	p.peer = fd[1];
	return p;
}

static void pair_close(struct pair *p)
{
	wire_clear(&p->w);
	fd_clear(&p->peer);
}

static void rows(void **state)
{
	static const struct {
		const char *in;
		struct {
			enum line_end end;
			const char *text;
		} want[4];
	} t[] = {
		{ "NOOP\r\nQUIT\r\n", { { LINE_OK, "NOOP" }, { LINE_OK, "QUIT" }, { LINE_CLOSED, NULL } } },
		{ "\r\nA\r\n", { { LINE_OK, "" }, { LINE_OK, "A" }, { LINE_CLOSED, NULL } } },
		{ "A\nB\r\nC\r\n", { { LINE_BARE, "A\nB" }, { LINE_OK, "C" }, { LINE_CLOSED, NULL } } },
		{ "A\rB\r\nC\r\n", { { LINE_BARE, "A\rB" }, { LINE_OK, "C" }, { LINE_CLOSED, NULL } } },
		{ "A\r\r\nC\r\n", { { LINE_BARE, "A\r" }, { LINE_OK, "C" }, { LINE_CLOSED, NULL } } },
		{ "A\r\n\026\003\001", { { LINE_OK, "A" }, { LINE_ALIEN, NULL } } },
		{ " A\r\n", { { LINE_ALIEN, NULL } } },
		{ "MAIL FRO", { { LINE_CLOSED, NULL } } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct pair p = pair_open();

		assert_int_equal(io_write(p.peer, t[i].in, strlen(t[i].in), DEADLINE_NEVER), 0);
		shutdown(p.peer, SHUT_WR);
		for (size_t k = 0; k < 4; k++) {
			struct str got = { 0 };

			assert_int_equal(wire_line(&p.w, &line, deadline_in(5000), &got), t[i].want[k].end);
			if (t[i].want[k].text == NULL)
				break;
			assert_true(str_eqz(got, t[i].want[k].text));
		}
		pair_close(&p);
	}
}

static void limits(void **state)
{
	static const struct {
		const char *head;
		size_t n; /* with CRLF */
		bool answer;
		enum line_end end;
	} t[] = {
		{ "NOOP x", LINE_LIMIT - 1, false, LINE_OK },
		{ "NOOP x", LINE_LIMIT, false, LINE_OK },
		{ "NOOP x", LINE_LIMIT + 1, false, LINE_LONG },
		{ "NOOP x", LINE_LIMIT + 2, false, LINE_LONG },
		{ "NOOP x", 100000, false, LINE_LONG },
		{ "auth plain ", LINE_AUTH_LIMIT, false, LINE_OK },
		{ "AUTH PLAIN ", LINE_AUTH_LIMIT + 1, false, LINE_LONG },
		{ "AUTHPLAIN ", LINE_LIMIT + 1, false, LINE_LONG },
		{ "=", LINE_AUTH_LIMIT, true, LINE_OK },
		{ "=", LINE_AUTH_LIMIT + 1, true, LINE_LONG },
		{ "=", 100000, true, LINE_LONG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct pair p = pair_open();
		BUF(b);
		struct str got;

		line.answer = t[i].answer;
		buf_adds(&b, t[i].head);
		while (b.n < t[i].n - 2)
			buf_addc(&b, 'x');
		buf_adds(&b, "\r\nNOOP\r\n");
		assert_int_equal(io_write(p.peer, b.p, b.n, DEADLINE_NEVER), 0);
		assert_int_equal(wire_line(&p.w, &line, deadline_in(5000), &got), t[i].end);
		line.answer = false;
		assert_int_equal(wire_line(&p.w, &line, deadline_in(5000), &got), LINE_OK);
		assert_true(str_eqz(got, "NOOP"));
		pair_close(&p);
	}
}

static void a_client_that_waits_after_a_bare_lf_is_told(void **state)
{
	struct pair p = pair_open();
	struct str got;

	(void)state;
	assert_int_equal(io_write(p.peer, "EHLO x\n", 7, DEADLINE_NEVER), 0);
	assert_int_equal(wire_line(&p.w, &line, deadline_in(5000), &got), LINE_BARE);
	assert_int_equal(io_write(p.peer, "NOOP\r\n", 6, DEADLINE_NEVER), 0);
	assert_int_equal(wire_line(&p.w, &line, deadline_in(5000), &got), LINE_OK);
	pair_close(&p);
}

static void *write_the_rest(void *arg)
{
	usleep(50000);
	(void)io_write(*(int *)arg, "RSET\r\nNOOP\r\n", 12, DEADLINE_NEVER);
	return NULL;
}

/* Where packets were cut does not tell where a command starts. */
static void a_line_that_was_cut_after_a_bare_lf_is_one_line(void **state)
{
	struct pair p = pair_open();
	struct str got;
	pthread_t rest;

	(void)state;
	assert_int_equal(io_write(p.peer, "EHLO x\n", 7, DEADLINE_NEVER), 0);
	assert_int_equal(pthread_create(&rest, NULL, write_the_rest, &p.peer), 0);
	assert_int_equal(wire_line(&p.w, &line, deadline_in(5000), &got), LINE_BARE);
	assert_int_equal(wire_line(&p.w, &line, deadline_in(5000), &got), LINE_OK);
	assert_true(str_eqz(got, "NOOP"));
	pthread_join(rest, NULL);
	pair_close(&p);
}

static void an_answer_may_begin_with_any_byte(void **state)
{
	struct pair p = pair_open();
	struct str got;

	(void)state;
	line.answer = true;
	assert_int_equal(io_write(p.peer, "*\r\n", 3, DEADLINE_NEVER), 0);
	assert_int_equal(wire_line(&p.w, &line, deadline_in(5000), &got), LINE_OK);
	assert_true(str_eqz(got, "*"));
	line_clear(&line);
	assert_false(line.answer);
	pair_close(&p);
}

static void a_half_line_ends_at_the_deadline(void **state)
{
	struct pair p = pair_open();
	struct str got;

	(void)state;
	assert_int_equal(io_write(p.peer, "NOOP\r", 5, DEADLINE_NEVER), 0);
	assert_int_equal(wire_line(&p.w, &line, deadline_in(50), &got), LINE_TIMEOUT);
	pair_close(&p);
}

static bool heard;

static void hears_all(void *wire)
{
	struct str got;

	while (wire_line(wire, &line, deadline_in(10000), &got) == LINE_OK)
		continue;
	heard = true;
}

/* How often another fiber has its turn while a thousand lines are taken that came at one time. */
static void counts_turns(void *turns)
{
	struct pair p = pair_open();
	struct err e;
	BUF(much);

	for (int i = 0; i < 1000; i++)
		buf_adds(&much, "NOOP\r\n");
	assert_int_equal(io_write(p.peer, much.p, much.n, DEADLINE_NEVER), 0);
	fd_clear(&p.peer);
	assert_int_equal(fiber_start(hears_all, &p.w, &e), 0);
	for (; !heard; (*(int *)turns)++)
		fiber_yield();
	pair_close(&p);
}

static void who_says_much_at_one_time_gives_others_their_turn(void **state)
{
	int turns = 0;
	struct err e;

	(void)state;
	assert_int_equal(fiber_run(counts_turns, &turns, &e), 0);
	assert_true(turns > 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(limits),
		cmocka_unit_test(a_client_that_waits_after_a_bare_lf_is_told),
		cmocka_unit_test(a_line_that_was_cut_after_a_bare_lf_is_one_line),
		cmocka_unit_test(an_answer_may_begin_with_any_byte),
		cmocka_unit_test(a_half_line_ends_at_the_deadline),
		cmocka_unit_test(who_says_much_at_one_time_gives_others_their_turn),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	line_clear(&line);
	return failed;
}
