/* Users who own the tree, clients who choose the address, and backups. */
#include "maildir_box.h"

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

/* A backup that knows no hard links brings back two files where there was one with both names. */
static void a_restored_copy_is_the_delivery(void **state)
{
	struct maildir_job j = job(MESSAGE);

	(void)state;
	stage(&j);
	assert_int_equal(system("cp mail/" STAGED " mail/" FRESH), 0);
	finish(&j);
	delivered(&j);
	assert_string_equal(slurp(FRESH), FILED);
	assert_false(there(STAGED));
	close(j.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_address_cannot_leave_its_place),       T(a_sender_cannot_forge_a_header),
		T(a_hostile_tree_is_deferred_and_harmless), T(a_hostile_file_is_replaced_or_deferred),
		T(a_restored_copy_is_the_delivery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
