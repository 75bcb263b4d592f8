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

#define WORK USER "/Maildir/.Work_1.x"

static struct maildir_job to_work(void)
{
	struct maildir_job j = job(MESSAGE);

	j.original = STR("Bob+Work_1.x@example.com");
	return j;
}

static void deliver(struct maildir_job *j, const char *report)
{
	stage(j);
	assert_false(j->ended);
	finish(j);
	assert_true(j->ended && j->out.kind == OUTCOME_SUCCESS);
	if (!str_eqz(j->out.report, report))
		fail_msg("report: %.*s", STR_ARG(j->out.report));
	fd_clear(&j->fd);
}

/* The address names a folder: it is used when its owner has made it, and never made by mail. */
static void a_named_folder_is_used_when_it_is_there(void **state)
{
	struct maildir_job j = to_work();

	(void)state;
	md.subaddress = true;
	deliver(&j, "did 1+0+0");
	assert_true(there(FRESH) && !there(WORK));
	shell("mkdir -p mail/" WORK "/%s", "new");
	j = to_work();
	j.qp++;
	deliver(&j, "folder Work_1.x\ndid 1+0+0");
	assert_true(there(WORK "/new/1615286631.Q15310R0.mx.example.com" SIZE));
	j = to_work();
	j.qp += 2;
	j.junk = true;
	deliver(&j, "junk\ndid 1+0+0");
	md.subaddress = false;
	j = to_work();
	j.qp += 3;
	deliver(&j, "did 1+0+0");
}

/* It goes, or a link takes its place, between the two steps and before the first. */
static void a_folder_that_is_none_any_more_is_the_inbox(void **state)
{
	struct maildir_job j = to_work();

	(void)state;
	md.subaddress = true;
	shell("mkdir -p mail/" WORK "/%s", "new");
	stage(&j);
	shell("rm -r mail/" WORK "%s", "");
	finish(&j);
	ended(&j, OUTCOME_SUCCESS, "did 1+0+0");
	fd_clear(&j.fd);
	shell("mkdir -p outside/new && ln -s ../../../../outside mail/" WORK "%s", "");
	j = to_work();
	j.qp++;
	deliver(&j, "did 1+0+0");
	shell("test -z \"$(ls outside/new)\" && rm mail/" WORK " && mkdir mail/" WORK
	      " && ln -s ../../../../../outside/new mail/" WORK "/%s",
	      "new");
	j = to_work();
	j.qp += 2;
	deliver(&j, "did 1+0+0");
	shell("test -z \"$(ls outside/new)\"%s", "");
}

/* A crash between link and unlink: it is in the folder, or read there already, and is not brought again. */
static void what_lies_in_a_folder_is_not_brought_again(void **state)
{
	struct maildir_job j = to_work();

	(void)state;
	md.subaddress = true;
	shell("mkdir -p mail/" WORK "/new mail/" WORK "/%s", "cur");
	stage(&j);
	assert_int_equal(linkat(md.root, STAGED, md.root, WORK "/cur/" NAME ":2,S", 0), 0);
	finish(&j);
	ended(&j, OUTCOME_SUCCESS, "folder Work_1.x\ndid 1+0+0");
	assert_false(there(WORK "/new/" NAME) || there(STAGED) || there(FRESH));
	fd_clear(&j.fd);
	/* It was put into the inbox before the folder was made. */
	j = to_work();
	j.qp = 15309;
	stage(&j);
	assert_int_equal(linkat(md.root, STAGED, md.root, FRESH, 0), 0);
	finish(&j);
	ended(&j, OUTCOME_SUCCESS, "folder Work_1.x\ndid 1+0+0");
	assert_false(there(WORK "/new/" NAME) || there(STAGED));
	fd_clear(&j.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(junk_has_a_folder_of_its_own),
		T(a_named_folder_is_used_when_it_is_there),
		T(a_folder_that_is_none_any_more_is_the_inbox),
		T(what_lies_in_a_folder_is_not_brought_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
