#include "deliver/box.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/err.h"
#include "base/io.h"
#include "deliver/subaddress.h"

#define COMPONENT_MAX 255
#define PATH_MOST (3 * COMPONENT_MAX) /* DOMAIN/USER and the longest name of ours */
#define FOLDER (O_RDONLY | O_DIRECTORY)

/* May this be one component of a path?  No empty one, no leading dot, no slash, no control byte. */
static bool component_ok(struct str s)
{
	if (s.n == 0 || s.n > COMPONENT_MAX || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '/' || (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

const char *box_home(struct arena *a, struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');
	struct str user, domain;

	if (at < 0)
		return NULL;
	user = str_take(address, (size_t)at);
	domain = str_skip(address, (size_t)at + 1);
	if (!component_ok(user) || !component_ok(domain))
		return NULL;
	return arena_fmt(a, "%.*s/%.*s", STR_ARG(domain), STR_ARG(user)).p;
}

static int open_one(int dir, const char *name, int flags)
{
	return openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
}

/* One component at a time: for a kernel (or a sandbox) without openat2. */
static int walk(int root, char *path, int flags)
{
	FD(at) = -1;
	char *slash;

	while ((slash = strchr(path, '/')) != NULL) {
		int next;

		*slash = '\0';
		next = open_one(at >= 0 ? at : root, path, FOLDER);
		fd_clear(&at);
		at = next;
		if (at < 0)
			return -1;
		path = slash + 1;
	}
	return open_one(at >= 0 ? at : root, path, flags);
}

int box_open(int root, const char *home, const char *path, int flags)
{
	struct open_how how = { .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	size_t n = strlen(home);
	char full[PATH_MOST];
	long fd;

	MUST(n + 1 + strlen(path) < sizeof(full));
	memcpy(full, home, n);
	full[n] = '/';
	strcpy(full + n + 1, path);
	how.flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC);
	fd = syscall(SYS_openat2, root, full, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		return walk(root, full, flags);
	return (int)fd;
}

void place_folder(const struct place *p, char path[FOLDER_PATH_MAX])
{
	const char *name = p->junk ? "Junk" : p->name;

	if (name == NULL)
		strcpy(path, "Maildir");
	else
		MUST(snprintf(path, FOLDER_PATH_MAX, "Maildir/.%s", name) < FOLDER_PATH_MAX);
}

bool place_same(const struct place *a, const struct place *b)
{
	return a->junk == b->junk && (a->name == NULL) == (b->name == NULL) &&
	       (a->name == NULL || strcmp(a->name, b->name) == 0) && strcmp(a->home, b->home) == 0;
}

void box_leave(struct box *b)
{
	fd_clear(&b->staging);
	fd_clear(&b->fresh);
}

static int open_new(int root, const struct place *at)
{
	char folder[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX + 4];

	place_folder(at, folder);
	snprintf(path, sizeof(path), "%s/new", folder);
	return box_open(root, at->home, path, FOLDER);
}

bool box_has(int root, const char *home, struct str name)
{
	char z[SUBADDRESS_MAX + 1];
	struct place at = { .home = home, .name = z };
	FD(fresh) = -1;
	FD(staging) = -1;
	struct stat a, b;

	MUST(name.n < sizeof(z));
	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	fresh = open_new(root, &at);
	if (fresh < 0)
		return false;
	staging = box_open(root, home, "staging", FOLDER);
	return staging < 0 || (fstat(fresh, &a) == 0 && fstat(staging, &b) == 0 && a.st_dev == b.st_dev);
}

static int enter(int root, const struct place *at, struct box *out)
{
	*out = (struct box){ -1, -1 };
	out->staging = box_open(root, at->home, "staging", FOLDER);
	if (out->staging >= 0)
		out->fresh = open_new(root, at);
	return out->fresh >= 0 ? 0 : -1;
}

/* Which folders of a mailbox were made: what is not on disk yet must be taken away again. */
enum {
	DOMAIN = 1,
	USER = 2,
	STAGING = 4,
	MAILDIR = 8,
	TMP = 16,
	CUR = 32,
	FRESH = 64,
	JUNK = 128,
	JUNK_SHIFT = 8, /* its own tmp, cur and new */
};

/* A folder in `up`, opened, and made if need be. */
static int make_one(int up, const char *name, unsigned bit, unsigned *made)
{
	if (mkdirat(up, name, 0700) == 0)
		*made |= bit;
	else if (errno != EEXIST)
		return -1;
	return open_one(up, name, FOLDER);
}

/* tmp and cur are for those who read the mailbox; new comes last, and stands for all three. */
static int make_three(int folder, int shift, unsigned *made)
{
	FD(tmp) = -1;
	FD(cur) = -1;
	FD(fresh) = -1;

	if (faccessat(folder, "new", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	tmp = make_one(folder, "tmp", (unsigned)TMP << shift, made);
	cur = tmp < 0 ? -1 : make_one(folder, "cur", (unsigned)CUR << shift, made);
	fresh = cur < 0 ? -1 : make_one(folder, "new", (unsigned)FRESH << shift, made);
	return fresh < 0 ? -1 : 0;
}

static int make_maildir(int home, bool with_junk, unsigned *made)
{
	FD(maildir) = make_one(home, "Maildir", MAILDIR, made);
	FD(junk) = -1;

	if (maildir < 0 || make_three(maildir, 0, made) < 0)
		return -1;
	if (!with_junk)
		return 0;
	junk = make_one(maildir, ".Junk", JUNK, made);
	return junk < 0 ? -1 : make_three(junk, JUNK_SHIFT, made);
}

/* The domain's name: home up to its slash. */
static const char *domain_of(const char *home, char first[COMPONENT_MAX + 1])
{
	size_t n = (size_t)(strchr(home, '/') - home);

	memcpy(first, home, n);
	first[n] = '\0';
	return first;
}

static int make_all(int root, const struct place *at, unsigned *made)
{
	const char *home = at->home;
	char first[COMPONENT_MAX + 1];
	FD(domain) = make_one(root, domain_of(home, first), DOMAIN, made);
	FD(user) = -1;
	FD(staging) = -1;

	if (domain >= 0)
		user = make_one(domain, strchr(home, '/') + 1, USER, made);
	if (user >= 0)
		staging = make_one(user, "staging", STAGING, made);
	return staging < 0 ? -1 : make_maildir(user, at->junk, made);
}

/* None that holds anything goes. */
static void unmake(int root, const char *home, unsigned made)
{
	static const struct {
		unsigned bit;
		const char *in, *name;
	} t[] = {
		{ FRESH << JUNK_SHIFT, "Maildir/.Junk", "new" },
		{ CUR << JUNK_SHIFT, "Maildir/.Junk", "cur" },
		{ TMP << JUNK_SHIFT, "Maildir/.Junk", "tmp" },
		{ JUNK, "Maildir", ".Junk" },
		{ FRESH, "Maildir", "new" },
		{ CUR, "Maildir", "cur" },
		{ TMP, "Maildir", "tmp" },
		{ MAILDIR, ".", "Maildir" },
		{ STAGING, ".", "staging" },
	};
	char first[COMPONENT_MAX + 1];
	FD(domain) = open_one(root, domain_of(home, first), FOLDER);

	for (size_t i = 0; i < COUNT(t); i++) {
		FD(in) = (made & t[i].bit) == 0 ? -1 : box_open(root, home, t[i].in, FOLDER);

		if (in >= 0)
			(void)unlinkat(in, t[i].name, AT_REMOVEDIR);
	}
	if (domain >= 0 && made & USER)
		(void)unlinkat(domain, strchr(home, '/') + 1, AT_REMOVEDIR);
	if (made & DOMAIN)
		(void)unlinkat(root, first, AT_REMOVEDIR);
}

static int sync_folder(int root, const char *home, const char *path)
{
	FD(fd) = box_open(root, home, path, FOLDER);

	return fd < 0 ? -1 : fsync(fd);
}

/* The folders that hold what was made. */
static int sync_made(int root, const char *home, unsigned made)
{
	char first[COMPONENT_MAX + 1];
	FD(domain) = open_one(root, domain_of(home, first), FOLDER);

	if (made & (unsigned)FRESH << JUNK_SHIFT && sync_folder(root, home, "Maildir/.Junk") < 0)
		return -1;
	if (made & (FRESH | JUNK) && sync_folder(root, home, "Maildir") < 0)
		return -1;
	if (made & (MAILDIR | STAGING) && sync_folder(root, home, ".") < 0)
		return -1;
	if (made & USER && (domain < 0 || fsync(domain) < 0))
		return -1;
	return made & DOMAIN ? fsync(root) : 0;
}

/* Folders are made by one worker while no other looks: who finds one knows that it was synced. */
static pthread_rwlock_t making = PTHREAD_RWLOCK_INITIALIZER;

int box_enter(int root, const struct place *at, struct box *out)
{
	int rc, code;

	pthread_rwlock_rdlock(&making);
	rc = enter(root, at, out);
	code = errno;
	pthread_rwlock_unlock(&making);
	if (rc < 0)
		box_leave(out);
	errno = code;
	return rc;
}

static bool on_disk_of(int root, const struct place *at)
{
	FD(staging) = box_open(root, at->home, "staging", FOLDER);
	FD(fresh) = open_new(root, at);
	struct stat top, a, b;

	return fstat(root, &top) == 0 && fstat(staging, &a) == 0 && fstat(fresh, &b) == 0 && a.st_dev == top.st_dev &&
	       b.st_dev == top.st_dev;
}

static int sync_disk(int fd)
{
	return fd < 0 || syncfs(fd) < 0 || fsync(fd) < 0 ? -1 : 0;
}

void box_make(int root, const struct place *places, int *codes, size_t n, bool whole)
{
	unsigned *made = mem_alloc((n + 1) * sizeof(*made)), later = 0;
	FD(disk) = -1;

	pthread_rwlock_wrlock(&making);
	disk = open_one(root, ".", FOLDER); /* hears of each failure from now on */
	for (size_t i = 0; i < n; i++) {
		codes[i] = make_all(root, &places[i], &made[i]) < 0 ? errno : 0;
		if (codes[i] == 0 && whole && on_disk_of(root, &places[i])) {
			later |= made[i];
			continue;
		}
		if (made[i] != 0 && sync_made(root, places[i].home, made[i]) < 0) {
			codes[i] = errno;
			unmake(root, places[i].home, made[i]);
		}
		made[i] = 0;
	}
	if (later != 0 && sync_disk(disk) < 0) {
		int code = errno;

		for (size_t i = n; i > 0; i--) {
			codes[i - 1] = made[i - 1] != 0 ? code : codes[i - 1];
			unmake(root, places[i - 1].home, made[i - 1]);
		}
	}
	pthread_rwlock_unlock(&making);
	free(made);
}
