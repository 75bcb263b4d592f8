/* Make an index: read and join as a question would, then write down what came of it. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "index/bytes.h"
#include "index/digest.h"
#include "index/inside.h"
#include "index/kin.h"
#include "trace/group.h"
#include "trace/rows.h"

enum { BLOCK = 64 << 10, TRIES = 3, DAY = 86400 };
#define INDEX_LOCK "lock"

struct builder {
	const struct survey_paths *paths;
	const struct index_progress *say;
	struct source source;
	struct book book;
	struct tale tale;
	struct buf survey;
	struct pack_keys keys;
	struct kin kin;
	struct chapter_out *out;
	struct buf root;
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
	group_read(&b->book, clock_wall() / 1000);
	complete(&b->tale, &b->book);
	report(b, INDEX_JOINING, 1, 1);
	return 0;
}

/* ---- writing ---- */

struct block {
	struct buf sizes, bodies, whole;
	uint32_t n;
	struct buf directory;
	uint64_t blocks;
};

static void end_block(struct builder *b, struct block *x)
{
	if (x->n == 0)
		return;
	buf_reset(&x->whole);
	bytes_put_str(&x->whole, buf_str(&x->sizes));
	buf_addstr(&x->whole, buf_str(&x->bodies));
	chapter_put_frame(&x->directory, chapter_add(b->out, buf_str(&x->whole)));
	bytes_put(&x->directory, x->n);
	x->blocks++;
	x->n = 0;
	buf_reset(&x->sizes);
	buf_reset(&x->bodies);
}

static int put_families(struct builder *b, struct packer *k, struct digest *d, struct block *x, struct err *e)
{
	for (uint32_t f = 0; f < b->kin.families; f++) {
		struct story *const *at = b->kin.stories + b->kin.first[f];
		size_t n = b->kin.first[f + 1] - b->kin.first[f], from = x->bodies.n;

		if (f % 4096 == 0)
			report(b, INDEX_WRITING, f, b->kin.families);
		if (!pack_family(k, &x->bodies, at, n))
			return err_set(e, "the logs hold something that an index cannot keep");
		digest_family(d, k, f, at, n);
		bytes_put(&x->sizes, x->bodies.n - from);
		x->n++;
		if (x->bodies.n >= BLOCK)
			end_block(b, x);
	}
	end_block(b, x);
	report(b, INDEX_WRITING, b->kin.families, b->kin.families);
	return 0;
}

/* What the stamps mean depends on this machine only if the logs do not say it. */
static void put_zone(struct builder *b)
{
	const struct book *k = &b->book;
	bool assumed = k->zone.nsteps == 0 && k->oldest != 0;
	int64_t from = assumed ? k->oldest - 2 * DAY : 1, to = assumed ? k->newest + 2 * DAY : 0;

	bytes_put_int(&b->root, from);
	bytes_put_int(&b->root, to);
	bytes_put(&b->root, assumed ? survey_zone(from, to) : 0);
}

/* Rows that a frame cannot hold are not kept: then there is an empty one, and statistics bring the stories to life. */
static void put_rows(struct builder *b)
{
	struct rows rows = { 0 };
	BUF(packed);

	rows_of_tale(&rows, &b->tale);
	rows_pack(&packed, &rows);
	rows_clear(&rows);
	if (packed.n > CHAPTER_FRAME_MAX)
		buf_reset(&packed);
	chapter_put_frame(&b->root, chapter_add(b->out, buf_str(&packed)));
}

static void put_root(struct builder *b, struct digest *d, const struct block *x)
{
	BUF(table);

	bytes_put_str(&b->root, buf_str(&b->survey));
	put_zone(b);
	root_put(&b->root, &b->source, &b->book, &b->keys);
	bytes_put(&b->root, b->tale.n);
	bytes_put(&b->root, b->kin.families);
	digest_table(&b->tale, b->kin.family, &table);
	chapter_put_frame(&b->root, chapter_add(b->out, buf_str(&table)));
	put_rows(b);
	bytes_put(&b->root, x->blocks);
	buf_addstr(&b->root, buf_str(&x->directory));
	digest_end(d);
	terms_write(digest_terms(d), b->out, &b->root);
}

static int write_all(struct builder *b, struct err *e)
{
	struct packer *k = pack_new(&b->tale, &b->keys);
	struct digest *d = digest_new(&b->tale);
	struct block x = { 0 };
	int rc;

	kin_find(&b->kin, &b->tale);
	rc = put_families(b, k, d, &x, e);
	if (rc == 0)
		put_root(b, d, &x);
	buf_clear(&x.sizes);
	buf_clear(&x.bodies);
	buf_clear(&x.whole);
	buf_clear(&x.directory);
	digest_free(d);
	pack_free(k);
	return rc == 0 ? chapter_publish(b->out, buf_str(&b->root), e) : -1;
}

static void sum_up(const struct builder *b, struct index_built *out)
{
	*out = (struct index_built){ .size = chapter_written(b->out), .files = b->source.n, .stories = b->tale.n };
	for (size_t i = 0; i < b->source.n; i++) {
		out->logs += b->source.files[i].text.n;
		out->lines += b->source.files[i].lines;
	}
}

static int build_in(int dirfd, const struct survey_paths *p, const struct index_progress *say, struct index_built *out,
		    struct err *e)
{
	struct builder b = { .paths = p, .say = say };
	int rc = -1;

	source_init(&b.source);
	b.out = chapter_create(dirfd, e);
	if (b.out != NULL && read_logs(&b, e) == 0)
		rc = write_all(&b, e);
	if (rc == 0)
		sum_up(&b, out);
	chapter_out_free(b.out);
	kin_clear(&b.kin);
	buf_clear(&b.root);
	forget(&b);
	buf_clear(&b.survey);
	return rc;
}

static bool is_fresh(const char *dir, const struct survey_paths *p, struct index_built *out)
{
	struct err ignored = { 0 };
	struct index *x = index_open(dir, p, &ignored);
	struct index_facts f;

	if (x == NULL)
		return false;
	index_facts(x, &f);
	*out = (struct index_built){ f.logs, f.size, f.files, f.lines, f.stories, true };
	index_close(x);
	return true;
}

int index_build(const char *dir, const struct survey_paths *p, const struct index_progress *say,
		struct index_built *out, struct err *e)
{
	FD(dirfd) = -1;
	FD(lock) = -1;

	if (io_mkdirs(dir, 0750, e) < 0)
		return -1;
	dirfd = io_opendir(AT_FDCWD, dir, e);
	if (dirfd < 0)
		return -1;
	lock = openat(dirfd, INDEX_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (lock < 0)
		return err_sys(e, "open %s/%s", dir, INDEX_LOCK);
	if (flock(lock, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, "another telltale is making the index in %s", dir);
	return is_fresh(dir, p, out) ? 0 : build_in(dirfd, p, say, out, e);
}

int index_remove(const char *dir, struct err *e)
{
	static const char *const names[] = { CHAPTER_NAME, "chapter.new", INDEX_LOCK };
	FD(dirfd) = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FD(lock) = -1;

	if (dirfd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", dir);
	lock = openat(dirfd, INDEX_LOCK, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, "another telltale is making the index in %s", dir);
	for (size_t i = 0; i < COUNT(names); i++)
		if (unlinkat(dirfd, names[i], 0) < 0 && errno != ENOENT)
			return err_sys(e, "remove %s/%s", dir, names[i]);
	return 0;
}
