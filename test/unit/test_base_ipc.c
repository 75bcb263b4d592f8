/* Channels between programs: frames whole or in pieces, descriptors, many threads on one connection, deadlines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/ipc.h"

struct ping {
	struct str word;
	uint64_t number;
};

static const struct ipc_field ping_fields[] = {
	{ "word", IPC_KIND_STR, offsetof(struct ping, word) },
	{ "number", IPC_KIND_U64, offsetof(struct ping, number) },
};
static const struct ipc_type ping_type = { "ping", 7, sizeof(struct ping), ping_fields, COUNT(ping_fields) };

static void a_message_reads_back_equal(void **state)
{
	BUF(out);
	struct ping sent = { STR("hello"), 1ull << 52 }, got;
	struct err e;

	(void)state;
	ipc_pack(&out, &ping_type, 9, &sent);
	assert_int_equal(ipc_unpack(str_skip(buf_str(&out), 16), &ping_type, &got, &e), 0);
	assert_true(str_eq(got.word, sent.word));
	assert_int_equal(got.number, sent.number);
}

static void a_body_cut_or_with_bytes_left_over_is_refused(void **state)
{
	BUF(out);
	struct ping sent = { STR("hello"), 5 }, got;
	struct str body;
	struct err e;

	(void)state;
	ipc_pack(&out, &ping_type, 9, &sent);
	body = str_skip(buf_str(&out), 16);
	for (size_t n = 0; n < body.n; n++)
		assert_int_equal(ipc_unpack(str_take(body, n), &ping_type, &got, &e), -1);
	buf_addc(&out, 'x');
	assert_int_equal(ipc_unpack(str_skip(buf_str(&out), 16), &ping_type, &got, &e), -1);
}

static void frames_arrive_whole_whatever_the_pieces(void **state)
{
	BUF(bytes);
	struct ipc_conn c;
	struct ipc_frame f;
	struct err e;
	int fd[2], frames = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	ipc_conn_init(&c, fd[0]);
	for (uint64_t i = 0; i < 3; i++)
		ipc_pack(&bytes, &ping_type, i, &(struct ping){ STR("abc"), i });
	for (size_t i = 0; i < bytes.n; i++) {
		assert_int_equal(write(fd[1], bytes.p + i, 1), 1);
		assert_int_equal(ipc_fill(&c, &e), 1);
		while (ipc_next(&c, &f, &e) == 1)
			assert_int_equal(f.id, frames++);
	}
	assert_int_equal(frames, 3);
	ipc_conn_clear(&c);
	close(fd[1]);
}

static void an_absurd_length_is_malformed(void **state)
{
	struct ipc_conn c;
	struct ipc_frame f;
	struct err e;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	ipc_conn_init(&c, fd[0]);
	assert_int_equal(write(fd[1], "\xff\xff\xff\xff", 4), 4);
	assert_int_equal(ipc_fill(&c, &e), 1);
	assert_int_equal(ipc_next(&c, &f, &e), -1);
	ipc_conn_clear(&c);
	close(fd[1]);
}

static void descriptors_travel_with_their_frames(void **state)
{
	struct ipc_conn a, b;
	struct ipc_frame f;
	struct err e;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	ipc_conn_init(&a, fd[0]);
	ipc_conn_init(&b, fd[1]);
	for (uint64_t i = 0; i < 40; i++) {
		char content[8];
		int n = snprintf(content, sizeof(content), "%d", (int)i);
		int pass = i % 3 == 0 ? -1 : io_memfd("t", str_mem(content, (size_t)n), &e);

		ipc_queue(&a, &ping_type, i, &(struct ping){ STR("x"), i }, pass);
	}
	assert_int_equal(ipc_flush(&a, &e), 0);
	for (uint64_t i = 0; i < 40; i++) {
		BUF(content);

		assert_int_equal(ipc_recv(&b, &f, deadline_in(2000), &e), 0);
		assert_int_equal(f.id, i);
		assert_int_equal(f.fd >= 0, i % 3 != 0);
		if (f.fd < 0)
			continue;
		assert_int_equal(lseek(f.fd, 0, SEEK_SET), 0);
		assert_int_equal(io_slurp_fd(f.fd, 100, &content, &e), 0);
		assert_int_equal(atoi(buf_z(&content)), i);
		close(f.fd);
	}
	ipc_conn_clear(&a);
	ipc_conn_clear(&b);
}

static atomic_int closed; /* channels, by echo() */

/* Answers every question with number + 1; "silent" gets none; "break" closes the channel, "last" does so after the answer. */
static void *echo(void *arg)
{
	int listener = *(int *)arg;

	for (;;) {
		struct ipc_conn c;
		struct ipc_frame f;
		struct ping p;
		int fd;

		if (io_wait(listener, POLLIN, DEADLINE_NEVER) < 0 || (fd = accept(listener, NULL, NULL)) < 0)
			return NULL;
		ipc_conn_init(&c, fd);
		while (ipc_recv(&c, &f, DEADLINE_NEVER, NULL) == 0) {
			if (ipc_unpack(f.body, &ping_type, &p, NULL) < 0 || str_eqz(p.word, "break"))
				break;
			if (str_eqz(p.word, "end")) {
				ipc_conn_clear(&c);
				return NULL;
			}
			p.number++;
			if (!str_eqz(p.word, "silent"))
				(void)ipc_send(&c, &ping_type, f.id, &p, -1, deadline_in(1000), NULL);
			if (str_eqz(p.word, "last"))
				break;
		}
		ipc_conn_clear(&c);
		closed++;
	}
}

struct asker {
	struct ipc_client *client;
	uint64_t base;
	int right;
};

static void *ask_many(void *arg)
{
	struct asker *me = arg;

	for (uint64_t i = 0; i < 200; i++) {
		ARENA(a);
		struct ping p = { STR("q"), me->base + i }, got;
		struct ipc_frame f;

		if (ipc_call(me->client, &ping_type, &p, &a, &f, deadline_in(5000), NULL) == 0 &&
		    ipc_unpack(f.body, &ping_type, &got, NULL) == 0 && got.number == p.number + 1)
			me->right++;
	}
	return NULL;
}

static void many_threads_share_a_client_and_each_gets_its_own_answer(void **state)
{
	char dir[] = "/tmp/ipcXXXXXX", path[64];
	struct asker askers[8];
	pthread_t server, threads[8];
	struct ipc_client *client;
	struct ipc_frame f;
	struct err e;
	ARENA(a);
	int64_t began;
	int listener;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s.sock", dir);
	client = ipc_client_new(path);
	assert_int_equal(ipc_call(client, &ping_type, &(struct ping){ STR("q"), 1 }, &a, &f, deadline_in(100), &e), -1);
	usleep(60000);
	listener = ipc_listen(path, 0600, &e);
	assert_true(listener >= 0);
	pthread_create(&server, NULL, echo, &listener);
	for (size_t i = 0; i < 8; i++) {
		askers[i] = (struct asker){ client, i * 1000, 0 };
		pthread_create(&threads[i], NULL, ask_many, &askers[i]);
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(askers[i].right, 200);
	}
	began = clock_mono();
	assert_int_equal(ipc_call(client, &ping_type, &(struct ping){ STR("silent"), 1 }, &a, &f, deadline_in(80), &e),
			 -1);
	assert_true(clock_mono() - began >= 80);
	assert_int_equal(ipc_call(client, &ping_type, &(struct ping){ STR("break"), 1 }, &a, &f, deadline_in(2000), &e),
			 -1);
	assert_int_equal(ipc_call(client, &ping_type, &(struct ping){ STR("q"), 7 }, &a, &f, deadline_in(2000), &e), 0);
	assert_int_equal(ipc_client_epoch(client), 2);
	/* A break while nobody asks costs nobody an answer. */
	assert_int_equal(ipc_call(client, &ping_type, &(struct ping){ STR("last"), 7 }, &a, &f, deadline_in(2000), &e),
			 0);
	while (closed < 2)
		usleep(1000);
	assert_int_equal(ipc_call(client, &ping_type, &(struct ping){ STR("q"), 7 }, &a, &f, deadline_in(2000), &e), 0);
	assert_int_equal(ipc_client_epoch(client), 3);
	assert_int_equal(ipc_call(client, &ping_type, &(struct ping){ STR("end"), 7 }, &a, &f, deadline_in(2000), &e),
			 -1);
	pthread_join(server, NULL);
	ipc_client_free(client);
	close(listener);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_reads_back_equal),
		cmocka_unit_test(a_body_cut_or_with_bytes_left_over_is_refused),
		cmocka_unit_test(frames_arrive_whole_whatever_the_pieces),
		cmocka_unit_test(an_absurd_length_is_malformed),
		cmocka_unit_test(descriptors_travel_with_their_frames),
		cmocka_unit_test(many_threads_share_a_client_and_each_gets_its_own_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
