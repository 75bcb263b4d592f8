/* Logs that are renamed, copied and truncated, and folders that come and go, while somebody follows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "follow_house.h"

/* The line's place in its own file, by the name that it has now. */
static void evidence_of(struct house *h, const char *name, const char *want)
{
	int64_t deadline = deadline_in(20000);
	struct follow_event x;
	BUF(out);

	while (follow_wait(h->f, deadline) == 0 && clock_mono() < deadline)
		;
	assert_true(follow_next(h->f, &x));
	follow_json(&out, h->f, &x);
	if (strstr(buf_z(&out), want) == NULL || strstr(buf_z(&out), name) == NULL)
		fail_msg("%s, %s: %s", name, want, buf_z(&out));
	note(h, &x);
}

static void a_renamed_log_goes_on_under_both_names(void **state)
{
	struct house *h = *state;

	append(h, "smtp-25.log", ACCEPT("1", "11"));
	begin(h, (struct follow_ask){ 0 });
	told(h, "new waiting\n");
	rotate(h, "smtp-25.log", "smtp-25.log.1");
	append(h, "smtp-25.log.1", ACCEPT("2", "12")); /* its writer did not know yet */
	append(h, "smtp-25.log", ZONE);
	rotate(h, "delivery.log", "delivery.2026-11-23.log");
	append(h, "delivery.log", ZONE TRY("5", "11"));
	told(h, "waiting -> waiting: 1 new\nnew waiting\n");
	append(h, "smtp-25.log", ACCEPT("3", "13"));
	told(h, "new waiting\n");
	append(h, "delivery.log", DONE("5"));
	evidence_of(h, "/smtp-25.log.1\",\"line\":2,\"offset\":46,", "/delivery.log\",\"line\":5,");
	told(h, "waiting -> delivered: 1 new\n");
	rotate(h, "smtp-25.log", "smtp-25.log.2"); /* and once more before anybody looks: the new one too */
	append(h, "smtp-25.log", ZONE ACCEPT("4", "14"));
	rotate(h, "smtp-25.log", "smtp-25.log.3");
	append(h, "smtp-25.log", ZONE ACCEPT("5", "15"));
	told(h, "new waiting\nnew waiting\n");
	nothing(h);
}

static void a_truncated_log_is_read_to_its_end_in_its_copy(void **state)
{
	struct house *h = *state;
	char aside[128];

	append(h, "smtp-25.log", ACCEPT("1", "11"));
	begin(h, (struct follow_ask){ 0 });
	told(h, "new waiting\n");
	append(h, "smtp-25.log", ACCEPT("2", "12"));
	copy(h, "smtp-25.log", "smtp-25.log.1");
	assert_int_equal(truncate(in(h, "smtp-25.log"), 0), 0);
	append(h, "smtp-25.log", AT "zone, +01:00, 1795424409\n" ACCEPT("3", "13"));
	told(h, "new waiting\nnew waiting\n");
	nothing(h);
	assert_null(follow_said(h->f));
	append(h, "smtp-25.log", ACCEPT("5", "15"));
	copy(h, "smtp-25.log", "smtp-25.log.2");
	snprintf(aside, sizeof(aside), "%s/aside", h->folder);
	assert_int_equal(truncate(in(h, "smtp-25.log"), 0), 0);
	assert_int_equal(rename(h->logs, aside), 0); /* copy and all */
	hear(h, deadline_in(150));
	assert_int_equal(rename(aside, h->logs), 0);
	told(h, "new waiting\n");
	append(h, "smtp-25.log", ACCEPT("6", "16"));
	told(h, "new waiting\n");
	assert_int_equal(truncate(in(h, "smtp-25.log"), 0), 0);
	append(h, "smtp-25.log", ZONE ACCEPT("4", "14"));
	told(h, "new waiting\n");
	said(h, "was truncated, and no copy of it was found");
}

static void a_copy_is_no_new_log(void **state)
{
	struct house *h = *state;

	begin(h, (struct follow_ask){ 0 });
	append(h, "smtp-25.log", ACCEPT("1", "11"));
	told(h, "new waiting\n");
	copy(h, "smtp-25.log", "smtp-25.log.1");
	copy(h, "smtp-25.log", "backup.log");
	append(h, "smtp-25.log.2", ""); /* copies that are seen while they are made */
	append(h, "second.log", "");
	nothing(h);
	copy(h, "smtp-25.log", "smtp-25.log.2");
	copy(h, "smtp-25.log", "second.log");
	append(h, "smtp-25.log.2", ACCEPT("7", "17"));
	append(h, "second.log", ACCEPT("8", "18"));
	nothing(h);
	said(h, "second.log begins like a log that is followed");
	append(h, "smtp-465.log", ZONE ACCEPT("2", "12"));
	told(h, "new waiting\n");
}

static void a_folder_that_was_gone_is_found_again(void **state)
{
	struct house *h = *state;
	char aside[128];

	begin(h, (struct follow_ask){ 0 });
	snprintf(aside, sizeof(aside), "%s/aside", h->folder);
	assert_int_equal(rename(h->logs, aside), 0);
	nothing(h);
	said(h, "is gone");
	assert_int_equal(mkdir(h->logs, 0700), 0);
	append(h, "smtp-25.log", ZONE ACCEPT("1", "11"));
	told(h, "new waiting\n");
	said(h, "is back");
	append(h, "smtp-25.log", ACCEPT("2", "12"));
	told(h, "new waiting\n");
}

static void one_file_is_followed_through_its_rotation(void **state)
{
	struct house *h = *state;
	const char *path = in(h, "mail.log");

	append(h, "mail.log", MAIL("smtpd[1]: connect from out.b.example[192.0.2.12]"));
	begin(h, (struct follow_ask){ .paths = &path });
	append(h, "mail.log", POSTFIX_IN);
	told(h, "new waiting\n");
	append(h, "smtp-25.log", ACCEPT("1", "11"));
	rotate(h, "mail.log", "mail.log.1");
	append(h, "mail.log", POSTFIX_OUT);
	told(h, "waiting -> delivered: 2 new\n");
	assert_int_equal(follow_counts(h->f).files, 2);
	nothing(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_renamed_log_goes_on_under_both_names),
		T(a_truncated_log_is_read_to_its_end_in_its_copy),
		T(a_copy_is_no_new_log),
		T(a_folder_that_was_gone_is_found_again),
		T(one_file_is_followed_through_its_rotation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
