/* queue/recover.c - from what a crash left to a state that is whole (doc/QUEUE.md, Recovery). */
#include "queue/inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

enum { FORGET = 16 * 1024 * 1024 /* bytes of a journal that are given back at once; whole pages */ };

/* Put a file that makes no sense aside; it keeps its bytes and gets a name that is free. */
static void put_aside(struct depot *d, int dir, const char *name, const char *why)
{
	char aside[NAME_MAX];

	snprintf(aside, sizeof(aside), "%" PRId64 "-%.200s", clock_wall(), name);
	if (renameat2(dir, name, d->corrupt, aside, RENAME_NOREPLACE) < 0 || fsync(d->corrupt) < 0 || fsync(dir) < 0)
		depot_complain(d, "spool file %s: %s; it could not be moved to corrupt/ (error %d)", name, why, errno);
	else
		depot_complain(d, "spool file %s: %s; it is now corrupt/%s", name, why, aside);
}

/* What could not be read (a disk that fails, no descriptor, no memory) says nothing about the mail in it: nothing is
 * concluded, and the start is tried again.  Only what was read can be wrong. */
static int unreadable(const char *name, struct err *e)
{
	return err_sys(e, "read segments/%s (it may hold mail, so there is no start without it)", name);
}

/* 1: this is not what its name says. */
static int read_segment(struct depot *d, const char *name, uint64_t id, struct err *e)
{
	FD(fd) = openat(d->segments, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct err why = { 0 };
	struct segment_head h;
	struct stat st;

	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		return 1;
	if (fd < 0 || fstat(fd, &st) < 0)
		return unreadable(name, e);
	if (!S_ISREG(st.st_mode))
		return 1;
	if (segment_read(fd, &h, &why) < 0) {
		errno = why.code;
		return why.code != 0 ? unreadable(name, e) : 1;
	}
	if (h.id != id || (uint64_t)st.st_size < h.size)
		return 1;
	index_seg_add(&d->index, &h);
	return 0;
}

static int see_segment(struct depot *d, const char *name, struct err *e)
{
	uint64_t id;
	bool making;
	int rc = 0;

	if (!segment_named(name, &id, &making)) {
		put_aside(d, d->segments, name, "not a file of ours");
	} else if (making) {
		if (unlinkat(d->segments, name, 0) < 0)
			depot_complain(d, "cannot remove segments/%s (error %d)", name, errno);
	} else if ((rc = read_segment(d, name, id, e)) > 0) {
		put_aside(d, d->segments, name, "not a segment, or not the one that its name says");
		rc = 0;
	}
	return rc;
}

/* Files of nobody go, unless a segment that may name them waits to be read. */
static int see_big(struct depot *d, const char *name, struct err *e)
{
	uint64_t id;

	(void)e;
	if (!str_u64(str_of(name), UINT64_MAX, &id)) {
		put_aside(d, d->big, name, "not a file of ours");
		return 0;
	}
	numbers_raise(&d->numbers, NUMBER_FILE, id);
	if (d->unread.n == 0 && map_getn(&d->used, id) == NULL && unlinkat(d->big, name, 0) < 0)
		depot_complain(d, "cannot remove big/%s (error %d)", name, errno);
	return 0;
}

/* Names are collected first: what see() renames or removes must not disturb the reading of the folder. */
static int each_name(struct depot *d, int folder, int (*see)(struct depot *, const char *, struct err *), struct err *e)
{
	BUF(names);
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return err_sys(e, "read the spool folder");
	}
	while ((errno = 0, entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			buf_add(&names, entry->d_name, strlen(entry->d_name) + 1);
	if (errno != 0) {
		err_sys(e, "read the spool folder");
		closedir(dir);
		return -1;
	}
	closedir(dir);
	for (size_t at = 0; at < names.n && rc == 0; at += strlen(names.p + at) + 1)
		rc = see(d, names.p + at, e);
	return rc;
}

static void keep_bad_entries(struct depot *d, const struct journal_hit *hit, struct str bytes)
{
	char name[80];
	FD(fd) = -1;

	snprintf(name, sizeof(name), "journal-%" PRId64 "-%zu-%zu", clock_wall(), hit->from, hit->to);
	depot_complain(d, "spool/journal, bytes %zu to %zu: %s; a copy is in corrupt/%s", hit->from, hit->to,
		       hit->tail ? "entries that were not completed, cut off" : "not entries, skipped", name);
	fd = openat(d->corrupt, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write_all(fd, bytes.p + hit->from, hit->to - hit->from) < 0 || fsync(fd) < 0)
		depot_complain(d, "could not keep a copy in corrupt/%s (error %d)", name, errno);
}

/* What was read is not kept: the messages that it told of take its room. */
static void forget_before(struct str bytes, size_t at, size_t *forgotten)
{
	size_t to = at / FORGET * FORGET;

	if (to > *forgotten)
		(void)madvise((void *)(uintptr_t)(bytes.p + *forgotten), to - *forgotten, MADV_DONTNEED);
	*forgotten = to > *forgotten ? to : *forgotten;
}

static int replay(struct depot *d, struct str bytes, struct err *e)
{
	size_t forgotten = 0;

	struct journal_scan scan;
	struct journal_hit hit;
	enum journal_found found;
	struct err why = { 0 };

	if (journal_begin(&scan, bytes, e) < 0)
		return -1;
	while ((found = journal_next(&scan, &hit)) != JOURNAL_END) {
		if (found == JOURNAL_BAD)
			keep_bad_entries(d, &hit, bytes);
		else if (index_apply(&d->index, &hit.entry, &why) < 0)
			depot_complain(d, "spool/journal, byte %zu: %s", hit.from, why.text);
		forget_before(bytes, hit.to, &forgotten);
	}
	return 0;
}

static int load_journal(struct depot *d, struct err *e)
{
	FD(fd) = openat(d->dir, "journal", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	struct err why = { 0 };
	void *bytes;
	int rc;

	if (fd < 0 && errno == ENOENT) {
		if (d->index.segs.n > 0)
			depot_complain(d, "spool/journal is missing: all messages in the segments count as new");
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open spool/journal");
	bytes = mmap(NULL, (size_t)st.st_size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return err_sys(e, "memory for spool/journal");
	rc = io_pread_all(fd, bytes, (size_t)st.st_size, 0);
	if (rc < 0)
		err_sys(e, "read spool/journal");
	else if (replay(d, str_mem(bytes, (size_t)st.st_size), &why) < 0)
		put_aside(d, d->dir, "journal", "its beginning is damaged; all messages in the segments count as new");
	munmap(bytes, (size_t)st.st_size + 1);
	return rc;
}

static bool looked_at(const struct seg *s)
{
	return s->sealed && s->covered >= s->head.size && s->ngaps == 0;
}

/* Where the checkpoint promised more messages than it lists, the whole segment is read again. */
static void doubt(struct seg *s)
{
	if (s->listed >= s->promised)
		return;
	s->ngaps = 0;
	s->covered = SEGMENT_START;
}

static void scan_segments(struct depot *d)
{
	struct seg *s;

	for (size_t i = 0; (s = map_next(&d->index.segs, &i, NULL)) != NULL;) {
		doubt(s);
		if (s->exists && !looked_at(s))
			(void)depot_seal_scanned(d, s);
	}
}

/* True when the message can never be delivered: its bytes are gone. */
static bool lost(struct depot *d, struct item *it)
{
	const struct seg *s = index_seg(&d->index, it->segment);
	char name[SEGMENT_NAME];
	struct stat st;

	if (!s->exists) {
		depot_complain(d, "message %" PRIu64 " is lost: its segment %" PRIu64 " is gone", it->qp, it->segment);
		return true;
	}
	snprintf(name, sizeof(name), "%" PRIu64, it->big);
	if (it->big != 0 && fstatat(d->big, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
		depot_complain(d, "message %" PRIu64 " is lost: its file big/%s is gone", it->qp, name);
		return true;
	}
	return false;
}

/* A child settles its parent's recipients; the journal may have kept the child's entry and lost theirs. */
static void settle_parents(struct depot *d)
{
	struct item *it;

	for (uint64_t i = 0; (it = depot_walk(d, &i)) != NULL;) {
		ARENA(mem);
		struct envelope v;
		struct err e = { 0 };

		if (it->parent_qp == 0 || index_item(&d->index, it->parent_qp) == NULL)
			continue;
		if (depot_envelope(d, it, &mem, &v, &e) == 0)
			depot_settle_parent(d, &v);
		else
			index_apply_settled(&d->index, &(struct journal_settled){ it->parent_qp, it->parent_rcpt, 0 });
	}
}

/* A message whose children were found beside it may be final before it was news. */
static void sort_news(struct depot *d)
{
	struct item *it = d->news, *next;

	d->news = NULL;
	d->news_last = &d->news;
	for (; it != NULL; it = next) {
		next = it->next;
		it->next = NULL;
		if (it->left == 0)
			continue;
		*d->news_last = it;
		d->news_last = &it->next;
	}
}

/* Items that are done or lost go; the others wait again, or are news. */
static void sort_out(struct depot *d)
{
	struct ids gone = { 0 }, rows = { 0 };
	struct item *it;
	struct seg *s;

	settle_parents(d);
	sort_news(d);
	for (uint64_t i = 0; (it = depot_walk(d, &i)) != NULL;)
		if (it->left == 0 || (!it->recovered && lost(d, it)))
			ids_add(&gone, it->qp);
	for (size_t i = 0; i < gone.n; i++)
		index_drop(&d->index, index_item(&d->index, gone.at[i]));
	for (size_t i = 0; (s = map_next(&d->index.segs, &i, NULL)) != NULL;)
		if (!s->exists)
			ids_add(&rows, s->head.id);
	for (size_t i = 0; i < rows.n; i++)
		index_seg_drop(&d->index, index_seg(&d->index, rows.at[i]));
	for (uint64_t i = 0; (it = depot_walk(d, &i)) != NULL;) {
		if (!it->recovered)
			index_schedule(&d->index, it);
		if (it->big != 0)
			map_putn(&d->used, it->big, it);
	}
	free(gone.at);
	free(rows.at);
}

static bool is_fresh(const struct depot *d)
{
	struct stat st;

	return d->index.segs.n == 0 && fstatat(d->dir, "journal", &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static int open_numbers(struct depot *d, struct err *e)
{
	struct seg *s;

	if (numbers_open(&d->numbers, d->dir, is_fresh(d), e) < 0)
		return -1;
	for (size_t i = 0; (s = map_next(&d->index.segs, &i, NULL)) != NULL;)
		numbers_raise(&d->numbers, NUMBER_FILE, s->head.id);
	return 0;
}

int depot_recover(struct depot *d, struct err *e)
{
	int rc;

	d->recovering = true;
	if (each_name(d, d->segments, see_segment, e) < 0 || open_numbers(d, e) < 0 || load_journal(d, e) < 0)
		return -1;
	scan_segments(d);
	sort_out(d);
	rc = each_name(d, d->big, see_big, e);
	map_clear(&d->used);
	if (rc < 0)
		return -1;
	if (fsync(d->big) < 0 || fsync(d->segments) < 0)
		return err_sys(e, "sync the spool folders");
	d->recovering = false;
	return depot_checkpoint(d, e);
}
