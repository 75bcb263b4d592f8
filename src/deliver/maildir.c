#include "deliver/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/io.h"
#include "deliver/copy.h"
#include "deliver/subaddress.h"
#include "deliver/usage.h"

/* The three that end a job return -1, so that `return end_job(...)` reads well. */
static int end_job(struct maildir_job *j, enum outcome_kind kind, const char *report)
{
	j->ended = true;
	j->out.kind = kind;
	j->out.report = arena_str(j->mem, str_of(report));
	return -1;
}

/* The machine failed: qmail's sentence, and ours behind it. */
static int defer_job(struct maildir_job *j, const char *report, int code)
{
	j->ended = true;
	j->trouble = code;
	j->out.kind = OUTCOME_DEFERRAL;
	j->out.report = arena_fmt(j->mem, "%s\n%s", report, strerror(code));
	return -1;
}

/* A tree that is not as we made it, or the disk? */
static int defer_by(struct maildir_job *j, int code)
{
	static const int odd[] = { ELOOP, ENOTDIR, EACCES, EPERM, ENOENT, EXDEV, EEXIST, EISDIR, ENXIO };

	for (size_t i = 0; i < COUNT(odd); i++)
		if (code == odd[i])
			return defer_job(j, "Unable to chdir to maildir. (#4.2.1)", code);
	return defer_job(j, "Temporary error on maildir delivery. (#4.3.0)", code);
}

/* Which folder?  The one that the address names, when it is there at this moment; mail makes none. */
static struct place place_of(const struct maildir *m, const struct maildir_job *j)
{
	struct place at = { .home = box_home(j->mem, j->final), .junk = j->junk };
	struct str name = m->subaddress && !j->junk && at.home != NULL ? subaddress_of(j->final, j->original) : STR("");

	if (name.n > 0 && box_has(m->root, at.home, name))
		at.name = arena_str(j->mem, name).p;
	return at;
}

/* Every job's mailbox is opened, or the job ends.  Folders are made when a message is staged; afterwards a missing one
 * is a disk that is not mounted, not a delivery. */
static void open_boxes(const struct maildir *m, struct batch *b, struct maildir_job **jobs, size_t n, bool make)
{
	for (size_t i = 0; i < n; i++) {
		struct maildir_job *j = jobs[i];

		j->file = -1;
		j->ended = false;
		j->trouble = 0;
		j->at = place_of(m, j);
		if (j->at.home != NULL)
			batch_open(b, j->at);
		else
			end_job(j, OUTCOME_FAILURE, "Sorry, no mailbox here by that name. (#5.1.1)");
	}
	if (make)
		batch_make(b);
	for (size_t i = 0; i < n; i++) {
		jobs[i]->in = jobs[i]->ended ? NULL : batch_box(b, jobs[i]->at);
		if (jobs[i]->in == NULL && !jobs[i]->ended)
			defer_by(jobs[i], errno);
	}
}

/* Nothing of it may change while a message is in the queue: gone under this name means delivered. */
static const char *staged_name(struct arena *a, const struct maildir_job *j)
{
	return arena_fmt(a, "%lld.Q%lluR%llu", (long long)(j->time / 1000), (unsigned long long)j->qp,
			 (unsigned long long)j->rcpt)
	    .p;
}

struct str maildir_name(struct arena *a, const struct maildir *m, const struct maildir_job *j)
{
	BUF(host);

	/* Maildir's own escapes for what a host name must not bring in. */
	for (size_t i = 0; i < m->host.n && i < 128; i++) {
		char c = m->host.p[i];

		if (c == '/' || c == ':' || c == ',')
			buf_fmt(&host, "\\%03o", (unsigned)c);
		else
			buf_addc(&host, c);
	}
	return arena_fmt(a, "%s.%.*s,S=%llu", staged_name(a, j), STR_ARG(buf_str(&host)), (unsigned long long)j->bytes);
}

static int copy_in(struct maildir_job *j)
{
	struct copy c = { j->fd, j->offset, j->size, j->file, j->sender, j->final };
	struct err e = { 0 };

	switch (copy_message(&c, &e)) {
	case COPIED:
		/* Its blocks are under way while the others of the batch are written. */
		if (!j->in->whole)
			(void)sync_file_range(j->file, 0, 0, SYNC_FILE_RANGE_WRITE);
		return 0;
	case COPY_LOOPS:
		return end_job(j, OUTCOME_FAILURE,
			       "This message is looping: it already has my Delivered-To line. (#5.4.6)");
	case COPY_UNREADABLE:
		return defer_job(j, "Unable to read message. (#4.3.0)", e.code);
	case COPY_UNWRITABLE:
		break;
	}
	return defer_by(j, e.code);
}

/* What an earlier attempt left goes: it was not staged. */
static int make_staged(int staging, const char *name)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(staging, name, flags, 0600);

	if (fd >= 0 || errno != EEXIST)
		return fd;
	return unlinkat(staging, name, 0) < 0 && errno != ENOENT ? -1 : openat(staging, name, flags, 0600);
}

static int write_staged(const struct maildir *m, struct maildir_job *j)
{
	j->room = (struct room){ .size = j->size };
	if (m->quota != NULL && quota_full(m->quota, m->root, j->final, &j->room))
		return end_job(j, OUTCOME_DEFERRAL, "user is over quota (#4.2.2)");
	j->file = make_staged(j->in->box.staging, staged_name(j->mem, j));
	return j->file < 0 ? defer_by(j, errno) : copy_in(j);
}

static void sync_file(struct maildir_job *j)
{
	if (!j->ended && !j->in->whole && fsync(j->file) < 0)
		defer_by(j, errno);
}

/* The mailboxes were synced: what each said of its own. */
static void hear_sync(struct maildir_job *j)
{
	if (!j->ended && j->in->code != 0)
		defer_by(j, j->in->code);
}

/* What was not staged leaves nothing behind that takes room. */
static void end_file(struct maildir_job *j)
{
	if (j->ended && j->file >= 0)
		unlinkat(j->in->box.staging, staged_name(j->mem, j), 0);
	fd_clear(&j->file);
}

void maildir_stage(const struct maildir *m, struct maildir_job **jobs, size_t n)
{
	struct batch b;

	batch_init(&b, m->root, n);
	open_boxes(m, &b, jobs, n, true);
	for (size_t i = 0; i < n; i++)
		if (!jobs[i]->ended)
			write_staged(m, jobs[i]);
	for (size_t i = 0; i < n; i++)
		sync_file(jobs[i]);
	batch_sync(&b, false);
	for (size_t i = 0; i < n; i++) {
		hear_sync(jobs[i]);
		end_file(jobs[i]);
	}
	batch_clear(&b);
}

/* What stands under the staged name. */
struct staged {
	int code; /* errno: 0 our plain file, ENOENT nothing */
	ino_t ino;
	bool linked; /* it has a second name */
};

/* A folder that was itself removed says nothing about the file. */
static struct staged look_at_staged(struct maildir_job *j, const char *name)
{
	struct staged s = { 0 };
	struct stat st, dir;

	if (fstatat(j->in->box.staging, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		j->bytes = (uint64_t)st.st_size;
		s.code = S_ISREG(st.st_mode) && st.st_nlink <= 2 ? 0 : EPERM;
		s.ino = st.st_ino;
		s.linked = st.st_nlink == 2;
	} else {
		s.code = errno;
		if (errno == ENOENT && (fstat(j->in->box.staging, &dir) < 0 || dir.st_nlink == 0))
			s.code = ENOTDIR;
	}
	return s;
}

/* Does that folder of the Maildir hold the file, under this name or, as its owner has seen it, one that begins so? */
static bool holds(const struct maildir *m, const struct maildir_job *j, const struct place *at, const char *folder,
		  const char *name, ino_t ino)
{
	char in[FOLDER_PATH_MAX];
	struct dirent *d;
	bool found = false;
	DIR *dir;
	int fd;

	place_folder(at, in);
	fd = box_open(m->root, at->home, arena_fmt(j->mem, "%s/%s", in, folder).p, O_RDONLY | O_DIRECTORY);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		fd_clear(&fd);
		return false;
	}
	while (!found && (d = readdir(dir)) != NULL)
		found = d->d_ino == ino && str_starts(str_of(d->d_name), str_of(name));
	closedir(dir);
	return found;
}

/* In the folder of this attempt, or in the inbox: the folder may have come or gone since. */
static bool holds_it(const struct maildir *m, const struct maildir_job *j, const char *name, ino_t ino)
{
	struct place inbox = { .home = j->at.home };

	return holds(m, j, &j->at, "new", name, ino) || holds(m, j, &j->at, "cur", name, ino) ||
	       (j->at.name != NULL && (holds(m, j, &inbox, "new", name, ino) || holds(m, j, &inbox, "cur", name, ino)));
}

static bool same_bytes(int a, int b, uint64_t size)
{
	char of_a[4096], of_b[4096];

	for (uint64_t at = 0; at < size; at += sizeof(of_a)) {
		size_t n = size - at < sizeof(of_a) ? (size_t)(size - at) : sizeof(of_a);

		if (io_pread_all(a, of_a, n, (off_t)at) < 0 || io_pread_all(b, of_b, n, (off_t)at) < 0 ||
		    memcmp(of_a, of_b, n) != 0)
			return false;
	}
	return true;
}

/* Does the name in new/ stand for a whole copy, and is that on disk?  A backup that knows no hard links brings back two
 * files where an attempt was cut short. */
static bool copied(const struct maildir_job *j, const char *name, const char *to)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	FD(staged) = openat(j->in->box.staging, name, flags);
	FD(fresh) = openat(j->in->box.fresh, to, flags);
	struct stat st;

	if (staged < 0 || fresh < 0 || fstat(fresh, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size != j->bytes)
		return false;
	return same_bytes(staged, fresh, j->bytes) && fsync(fresh) == 0;
}

/* The file gets its name in new/ beside the staged one.  A rename would be two changes to two folders, and a machine
 * that dies may keep either alone (POSIX orders nothing): with the staged name gone and no new one the message is
 * lost. */
static int link_new(const struct maildir *m, struct maildir_job *j, const char *name, struct staged s)
{
	const char *to = maildir_name(j->mem, m, j).p;

	if (s.linked) {
		/* By an attempt that was cut short here; or somebody played with it. */
		if (holds_it(m, j, to, s.ino))
			return 0;
		errno = EPERM;
		return -1;
	}
	if (linkat(j->in->box.staging, name, j->in->box.fresh, to, 0) < 0) {
		int code = errno;

		if (code == EEXIST && copied(j, name, to))
			return 0;
		errno = code;
		/* A file system without hard links. */
		if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
			return -1;
		if (renameat2(j->in->box.staging, name, j->in->box.fresh, to, RENAME_NOREPLACE) < 0 &&
		    ((errno != EINVAL && errno != ENOSYS) ||
		     renameat(j->in->box.staging, name, j->in->box.fresh, to) < 0))
			return -1;
	}
	j->in->bytes += j->bytes;
	j->in->files++;
	return 0;
}

static int finish_one(const struct maildir *m, struct maildir_job *j)
{
	const char *name = staged_name(j->mem, j);
	struct staged s;

	s = look_at_staged(j, name);
	if (s.code == ENOENT)
		return 0;
	if (s.code != 0)
		return defer_by(j, s.code);
	return link_new(m, j, name, s) < 0 ? defer_by(j, errno) : 0;
}

/* The name in new/ is on disk: the staged one goes.  It need not be gone for good: whoever finds it finds both. */
static void drop_staged(struct maildir_job *j)
{
	if (unlinkat(j->in->box.staging, staged_name(j->mem, j), 0) < 0 && errno != ENOENT)
		defer_by(j, errno);
}

/* The final step, as the log tells it. */
static struct landing landing_of(struct maildir_job *j)
{
	char folder[FOLDER_PATH_MAX];

	place_folder(&j->at, folder);
	return (struct landing){
		.path = arena_fmt(j->mem, "%s/%s", j->at.home, folder),
		.rule = j->at.name != NULL ? arena_fmt(j->mem, "subaddress folder %s", j->at.name)
			: j->junk          ? STR("junk by gate")
					   : STR("mailbox"),
		.used = j->room.used,
		.limit = j->room.limit,
	};
}

static void end_delivered(struct maildir_job *j)
{
	const char *name = j->at.name;

	j->at_last = landing_of(j);
	end_job(j, OUTCOME_SUCCESS,
		name != NULL ? arena_fmt(j->mem, "folder %s\ndid 1+0+0", name).p
		: j->junk    ? "junk\ndid 1+0+0"
			     : "did 1+0+0");
}

static void note_usage(const struct maildir *m, const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->boxes[i].files > 0)
			usage_note(m->root, b->boxes[i].at.home, b->boxes[i].box.staging, b->boxes[i].bytes,
				   b->boxes[i].files);
}

void maildir_finish(const struct maildir *m, struct maildir_job **jobs, size_t n)
{
	struct batch b;

	batch_init(&b, m->root, n);
	open_boxes(m, &b, jobs, n, false);
	for (size_t i = 0; i < n; i++)
		if (!jobs[i]->ended)
			finish_one(m, jobs[i]);
	note_usage(m, &b);
	batch_sync(&b, true);
	for (size_t i = 0; i < n; i++) {
		hear_sync(jobs[i]);
		if (!jobs[i]->ended)
			drop_staged(jobs[i]);
		if (!jobs[i]->ended)
			end_delivered(jobs[i]);
	}
	batch_clear(&b);
}
