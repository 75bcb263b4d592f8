#include "web/search.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"
#include "index/frame_cache.h"
#include "web/packed.h"
#include "web/web.h"

enum {
	CACHE = 16, /* so large a part of its memory is for what was read of the index, from one question to the next */
	HEAR = 5000, /* for a question to be said, and for its answer to be taken */
	LEFT = 1000, /* an asker who is gone is waited for so long: starting anew costs more than a short search */
	STACK_KIB = 16384, /* of the thread that searches */
};

/* One question at a time, in a thread of its own: this one watches. */
struct job {
	struct web web;
	struct buf bytes; /* the request, packed */
	struct web_reply reply;
	int begin, done; /* eventfds */
};

static void tell(int fd)
{
	uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one));
}

static void hear(int fd)
{
	uint64_t n;

	while (read(fd, &n, sizeof(n)) < 0 && errno == EINTR)
		continue;
}

static void answer(struct job *j)
{
	ARENA(mem);
	struct web_request q = { .mem = &mem };
	struct err e = { 0 };

	if (request_unpack(buf_str(&j->bytes), &q, &e) < 0)
		web_error(&j->reply, 500, "%s", e.text);
	else
		search_answer(&j->web, &q, &j->reply);
	frame_cache_turn();
}

static void *work(void *arg)
{
	struct job *j = arg;

	for (;;) {
		hear(j->begin);
		answer(j);
		tell(j->done);
	}
	return NULL;
}

/* ---- the one who watches ---- */

/* The only way to end a search is to end with it. */
static void end(const char *why)
{
	if (why != NULL)
		say(SAY_WARNING, "%s", why);
	_exit(why != NULL ? EX_TEMPFAIL : EXIT_SUCCESS);
}

/* Until the answer is there; SIGHUP is kept for later. */
static void watch(struct job *j, const struct search_set *set, int client, int64_t deadline, bool *told_to_end)
{
	bool left = false;

	tell(j->begin);
	for (;;) {
		struct pollfd p[] = { { .fd = j->done, .events = POLLIN },
				      { .fd = set->signals, .events = POLLIN },
				      { .fd = left ? -1 : client, .events = POLLRDHUP } };
		int n = poll(p, COUNT(p), io_ms(deadline));

		if (p[0].revents != 0)
			break;
		if (n == 0)
			end(left ? "who asked has left; the search was given up"
				 : "a search took too long and was given up");
		if (p[1].revents != 0) {
			if (proc_signal(set->signals) == SIGTERM)
				end(NULL);
			*told_to_end = true;
		}
		if (!left && p[2].revents != 0) {
			left = true;
			deadline = deadline_in(LEFT);
		}
	}
	hear(j->done);
}

static void reply(struct job *j, struct ipc_conn *c)
{
	const struct web_reply *r = &j->reply;
	struct search_told told = { (uint64_t)r->code, str_of(r->type) };
	struct err e = { 0 };

	pieces_queue(c, buf_str(&r->body));
	(void)ipc_send(c, &search_told_type, 1, &told, -1, deadline_in(HEAR), &e);
}

/* One question; who says half of one, or nonsense, is hung up on. */
static void serve(struct job *j, const struct search_set *set, int fd, bool *told_to_end)
{
	struct search_ask ask;
	struct ipc_frame f;
	struct ipc_conn c;
	struct err e = { 0 };

	ipc_conn_init(&c, fd);
	buf_reset(&j->bytes);
	if (pieces_gather(&c, &j->bytes, PACKED_MAX, &f, deadline_in(HEAR), &e) == 0 && f.type == search_ask_number &&
	    ipc_unpack(f.body, &search_ask_type, &ask, &e) == 0) {
		int64_t ms = set->conf->web.search_deadline;

		watch(j, set, fd, deadline_in((int64_t)ask.ms < ms ? (int64_t)ask.ms : ms), told_to_end);
		reply(j, &c);
		web_reply_clear(&j->reply);
	}
	ipc_conn_clear(&c);
}

static void take(struct job *j, const struct search_set *set, bool *told_to_end)
{
	int fd = accept4(set->service, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (proc_peer_is(fd, "web"))
		serve(j, set, fd, told_to_end);
	else
		fd_clear(&fd);
}

/* What this one waits for; a question wakes one searcher and not all that have nothing to do. */
static int watch_all(const struct search_set *set)
{
	struct epoll_event asked = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = set->service };
	struct epoll_event told = { .events = EPOLLIN, .data.fd = set->signals };
	FD(fd) = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, set->service, &asked) < 0 ||
	    epoll_ctl(fd, EPOLL_CTL_ADD, set->signals, &told) < 0)
		return -1;
	return fd_steal(&fd);
}

int search_serve(const struct search_set *set, struct err *e)
{
	struct job j = { .web = { .conf = set->conf },
			 .begin = eventfd(0, EFD_CLOEXEC),
			 .done = eventfd(0, EFD_CLOEXEC) };
	FD(all) = watch_all(set);
	bool told_to_end = false;

	if (j.begin < 0 || j.done < 0)
		return err_sys(e, "eventfd");
	if (all < 0)
		return err_sys(e, "epoll");
	if (io_nonblock(set->service) < 0 || proc_thread(work, &j, STACK_KIB, e) < 0)
		return -1;
	frame_cache_begin((size_t)(set->conf->web.search_memory / CACHE));
	proc_ready();
	while (!told_to_end) {
		struct epoll_event now;
		int n = epoll_wait(all, &now, 1, -1);

		if (n < 0 && errno != EINTR)
			return err_sys(e, "epoll");
		if (n > 0 && now.data.fd == set->signals)
			break;
		if (n > 0)
			take(&j, set, &told_to_end);
	}
	end(NULL); /* the thread has our stack */
	return 0;
}
