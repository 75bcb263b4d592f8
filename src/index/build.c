/* Make an index: read and join as a question would, then write down what came of it. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "index/inside.h"
#include "index/windows.h"
#include "index/write.h"
#include "trace/group.h"

enum { TRIES = 3 };
#define INDEX_LOCK "lock"

struct builder {
	const struct survey_paths *paths;
	struct team *team;
	const struct index_progress *say;
	struct source source;
	struct book book;
	struct tale tale;
	struct sets sets;
	struct buf survey;
	struct chapter_out *out;
	struct buf root;
	struct str why; /* these are no logs of ours */
};

static void report(const struct builder *b, enum index_phase phase, uint64_t done, uint64_t all)
{
	if (b->say != NULL)
		b->say->tell(b->say->with, phase, done, all);
}

static void forget(struct builder *b)
{
	book_clear(&b->book);
	source_clear(&b->source);
	buf_reset(&b->survey);
}

static int add_paths(struct builder *b, struct err *e)
{
	source_init(&b->source);
	b->source.most = b->paths->unpack;
	for (size_t i = 0; i < b->paths->n; i++) {
		report(b, INDEX_READING, i, b->paths->n);
		if (source_add(&b->source, b->paths->at[i], e) < 0)
			return -1;
	}
	report(b, INDEX_READING, b->paths->n, b->paths->n);
	return 0;
}

/* 1: they changed meanwhile. */
static int read_once(struct builder *b, struct err *e)
{
	BUF(after);

	forget(b);
	if (survey_take(&b->survey, b->paths, e) < 0 || add_paths(b, e) < 0 || survey_take(&after, b->paths, e) < 0)
		return -1;
	return !str_eq(buf_str(&after), buf_str(&b->survey));
}

static struct str text_of(void *with, size_t file)
{
	const struct builder *b = with;

	return buf_str(&b->source.files[file].text);
}

static int read_logs(struct builder *b, struct err *e)
{
	int rc = 1;

	for (int i = 0; i < TRIES && rc > 0; i++)
		rc = read_once(b, e);
	if (rc != 0)
		return rc < 0
			   ? -1
			   : err_set(e, "the logs kept changing while they were read: an index stands for logs as they "
					"are, so one of logs that are being written is of no use");
	report(b, INDEX_JOINING, 0, 1);
	book_init(&b->book, &b->source);
	group_files(&b->book);
	sets_begin(&b->sets, b->team, b->source.n, text_of, b);
	group_lines(&b->book, clock_wall() / 1000);
	complete(&b->tale, &b->book);
	report(b, INDEX_JOINING, 1, 1);
	return 0;
}

static int write_all(struct builder *b, struct err *e)
{
	struct writing_root r = {
		.survey = buf_str(&b->survey), .source = &b->source, .facts = &b->book, .sets = &b->sets
	};
	struct writing w;
	int rc;

	r.goes_on.why = b->why;
	write_begin(&w, &b->tale, b->out, &(struct write_how){ b->team, true });
	rc = write_families(&w, b->say, e);
	if (rc == 0)
		write_root(&w, &r, &b->root);
	write_end(&w);
	return rc == 0 ? chapter_publish(b->out, buf_str(&b->root), CHAPTER_LATEST, NULL, e) : -1;
}

/* All of it at once, whosever logs these are. */
static int build_whole(int dirfd, const struct tail_ask *as, struct str why, struct err *e)
{
	struct builder b = { .paths = as->paths, .say = as->say, .team = as->team, .why = why };
	int rc = -1;

	source_init(&b.source);
	b.out = chapter_create(dirfd, e);
	if (b.out != NULL && read_logs(&b, e) == 0)
		rc = write_all(&b, e);
	chapter_out_free(b.out);
	buf_clear(&b.root);
	sets_clear(&b.sets);
	forget(&b);
	buf_clear(&b.survey);
	return rc;
}

/* ---- window by window ---- */

/* Only its chapters stay: what others left takes room. */
static void tell_standing(int dirfd, struct index *x, bool fresh, struct index_built *out)
{
	uint64_t keep[INDEX_CHAPTERS];
	struct index_facts f;

	for (size_t i = 0; i < x->root.nbefore; i++)
		keep[i] = x->root.before[i].id;
	(void)chapter_sweep(dirfd, keep, x->root.nbefore, NULL);
	index_facts(x, &f);
	*out = (struct index_built){ f.logs, f.size, f.files, f.lines, f.stories, fresh };
}

/* Of a build that failed what stood before it. */
static void tell_built(const char *dir, int dirfd, struct index_built *out)
{
	struct index *x = index_look(dir, NULL);

	if (x != NULL)
		tell_standing(dirfd, x, false, out);
	else
		(void)chapter_sweep(dirfd, NULL, 0, NULL);
	index_close(x);
}

static bool is_fresh(const char *dir, int dirfd, const struct survey_paths *p, struct index_built *out)
{
	struct index *x = index_look(dir, NULL);
	bool fresh = x != NULL && index_stands(x, p, NULL);

	if (fresh)
		tell_standing(dirfd, x, true, out);
	index_close(x);
	return fresh;
}

/* All anew, beside the one that answers meanwhile; where such a one was cut short, it goes on from there. */
static int build_next(const char *dir, int dirfd, const struct tail_ask *as, struct err *e)
{
	struct tail_ask ask = *as;
	int rc;

	ask.as = CHAPTER_NEXT;
	rc = windows_write(dir, dirfd, &ask, false, NULL);
	if (rc < 0)
		rc = windows_write(dir, dirfd, &ask, true, e);
	return rc == 0 ? chapter_turn(dirfd, e) : -1;
}

static int build_in(const char *dir, int dirfd, const struct tail_ask *ask, struct index_built *out, struct err *e)
{
	struct err why = { 0 };
	int rc = windows_write(dir, dirfd, ask, false, NULL);

	if (rc < 0)
		rc = build_next(dir, dirfd, ask, &why);
	if (rc < 0)
		rc = build_whole(dirfd, ask, str_of(why.text), e);
	tell_built(dir, dirfd, out);
	return rc;
}

/* In a folder that was given to a group (folders.c) root's lock is for all of it, whatever root's umask is. */
static int open_lock(int dirfd)
{
	FD(lock) = openat(dirfd, INDEX_LOCK, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	struct stat st;

	if (lock >= 0 && fstat(dirfd, &st) == 0 && (st.st_mode & S_ISGID) != 0)
		(void)fchmod(lock, 0640);
	return fd_steal(&lock);
}

/* Whoever removes an index removes its lock, too. */
static bool is_the_lock(int dirfd, int lock)
{
	struct stat held, named;

	return fstat(lock, &held) == 0 && fstatat(dirfd, INDEX_LOCK, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static int busy(const char *dir, struct err *e)
{
	(void)err_set(e, "another telltale is making the index in %s", dir);
	if (e != NULL)
		e->code = EWOULDBLOCK;
	return -1;
}

/* What one window needed goes back before the next one: else holes are left, and more of them with each. */
static void give_memory_back(void)
{
	enum { LARGE = 1 << 20, KEPT = 16 << 20 };

	(void)mallopt(M_MMAP_THRESHOLD, LARGE);
	(void)mallopt(M_TRIM_THRESHOLD, KEPT);
}

/* The lock's descriptor.  One that was removed between opening and locking is made again. */
static int take_lock(int dirfd, const char *dir, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		FD(lock) = open_lock(dirfd);

		if (lock < 0)
			return err_sys(e, "open %s/%s", dir, INDEX_LOCK);
		if (flock(lock, LOCK_EX | LOCK_NB) < 0)
			break;
		if (is_the_lock(dirfd, lock))
			return fd_steal(&lock);
	}
	return busy(dir, e);
}

static int build_by(const char *dir, int dirfd, const struct survey_paths *p, const struct index_how *how,
		    struct index_built *out, struct err *e)
{
	struct tail_ask ask = {
		.paths = p,
		.rows = true,
		.say = how->say,
		.team = team_new(how->threads),
		.pairs = pairs_new(),
		.window = how->window > 0 ? how->window : WINDOW_USUAL,
	};
	int rc;

	give_memory_back();
	rc = build_in(dir, dirfd, &ask, out, e);
	team_free(ask.team);
	pairs_free(ask.pairs);
	return rc;
}

int index_build(const char *dir, const struct survey_paths *p, const struct index_how *how, struct index_built *out,
		struct err *e)
{
	FD(dirfd) = -1;
	FD(lock) = -1;

	if (io_mkdirs(dir, 0750, e) < 0)
		return -1;
	dirfd = io_opendir(AT_FDCWD, dir, e);
	if (dirfd < 0)
		return -1;
	lock = take_lock(dirfd, dir, e);
	if (lock < 0)
		return -1;
	return is_fresh(dir, dirfd, p, out) ? 0 : build_by(dir, dirfd, p, how, out, e);
}

int index_remove(const char *dir, bool *some, struct err *e)
{
	static const char *const names[] = { CHAPTER_NAME, "chapter.new" };
	FD(dirfd) = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FD(lock) = -1;

	*some = false;
	if (dirfd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", dir);
	lock = openat(dirfd, INDEX_LOCK, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) < 0)
		return busy(dir, e);
	for (size_t i = 0; i < COUNT(names); i++) {
		bool gone = unlinkat(dirfd, names[i], 0) == 0;

		*some = *some || gone;
		if (!gone && errno != ENOENT)
			return err_sys(e, "remove %s/%s", dir, names[i]);
	}
	if (chapter_sweep(dirfd, NULL, 0, e) < 0)
		return err_wrap(e, "the index in %s", dir);
	return unlinkat(dirfd, INDEX_LOCK, 0) < 0 && errno != ENOENT ? err_sys(e, "remove %s/%s", dir, INDEX_LOCK) : 0;
}
