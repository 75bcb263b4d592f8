/* The way from spool_put() to an item and back to the message's bytes, over a real socket and real files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>

#include "queue/spool.h"
#include "queue_server.h"

/* What came out at the other end, by qp. */
struct seen {
	pthread_mutex_t lock;
	struct {
		uint64_t qp, size, sum;
		unsigned times;
	} at[20000];
	size_t n;
	bool settle;
};

static struct seen seen = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t sum_of(const char *p, size_t n, uint64_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum = (sum ^ (unsigned char)p[i]) * 1099511628211u;
	return sum;
}

static void note(struct depot *d, struct item *it, void *arg)
{
	struct message m;
	struct err e = { 0 };
	uint64_t sum = 0;
	char *bytes;
	size_t i = 0;

	(void)arg;
	if (depot_read(d, it, &m, &e) < 0) {
		fprintf(stderr, "read %lu: %s\n", (unsigned long)it->qp, e.text);
		return;
	}
	bytes = mem_alloc(m.size);
	if (io_pread_all(m.fd, bytes, m.size, (off_t)m.offset) == 0)
		sum = sum_of(bytes, m.size, 0);
	close(m.fd);
	free(bytes);
	pthread_mutex_lock(&seen.lock);
	while (i < seen.n && seen.at[i].qp != it->qp)
		i++;
	if (i == seen.n) {
		MUST(seen.n < COUNT(seen.at));
		seen.n++;
		seen.at[i].qp = it->qp;
		seen.at[i].times = 0;
	}
	seen.at[i].size = m.size;
	seen.at[i].sum = sum;
	seen.at[i].times++;
	pthread_mutex_unlock(&seen.lock);
	for (size_t r = 0; seen.settle && r < it->nrcpts; r++)
		depot_settle(d, it, r, true);
}

static int put(struct spool *s, uint64_t qp, size_t size, uint64_t *sum, struct err *e)
{
	static const struct recipient to[] = { { STR_INIT("bob@example.org"), STR_INIT("bob@example.org"),
						 .channel = CHANNEL_LOCAL } };
	struct envelope v = { .qp = qp,
			      .time = clock_wall(),
			      .sender = STR("alice@example.com"),
			      .rcpts = to,
			      .nrcpts = 1,
			      .ip = STR("127.0.0.1"),
			      .label = STR("25") };
	struct spool_body *b = spool_body_new(s);
	char head[100], line[1000];
	int n = snprintf(head, sizeof(head), "Received: qp %lu\r\n", (unsigned long)qp), rc = 0;

	*sum = sum_of(head, (size_t)n, 0);
	for (size_t at = 0; at < size && rc == 0; at += sizeof(line)) {
		size_t part = size - at < sizeof(line) ? size - at : sizeof(line);

		memset(line, (int)('a' + (qp + at / sizeof(line)) % 26), part);
		*sum = sum_of(line, part, *sum);
		rc = spool_body_add(b, line, part, deadline_in(10000), e);
	}
	if (rc == 0)
		rc = spool_put(s, &v, str_mem(head, (size_t)n), b, deadline_in(10000), e);
	spool_body_free(b);
	return rc;
}

static bool found(uint64_t qp, uint64_t sum)
{
	bool ok = false;

	pthread_mutex_lock(&seen.lock);
	for (size_t i = 0; i < seen.n; i++)
		if (seen.at[i].qp == qp)
			ok = seen.at[i].sum == sum && seen.at[i].times == 1;
	pthread_mutex_unlock(&seen.lock);
	return ok;
}

struct house {
	char *folder;
	char dir[200];
	struct server server;
	struct spool *spool;
	struct spool_set set;
};

static int begin(void **state)
{
	struct house *h = mem_alloc(sizeof(*h));
	struct err e = { 0 };

	h->folder = server_folder("/tmp");
	snprintf(h->dir, sizeof(h->dir), "%s/spool", h->folder);
	h->server.news = note;
	seen.n = 0;
	seen.settle = true;
	if (server_start(&h->server, h->dir, &e) < 0)
		fail_msg("%s", e.text);
	h->set = (struct spool_set){
		.socket = h->server.socket, .worker = 1, .big_message = 64 * 1024, .memory = 64 * 1024 * 1024
	};
	h->spool = spool_new(&h->set);
	*state = h;
	return 0;
}

static int end(void **state)
{
	struct house *h = *state;

	spool_free(h->spool);
	server_stop(&h->server);
	server_remove(h->folder);
	free(h);
	return 0;
}

static void settle_down(size_t n)
{
	for (int i = 0; i < 500; i++) {
		size_t have;

		pthread_mutex_lock(&seen.lock);
		have = seen.n;
		pthread_mutex_unlock(&seen.lock);
		if (have >= n)
			return;
		usleep(10000);
	}
}

static uint64_t number(struct spool *s)
{
	uint64_t n = 0;
	struct err e = { 0 };

	if (spool_number(s, NUMBER_MESSAGE, &n, deadline_in(10000), &e) < 0)
		fail_msg("%s", e.text);
	return n;
}

static void test_small_and_big(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 4096, 65535, 65536, 65537, 300000, 3000000 };
	struct house *h = *state;
	struct err e = { 0 };
	uint64_t qp[COUNT(sizes)], sum[COUNT(sizes)];

	for (size_t i = 0; i < COUNT(sizes); i++) {
		qp[i] = number(h->spool);
		if (put(h->spool, qp[i], sizes[i], &sum[i], &e) < 0)
			fail_msg("size %zu: %s", sizes[i], e.text);
	}
	settle_down(COUNT(sizes));
	for (size_t i = 0; i < COUNT(sizes); i++)
		if (!found(qp[i], sum[i]))
			fail_msg("size %zu is not there as it was", sizes[i]);
	assert_int_equal(h->server.complaints, 0);
	assert_int_equal(spool_ready(h->spool, 1000, &e), 0);
	assert_int_equal(spool_ready(h->spool, (uint64_t)1 << 60, &e), -1);
}

struct writer {
	struct house *h;
	pthread_t thread;
	uint64_t qp[200], sum[200];
	int rc[200];
	size_t n;
	struct err why;
};

static void *write_many(void *arg)
{
	struct writer *w = arg;

	for (size_t i = 0; i < w->n; i++) {
		w->qp[i] = number(w->h->spool);
		w->rc[i] = put(w->h->spool, w->qp[i], 100 + w->qp[i] * 37 % 9000, &w->sum[i], &w->why);
	}
	return NULL;
}

enum { WRITERS = 32 };

static size_t many(struct house *h, size_t each, void (*meanwhile)(struct house *))
{
	static struct writer w[WRITERS];
	size_t bad = 0;

	for (size_t i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){ .h = h, .n = each };
		pthread_create(&w[i].thread, NULL, write_many, &w[i]);
	}
	if (meanwhile != NULL)
		meanwhile(h);
	for (size_t i = 0; i < WRITERS; i++)
		pthread_join(w[i].thread, NULL);
	usleep(200000);
	settle_down(WRITERS * each);
	for (size_t i = 0; i < WRITERS; i++)
		for (size_t k = 0; k < each; k++) {
			if (w[i].rc[k] < 0) {
				bad++;
				fprintf(stderr, "451: %s\n", w[i].why.text);
			} else if (!found(w[i].qp[k], w[i].sum[k])) {
				fail_msg("message %lu is not there once and unharmed", (unsigned long)w[i].qp[k]);
			}
		}
	return bad;
}

static void test_many_writers(void **state)
{
	assert_int_equal(many(*state, 60, NULL), 0);
	assert_int_equal(((struct house *)*state)->server.complaints, 0);
}

static void cut_often(struct house *h)
{
	for (int i = 0; i < 6; i++) {
		usleep(60000);
		h->server.cut = true;
	}
}

static void test_a_broken_channel_costs_no_message(void **state)
{
	assert_int_equal(many(*state, 40, cut_often), 0);
}

static void restart_often(struct house *h)
{
	struct err e = { 0 };

	for (int i = 0; i < 3; i++) {
		usleep(60000);
		server_stop(&h->server);
		if (server_start(&h->server, h->dir, &e) < 0)
			fail_msg("%s", e.text);
	}
}

static void test_a_restart_costs_no_message(void **state)
{
	assert_int_equal(many(*state, 40, restart_often), 0);
}

static void test_without_telltale_queue_there_is_an_answer_in_time(void **state)
{
	struct house *h = *state;
	uint64_t qp = number(h->spool), sum;
	struct spool_body *b = spool_body_new(h->spool);
	struct err e = { 0 };
	int64_t start;

	assert_int_equal(put(h->spool, qp, 100, &sum, &e), 0);
	qp = number(h->spool);
	server_stop(&h->server);
	start = clock_mono();
	assert_int_equal(spool_put(h->spool, &(struct envelope){ .qp = qp }, STR(""), b, deadline_in(300), &e), -1);
	assert_true(clock_mono() - start < 8000);
	assert_true(e.text[0] != '\0');
	spool_body_free(b);
	assert_int_equal(server_start(&h->server, h->dir, &e), 0);
	assert_int_equal(put(h->spool, qp, 100, &sum, &e), 0);
	settle_down(2);
	assert_true(found(qp, sum));
}

/* The kernel refuses to write over RLIMIT_FSIZE: as a disk that fails. */
static void test_a_failing_disk_is_told_and_survived(void **state)
{
	struct house *h = *state;
	struct rlimit old, low = { 0 };
	uint64_t first = number(h->spool), second = number(h->spool), sum;
	struct err e = { 0 };

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(put(h->spool, first, 5000, &sum, &e), 0);
	settle_down(1);
	getrlimit(RLIMIT_FSIZE, &old);
	low = (struct rlimit){ 9000, old.rlim_max };
	setrlimit(RLIMIT_FSIZE, &low);
	assert_int_equal(put(h->spool, second, 5000, &sum, &e), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_non_null(strstr(e.text, "write segment"));
	assert_int_equal(put(h->spool, second, 5000, &sum, &e), 0);
	settle_down(2);
	assert_true(found(second, sum));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_small_and_big, begin, end),
		cmocka_unit_test_setup_teardown(test_many_writers, begin, end),
		cmocka_unit_test_setup_teardown(test_a_broken_channel_costs_no_message, begin, end),
		cmocka_unit_test_setup_teardown(test_a_restart_costs_no_message, begin, end),
		cmocka_unit_test_setup_teardown(test_without_telltale_queue_there_is_an_answer_in_time, begin, end),
		cmocka_unit_test_setup_teardown(test_a_failing_disk_is_told_and_survived, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
