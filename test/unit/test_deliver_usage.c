/* How full a mailbox is, whatever its owner wrote into it. */
#include "maildir_box.h"

#include "base/clock.h"
#include "deliver/usage.h"

#define NOTES "mail/" USER "/Maildir/maildirsize"

static void sizes_in_names(void **state)
{
	static const struct {
		const char *name;
		bool says;
		uint64_t bytes;
	} t[] = {
		{ "1.Q1R0.h,S=1234", true, 1234 },
		{ "1.Q1R0.h,S=1234:2,S", true, 1234 },
		{ "1.Q1R0.h,S=1234,W=1250:2,FS", true, 1234 },
		{ "1.Q1R0.h,W=1250,S=7:2,", true, 7 },
		{ "1.Q1R0.h,S=x,S=8", true, 8 },
		{ ",S=0", true, 0 },
		{ "1.Q1R0.h", false, 0 },
		{ "1.Q1R0.h,S=", false, 0 },
		{ "1.Q1R0.h,S=-5", false, 0 },
		{ "1.Q1R0.h,S=12x", false, 0 },
		{ "1.Q1R0.h,S=99999999999999999999999999", false, 0 },
		{ "S=12", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		uint64_t bytes = 0;

		assert_int_equal(usage_read_name(str_of(t[i].name), &bytes), t[i].says);
		assert_int_equal(bytes, t[i].bytes);
	}
}

static void sums_of_a_maildirsize(void **state)
{
	static const struct {
		const char *text;
		bool says;
		uint64_t bytes;
	} t[] = {
		{ "1000S\n0 0\n", true, 0 },
		{ "1000S,10C\n500 2\n", true, 500 },
		{ "1000S\n500 2\n100 1\n-50 -1\n", true, 550 },
		{ "\n500 2\n", true, 500 },
		{ "1000S      \n500         2\n   100    1   \n", true, 600 },
		{ "1000S\n-50 -1\n500 2\n", true, 450 },
		{ "", false, 0 },
		{ "1000S\n", false, 0 },
		{ "1000S\n500 2", false, 0 },
		{ "no limit\n500 2\n", false, 0 },
		{ "1000S\n500\n", false, 0 },
		{ "1000S\n500 2 3\n", false, 0 },
		{ "1000S\n\n500 2\n", false, 0 },
		{ "1000S\n+500 2\n", false, 0 },
		{ "1000S\n--500 2\n", false, 0 },
		{ "1000S\n- 2\n", false, 0 },
		{ "1000S\n0x10 2\n", false, 0 },
		{ "1000S\n100 1\n-200 -1\n", false, 0 },
		{ "1000S\n100 1\n-50 -2\n", false, 0 },
		{ "1000S\n99999999999999999999 1\n", false, 0 },
		{ "1000S\n9223372036854775807 1\n", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		uint64_t bytes = 0;

		if (usage_read_notes(str_of(t[i].text), &bytes) != t[i].says)
			fail_msg("row %zu", i);
		if (t[i].says)
			assert_int_equal(bytes, t[i].bytes);
	}
}

static struct usage counted(void)
{
	struct usage u;

	assert_int_equal(usage_count(md.root, USER, deadline_in(5000), &u), 0);
	return u;
}

static void messages_of_all_folders_count(void **state)
{
	(void)state;
	assert_int_equal(counted().bytes, 0); /* no such mailbox yet */
	shell("mkdir -p mail/%s/Maildir; cd mail/" USER "/Maildir; for f in . .Sent .Trash; do mkdir -p $f/new $f/cur "
	      "$f/tmp; done; printf 12345 > new/a; printf 123 > cur/b:2,S; touch 'cur/c,S=1000:2,'; "
	      "touch '.Sent/cur/d,S=20000'; printf 1 > .Trash/new/e; touch 'tmp/f,S=5' 'new/.g,S=5' 'h,S=5'; "
	      "mkdir 'new/i,S=5' 'Sent,S=5'",
	      USER);
	assert_int_equal(counted().bytes, 5 + 3 + 1000 + 20000 + 1);
	assert_int_equal(counted().files, 5);
	assert_true(counted().whole);
}

static void what_is_no_message_is_not_followed_and_does_not_count(void **state)
{
	(void)state;
	shell("mkdir -p outside/new outside/cur mail/%s/Maildir; head -c 9999 /dev/zero > outside/new/big; "
	      "cd mail/" USER "/Maildir; mkdir new; mkfifo new/fifo 'new/fifo,S=7' .fifo; ln -s $OLDPWD/outside .link; "
	      "ln -s $OLDPWD/outside/new cur; ln -s $OLDPWD/outside/new/big new/link; ln -s nowhere 'new/link,S=7'; "
	      "touch .file; mkdir .odd; mkfifo .odd/new; printf 12 > new/real",
	      USER);
	assert_int_equal(counted().bytes, 2);
	assert_false(counted().whole); /* cur cannot be read */
	shell("rm -r mail/%s/Maildir; ln -s $PWD/outside mail/" USER "/Maildir", USER);
	assert_int_equal(usage_count(md.root, USER, deadline_in(5000), &(struct usage){ 0 }), -1);
}

static void sums_that_are_too_large_stay_put(void **state)
{
	(void)state;
	shell("mkdir -p mail/%s/Maildir/new; cd mail/" USER "/Maildir/new; "
	      "for i in 1 2 3 4; do touch $i,S=1152921504606846976; done",
	      USER);
	assert_int_equal(counted().bytes, USAGE_BYTES_MAX);
	assert_int_equal(counted().files, 4);
}

static void counting_has_an_end(void **state)
{
	struct usage u;

	(void)state;
	shell("mkdir -p mail/%s/Maildir/new; touch mail/" USER "/Maildir/new/1,S=5", USER);
	assert_int_equal(usage_count(md.root, USER, clock_mono(), &u), 0);
	assert_false(u.whole);
	assert_int_equal(u.bytes, 0);
}

/* A delivery leaves its line where there is a plain file, and never in a file that has another name too. */
static void a_maildirsize_gets_its_line(void **state)
{
	static const struct {
		const char *make;
		bool noted;
	} t[] = {
		{ "printf '1000S\\n7 1\\n' > " NOTES, true },
		{ "ln -s $PWD/outside/precious " NOTES, false },
		{ "ln outside/precious " NOTES, true },
		{ "mkfifo " NOTES, false },
		{ "mkdir " NOTES, false },
		{ "(echo 1000S; head -c 6000 /dev/zero) > " NOTES, false },
		{ "true", false },
	};

	(void)state;
	assert_int_equal(system("printf '1000S\\n7 1\\n' > outside/precious"), 0);
	for (size_t i = 0; i < COUNT(t); i++) {
		struct maildir_job j = job(MESSAGE);
		uint64_t bytes = 0;

		shell("rm -rf mail/*; mkdir -p mail/%s/Maildir", USER);
		shell("%s", t[i].make);
		stage(&j);
		finish(&j);
		delivered(&j);
		assert_int_equal(usage_noted(md.root, USER, &bytes), t[i].noted);
		if (t[i].noted)
			assert_int_equal(bytes, 7 + strlen(FILED));
		assert_int_equal(counted().bytes, strlen(FILED));
		close(j.fd);
	}
	assert_int_equal(system("printf '1000S\\n7 1\\n' | cmp - outside/precious"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(sizes_in_names),
		T(sums_of_a_maildirsize),
		T(messages_of_all_folders_count),
		T(what_is_no_message_is_not_followed_and_does_not_count),
		T(sums_that_are_too_large_stay_put),
		T(counting_has_an_end),
		T(a_maildirsize_gets_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
