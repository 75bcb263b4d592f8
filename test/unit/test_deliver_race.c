/* A user at work in his own tree while we deliver into it (SECURITY T32, E-34): nothing outside changes,
 * nobody waits, and what was deferred is delivered once the tree is mended.  Bounded by deliveries, not by time. */
#include "maildir_box.h"

#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "base/clock.h"
#include "deliver/quota.h"
#include "deliver/usage.h"

enum { MESSAGES = 400, SLOWEST = 5000 };

static const char *const paths[] = {
	"example.com",
	USER,
	USER "/staging",
	USER "/Maildir",
	USER "/Maildir/new",
	USER "/Maildir/tmp",
	USER "/Maildir/cur",
	USER "/Maildir/maildirsize",
	STAGED,
	FRESH,
};

/* What lies outside, and must stay as it is. */
static const char *const canaries[] = {
	"outside/precious",
	"outside/bob/precious",
	"outside/bob/Maildir/maildirsize",
	"outside/bob/Maildir/new/precious",
	"outside/new/precious",
	"outside/staging/precious",
};
static struct stat before[COUNT(canaries)];

static void outside_is_made(void)
{
	assert_int_equal(
	    system("mkdir -p outside/bob/staging outside/bob/Maildir/new outside/bob/Maildir/cur outside/new "
		   "outside/staging; for f in precious bob/precious bob/Maildir/maildirsize "
		   "bob/Maildir/new/precious new/precious staging/precious; do "
		   "printf '1000S\\n7 1\\n' > outside/$f; done; touch -d @1000000000 outside/precious"),
	    0);
	for (size_t i = 0; i < COUNT(canaries); i++)
		assert_int_equal(lstat(canaries[i], &before[i]), 0);
}

static int entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void outside_is_as_it_was(void)
{
	static const char *const folders[] = { "outside",
					       "outside/bob",
					       "outside/bob/staging",
					       "outside/bob/Maildir",
					       "outside/bob/Maildir/new",
					       "outside/bob/Maildir/cur",
					       "outside/new",
					       "outside/staging" };
	static const int counts[] = { 6, 5, 2, 5, 3, 2, 3, 3 };
	struct stat st;

	for (size_t i = 0; i < COUNT(canaries); i++) {
		assert_int_equal(lstat(canaries[i], &st), 0);
		assert_int_equal(st.st_size, before[i].st_size);
		assert_int_equal(st.st_nlink, 1);
		assert_int_equal(st.st_mtim.tv_sec, before[i].st_mtim.tv_sec);
		assert_int_equal(st.st_mtim.tv_nsec, before[i].st_mtim.tv_nsec);
		assert_int_equal(st.st_mode, before[i].st_mode);
	}
	for (size_t i = 0; i < COUNT(folders); i++)
		assert_int_equal(entries(folders[i]), counts[i]);
}

static atomic_bool over;

/* Put `with` at the path by one rename, as fast as can be, and the real thing back. */
static void plant(const char *path, unsigned with)
{
	static const char from[] = "play/new", aside[] = "play/aside";
	char to[256], link_to[200];

	snprintf(to, sizeof(to), "mail/%s", path);
	switch (with % 7) {
	case 0:
		snprintf(link_to, sizeof(link_to), "%s/outside%s", top, strcmp(path, "example.com") == 0 ? "" : "/bob");
		(void)!symlink(link_to, from);
		break;
	case 1:
		snprintf(link_to, sizeof(link_to), "%s/outside/bob/Maildir/maildirsize", top);
		(void)!symlink(link_to, from);
		break;
	case 2:
		(void)!link("outside/bob/Maildir/maildirsize", from);
		break;
	case 3:
		(void)!mkfifo(from, 0600);
		break;
	case 4:
		(void)!mkdir(from, 0700);
		break;
	case 5:
		snprintf(link_to, sizeof(link_to), "%s/outside/bob/Maildir/new", top);
		(void)!symlink(link_to, from);
		break;
	case 6:
		(void)!mkdir(from, 0);
		break;
	}
	(void)!rename(to, aside); /* what was there is put aside, then comes back */
	(void)!rename(from, to);
	sched_yield();
	if (unlink(to) < 0)
		(void)!nftw(to, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	(void)!rename(aside, to);
	(void)!nftw(aside, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	(void)!nftw(from, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void *attacker(void *arg)
{
	for (unsigned i = 0; !atomic_load(&over); i++)
		plant(paths[i % COUNT(paths)], i / COUNT(paths));
	return arg;
}

/* Does any process or thread of ours hang on to descriptors? */
static int open_fds(void)
{
	return entries("/proc/self/fd");
}

static void one_delivery(uint64_t qp, bool *staged, int *deferred)
{
	struct maildir_job j = job(MESSAGE);
	struct usage u;
	int64_t begun = clock_mono();

	j.qp = qp;
	if (!*staged)
		stage(&j);
	if (*staged || !j.ended) {
		*staged = true;
		finish(&j);
	}
	if (j.out.kind == OUTCOME_DEFERRAL)
		(*deferred)++;
	assert_int_not_equal(j.out.kind, OUTCOME_FAILURE);
	(void)usage_count(md.root, USER, deadline_in(1000), &u);
	assert_true(clock_mono() - begun < SLOWEST);
	close(j.fd);
}

static void a_user_who_plays_hurts_nobody(void **state)
{
	int deferred = 0, fds;
	pthread_t t;

	(void)state;
	assert_int_equal(mkdir("play", 0700), 0);
	outside_is_made();
	one_delivery(1, &(bool){ false }, &deferred);
	fds = open_fds();
	atomic_store(&over, false);
	assert_int_equal(pthread_create(&t, NULL, attacker, NULL), 0);
	for (uint64_t qp = 15309; qp < 15309 + MESSAGES; qp++)
		one_delivery(qp, &(bool){ false }, &deferred);
	atomic_store(&over, true);
	pthread_join(t, NULL);
	outside_is_as_it_was();
	assert_int_equal(open_fds(), fds);
	assert_true(deferred > 0); /* else nothing was tested */
	/* The tree is mended: mail arrives again. */
	assert_int_equal(nftw("mail/example.com", remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	deferred = 0;
	one_delivery(15309, &(bool){ false }, &deferred);
	assert_int_equal(deferred, 0);
	assert_string_equal(slurp(FRESH), FILED);
}

/* Before staging, and before finishing. */
static void each_thing_at_each_place(void **state)
{
	static const char *const with[] = {
		"ln -s $PWD/outside", "ln -s $PWD/outside/bob", "ln outside/precious", "mkfifo", "mkdir -m 0", "touch",
		"ln -s /dev/zero",
	};

	(void)state;
	outside_is_made();
	assert_int_equal(
	    system("rm outside/bob/Maildir/maildirsize; printf '1000S\\n7 1\\n' > outside/bob/Maildir/maildirsize"), 0);
	assert_int_equal(lstat(canaries[2], &before[2]), 0);
	for (size_t i = 0; i < 2 * COUNT(paths) * COUNT(with); i++) {
		const char *path = paths[i / 2 % COUNT(paths)], *what = with[i / 2 / COUNT(paths)];
		struct maildir_job j = job(MESSAGE);
		char cmd[600];

		shell("rm -rf mail/*; mkdir -p -m 700 mail/%s/staging mail/" USER "/Maildir/new", USER);
		if (i % 2 == 1)
			stage(&j);
		snprintf(cmd, sizeof(cmd), "rm -rf mail/%s; %s mail/%s", path, what, path);
		assert_int_equal(system(cmd), 0);
		if (i % 2 == 0)
			stage(&j);
		if (!j.ended)
			finish(&j);
		assert_true(j.ended && j.out.kind != OUTCOME_FAILURE);
		close(j.fd);
		shell("rm -rf mail/%s", path);
		outside_is_as_it_was();
	}
}

/* A kernel without openat2. */
static void forget_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { COUNT(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		BUG("no seccomp: %s", strerror(errno));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_user_who_plays_hurts_nobody),
		T(each_thing_at_each_place),
	};
	int failed;

	/* For root no folder is forbidden. */
	if (geteuid() == 0 && (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0))
		return 1;
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	forget_openat2();
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
