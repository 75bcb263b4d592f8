/* bench-deepqueue FOLDER MESSAGES NEXT SPREAD [SEED] - a valid spool with so many deferred messages in FOLDER.
 *
 * Made by queue/ itself: each message is put, taken, handed out and deferred as telltale-queue does it, so the bytes
 * are its own.  Each has one remote recipient in one of a thousand domains, whose report is that of its domain or, for
 * one in ten, of its own.  It is next tried NEXT to NEXT + SPREAD seconds from now.  Prints `made N in MS ms`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/io.h"
#include "queue/depot.h"

enum { DOMAINS = 1000, EVERY = 2000, SEGMENT = 16 * 1024 * 1024, SECOND = 1000, AGE = 3600 * SECOND };

struct plan {
	uint64_t messages;
	int64_t next, spread; /* seconds */
	unsigned seed;
};

static void die(const struct err *e)
{
	fprintf(stderr, "bench-deepqueue: %s\n", e->text);
	exit(EXIT_FAILURE);
}

static void put(struct depot *d, uint64_t i)
{
	ARENA(mem);
	struct err e = { 0 };
	struct str to = arena_fmt(&mem, "user%" PRIu64 "@domain%" PRIu64 ".example", i, i % DOMAINS);
	struct recipient r = { .final = to, .original = to, .channel = CHANNEL_REMOTE };
	struct envelope v = {
		.connection = 1,
		.time = clock_wall() - AGE,
		.sender = arena_fmt(&mem, "sender%" PRIu64 "@example.com", i % 50),
		.ip = STR("127.0.0.1"),
		.helo = STR("client.example"),
		.label = STR("25"),
		.rcpts = &r,
		.nrcpts = 1,
	};
	struct str body =
	    arena_fmt(&mem, "From: <%.*s>\r\nTo: <%.*s>\r\nSubject: message %" PRIu64 "\r\n\r\n%0400d\r\n",
		      STR_ARG(v.sender), STR_ARG(to), i, 0);

	if (depot_number(d, NUMBER_MESSAGE, &v.qp, &e) < 0 ||
	    depot_put(d, &v, STR("Received: by mx.example.com\r\n"), body, &e) < 0)
		die(&e);
}

static void defer(struct depot *d, const struct plan *plan, unsigned *random)
{
	struct item *it;
	size_t rcpt;
	char report[200];

	while (depot_news(d) != NULL)
		;
	while ((it = depot_due(d, CHANNEL_REMOTE, clock_wall(), &rcpt)) != NULL) {
		int64_t wait = plan->next + rand_r(random) % (plan->spread > 0 ? plan->spread : 1);

		snprintf(report, sizeof(report),
			 "Connected to 192.0.2.%u but greeting failed.\nRemote host said: 421 4.7.0 %s %" PRIu64 "\n",
			 (unsigned)(it->qp % 250), it->qp % 10 == 0 ? "try again later, reference" : "busy, rule",
			 it->qp % 10 == 0 ? it->qp : it->qp % DOMAINS);
		depot_defer(d, it, rcpt, clock_wall() + wait * SECOND, str_of(report));
	}
}

static void sync_all(struct depot *d)
{
	struct err e = { 0 };
	BUF(said);

	if (depot_sync(d, &e) < 0)
		die(&e);
	depot_tend(d);
	while (depot_complaint(d, &said))
		fprintf(stderr, "bench-deepqueue: %s\n", buf_z(&said));
}

static void make(struct depot *d, const struct plan *plan)
{
	unsigned random = plan->seed;

	for (uint64_t i = 0; i < plan->messages; i++) {
		put(d, i);
		if (i % EVERY != EVERY - 1 && i + 1 < plan->messages)
			continue;
		sync_all(d);
		defer(d, plan, &random);
		sync_all(d);
	}
}

int main(int argc, char **argv)
{
	struct depot_set set = { .segment_size = SEGMENT, .spares = 2 };
	struct plan plan = { .seed = 1 };
	struct depot *d;
	struct err e = { 0 };
	int64_t begun = clock_mono();

	if (argc < 5) {
		fputs("usage: bench-deepqueue FOLDER MESSAGES NEXT SPREAD [SEED]\n", stderr);
		return 2;
	}
	set.dir = argv[1];
	plan.messages = strtoull(argv[2], NULL, 10);
	plan.next = strtoll(argv[3], NULL, 10);
	plan.spread = strtoll(argv[4], NULL, 10);
	if (argc > 5)
		plan.seed = (unsigned)strtoul(argv[5], NULL, 10);
	if (io_mkdirs(set.dir, 0700, &e) < 0 || depot_open(&set, &d, &e) < 0)
		die(&e);
	printf("opened in %" PRId64 " ms\n", clock_mono() - begun);
	make(d, &plan);
	depot_close(d);
	printf("made %" PRIu64 " in %" PRId64 " ms\n", plan.messages, clock_mono() - begun);
	return EXIT_SUCCESS;
}
