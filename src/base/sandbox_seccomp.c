/* The filter of system calls, from the rows of sandbox.def and a few that are judged by their arguments. */
#include "base/sandbox_inside.h"

#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/err.h"
#include "base/say.h"
#include "base/str.h"

enum group { BASE, WRITES, UNIX, INET, SANITIZER, KILL };

static const struct {
	enum group group;
	const char *name;
} calls[] = {
#define SANDBOX_CALL(group, name) { group, #name },
#include "base/sandbox.def"
};

enum { CALLS_MAX = 1024, FAMILIES = 46 };

struct filter {
	scmp_filter_ctx ctx;
	const struct sandbox *box;
	uint32_t refuse, kill; /* what becomes of a refused call, and of a deadly one */
	bool allowed[CALLS_MAX];
};

/* ---- SANDBOX_TELL: who was refused? ---- */

static struct {
	const char *name[CALLS_MAX]; /* looked up before, since a handler must not ask for memory */
	bool deadly[CALLS_MAX];
	bool told[CALLS_MAX];
} watched;

static void tell_refused(int call)
{
	static const char what[] = "the sandbox refused the system call ", deadly[] = " (deadly)\n";
	const char *name = watched.name[call] != NULL ? watched.name[call] : "?";
	bool kill = watched.deadly[call];

	if (watched.told[call])
		return;
	watched.told[call] = true;
	if (write(STDERR_FILENO, what, sizeof(what) - 1) < 0 || write(STDERR_FILENO, name, strlen(name)) < 0 ||
	    write(STDERR_FILENO, kill ? deadly : "\n", kill ? sizeof(deadly) - 1 : 1) < 0)
		return;
}

/* The call returns EPERM, as it does when nobody watches. */
static void on_refused(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	int call = info->si_syscall;

	(void)sig;
	if (call < 0 || call >= CALLS_MAX)
		call = CALLS_MAX - 1;
	tell_refused(call);
#if defined(__x86_64__)
	u->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
	u->uc_mcontext.regs[0] = (uint64_t)-EPERM;
#else
	(void)u;
	_exit(EX_OSERR);
#endif
}

static void watch(void)
{
	struct sigaction act = { .sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART };

	for (int i = 0; i < CALLS_MAX; i++)
		watched.name[i] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i); /* kept as long as we live */
	if (sigaction(SIGSYS, &act, NULL) < 0)
		BUG("SIGSYS: errno %d", errno);
}

/* ---- building ---- */

/* A negative number is a call that only other machines have. */
static void rule(struct filter *f, uint32_t action, int call, unsigned n, const struct scmp_arg_cmp *args)
{
	int code;

	if (call < 0 || action == f->refuse)
		return;
	code = seccomp_rule_add_array(f->ctx, action, call, n, args);
	if (code < 0)
		BUG("the filter's row for system call %d: %s", call, strerror(-code));
}

#define RULE(f, action, name, ...) \
	rule(f, action, SCMP_SYS(name), COUNT(((struct scmp_arg_cmp[]){ __VA_ARGS__ })), \
	     (const struct scmp_arg_cmp[]){ __VA_ARGS__ })

static void allow(struct filter *f, const char *name)
{
	int call = seccomp_syscall_resolve_name(name);

	if (call == __NR_SCMP_ERROR)
		BUG("sandbox: no system call %s", name);
	if (call < 0 || call >= CALLS_MAX || f->allowed[call])
		return;
	f->allowed[call] = true;
	rule(f, SCMP_ACT_ALLOW, call, 0, NULL);
}

static bool in_group(const struct sandbox *box, enum group g)
{
	switch (g) {
	case BASE:
		return true;
	case WRITES:
		return sandbox_writes(box);
	case UNIX:
		return box->network & SANDBOX_UNIX;
	case INET:
		return box->network & SANDBOX_INET;
	case SANITIZER:
		return SANDBOX_SANITIZER;
	case KILL:
		break;
	}
	return false;
}

static void add_names(struct filter *f)
{
	struct str rest = str_of(f->box->calls), word;
	char name[64];

	for (size_t i = 0; i < COUNT(calls); i++)
		if (in_group(f->box, calls[i].group))
			allow(f, calls[i].name);
	while (rest.n > 0) {
		str_cut(rest, STR(" "), &word, &rest);
		snprintf(name, sizeof(name), "%.*s", STR_ARG(word));
		allow(f, name);
	}
	for (size_t i = 0; i < COUNT(calls); i++) {
		int call = seccomp_syscall_resolve_name(calls[i].name);

		if (calls[i].group != KILL || call < 0 || call >= CALLS_MAX || f->allowed[call])
			continue;
		watched.deadly[call] = true;
		rule(f, f->kill, call, 0, NULL);
	}
}

/* A socket of a family that is not ours is deadly, but for the two that the C library tries by itself. */
static void add_sockets(struct filter *f)
{
	bool un = f->box->network & SANDBOX_UNIX, in = f->box->network & SANDBOX_INET;

	for (unsigned family = 0; family < FAMILIES; family++) {
		bool internet = family == AF_INET || family == AF_INET6;

		if (family == AF_UNIX && un)
			RULE(f, SCMP_ACT_ALLOW, socket, SCMP_A0(SCMP_CMP_EQ, family));
		for (unsigned type = SOCK_STREAM; internet && in && type <= SOCK_DGRAM; type++)
			RULE(f, SCMP_ACT_ALLOW, socket, SCMP_A0(SCMP_CMP_EQ, family),
			     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, type));
		if (family != AF_UNIX && family != AF_NETLINK && !(internet && in))
			RULE(f, f->kill, socket, SCMP_A0(SCMP_CMP_EQ, family));
	}
}

/* Threads, but no processes.  The arguments of clone3 cannot be seen: "not there" makes the C library use clone.
 * The leak checker's helper shares our memory without being a thread of ours. */
static void add_clone(struct filter *f)
{
	unsigned mask = SANDBOX_SANITIZER ? CLONE_VM : CLONE_THREAD;

	RULE(f, SCMP_ACT_ALLOW, clone, SCMP_A0(SCMP_CMP_MASKED_EQ, mask, mask));
	RULE(f, f->kill, clone, SCMP_A0(SCMP_CMP_MASKED_EQ, mask, 0));
	rule(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
}

static void add_judged(struct filter *f)
{
	static const unsigned long questions[] = { TCGETS, FIONREAD, FIONBIO };

	add_sockets(f);
	add_clone(f);
	RULE(f, SCMP_ACT_ALLOW, mmap, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	RULE(f, SCMP_ACT_ALLOW, mprotect, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	RULE(f, SCMP_ACT_ALLOW, tgkill, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	RULE(f, SCMP_ACT_ALLOW, prlimit64, SCMP_A0(SCMP_CMP_EQ, 0));
	if (!SANDBOX_SANITIZER)
		RULE(f, SCMP_ACT_ALLOW, prctl, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	for (size_t i = 0; i < COUNT(questions); i++)
		RULE(f, SCMP_ACT_ALLOW, ioctl, SCMP_A1(SCMP_CMP_EQ, questions[i]));
}

void sandbox_seccomp(const struct sandbox *box, enum sandbox_mode mode)
{
	static const struct {
		uint32_t refuse, kill;
	} ends[] = {
		[SANDBOX_ON] = { SCMP_ACT_ERRNO(EPERM), SCMP_ACT_KILL_PROCESS },
		[SANDBOX_TELL] = { SCMP_ACT_TRAP, SCMP_ACT_TRAP },
		[SANDBOX_PROBE] = { SCMP_ACT_ERRNO(PROBE_REFUSED), SCMP_ACT_ERRNO(PROBE_KILLED) },
	};
	struct filter f = { .box = box, .refuse = ends[mode].refuse, .kill = ends[mode].kill };
	int code;

	if (mode == SANDBOX_TELL)
		watch();
	f.ctx = seccomp_init(f.refuse);
	if (f.ctx == NULL)
		BUG("no memory for the filter");
	/* A binary tree: with some 150 rows a call is found in 7 steps.  Best effort, as an old library has it not. */
	(void)seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	(void)seccomp_attr_set(f.ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A tracer that takes a call away leaves -1 in its place: for strace's injected errors, not for us to judge. */
	if (seccomp_attr_set(f.ctx, SCMP_FLTATR_API_TSKIP, 1) < 0 || seccomp_rule_add(f.ctx, SCMP_ACT_ALLOW, -1, 0) < 0)
		BUG("the filter's row for no system call");
	add_names(&f);
	add_judged(&f);
	code = seccomp_load(f.ctx);
	if (code < 0)
		say(SAY_WARNING, "seccomp: %s: system calls are not restricted", strerror(-code));
	seccomp_release(f.ctx);
}

int sandbox_no_unix(void)
{
	const struct scmp_arg_cmp local = SCMP_A0(SCMP_CMP_EQ, AF_UNIX);
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int code = -ENOMEM;

	if (ctx != NULL)
		code = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (code == 0)
		code = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, &local);
	if (code == 0)
		code = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0);
	if (code == 0)
		code = seccomp_load(ctx);
	if (ctx != NULL)
		seccomp_release(ctx);
	errno = -code;
	return code == 0 ? 0 : -1;
}
