#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/err.h"
#include "base/io.h"
#include "deliver/maildir.h"

#define NAME "1615286631.Q15309R0.mx.example.com"
#define USER "example.com/bob"
#define STAGED USER "/staging/" NAME
#define FRESH USER "/Maildir/new/" NAME
#define MESSAGE "Subject: x\r\n\r\nhello\r\n.dot\r\n"
#define FILED "Return-Path: <ann@x.example>\nDelivered-To: bob@example.com\nSubject: x\n\nhello\n.dot\n"

static char top[64];
static struct maildir md;
static struct arena mem;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test-maildir.XXXXXX");
	if (mkdtemp(top) == NULL || chdir(top) < 0 || mkdir("mail", 0700) < 0 || mkdir("outside", 0700) < 0)
		return -1;
	md.root = io_opendir(AT_FDCWD, "mail", NULL);
	md.host = STR("mx.example.com");
	return md.root < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(md.root);
	arena_clear(&mem);
	return chdir("/") < 0 || nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0;
}

static struct maildir_job job(const char *message)
{
	struct maildir_job j = { .final = STR("bob@example.com"), .sender = STR("ann@x.example"), .mem = &mem };
	struct err e;

	j.qp = 15309;
	j.time = 1615286631250;
	j.size = strlen(message);
	j.fd = io_memfd("message", str_of(message), &e);
	assert_true(j.fd >= 0);
	return j;
}

static void stage(struct maildir_job *j)
{
	struct maildir_job *one[] = { j };

	maildir_stage(&md, one, 1);
}

static void finish(struct maildir_job *j)
{
	struct maildir_job *one[] = { j };

	maildir_finish(&md, one, 1);
}

static const char *slurp(const char *path)
{
	static struct buf b;

	buf_reset(&b);
	return io_slurp(md.root, path, 1 << 20, &b, NULL) < 0 ? NULL : buf_z(&b);
}

static bool there(const char *path)
{
	return faccessat(md.root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void delivered(const struct maildir_job *j)
{
	assert_true(j->ended);
	assert_int_equal(j->out.kind, OUTCOME_SUCCESS);
	assert_true(str_eqz(j->out.report, "did 1+0+0"));
}

static void ended(const struct maildir_job *j, enum outcome_kind kind, const char *report)
{
	assert_true(j->ended);
	assert_int_equal(j->out.kind, kind);
	if (!str_starts(j->out.report, str_of(report)))
		fail_msg("report: %.*s", STR_ARG(j->out.report));
}

static void a_message_is_staged_then_delivered(void **state)
{
	struct maildir_job j = job(MESSAGE);
	struct stat st;

	(void)state;
	stage(&j);
	assert_false(j.ended);
	assert_string_equal(slurp(STAGED), FILED);
	assert_false(there(FRESH));
	finish(&j);
	delivered(&j);
	assert_string_equal(slurp(FRESH), FILED);
	assert_false(there(STAGED));
	assert_int_equal(fstatat(md.root, USER "/Maildir", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(there(USER "/Maildir/cur") && there(USER "/Maildir/tmp"));
	close(j.fd);
}

/* Every point at which an attempt can end, and what the next one makes of it. */
static void a_crash_between_two_steps_neither_loses_nor_doubles(void **state)
{
	struct maildir_job j = job(MESSAGE);
	FD(fd) = -1;

	(void)state;
	/* half written, not staged: written anew */
	stage(&j);
	fd = openat(md.root, STAGED, O_WRONLY | O_TRUNC);
	assert_int_equal(io_write_all(fd, "Return-Pa", 9), 0);
	stage(&j);
	assert_false(j.ended);
	assert_string_equal(slurp(STAGED), FILED);
	/* staged, not renamed: renamed */
	finish(&j);
	delivered(&j);
	/* renamed, not settled: it is there once */
	finish(&j);
	delivered(&j);
	assert_string_equal(slurp(FRESH), FILED);
	/* and its owner has removed it meanwhile: it does not come again */
	assert_int_equal(unlinkat(md.root, FRESH, 0), 0);
	finish(&j);
	delivered(&j);
	assert_false(there(FRESH));
	close(j.fd);
}

static void a_batch_is_delivered_as_a_whole(void **state)
{
	struct maildir_job a = job(MESSAGE), b = job(MESSAGE), c = job(MESSAGE), d = job(MESSAGE);
	struct maildir_job *all[] = { &a, &b, &c, &d };

	(void)state;
	b.rcpt = 1;
	c.final = STR("eve@example.com");
	d.final = STR("../eve@example.com");
	maildir_stage(&md, all, 4);
	assert_false(a.ended || b.ended || c.ended);
	ended(&d, OUTCOME_FAILURE, "Sorry, no mailbox here by that name. (#5.1.1)");
	maildir_finish(&md, all, 3);
	delivered(&a);
	delivered(&b);
	delivered(&c);
	assert_string_equal(slurp(FRESH), FILED);
	assert_string_equal(slurp(USER "/Maildir/new/1615286631.Q15309R1.mx.example.com"), FILED);
	assert_non_null(slurp("example.com/eve/Maildir/new/" NAME));
	for (size_t i = 0; i < 4; i++)
		close(all[i]->fd);
}

static void line_ends_and_headers_are_the_mailboxes(void **state)
{
#define TOP "Return-Path: <ann@x.example>\nDelivered-To: bob@example.com\n"
	static const struct {
		const char *message, *filed;
	} t[] = {
		{ "", TOP },
		{ "\r\n", TOP "\n" },
		{ "a: b\r\n", TOP "a: b\n" },
		{ "a\r\r\nb\rc\r\n\r\n", TOP "a\r\nb\rc\n\n" },
		{ "no end", TOP "no end" },
		{ "cr end\r", TOP "cr end\r" },
		{ "\r\nDelivered-To: bob@example.com\r\n", TOP "\nDelivered-To: bob@example.com\n" },
		{ "Delivered-To: bob@example.com.au\r\n", TOP "Delivered-To: bob@example.com.au\n" },
		{ "X-Delivered-To: bob@example.com\r\n", TOP "X-Delivered-To: bob@example.com\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct maildir_job j = job(t[i].message);

		stage(&j);
		assert_false(j.ended);
		assert_string_equal(slurp(STAGED), t[i].filed);
		close(j.fd);
	}
}

static void a_loop_is_a_failure(void **state)
{
	static const char *const t[] = {
		"Delivered-To: bob@example.com\r\n\r\n",
		"Subject: x\r\ndelivered-to:BOB@Example.com  \r\nX: y\r\n\r\nbody\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct maildir_job j = job(t[i]);

		stage(&j);
		ended(&j, OUTCOME_FAILURE, "This message is looping: it already has my Delivered-To line. (#5.4.6)");
		assert_false(there(STAGED));
		close(j.fd);
	}
}

/* The loop line may lie across the pieces in which a big message is read. */
static void a_big_message_arrives_whole(void **state)
{
	BUF(in);
	BUF(out);
	struct maildir_job j;

	(void)state;
	buf_adds(&out, TOP);
	for (int i = 0; in.n < 700000; i++) {
		buf_fmt(&in, "X-%d: %d\r\n", i, i * 7);
		buf_fmt(&out, "X-%d: %d\n", i, i * 7);
	}
	j = job(in.p);
	stage(&j);
	assert_false(j.ended);
	assert_string_equal(slurp(STAGED), buf_z(&out));
	close(j.fd);
	buf_adds(&in, "Delivered-To: bob@example.com\r\n\r\n");
	j = job(in.p);
	stage(&j);
	ended(&j, OUTCOME_FAILURE, "This message is looping");
	close(j.fd);
}

static void an_address_cannot_leave_its_place(void **state)
{
	static const struct str t[] = {
		STR_INIT("bob"),
		STR_INIT("@example.com"),
		STR_INIT("bob@"),
		STR_INIT(".@example.com"),
		STR_INIT("..@example.com"),
		STR_INIT(".bob@example.com"),
		STR_INIT("../../x@d"),
		STR_INIT("a/../../b@example.com"),
		STR_INIT("bob@.."),
		STR_INIT("bob@../x"),
		STR_INIT("bob@/etc"),
		STR_INIT("b\0b@example.com"),
		STR_INIT("b\nb@example.com"),
		STR_INIT("bob@.example.com"),
		STR_INIT(""),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct maildir_job j = job(MESSAGE);

		j.final = t[i];
		stage(&j);
		ended(&j, OUTCOME_FAILURE, "Sorry, no mailbox here by that name. (#5.1.1)");
		finish(&j);
		ended(&j, OUTCOME_FAILURE, "Sorry, no mailbox here by that name. (#5.1.1)");
		close(j.fd);
	}
	assert_int_equal(rmdir("mail"), 0);
}

/* What a header line of ours says cannot begin another. */
static void a_sender_cannot_forge_a_header(void **state)
{
	struct maildir_job j = job("\r\n");

	(void)state;
	j.sender = STR("a\nX-Forged: 1@x");
	stage(&j);
	assert_string_equal(slurp(STAGED), "Return-Path: <a_X-Forged: 1@x>\nDelivered-To: bob@example.com\n\n");
	close(j.fd);
}

static int count_outside(void)
{
	BUF(all);
	FILE *p = popen("cd outside && find . | wc -l", "r");
	int n = -1;

	assert_int_equal(fscanf(p, "%d", &n), 1);
	pclose(p);
	return n;
}

/* A user plants something at each component of the path (SECURITY T32). */
static void a_hostile_tree_is_deferred_and_harmless(void **state)
{
	static const char *const at[] = { "example.com", USER, USER "/staging", USER "/Maildir", USER "/Maildir/new" };
	static const char *const with[] = {
		"ln -s $PWD/outside", "ln -s ../outside", "mkfifo", "touch", "ln -s nowhere", "ln outside/precious",
	};

	(void)state;
	assert_int_equal(system("mkdir -p outside/bob/staging outside/bob/Maildir/new outside/new; "
				"echo precious > outside/precious"),
			 0);

	int before = count_outside();

	for (size_t i = 0; i < COUNT(at); i++) {
		for (size_t k = 0; k < COUNT(with); k++) {
			struct maildir_job j = job(MESSAGE);
			char cmd[512];

			snprintf(cmd, sizeof(cmd), "rm -rf mail/*; mkdir -p $(dirname mail/%s); %s mail/%s", at[i],
				 with[k], at[i]);
			assert_int_equal(system(cmd), 0);
			stage(&j);
			ended(&j, OUTCOME_DEFERRAL, "Unable to chdir to maildir. (#4.2.1)\n");
			finish(&j);
			ended(&j, OUTCOME_DEFERRAL, "Unable to chdir to maildir. (#4.2.1)\n");
			assert_int_equal(count_outside(), before);
			close(j.fd);
		}
	}
	assert_int_equal(system("echo precious | cmp - outside/precious"), 0);
}

/* The same with the file itself, before and after it was staged. */
static void a_hostile_file_is_replaced_or_deferred(void **state)
{
	static const char *const with[] = {
		"ln -s $PWD/outside/precious",
		"ln outside/precious",
		"mkfifo",
		"mkdir",
	};

	(void)state;
	assert_int_equal(system("mkdir -p mail/" USER "; echo precious > outside/precious"), 0);
	for (size_t k = 0; k < COUNT(with); k++) {
		struct maildir_job j = job(MESSAGE);
		bool dir = strcmp(with[k], "mkdir") == 0;
		char cmd[512];

		snprintf(cmd, sizeof(cmd), "mkdir -p mail/" USER "/staging; rm -rf mail/" STAGED "; %s mail/" STAGED,
			 with[k]);
		assert_int_equal(system(cmd), 0);
		stage(&j);
		assert_int_equal(j.ended, dir);
		if (!dir)
			assert_string_equal(slurp(STAGED), FILED);
		assert_int_equal(system(cmd), 0);
		finish(&j);
		ended(&j, OUTCOME_DEFERRAL, "Unable to chdir to maildir. (#4.2.1)");
		assert_false(there(FRESH));
		close(j.fd);
	}
	assert_int_equal(system("echo precious | cmp - outside/precious"), 0);
}

/* A missing folder is a disk that is not mounted, not a delivery; a name that is taken is not overwritten. */
static void a_staged_message_is_not_given_up_lightly(void **state)
{
	struct maildir_job j = job(MESSAGE);

	(void)state;
	finish(&j);
	ended(&j, OUTCOME_DEFERRAL, "Unable to chdir to maildir. (#4.2.1)");
	assert_false(there("example.com"));
	stage(&j);
	assert_int_equal(system("echo other > mail/" FRESH), 0);
	finish(&j);
	ended(&j, OUTCOME_DEFERRAL, "Unable to chdir to maildir. (#4.2.1)");
	assert_string_equal(slurp(FRESH), "other\n");
	assert_string_equal(slurp(STAGED), FILED);
	close(j.fd);
}

static void a_message_that_cannot_be_read_is_deferred(void **state)
{
	struct maildir_job j = job(MESSAGE);

	(void)state;
	j.size += 5;
	stage(&j);
	ended(&j, OUTCOME_DEFERRAL, "Unable to read message. (#4.3.0)\n");
	assert_false(there(STAGED));
	close(j.fd);
}

static void names_have_maildir_form(void **state)
{
	struct maildir m = { -1, STR("a/b:c") };
	struct maildir_job j = { .qp = 7, .rcpt = 12, .time = 999 };

	(void)state;
	assert_true(str_eqz(maildir_name(&mem, &m, &j), "0.Q7R12.a\\057b\\072c"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_message_is_staged_then_delivered),
		T(a_crash_between_two_steps_neither_loses_nor_doubles),
		T(a_batch_is_delivered_as_a_whole),
		T(line_ends_and_headers_are_the_mailboxes),
		T(a_loop_is_a_failure),
		T(a_big_message_arrives_whole),
		T(an_address_cannot_leave_its_place),
		T(a_sender_cannot_forge_a_header),
		T(a_hostile_tree_is_deferred_and_harmless),
		T(a_hostile_file_is_replaced_or_deferred),
		T(a_staged_message_is_not_given_up_lightly),
		T(a_message_that_cannot_be_read_is_deferred),
		T(names_have_maildir_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
