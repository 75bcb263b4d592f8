#include "maildir_box.h"

/* The same message goes to two: one takes it into the inbox, the other into Junk. */
static void junk_has_a_folder_of_its_own(void **state)
{
	struct maildir_job a = job(MESSAGE), b = job(MESSAGE);
	struct maildir_job *both[] = { &a, &b };
	struct stat st;

	(void)state;
	a.junk = true;
	b.rcpt = 1;
	maildir_stage(&md, both, 2);
	assert_false(a.ended || b.ended);
	maildir_finish(&md, both, 2);
	ended(&a, OUTCOME_SUCCESS, "junk\ndid 1+0+0");
	ended(&b, OUTCOME_SUCCESS, "did 1+0+0");
	assert_string_equal(slurp(USER "/Maildir/.Junk/new/" NAME), FILED);
	assert_false(there(FRESH) || there(STAGED));
	assert_true(there(USER "/Maildir/new/1615286631.Q15309R1.mx.example.com" SIZE));
	assert_int_equal(fstatat(md.root, USER "/Maildir/.Junk", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(there(USER "/Maildir/.Junk/cur") && there(USER "/Maildir/.Junk/tmp"));
	/* A crash between link and unlink, then its owner reads it: it is not brought again. */
	stage(&a);
	assert_int_equal(linkat(md.root, STAGED, md.root, USER "/Maildir/.Junk/cur/" NAME ":2,S", 0), 0);
	assert_int_equal(unlinkat(md.root, USER "/Maildir/.Junk/new/" NAME, 0), 0);
	finish(&a);
	ended(&a, OUTCOME_SUCCESS, "junk\ndid 1+0+0");
	assert_false(there(USER "/Maildir/.Junk/new/" NAME) || there(STAGED));
	close(a.fd);
	close(b.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(junk_has_a_folder_of_its_own, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
