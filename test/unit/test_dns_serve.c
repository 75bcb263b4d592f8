/* telltale-dns is told to end: at once, or when the last visitor has left. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "dns/dns.h"
#include "dns/serve.h"

static char dir[] = "/tmp/serve-XXXXXX", zone[64], path[64];

/* A resolver that is a thread of this test; its signals come through a pipe. */
struct house {
	pthread_t thread;
	struct conf_dns set;
	int service, signals[2], ended[2], rc;
};

static void *serve(void *arg)
{
	struct house *h = arg;
	struct err e;

	h->rc = dns_serve(&h->set, h->service, h->signals[0], &e);
	close(h->ended[1]);
	return NULL;
}

static void begin(struct house *h)
{
	struct err e;

	*h = (struct house){ .set = { .zone = str_of(zone), .deadline = 10000 } };
	h->service = ipc_listen(path, 0600, &e);
	assert_true(h->service >= 0);
	assert_int_equal(pipe(h->signals) | pipe(h->ended), 0);
	assert_int_equal(pthread_create(&h->thread, NULL, serve, h), 0);
}

static void tell(struct house *h, uint32_t signal)
{
	struct signalfd_siginfo info = { .ssi_signo = signal };

	assert_int_equal(write(h->signals[1], &info, sizeof(info)), sizeof(info));
}

static bool has_ended(struct house *h, int64_t ms)
{
	return io_wait(h->ended[0], POLLIN, deadline_in(ms)) == 0;
}

static void end(struct house *h)
{
	assert_true(has_ended(h, 20000));
	pthread_join(h->thread, NULL);
	assert_int_equal(h->rc, 0);
	close(h->service);
	close(h->signals[0]);
	close(h->signals[1]);
	close(h->ended[0]);
	unlink(path);
}

static enum dns_status ask(struct ipc_client *c, int64_t ms)
{
	ARENA(a);
	struct dns_question q = { .name = STR("a.example"), .type = DNS_A };

	dns_ask_all(c, &q, 1, &a, deadline_in(ms));
	return q.status;
}

static void a_drained_resolver_serves_those_who_are_here(void **state)
{
	struct ipc_client *here, *late;
	struct house h;

	(void)state;
	begin(&h);
	here = ipc_client_new(path);
	late = ipc_client_new(path);
	assert_int_equal(ask(here, 20000), DNS_FOUND);
	tell(&h, SIGHUP);
	assert_int_equal(ask(here, 20000), DNS_FOUND);
	/* A new one waits in the backlog for the successor; two turns of the clock do not let it in. */
	assert_int_equal(ask(late, 700), DNS_FAILED);
	assert_int_equal(ask(here, 20000), DNS_FOUND);
	assert_false(has_ended(&h, 0));
	ipc_client_free(here);
	end(&h);
	ipc_client_free(late);
}

static void a_drained_resolver_without_visitors_ends(void **state)
{
	struct house h;

	(void)state;
	begin(&h);
	tell(&h, SIGHUP);
	end(&h);
}

static void told_to_stop_it_stops_though_somebody_is_here(void **state)
{
	struct ipc_client *here;
	struct house h;

	(void)state;
	begin(&h);
	here = ipc_client_new(path);
	assert_int_equal(ask(here, 20000), DNS_FOUND);
	tell(&h, SIGHUP);
	tell(&h, SIGTERM);
	end(&h);
	ipc_client_free(here);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drained_resolver_serves_those_who_are_here),
		cmocka_unit_test(a_drained_resolver_without_visitors_ends),
		cmocka_unit_test(told_to_stop_it_stops_though_somebody_is_here),
	};
	FILE *f;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(zone, sizeof(zone), "%s/zone", dir);
	snprintf(path, sizeof(path), "%s/dns.sock", dir);
	f = fopen(zone, "w");
	if (f == NULL || fputs("a.example A 192.0.2.1\nexample static\n", f) < 0 || fclose(f) != 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(zone);
	rmdir(dir);
	return rc;
}
