/* queue/read.c - what an item says on disk: envelope and message. */
#include "queue/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "queue/bigfile.h"

static int damaged(struct depot *d, struct item *it, struct err *e)
{
	struct seg *s = index_seg(&d->index, it->segment);

	if (!it->held)
		depot_quarantine(d, s, (struct span){ .from = it->offset, .to = it->offset + it->length },
				 "an accepted message can no longer be read");
	it->held = true;
	index_unschedule(&d->index, it);
	err_set(e, "message %" PRIu64 " is damaged on disk", it->qp);
	if (e != NULL)
		e->code = EBADMSG;
	return -1;
}

/* Of a segment that nobody has open.  It stays open until another one is asked for: messages that are looked at one
 * after the other lie side by side. */
static int open_to_read(struct depot *d, struct seg *s, struct err *e)
{
	char name[SEGMENT_NAME];

	if (s->fd >= 0)
		return s->fd;
	if (d->reading.fd >= 0 && d->reading.id == s->head.id)
		return d->reading.fd;
	fd_clear(&d->reading.fd);
	segment_name(name, s->head.id, false);
	d->reading.id = s->head.id;
	d->reading.fd = openat(d->segments, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return d->reading.fd >= 0 ? d->reading.fd : err_sys(e, "open segments/%s", name);
}

int item_load(struct depot *d, struct item *it, struct scan_hit *hit, struct err *e)
{
	struct seg *s = index_seg(&d->index, it->segment);
	char *bytes = mem_alloc(it->length);
	int fd = open_to_read(d, s, e), rc;
	struct scan scan = { .bytes = str_mem(bytes, it->length),
			     .base = it->offset,
			     .segment = s->head.id,
			     .nonce = s->head.nonce,
			     .whole = true };

	rc = fd < 0 ? -1 : io_pread_all(fd, bytes, it->length, (off_t)it->offset);
	if (fd >= 0 && rc < 0)
		err_sys(e, "read segments/%" PRIu64 ".segment", it->segment);
	if (rc == 0 && (record_next(&scan, hit) != SCAN_RECORD || hit->r.qp != it->qp))
		rc = damaged(d, it, e);
	if (rc < 0)
		free(bytes);
	return rc;
}

void item_unload(const struct scan_hit *hit)
{
	free((void *)(uintptr_t)(hit->envelope.p - RECORD_HEADER));
}

int depot_envelope(struct depot *d, struct item *it, struct arena *a, struct envelope *out, struct err *e)
{
	struct scan_hit hit;
	struct str packed;

	if (item_load(d, it, &hit, e) < 0)
		return -1;
	packed = arena_str(a, hit.envelope);
	item_unload(&hit);
	return envelope_unpack(packed, a, out, e);
}

void depot_note_domains(struct depot *d, struct item *it, const struct envelope *v)
{
	ARENA(mem);

	for (size_t i = 0; i < it->nrcpts && i < v->nrcpts; i++) {
		struct str to = v->rcpts[i].final;

		if (it->rcpts[i].domain == NULL)
			it->rcpts[i].domain = intern_keep(
			    &d->index.texts, arena_lower(&mem, str_skip(to, (size_t)(str_rchr(to, '@') + 1))));
	}
}

const char *depot_domain(struct depot *d, struct item *it, size_t rcpt, struct err *e)
{
	ARENA(mem);
	struct envelope v;

	if (it->rcpts[rcpt].domain != NULL)
		return it->rcpts[rcpt].domain;
	if (depot_envelope(d, it, &mem, &v, e) < 0)
		return NULL;
	depot_note_domains(d, it, &v);
	if (it->rcpts[rcpt].domain == NULL)
		err_set(e, "its envelope lacks recipient %zu", rcpt);
	return it->rcpts[rcpt].domain;
}

static int read_big(struct depot *d, struct item *it, const struct record *r, struct message *out, struct err *e)
{
	FD(fd) = big_open(d, r->big, O_RDONLY, e);

	if (fd < 0)
		return -1;
	if (!it->verified && bigfile_check(fd, r, e) < 0)
		return e->code == EBADMSG ? damaged(d, it, e) : -1;
	it->verified = true;
	*out = (struct message){ .fd = fd_steal(&fd),
				 .offset = RECORD_HEAD_MAX - (uint64_t)r->head,
				 .size = r->head + r->body };
	return 0;
}

/* Head and body stand side by side in the record. */
static int read_small(const struct scan_hit *hit, struct message *out, struct err *e)
{
	struct str whole = str_mem(hit->head.p, hit->head.n + hit->body.n);
	int fd = io_memfd("message", whole, e);

	if (fd < 0)
		return -1;
	*out = (struct message){ .fd = fd, .size = whole.n };
	return 0;
}

static int read_hit(struct depot *d, struct item *it, const struct scan_hit *hit, struct message *out, struct err *e)
{
	return hit->r.big != 0 ? read_big(d, it, &hit->r, out, e) : read_small(hit, out, e);
}

int depot_read(struct depot *d, struct item *it, struct message *out, struct err *e)
{
	struct err own = { 0 };
	struct scan_hit hit;
	int rc;

	e = e != NULL ? e : &own;
	if (item_load(d, it, &hit, e) < 0)
		return -1;
	rc = read_hit(d, it, &hit, out, e);
	item_unload(&hit);
	return rc;
}

int depot_load(struct depot *d, struct item *it, struct arena *a, struct loaded *out, struct err *e)
{
	struct scan_hit hit;
	int rc;

	if (item_load(d, it, &hit, e) < 0)
		return -1;
	rc = envelope_unpack(arena_str(a, hit.envelope), a, &out->v, e);
	if (rc == 0)
		rc = read_hit(d, it, &hit, &out->m, e);
	item_unload(&hit);
	return rc;
}
