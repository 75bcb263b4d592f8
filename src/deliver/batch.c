#include "deliver/batch.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/err.h"

enum {
	WHOLE_LEAST = 3,    /* jobs; fewer are synced one by one */
	SLOW = 500,         /* ms: others have much to write there, */
	SLOW_PAUSE = 20000, /* and are not waited for again so soon */
};

static atomic_llong slow_until;

/* Since 5.8 syncfs() says when something could not be written. */
static bool kernel_tells(void)
{
	struct utsname u;
	unsigned major, minor;

	return uname(&u) == 0 && sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor >= 8));
}

/* Not those that only hand on what they are given, as fuse and overlayfs do. */
static bool disk_tells(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 &&
	       (st.f_type == EXT4_SUPER_MAGIC || st.f_type == XFS_SUPER_MAGIC || st.f_type == BTRFS_SUPER_MAGIC);
}

bool batch_may_be_whole(int root)
{
	return clock_mono() >= atomic_load(&slow_until) && disk_tells(root) && kernel_tells();
}

void batch_init(struct batch *b, int root, size_t jobs)
{
	*b = (struct batch){ .root = root, .room = jobs, .boxes = mem_alloc((jobs + 1) * sizeof(*b->boxes)) };
	b->whole = jobs >= WHOLE_LEAST && clock_mono() >= atomic_load(&slow_until) && kernel_tells();
}

static bool may_be_whole(const struct batch *b, const struct opened *o)
{
	for (const struct opened *k = b->boxes; k < o; k++)
		if (k->error == 0 && k->dev == o->dev)
			return k->whole;
	return b->whole && disk_tells(o->box.staging);
}

static void enter(struct batch *b, struct opened *o)
{
	struct stat st;

	o->error = box_enter(b->root, &o->at, &o->box) < 0 || fstat(o->box.staging, &st) < 0 ? errno : 0;
	if (o->error != 0) {
		box_leave(&o->box);
		return;
	}
	o->dev = st.st_dev;
	o->whole = may_be_whole(b, o);
}

static struct opened *find(const struct batch *b, struct place at)
{
	for (size_t i = 0; i < b->n; i++)
		if (place_same(&b->boxes[i].at, &at))
			return &b->boxes[i];
	return NULL;
}

void batch_open(struct batch *b, struct place at)
{
	struct opened *o = &b->boxes[b->n];

	if (find(b, at) != NULL)
		return;
	MUST(b->n < b->room);
	*o = (struct opened){ .at = at, .box = { -1, -1 } };
	enter(b, o);
	b->n++;
}

void batch_make(struct batch *b)
{
	struct place *places = mem_alloc((b->n + 1) * sizeof(*places));
	int *codes = mem_alloc((b->n + 1) * sizeof(*codes));
	size_t n = 0, at = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->boxes[i].error == ENOENT)
			places[n++] = b->boxes[i].at;
	if (n > 0)
		box_make(b->root, places, codes, n, n >= WHOLE_LEAST && b->whole && disk_tells(b->root));
	for (size_t i = 0; i < b->n && at < n; i++) {
		struct opened *o = &b->boxes[i];

		if (o->error != ENOENT)
			continue;
		if (codes[at] == 0)
			enter(b, o);
		else
			o->error = codes[at];
		at++;
	}
	free(places);
	free(codes);
}

struct opened *batch_box(struct batch *b, struct place at)
{
	struct opened *o = find(b, at);

	MUST(o != NULL);
	errno = o->error;
	return o->error == 0 ? o : NULL;
}

/* The descriptor is of this batch, opened before anything was written: it hears of every failure since then, whoever
 * else syncs meanwhile. */
static int sync_disk(int fd)
{
	int64_t begun = clock_mono();
	int code = syncfs(fd) < 0 || fsync(fd) < 0 ? errno : 0;

	if (clock_mono() - begun > SLOW)
		atomic_store(&slow_until, clock_mono() + SLOW_PAUSE);
	return code;
}

static int sync_one(const struct batch *b, const struct opened *o, bool fresh)
{
	int fd = fresh ? o->box.fresh : o->box.staging;

	if (!o->whole)
		return fsync(fd) < 0 ? errno : 0;
	for (const struct opened *k = b->boxes; k < o; k++)
		if (k->error == 0 && k->whole && k->dev == o->dev)
			return k->code;
	return sync_disk(fd);
}

void batch_sync(struct batch *b, bool fresh)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->boxes[i].error == 0)
			b->boxes[i].code = sync_one(b, &b->boxes[i], fresh);
}

void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		box_leave(&b->boxes[i].box);
	free(b->boxes);
	*b = (struct batch){ .root = -1 };
}
