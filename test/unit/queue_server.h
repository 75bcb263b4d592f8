/* A telltale-queue in a thread of the test: a real depot behind a real socket. */
#ifndef QUEUE_SERVER_H
#define QUEUE_SERVER_H

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
#include "queue/inside.h"
#include "queue_folder.h"

enum { SERVER_CLIENTS = 8 };

struct server_client {
	struct ipc_conn conn;
	struct depot_client *client; /* after its hello */
};

struct server {
	struct depot_set set;
	char socket[256];
	struct depot *depot;
	int listener;
	pthread_t thread;
	_Atomic bool stop, cut; /* cut: break every channel once */
	struct server_client at[SERVER_CLIENTS];
	size_t n;
	void (*news)(struct depot *d, struct item *it, void *arg);
	void *arg;
	_Atomic size_t complaints;
	char complaint[600];
};

static void server_drop(struct server *s, size_t i)
{
	if (s->at[i].client != NULL)
		depot_client_free(s->at[i].client);
	ipc_conn_clear(&s->at[i].conn);
	s->at[i] = s->at[--s->n];
}

static int server_hear(struct server *s, size_t i)
{
	struct server_client *c = &s->at[i];
	struct ipc_frame f;
	struct err e;
	int rc = ipc_fill(&c->conn, &e);

	while (rc >= 0 && (rc = ipc_next(&c->conn, &f, &e)) == 1) {
		if (c->client == NULL) {
			if (f.type != queue_hello_number)
				return -1;
			c->client = depot_client_new(s->depot, &c->conn);
		} else if (depot_hear(c->client, &f, &e) < 0) {
			fprintf(stderr, "server: %s\n", e.text);
			return -1;
		}
	}
	return rc;
}

static void server_turn(struct server *s)
{
	struct pollfd p[SERVER_CLIENTS + 2];
	struct item *it;
	struct err e = { 0 };
	BUF(line);
	size_t n = s->n;

	p[0] = (struct pollfd){ .fd = s->listener, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = depot_fd(s->depot), .events = POLLIN };
	for (size_t i = 0; i < n; i++)
		p[i + 2] = (struct pollfd){ .fd = s->at[i].conn.fd, .events = POLLIN };
	(void)poll(p, n + 2, 20);
	if (p[1].revents != 0)
		depot_tend(s->depot);
	for (size_t i = n; i-- > 0;)
		if (s->cut || (p[i + 2].revents != 0 && server_hear(s, i) < 0))
			server_drop(s, i);
	s->cut = false;
	if (p[0].revents != 0 && s->n < SERVER_CLIENTS) {
		int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);

		s->at[s->n].client = NULL;
		if (fd >= 0)
			ipc_conn_init(&s->at[s->n++].conn, fd);
	}
	while ((it = depot_news(s->depot)) != NULL)
		if (s->news != NULL)
			s->news(s->depot, it, s->arg);
	if (depot_sync(s->depot, &e) < 0)
		fprintf(stderr, "server: %s\n", e.text);
	for (size_t i = 0; i < s->n; i++)
		(void)ipc_flush(&s->at[i].conn, NULL);
	while (depot_complaint(s->depot, &line)) {
		s->complaints++;
		snprintf(s->complaint, sizeof(s->complaint), "%s", buf_z(&line));
	}
}

static void *server_run(void *arg)
{
	struct server *s = arg;

	while (!s->stop)
		server_turn(s);
	return NULL;
}

/* dir is the spool; the socket lies beside it. */
static int server_start(struct server *s, const char *dir, struct err *e)
{
	s->set = (struct depot_set){ .dir = dir, .segment_size = 1024 * 1024, .spares = 2 };
	snprintf(s->socket, sizeof(s->socket), "%s.sock", dir);
	s->stop = s->cut = false;
	s->n = 0;
	if (io_mkdirs(dir, 0700, e) < 0 || depot_open(&s->set, &s->depot, e) < 0)
		return -1;
	s->listener = ipc_listen(s->socket, 0600, e);
	if (s->listener < 0)
		return -1;
	return pthread_create(&s->thread, NULL, server_run, s) == 0 ? 0 : -1;
}

/* As after a kill: the sockets go, nothing more is read. */
static void server_stop(struct server *s)
{
	s->stop = true;
	pthread_join(s->thread, NULL);
	fd_clear(&s->listener);
	for (size_t i = 0; i < s->n; i++)
		ipc_conn_clear(&s->at[i].conn);
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].client != NULL)
			free(s->at[i].client->bigs.at);
	for (size_t i = 0; i < s->n; i++)
		free(s->at[i].client);
	depot_close(s->depot);
}

#endif
