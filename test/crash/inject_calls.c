/* Which system calls are looked at, and what each is about. */
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CALL(name, fd, path) \
	{ \
		SYS_##name, #name, fd, path \
	}
const struct call_kind call_kinds[] = {
	CALL(open, -1, 0),      CALL(openat, 0, 1),        CALL(openat2, 0, 1),
	CALL(creat, -1, 0),     CALL(read, 0, -1),         CALL(readv, 0, -1),
	CALL(pread64, 0, -1),   CALL(preadv, 0, -1),       CALL(write, 0, -1),
	CALL(writev, 0, -1),    CALL(pwrite64, 0, -1),     CALL(pwritev, 0, -1),
	CALL(pwritev2, 0, -1),  CALL(sendfile, 0, -1),     CALL(copy_file_range, 2, -1),
	CALL(fsync, 0, -1),     CALL(fdatasync, 0, -1),    CALL(sync_file_range, 0, -1),
	CALL(syncfs, 0, -1),    CALL(rename, -1, 0),       CALL(renameat, 0, 1),
	CALL(renameat2, 0, 1),  CALL(link, -1, 0),         CALL(linkat, 0, 1),
	CALL(symlinkat, 1, 2),  CALL(unlink, -1, 0),       CALL(unlinkat, 0, 1),
	CALL(rmdir, -1, 0),     CALL(mkdir, -1, 0),        CALL(mkdirat, 0, 1),
	CALL(truncate, -1, 0),  CALL(ftruncate, 0, -1),    CALL(fallocate, 0, -1),
	CALL(fadvise64, 0, -1), CALL(lseek, 0, -1),        CALL(stat, -1, 0),
	CALL(lstat, -1, 0),     CALL(fstat, 0, -1),        CALL(newfstatat, 0, 1),
	CALL(statx, 0, 1),      CALL(statfs, -1, 0),       CALL(fstatfs, 0, -1),
	CALL(access, -1, 0),    CALL(faccessat, 0, 1),     CALL(faccessat2, 0, 1),
	CALL(readlink, -1, 0),  CALL(readlinkat, 0, 1),    CALL(getdents64, 0, -1),
	CALL(chmod, -1, 0),     CALL(fchmod, 0, -1),       CALL(fchmodat, 0, 1),
	CALL(chown, -1, 0),     CALL(fchown, 0, -1),       CALL(fchownat, 0, 1),
	CALL(utimensat, 0, 1),  CALL(flock, 0, -1),        CALL(fcntl, 0, -1),
	CALL(mmap, 4, -1),      CALL(memfd_create, -1, 0), CALL(execve, -1, 0),
};
#undef CALL
const size_t call_kinds_count = sizeof(call_kinds) / sizeof(call_kinds[0]);

const struct call_kind *call_kind_of(int number)
{
	for (size_t i = 0; i < call_kinds_count; i++)
		if (call_kinds[i].number == number)
			return &call_kinds[i];
	return NULL;
}

/* ---- the filter ---- */

enum { ROWS = 512 };

int calls_watch(void)
{
	struct sock_filter row[ROWS];
	struct sock_fprog program = { .filter = row };
	unsigned short n = 0;

	row[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < call_kinds_count; i++) {
		row[n++] =
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call_kinds[i].number, 0, 1);
		row[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	row[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
}

/* ---- what a call is about ---- */

static bool link_of(pid_t thread, const char *what, char *to, size_t size)
{
	char at[64];
	ssize_t n;

	snprintf(at, sizeof(at), "/proc/%d/%s", (int)thread, what);
	n = readlink(at, to, size - 1);
	to[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static void read_text(pid_t thread, uint64_t address, char *to, size_t size)
{
	struct iovec mine = { to, size - 1 }, theirs = { (void *)(uintptr_t)address, size - 1 };
	ssize_t n = address == 0 ? 0 : process_vm_readv(thread, &mine, 1, &theirs, 1, 0);

	/* It may stand at the end of a page that nothing follows. */
	if (n < 0) {
		theirs.iov_len = 4096 - address % 4096;
		mine.iov_len = theirs.iov_len < size ? theirs.iov_len : size - 1;
		n = process_vm_readv(thread, &mine, 1, &theirs, 1, 0);
	}
	to[n > 0 ? n : 0] = '\0';
}

/* /dev/shm is a disk like others.  The clock of tests is none of the server's files. */
static bool on_disk(const char *path)
{
	const char *clock = getenv("TELLTALE_CLOCK");

	if (clock != NULL && strcmp(path, clock) == 0)
		return false;
	return path[0] == '/' && (strncmp(path, "/dev/", 5) != 0 || strncmp(path, "/dev/shm/", 9) == 0);
}

/* A descriptor of a file, a folder or a memfd; not of a socket, a pipe, a device. */
static bool file_of(pid_t thread, int fd, char *path, size_t size)
{
	char what[32];

	snprintf(what, sizeof(what), "fd/%d", fd);
	return link_of(thread, what, path, size) && on_disk(path);
}

/* Of the locks those that ask for something: giving one back does not fail. */
static bool fcntl_counts(const struct call *c)
{
	struct flock l = { .l_type = F_UNLCK };
	struct iovec mine = { &l, sizeof(l) }, theirs = { (void *)(uintptr_t)c->args[2], sizeof(l) };

	switch (c->args[1]) {
	case F_SETLEASE:
		return c->args[2] != F_UNLCK;
	case F_ADD_SEALS:
	case F_DUPFD_CLOEXEC:
		return true;
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return process_vm_readv(c->thread, &mine, 1, &theirs, 1, 0) > 0 && l.l_type != F_UNLCK;
	}
	return false;
}

bool call_about_file(struct call *c)
{
	const struct call_kind *k = call_kind_of(c->number);
	char exe[256], name[256] = "";
	const char *slash;
	int fd = k != NULL && k->fd >= 0 ? (int)c->args[k->fd] : -1;
	bool of_file;

	c->path[0] = '\0';
	if (k == NULL || !link_of(c->thread, "exe", exe, sizeof(exe)) || (slash = strrchr(exe, '/')) == NULL)
		return false;
	snprintf(c->program, sizeof(c->program), "%.31s", slash + 1);
	if (fd == STDERR_FILENO || (c->number == SYS_fcntl && !fcntl_counts(c)))
		return false;
	of_file = fd >= 0 && file_of(c->thread, fd, c->path, sizeof(c->path));
	if (k->path < 0)
		return of_file;
	read_text(c->thread, c->args[k->path], name, sizeof(name));
	if (name[0] == '\0')
		return of_file; /* fstat() comes as newfstatat(fd, "") */
	if (name[0] == '/' || !of_file)
		snprintf(c->path, sizeof(c->path), "%s", name);
	else
		snprintf(c->path + strlen(c->path), sizeof(c->path) - strlen(c->path), "/%s", name);
	return c->path[0] != '/' || on_disk(c->path);
}
