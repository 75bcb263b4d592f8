/* crash-inject - run a command; at the N-th call of one kind, in one program, something happens.
 *
 *	crash-inject [-f PROGRAM:CALL:N:WHAT[+] [-p PART]] [-r FILE] COMMAND [ARG...]
 *
 * WHAT is KILL (the program gets SIGKILL and the call is never made) or the name of an error, which the call
 * returns without being made.  With + all calls from the N-th on meet it, until a word comes on stdin.  Calls
 * are counted per program, over all its threads and all its lives, and only when they are about a file; with -p only
 * those that are about one whose path has that part.  A sync that is made to fail takes with it what it should have
 * saved (inject_unsynced.c).
 *
 * On stdout: `hit PROGRAM[PID] CALL N PATH` for the first of them, and `lifted HITS` when the word came.
 * FILE gets a line for each call: PROGRAM CALL N PATH.  SIGTERM and SIGHUP go to the command; it ends as that does.
 *
 * How: a seccomp filter that the kernel asks us about (SECCOMP_RET_USER_NOTIF), so that also what the loader, the C
 * library and SQLite call is seen, no program is stopped for other calls, and threads stay threads.
 */
#include "inject.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRAMS_MOST = 16, HITS_TOLD = 5, KILLED = -1 };

static const struct {
	const char *name;
	int number;
} errors[] = {
	{ "KILL", KILLED },   { "ENOSPC", ENOSPC }, { "EIO", EIO },       { "EDQUOT", EDQUOT }, { "EMFILE", EMFILE },
	{ "ENOMEM", ENOMEM }, { "EROFS", EROFS },   { "ENFILE", ENFILE }, { "EACCES", EACCES },
};

static struct {
	char program[32];
	int call, error;
	uint64_t n;
	bool persistent, armed;
	const char *part;
	uint64_t hits;
} fault;

static struct {
	char program[32];
	uint64_t calls[512]; /* by number */
} seen[PROGRAMS_MOST];

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(125);
}

/* How often that program has made that call by now, this time included. */
static uint64_t count(const struct call *c)
{
	size_t i = 0;

	if (fault.part != NULL && strstr(c->path, fault.part) == NULL)
		return 0;
	while (i < PROGRAMS_MOST - 1 && seen[i].program[0] != '\0' && strcmp(seen[i].program, c->program) != 0)
		i++;
	memcpy(seen[i].program, c->program, sizeof(seen[i].program));
	return ++seen[i].calls[c->number];
}

static bool is_hit(const struct call *c, uint64_t n)
{
	return fault.armed && n > 0 && c->number == fault.call && (fault.persistent ? n >= fault.n : n == fault.n) &&
	       strcmp(c->program, fault.program) == 0;
}

static pid_t process_of(pid_t thread)
{
	char at[64], line[128];
	int pid = thread;
	FILE *f;

	snprintf(at, sizeof(at), "/proc/%d/status", (int)thread);
	f = fopen(at, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return pid;
}

static bool syncs(int number)
{
	return number == SYS_fsync || number == SYS_fdatasync || number == SYS_syncfs;
}

static void hit(const struct call *c, uint64_t n, struct seccomp_notif_resp *answer)
{
	pid_t pid = process_of(c->thread);

	if (fault.hits++ < HITS_TOLD) {
		printf("hit %s[%d] %s %llu %s\n", c->program, (int)pid, call_kind_of(c->number)->name,
		       (unsigned long long)n, c->path);
		fflush(stdout);
	}
	if (fault.error == KILLED) {
		kill(pid, SIGKILL);
		answer->error = -EINTR; /* it does not live to see it */
		return;
	}
	if (syncs(c->number))
		unsynced_lose(c);
	answer->error = -fault.error;
}

/* One question of the kernel. */
static void serve(int listener, FILE *record)
{
	struct seccomp_notif ask;
	struct seccomp_notif_resp answer;
	struct call c;

	memset(&ask, 0, sizeof(ask));
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &ask) < 0)
		return; /* whoever asked is dead */
	memset(&answer, 0, sizeof(answer));
	answer.id = ask.id;
	c = (struct call){ .thread = (pid_t)ask.pid, .number = ask.data.nr, .args = (const uint64_t *)ask.data.args };
	if (call_about_file(&c)) {
		uint64_t n = count(&c);

		if (record != NULL)
			fprintf(record, "%s %s %llu %s\n", c.program, call_kind_of(c.number)->name,
				(unsigned long long)n, c.path);
		if (is_hit(&c, n))
			hit(&c, n, &answer);
		else if (fault.armed && syncs(fault.call) && strcmp(c.program, fault.program) == 0)
			unsynced_note(&c);
	}
	if (answer.error == 0)
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer); /* fails for the dead */
}

/* ---- the command ---- */

static void send_fd(int channel, int fd)
{
	char byte = 'x', room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	*h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(h), &fd, sizeof(int));
	if (sendmsg(channel, &m, 0) < 0)
		die("hand over the listener");
}

static int receive_fd(int channel)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	int fd;

	if (recvmsg(channel, &m, MSG_CMSG_CLOEXEC) != 1 || CMSG_FIRSTHDR(&m) == NULL)
		die("no listener");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	return fd;
}

/* Nothing between the filter and the first call that it asks about may be such a call itself. */
static _Noreturn void become(int channel, char **command)
{
	int listener;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* without us, every call would fail */
	listener = calls_watch();
	if (listener < 0)
		die("seccomp");
	send_fd(channel, listener);
	close(listener);
	close(channel);
	execvp(command[0], command);
	die(command[0]);
}

static pid_t start(char **command, int *listener)
{
	int channel[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0 || (pid = fork()) < 0)
		die("start");
	if (pid == 0) {
		close(channel[0]);
		become(channel[1], command);
	}
	close(channel[1]);
	*listener = receive_fd(channel[0]);
	close(channel[0]);
	return pid;
}

static volatile sig_atomic_t child;

static void pass_on(int sig)
{
	if (child > 0)
		kill(child, sig);
}

static void lift(void)
{
	char word[64];
	ssize_t n = read(STDIN_FILENO, word, sizeof(word));

	if (n <= 0) {
		close(STDIN_FILENO);
		return;
	}
	fault.armed = false;
	printf("lifted %llu\n", (unsigned long long)fault.hits);
	fflush(stdout);
}

/* Until nobody is left who could ask: then the command's own status. */
static int watch(pid_t command, int listener, FILE *record)
{
	struct pollfd p[2] = { { .fd = listener, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	int status = 0;

	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[0].revents & POLLIN)
			serve(listener, record);
		else if (p[0].revents & (POLLHUP | POLLERR))
			break;
		if (p[1].revents & (POLLIN | POLLHUP))
			lift();
		if (p[1].revents & (POLLNVAL | POLLHUP))
			p[1].fd = -1;
	}
	waitpid(command, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* "telltale-queue:fdatasync:3:EIO+" */
static bool read_fault(const char *text)
{
	char call[32], error[32];
	unsigned long long n;

	if (sscanf(text, "%31[^:]:%31[^:]:%llu:%31s", fault.program, call, &n, error) != 4 || n == 0)
		return false;
	fault.n = n;
	fault.persistent = error[strlen(error) - 1] == '+';
	if (fault.persistent)
		error[strlen(error) - 1] = '\0';
	for (size_t i = 0; i < call_kinds_count; i++)
		if (strcmp(call_kinds[i].name, call) == 0) {
			fault.call = call_kinds[i].number;
			fault.armed = true;
		}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, error) == 0)
			fault.error = errors[i].number;
	return fault.armed && fault.error != 0;
}

int main(int argc, char **argv)
{
	FILE *record = NULL;
	int option, listener;
	pid_t command;

	while ((option = getopt(argc, argv, "+f:p:r:")) != -1) {
		if (option == 'p')
			fault.part = optarg;
		if ((option == 'f' && !read_fault(optarg)) || option == '?')
			return 2;
		if (option == 'r' && (record = fopen(optarg, "we")) == NULL)
			die(optarg);
	}
	if (optind == argc)
		return 2;
	command = start(argv + optind, &listener);
	child = command;
	signal(SIGTERM, pass_on);
	signal(SIGHUP, pass_on);
	option = watch(command, listener, record);
	if (record != NULL && fclose(record) != 0)
		die("record");
	return option;
}
