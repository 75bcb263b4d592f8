/* Landlock by system call: each rule is a path or a port and what may be done with it; all else is refused. */
#include "base/sandbox_inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/say.h"

/* As in linux/landlock.h; the one of the system may be older than the kernel. */
enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_FIRST = (1 << 13) - 1, /* all of the first ABI */
	FS_REFER = 1 << 13,
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,
	FS_OF_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV,

	NET_BIND_TCP = 1 << 0,
	NET_CONNECT_TCP = 1 << 1,

	SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,

	GIVE_VERSION = 1,
	RULE_PATH_BENEATH = 1,
	RULE_NET_PORT = 2,
};

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct net_port {
	uint64_t allowed, port;
};

static const uint64_t rights[] = {
	[SANDBOX_READ] = FS_READ_FILE | FS_READ_DIR,
	[SANDBOX_APPEND] = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_MAKE_REG,
	[SANDBOX_ALL] = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_MAKE_REG | FS_MAKE_DIR | FS_REMOVE_FILE |
			FS_REMOVE_DIR | FS_REFER | FS_TRUNCATE,
};

/* What libraries read when it pleases them, in every program. */
static const char *const common[] = { "/dev/urandom", "/etc/localtime", "/usr/share/zoneinfo", "/etc/ssl/openssl.cnf" };
/* What reports of AddressSanitizer are made of. */
static const char *const for_reports[] = { "/proc", "/proc/self/exe", "/lib", "/usr/lib", "/sys/devices/system/cpu" };

/* What this kernel can refuse: bits of ABI 1 to 7 (the 7th only adds what is logged). */
static struct ruleset_attr handled_by(long abi)
{
	struct ruleset_attr a = { .fs = FS_FIRST };

	if (abi >= 2)
		a.fs |= FS_REFER;
	if (abi >= 3)
		a.fs |= FS_TRUNCATE;
	if (abi >= 4)
		a.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= 5)
		a.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		a.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
	return a;
}

static int add_path(int set, const struct ruleset_attr *handled, const char *path, enum sandbox_right right)
{
	struct path_beneath rule = { .allowed = rights[right] & handled->fs };
	FD(fd) = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	rule.fd = fd;
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= FS_OF_FILES;
	return syscall(SYS_landlock_add_rule, set, RULE_PATH_BENEATH, &rule, 0) < 0 ? -1 : 0;
}

/* The errno that kept it from being allowed; 0 also when there is nothing to allow: who needs it will say so. */
static int allow_path(int set, const struct ruleset_attr *handled, const char *path, enum sandbox_right right)
{
	if (add_path(set, handled, path, right) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	say(SAY_WARNING, "sandbox: %s: %s", path, strerror(errno));
	return errno;
}

/* What may be over in a moment must not shut us out of our own files for life: telltaled starts us again. */
static void end_if_passing(const char *path, int code)
{
	static const int passing[] = { EIO, ENOMEM, EMFILE, ENFILE, ENOSPC, EDQUOT };

	for (size_t i = 0; i < COUNT(passing); i++)
		if (code == passing[i]) {
			say(SAY_ERROR, "%s cannot be reached, and is needed: ending", path);
			exit(EX_OSERR);
		}
}

static void allow_paths(int set, const struct ruleset_attr *handled, const struct sandbox *box)
{
	struct err e;

	for (size_t i = 0; i < SANDBOX_PATHS; i++) {
		const char *path = box->paths[i].path;
		enum sandbox_right right = box->paths[i].right;

		if (path == NULL || path[0] == '\0' || right == SANDBOX_NOTHING)
			continue;
		if (right >= SANDBOX_APPEND && io_mkdirs(path, 0700, &e) < 0)
			say(SAY_WARNING, "sandbox: %s", e.text);
		end_if_passing(path, allow_path(set, handled, path, right));
	}
	for (size_t i = 0; i < COUNT(common); i++)
		(void)allow_path(set, handled, common[i], SANDBOX_READ);
	for (size_t i = 0; SANDBOX_SANITIZER && i < COUNT(for_reports); i++)
		(void)allow_path(set, handled, for_reports[i], SANDBOX_READ);
}

static void allow_ports(int set, const struct sandbox *box)
{
	for (size_t i = 0; i < SANDBOX_PORTS && box->tcp_out[i] != 0; i++) {
		struct net_port rule = { NET_CONNECT_TCP, box->tcp_out[i] };

		if (syscall(SYS_landlock_add_rule, set, RULE_NET_PORT, &rule, 0) < 0)
			say(SAY_WARNING, "sandbox: port %u: %s", box->tcp_out[i], strerror(errno));
	}
	if (box->tcp_from) {
		struct net_port rule = { NET_BIND_TCP, 0 };

		if (syscall(SYS_landlock_add_rule, set, RULE_NET_PORT, &rule, 0) < 0)
			say(SAY_WARNING, "sandbox: source addresses: %s", strerror(errno));
	}
}

/* The first ABI refuses every move between folders, and nothing can be said against it. */
static bool usable(const struct sandbox *box, long abi)
{
	if (abi < 1) {
		say(SAY_WARNING, "Landlock: %s: files are not restricted", strerror(errno));
		return false;
	}
	for (size_t i = 0; i < SANDBOX_PATHS; i++)
		if (abi == 1 && box->paths[i].right == SANDBOX_ALL) {
			say(SAY_WARNING, "this kernel's Landlock is too old (ABI 1): files are not restricted");
			return false;
		}
	return true;
}

void sandbox_landlock(const struct sandbox *box)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, GIVE_VERSION);
	struct ruleset_attr handled = handled_by(abi);
	FD(set) = -1;

	if (!usable(box, abi))
		return;
	if (abi < 4)
		say(SAY_WARNING, "this kernel's Landlock (ABI %ld) does not restrict TCP", abi);
	set = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	if (set < 0) {
		say(SAY_WARNING, "Landlock: %s: files are not restricted", strerror(errno));
		return;
	}
	allow_paths(set, &handled, box);
	if (handled.net != 0)
		allow_ports(set, box);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_landlock_restrict_self, set, 0) < 0)
		say(SAY_WARNING, "Landlock: %s: files are not restricted", strerror(errno));
}

/* ---- around our folders ---- */

/* Does `path` stand above a closed folder (1), is it one (2), or neither (0)? */
static int closeness(const char *path, const char *const *closed, size_t n)
{
	size_t length = strcmp(path, "/") == 0 ? 0 : strlen(path);

	for (size_t i = 0; i < n; i++) {
		if (strncmp(closed[i], path, length) != 0)
			continue;
		if (closed[i][length] == '\0')
			return 2;
		if (closed[i][length] == '/')
			return 1;
	}
	return 0;
}

static void open_one(int set, const struct ruleset_attr *handled, const char *path)
{
	struct path_beneath rule = { .allowed = handled->fs };
	FD(fd) = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || S_ISLNK(st.st_mode))
		return; /* where a link leads is opened, or not, where it lies */
	rule.fd = fd;
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= FS_OF_FILES;
	(void)syscall(SYS_landlock_add_rule, set, RULE_PATH_BENEATH, &rule, 0);
}

/* All that lies in this folder but the way to the closed ones: the folder itself stays shut, since a rule for it would
 * hold for them. */
static void open_around(int set, const struct ruleset_attr *handled, const char *folder, const char *const *closed,
			size_t n)
{
	DIR *dir = opendir(folder);
	const struct dirent *d;
	char path[PATH_MAX];

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		int near;

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
		    snprintf(path, sizeof(path), "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, d->d_name) >=
			(int)sizeof(path))
			continue;
		near = closeness(path, closed, n);
		if (near == 0)
			open_one(set, handled, path);
		else if (near == 1)
			open_around(set, handled, path, closed, n);
	}
	if (dir != NULL)
		closedir(dir);
}

int sandbox_around(const char *const *closed, size_t n)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, GIVE_VERSION);
	struct ruleset_attr handled = handled_by(abi);
	int set;

	if (abi < 2) {
		errno = ENOSYS;
		return -1;
	}
	handled.net = 0;
	set = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	if (set >= 0)
		open_around(set, &handled, "/", closed, n);
	return set;
}

int sandbox_around_enter(int around)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return around < 0 ? 0 : (int)syscall(SYS_landlock_restrict_self, around, 0);
}
