#include "deliver/local.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/proc.h"
#include "base/say.h"
#include "deliver/pool.h"
#include "deliver/quota.h"
#include "deliver/usage_serve.h"
#include "queue/spool.h"

enum {
	PAUSE = 200,
	CONNECT_TIME = 2000,
	AWAY = 3000,      /* ms without a channel that is worth a word */
	TROUBLES = 10000, /* ms between two lines about mailboxes that cannot be written */
	READS_MOST = 256, /* of the channel in one turn */
	JOBS_MAX = 4000
};

/* One delivery, from deliver_local to deliver_done. */
struct delivery {
	struct pool_job job; /* first: the pool gives this back */
	struct arena mem;
	struct deliver_local ask; /* its strs live in mem */
	bool working;             /* the pool has it */
};

struct local {
	const struct local_set *set;
	struct maildir box;
	struct pool *pool;
	struct ipc_conn conn;
	struct map deliveries; /* by delivery number */
	int64_t leave;         /* deadline once we were asked to leave, else DEADLINE_NEVER */
	int64_t told;          /* when the last trouble with a mailbox was said; 0: never */
	uint64_t untold;       /* how many were not, since then */
};

static struct delivery *delivery_of(struct pool_job *j)
{
	return (struct delivery *)(void *)j;
}

static void delivery_free(struct delivery *d)
{
	fd_clear(&d->job.m.fd);
	arena_clear(&d->mem);
	free(d);
}

static void work_on(struct local *l, struct delivery *d, bool finish)
{
	d->job.finish = finish;
	d->working = true;
	pool_put(l->pool, &d->job);
}

static int take_delivery(struct local *l, const struct ipc_frame *f, struct err *e)
{
	struct delivery *d = mem_alloc(sizeof(*d));
	struct maildir_job *m = &d->job.m;

	m->fd = f->fd;
	if (ipc_unpack(f->body, &deliver_local_type, &d->ask, e) < 0)
		return delivery_free(d), -1;
	ipc_keep(&d->mem, &deliver_local_type, &d->ask);
	if (map_getn(&l->deliveries, d->ask.delivery) != NULL || l->deliveries.n >= JOBS_MAX) {
		err_set(e, "delivery %llu is one too many", (unsigned long long)d->ask.delivery);
		delivery_free(d);
		return -1;
	}
	m->final = d->ask.final;
	m->original = d->ask.original;
	m->sender = d->ask.sender;
	m->begun = clock_mono();
	m->qp = d->ask.qp;
	m->rcpt = d->ask.rcpt;
	m->junk = d->ask.junk != 0;
	m->time = (int64_t)d->ask.time;
	m->offset = d->ask.offset;
	m->size = d->ask.size;
	m->mem = &d->mem;
	map_putn(&l->deliveries, d->ask.delivery, d);
	work_on(l, d, d->ask.staged != 0);
	return 0;
}

static int finish_delivery(struct local *l, const struct ipc_frame *f, struct err *e)
{
	struct deliver_finish ask;
	struct delivery *d;

	if (ipc_unpack(f->body, &deliver_finish_type, &ask, e) < 0)
		return -1;
	d = map_getn(&l->deliveries, ask.delivery);
	if (d == NULL || d->working)
		return err_set(e, "nothing to finish for delivery %llu", (unsigned long long)ask.delivery);
	work_on(l, d, true);
	return 0;
}

static int hear(struct local *l, struct ipc_frame *f, struct err *e)
{
	if (f->type == deliver_local_number)
		return take_delivery(l, f, e);
	fd_clear(&f->fd);
	if (f->type == deliver_finish_number)
		return finish_delivery(l, f, e);
	return err_set(e, "message %u is not for us", f->type);
}

static int hear_some(struct local *l, struct err *e)
{
	struct ipc_frame f;
	int filled = ipc_fill(&l->conn, e), rc = filled;

	while (rc > 0 && (rc = ipc_next(&l->conn, &f, e)) > 0)
		if (hear(l, &f, e) < 0)
			return -1;
	return rc < 0 ? -1 : filled;
}

/* What came together goes to the pool together: a frame with a descriptor is read by itself. */
static int hear_all(struct local *l, struct err *e)
{
	int rc = 1;

	for (int i = 0; rc > 0 && i < READS_MOST; i++)
		rc = hear_some(l, e);
	pool_go(l->pool);
	return rc;
}

/* The delivery log has each deferral; that something is wrong with the disk or the tree is for the administrator. */
static void say_trouble(struct local *l, const struct maildir_job *m)
{
	int64_t now = clock_mono();

	if (m->trouble == 0)
		return;
	if (l->told != 0 && now - l->told < TROUBLES) {
		l->untold++;
		return;
	}
	if (l->untold > 0)
		say(SAY_WARNING, "%llu more mailboxes could not be written since the last such line",
		    (unsigned long long)l->untold);
	say(SAY_WARNING, "mailbox %s/%s: message %llu is tried again later: %s", l->set->mail_dir, m->at.home,
	    (unsigned long long)m->qp, strerror(m->trouble));
	l->told = now;
	l->untold = 0;
}

static void tell(struct local *l, struct delivery *d)
{
	struct deliver_staged staged = { .delivery = d->ask.delivery };
	struct deliver_done done = { .delivery = d->ask.delivery };

	d->working = false;
	if (!d->job.m.ended) {
		ipc_queue(&l->conn, &deliver_staged_type, 0, &staged, -1);
		return;
	}
	say_trouble(l, &d->job.m);
	done.outcome = d->job.m.out.kind;
	done.report = d->job.m.out.report;
	done.path = d->job.m.at_last.path;
	done.rule = d->job.m.at_last.rule;
	done.used = d->job.m.at_last.used;
	done.limit = d->job.m.at_last.limit;
	done.handed = l->box.lmtp != NULL && !d->job.finish;
	ipc_queue(&l->conn, &deliver_done_type, 0, &done, -1);
	map_deln(&l->deliveries, d->ask.delivery);
	delivery_free(d);
}

static void tell_all(struct local *l)
{
	struct pool_job *j;

	while ((j = pool_take(l->pool)) != NULL)
		tell(l, delivery_of(j));
}

/* After a break nobody wants to hear of what we did; it comes to rest, then it is forgotten. */
static void forget_all(struct local *l)
{
	struct delivery *d;
	size_t i = 0;

	pool_drain(l->pool);
	while (pool_take(l->pool) != NULL)
		;
	while ((d = map_next(&l->deliveries, &i, NULL)) != NULL)
		delivery_free(d);
	map_clear(&l->deliveries);
	ipc_conn_clear(&l->conn);
}

static bool leaving(const struct local *l)
{
	return l->leave != DEADLINE_NEVER;
}

static void asked_to_leave(struct local *l)
{
	struct deliver_leaving word = { .within = (uint64_t)l->set->grace };

	if (proc_signal(l->set->signals) == 0 || leaving(l))
		return;
	l->leave = deadline_in(l->set->grace);
	if (l->conn.fd >= 0)
		ipc_queue(&l->conn, &deliver_leaving_type, 0, &word, -1);
}

/* Wait for something to do, at most `ms`. */
static void wait_for(struct local *l, struct pollfd p[3], int ms)
{
	p[0] = (struct pollfd){ .fd = l->set->signals, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = pool_fd(l->pool), .events = POLLIN };
	p[2] = (struct pollfd){ .fd = l->conn.fd, .events = POLLIN };
	if (l->conn.out.n > 0)
		p[2].events |= POLLOUT;
	if (poll(p, 3, ms) < 0)
		p[0].revents = p[1].revents = p[2].revents = 0;
	if (p[0].revents != 0)
		asked_to_leave(l);
}

static int one_turn(struct local *l, struct err *e)
{
	struct pollfd p[3];

	wait_for(l, p, leaving(l) ? 100 : 60000);
	if (p[1].revents != 0)
		tell_all(l);
	if (p[2].revents & (POLLIN | POLLHUP | POLLERR) && hear_all(l, e) < 0)
		return -1;
	return ipc_flush(&l->conn, e) < 0 ? -1 : 0;
}

/* One channel's life: 0 when we leave, -1 when it broke.  Who leaves stays until telltale-queue
 * closes: what it sent before it heard of that is still delivered. */
static int serve(struct local *l, struct err *e)
{
	struct queue_hello hello = { .role = STR("l") };

	ipc_queue(&l->conn, &queue_hello_type, 0, &hello, -1);
	while (clock_mono() < l->leave)
		if (one_turn(l, e) < 0)
			return leaving(l) ? 0 : -1;
	return 0;
}

/* The mail folder is ours alone from here on: another one may still be finishing. */
static int take_mail_dir(struct local *l, struct err *e)
{
	struct pollfd p[3];

	if (io_mkdirs(l->set->mail_dir, 0700, e) < 0)
		return -1;
	l->box.root = io_opendir(AT_FDCWD, l->set->mail_dir, e);
	if (l->box.root < 0)
		return -1;
	while (flock(l->box.root, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, "lock %s", l->set->mail_dir);
		wait_for(l, p, PAUSE);
		if (leaving(l))
			return 0;
	}
	/* A folder that our forerunner made and did not live to sync would count as durable. */
	return syncfs(l->box.root) < 0 ? err_sys(e, "sync %s", l->set->mail_dir) : 0;
}

/* A restart of telltale-queue is no news; that it stays away is. */
static void say_away(int64_t since, bool *said, const struct err *e)
{
	if (*said || clock_mono() - since < AWAY)
		return;
	say(SAY_WARNING, "telltale-queue: %s; trying again", e->text);
	*said = true;
}

static void serve_for_ever(struct local *l)
{
	int64_t since = clock_mono();
	bool said = false;

	while (!leaving(l)) {
		struct err e = { 0 };
		struct pollfd p[3];
		int fd = ipc_connect(l->set->socket, deadline_in(CONNECT_TIME), &e);

		if (fd >= 0) {
			int64_t begun = clock_mono();

			ipc_conn_init(&l->conn, fd);
			if (serve(l, &e) == 0)
				break;
			forget_all(l);
			if (clock_mono() - begun >= AWAY) {
				since = clock_mono();
				said = false;
			}
		}
		say_away(since, &said, &e);
		wait_for(l, p, PAUSE);
	}
	forget_all(l);
}

int local_run(const struct local_set *set, struct err *e)
{
	/* Static, since the workers never end. */
	static struct local l = { .conn.fd = -1, .leave = DEADLINE_NEVER };

	l.set = set;
	l.box.host = set->host;
	l.box.quota = quota_new(set->lookup);
	l.box.lmtp = set->lmtp;
	l.box.subaddress = set->subaddress;
	l.pool = pool_new(&l.box, set->workers, e);
	if (l.pool == NULL || take_mail_dir(&l, e) < 0)
		return -1;
	if (!leaving(&l) && usage_serve_start(&(struct usage_serve){ .socket = set->lookup, .m = &l.box }, e) < 0)
		return -1;
	proc_ready();
	serve_for_ever(&l);
	return 0;
}
