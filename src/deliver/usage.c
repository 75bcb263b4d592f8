#include "deliver/usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "deliver/box.h"

#define NOTES "maildirsize"
#define NOTE_MAX (INT64_C(1) << 50) /* bytes or messages in one line */

enum {
	ENTRIES_MOST = 1000 * 1000, /* of all folders together */
	LOOK_AT_CLOCK = 64          /* entries between two looks */
};

struct count {
	struct usage u;
	int64_t deadline;
	uint64_t entries;
};

static void add_bytes(struct usage *u, uint64_t bytes)
{
	u->files++;
	u->bytes = bytes > USAGE_BYTES_MAX - u->bytes ? USAGE_BYTES_MAX : u->bytes + bytes;
}

/* One more of what may be counted?  The answer stays no. */
static bool go_on(struct count *c)
{
	c->entries++;
	if (c->entries > ENTRIES_MOST || (c->entries % LOOK_AT_CLOCK == 1 && clock_mono() >= c->deadline))
		c->entries = ENTRIES_MOST;
	if (c->entries >= ENTRIES_MOST)
		c->u.whole = false;
	return c->entries < ENTRIES_MOST;
}

bool usage_read_name(struct str name, uint64_t *bytes)
{
	ptrdiff_t at;
	size_t n = 0;

	while ((at = str_find(name, STR(",S="))) >= 0) {
		name = str_skip(name, (size_t)at + 3);
		for (n = 0; n < name.n && ascii_isdigit(name.p[n]); n++)
			;
		if ((n == name.n || name.p[n] == ',' || name.p[n] == ':') &&
		    str_u64(str_take(name, n), USAGE_BYTES_MAX, bytes))
			return true;
	}
	return false;
}

static void count_message(struct count *c, int dir, const struct dirent *d)
{
	struct stat st;
	uint64_t bytes;

	if (d->d_name[0] == '.' || (d->d_type != DT_REG && d->d_type != DT_UNKNOWN))
		return;
	if (usage_read_name(str_of(d->d_name), &bytes))
		add_bytes(&c->u, bytes);
	else if (fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
		add_bytes(&c->u, (uint64_t)st.st_size);
}

/* NULL when there is none; one that cannot be read makes the count a lower bound. */
static DIR *open_folder(struct count *c, int at, const char *name)
{
	FD(fd) = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir != NULL)
		(void)fd_steal(&fd);
	else if (errno != ENOENT)
		c->u.whole = false;
	return dir;
}

static void count_messages(struct count *c, int folder, const char *name)
{
	DIR *dir = open_folder(c, folder, name);
	struct dirent *d;

	if (dir == NULL)
		return;
	while (go_on(c) && (d = readdir(dir)) != NULL)
		count_message(c, dirfd(dir), d);
	closedir(dir);
}

static void count_folder(struct count *c, int folder)
{
	count_messages(c, folder, "new");
	count_messages(c, folder, "cur");
}

static bool names_folder(const struct dirent *d)
{
	struct str name = str_of(d->d_name);

	return name.p[0] == '.' && !str_eqz(name, ".") && !str_eqz(name, "..") &&
	       (d->d_type == DT_DIR || d->d_type == DT_UNKNOWN);
}

static void count_maildir(struct count *c, DIR *maildir)
{
	struct dirent *d;

	count_folder(c, dirfd(maildir));
	while (go_on(c) && (d = readdir(maildir)) != NULL) {
		FD(fd) = -1;

		if (!names_folder(d))
			continue;
		fd = openat(dirfd(maildir), d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			count_folder(c, fd);
		else if (errno != ENOTDIR && errno != ELOOP && errno != ENOENT)
			c->u.whole = false;
	}
}

int usage_count(int root, const char *home, int64_t deadline, struct usage *out)
{
	struct count c = { .u = { .whole = true }, .deadline = deadline };
	FD(fd) = box_open(root, home, "Maildir", O_RDONLY | O_DIRECTORY);
	DIR *maildir;

	if (fd < 0 && errno != ENOENT)
		return -1;
	if (fd >= 0) {
		maildir = fdopendir(fd);
		if (maildir == NULL)
			return -1;
		(void)fd_steal(&fd);
		count_maildir(&c, maildir);
		closedir(maildir);
	}
	*out = c.u;
	return 0;
}

/* "10485760S,1000C", or nothing */
static bool limit_ok(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (!ascii_isdigit(line.p[i]) && line.p[i] != 'S' && line.p[i] != 'C' && line.p[i] != ',')
			return false;
	return true;
}

/* [-]DIGITS added to *sum, which stays within what a mailbox can be. */
static bool add_number(struct str word, int64_t *sum)
{
	bool minus = word.n > 0 && word.p[0] == '-';
	uint64_t n;

	if (!str_u64(str_skip(word, minus ? 1 : 0), NOTE_MAX, &n))
		return false;
	*sum += minus ? -(int64_t)n : (int64_t)n;
	return true;
}

/* A number in each line of at most USAGE_NOTES_MAX bytes: the sums cannot overflow. */
bool usage_read_notes(struct str text, uint64_t *bytes)
{
	int64_t sum = 0, files = 0;
	struct str line;

	if (text.n >= USAGE_NOTES_MAX || !str_ends(text, STR("\n")) || !str_cut(text, STR("\n"), &line, &text) ||
	    !limit_ok(str_trim(line)) || text.n == 0)
		return false;
	while (str_cut(text, STR("\n"), &line, &text)) {
		struct str size = str_word(&line), count = str_word(&line);

		if (!add_number(size, &sum) || !add_number(count, &files) || str_word(&line).n > 0)
			return false;
	}
	*bytes = (uint64_t)sum;
	return sum >= 0 && files >= 0;
}

/* What stands in the maildirsize, if it is a plain file of ours that can be believed. */
static bool read_notes(int root, const char *home, struct buf *text, mode_t *mode)
{
	FD(fd) = box_open(root, home, "Maildir/" NOTES, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	uint64_t sum;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return false;
	*mode = st.st_mode & 0777;
	return io_slurp_fd(fd, USAGE_NOTES_MAX, text, NULL) == 0 && usage_read_notes(buf_str(text), &sum);
}

bool usage_noted(int root, const char *home, uint64_t *bytes)
{
	BUF(text);
	mode_t mode;

	return read_notes(root, home, &text, &mode) && usage_read_notes(buf_str(&text), bytes);
}

/* A file of our own making takes the place of the old one, which may by now be anything. */
static int replace_notes(int maildir, int staging, struct str text, mode_t mode)
{
	FD(fd) = -1;

	if (unlinkat(staging, NOTES, 0) < 0 && errno != ENOENT)
		return -1;
	fd = openat(staging, NOTES, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (io_write_all(fd, text.p, text.n) < 0 || fchmod(fd, mode) < 0 ||
	    renameat(staging, NOTES, maildir, NOTES) < 0)
		return unlinkat(staging, NOTES, 0), -1;
	return 0;
}

void usage_note(int root, const char *home, int staging, uint64_t bytes, uint64_t files)
{
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	FD(maildir) = -1;
	BUF(text);
	mode_t mode;

	if (!read_notes(root, home, &text, &mode))
		return;
	buf_reset(&text);
	pthread_mutex_lock(&one_at_a_time);
	if (read_notes(root, home, &text, &mode)) {
		buf_fmt(&text, "%llu %llu\n", (unsigned long long)bytes, (unsigned long long)files);
		maildir = box_open(root, home, "Maildir", O_RDONLY | O_DIRECTORY);
		/* A line that is lost is found when the owner counts again, as Maildir++ has it. */
		if (maildir >= 0)
			(void)replace_notes(maildir, staging, buf_str(&text), mode);
	}
	pthread_mutex_unlock(&one_at_a_time);
}
