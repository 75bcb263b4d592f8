/* Who is let in and for how long, under a clock that the table moves: sessions, one-time links, the control socket's
 * words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "web/control.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

static const struct sessions_limits limits = {
	.owner = { .idle = 2 * HOUR, .most = 24 * HOUR },
	.administrator = { .idle = 30 * MINUTE, .most = 4 * HOUR },
};

static const struct session bob = { .account = "bob@example.com", .ip = "127.0.0.1", .stamp = 7 };
static const struct session root = { .account = "root", .ip = "127.0.0.1", .administrator = true };

static struct sessions *fresh(void)
{
	struct err e = { 0 };
	struct sessions *s = sessions_open(-1, &limits, &e);

	if (s == NULL)
		fail_msg("%s", e.text);
	return s;
}

/* One session each: it began at 0; what is asked at which minute, and whether it lives. */
static const struct {
	const struct session *who;
	struct {
		int minute;
		bool use, lives;
	} at[6];
} lives[] = {
	{ &bob, { { 0, true, true }, { 119, true, true }, { 120, true, true }, { 239, true, true } } },
	{ &bob, { { 120, true, false }, { 1, true, true } } }, /* a clock that goes back brings back what time ended */
	{ &bob, { { 119, false, true }, { 120, false, false }, { 120, true, false } } }, /* looking is no use */
	{ &bob, { { -600, true, true }, { -480, true, false } } },
	{ &root, { { 29, true, true }, { 58, true, true }, { 88, true, false } } },
	{ &root, { { 29, true, true }, { 30, false, true }, { 60, false, false } } },
};

static void how_long_one_lives(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lives); i++) {
		struct sessions *s = fresh();
		char id[SESSION_ID + 1];
		struct session x;

		sessions_begin(s, lives[i].who, 0, id);
		for (size_t k = 0; k < COUNT(lives[i].at); k++) {
			int64_t now = (int64_t)lives[i].at[k].minute * MINUTE;

			if (k > 0 && lives[i].at[k].minute == 0)
				break;
			if ((lives[i].at[k].use ? sessions_find(s, str_of(id), now, &x)
						: sessions_look(s, 1, now, &x)) != lives[i].at[k].lives)
				fail_msg("row %zu, minute %d", i, lives[i].at[k].minute);
		}
		sessions_close(s);
	}
}

/* Used all the time, it ends all the same. */
static void nobody_stays_for_ever(void **state)
{
	struct sessions *s = fresh();
	char mine[SESSION_ID + 1], his[SESSION_ID + 1];
	int64_t now = 0;
	struct session x;

	(void)state;
	sessions_begin(s, &bob, 0, mine);
	sessions_begin(s, &root, 0, his);
	for (; now < limits.owner.most; now += 10 * MINUTE) {
		assert_true(sessions_find(s, str_of(mine), now, &x));
		assert_int_equal(sessions_find(s, str_of(his), now, &x), now < limits.administrator.most);
	}
	assert_false(sessions_find(s, str_of(mine), now, &x));
	sessions_close(s);
}

static void who_it_is(void **state)
{
	struct sessions *s = fresh();
	char id[SESSION_ID + 1], other[SESSION_ID + 1], wrong[SESSION_ID + 2];
	struct session x;

	(void)state;
	sessions_begin(s, &bob, 5, id);
	sessions_begin(s, &root, 6, other);
	assert_true(sessions_find(s, str_of(id), 7, &x));
	assert_string_equal(x.account, "bob@example.com");
	assert_true(x.number == 1 && x.stamp == 7 && x.since == 5 && x.used == 7 && !x.administrator);
	assert_true(sessions_find(s, str_of(other), 8, &x) && x.administrator && x.number == 2);

	for (size_t i = 0; i < SESSION_ID; i++) {
		strcpy(wrong, id);
		wrong[i] = wrong[i] == '0' ? '1' : '0';
		assert_false(sessions_find(s, str_of(wrong), 8, &x));
	}
	for (char *p = strcpy(wrong, id); *p != '\0'; p++)
		*p = *p >= 'a' ? (char)(*p - 'a' + 'A') : *p;
	assert_false(strcmp(wrong, id) != 0 && sessions_find(s, str_of(wrong), 8, &x));
	assert_false(sessions_find(s, str_take(str_of(id), SESSION_ID - 1), 8, &x));
	assert_false(sessions_find(s, STR(""), 8, &x));
	sprintf(wrong, "%s0", id);
	assert_false(sessions_find(s, str_of(wrong), 8, &x));
	sessions_close(s);
}

static void they_can_be_ended(void **state)
{
	struct sessions *s = fresh();
	char id[4][SESSION_ID + 1];
	struct session ann = { .account = "ann@example.com" }, x, all[8];

	(void)state;
	sessions_begin(s, &bob, 1, id[0]);
	sessions_begin(s, &bob, 2, id[1]);
	sessions_begin(s, &ann, 3, id[2]);
	sessions_begin(s, &root, 4, id[3]);
	assert_true(sessions_find(s, str_of(id[1]), 9, &x));
	assert_int_equal(sessions_list(s, 9, all, 8), 4);
	assert_true(all[0].number == 2 && all[1].number == 4 && all[2].number == 3 && all[3].number == 1);
	assert_int_equal(sessions_list(s, 9, all, 2), 2);
	assert_true(sessions_end(s, 3));
	assert_false(sessions_end(s, 3) || sessions_end(s, 99) || sessions_end(s, 0));
	assert_false(sessions_find(s, str_of(id[2]), 9, &x) || sessions_look(s, 3, 9, &x));
	assert_int_equal(sessions_end_all(s, STR("bob@example.com")), 2);
	assert_int_equal(sessions_end_all(s, STR("bob@example.com")), 0);
	assert_true(sessions_look(s, 4, 9, &x));
	assert_int_equal(sessions_end_all(s, STR("")), 1);
	assert_int_equal(sessions_list(s, 9, all, 8), 0);
	sessions_close(s);
}

static void an_account_has_so_many_and_the_table_has_an_end(void **state)
{
	struct sessions *s = fresh();
	char first[SESSION_ID + 1], id[SESSION_ID + 1];
	struct session *all = mem_alloc((SESSIONS_MAX + 1) * sizeof(*all)), x;
	size_t n;

	(void)state;
	sessions_begin(s, &bob, 0, first);
	for (int i = 1; i < SESSIONS_EACH; i++)
		sessions_begin(s, &bob, i, id);
	assert_true(sessions_find(s, str_of(first), SESSIONS_EACH, &x));
	sessions_begin(s, &bob, SESSIONS_EACH + 1, id);
	assert_true(sessions_find(s, str_of(first), SESSIONS_EACH + 2, &x)); /* the one not used for longest has left */
	assert_false(sessions_look(s, 2, SESSIONS_EACH + 2, &x));
	for (int i = 0; i < 2 * SESSIONS_MAX; i++) {
		snprintf(x.account, sizeof(x.account), "u%d@example.com", i);
		sessions_begin(s, &x, SESSIONS_EACH + 3 + i, id);
		assert_true(sessions_find(s, str_of(id), SESSIONS_EACH + 3 + i, &x));
	}
	n = sessions_list(s, 2 * SESSIONS_MAX, all, SESSIONS_MAX + 1);
	assert_true(n <= SESSIONS_MAX && n > SESSIONS_MAX * 9 / 10);
	free(all);
	sessions_close(s);
}

/* A reload: the next program has the same memory; so has one that another has died beside. */
static void they_outlive_the_program(void **state)
{
	int fd = memfd_create("sessions", MFD_CLOEXEC);
	char id[SESSION_ID + 1], token[SESSION_ID + 1], by[SESSION_ACCOUNT_MAX + 1];
	struct sessions *s = sessions_open(dup(fd), &limits, NULL), *next = sessions_open(dup(fd), &limits, NULL);
	struct session x;
	int status;
	pid_t child;

	(void)state;
	sessions_begin(s, &bob, 1, id);
	sessions_link(s, STR("root"), 1, token);
	sessions_close(s);
	assert_true(sessions_find(next, str_of(id), 2, &x) && strcmp(x.account, bob.account) == 0);
	assert_true(sessions_take_link(next, str_of(token), 2, by));
	child = fork();
	if (child == 0) {
		sessions_begin(next, &root, 3, id);
		_exit(0);
	}
	assert_true(waitpid(child, &status, 0) == child && status == 0);
	assert_true(sessions_look(next, 2, 4, &x) && sessions_look(next, 1, 4, &x));
	sessions_close(next);
	close(fd);
}

/* A program of another version, in the same memory: nothing of it is understood as a session. */
static void a_table_of_another_form_is_empty(void **state)
{
	int fd = memfd_create("sessions", MFD_CLOEXEC);
	struct sessions *s = sessions_open(dup(fd), &limits, NULL);
	char id[SESSION_ID + 1], other[SESSION_ID + 1];
	uint64_t form = 77;
	struct session x;

	(void)state;
	sessions_begin(s, &bob, 1, id);
	assert_int_equal(pwrite(fd, &form, sizeof(form), 0), sizeof(form));
	assert_false(sessions_find(s, str_of(id), 2, &x));
	assert_int_equal(sessions_list(s, 2, &x, 1), 0);
	sessions_begin(s, &bob, 3, other);
	assert_true(sessions_find(s, str_of(other), 4, &x) && x.number == 1);
	sessions_close(s);
	close(fd);
}

static const struct {
	int64_t asked;
	bool good;
} links[] = {
	{ 0, true },
	{ SESSION_LINK_TIME - 1, true },
	{ SESSION_LINK_TIME, false },
	{ -SESSION_LINK_TIME - 1, false },
};

static void a_link_is_good_once_and_not_for_long(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		struct sessions *s = fresh();
		char token[SESSION_ID + 1], id[SESSION_ID + 1], by[SESSION_ACCOUNT_MAX + 1] = "";
		struct session x;

		sessions_link(s, STR("root"), 0, token);
		sessions_begin(s, &bob, 0, id);
		assert_false(sessions_find(s, str_of(token), 0, &x)); /* neither is the other */
		assert_false(sessions_take_link(s, str_of(id), 0, by));
		assert_false(sessions_take_link(s, STR(""), 0, by));
		if (sessions_take_link(s, str_of(token), links[i].asked, by) != links[i].good)
			fail_msg("row %zu", i);
		assert_string_equal(by, links[i].good ? "root" : "");
		assert_false(sessions_take_link(s, str_of(token), links[i].asked, by));
		sessions_close(s);
	}
}

static void the_latest_links_are_kept(void **state)
{
	struct sessions *s = fresh();
	char token[SESSION_LINKS_MAX + 1][SESSION_ID + 1], by[SESSION_ACCOUNT_MAX + 1];

	(void)state;
	for (int i = 0; i <= SESSION_LINKS_MAX; i++)
		sessions_link(s, STR("root"), i, token[i]);
	for (int i = 0; i <= SESSION_LINKS_MAX; i++)
		assert_int_equal(sessions_take_link(s, str_of(token[i]), 50, by), i > 0);
	sessions_close(s);
}

static void tokens(void **state)
{
	struct sessions *s = fresh();
	char a[SESSION_ID + 1], b[SESSION_ID + 1], one[SESSION_TOKEN + 1], two[SESSION_TOKEN + 1];

	(void)state;
	sessions_begin(s, &bob, 0, a);
	sessions_begin(s, &bob, 0, b);
	session_token(str_of(a), one);
	session_token(str_of(b), two);
	assert_int_equal(strlen(one), SESSION_TOKEN);
	assert_false(session_same(str_of(one), str_of(two)));
	assert_null(strstr(a, one));
	session_token(str_of(a), two);
	assert_true(session_same(str_of(one), str_of(two)));
	assert_false(session_same(str_of(one), STR("")) || session_same(STR(""), str_of(one)) ||
		     session_same(str_of(one), str_take(str_of(two), SESSION_TOKEN - 1)));
	assert_true(session_same(STR(""), STR("")));
	sessions_close(s);
}

static const struct {
	struct str words;
	int status;
	const char *text; /* in the JSON or the sentence */
} orders[] = {
	{ STR_INIT("sessions"), 0, "[]" },
	{ STR_INIT("link"), 0, "{\"url\":\"https://mx.example.com/log/enter/" },
	{ STR_INIT(""), 2, "usage" },
	{ STR_INIT("link\0now"), 2, "usage" },
	{ STR_INIT("sessions\0"), 2, "usage" },
	{ STR_INIT("end"), 2, "usage" },
	{ STR_INIT("end\0"), 2, "usage" },
	{ STR_INIT("end\0001\0002"), 2, "usage" },
	{ STR_INIT("end\0001"), 1, "there is no session 1" },
	{ STR_INIT("end\0bob@example.com"), 1, "there is no session bob@example.com" },
	{ STR_INIT("end\0--all"), 0, "0 sessions ended" },
	{ STR_INIT("login"), 2, "usage" },
	{ STR_INIT("sessions"), 0,
	  "\"number\":1,\"role\":\"owner\",\"account\":\"bob@example.com\",\"ip\":\"127.0.0.1\"" },
	{ STR_INIT("end\0BOB@example.com"), 0, "1 session ended" },
	{ STR_INIT("sessions"), 0, "\"number\":2,\"role\":\"administrator\",\"account\":\"root\"" },
	{ STR_INIT("end\0002"), 0, "1 session ended" },
	{ STR_INIT("sessions"), 0, "[]" },
};

static void what_the_administrator_says(void **state)
{
	struct web_control c = { .fd = -1, .sessions = fresh(), .url = STR("https://mx.example.com/log/") };
	char id[SESSION_ID + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		BUF(output);
		BUF(message);

		if (i == 12) {
			sessions_begin(c.sessions, &bob, clock_wall(), id);
			sessions_begin(c.sessions, &root, clock_wall(), id);
		}
		if (web_control_do(&c, orders[i].words, STR("root"), &output, &message) != orders[i].status ||
		    (strstr(buf_z(&output), orders[i].text) == NULL && strstr(buf_z(&message), orders[i].text) == NULL))
			fail_msg("order %zu: %s %s", i, buf_z(&output), buf_z(&message));
	}
	sessions_close(c.sessions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_long_one_lives),
		cmocka_unit_test(nobody_stays_for_ever),
		cmocka_unit_test(who_it_is),
		cmocka_unit_test(they_can_be_ended),
		cmocka_unit_test(an_account_has_so_many_and_the_table_has_an_end),
		cmocka_unit_test(they_outlive_the_program),
		cmocka_unit_test(a_table_of_another_form_is_empty),
		cmocka_unit_test(a_link_is_good_once_and_not_for_long),
		cmocka_unit_test(the_latest_links_are_kept),
		cmocka_unit_test(tokens),
		cmocka_unit_test(what_the_administrator_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
