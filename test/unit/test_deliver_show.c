#include "schedule_house.h"

static void the_list_comes_in_pages(void **state)
{
	struct shown a = { .fd = -1 };
	uint64_t qp[201];
	char last[40], after[40], next[60];

	(void)state;
	for (size_t i = 0; i < COUNT(qp); i++)
		qp[i] = put(0, CHANNEL_REMOTE, "");
	snprintf(last, sizeof(last), "{\"qp\":%lu,", (unsigned long)qp[199]);
	snprintf(after, sizeof(after), "list%c%lu", '\0', (unsigned long)qp[199]);
	snprintf(next, sizeof(next), "{\"messages\":[{\"qp\":%lu,", (unsigned long)qp[200]);
	command(STR("list"), &a);
	assert_true(str_ends(buf_str(&a.output), STR("],\"more\":true,\"total\":201}")));
	assert_true(str_find(buf_str(&a.output), str_of(last)) > 0);
	shown_clear(&a);
	command(str_mem(after, 5 + strlen(after + 5)), &a);
	assert_true(str_starts(buf_str(&a.output), str_of(next)));
	assert_true(str_ends(buf_str(&a.output), STR("],\"more\":false,\"total\":201}")));
	shown_clear(&a);
}

static void a_wrong_question_has_its_exit_code(void **state)
{
	static const struct {
		struct str words;
		int status;
	} t[] = {
		{ STR_INIT("list"), 0 },
		{ STR_INIT("show\0"
			   "1"),
		  1 },
		{ STR_INIT("show\0"
			   "1/0"),
		  1 },
		{ STR_INIT("show\0"
			   "x"),
		  2 },
		{ STR_INIT("show\0"
			   "1/x"),
		  2 },
		{ STR_INIT("show"), 2 },
		{ STR_INIT("delete\0"
			   "1"),
		  1 },
		{ STR_INIT(""), 2 },
		{ STR_INIT("list\0x"), 2 },
		{ STR_INIT("list\0"
			   "1\0"
			   "2"),
		  2 },
		{ STR_INIT("hold"), 2 },
		{ STR_INIT("hold\0--older"), 2 },
		{ STR_INIT("hold\0--older\0soon"), 2 },
		{ STR_INIT("hold\0--colour\0red"), 2 },
		{ STR_INIT("hold\0--channel\0both"), 2 },
		{ STR_INIT("hold\0--held\0"
			   "1"),
		  2 },
		{ STR_INIT("reroute\0--all"), 2 },
		{ STR_INIT("reroute\0--all\0--to-address\0nobody"), 2 },
		{ STR_INIT("pause\0a@b.example"), 2 },
		{ STR_INIT("resume\0b.example"), 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct shown a = { .fd = -1 };

		command(t[i].words, &a);
		assert_int_equal(a.status, t[i].status);
		assert_int_equal(a.status == 0, a.message.n == 0);
		shown_clear(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_list_comes_in_pages),
		T(a_wrong_question_has_its_exit_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
