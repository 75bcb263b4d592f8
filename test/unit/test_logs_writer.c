#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "base/io.h"
#include "logs/logs.h"

#define THREADS 8
#define GROUPS 200

static char dir[] = "/tmp/test_logs_writer.XXXXXX";
static char path[64], rotated[64];
static struct err e;

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/a.log", dir);
	snprintf(rotated, sizeof(rotated), "%s/a.log.1", dir);
	return 0;
}

static int drop_folder(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int drop_files(void **state)
{
	(void)state;
	unlink(path);
	unlink(rotated);
	unsetenv("TZ");
	return 0;
}

static void be_in(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
	log_zone(false);
}

static struct log_writer *open_writer(enum log_family family)
{
	struct log_writer *w = log_writer_open(path, family, &e);

	if (w == NULL)
		fail_msg("%s", e.text);
	return w;
}

static void slurp(const char *name, struct buf *out)
{
	buf_reset(out);
	assert_int_equal(io_slurp(AT_FDCWD, name, 64 << 20, out, &e), 0);
}

static enum log_kind kind_of_line(enum log_family family, struct str text, size_t n)
{
	struct log_line l;
	struct str line = { NULL, 0 };

	for (size_t i = 0; i <= n; i++)
		str_cut(text, STR("\n"), &line, &text);
	log_parse(family, line, &l);
	return l.kind;
}

static void put_line(struct buf *b, enum log_kind kind, enum log_field f, const char *value)
{
	struct log_line l;
	ARENA(a);

	log_begin(&l, kind, clock_wall());
	log_set(&l, f, &a, str_of(value));
	log_print(b, &l);
}

static size_t count_lines(struct str text, const char *has)
{
	struct str line;
	size_t n = 0;

	while (text.n > 0) {
		str_cut(text, STR("\n"), &line, &text);
		n += str_find(line, str_of(has)) >= 0;
	}
	return n;
}

static void a_new_file_opens_with_the_zone_line(void **state)
{
	BUF(b);

	(void)state;
	be_in("Europe/Sofia");
	for (int i = 0; i < 3; i++) {
		struct log_writer *w = open_writer(LOG_SMTP);

		assert_int_equal(log_append(w, STR("2021-03-09 12:43:51, size, 1\n"), STR(""), &e), 0);
		log_writer_close(w);
	}
	slurp(path, &b);
	assert_int_equal(kind_of_line(LOG_SMTP, buf_str(&b), 0), LOG_SMTP_ZONE);
	assert_int_equal(kind_of_line(LOG_SMTP, buf_str(&b), 1), LOG_EMPTY);
	assert_int_equal(count_lines(buf_str(&b), ", zone, +0"), 1);
	assert_int_equal(count_lines(buf_str(&b), ", size, 1"), 3);
	assert_true(str_ends(buf_str(&b), STR("size, 1\n\n")));
}

static void a_changed_zone_is_written_again(void **state)
{
	struct log_writer *w;
	BUF(b);

	(void)state;
	be_in("Etc/GMT-2");
	w = open_writer(LOG_DELIVERY);
	assert_int_equal(log_append(w, STR("2021-03-09 12:43:51, init, <>\n"), STR(""), &e), 0);
	be_in("Etc/GMT-3");
	assert_int_equal(log_append(w, STR("2021-03-09 13:43:51, init, <>\n"), STR(""), &e), 0);
	assert_int_equal(log_append(w, STR("2021-03-09 13:43:52, init, <>\n"), STR(""), &e), 0);
	log_writer_close(w);
	slurp(path, &b);
	assert_int_equal(count_lines(buf_str(&b), ", zone, +02:00, "), 1);
	assert_int_equal(count_lines(buf_str(&b), ", zone, +03:00, "), 1);
	assert_int_equal(kind_of_line(LOG_DELIVERY, buf_str(&b), 2), LOG_DELIVERY_ZONE);
}

static void a_spamdyke_log_has_no_zone_line(void **state)
{
	struct log_writer *w = open_writer(LOG_SPAMDYKE);
	BUF(b);

	(void)state;
	assert_int_equal(log_append(w, STR("Mar  9 12:43:51 h spamdyke[1]: ERROR: x"), STR(""), &e), 0);
	log_writer_close(w);
	slurp(path, &b);
	assert_true(str_eqz(buf_str(&b), "Mar  9 12:43:51 h spamdyke[1]: ERROR: x\n"));
}

static void *append_groups(void *arg)
{
	struct log_writer *w = arg;
	static atomic_int next;
	char value[16];

	for (int i = 0; i < GROUPS; i++) {
		BUF(group);

		snprintf(value, sizeof(value), "%d", next++);
		put_line(&group, LOG_SMTP_FROM, LOG_F_sender, value);
		for (int k = 0; k < 5; k++)
			put_line(&group, LOG_SMTP_TO, LOG_F_path, value);
		if (log_append(w, buf_str(&group), STR(""), NULL) < 0)
			return arg;
	}
	return NULL;
}

/* Each group: from, five times to with the same value, an empty line. */
static size_t count_whole_groups(struct str text)
{
	struct str line, group = { NULL, 0 };
	size_t groups = 0, in_group = 0;
	struct log_line l;

	while (text.n > 0) {
		str_cut(text, STR("\n"), &line, &text);
		log_parse(LOG_SMTP, line, &l);
		if (l.kind == LOG_SMTP_FROM) {
			assert_int_equal(in_group, 0);
			group = l.field[LOG_F_sender];
			in_group = 1;
		} else if (l.kind == LOG_SMTP_TO) {
			assert_true(str_eq(l.field[LOG_F_path], group));
			in_group++;
		} else if (l.kind == LOG_EMPTY && in_group > 0) {
			assert_int_equal(in_group, 6);
			groups++;
			in_group = 0;
		} else if (l.kind != LOG_EMPTY) {
			assert_int_equal(l.kind, LOG_SMTP_ZONE);
		}
	}
	return groups;
}

/* Two writers on one name stand for two processes. */
static void groups_of_many_threads_never_interleave(void **state)
{
	struct log_writer *w[2] = { open_writer(LOG_SMTP), open_writer(LOG_SMTP) };
	pthread_t threads[THREADS];
	void *failed;
	BUF(b);

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, append_groups, w[i % 2]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	log_writer_close(w[0]);
	log_writer_close(w[1]);
	slurp(path, &b);
	assert_int_equal(count_whole_groups(buf_str(&b)), THREADS * GROUPS);
	assert_int_equal(count_lines(buf_str(&b), ", zone, "), 1);
}

static void a_renamed_file_is_followed_by_a_new_one(void **state)
{
	struct log_writer *w = open_writer(LOG_DELIVERY);
	BUF(b);

	(void)state;
	assert_int_equal(log_append(w, STR("2021-03-09 12:43:51, init, <old>\n"), STR(""), &e), 0);
	assert_int_equal(rename(path, rotated), 0);
	usleep(1100 * 1000);
	assert_int_equal(log_append(w, STR("2021-03-09 12:43:52, init, <new>\n"), STR(""), &e), 0);
	log_writer_close(w);
	slurp(rotated, &b);
	assert_int_equal(count_lines(buf_str(&b), "<old>"), 1);
	assert_int_equal(count_lines(buf_str(&b), "<new>"), 0);
	slurp(path, &b);
	assert_int_equal(kind_of_line(LOG_DELIVERY, buf_str(&b), 0), LOG_DELIVERY_ZONE);
	assert_int_equal(count_lines(buf_str(&b), "<new>"), 1);
}

/* Every piece is at most 64 KiB, opens with the session line and ends with an empty line. */
static void a_large_group_goes_on_under_the_session_line(void **state)
{
	struct log_writer *w = open_writer(LOG_SMTP);
	size_t sessions, empties = 0, since = 0;
	struct str line, rest;
	BUF(group);
	BUF(b);
	BUF(again);

	(void)state;
	put_line(&again, LOG_SMTP_SESSION, LOG_F_connection, "7");
	buf_addstr(&group, buf_str(&again));
	while (group.n < 3 * LOG_GROUP_MAX)
		put_line(&group, LOG_SMTP_TO, LOG_F_path, "<recipient@example.com>");
	assert_int_equal(log_append(w, buf_str(&group), buf_str(&again), &e), 0);
	log_writer_close(w);
	slurp(path, &b);
	sessions = count_lines(buf_str(&b), ", session, 7, ");
	assert_in_range(sessions, 4, 5);
	assert_int_equal(count_lines(buf_str(&b), ", to, "), count_lines(buf_str(&group), ", to, "));
	for (rest = buf_str(&b); rest.n > 0;) {
		str_cut(rest, STR("\n"), &line, &rest);
		since = line.n > 0 ? since + line.n + 1 : 0;
		empties += line.n == 0;
		assert_true(since <= LOG_GROUP_MAX);
	}
	assert_int_equal(empties, sessions + 1);
}

/* A full disk, played by a limit on the file's size: the cut line is closed before the next group. */
static void a_failed_write_is_counted_and_its_torn_line_closed(void **state)
{
	struct rlimit old, small;
	struct log_writer *w;
	BUF(b);

	(void)state;
	w = open_writer(LOG_SPAMDYKE);
	assert_int_equal(log_append(w, STR("Mar  9 12:43:51 h spamdyke[1]: ERROR: x\n"), STR(""), &e), 0);
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){ 60, old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(log_append(w, STR("Mar  9 12:43:51 h spamdyke[2]: ERROR: y\n"), STR(""), &e), -1);
	assert_int_equal(log_append(w, STR("Mar  9 12:43:51 h spamdyke[3]: ERROR: y\n"), STR(""), &e), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(log_lost(w), 2);
	assert_int_equal(log_append(w, STR("Mar  9 12:43:51 h spamdyke[4]: ERROR: z\n"), STR(""), &e), 0);
	assert_true(log_regained(w, &e));
	assert_non_null(strstr(e.text, " is written again; 2 groups of lines were lost"));
	assert_false(log_regained(w, &e));
	log_writer_close(w);
	slurp(path, &b);
	assert_int_equal(kind_of_line(LOG_SPAMDYKE, buf_str(&b), 0), LOG_SPAMDYKE_ERROR);
	assert_int_equal(kind_of_line(LOG_SPAMDYKE, buf_str(&b), 1), LOG_UNKNOWN);
	assert_int_equal(kind_of_line(LOG_SPAMDYKE, buf_str(&b), 2), LOG_SPAMDYKE_ERROR);
}

static void a_line_torn_by_a_crash_is_closed_first(void **state)
{
	struct log_writer *w;
	FILE *f = fopen(path, "w");
	BUF(b);

	(void)state;
	assert_non_null(f);
	fputs("2021-03-09 12:43:51, zone, +02:00, 1615286631\n2021-03-09 12:43:51, result, 7, succ", f);
	fclose(f);
	be_in("Etc/GMT-2");
	w = open_writer(LOG_DELIVERY);
	assert_int_equal(log_append(w, STR("2021-03-09 12:43:52, gave-up, 7\n"), STR(""), &e), 0);
	log_writer_close(w);
	slurp(path, &b);
	assert_true(str_ends(buf_str(&b), STR("7, succ\n2021-03-09 12:43:52, gave-up, 7\n")));
}

/* A crash may cut a group anywhere; what it left must not look like the beginning of the next one. */
static void a_group_torn_by_a_crash_is_closed_first(void **state)
{
	static const struct {
		const char *left, *closed;
	} t[] = {
		{ "2021-03-09 12:43:51, zone, +02:00, 1615286631\n\n2021-03-09 12:43:51, from, <a@b>\n", "<a@b>\n\n" },
		{ "2021-03-09 12:43:51, zone, +02:00, 1615286631\n\n2021-03-09 12:43:51, fr", ", fr\n\n" },
		{ "2021-03-09 12:43:51, zone, +02:00, 1615286631\n\n", "31\n\n" },
		{ "2", "2\n\n" },
		{ "\n", "\n\n" },
	};

	(void)state;
	be_in("Etc/GMT-2");
	for (size_t i = 0; i < COUNT(t); i++) {
		FILE *f = fopen(path, "w");
		struct log_writer *w;
		BUF(b);

		assert_non_null(f);
		fputs(t[i].left, f);
		fclose(f);
		w = open_writer(LOG_SMTP);
		assert_int_equal(log_append(w, STR("2021-03-09 12:43:52, helo, x\n"), STR(""), &e), 0);
		log_writer_close(w);
		slurp(path, &b);
		assert_memory_equal(buf_z(&b), t[i].left, strlen(t[i].left));
		assert_non_null(strstr(buf_z(&b), t[i].closed));
		assert_true(str_ends(buf_str(&b), STR("\n\n2021-03-09 12:43:52, helo, x\n\n")));
	}
}

static void a_name_that_cannot_be_opened_says_why(void **state)
{
	(void)state;
	assert_null(log_writer_open("/nonexistent/a.log", LOG_SMTP, &e));
	assert_non_null(strstr(e.text, "/nonexistent/a.log"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_new_file_opens_with_the_zone_line, drop_files),
		cmocka_unit_test_teardown(a_changed_zone_is_written_again, drop_files),
		cmocka_unit_test_teardown(a_spamdyke_log_has_no_zone_line, drop_files),
		cmocka_unit_test_teardown(groups_of_many_threads_never_interleave, drop_files),
		cmocka_unit_test_teardown(a_renamed_file_is_followed_by_a_new_one, drop_files),
		cmocka_unit_test_teardown(a_large_group_goes_on_under_the_session_line, drop_files),
		cmocka_unit_test_teardown(a_failed_write_is_counted_and_its_torn_line_closed, drop_files),
		cmocka_unit_test_teardown(a_line_torn_by_a_crash_is_closed_first, drop_files),
		cmocka_unit_test_teardown(a_group_torn_by_a_crash_is_closed_first, drop_files),
		cmocka_unit_test(a_name_that_cannot_be_opened_says_why),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
