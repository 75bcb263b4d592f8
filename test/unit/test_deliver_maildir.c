#include "maildir_box.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

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

/* The machine may die with both names on disk, or we between the two steps: it is one file, and it is delivered. */
static void a_file_with_both_names_is_delivered_once(void **state)
{
	static const char *const names[] = { FRESH, USER "/Maildir/cur/" NAME ":2,S" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct maildir_job j = job(MESSAGE);

		stage(&j);
		assert_int_equal(linkat(md.root, STAGED, md.root, names[i], 0), 0);
		finish(&j);
		delivered(&j);
		assert_string_equal(slurp(names[i]), FILED);
		assert_false(there(STAGED));
		assert_int_equal(there(FRESH), i == 0);
		assert_int_equal(unlinkat(md.root, names[i], 0), 0);
		close(j.fd);
	}
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
	assert_string_equal(slurp(USER "/Maildir/new/1615286631.Q15309R1.mx.example.com" SIZE), FILED);
	assert_non_null(slurp("example.com/eve/Maildir/new/" NAME));
	for (size_t i = 0; i < 4; i++)
		close(all[i]->fd);
}

/* syncfs() says that something could not be written: that may have been any of them. */
static void fail_syncfs(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_syncfs, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { COUNT(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		BUG("no seccomp: %s", strerror(errno));
}

static void new_mailboxes_that_are_not_on_disk_are_gone(void)
{
	static const struct str to[] = { STR_INIT("a@example.com"), STR_INIT("b@example.com"), STR_INIT("c@other") };
	struct maildir_job j[COUNT(to)], *all[COUNT(to)];

	for (size_t i = 0; i < COUNT(to); i++) {
		j[i] = job(MESSAGE);
		j[i].final = to[i];
		all[i] = &j[i];
	}
	maildir_stage(&md, all, COUNT(to));
	for (size_t i = 0; i < COUNT(to); i++) {
		ended(&j[i], OUTCOME_DEFERRAL, "Temporary error on maildir delivery. (#4.3.0)");
		close(j[i].fd);
	}
	assert_false(there("example.com/a") || there("example.com/b") || there("other"));
	assert_true(there(USER "/Maildir/new"));
}

/* The filter cannot be taken away again: last of all tests. */
static void a_batch_whose_sync_fails_is_deferred_as_a_whole(void **state)
{
	struct maildir_job j[4], *all[] = { &j[0], &j[1], &j[2], &j[3] };

	(void)state;
	for (size_t i = 0; i < COUNT(j); i++) {
		j[i] = job(MESSAGE);
		j[i].rcpt = i;
	}
	j[3].final = STR("eve@example.com");
	maildir_stage(&md, all, COUNT(j));
	if (!batch_may_be_whole(md.root))
		skip(); /* a file system on which each is synced by itself */
	for (size_t i = 0; i < COUNT(j); i++)
		assert_false(j[i].ended);
	fail_syncfs();
	maildir_finish(&md, all, COUNT(j));
	for (size_t i = 0; i < COUNT(j); i++)
		ended(&j[i], OUTCOME_DEFERRAL, "Temporary error on maildir delivery. (#4.3.0)");
	assert_true(there(STAGED));
	maildir_stage(&md, all, COUNT(j));
	for (size_t i = 0; i < COUNT(j); i++) {
		ended(&j[i], OUTCOME_DEFERRAL, "Temporary error on maildir delivery. (#4.3.0)");
		close(j[i].fd);
	}
	assert_false(there(STAGED));
	new_mailboxes_that_are_not_on_disk_are_gone();
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
		{ "Delivered-To: bob@example.com eve@example.com\r\n\r\n",
		  TOP "Delivered-To: bob@example.com eve@example.com\n\n" },
		{ "Delivered-To\r\nDelivered-To: bob@example.com\r\n\r\n",
		  TOP "Delivered-To\nDelivered-To: bob@example.com\n\n" },
		{ " Delivered-To: bob@example.com\r\n", TOP " Delivered-To: bob@example.com\n" },
		{ "a: b\r\n Delivered-To: bob@example.com\r\n", TOP "a: b\n Delivered-To: bob@example.com\n" },
		{ "a: \xe9\xff\x01\r\n\r\n\xe9\r\n", TOP "a: \xe9\xff\x01\n\n\xe9\n" },
		{ "A-very-long-name-of-a-field-which-is-none-of-ours-at-all : x\r\nb: c\r\n\r\n",
		  TOP "A-very-long-name-of-a-field-which-is-none-of-ours-at-all : x\nb: c\n\n" },
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

/* RFC 5321 4.4: exactly one, and it is ours. */
static void a_return_path_that_came_along_is_left_out(void **state)
{
	static const struct {
		const char *message, *filed;
	} t[] = {
		{ "Return-Path: <x@y>\r\na: b\r\n\r\n", TOP "a: b\n\n" },
		{ "a: b\r\nreturn-path:<>\r\n\r\nx\r\n", TOP "a: b\n\nx\n" },
		{ "RETURN-PATH \t: <x@y>\r\n\tfolded\r\n  twice\r\na: b\r\n c\r\n\r\n", TOP "a: b\n c\n\n" },
		{ "Return-Path: 1\r\nReturn-Path: 2\r\n\r\nReturn-Path: 3\r\n", TOP "\nReturn-Path: 3\n" },
		{ "Return-Path: no end", TOP },
		{ "Return-Path", TOP "Return-Path" },
		{ "Return-Path\r\n\r\n", TOP "Return-Path\n\n" },
		{ "Return-Path x: y\r\n\r\n", TOP "Return-Path x: y\n\n" },
		{ "X-Return-Path: a\r\nReturn-Path-X: b\r\n\r\n", TOP "X-Return-Path: a\nReturn-Path-X: b\n\n" },
		{ "no header\r\nReturn-Path: x\r\n", TOP "no header\nReturn-Path: x\n" },
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

static void a_bounce_has_the_null_path(void **state)
{
	struct maildir_job j = job("Return-Path: <x@y>\r\na: b\r\n\r\n");

	(void)state;
	j.sender = STR("");
	stage(&j);
	assert_string_equal(slurp(STAGED), "Return-Path: <>\nDelivered-To: bob@example.com\na: b\n\n");
	close(j.fd);
}

static void a_loop_is_a_failure(void **state)
{
	static const char *const t[] = {
		"Delivered-To: bob@example.com\r\n\r\n",
		"Delivered-To:\r\n bob@example.com\r\n\r\n",
		"Delivered-To :\r\n\t \r\n\tbob@EXAMPLE.com\t\r\nX: y\r\n\r\n",
		"Delivered-To: eve@example.com\r\nDelivered-To: bob@example.com",
		"Return-Path: x\r\nDelivered-To: bob@example.com\r\nno header\r\n",
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

/* An earlier attempt may have ended between any two of the folders. */
static void missing_folders_are_made(void **state)
{
	static const char *const had[] = { "", "tmp", "cur", "tmp cur", "new" };

	(void)state;
	for (size_t i = 0; i < COUNT(had); i++) {
		struct maildir_job j = job(MESSAGE);
		char cmd[256];

		snprintf(cmd, sizeof(cmd),
			 "rm -rf mail/*; mkdir -p mail/" USER "/Maildir; cd mail/" USER "/Maildir; "
			 "for d in %s; do mkdir $d; done",
			 had[i]);
		assert_int_equal(system(cmd), 0);
		stage(&j);
		finish(&j);
		delivered(&j);
		assert_non_null(slurp(FRESH));
		assert_true(strcmp(had[i], "new") == 0 || (there(USER "/Maildir/cur") && there(USER "/Maildir/tmp")));
		close(j.fd);
	}
}

/* A missing folder is a disk that is not mounted, not a delivery; a name that is taken is not overwritten. */
static void a_staged_message_is_not_given_up_lightly(void **state)
{
	static const char *const taken[] = {
		"cd mail/" USER "/Maildir/new && tr h j <../../staging/" STEM " >" NAME,
		"cd mail/" USER "/Maildir/new && ln -fs ../../staging/" STEM " " NAME,
		"rm mail/" FRESH " && echo other >mail/" FRESH,
	};
	struct maildir_job j = job(MESSAGE);

	(void)state;
	finish(&j);
	ended(&j, OUTCOME_DEFERRAL, "Unable to chdir to maildir. (#4.2.1)");
	assert_false(there("example.com"));
	stage(&j);
	for (size_t i = 0; i < COUNT(taken); i++) {
		assert_int_equal(system(taken[i]), 0);
		finish(&j);
		ended(&j, OUTCOME_DEFERRAL, "Unable to chdir to maildir. (#4.2.1)");
		assert_string_equal(slurp(STAGED), FILED);
	}
	assert_string_equal(slurp(FRESH), "other\n");
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

/* Between staging and finishing the server may get another name. */
static void a_new_host_name_loses_no_staged_message(void **state)
{
	struct maildir_job j = job(MESSAGE);

	(void)state;
	stage(&j);
	md.host = STR("mx2.example.com");
	finish(&j);
	delivered(&j);
	assert_string_equal(slurp(USER "/Maildir/new/" STEM ".mx2.example.com" SIZE), FILED);
	assert_false(there(STAGED));
	close(j.fd);
}

static void names_have_maildir_form(void **state)
{
	struct maildir m = { .host = STR("a/b:c,S=9") };
	struct maildir_job j = { .qp = 7, .rcpt = 12, .time = 999, .bytes = 1234 };

	(void)state;
	assert_true(str_eqz(maildir_name(&mem, &m, &j), "0.Q7R12.a\\057b\\072c\\054S=9,S=1234"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_message_is_staged_then_delivered),
		T(a_file_with_both_names_is_delivered_once),
		T(a_crash_between_two_steps_neither_loses_nor_doubles),
		T(a_batch_is_delivered_as_a_whole),
		T(line_ends_and_headers_are_the_mailboxes),
		T(a_return_path_that_came_along_is_left_out),
		T(a_bounce_has_the_null_path),
		T(a_loop_is_a_failure),
		T(a_big_message_arrives_whole),
		T(missing_folders_are_made),
		T(a_staged_message_is_not_given_up_lightly),
		T(a_message_that_cannot_be_read_is_deferred),
		T(a_new_host_name_loses_no_staged_message),
		T(names_have_maildir_form),
		T(a_batch_whose_sync_fails_is_deferred_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
