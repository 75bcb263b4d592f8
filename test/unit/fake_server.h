/* One of our programs as a thread of a test, on a socket of its own, for one client. */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/ipc.h"

static struct ipc_client *client;

/* The test's: answer this question; false: it is none, and the visit is over. */
static bool hear(struct ipc_conn *c, const struct ipc_frame *f);

static void *serve(void *arg)
{
	int listener = *(int *)arg;
	int fd = io_wait(listener, POLLIN, DEADLINE_NEVER) == 0 ? accept(listener, NULL, NULL) : -1;
	struct ipc_conn c;
	struct ipc_frame f;
	struct err e;

	ipc_conn_init(&c, fd);
	while (ipc_recv(&c, &f, deadline_in(60000), &e) >= 0 && hear(&c, &f))
		continue;
	ipc_conn_clear(&c);
	return NULL;
}

/* Run the tests, with `client` for the server: the status of main(). */
static int run_served(const char *name, const struct CMUnitTest *tests, size_t n)
{
	char dir[] = "/tmp/served-XXXXXX", path[64];
	pthread_t t;
	struct err e;
	int fd, rc;

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = ipc_listen(path, 0600, &e);
	client = ipc_client_new(path);
	if (fd < 0 || pthread_create(&t, NULL, serve, &fd) != 0)
		return 1;
	rc = _cmocka_run_group_tests("served", tests, n, NULL, NULL);
	ipc_client_free(client);
	pthread_join(t, NULL);
	fd_clear(&fd);
	unlink(path);
	rmdir(dir);
	return rc;
}

#endif
