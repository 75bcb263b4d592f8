/* Rotation: which files it is about, what it makes of them, what a crash may have left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "logs/expiring.h"
#include "rotate_folder.h"

#include "logs/frames.h"

static void names_say_what_a_file_is(void **state)
{
	static const struct {
		const char *name;
		enum rotate_form form;
		const char *log;
	} t[] = {
		{ "smtp-25.log", ROTATE_LIVE, "smtp-25" },
		{ "smtp-a.b.log", ROTATE_LIVE, "smtp-a.b" },
		{ "delivery.log", ROTATE_LIVE, "delivery" },
		{ "server.log", ROTATE_LIVE, "server" },
		{ "smtp-25.log.2026-11-28", ROTATE_PLAIN, "smtp-25" },
		{ "smtp-25.2026-11-28.zst", ROTATE_ARCHIVE, "smtp-25" },
		{ "server.2026-11-28.zst", ROTATE_ARCHIVE, "server" },
		{ ".smtp-25.2026-11-28.zst.new", ROTATE_HIDDEN, "smtp-25" },
		{ ".smtp-25.log.2026-11-28.new", ROTATE_HIDDEN, "smtp-25" },
		{ "smtp-.log", ROTATE_NONE, NULL },
		{ "mail.log", ROTATE_NONE, NULL },
		{ "mail.2026-11-28.zst", ROTATE_NONE, NULL },
		{ "smtp-25.2026-02-30.zst", ROTATE_NONE, NULL },
		{ "smtp-25.2026-1-28.zst", ROTATE_NONE, NULL },
		{ "smtp-25.2026-11-28.gz", ROTATE_NONE, NULL },
		{ "smtp-25.log.1", ROTATE_NONE, NULL },
		{ ".zst", ROTATE_NONE, NULL },
		{ "", ROTATE_NONE, NULL },
		{ ".mine.new", ROTATE_NONE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct rotate_name n = rotate_name(str_of(t[i].name));

		if (n.form != t[i].form || (n.form != ROTATE_NONE && !str_eqz(n.log, t[i].log)))
			fail_msg("%s", t[i].name);
	}
}

static void only_what_began_before_today_is_due(void **state)
{
	static const struct {
		const char *name, *text;
		int ago;
		bool due;
	} t[] = {
		{ "smtp-25.log", "%D 10:00:00, zone, +00:00, 1\n\n%D 10:00:01, from, <a@b>\n\n", 1, true },
		{ "delivery.log", "%D 10:00:01, init, <a@b>\n", 3, true },
		{ "server.log", "%D 10:00:01 telltaled[1] info: x\n", 1, true },
		{ "smtp-465.log", "%D 00:00:00, zone, +00:00, 1\n\n%D 00:00:00, from, <a@b>\n\n", 0, false },
		{ "smtp-587.log", "%D 10:00:00, zone, +00:00, 1\n\n", 1, false },
		{ "spamdyke.log", "", 1, false },
		{ "smtp-x.log", "no log at all\n", 1, false },
	};
	BUF(b);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		put(t[i].name, t[i].ago, t[i].text);
	assert_int_equal(run(true, 0), 0);
	for (size_t i = 0; i < COUNT(t); i++) {
		char archive[64];

		snprintf(archive, sizeof(archive), "%.*s.%%D.zst", (int)strlen(t[i].name) - 4, t[i].name);
		assert_true(there(t[i].name));
		if (there(named(archive, t[i].ago)) != t[i].due)
			fail_msg("%s; told: %s", t[i].name, buf_z(&told));
		text_of(t[i].due ? named(archive, t[i].ago) : t[i].name, &b);
		assert_int_equal(b.n > 0, strlen(t[i].text) > 0);
		assert_int_equal(count(buf_str(&told), t[i].name), t[i].due);
	}
}

/* The gate's log has no year in its stamps. */
static void the_gates_log_is_named_by_its_last_line(void **state)
{
	struct civil c = civil_of_seconds(clock_wall() / 1000 - 2 * 86400);
	char line[80];
	BUF(b);

	(void)state;
	snprintf(line, sizeof(line), "%s %2d 12:43:51 h spamdyke[1]: ERROR: x\n", month_names[c.month - 1], c.day);
	put("spamdyke.log", 2, line);
	assert_int_equal(run(true, 0), 0);
	text_of(named("spamdyke.%D.zst", 2), &b);
	assert_true(str_eqz(buf_str(&b), line));
}

static void the_new_log_has_the_old_ones_mode_and_the_archive_too(void **state)
{
	struct stat st;

	(void)state;
	put("smtp-25.log", 1, "%D 10:00:01, from, <a@b>\n\n");
	assert_int_equal(fchmodat(dir, "smtp-25.log", 0660, 0), 0);
	assert_int_equal(run(true, 0), 0);
	assert_int_equal(fstatat(dir, "smtp-25.log", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(fstatat(dir, named("smtp-25.%D.zst", 1), &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_in_range(clock_wall() / 1000 - st.st_mtim.tv_sec, 86400 - 100, 86400 + 100);
}

static void a_second_rotation_of_a_day_adds_to_its_archive(void **state)
{
	struct frames f;
	FD(fd) = -1;
	BUF(b);

	(void)state;
	put("smtp-25.log", 1, "%D 10:00:01, from, <a@b>\n\n");
	assert_int_equal(run(true, 0), 0);
	put("smtp-25.log", 1, "%D 10:00:02, from, <c@d>\n\n");
	assert_int_equal(run(false, 0), 0);
	text_of(named("smtp-25.%D.zst", 1), &b);
	assert_int_equal(count(buf_str(&b), "<a@b>\n\n"), 1);
	assert_true(str_ends(buf_str(&b), STR("<c@d>\n\n")));
	fd = openat(dir, named("smtp-25.%D.zst", 1), O_RDONLY);
	assert_int_equal(frames_open(&f, fd, &e), 1);
	assert_int_equal(f.n, 2);
	frames_close(&f);
}

#define ONE "%D 10:00:01, gave-up, 1\n"
#define TWO "%D 10:00:02, gave-up, 2\n"

/* Every state that a rotation passes through, left by one that died there. */
static void what_a_crash_left_is_finished(void **state)
{
	static const struct {
		const char *hidden, *plain, *archive; /* text of each; NULL: it is not there */
		bool packed;                          /* the plain one is an archive already */
		const char *log, *becomes;
	} t[] = {
		{ "", NULL, NULL, false, ONE, ONE },      { NULL, "", NULL, false, ONE, ONE },
		{ NULL, ONE, NULL, false, "", ONE },      { "half", ONE, NULL, false, "", ONE },
		{ "half", TWO, ONE, false, "", ONE TWO }, { NULL, ONE TWO, ONE, true, "", ONE TWO },
		{ NULL, ONE, NULL, true, "", ONE },       { NULL, ONE, NULL, false, TWO, ONE TWO },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(want);
		BUF(have);

		put("want", 1, t[i].becomes);
		put("delivery.log", 1, t[i].log);
		if (t[i].hidden != NULL)
			put(named(".delivery.%D.zst.new", 1), 1, t[i].hidden);
		for (int k = 0; k < 2; k++) {
			const char *text = k == 0 ? t[i].archive : t[i].plain;
			const char *name = named(k == 0 ? "delivery.%D.zst" : "delivery.log.%D", 1);
			struct frames_out w;
			FD(fd) = -1;
			BUF(b);

			if (text == NULL)
				continue;
			put(name, 1, text);
			if (k == 1 && !t[i].packed)
				continue;
			text_of(name, &b);
			fd = openat(dir, name, O_RDWR | O_TRUNC);
			frames_begin(&w, fd);
			assert_int_equal(frames_put(&w, buf_str(&b), &e), 0);
			assert_int_equal(frames_end(&w, &e), 0);
			frames_drop(&w);
		}
		(void)run(false, 0);
		text_of("want", &want);
		text_of(named("delivery.%D.zst", 1), &have);
		if (!str_eq(buf_str(&want), buf_str(&have)))
			fail_msg("row %zu: %s; told: %s", i, buf_z(&have), buf_z(&told));
		assert_false(there(named(".delivery.%D.zst.new", 1)));
		assert_false(there(named("delivery.log.%D", 1)));
		assert_int_equal(unlinkat(dir, named("delivery.%D.zst", 1), 0), 0);
	}
}

static void archives_older_than_kept_go_and_nothing_else(void **state)
{
	static const struct {
		const char *name;
		int ago, changed;
		bool goes;
	} t[] = {
		{ "smtp-25.%D.zst", 40, 40, true },       { "server.%D.zst", 32, 32, true },
		{ "smtp-25.%D.zst", 31, 31, true },       { "smtp-25.%D.zst", 30, 30, false },
		{ "delivery.%D.zst", 40, 1, false },      { "mail.%D.zst", 40, 40, false },
		{ "smtp-25.%D.gz", 40, 40, false },       { "smtp-25.log-%D.zst", 40, 40, false },
		{ "spamdyke.%D.zst.bak", 40, 40, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		put(named(t[i].name, t[i].ago), t[i].changed, "x");
	assert_int_equal(symlinkat("/dev/null", dir, named("spamdyke.%D.zst", 50)), 0);
	assert_int_equal(run(true, INT64_C(30) * 86400 * 1000), 0);
	for (size_t i = 0; i < COUNT(t); i++)
		if (there(named(t[i].name, t[i].ago)) == t[i].goes)
			fail_msg("%s", named(t[i].name, t[i].ago));
	assert_true(there(named("spamdyke.%D.zst", 50)));
}

static bool expires(const char *name)
{
	struct expiring x;
	struct stat st;
	ARENA(mem);

	expiring_read(&x, AT_FDCWD, folder, &mem);
	return fstatat(dir, name, &st, 0) == 0 && expiring_has(&x, str_of(name), st.st_ino);
}

/* So that readers pass over them before they are gone. */
static void what_tomorrows_rotation_removes_is_named_today(void **state)
{
	static const struct {
		const char *name;
		int ago, changed;
		bool expires;
	} t[] = {
		{ "smtp-25.%D.zst", 30, 30, true },   { "server.%D.zst", 30, 29, true },
		{ "smtp-25.%D.zst", 29, 29, false },  { "delivery.%D.zst", 30, 1, false },
		{ "spamdyke.log.%D", 30, 30, false }, { "mail.%D.zst", 30, 30, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		put(named(t[i].name, t[i].ago), t[i].changed, "x");
	assert_int_equal(run(true, INT64_C(30) * 86400 * 1000), 0);
	for (size_t i = 0; i < COUNT(t); i++)
		if (expires(named(t[i].name, t[i].ago)) != t[i].expires)
			fail_msg("%s", named(t[i].name, t[i].ago));
	/* another user's is for him to remove, or to keep */
	put(named("delivery.%D.zst", 40), 40, "x");
	if (geteuid() == 0 && fchownat(dir, named("delivery.%D.zst", 40), 1234, (gid_t)-1, 0) == 0) {
		assert_int_equal(run(true, INT64_C(30) * 86400 * 1000), 0);
		assert_true(there(named("delivery.%D.zst", 40)) && !expires(named("delivery.%D.zst", 40)));
		assert_true(expires(named("server.%D.zst", 30)));
	}
	/* kept longer, or for ever, they are read again */
	assert_int_equal(run(true, 0), 0);
	assert_false(there(".expiring"));
}

static void links_are_left_alone(void **state)
{
	(void)state;
	put("else", 1, "%D 10:00:01, init, <a@b>\n");
	assert_int_equal(symlinkat("else", dir, "delivery.log"), 0);
	put("other", 1, "%D 10:00:01, from, <a@b>\n");
	assert_int_equal(linkat(dir, "other", dir, "smtp-25.log", 0), 0);
	assert_int_equal(run(true, 0), 2);
	assert_int_equal(count(buf_str(&told), "failed"), 2);
	assert_true(there("else") && there("other") && there("smtp-25.log") && there("delivery.log"));
}

static void two_at_one_time_are_one_too_many(void **state)
{
	(void)state;
	assert_int_equal(rotate_open(folder, &e), -1);
	assert_non_null(strstr(e.text, "being rotated"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_say_what_a_file_is),
		TEST(only_what_began_before_today_is_due),
		TEST(the_gates_log_is_named_by_its_last_line),
		TEST(the_new_log_has_the_old_ones_mode_and_the_archive_too),
		TEST(a_second_rotation_of_a_day_adds_to_its_archive),
		TEST(what_a_crash_left_is_finished),
		TEST(archives_older_than_kept_go_and_nothing_else),
		TEST(what_tomorrows_rotation_removes_is_named_today),
		TEST(links_are_left_alone),
		TEST(two_at_one_time_are_one_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
