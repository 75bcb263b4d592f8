/* queue/take.c - what lies in a segment becomes items. */
#include "queue/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "queue/bigfile.h"

enum { REREAD_MS = 60 * 1000 };

int seg_open(struct depot *d, struct seg *s, bool *mine, struct err *e)
{
	char name[SEGMENT_NAME];
	int fd;

	*mine = s->fd < 0;
	if (s->fd >= 0)
		return s->fd;
	segment_name(name, s->head.id, false);
	fd = openat(d->segments, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 ? fd : err_sys(e, "open segments/%s", name);
}

int big_open(struct depot *d, uint64_t id, int flags, struct err *e)
{
	char name[SEGMENT_NAME];
	int fd;

	snprintf(name, sizeof(name), "%" PRIu64, id);
	fd = openat(d->big, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 ? fd : err_sys(e, "open big/%s", name);
}

/* p == NULL: that failed. */
static struct str read_span(struct depot *d, struct seg *s, struct span span, struct err *e)
{
	size_t n = (size_t)(span.to - span.from);
	char *bytes;
	bool mine;
	int fd = seg_open(d, s, &mine, e);

	if (fd < 0)
		return str_mem(NULL, 0);
	bytes = mem_grow(NULL, n);
	if (io_pread_all(fd, bytes, n, (off_t)span.from) < 0) {
		err_sys(e, "read segments/%" PRIu64 ".segment", s->head.id);
		free(bytes);
		bytes = NULL;
	}
	if (mine)
		close(fd);
	return str_mem(bytes, bytes != NULL ? n : 0);
}

static void keep(struct depot *d, const char *name, struct str bytes)
{
	FD(fd) = openat(d->corrupt, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || io_write_all(fd, bytes.p, bytes.n) < 0 || fsync(fd) < 0)
		depot_complain(d, "could not keep a copy in corrupt/%s (error %d)", name, errno);
}

static void quarantine(struct depot *d, struct seg *s, const struct scan_hit *hit, struct str bytes)
{
	char name[80];

	snprintf(name, sizeof(name), "segment-%" PRIu64 "-%" PRIu64 "-%" PRIu64, s->head.id, hit->from, hit->to);
	depot_complain(d, "spool segment %" PRIu64 ", bytes %" PRIu64 " to %" PRIu64 ": %s; a copy is in corrupt/%s",
		       s->head.id, hit->from, hit->to, hit->why, name);
	keep(d, name, bytes);
}

void depot_quarantine(struct depot *d, struct seg *s, struct span span, const char *why)
{
	struct err e = { 0 };
	struct str bytes = read_span(d, s, span, &e);

	if (bytes.p == NULL)
		depot_complain(d, "%s", e.text);
	quarantine(d, s, &(struct scan_hit){ .from = span.from, .to = span.to, .why = why }, bytes);
	free((void *)(uintptr_t)bytes.p);
}

static void cover(struct depot *d, struct seg *s, uint64_t from, uint64_t to)
{
	struct journal_segment t = {
		.id = s->head.id, .from = from, .covered = to, .sealed = s->sealed, .own = s->own
	};

	depot_note(d, &journal_segment_type, &t);
	index_apply_segment(&d->index, &t);
}

/* The file of a big message: there, given to whoever wrote the record, and long enough.  What cannot be looked at
 * now (no descriptor left) speaks against nobody: it is looked at again before it is delivered. */
static bool big_good(struct depot *d, const struct record *r, const struct depot_client *from)
{
	FD(fd) = -1;
	struct stat st;
	bool given = from == NULL;
	struct err e = { 0 };

	for (size_t i = 0; from != NULL && i < from->bigs.n; i++)
		given = given || from->bigs.at[i] == r->big;
	if (!given)
		return false;
	fd = big_open(d, r->big, O_RDONLY, &e);
	if (fd < 0)
		return e.code != ENOENT && e.code != ELOOP;
	if (fstat(fd, &st) < 0)
		return true;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < RECORD_HEAD_MAX + r->body)
		return false;
	return !d->recovering || bigfile_check(fd, r, &e) == 0 || e.code != EBADMSG;
}

/* Only telltale-queue writes children, into its own segments: they settle their parents. */
static const char *envelope_wrong(struct depot *d, const struct seg *s, const struct scan_hit *hit,
				  const struct envelope *v)
{
	if (v->qp != hit->r.qp || v->nrcpts == 0)
		return "its envelope contradicts its header";
	if (!d->recovering && !numbers_given(&d->numbers, NUMBER_MESSAGE, v->qp))
		return "its number was never given out";
	if (v->parent_qp != 0 && !s->own)
		return "it claims to be a bounce or forward of ours";
	if (hit->r.big != 0 && !big_good(d, &hit->r, s->owner))
		return "its big file is missing or damaged";
	return NULL;
}

enum { REPEATED_WITHIN = 10 * 60 * 1000 }; /* ms; no spool_put() lasts so long */

/* A message found by scanning: nobody was told, and a telltale-smtpd that lives may write it once more elsewhere,
 * even after it was delivered and telltale-queue was restarted again. */
static void rescue(struct depot *d, struct item *it)
{
	struct journal_rescued t = { .qp = it->qp, .until = (uint64_t)(clock_wall() + REPEATED_WITHIN) };

	it->recovered = true;
	depot_note(d, &journal_rescued_type, &t);
	index_apply_rescued(&d->index, &t);
}

/* The list's copy is there: it is not made again, and the sender hears of it before this recipient is settled. */
static void tell_of(struct depot *d, struct item *parent, size_t rcpt, int64_t when)
{
	struct item_rcpt *r = &parent->rcpts[rcpt];
	struct journal_deferred t = { parent->qp, rcpt, r->attempts + 1, (uint64_t)next_over(when, true), STR("") };

	if (rcpt_over(r))
		return;
	if (d->recovering)
		index_apply_deferred(&d->index, &t);
	else
		depot_defer(d, parent, rcpt, next_over(when, true), STR(""));
}

void depot_settle_parent(struct depot *d, const struct envelope *v)
{
	struct item *parent = index_item(&d->index, v->parent_qp);

	if (parent != NULL && v->delay)
		depot_noticed(d, parent);
	for (size_t i = 0; parent != NULL && i < envelope_settles(v); i++) {
		struct journal_settled t = { parent->qp, envelope_settled(v, i), v->forward || v->success };

		if (t.rcpt >= parent->nrcpts || rcpt_final(&parent->rcpts[t.rcpt]))
			continue;
		if (v->tells)
			tell_of(d, parent, (size_t)t.rcpt, v->time);
		else if (d->recovering)
			index_apply_settled(&d->index, &t);
		else
			depot_settle(d, parent, (size_t)t.rcpt, t.delivered != 0);
	}
}

static void add(struct depot *d, struct seg *s, const struct scan_hit *hit, const struct envelope *v)
{
	char *channels = mem_alloc(v->nrcpts);
	struct journal_taken t = { .qp = v->qp,
				   .segment = s->head.id,
				   .offset = hit->from,
				   .length = hit->to - hit->from,
				   .big = hit->r.big,
				   .size = hit->r.head + hit->r.body,
				   .born = (uint64_t)v->time,
				   .parent_qp = v->parent_qp,
				   .parent_rcpt = v->parent_rcpt,
				   .channels = str_mem(channels, v->nrcpts) };
	struct item *it;

	for (size_t i = 0; i < v->nrcpts; i++)
		channels[i] = (char)v->rcpts[i].channel;
	depot_note(d, &journal_taken_type, &t);
	it = index_apply_taken(&d->index, &t);
	free(channels);
	if (it == NULL)
		return;
	if (it->rcpts[0].channel == CHANNEL_REMOTE)
		depot_note_domains(d, it, v);
	if (d->scanning)
		rescue(d, it);
	if (d->set.taken != NULL && !d->scanning && !s->own)
		d->set.taken(d->set.taker, it, hit->envelope);
	it->fresh = true;
	*d->news_last = it;
	d->news_last = &it->next;
	depot_settle_parent(d, v);
}

static void take_record(struct depot *d, struct seg *s, struct scan_hit *hit)
{
	ARENA(mem);
	struct envelope v;
	struct err e = { 0 };

	if (index_knows(&d->index, hit->r.qp)) {
		cover(d, s, hit->from, hit->to);
		return;
	}
	if (envelope_unpack(hit->envelope, &mem, &v, &e) < 0)
		hit->why = "its envelope cannot be read";
	else
		hit->why = envelope_wrong(d, s, hit, &v);
	if (hit->why != NULL) {
		depot_quarantine(d, s, (struct span){ .from = hit->from, .to = hit->to }, hit->why);
		cover(d, s, hit->from, hit->to);
		return;
	}
	if (s->owner != NULL && hit->r.big != 0)
		ids_remove(&s->owner->bigs, hit->r.big);
	if (d->recovering)
		numbers_raise(&d->numbers, NUMBER_MESSAGE, v.qp);
	add(d, s, hit, &v);
}

int depot_take(struct depot *d, struct seg *s, struct span span, struct err *e)
{
	struct str bytes = read_span(d, s, span, e);
	struct scan scan = { .bytes = bytes,
			     .base = span.from,
			     .segment = s->head.id,
			     .nonce = s->head.nonce,
			     .recycled = s->head.recycled,
			     .whole = span.whole };
	struct scan_hit hit;
	enum scan_found found;

	if (bytes.p == NULL)
		return -1;
	while ((found = record_next(&scan, &hit)) != SCAN_END) {
		if (found == SCAN_RECORD) {
			take_record(d, s, &hit);
			continue;
		}
		quarantine(d, s, &hit,
			   str_take(str_skip(bytes, (size_t)(hit.from - span.from)), (size_t)(hit.to - hit.from)));
		cover(d, s, hit.from, hit.to);
	}
	free((void *)(uintptr_t)bytes.p);
	return 0;
}

void depot_seal(struct depot *d, struct seg *s)
{
	if (s->owner != NULL)
		s->owner->segments--;
	s->owner = NULL;
	s->sealed = true;
	cover(d, s, s->covered, s->head.size);
	s->ngaps = 0;
	fd_clear(&s->fd);
	ids_add(&d->sealed, s->head.id);
}

/* What only the page cache holds must not be believed: it is synced first (a process was killed between its write
 * and its sync, and we are about to deliver and settle what it wrote). */
int depot_seal_scanned(struct depot *d, struct seg *s)
{
	struct err e = { 0 };
	bool mine;
	int fd = seg_open(d, s, &mine, &e), rc = fd < 0 ? -1 : 0;

	if (fd >= 0 && fdatasync(fd) < 0)
		rc = err_sys(&e, "sync segments/%" PRIu64 ".segment", s->head.id);
	d->scanning = true;
	if (rc == 0 && s->covered < s->head.size)
		rc = depot_take(d, s, (struct span){ .from = s->covered, .to = s->head.size }, &e);
	for (size_t i = 0; i < s->ngaps && rc == 0; i++)
		rc = depot_take(d, s, (struct span){ s->gaps[i].from, s->gaps[i].to, true }, &e);
	d->scanning = false;
	if (fd >= 0 && mine)
		close(fd);
	if (rc == 0) {
		depot_seal(d, s);
		return 0;
	}
	depot_complain(d, "%s; the segment may hold messages, and is read again later", e.text);
	ids_add(&d->unread, s->head.id);
	d->reread_at = deadline_in(REREAD_MS);
	return -1;
}

void depot_reread(struct depot *d)
{
	struct ids again = d->unread;

	if (again.n == 0 || clock_mono() < d->reread_at)
		return;
	d->unread = (struct ids){ 0 };
	for (size_t i = 0; i < again.n; i++) {
		struct seg *s = index_seg(&d->index, again.at[i]);

		if (s != NULL)
			(void)depot_seal_scanned(d, s);
	}
	free(again.at);
}
