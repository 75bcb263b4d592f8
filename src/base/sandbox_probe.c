/* Tries what must fail.  Each try is harmless where it is not refused: it changes nothing, or takes back what it did.
 *
 * "refused" means that the sandbox said no: the filter (EPERM; kill: it would have ended us) or Landlock (files and
 * ports; scope: who is outside).  Any other end of a call, be it an error, means that the sandbox let it pass:
 * ALLOWED.  Run as root, where the rights of files do not get in the way of knowing. */
#include "base/sandbox_inside.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/io.h"
#include "base/proc.h"

/* 0, or -1 with errno. */
typedef long try_fn(const char *arg);

static long keep(int fd)
{
	return fd < 0 ? -1 : close(fd);
}

static long try_read(const char *path)
{
	return keep(open(path, O_RDONLY | O_CLOEXEC));
}

static long try_create(const char *folder)
{
	FD(dir) = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return keep(openat(dir, ".sandbox-probe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static long try_remove(const char *folder)
{
	FD(dir) = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return unlinkat(dir, ".sandbox-probe", 0);
}

static long try_fifo(const char *folder)
{
	FD(dir) = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return mknodat(dir, ".sandbox-fifo", S_IFIFO | 0600, 0) < 0 ? -1 : unlinkat(dir, ".sandbox-fifo", 0);
}

static long try_socket(int family, int type)
{
	return keep(socket(family, type | SOCK_CLOEXEC, 0));
}

static long try_unix(const char *arg)
{
	(void)arg;
	return try_socket(AF_UNIX, SOCK_STREAM);
}

static long try_udp(const char *arg)
{
	(void)arg;
	return try_socket(AF_INET, SOCK_DGRAM);
}

static long try_tcp6(const char *arg)
{
	(void)arg;
	return try_socket(AF_INET6, SOCK_STREAM);
}

static long try_raw(const char *arg)
{
	(void)arg;
	return try_socket(AF_INET, SOCK_RAW);
}

static long try_packet(const char *arg)
{
	(void)arg;
	return try_socket(AF_PACKET, SOCK_RAW);
}

static long try_netlink(const char *arg)
{
	(void)arg;
	return try_socket(AF_NETLINK, SOCK_RAW);
}

/* With a socket that was handed over, as if it had been accepted and let go; without one, with our own. */
static int internet_socket(void)
{
	int given = proc_fd("probe", 0);

	return given >= 0 ? dup(given) : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)atoi(port)),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static long try_connect(const char *port)
{
	struct sockaddr_in to = loopback(port);
	FD(fd) = internet_socket();

	return connect(fd, (struct sockaddr *)&to, sizeof(to));
}

static long try_bind(const char *port)
{
	struct sockaddr_in at = loopback(port);
	FD(fd) = internet_socket();

	return bind(fd, (struct sockaddr *)&at, sizeof(at));
}

/* An abstract socket of our parent. */
static long try_abstract(const char *arg)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	FD(fd) = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int n = snprintf(to.sun_path + 1, sizeof(to.sun_path) - 1, "telltale-probe-%d", (int)getppid());

	(void)arg;
	if (fd < 0)
		return -1;
	return connect(fd, (struct sockaddr *)&to,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) + (socklen_t)n);
}

static long try_fork(const char *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

static long try_ptrace(const char *arg)
{
	(void)arg;
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0 ? -1 : ptrace(PTRACE_DETACH, getppid(), NULL, NULL);
}

static long try_kill(const char *arg)
{
	(void)arg;
	return kill(getppid(), 0);
}

static long try_tgkill(const char *arg)
{
	(void)arg;
	return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static long try_setuid(const char *arg)
{
	(void)arg;
	return syscall(SYS_setuid, getuid());
}

/* mmap and mprotect, as code that was written into memory would need it. */
static long try_code(const char *how)
{
	int prot = how != NULL ? PROT_READ | PROT_EXEC : PROT_READ;
	void *p = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	return how != NULL ? 0 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long try_ptracer(const char *arg)
{
	(void)arg;
	return prctl(PR_SET_PTRACER, getppid(), 0, 0, 0);
}

static long try_exec(const char *path)
{
	char *argv[] = { NULL }, *envp[] = { NULL };

	return execve(path, argv, envp);
}

static void *nothing(void *arg)
{
	return arg;
}

static long try_thread(const char *arg)
{
	pthread_t t;

	(void)arg;
	errno = pthread_create(&t, NULL, nothing, NULL);
	return errno != 0 ? -1 : pthread_join(t, NULL);
}

/* Calls that need no more than their number: the arguments are such that nothing could come of them. */
static const struct {
	const char *name;
	long number;
} plain[] = {
	{ "mount", SYS_mount },
	{ "umount", SYS_umount2 },
	{ "unshare", SYS_unshare },
	{ "setns", SYS_setns },
	{ "chroot", SYS_chroot },
	{ "open-by-handle", SYS_open_by_handle_at },
	{ "bpf", SYS_bpf },
	{ "keyctl", SYS_keyctl },
	{ "process-vm-readv", SYS_process_vm_readv },
	{ "userfaultfd", SYS_userfaultfd },
	{ "io-uring", SYS_io_uring_setup },
	{ "perf-event", SYS_perf_event_open },
	{ "init-module", SYS_init_module },
	{ "pidfd-open", SYS_pidfd_open },
	{ "personality", SYS_personality },
	{ "capset", SYS_capset },
};

static void tell(const char *name, long rc)
{
	static const struct {
		int code;
		const char *words;
	} refusals[] = {
		{ PROBE_REFUSED, "EPERM" }, { PROBE_KILLED, "kill" }, { EACCES, "files" }, { EPERM, "scope" }
	};
	const char *words = NULL;
	int code = rc < 0 ? errno : 0;

	for (size_t i = 0; i < COUNT(refusals); i++)
		if (code == refusals[i].code)
			words = refusals[i].words;
	if (words != NULL)
		printf("probe %s: refused (%s)\n", name, words);
	else
		printf("probe %s: ALLOWED (%s)\n", name, code != 0 ? strerror(code) : "done");
	fflush(stdout);
}

static void try_plain(void)
{
	for (size_t i = 0; i < COUNT(plain); i++) {
		long rc = syscall(plain[i].number, -1L, -1L, -1L, -1L, -1L, -1L);

		tell(plain[i].name, rc);
	}
}

static void try_folder(const char *name, struct str path)
{
	static const struct {
		const char *what;
		try_fn *fn;
	} tries[] = { { "read", try_read }, { "create", try_create }, { "remove", try_remove }, { "fifo", try_fifo } };
	char label[64];

	for (size_t i = 0; i < COUNT(tries); i++) {
		snprintf(label, sizeof(label), "%s-%s", tries[i].what, name);
		tell(label, tries[i].fn(conf_z(path)));
	}
}

static const struct {
	const char *name;
	try_fn *fn;
	const char *arg;
} others[] = {
	{ "read-passwd", try_read, "/etc/passwd" },
	{ "create-tmp", try_create, "/tmp" },
	{ "thread", try_thread, NULL },
	{ "socket-unix", try_unix, NULL },
	{ "socket-udp", try_udp, NULL },
	{ "socket-tcp6", try_tcp6, NULL },
	{ "socket-raw", try_raw, NULL },
	{ "socket-packet", try_packet, NULL },
	{ "socket-netlink", try_netlink, NULL },
	{ "abstract", try_abstract, NULL },
	{ "connect-25", try_connect, "25" },
	{ "connect-53", try_connect, "53" },
	{ "bind", try_bind, "0" },
	{ "fork", try_fork, NULL },
	{ "ptrace", try_ptrace, NULL },
	{ "kill", try_kill, NULL },
	{ "tgkill", try_tgkill, NULL },
	{ "setuid", try_setuid, NULL },
	{ "mmap-code", try_code, "at once" },
	{ "mprotect-code", try_code, NULL },
	{ "ptracer", try_ptracer, NULL },
	{ "exec", try_exec, "/bin/true" },
};

_Noreturn void sandbox_probe(const struct conf *c)
{
	printf("build: %s\n", SANDBOX_SANITIZER ? "sanitizer" : "release");
	try_folder("logs", c->top.log_dir);
	try_folder("spool", c->top.spool_dir);
	try_folder("mail", c->top.mail_dir);
	tell("read-accounts", try_read(conf_z(c->accounts.sqlite)));
	tell("read-key", try_read(conf_z(c->tls.key)));
	tell("read-dkim", try_read(conf_z(c->dkim.dir)));
	if (c->dns.zone.n > 0)
		tell("read-zone", try_read(conf_z(c->dns.zone)));
	try_plain();
	for (size_t i = 0; i < COUNT(others); i++)
		tell(others[i].name, others[i].fn(others[i].arg));
	printf("end\n");
	fflush(stdout);
	exit(EXIT_SUCCESS);
}
