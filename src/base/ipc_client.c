/* One connection for many threads.  Nobody is the reader by profession: of the
 * threads that wait for answers one reads for all (c->reading), and hands the
 * task on when it has its own.  A broken channel is shut down at once and
 * closed only by a thread that knows that nobody polls it. */
#include "base/ipc.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/cond.h"
#include "base/fiber.h"
#include "base/io.h"
#include "base/map.h"

enum { RETRY_MS = 50, FIBERS_WAIT_MS = 20, FLUSH_MS = 1000 };

/* The questions of one ipc_call_all(). */
struct group {
	struct cond wake;
	struct arena *mem;
	size_t left;
	bool broken;
	struct group *next, *prev;
};

struct waiting {
	struct group *group;
	struct ipc_ask *ask;
};

struct ipc_client {
	char *path;
	pthread_mutex_t lock;
	struct ipc_conn conn;
	bool dead; /* conn is shut down, to be closed when !reading */
	bool reading;
	bool flush_due; /* fibers have asked; it all goes out at the end of their turn */
	uint64_t next_id, epoch;
	int64_t tried;      /* when the last connect was tried */
	struct map waiting; /* id -> struct waiting */
	struct group *groups;
	struct buf greeting;
};

struct ipc_client *ipc_client_new(const char *path)
{
	struct ipc_client *c = mem_alloc(sizeof(*c));

	c->path = mem_dupz(path);
	pthread_mutex_init(&c->lock, NULL);
	c->conn.fd = -1;
	c->next_id = 1;
	c->tried = INT64_MIN;
	return c;
}

void ipc_client_free(struct ipc_client *c)
{
	if (c == NULL)
		return;
	ipc_conn_clear(&c->conn);
	map_clear(&c->waiting);
	buf_clear(&c->greeting);
	pthread_mutex_destroy(&c->lock);
	free(c->path);
	free(c);
}

void ipc_client_greet(struct ipc_client *c, const struct ipc_type *t, const void *message)
{
	pthread_mutex_lock(&c->lock);
	buf_reset(&c->greeting);
	ipc_pack(&c->greeting, t, 0, message);
	pthread_mutex_unlock(&c->lock);
}

uint64_t ipc_client_epoch(struct ipc_client *c)
{
	uint64_t epoch;

	pthread_mutex_lock(&c->lock);
	epoch = c->epoch;
	pthread_mutex_unlock(&c->lock);
	return epoch;
}

static void break_channel(struct ipc_client *c)
{
	if (c->conn.fd < 0 || c->dead)
		return;
	c->dead = true;
	shutdown(c->conn.fd, SHUT_RDWR);
	for (struct group *g = c->groups; g != NULL; g = g->next) {
		g->broken = true;
		cond_signal(&g->wake);
	}
}

/* Has the other side gone?  Then the channel is broken, which an idle one would notice only with its next message. */
static void look_alive(struct ipc_client *c)
{
	struct pollfd p = { .fd = c->conn.fd, .events = POLLRDHUP };

	if (c->conn.fd >= 0 && !c->dead && poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
		break_channel(c);
}

bool ipc_client_alive(struct ipc_client *c, uint64_t epoch)
{
	bool alive;

	pthread_mutex_lock(&c->lock);
	look_alive(c);
	alive = c->epoch == epoch && !c->dead && c->conn.fd >= 0;
	pthread_mutex_unlock(&c->lock);
	return alive;
}

/* The other fibers of this thread wait with us. */
static int64_t connect_until(int64_t deadline)
{
	int64_t soon = deadline_in(FIBERS_WAIT_MS);

	return fiber_self() != NULL && soon < deadline ? soon : deadline;
}

static int be_connected(struct ipc_client *c, int64_t deadline, struct err *e)
{
	int fd;

	if (c->groups == NULL) /* idle until now */
		look_alive(c);
	if (c->dead && !c->reading) {
		ipc_conn_clear(&c->conn);
		c->dead = false;
	}
	if (c->dead)
		return err_set(e, "%s: the channel has just broken", c->path);
	if (c->conn.fd >= 0)
		return 0;
	if (c->tried != INT64_MIN && clock_mono() - c->tried < RETRY_MS)
		return err_set(e, "%s: nobody listens there now", c->path);
	c->tried = clock_mono();
	fd = ipc_connect(c->path, connect_until(deadline), e);
	if (fd < 0)
		return -1;
	ipc_conn_init(&c->conn, fd);
	buf_addstr(&c->conn.out, buf_str(&c->greeting));
	c->tried = INT64_MIN;
	c->epoch++;
	return 0;
}

/* The lock is kept: while the channel takes no more, nobody else could write either. */
static int flush_all(struct ipc_client *c, int64_t deadline, struct err *e)
{
	int rc;

	while ((rc = ipc_flush(&c->conn, e)) == 1) {
		if (io_poll(c->conn.fd, POLLOUT, deadline) < 0) {
			rc = err_sys(e, "write to %s", c->path);
			break;
		}
	}
	if (rc < 0)
		break_channel(c);
	return rc;
}

static void flush_turn(void *arg)
{
	struct ipc_client *c = arg;

	pthread_mutex_lock(&c->lock);
	c->flush_due = false;
	if (c->conn.fd >= 0 && !c->dead)
		(void)flush_all(c, deadline_in(FLUSH_MS), NULL);
	pthread_mutex_unlock(&c->lock);
}

/* Fibers ask together: one write and one look of the other side for all that this turn wants to know. */
static int flush_asks(struct ipc_client *c, int64_t deadline, struct err *e)
{
	if (fiber_self() == NULL || (!c->flush_due && !fiber_later(flush_turn, c)))
		return flush_all(c, deadline, e);
	c->flush_due = true;
	return 0;
}

static void hand_out(struct ipc_client *c, struct ipc_frame *f)
{
	struct waiting *w = map_deln(&c->waiting, f->id);

	if (w == NULL) { /* its asker has given up */
		fd_clear(&f->fd);
		return;
	}
	w->ask->reply = *f;
	w->ask->reply.body = arena_str(w->group->mem, f->body);
	w->ask->answered = true;
	if (--w->group->left == 0)
		cond_signal(&w->group->wake);
	free(w);
}

/* Poll without the lock, then read and hand out what came. */
static void read_for_all(struct ipc_client *c, int64_t deadline)
{
	struct ipc_frame f;
	int fd = c->conn.fd, rc;

	c->reading = true;
	pthread_mutex_unlock(&c->lock);
	rc = io_wait(fd, POLLIN, deadline);
	pthread_mutex_lock(&c->lock);
	c->reading = false;
	if (c->dead || rc < 0)
		return;
	rc = ipc_fill(&c->conn, NULL);
	while (rc >= 0 && (rc = ipc_next(&c->conn, &f, NULL)) == 1)
		hand_out(c, &f);
	if (rc < 0)
		break_channel(c);
}

static void group_begin(struct ipc_client *c, struct group *g)
{
	cond_init(&g->wake);
	g->next = c->groups;
	if (g->next != NULL)
		g->next->prev = g;
	c->groups = g;
}

/* Leave; if nobody reads now, somebody who still waits must take over. */
static void group_end(struct ipc_client *c, struct group *g)
{
	if (g->prev != NULL)
		g->prev->next = g->next;
	else
		c->groups = g->next;
	if (g->next != NULL)
		g->next->prev = g->prev;
	if (!c->reading)
		for (struct group *o = c->groups; o != NULL; o = o->next)
			if (o->left > 0 && !o->broken) {
				cond_signal(&o->wake);
				break;
			}
	cond_clear(&g->wake);
}

/* The ids of one call are consecutive from `first`. */
static void send_asks(struct ipc_client *c, struct group *g, struct ipc_ask *asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct waiting *w = mem_alloc(sizeof(*w));

		*w = (struct waiting){ .group = g, .ask = &asks[i] };
		asks[i].epoch = c->epoch;
		ipc_queue(&c->conn, asks[i].type, c->next_id, asks[i].message, -1);
		map_putn(&c->waiting, c->next_id++, w);
	}
	g->left = n;
}

size_t ipc_call_all(struct ipc_client *c, struct ipc_ask *asks, size_t n, struct arena *a, int64_t deadline,
		    struct err *e)
{
	struct group g = { .mem = a };
	uint64_t first;
	size_t answered;

	for (size_t i = 0; i < n; i++) {
		asks[i].answered = false;
		asks[i].epoch = 0;
		asks[i].reply = (struct ipc_frame){ .fd = -1 };
	}
	pthread_mutex_lock(&c->lock);
	if (be_connected(c, deadline, e) < 0) {
		pthread_mutex_unlock(&c->lock);
		return 0;
	}
	group_begin(c, &g);
	first = c->next_id;
	send_asks(c, &g, asks, n);
	if (flush_asks(c, deadline, e) == 0) {
		while (g.left > 0 && !g.broken && clock_mono() < deadline) {
			if (c->reading)
				cond_wait(&g.wake, &c->lock, deadline);
			else
				read_for_all(c, deadline);
		}
		if (g.left > 0)
			err_set(e, "%s: %s", c->path, g.broken ? "the channel broke" : "no answer in time");
	}
	answered = n - g.left;
	for (uint64_t id = first; id < first + n && g.left > 0; id++)
		free(map_deln(&c->waiting, id));
	group_end(c, &g);
	pthread_mutex_unlock(&c->lock);
	return answered;
}

int ipc_call(struct ipc_client *c, const struct ipc_type *t, const void *message, struct arena *a,
	     struct ipc_frame *reply, int64_t deadline, struct err *e)
{
	struct ipc_ask ask = { .type = t, .message = message };

	if (ipc_call_all(c, &ask, 1, a, deadline, e) != 1)
		return -1;
	*reply = ask.reply;
	return 0;
}

int ipc_tell(struct ipc_client *c, uint64_t epoch, const struct ipc_type *t, const void *message, int64_t deadline,
	     struct err *e)
{
	int rc;

	pthread_mutex_lock(&c->lock);
	if (c->epoch != epoch || c->dead || c->conn.fd < 0) {
		pthread_mutex_unlock(&c->lock);
		return err_set(e, "%s: the channel broke", c->path);
	}
	ipc_queue(&c->conn, t, 0, message, -1);
	rc = flush_all(c, deadline, e);
	pthread_mutex_unlock(&c->lock);
	return rc;
}
