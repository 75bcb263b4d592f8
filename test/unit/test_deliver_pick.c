/* Which recipients a command means, and what it does to them. */
#include "schedule_house.h"

/* Words with blanks between them; '_' stands for one inside a word. */
static struct shown say_to_queue(const char *words)
{
	struct shown a = { .fd = -1 };
	BUF(b);

	for (; *words != '\0'; words++)
		buf_addc(&b, *words == ' ' ? '\0' : *words == '_' ? ' ' : *words);
	command(buf_str(&b), &a);
	return a;
}

static void expect(const char *words, int status, const char *sentence)
{
	struct shown a = say_to_queue(words);

	if (a.status != status || !str_eqz(buf_str(&a.message), sentence))
		fail_msg("%s: %d %s", words, a.status, buf_z(&a.message));
	shown_clear(&a);
}

/* Some messages: two of them to b.example, one of those from nobody, one old and big and to here. */
static void fill(void)
{
	static const struct {
		const char *sender, *to;
		enum channel channel;
		int64_t age;
		const char *report;
	} t[] = {
		{ "anna@a.example", "bob@b.example", CHANNEL_REMOTE, 60 * 1000, "Connected, but 421 Busy" },
		{ "", "Eve@B.example", CHANNEL_REMOTE, 60 * 1000, NULL },
		{ "anna@a.example", "carl@c.example", CHANNEL_REMOTE, 2 * DAY, "No route to host" },
		{ "root@a.example", "dora@example.com", CHANNEL_LOCAL, DAY, NULL },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct recipient r = { .final = str_of(t[i].to), .original = str_of(t[i].to), .channel = t[i].channel };
		struct envelope v = {
			.time = clock_wall() - t[i].age, .sender = str_of(t[i].sender), .rcpts = &r, .nrcpts = 1
		};
		struct item *it;
		struct err e = { 0 };

		assert_int_equal(depot_number(depot, NUMBER_MESSAGE, &v.qp, &e), 0);
		assert_int_equal(depot_put(depot, &v, STR(""), STR("Subject: x\r\n\r\nbody\r\n"), &e), 0);
		it = depot_news(depot);
		assert_non_null(it);
		if (t[i].report != NULL)
			depot_defer(depot, it, 0, clock_wall() + DAY, str_of(t[i].report));
		else
			depot_release(depot, it, 0, clock_wall() + DAY);
	}
	assert_int_equal(depot_sync(depot, NULL), 0);
}

static void filters_choose_recipients(void **state)
{
	static const struct {
		const char *filter;
		unsigned n;
	} t[] = {
		{ "--all", 4 },
		{ "--from anna@a.example", 2 },
		{ "--from ANNA@*", 2 },
		{ "--from a.example", 3 },
		{ "--from *.example", 3 },
		{ "--from <>", 1 },
		{ "--to bob@b.example", 1 },
		{ "--to b.example", 2 },
		{ "--to-domain b.example", 2 },
		{ "--destination *.example", 3 },
		{ "--destination b", 0 },
		{ "--older 1h", 2 },
		{ "--older 36h", 1 },
		{ "--younger 1h", 2 },
		{ "--older 1h --younger 36h", 1 },
		{ "--size 5", 4 },
		{ "--size 1M", 0 },
		{ "--attempts 1", 2 },
		{ "--attempts 2", 0 },
		{ "--reason 421_busy", 1 },
		{ "--reason host", 1 },
		{ "--channel local", 1 },
		{ "--channel remote", 3 },
		{ "--held", 0 },
		{ "--from a.example --channel remote --reason busy", 1 },
		{ "--all --limit 3", 3 },
	};

	(void)state;
	fill();
	for (size_t i = 0; i < COUNT(t); i++) {
		char words[100];
		struct shown a;

		snprintf(words, sizeof(words), "hold --dry-run %s", t[i].filter);
		a = say_to_queue(words);
		if (strtoul(buf_z(&a.message), NULL, 10) != t[i].n)
			fail_msg("%s: %s", t[i].filter, buf_z(&a.message));
		shown_clear(&a);
	}
	expect("hold --held --dry-run", 0, "0 recipients of 0 messages would be held"); /* nothing was done so far */
}

static void what_was_said_holds_and_is_told(void **state)
{
	struct shown a;

	(void)state;
	fill();
	expect("hold --to b.example --why their_server_moves --by carol", 0, "2 recipients of 2 messages held");
	expect("hold --to b.example", 1, "0 recipients of 2 messages held; 2 left as they were");
	a = say_to_queue("list --held");
	assert_true(str_find(buf_str(&a.output), STR("\"waits\":\"held\",\"why\":\"held by carol since ")) > 0);
	assert_true(str_find(buf_str(&a.output), STR(": their server moves\"")) > 0);
	assert_true(str_find(buf_str(&a.output), STR("carl@")) < 0);
	shown_clear(&a);
	expect("release --all --limit 9", 0, "2 recipients of 4 messages released; 2 left as they were");
	expect("delete --from <>", 0, "1 recipient of 1 message deleted");
	expect("retry", 0, "3 recipients to be tried now");
}

static void a_paused_destination_gets_nothing_and_loses_nothing(void **state)
{
	struct shown a;
	struct item *it;
	uint64_t at = 0;

	(void)state;
	fill();
	expect("paused", 0, "nothing is paused");
	expect("pause example.com --for 0s", 2, "--for cannot be 0s");
	expect("pause example.com --until 1000", 2, "a pause of example.com ends in the future");
	expect("pause Example.com --why disk", 0, "example.com is paused until it is resumed");
	expect("retry --channel local", 0, "1 recipient of 1 message to be tried now");
	schedule_start(schedule);
	assert_int_equal(schedule_busy(schedule), 0);
	while ((it = depot_walk(depot, &at)) != NULL)
		assert_int_equal(it->rcpts[0].paused, it->rcpts[0].channel == CHANNEL_LOCAL);
	a = say_to_queue("list --paused");
	assert_true(str_find(buf_str(&a.output), STR("\"waits\":\"paused\",\"why\":\"example.com is paused by ")) > 0);
	assert_true(str_find(buf_str(&a.output), STR("\"next\":null")) > 0);
	shown_clear(&a);
	a = say_to_queue("summary");
	assert_true(str_find(buf_str(&a.output),
			     STR("\"destination\":\"b.example\",\"channel\":\"remote\",\"messages\":2")) > 0);
	assert_true(str_find(buf_str(&a.output), STR("\"state\":\"paused\"")) > 0);
	shown_clear(&a);
	expect("resume example.com", 0, "1 recipient of 1 message due again");
	expect("resume example.com", 1, "example.com is not paused");
	schedule_start(schedule);
	assert_int_equal(schedule_busy(schedule), 1);
}

static void many_messages_take_many_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < 300; i++)
		fill();
	expect("hold --older 1h", 0, "600 recipients of 600 messages held");
	expect("release --held --limit 7", 0, "7 recipients of 7 messages released; the limit was reached");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(filters_choose_recipients),
		T(what_was_said_holds_and_is_told),
		T(a_paused_destination_gets_nothing_and_loses_nothing),
		T(many_messages_take_many_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
