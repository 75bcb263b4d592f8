/* The sandbox as it is used: each row in a process of its own, which may die of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/sandbox.h"

static char root[64]; /* with a folder `in` that the box states, and one `out` that it does not */
static const struct conf conf;

static void enter(enum sandbox_right right, unsigned network)
{
	char in[80];
	struct sandbox box = { .paths = { { right, in } }, .network = network, .tcp_out = { 53 } };

	snprintf(in, sizeof(in), "%s/in", root);
	sandbox_enter(&box, &conf);
}

/* Exit status of the child, or minus the signal that ended it. */
static int in_child(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		unsetenv("TELLTALE_SANDBOX");
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- system calls ---- */

static long number, args[3];
static unsigned network;

/* In order: it came back (0), with EPERM (1), with EACCES (2), with another error (3). */
static void one_call(void)
{
	long rc;

	enter(SANDBOX_NOTHING, network);
	rc = syscall(number, args[0], args[1], args[2], 0L, 0L, 0L);
	_exit(rc >= 0 ? 0 : errno == EPERM ? 1 : errno == EACCES ? 2 : 3);
}

#define KILLED (-SIGSYS)

static void calls_end_as_the_header_says(void **state)
{
	static const struct {
		const char *what;
		unsigned network;
		long number, args[3];
		int end;
	} t[] = {
		{ "a plain call", 0, SYS_getpid, { 0 }, 0 },
		{ "a program is started", 0, SYS_execve, { 0 }, KILLED },
		{ "a fork", 0, SYS_clone, { SIGCHLD }, KILLED },
		{ "clone3 is not there: use clone", 0, SYS_clone3, { 0 }, 3 },
		{ "mount", 0, SYS_mount, { 0 }, KILLED },
		{ "keys", 0, SYS_keyctl, { 0 }, KILLED },
		{ "another's memory", 0, SYS_process_vm_readv, { 0 }, KILLED },
		{ "another user", 0, SYS_setuid, { 0 }, KILLED },
		{ "a file by its handle", 0, SYS_open_by_handle_at, { 0 }, KILLED },
		{ "rings", 0, SYS_io_uring_setup, { 0 }, KILLED },
		{ "a Unix socket, not stated", 0, SYS_socket, { AF_UNIX, SOCK_STREAM }, 1 },
		{ "a Unix socket", SANDBOX_UNIX, SYS_socket, { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC }, 0 },
		{ "what getaddrinfo tries", 0, SYS_socket, { AF_NETLINK, SOCK_RAW }, 1 },
		{ "TCP, not stated", SANDBOX_UNIX, SYS_socket, { AF_INET, SOCK_STREAM }, KILLED },
		{ "TCP 6, not stated", SANDBOX_UNIX, SYS_socket, { AF_INET6, SOCK_STREAM }, KILLED },
		{ "TCP", SANDBOX_INET, SYS_socket, { AF_INET, SOCK_STREAM | SOCK_NONBLOCK }, 0 },
		{ "UDP 6", SANDBOX_INET, SYS_socket, { AF_INET6, SOCK_DGRAM }, 0 },
		{ "raw packets", SANDBOX_INET, SYS_socket, { AF_INET, SOCK_RAW, IPPROTO_ICMP }, 1 },
		{ "another family", SANDBOX_INET, SYS_socket, { AF_ALG, SOCK_SEQPACKET }, KILLED },
		{ "a family beyond all", SANDBOX_INET, SYS_socket, { 4711, SOCK_STREAM }, 1 },
		{ "connect, not stated", 0, SYS_connect, { -1 }, 1 },
		{ "connect", SANDBOX_UNIX, SYS_connect, { -1 }, 3 },
		{ "a signal to another", 0, SYS_kill, { 1 }, 1 },
		{ "code at once", 0, SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC }, 1 },
		{ "code later", 0, SYS_mprotect, { 0, 4096, PROT_EXEC }, 1 },
		{ "memory", 0, SYS_mprotect, { 0, 0, PROT_READ }, 0 },
		{ "typing for a terminal", 0, SYS_ioctl, { 0, TIOCSTI }, 1 },
		{ "how much is there to read?", 0, SYS_ioctl, { -1, FIONREAD }, 3 },
		{ "writing calls without a folder", 0, SYS_unlink, { 0 }, 1 },
		{ "a call that is new to us", 0, 1000, { 0 }, 1 },
		{ "what a tracer leaves of a call", 0, -1, { 0 }, 3 },
#if defined(__x86_64__)
		{ "x32, a second way to every call", 0, 0x40000000 + SYS_getpid, { 0 }, KILLED },
#endif
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		int end;

		number = t[i].number;
		memcpy(args, t[i].args, sizeof(args));
		network = t[i].network;
		end = in_child(one_call);
		if (end != t[i].end)
			fail_msg("%s: %d, not %d", t[i].what, end, t[i].end);
	}
}

/* ---- files ---- */

static int make(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);

	return fd < 0 ? -1 : close(fd);
}

static int do_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : close(fd);
}

static int do_append(const char *path)
{
	return make(path, O_APPEND);
}

static int do_empty(const char *path)
{
	return make(path, O_TRUNC);
}

static int do_create(const char *path)
{
	char z[128];

	snprintf(z, sizeof(z), "%s.new", path);
	return make(z, O_CREAT | O_EXCL);
}

static int do_rename(const char *path)
{
	char z[128];

	snprintf(z, sizeof(z), "%s.renamed", path);
	return rename(path, z) < 0 ? -1 : rename(z, path);
}

static int do_folder(const char *path)
{
	char z[128];

	snprintf(z, sizeof(z), "%s.folder", path);
	return mkdir(z, 0700);
}

static int do_remove(const char *path)
{
	return unlink(path);
}

static enum sandbox_right right;
static int (*deed)(const char *path);
static const char *folder;

static void one_deed(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s/file", root, folder);
	enter(right, 0);
	_exit(deed(path) == 0 ? 0 : errno == EACCES || errno == EPERM ? 1 : 3);
}

static void make_folders(void)
{
	static const char *const files[] = { "in/file", "out/file" };
	char path[96];

	snprintf(root, sizeof(root), "/tmp/tt-box-XXXXXX");
	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(path, sizeof(path), "%s/%.*s", root, (int)(strchr(files[i], '/') - files[i]), files[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		snprintf(path, sizeof(path), "%s/%s", root, files[i]);
		assert_int_equal(make(path, O_CREAT), 0);
	}
}

static void remove_folders(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	assert_int_equal(system(command), 0);
}

static void rights_of_paths(void **state)
{
	static const struct {
		const char *what;
		int (*deed)(const char *path);
		enum sandbox_right least; /* with this right and all above it may be done */
	} t[] = {
		{ "read", do_read, SANDBOX_READ },       { "append", do_append, SANDBOX_APPEND },
		{ "create", do_create, SANDBOX_APPEND }, { "empty", do_empty, SANDBOX_ALL },
		{ "rename", do_rename, SANDBOX_ALL },    { "make a folder", do_folder, SANDBOX_ALL },
		{ "remove", do_remove, SANDBOX_ALL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		for (right = SANDBOX_NOTHING; right <= SANDBOX_ALL; right++) {
			make_folders();
			deed = t[i].deed;
			folder = "out";
			if (in_child(one_deed) != 1)
				fail_msg("%s outside with right %d was not refused", t[i].what, (int)right);
			folder = "in";
			if (in_child(one_deed) != (right >= t[i].least ? 0 : 1))
				fail_msg("%s inside with right %d ended wrongly", t[i].what, (int)right);
			remove_folders();
		}
	}
}

/* ---- entering ---- */

static void *sleep_well(void *arg)
{
	pause();
	return arg;
}

static void enter_with_a_thread(void)
{
	pthread_t t;

	(void)close(STDERR_FILENO);
	if (pthread_create(&t, NULL, sleep_well, NULL) != 0)
		_exit(3);
	enter(SANDBOX_READ, 0);
}

static void a_second_thread_is_a_bug(void **state)
{
	(void)state;
	assert_int_equal(in_child(enter_with_a_thread), -SIGABRT);
}

static void *open_outside(void *arg)
{
	*(int *)arg = do_read("/etc/passwd") < 0 ? errno : 0;
	return NULL;
}

static void threads_are_inside_too(void)
{
	pthread_t t;
	int code = 0;

	enter(SANDBOX_READ, 0);
	if (pthread_create(&t, NULL, open_outside, &code) != 0 || pthread_join(t, NULL) != 0)
		_exit(3);
	_exit(code == EACCES ? 0 : 1);
}

static void a_later_thread_is_inside(void **state)
{
	(void)state;
	assert_int_equal(in_child(threads_are_inside_too), 0);
}

static void refused_but_told(void)
{
	setenv("TELLTALE_SANDBOX", "tell", 1);
	enter(SANDBOX_READ, 0);
	_exit(syscall(SYS_keyctl, 0, 0, 0) < 0 && errno == EPERM ? 0 : 1);
}

/* What the child said on stderr before it ended with 0. */
static const char *said_by(void (*run)(void))
{
	static char said[1024];
	int ends[2], keep = dup(STDERR_FILENO), status;
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	status = in_child(run);
	dup2(keep, STDERR_FILENO);
	close(keep);
	close(ends[1]);
	n = read(ends[0], said, sizeof(said) - 1);
	close(ends[0]);
	assert_int_equal(status, 0);
	said[n > 0 ? n : 0] = '\0';
	return said;
}

/* A deadly call, too, only fails then, and its name is said. */
static void telling(void **state)
{
	(void)state;
	assert_string_equal(said_by(refused_but_told), "the sandbox refused the system call keyctl (deadly)\n");
}

static void no_kernel_support(void)
{
	scmp_filter_ctx old = seccomp_init(SCMP_ACT_ALLOW);

	seccomp_rule_add(old, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0);
	seccomp_rule_add(old, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(seccomp), 0);
	seccomp_rule_add(old, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
	if (seccomp_load(old) < 0)
		_exit(3);
	seccomp_release(old);
	enter(SANDBOX_READ, 0);
	_exit(do_read("/etc/passwd") == 0 ? 0 : 1);
}

static void a_kernel_that_has_none_of_it(void **state)
{
	static const char *const lines[] = { "Landlock: Function not implemented: files are not restricted\n",
					     "system calls are not restricted\n" };
	const char *said = said_by(no_kernel_support);

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		const char *first = strstr(said, lines[i]);

		assert_non_null(first);
		assert_null(strstr(first + 1, lines[i])); /* once */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_end_as_the_header_says),
		cmocka_unit_test(rights_of_paths),
		cmocka_unit_test(a_second_thread_is_a_bug),
		cmocka_unit_test(a_later_thread_is_inside),
		cmocka_unit_test(telling),
		cmocka_unit_test(a_kernel_that_has_none_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
