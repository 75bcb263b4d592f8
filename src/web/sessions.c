#include "web/sessions.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "web/session_id.h"

enum { HASH = SESSION_HASH, PROBES = 64 };

/* Zeroed memory is an empty table.  A row is taken once its state says so, which is written last: what a killed
 * program has begun to write is nobody's. */
struct row {
	unsigned char hash[HASH];
	struct session session;
	uint32_t taken;
};

struct link {
	unsigned char hash[HASH];
	int64_t made;
	char by[SESSION_ACCOUNT_MAX + 1];
	uint32_t taken;
};

struct table {
	uint64_t form;  /* which program's table it is: after an upgrade the next generation may have another one */
	uint64_t count; /* of all sessions that ever were */
	struct row rows[SESSIONS_MAX];
	struct link links[SESSION_LINKS_MAX];
};

/* Raise the number when a field means something else. */
#define FORM ((uint64_t)1 << 32 | (sizeof(struct row) << 16) | sizeof(struct link))

enum { SEEN = 1024 };
_Static_assert(SESSIONS_MAX <= UINT16_MAX, "a row has a number of 16 bits");

struct sessions {
	int fd;
	struct sessions_limits limits;
	struct table *t;
	uint16_t seen[SEEN];   /* by number: where it stood last */
	pthread_mutex_t mutex; /* for our threads; the file lock is for other programs, and dies with its holder */
};

/* ---- the lock ---- */

static void file_lock(struct sessions *s, short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };
	int rc;

	while ((rc = fcntl(s->fd, F_SETLKW, &l)) < 0 && errno == EINTR)
		;
	if (rc < 0)
		BUG("sessions: lock: %s", strerror(errno));
}

/* Whose table has become a successor's of another form begins anew: so does that one. */
static void lock(struct sessions *s)
{
	pthread_mutex_lock(&s->mutex);
	file_lock(s, F_WRLCK);
	if (s->t->form == FORM)
		return;
	explicit_bzero(s->t, sizeof(*s->t));
	s->t->form = FORM;
}

static void unlock(struct sessions *s)
{
	file_lock(s, F_UNLCK);
	pthread_mutex_unlock(&s->mutex);
}

/* ---- the table ---- */

struct sessions *sessions_open(int fd, const struct sessions_limits *limits, struct err *e)
{
	struct sessions *s = mem_alloc(sizeof(*s));
	off_t size = (off_t)sizeof(struct table);
	void *p = MAP_FAILED;
	struct stat st;

	s->fd = fd >= 0 ? fd : memfd_create("sessions", MFD_CLOEXEC);
	s->limits = *limits;
	pthread_mutex_init(&s->mutex, NULL);
	if (s->fd >= 0 && fstat(s->fd, &st) == 0 &&
	    (st.st_size >= size || ftruncate(s->fd, size) == 0)) /* who had more room may still be here */
		p = mmap(NULL, sizeof(struct table), PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (p != MAP_FAILED) {
		s->t = p;
		return s;
	}
	err_sys(e, "the table of sessions");
	sessions_close(s);
	return NULL;
}

void sessions_close(struct sessions *s)
{
	if (s == NULL)
		return;
	if (s->t != NULL)
		munmap(s->t, sizeof(*s->t));
	pthread_mutex_destroy(&s->mutex);
	fd_clear(&s->fd);
	free(s);
}

/* A clock that was set back ends none, and lets none live for longer than from now on. */
static bool lives(const struct sessions *s, const struct row *r, int64_t now)
{
	const struct session *x = &r->session;
	int64_t idle = x->administrator ? s->limits.administrator.idle : s->limits.owner.idle;
	int64_t most = x->administrator ? s->limits.administrator.most : s->limits.owner.most;

	return r->taken != 0 && now - x->used < idle && now - x->since < most;
}

static void drop(struct row *r)
{
	__atomic_store_n(&r->taken, 0, __ATOMIC_RELEASE);
	explicit_bzero(r->hash, sizeof(r->hash));
}

static struct row *place(struct table *t, const unsigned char hash[HASH], size_t i)
{
	uint64_t at;

	memcpy(&at, hash, sizeof(at));
	return &t->rows[(at + i) % SESSIONS_MAX];
}

/* A free row among those where it may stand, else that of who was idle for longest. */
static struct row *room(struct sessions *s, const unsigned char hash[HASH], int64_t now)
{
	struct row *best = place(s->t, hash, 0);

	for (size_t i = 0; i < PROBES; i++) {
		struct row *r = place(s->t, hash, i);

		if (!lives(s, r, now))
			return r;
		if (r->session.used < best->session.used)
			best = r;
	}
	return best;
}

static struct row *find(struct sessions *s, struct str id, int64_t now)
{
	unsigned char hash[HASH];

	if (!session_is_id(id))
		return NULL;
	session_hash("session ", id, hash);
	for (size_t i = 0; i < PROBES; i++) {
		struct row *r = place(s->t, hash, i);

		if (lives(s, r, now) && memcmp(r->hash, hash, HASH) == 0)
			return r;
	}
	return NULL;
}

static bool of_account(const struct row *r, struct str account)
{
	return account.n == 0 || str_eqz(account, r->session.account);
}

/* Before one more of the account begins. */
static void thin_out(struct sessions *s, const struct session *who, int64_t now)
{
	struct row *oldest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct row *r = &s->t->rows[i];

		if (!lives(s, r, now) || r->session.administrator != who->administrator ||
		    strcmp(r->session.account, who->account) != 0)
			continue;
		n++;
		if (oldest == NULL || r->session.used < oldest->session.used)
			oldest = r;
	}
	if (n >= SESSIONS_EACH)
		drop(oldest);
}

void sessions_begin(struct sessions *s, const struct session *who, int64_t now, char id[SESSION_ID + 1])
{
	unsigned char hash[HASH];
	struct row *r;

	session_new_id(id);
	session_hash("session ", str_mem(id, SESSION_ID), hash);
	lock(s);
	thin_out(s, who, now);
	r = room(s, hash, now);
	drop(r);
	r->session = *who;
	r->session.number = ++s->t->count;
	r->session.since = r->session.used = now;
	memcpy(r->hash, hash, HASH);
	__atomic_store_n(&r->taken, 1, __ATOMIC_RELEASE);
	unlock(s);
}

bool sessions_find(struct sessions *s, struct str id, int64_t now, struct session *out)
{
	struct row *r;

	lock(s);
	r = find(s, id, now);
	if (r != NULL) {
		r->session.used = now;
		*out = r->session;
	}
	unlock(s);
	return r != NULL;
}

static bool has_number(const struct row *r, uint64_t number)
{
	return r->taken != 0 && r->session.number == number;
}

/* Streams ask for theirs again and again: where it was found last it is looked for first. */
static struct row *numbered(struct sessions *s, uint64_t number)
{
	uint16_t *seen = &s->seen[number % SEEN];

	if (has_number(&s->t->rows[*seen], number))
		return &s->t->rows[*seen];
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (has_number(&s->t->rows[i], number)) {
			*seen = (uint16_t)i;
			return &s->t->rows[i];
		}
	return NULL;
}

bool sessions_look(struct sessions *s, uint64_t number, int64_t now, struct session *out)
{
	const struct row *r;
	bool yes;

	lock(s);
	r = numbered(s, number);
	yes = r != NULL && lives(s, r, now);
	if (yes)
		*out = r->session;
	unlock(s);
	return yes;
}

bool sessions_end(struct sessions *s, uint64_t number)
{
	struct row *r;

	lock(s);
	r = numbered(s, number);
	if (r != NULL)
		drop(r);
	unlock(s);
	return r != NULL;
}

size_t sessions_end_all(struct sessions *s, struct str account)
{
	size_t n = 0;

	lock(s);
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct row *r = &s->t->rows[i];

		if (r->taken == 0 || !of_account(r, account))
			continue;
		drop(r);
		n++;
	}
	unlock(s);
	return n;
}

static int latest_first(const void *a, const void *b)
{
	const struct session *x = a, *y = b;

	return x->used != y->used ? (x->used < y->used ? 1 : -1) : x->number < y->number ? 1 : -1;
}

size_t sessions_list(struct sessions *s, int64_t now, struct session *out, size_t most)
{
	size_t n = 0;

	lock(s);
	for (size_t i = 0; i < SESSIONS_MAX && n < most; i++)
		if (lives(s, &s->t->rows[i], now))
			out[n++] = s->t->rows[i].session;
	unlock(s);
	qsort(out, n, sizeof(*out), latest_first);
	return n;
}

/* ---- links ---- */

static bool good(const struct link *l, int64_t now)
{
	return l->taken != 0 && now - l->made < SESSION_LINK_TIME && now >= l->made - SESSION_LINK_TIME;
}

/* One that is not in use, else the oldest. */
static struct link *spare(struct table *t, int64_t now)
{
	struct link *oldest = &t->links[0];

	for (size_t i = 0; i < SESSION_LINKS_MAX; i++) {
		struct link *l = &t->links[i];

		if (!good(l, now))
			return l;
		if (l->made < oldest->made)
			oldest = l;
	}
	return oldest;
}

void sessions_link(struct sessions *s, struct str by, int64_t now, char token[SESSION_ID + 1])
{
	struct link *l;

	session_new_id(token);
	lock(s);
	l = spare(s->t, now);
	l->taken = 0;
	session_hash("link ", str_mem(token, SESSION_ID), l->hash);
	l->made = now;
	snprintf(l->by, sizeof(l->by), "%.*s", STR_ARG(str_take(by, SESSION_ACCOUNT_MAX)));
	__atomic_store_n(&l->taken, 1, __ATOMIC_RELEASE);
	unlock(s);
}

bool sessions_take_link(struct sessions *s, struct str token, int64_t now, char by[SESSION_ACCOUNT_MAX + 1])
{
	unsigned char hash[HASH];
	bool found = false;

	if (!session_is_id(token))
		return false;
	session_hash("link ", token, hash);
	lock(s);
	for (struct link *l = s->t->links; l < s->t->links + SESSION_LINKS_MAX && !found; l++) {
		if (!good(l, now) || memcmp(l->hash, hash, HASH) != 0)
			continue;
		found = true;
		l->taken = 0;
		snprintf(by, SESSION_ACCOUNT_MAX + 1, "%s", l->by);
	}
	unlock(s);
	return found;
}
