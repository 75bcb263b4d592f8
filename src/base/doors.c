#include "base/doors.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/say.h"

enum { BURST = 64, PAUSE = 100 };

struct door {
	int fd;
	void *with;
	struct door *next;
};

static int watch(const struct doors *d, int fd, struct door *door)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = door };

	return epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &ev);
}

int doors_open(struct doors *d, void (*take)(void *with, int fd), struct err *e)
{
	*d = (struct doors){ .epoll = epoll_create1(EPOLL_CLOEXEC), .take = take };
	return d->epoll < 0 ? err_sys(e, "watch for clients") : 0;
}

int doors_add(struct doors *d, const char *name, void *with, struct err *e)
{
	int n = 0;

	for (int fd; (fd = proc_fd(name, n)) >= 0; n++) {
		struct door *door = mem_alloc(sizeof(*door));

		*door = (struct door){ fd, with, d->first };
		d->first = door;
		if (io_nonblock(fd) < 0 || watch(d, fd, door) < 0)
			return err_sys(e, "%s", name);
	}
	return n;
}

static void take_some(const struct doors *d, const struct door *door)
{
	for (int i = 0; i < BURST; i++) {
		int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			d->take(door->with, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			say(SAY_ERROR, "no client can be taken: %s", strerror(errno));
			fiber_sleep(PAUSE);
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

void doors_take(struct doors *d, int signals)
{
	if (watch(d, signals, NULL) < 0)
		BUG("watch signals: errno %d", errno);
	for (;;) {
		struct epoll_event ev;
		int n = io_wait(d->epoll, POLLIN, DEADLINE_NEVER) < 0 ? -1 : epoll_wait(d->epoll, &ev, 1, 0);

		if (n < 0 && errno != EINTR)
			BUG("wait for clients: errno %d", errno);
		if (n > 0 && ev.data.ptr == NULL)
			return;
		if (n > 0)
			take_some(d, ev.data.ptr);
	}
}

void doors_close(struct doors *d)
{
	struct door *door;

	fd_clear(&d->epoll);
	while ((door = d->first) != NULL) {
		take_some(d, door);
		d->first = door->next;
		fd_clear(&door->fd);
		free(door);
	}
}
