#include "deliver/box.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/err.h"
#include "base/io.h"

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

void box_leave(struct box *b)
{
	fd_clear(&b->staging);
	fd_clear(&b->fresh);
}

static int enter(int root, const char *home, struct box *out)
{
	*out = (struct box){ -1, -1 };
	out->staging = box_open(root, home, "staging", FOLDER);
	if (out->staging >= 0)
		out->fresh = box_open(root, home, "Maildir/new", FOLDER);
	return out->fresh >= 0 ? 0 : -1;
}

/* A folder in `up`, opened, made and durable.  -1 with errno; one that could not be synced is gone again. */
static int make_one(int up, const char *name)
{
	int fd = open_one(up, name, FOLDER);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(up, name, 0700) < 0 && errno != EEXIST)
		return -1;
	if (fsync(up) < 0) {
		int code = errno;

		(void)unlinkat(up, name, AT_REMOVEDIR);
		errno = code;
		return -1;
	}
	return open_one(up, name, FOLDER);
}

/* tmp and cur are for those who read the mailbox; new comes last, and stands for all three. */
static int make_maildir(int home)
{
	FD(maildir) = make_one(home, "Maildir");
	FD(fresh) = -1;

	if (maildir < 0)
		return -1;
	if (faccessat(maildir, "new", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (mkdirat(maildir, "tmp", 0700) < 0 && errno != EEXIST)
		return -1;
	if (mkdirat(maildir, "cur", 0700) < 0 && errno != EEXIST)
		return -1;
	fresh = make_one(maildir, "new");
	return fresh < 0 ? -1 : 0;
}

static int make_all(int root, const char *home)
{
	const char *slash = strchr(home, '/');
	char first[COMPONENT_MAX + 1] = "";
	FD(domain) = -1;
	FD(user) = -1;
	FD(staging) = -1;

	memcpy(first, home, (size_t)(slash - home));
	domain = make_one(root, first);
	if (domain >= 0)
		user = make_one(domain, slash + 1);
	if (user >= 0)
		staging = make_one(user, "staging");
	return staging < 0 ? -1 : make_maildir(user);
}

/* Folders are made by one worker while no other looks: who finds one knows that it was synced. */
static pthread_rwlock_t making = PTHREAD_RWLOCK_INITIALIZER;

int box_enter(int root, const char *home, bool make, struct box *out)
{
	int rc, code;

	pthread_rwlock_rdlock(&making);
	rc = enter(root, home, out);
	code = errno;
	pthread_rwlock_unlock(&making);
	if (rc < 0 && code == ENOENT && make) {
		box_leave(out);
		pthread_rwlock_wrlock(&making);
		rc = make_all(root, home);
		if (rc == 0)
			rc = enter(root, home, out);
		code = errno;
		pthread_rwlock_unlock(&making);
	}
	if (rc < 0)
		box_leave(out);
	errno = code;
	return rc;
}
