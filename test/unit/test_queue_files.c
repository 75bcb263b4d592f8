/* numbers, journal and segment files, and the heap of waiting recipients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "queue/due.h"
#include "queue/journal.h"
#include "queue/numbers.h"
#include "queue/segment.h"
#include "queue_folder.h"

static char *folder;
static int dir;

static int begin(void **state)
{
	struct err e = { 0 };

	(void)state;
	folder = server_folder("/tmp");
	dir = io_opendir(AT_FDCWD, folder, &e);
	return dir < 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	fd_clear(&dir);
	server_remove(folder);
	return 0;
}

static void write_file(const char *name, const char *text)
{
	struct err e = { 0 };

	if (io_replace(dir, name, str_of(text), 0600, &e) < 0)
		fail_msg("%s", e.text);
}

static void test_numbers_never_repeat(void **state)
{
	struct numbers n;
	struct number_block b = { .count = 10 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(numbers_open(&n, dir, true, &e), 0);
	assert_int_equal(numbers_take(&n, NUMBER_MESSAGE, &b, &e), 0);
	assert_int_equal(b.first, 1);
	assert_int_equal(b.count, 10);
	/* As after a kill: the rest of the block is a gap. */
	assert_int_equal(numbers_open(&n, dir, false, &e), 0);
	b.count = 1;
	assert_int_equal(numbers_take(&n, NUMBER_MESSAGE, &b, &e), 0);
	assert_true(b.first > 10);
	assert_int_equal(numbers_close(&n, &e), 0);
	assert_int_equal(numbers_open(&n, dir, false, &e), 0);
	assert_int_equal(n.next[COUNTER_LOGGED], b.first + 1);
	assert_int_equal(n.next[COUNTER_FILE], 1);
}

/* The journal of a first start is written next: whoever finds it must find the numbers too. */
static void test_numbers_are_there_before_anything_else_is(void **state)
{
	struct numbers n;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(numbers_open(&n, dir, true, &e), 0);
	assert_int_equal(numbers_open(&n, dir, false, &e), 0);
	assert_int_equal(n.next[COUNTER_LOGGED], 1);
	assert_int_equal(n.next[COUNTER_FILE], 1);
}

/* Somebody quotes 4711: it is a connection, or a message, or a delivery, never two of them. */
static void test_a_number_is_one_thing_only(void **state)
{
	struct numbers n;
	struct number_block a = { .count = 5 }, b = { .count = 5 }, c = { .count = 5 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(numbers_open(&n, dir, true, &e), 0);
	assert_int_equal(numbers_take(&n, NUMBER_CONNECTION, &a, &e), 0);
	assert_int_equal(numbers_take(&n, NUMBER_MESSAGE, &b, &e), 0);
	assert_int_equal(numbers_take(&n, NUMBER_DELIVERY, &c, &e), 0);
	assert_true(b.first >= a.first + a.count && c.first >= b.first + b.count);
}

static void test_a_numbers_file_is_whole_or_refused(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} t[] = {
		{ "logged 5\nfile 8\ncheck by-hand\n", 0 },
		{ "logged 5\nfile 8\ncheck 123\n", -1 },
		{ "logged 5\nfile 8\n", -1 },
		{ "logged 5\n", -1 },
		{ "logged 0\nfile 8\ncheck by-hand\n", -1 },
		{ "logged 9007199254740993\nfile 8\ncheck by-hand\n", -1 },
		{ "logged -5\nfile 8\ncheck by-hand\n", -1 },
		{ "", -1 },
	};
	struct numbers n;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		write_file("numbers", t[i].text);
		if (numbers_open(&n, dir, true, &e) != t[i].rc)
			fail_msg("row %zu", i);
	}
	assert_non_null(strstr(e.text, "check by-hand"));
	assert_int_equal(unlinkat(dir, "numbers", 0), 0);
	assert_int_equal(numbers_open(&n, dir, false, &e), -1);
	assert_non_null(strstr(e.text, "missing"));
}

static void test_numbers_end_below_2_53(void **state)
{
	struct numbers n;
	struct number_block b = { .count = 1 };
	struct err e = { 0 };

	(void)state;
	write_file("numbers", "logged 9007199254740991\nfile 1\ncheck by-hand\n");
	assert_int_equal(numbers_open(&n, dir, false, &e), 0);
	assert_int_equal(numbers_take(&n, NUMBER_CONNECTION, &b, &e), -1);
	assert_int_equal(numbers_take(&n, NUMBER_FILE, &b, &e), 0);
}

static void settled(struct journal *j, uint64_t qp)
{
	journal_add(j, &journal_settled_type, &(struct journal_settled){ qp, 0, 1 });
}

/* One letter per entry (its qp), B for a bad range, T for a cut tail. */
static void read_back(struct buf *bytes, char *found)
{
	struct journal_scan s;
	struct journal_hit hit;
	struct journal_settled m;
	enum journal_found f;
	struct err e = { 0 };

	assert_int_equal(journal_begin(&s, buf_str(bytes), &e), 0);
	while ((f = journal_next(&s, &hit)) != JOURNAL_END) {
		if (f == JOURNAL_ENTRY)
			assert_int_equal(ipc_unpack(hit.entry.body, &journal_settled_type, &m, &e), 0);
		*found++ = f == JOURNAL_ENTRY ? (char)m.qp : hit.tail ? 'T' : 'B';
	}
	*found = '\0';
}

static void test_the_journal_reads_back(void **state)
{
	struct journal j;
	struct err e = { 0 };
	char found[20];
	size_t end_of_b;
	BUF(bytes);

	(void)state;
	assert_int_equal(journal_create(&j, dir, &e), 0);
	settled(&j, 'a');
	assert_int_equal(journal_install(&j, &e), 0);
	settled(&j, 'b');
	assert_int_equal(journal_sync(&j, &e), 0);
	end_of_b = j.end;
	settled(&j, 'c');
	settled(&j, 'd');
	assert_int_equal(journal_sync(&j, &e), 0);
	settled(&j, 'e'); /* never synced */
	journal_clear(&j);
	assert_int_equal(io_slurp(dir, "journal", 10000000, &bytes, &e), 0);
	read_back(&bytes, found);
	assert_string_equal(found, "abcd");
	bytes.p[end_of_b + 20] ^= 1;
	read_back(&bytes, found);
	assert_string_equal(found, "abBd");
	buf_trunc(&bytes, j.end - 5);
	bytes.p[end_of_b + 20] ^= 1;
	read_back(&bytes, found);
	assert_string_equal(found, "abcT");
	bytes.p[3] ^= 1;
	assert_int_equal(journal_begin(&(struct journal_scan){ 0 }, buf_str(&bytes), &e), -1);
}

static void test_a_segment_is_recycled_only_when_nobody_can_write(void **state)
{
	struct segment_head h = { .id = 5, .size = SEGMENT_SIZE_LEAST }, back, again;
	struct err e = { 0 };
	struct stat st;
	int writer, fd;

	(void)state;
	if (segment_create(dir, &h, SEGMENT_WRITTEN, &e) < 0)
		fail_msg("%s", e.text);
	fd = openat(dir, "5.segment", O_RDONLY | O_CLOEXEC);
	assert_int_equal(segment_read(fd, &back, &e), 0);
	assert_true(back.id == 5 && back.nonce == h.nonce && back.size == h.size && !back.recycled);
	close(fd);
	again = (struct segment_head){ .id = 6, .size = h.size };
	assert_int_equal(segment_recycle(dir, 5, &again, &e), 0);
	assert_true(again.recycled && again.nonce != h.nonce);
	assert_int_equal(fstatat(dir, "5.segment", &st, 0), -1);
	writer = openat(dir, "6.segment", O_WRONLY | O_CLOEXEC);
	assert_true(writer >= 0);
	again = (struct segment_head){ .id = 7, .size = h.size };
	assert_int_equal(segment_recycle(dir, 6, &again, &e), 1);
	assert_int_equal(fstatat(dir, "6.segment", &st, 0), -1);
	assert_int_equal(fstatat(dir, "7.segment", &st, 0), -1);
	close(writer);
}

static void test_one_good_header_is_enough(void **state)
{
	struct segment_head h = { .id = 5, .size = SEGMENT_SIZE_LEAST }, back;
	struct err e = { 0 };
	int fd;

	(void)state;
	assert_int_equal(segment_create(dir, &h, SEGMENT_WRITTEN, &e), 0);
	fd = openat(dir, "5.segment", O_RDWR | O_CLOEXEC);
	assert_int_equal(io_pwrite_all(fd, "damage", 6, 20), 0);
	assert_int_equal(segment_read(fd, &back, &e), 0);
	assert_int_equal(back.nonce, h.nonce);
	assert_int_equal(io_pwrite_all(fd, "damage", 6, 4096 + 20), 0);
	assert_int_equal(segment_read(fd, &back, &e), -1);
	close(fd);
}

/* Whatever its room is, there are zeros in it and blocks behind it. */
static void test_a_segment_in_haste_is_like_another(void **state)
{
	BUF(hasty);
	BUF(written);
	struct segment_head h = { .id = 5, .size = SEGMENT_SIZE_LEAST };
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(segment_create(dir, &h, SEGMENT_IN_HASTE, &e), 0);
	h.id = 6;
	assert_int_equal(segment_create(dir, &h, SEGMENT_WRITTEN, &e), 0);
	assert_int_equal(io_slurp(dir, "5.segment", SIZE_MAX, &hasty, &e), 0);
	assert_int_equal(io_slurp(dir, "6.segment", SIZE_MAX, &written, &e), 0);
	assert_int_equal(hasty.n, h.size);
	assert_true(str_eq(str_skip(buf_str(&hasty), SEGMENT_START), str_skip(buf_str(&written), SEGMENT_START)));
	assert_int_equal(fstatat(dir, "5.segment", &st, 0), 0);
	assert_true((uint64_t)st.st_blocks * 512 >= h.size);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool ok, making;
	} t[] = {
		{ "1.segment", true, false }, { "12.making", true, true },    { "x.segment", false, false },
		{ "1", false, false },        { "1.segment~", false, false }, { "-1.segment", false, false },
		{ ".segment", false, false },
	};
	uint64_t id;
	bool making;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (segment_named(t[i].name, &id, &making) != t[i].ok || (t[i].ok && making != t[i].making))
			fail_msg("%s", t[i].name);
}

static void test_the_heap_keeps_order(void **state)
{
	enum { N = 500 };
	struct item *it = mem_alloc(sizeof(*it) + N * sizeof(it->rcpts[0]));
	struct due d = { 0 };
	int64_t last = -1;
	size_t left = 0;

	(void)state;
	for (size_t i = 0; i < N; i++)
		due_add(&d, it, i, (int64_t)(i * 7919 % 1009));
	for (size_t i = 0; i < N; i += 3)
		due_remove(&d, it, i);
	due_remove(&d, it, 0);
	while (due_first(&d) != NULL) {
		size_t r = due_first(&d)->rcpt;

		assert_true(due_first(&d)->next >= last && r % 3 != 0);
		last = due_first(&d)->next;
		due_remove(&d, it, r);
		left++;
	}
	assert_int_equal(left, N - (N + 2) / 3);
	due_clear(&d);
	free(it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_numbers_never_repeat, begin, end),
		cmocka_unit_test_setup_teardown(test_numbers_are_there_before_anything_else_is, begin, end),
		cmocka_unit_test_setup_teardown(test_a_number_is_one_thing_only, begin, end),
		cmocka_unit_test_setup_teardown(test_a_numbers_file_is_whole_or_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_numbers_end_below_2_53, begin, end),
		cmocka_unit_test_setup_teardown(test_the_journal_reads_back, begin, end),
		cmocka_unit_test_setup_teardown(test_a_segment_is_recycled_only_when_nobody_can_write, begin, end),
		cmocka_unit_test_setup_teardown(test_one_good_header_is_enough, begin, end),
		cmocka_unit_test_setup_teardown(test_a_segment_in_haste_is_like_another, begin, end),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_the_heap_keeps_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
