/* Whatever a visitor sends to telltale-lookup: he is answered or sent away, and the accounts are as they were. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/conf.h"
#include "store/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct server *server_new(void)
{
	static struct server s;
	static struct conf conf;
	static char folder[] = "/tmp/fuzz-lookup-XXXXXX", path[64];
	static const struct str words[] = { STR_INIT("domain\0add\0here"),
					    STR_INIT("alias\0add\0a@here\0b@here\0c@far") };
	static const char *const files[] = { "", "-wal", "-shm" };
	struct store_done done;
	char name[80];
	struct err e;

	MUST(mkdtemp(folder) != NULL && conf_parse(&conf, STR(""), "fuzz", &e) == 0);
	snprintf(path, sizeof(path), "%s/accounts.db", folder);
	s = (struct server){ .conf = &conf, .path = path, .looked = INT64_MAX / 2 };
	TAILQ_INIT(&s.visitors);
	s.epoll = epoll_create1(EPOLL_CLOEXEC);
	s.store = store_open(path, 50, &e);
	MUST(s.store != NULL);
	for (size_t i = 0; i < COUNT(words); i++) {
		store_admin(s.store, words[i], STR(""), &done);
		MUST(done.status == 0);
		store_done_clear(&done);
	}
	s.workers = workers_new("/proc/nowhere/accounts.db", &e); /* no hash is made, nothing changed */
	s.throttle = throttle_new();
	s.usage = usage_new();
	s.graylist = graylist_new("/proc/nowhere/graylist.db");
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(name, sizeof(name), "%s%s", path, files[i]);
		unlink(name);
	}
	rmdir(folder);
	return &s;
}

static void come_in(struct server *s, int fd, bool admin)
{
	struct visitor *v = mem_alloc(sizeof(*v));

	*v = (struct visitor){ .source = { .kind = VISITOR, .fd = fd }, .number = ++s->next_number, .admin = admin };
	v->smtpd = v->local = v->web = v->search = !admin;
	ipc_conn_init(&v->conn, fd);
	TAILQ_INSERT_TAIL(&s->visitors, v, entry);
	map_putn(&s->by_number, v->number, v);
	s->n++;
	s->admins += admin;
	MUST(server_watch(s, &v->source, EPOLLIN, EPOLL_CTL_ADD) == 0);
}

/* The first byte says over which socket. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct server *s;
	struct visitor *v;
	int fds[2];

	if (s == NULL)
		s = server_new();
	if (size < 1 || size > 60000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return 0;
	MUST(write(fds[1], data + 1, size - 1) == (ssize_t)size - 1);
	come_in(s, fds[0], (data[0] & 1) != 0);
	visitor_serve(s, TAILQ_FIRST(&s->visitors));
	usage_expire(s->usage, INT64_MAX);
	graylist_rest(s->graylist);
	server_tell_resolved(s);
	server_flush_all(s);
	server_tell_done(s);
	while ((v = TAILQ_FIRST(&s->visitors)) != NULL)
		visitor_free(s, v);
	close(fds[1]);
	MUST(s->n == 0 && s->admins == 0 && s->usage_server == NULL && s->store != NULL);
	return 0;
}
