/* crash-put - hands numbered messages to telltale-queue until it is told to stop, and prints those it was promised.
 *
 *	crash-put SOCKET THREADS USERS
 * A line on stdout is `PROMISED ID`, printed after spool_put() returned 0, or `TRIED ID` before it.  A few
 * messages are big, some have several recipients.  SIGTERM ends it.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "queue/spool.h"

static volatile sig_atomic_t over;
static struct spool *spool;
static unsigned long users;

static void stop(int sig)
{
	(void)sig;
	over = 1;
}

static void say_id(const char *what, unsigned thread, unsigned n)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%s %d-%u-%u\n", what, (int)getpid(), thread, n);

	if (write(1, line, (size_t)len) != len)
		over = 1;
}

static int fill(struct spool_body *b, unsigned n, int64_t deadline, struct err *e)
{
	char line[73];
	unsigned lines = n % 17 == 0 ? 8000 : n % 5;

	memset(line, 'z', sizeof(line));
	line[70] = '\r';
	line[71] = '\n';
	if (spool_body_add(b, "\r\n", 2, deadline, e) < 0)
		return -1;
	for (unsigned i = 0; i < lines; i++)
		if (spool_body_add(b, line, 72, deadline, e) < 0)
			return -1;
	return 0;
}

static int put(unsigned thread, unsigned n, struct arena *a, struct err *e)
{
	int64_t deadline = deadline_in(10000);
	struct recipient rcpts[3];
	struct envelope v = { .time = clock_wall(), .sender = STR("ann@x.example"), .ip = STR("127.0.0.1") };
	struct spool_body *b;
	int rc;

	v.rcpts = rcpts;
	v.nrcpts = 1 + n % 3;
	for (unsigned i = 0; i < v.nrcpts; i++) {
		rcpts[i].final = rcpts[i].original = arena_fmt(a, "user%lu@example.com", (thread + n + i) % users);
		rcpts[i].channel = CHANNEL_LOCAL;
	}
	if (spool_number(spool, NUMBER_MESSAGE, &v.qp, deadline, e) < 0)
		return -1;
	b = spool_body_new(spool);
	rc = fill(b, n, deadline, e);
	if (rc == 0)
		rc = spool_put(spool, &v, arena_fmt(a, "X-Id: %d-%u-%u %zu\r\n", (int)getpid(), thread, n, v.nrcpts), b,
			       deadline, e);
	spool_body_free(b);
	return rc;
}

static void *run(void *arg)
{
	unsigned thread = (unsigned)(uintptr_t)arg;

	for (unsigned n = 1; !over; n++) {
		ARENA(a);
		struct err e = { 0 };

		say_id("TRIED", thread, n);
		if (put(thread, n, &a, &e) == 0) {
			say_id("PROMISED", thread, n);
			usleep(2000);
		} else {
			fprintf(stderr, "crash-put: %s\n", e.text);
			usleep(20000);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct spool_set set = { .segment_size = 1 << 20, .big_message = 256 * 1024, .memory = 4 << 20 };
	pthread_t t[64];
	unsigned threads;

	if (argc != 4)
		return 2;
	set.socket = argv[1];
	threads = (unsigned)strtoul(argv[2], NULL, 10) % 64;
	users = strtoul(argv[3], NULL, 10);
	signal(SIGTERM, stop);
	signal(SIGPIPE, SIG_IGN);
	spool = spool_new(&set);
	for (unsigned i = 0; i < threads; i++)
		pthread_create(&t[i], NULL, run, (void *)(uintptr_t)i);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	spool_free(spool);
	return 0;
}
