/* Our own logs and what may become of them under an index: what is growth, and answers that stay what they are. */
#include "growing_world.h"
#include "logs/frames.h"

static void see(void *with, struct answer *r, const struct index *x)
{
	struct buf *out = with;

	(void)x;
	answer_text(out, r, false, 0);
	answer_json(out, r);
}

static bool used(struct world *w)
{
	struct trace_ask all = { .question = STR("after:1990-01-01"), .limit = 100 };
	struct index *x = open_index(w);
	BUF(read);
	BUF(indexed);

	if (x == NULL)
		return false;
	tell_answer(w, NULL, all, see, &read);
	tell_answer(w, x, all, see, &indexed);
	if (!str_eq(buf_str(&read), buf_str(&indexed)))
		fail_msg("%s\nand with the index\n%s", buf_z(&read), buf_z(&indexed));
	return true;
}

/* ---- what may happen ---- */

static void a_torn_line(const struct world *w)
{
	append(w, DELIVERY, "2022-01-03 10:03:09, resu");
}

static void half_a_group(const struct world *w)
{
	append(w, SMTP, "2022-01-03 10:05:00, session, 105, 192.0.2.1, 1234, 1641204300.000\n");
}

static void a_rotation(const struct world *w)
{
	rename_log(w, DELIVERY, DELIVERY ".2022-01-03");
	append(w, DELIVERY, "2022-01-03 10:06:00, zone, +00:00, 1641204360\n");
	a_result(w);
}

/* As our rotation packs a log that was closed: the same text in frames. */
static void pack(const struct world *w, const char *name, size_t most)
{
	char from[160], to[170];
	struct frames_out out;
	FD(fd) = -1;
	BUF(text);

	path_of(w, name, from);
	snprintf(to, sizeof(to), "%s.zst", from);
	assert_int_equal(io_slurp(AT_FDCWD, from, 1 << 20, &text, NULL), 0);
	fd = open(to, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	frames_begin(&out, fd);
	assert_int_equal(frames_put(&out, str_take(buf_str(&text), most), NULL), 0);
	assert_int_equal(frames_end(&out, NULL), 0);
	frames_drop(&out);
	assert_int_equal(unlink(from), 0);
}

static void an_archive(const struct world *w)
{
	a_rotation(w);
	pack(w, DELIVERY ".2022-01-03", SIZE_MAX);
}

static void half_an_archive(const struct world *w)
{
	a_rotation(w);
	pack(w, DELIVERY ".2022-01-03", 300);
}

static void another_port(const struct world *w)
{
	append(w, "smtp-465.log", "2022-01-03 10:07:00, zone, +00:00, 1641204420\n\n");
}

static void another_zone(const struct world *w)
{
	append(w, DELIVERY, "2022-01-03 11:07:00, zone, +01:00, 1641204420\n");
}

static void an_old_line(const struct world *w)
{
	append(w, DELIVERY, "2022-01-03 10:08:00, try, 77, local, recipient@example.com\n");
}

static void a_copy(const struct world *w)
{
	append(w, "smtp-25.log.1", zone);
}

static void a_letter(const struct world *w)
{
	char path[160];
	FD(fd) = -1;

	path_of(w, SMTP, path);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0 && io_pwrite_all(fd, "x", 1, 130) == 0);
	append_message(w, 4, true);
}

static void less(const struct world *w)
{
	char path[160];

	path_of(w, SMTP, path);
	assert_int_equal(truncate(path, 60), 0);
}

static void a_log_less(const struct world *w)
{
	char path[160];

	path_of(w, DELIVERY, path);
	assert_int_equal(unlink(path), 0);
}

static const struct {
	const char *name;
	void (*happens)(const struct world *w);
	bool used;
} changes[] = {
	{ "nothing", nothing, true },
	{ "a message", a_message, true },
	{ "the result of what waited", a_result, true },
	{ "a line that has no end yet", a_torn_line, true },
	{ "a group that is just being written", half_a_group, true },
	{ "a rotation, and a result behind it", a_rotation, true },
	{ "an archive in place of the plain file", an_archive, true },
	{ "an archive of a part of it", half_an_archive, false },
	{ "a log of another port", another_port, true },
	{ "the clock is set to another zone", another_zone, false },
	{ "an attempt without a message's number", an_old_line, false },
	{ "a file that begins like a log", a_copy, false },
	{ "a letter within the first lines", a_letter, false },
	{ "a log is cut", less, false },
	{ "a log is gone", a_log_less, false },
};

static void what_is_growth(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct world w;

		begin(&w);
		build(&w);
		assert_true(used(&w));
		changes[i].happens(&w);
		if (used(&w) != changes[i].used)
			fail_msg("%s: the index is %s", changes[i].name, changes[i].used ? "not used" : "used");
		build(&w);
		if (!used(&w) && changes[i].used)
			fail_msg("%s: the index is not used when it was built again", changes[i].name);
		end(&w);
	}
}

/* Any of the changes that are growth, one after the other, a build behind each. */
static void growth_after_growth(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	build(&w);
	for (int n = 4; n < 9; n++) {
		append_message(&w, n, n % 2 == 0);
		assert_true(used(&w));
		build(&w);
		assert_true(used(&w));
	}
	a_result(&w);
	assert_true(used(&w));
	end(&w);
}

/* A result says nothing until its try is there, and that may come to stand in front of it. */
static void a_try_that_comes_to_stand_before_its_result(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	append_message(&w, 4, false);
	rename_log(&w, DELIVERY, DELIVERY ".2022-01-03");
	append(&w, DELIVERY, "2022-01-03 10:06:00, zone, +00:00, 1641204360\n");
	append(&w, DELIVERY, "2022-01-03 10:06:01, result, 305, success, did_1+0+0/\n");
	build(&w);
	assert_true(used(&w));
	append(&w, DELIVERY ".2022-01-03",
	       "2022-01-03 10:05:59, init, <a4@b.example>\n"
	       "2022-01-03 10:05:59, info, 305, qp 204, attempt 2, bytes 900, 1641204359.100\n"
	       "2022-01-03 10:05:59, try, 305, local, recipient@example.com\n");
	assert_true(used(&w));
	build(&w);
	assert_true(used(&w));
	end(&w);
}

static void count_messages(void *with, struct answer *r, const struct index *x)
{
	(void)x;
	*(size_t *)with = r->chosen.n;
}

/* Who reads all of the logs must keep what he unpacks, so there is a limit; archives of ours are read in place. */
static void archives_with_frames_may_be_larger_than_a_reader_unpacks(void **state)
{
	struct trace_ask all = { .question = STR("after:1990-01-01"), .limit = 100 };
	struct index_built built;
	struct survey_paths p;
	struct index *x;
	struct world w;
	struct err e = { 0 };
	size_t n = 0;

	(void)state;
	begin(&w);
	an_archive(&w);
	p = paths_of(&w);
	p.unpack = 100;
	assert_int_equal(index_build(w.index, &p, &(struct index_how){ .threads = 1 }, &built, &e), 0);
	x = index_open(w.index, &p, &e);
	if (x == NULL)
		fail_msg("%s", e.text);
	tell_answer(&w, x, all, count_messages, &n);
	assert_int_equal(n, 3);
	append_message(&w, 4, true);
	x = index_open(w.index, &p, &e);
	if (x == NULL)
		fail_msg("%s", e.text);
	tell_answer(&w, x, all, count_messages, &n);
	assert_int_equal(n, 4);
	end(&w);
}

/* Until the first message of a day our logs hold the same line: whose an archive is its name tells. */
static void logs_in_which_only_the_zone_stands(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++) {
		const char *const names[] = { first == 0 ? SMTP : DELIVERY, first == 0 ? DELIVERY : SMTP };
		struct world w;

		begin_empty(&w);
		append(&w, SMTP, zone);
		append(&w, SMTP, "\n");
		append(&w, DELIVERY, zone);
		append(&w, GATE, "");
		build(&w);
		append_message(&w, 1, true);
		pack(&w, names[0], SIZE_MAX); /* the earlier one mostly has the lower number of an inode */
		pack(&w, names[1], SIZE_MAX);
		if (!used(&w))
			fail_msg("%s first", names[0]);
		end(&w);
	}
}

#define CHKUSER \
	"CHKUSER rejected rcpt: from <a@b.example::> remote <x:y:192.0.2.1> rcpt <c@d.example> : not existing " \
	"recipient"

/* Whose log it is shows its beginning, and logs that no index goes on with need not be joined for that. */
static void another_servers(void **state)
{
	static const struct {
		const char *text, *why;
	} t[] = {
		{ "2022-01-03 10:00:00 1n4Jat-0000Rv-Mm Completed\n", NULL },
		{ "2022-01-03 10:00:00 what nobody knows\n@4000000061d2c9a000000000 " CHKUSER "\n", growth_not_theirs },
		{ "@4000000061d2c9a000000000 new msg 77\n", NULL },
		{ "Jan  3 10:00:00 mx qmail: 1641204000.100000 new msg 77\n", NULL },
		{ "Jan  3 10:00:00 mx smtpd: 1641204000.100000 " CHKUSER "\n", growth_not_theirs },
		{ "Jan  3 10:00:00 mx postfix/qmgr[1]: 4F00000001: removed\n", NULL },
		{ "Jan  3 10:00:00 mx sshd[1]: hello\nJan  3 10:00:00 mx postfix/qmgr[1]: 4F00000001: removed\n",
		  NULL },
		{ "Jan  3 10:00:00 mx postfix/qmgr[1]: 4F00000001: removed\n"
		  "2022-01-03 10:00:00 1n4Jat-0000Rv-Mm Completed\n",
		  NULL }, /* that shows when it is joined */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct world w = { "/tmp/test-growth-XXXXXX", "", NULL };
		struct survey_paths p = paths_of(&w);
		struct growth g;
		struct err e = { 0 };
		char path[160];
		int rc;

		assert_non_null(mkdtemp(w.logs));
		append(&w, "mail.log", t[i].text);
		rc = growth_look(&g, NULL, &p, &e);
		growth_clear(&g);
		path_of(&w, "mail.log", path);
		assert_true(unlink(path) == 0 && rmdir(w.logs) == 0);
		if (rc != (t[i].why != NULL ? -1 : 0) || (rc < 0 && strcmp(e.text, t[i].why) != 0))
			fail_msg("%s: %d, %s", t[i].text, rc, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_growth),
		cmocka_unit_test(growth_after_growth),
		cmocka_unit_test(a_try_that_comes_to_stand_before_its_result),
		cmocka_unit_test(archives_with_frames_may_be_larger_than_a_reader_unpacks),
		cmocka_unit_test(logs_in_which_only_the_zone_stands),
		cmocka_unit_test(another_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
