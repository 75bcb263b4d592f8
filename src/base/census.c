#include "base/census.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/io.h"
#include "base/map.h"
#include "base/say.h"

enum { PROBES = 64 };

/* Zeroed memory is an empty table. */
struct row {
	unsigned char client[16];
	uint32_t sum; /* of n; 0: the row is free */
	uint16_t n[CENSUS_WORKERS];
};

struct table {
	uint64_t key[2]; /* of the hash: chosen addresses must not crowd one place */
	uint32_t total[CENSUS_WORKERS];
	struct row rows[CENSUS_CLIENTS];
};

struct census {
	int fd;
	unsigned worker;
	struct table *t;
	pthread_mutex_t mutex; /* for our threads; the file lock is for the other workers */
	bool alone;            /* said: there is no file lock to be had */
};

/* A kernel without memory for a lock: then workers that count at the very same moment may miscount by one, which
 * harms less than a session that is refused, or a worker that ends. */
static void file_lock(struct census *c)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int rc;

	while ((rc = fcntl(c->fd, F_SETLKW, &l)) < 0 && errno == EINTR)
		;
	if (rc < 0 && !c->alone)
		say(SAY_WARNING, "the census of sessions cannot be locked, and may miscount: %s", strerror(errno));
	c->alone = rc < 0;
}

static void lock(struct census *c)
{
	pthread_mutex_lock(&c->mutex);
	file_lock(c);
}

/* Giving up a whole lock asks for nothing that could be missing. */
static void unlock(struct census *c)
{
	struct flock l = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_len = 1 };

	if (fcntl(c->fd, F_SETLKW, &l) < 0)
		BUG("census lock: %s", strerror(errno));
	pthread_mutex_unlock(&c->mutex);
}

static void clear_column(struct census *c)
{
	c->t->total[c->worker] = 0;
	for (size_t i = 0; i < CENSUS_CLIENTS; i++) {
		struct row *r = &c->t->rows[i];

		if (r->n[c->worker] == 0)
			continue;
		r->sum -= r->n[c->worker];
		r->n[c->worker] = 0;
	}
}

static int make_key(struct table *t, struct err *e)
{
	if (t->key[0] != 0 || t->key[1] != 0)
		return 0;
	if (getrandom(t->key, sizeof(t->key), 0) != (ssize_t)sizeof(t->key))
		return err_sys(e, "random key of the census");
	return 0;
}

static int map_table(struct census *c, struct err *e)
{
	void *p;

	if (c->fd < 0 || ftruncate(c->fd, (off_t)sizeof(struct table)) < 0)
		return err_sys(e, "census of sessions");
	p = mmap(NULL, sizeof(struct table), PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "map the census of sessions");
	c->t = p;
	return 0;
}

struct census *census_open(int fd, unsigned worker, struct err *e)
{
	struct census *c = mem_alloc(sizeof(*c));
	int rc;

	MUST(worker < CENSUS_WORKERS);
	c->fd = fd >= 0 ? fd : memfd_create("census", MFD_CLOEXEC);
	c->worker = worker;
	pthread_mutex_init(&c->mutex, NULL);
	if (map_table(c, e) < 0) {
		census_close(c);
		return NULL;
	}
	lock(c);
	rc = make_key(c->t, e);
	clear_column(c);
	unlock(c);
	if (rc == 0)
		return c;
	census_close(c);
	return NULL;
}

void census_close(struct census *c)
{
	if (c == NULL)
		return;
	if (c->t != NULL)
		munmap(c->t, sizeof(*c->t));
	pthread_mutex_destroy(&c->mutex);
	fd_clear(&c->fd);
	free(c);
}

static bool is_loopback(const struct in6_addr *a)
{
	return IN6_IS_ADDR_V4MAPPED(a) ? a->s6_addr[12] == 127 : IN6_IS_ADDR_LOOPBACK(a);
}

static void key_of(const struct in6_addr *a, unsigned char out[16])
{
	memcpy(out, a->s6_addr, 16);
	if (!IN6_IS_ADDR_V4MAPPED(a))
		memset(out + 8, 0, 8);
}

/* The client's row, else a free one among the places where it may stand, else NULL. */
static struct row *row_of(struct table *t, const struct in6_addr *client)
{
	unsigned char key[16];
	struct row *vacant = NULL;
	uint64_t at;

	key_of(client, key);
	at = hash_keyed(str_mem(key, sizeof(key)), t->key);
	for (uint64_t i = 0; i < PROBES; i++) {
		struct row *r = &t->rows[(at + i) % CENSUS_CLIENTS];

		if (r->sum > 0 && memcmp(r->client, key, sizeof(key)) == 0)
			return r;
		if (r->sum == 0 && vacant == NULL)
			vacant = r;
	}
	if (vacant != NULL)
		memcpy(vacant->client, key, sizeof(key));
	return vacant;
}

static uint64_t total(const struct table *t)
{
	uint64_t n = 0;

	for (size_t i = 0; i < CENSUS_WORKERS; i++)
		n += t->total[i];
	return n;
}

static enum census_answer enter(struct census *c, const struct in6_addr *client, struct census_limit limit)
{
	struct row *r = is_loopback(client) ? NULL : row_of(c->t, client);

	if (total(c->t) >= limit.sessions)
		return CENSUS_FULL;
	if (r != NULL && (r->sum >= limit.per_client || r->n[c->worker] == UINT16_MAX))
		return CENSUS_CLIENT_FULL;
	c->t->total[c->worker]++;
	if (r != NULL) {
		r->sum++;
		r->n[c->worker]++;
	}
	return CENSUS_IN;
}

enum census_answer census_enter(struct census *c, const struct in6_addr *client, struct census_limit limit)
{
	enum census_answer answer;

	lock(c);
	answer = enter(c, client, limit);
	unlock(c);
	return answer;
}

void census_leave(struct census *c, const struct in6_addr *client)
{
	struct row *r;

	lock(c);
	r = is_loopback(client) ? NULL : row_of(c->t, client);
	if (c->t->total[c->worker] > 0)
		c->t->total[c->worker]--;
	if (r != NULL && r->n[c->worker] > 0) {
		r->sum--;
		r->n[c->worker]--;
	}
	unlock(c);
}

uint64_t census_total(struct census *c)
{
	uint64_t n;

	lock(c);
	n = total(c->t);
	unlock(c);
	return n;
}

int census_count(int fd, uint64_t *n, struct err *e)
{
	const struct table *t;
	struct stat st;
	void *p;

	*n = 0;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "census of sessions");
	if (st.st_size < (off_t)sizeof(*t)) /* nobody has opened it yet */
		return 0;
	p = mmap(NULL, sizeof(*t), PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "map the census of sessions");
	t = p;
	*n = total(t);
	munmap(p, sizeof(*t));
	return 0;
}
