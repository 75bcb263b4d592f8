/* Rotation while others write, and look for their lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "rotate_folder.h"

#include "trace/source.h"

static atomic_bool over;
static char live[64];

static void *write_on(void *arg)
{
	struct log_writer *w = log_writer_open(live, LOG_DELIVERY, &e);
	size_t *n = arg;
	char date[16];

	while (w != NULL && !over) {
		BUF(line);

		buf_fmt(&line, "%s 10:00:00, bounce, %zu, qp 7\n", day(1, date), ++*n);
		if (log_append(w, buf_str(&line), STR(""), NULL) < 0)
			break;
		usleep(200);
	}
	log_writer_close(w);
	return NULL;
}

static void a_rotation_loses_no_line_of_writers_and_doubles_none(void **state)
{
	struct log_writer *idle;
	size_t written[3] = { 0 };
	pthread_t t[3];
	BUF(all);
	BUF(more);

	(void)state;
	over = false;
	snprintf(live, sizeof(live), "%s/delivery.log", folder);
	idle = log_writer_open(live, LOG_DELIVERY, &e);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, write_on, &written[i]), 0);
	for (int i = 0; i < 2; i++) {
		usleep(50000);
		assert_int_equal(run(false, 0), 0);
	}
	over = true;
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	log_writer_close(idle);
	text_of(named("delivery.%D.zst", 1), &all);
	text_of("delivery.log", &more);
	buf_addstr(&all, buf_str(&more));
	assert_int_equal(count(buf_str(&all), ", qp 7\n"), written[0] + written[1] + written[2]);
	assert_int_equal(count(buf_str(&all), ", zone, "), 3);
}

/* Who looks for lines after a crash finds those of the file that was just renamed. */
static void a_logs_tail_goes_over_a_rotation(void **state)
{
	BUF(b);

	(void)state;
	put("delivery.log", 0, "new\n");
	put(named("delivery.log.%D", 2), 2, "older\n");
	put(named("delivery.log.%D", 1), 1, "old\n");
	put("delivery.log.zz", 1, "no\n");
	snprintf(live, sizeof(live), "%s/delivery.log", folder);
	assert_int_equal(log_tail(live, 1000, &b, &e), 0);
	assert_true(str_eqz(buf_str(&b), "old\nnew\n"));
}

static void take(struct source *s, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(source_take(s, path, &e), 1);
}

/* It read the log, then the log became the second part of its day's archive, then it read that. */
static void who_reads_meanwhile_has_each_line_once(void **state)
{
	struct source s;
	size_t lines = 0;

	(void)state;
	put("delivery.log", 1, "%D 10:00:01, gave-up, 1\n");
	assert_int_equal(run(false, 0), 0);
	put("delivery.log", 1, "%D 10:00:02, gave-up, 2\n");
	source_init(&s);
	take(&s, "delivery.log");
	put("delivery.log", 1, "%D 10:00:02, gave-up, 2\n%D 10:00:03, gave-up, 3\n");
	assert_int_equal(run(false, 0), 0);
	take(&s, named("delivery.%D.zst", 1));
	take(&s, "delivery.log");
	source_settle(&s);
	for (size_t i = 0; i < s.n; i++)
		lines += count(buf_str(&s.files[i].text), ", gave-up, ");
	assert_int_equal(lines, 3);
	source_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_rotation_loses_no_line_of_writers_and_doubles_none),
		TEST(a_logs_tail_goes_over_a_rotation),
		TEST(who_reads_meanwhile_has_each_line_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
