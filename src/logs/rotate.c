#include "logs/rotate.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/io.h"
#include "logs/expiring.h"

enum { DAY = 86400, HOUR = 3600 };

int rotate_open(const char *folder, struct err *e)
{
	FD(dir) = io_opendir(AT_FDCWD, folder, e);

	if (dir < 0)
		return -1;
	if (flock(dir, LOCK_EX | LOCK_NB) == 0)
		return fd_steal(&dir);
	if (errno != EWOULDBLOCK)
		return err_sys(e, "lock %s", folder);
	return err_set(e, "%s is locked: its logs are being rotated, or an address is being forgotten; try again later",
		       folder);
}

void rotate_tell(const struct rotate_set *set, enum rotate_step step, const char *name, const char *why)
{
	set->tell(set->with, &(struct rotate_news){ .step = step, .name = name, .why = why });
}

static int64_t local_now(void)
{
	int64_t wall = clock_wall();

	return wall / 1000 + log_offset(wall);
}

static int64_t day_of(int64_t seconds)
{
	return seconds >= 0 ? seconds / DAY : -((-seconds + DAY - 1) / DAY);
}

/* What a rotation has before it: the folder, the wishes, how it went. */
struct round {
	int dir;
	const struct rotate_set *set;
	int64_t now;
	size_t bad;
	struct arena mem;
};

static void failed(struct round *r, const char *name, const struct err *e)
{
	rotate_tell(r->set, ROTATE_FAILED, name, e->text);
	r->bad++;
}

static bool ours(const struct round *r, const char *name)
{
	struct stat st;

	return !r->set->own || fstatat(r->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid == geteuid();
}

/* ---- open ---- */

/* The new file and the log change places.  Where a file system cannot do that, there is no log for a moment, and who
 * makes the new one is whoever comes first. */
static int change_places(struct round *r, const char *log, const char *plain, const char *hidden, struct err *e)
{
	if (renameat(r->dir, hidden, r->dir, plain) < 0)
		return err_sys(e, "make %s", plain);
	if (renameat2(r->dir, log, r->dir, plain, RENAME_EXCHANGE) == 0)
		return fsync(r->dir) < 0 ? err_sys(e, "sync the folder of %s", log) : 0;
	if (errno != EINVAL && errno != ENOSYS)
		return err_sys(e, "rename %s to %s", log, plain);
	if (renameat(r->dir, plain, r->dir, hidden) < 0 || renameat(r->dir, log, r->dir, plain) < 0)
		return err_sys(e, "rename %s to %s", log, plain);
	if (renameat2(r->dir, hidden, r->dir, log, RENAME_NOREPLACE) < 0)
		(void)unlinkat(r->dir, hidden, 0);
	return 0;
}

static int open_new(struct round *r, const char *log, const char *plain, const struct stat *st, struct err *e)
{
	const char *hidden = NULL;
	FD(fd) = rotate_create(r->dir, plain, st, &r->mem, &hidden, e);

	return fd < 0 ? -1 : change_places(r, log, plain, hidden, e);
}

/* Is something of an earlier day in it?  And of which day is it? */
static bool is_due(const struct round *r, int fd, const struct rotate_name *n, int64_t *day)
{
	int64_t first, last, today = day_of(r->now), latest = r->set->daily ? today - 1 : today;

	if (!rotate_span(fd, n, r->now, &first, &last))
		return false;
	if (r->set->daily && day_of(first) >= today)
		return false;
	*day = day_of(last) < latest ? day_of(last) : latest;
	return true;
}

static int open_day(struct round *r, const char *log, struct err *e)
{
	struct rotate_name n = rotate_name(str_of(log));
	struct civil c;
	struct stat st;
	const char *plain;
	int64_t day;
	FD(fd) = rotate_open_file(r->dir, log, O_RDONLY, &st, e);

	if (fd < 0)
		return -1;
	if (!is_due(r, fd, &n, &day) || (r->set->wants != NULL && !r->set->wants(r->set->with, log)))
		return 0;
	c = civil_of_seconds(day * DAY);
	plain = arena_fmt(&r->mem, "%s.%04d-%02d-%02d", log, c.year, c.month, c.day).p;
	if (faccessat(r->dir, plain, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, "%s is still there, so %s stays as it is", plain, log);
	if (n.family == LOG_FAMILIES ? rotate_server(r->dir, plain, &r->mem, e) < 0
				     : open_new(r, log, plain, &st, e) < 0)
		return -1;
	rotate_tell(r->set, ROTATE_OPENED, plain, NULL);
	return 0;
}

/* ---- all files of one form ---- */

static int pack_one(struct round *r, const char *plain, struct err *e)
{
	int rc = rotate_pack(r->dir, r->set, plain, e);

	if (rc > 0) {
		rotate_tell(r->set, ROTATE_LEFT, plain, "a program still writes into it: left for the next rotation");
		r->bad++;
	}
	return rc < 0 ? -1 : 0;
}

/* What a rotation that died had begun to write. */
static int remove_hidden(struct round *r, const char *name, struct err *e)
{
	return unlinkat(r->dir, name, 0) < 0 ? err_sys(e, "remove %s", name) : 0;
}

/* By its name and by the time of its last line: a clock that was wrong when the name was made removes nothing. */
static bool is_aged(const struct round *r, const char *name, int64_t keep, int64_t ahead, struct stat *st)
{
	struct rotate_name n = rotate_name(str_of(name));
	int64_t wall = clock_wall() / 1000;

	if (fstatat(r->dir, name, st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st->st_mode))
		return false;
	/* of a day that has 25 hours the last line may be an hour younger */
	return (n.day + 1) * DAY + keep / 1000 <= r->now + ahead &&
	       st->st_mtim.tv_sec + keep / 1000 <= wall + ahead + (ahead > 0 ? HOUR : 0);
}

static int remove_aged(struct round *r, const char *name, struct err *e)
{
	struct stat st;

	if (!is_aged(r, name, r->set->keep, 0, &st))
		return 0;
	if (unlinkat(r->dir, name, 0) < 0)
		return err_sys(e, "remove %s", name);
	rotate_tell(r->set, ROTATE_AGED, name, NULL);
	return 0;
}

/* What tomorrow's rotation removes.  Of another user's archives it is for that user's rotation to say. */
static int name_expiring(struct round *r, struct err *e)
{
	const char *const *names = NULL;
	size_t all = rotate_list(r->dir, ROTATE_ARCHIVE, &names, &r->mem, e), n = 0;
	struct expiring_file *at = arena_alloc(&r->mem, (all + 1) * sizeof(*at));
	struct expiring former;

	expiring_read(&former, r->dir, ".", &r->mem);
	for (size_t i = 0; i < all; i++) {
		struct stat st = { 0 };
		bool aged = is_aged(r, names[i], r->set->next, DAY, &st) && r->set->next > 0;

		if (ours(r, names[i]) ? aged : expiring_has(&former, str_of(names[i]), st.st_ino))
			at[n++] = (struct expiring_file){ str_of(names[i]), st.st_ino };
	}
	return e->text[0] != '\0' ? -1 : expiring_write(r->dir, at, n, clock_wall() / 1000 + DAY + 2 * HOUR, e);
}

static void each(struct round *r, enum rotate_form form, int (*act)(struct round *, const char *, struct err *))
{
	const char *const *names = NULL;
	struct err e = { 0 };
	size_t n = rotate_list(r->dir, form, &names, &r->mem, &e);

	if (e.text[0] != '\0')
		failed(r, ".", &e);
	for (size_t i = 0; i < n; i++) {
		e = (struct err){ 0 };
		if (ours(r, names[i]) && act(r, names[i], &e) < 0)
			failed(r, names[i], &e);
	}
}

size_t rotate_run(int dir, const struct rotate_set *set)
{
	struct round r = { .dir = dir, .set = set, .now = local_now(), .mem = ARENA_INIT };
	struct err e = { 0 };

	each(&r, ROTATE_HIDDEN, remove_hidden);
	each(&r, ROTATE_PLAIN, pack_one);
	each(&r, ROTATE_LIVE, open_day);
	each(&r, ROTATE_PLAIN, pack_one);
	if (set->keep > 0)
		each(&r, ROTATE_ARCHIVE, remove_aged);
	if (set->wants == NULL && name_expiring(&r, &e) < 0)
		failed(&r, ".expiring", &e);
	arena_clear(&r.mem);
	return r.bad;
}
