/* The graylist: what happened to a pair, the file, what is not in it yet, imports, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/graylist.h"

#define FOREVER INT64_MAX

static void what_follows_what(void **state)
{
	static const struct {
		struct gray_row before, more, after;
	} t[] = {
		/* clang-format off */
		/* the first try; a second one at the same time; one too early changes nothing */
		{ { 0 }, { 10, 0, 100, false }, { 10, 0, 100, false } },
		{ { 10, 0, 100, false }, { 12, 0, 102, false }, { 10, 0, 102, false } },
		{ { 12, 0, 102, false }, { 10, 0, 100, false }, { 10, 0, 102, false } },
		/* it passes, again and again */
		{ { 10, 0, 100, false }, { 50, 50, 150, false }, { 10, 50, 150, false } },
		{ { 10, 50, 150, false }, { 90, 90, 190, false }, { 10, 90, 190, false } },
		{ { 10, 90, 190, false }, { 50, 50, 150, false }, { 10, 90, 190, false } },
		/* its time is over: anew */
		{ { 10, 50, 150, false }, { 151, 0, 251, false }, { 151, 0, 251, false } },
		{ { 10, 50, 150, false }, { 60, 0, 160, true }, { 60, 0, 160, true } },
		{ { 60, 0, 160, true }, { 90, 90, 190, false }, { 60, 90, 190, true } },
		{ { 60, 0, 160, true }, { 161, 0, 261, false }, { 161, 0, 261, true } },
		/* for ever */
		{ { 10, 0, FOREVER, false }, { 900, 0, FOREVER, false }, { 10, 0, FOREVER, false } },
		{ { 0 }, { 9, 9, FOREVER, false }, { 9, 9, FOREVER, false } },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct gray_row row = t[i].before;

		gray_merge(&row, &t[i].more);
		if (row.first != t[i].after.first || row.passed != t[i].after.passed || row.until != t[i].after.until ||
		    row.anew != t[i].after.anew)
			fail_msg("row %zu: %lld %lld %lld", i, (long long)row.first, (long long)row.passed,
				 (long long)row.until);
	}
}

static void keys_as_spamdyke_names_its_folders(void **state)
{
	static const struct {
		struct gray_key key;
		const char *id;
	} t[] = {
		{ { STR_INIT("bob@here"), STR_INIT("A.b-c@Far.Example"), STR_INIT("") },
		  "gbob@here\na.b-c@far.example\n" },
		{ { STR_INIT("bob@here"), STR_INIT(""), STR_INIT("") }, "gbob@here\n\n" },
		{ { STR_INIT("b+x@here"), STR_INIT("a=b/\n\"\xc3@x"), STR_INIT("2001:db8::") },
		  "gb_x@here\na_b____@x\n2001_db8__" },
	};
	char longest[2000];
	struct gray_id id;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		gray_id(&id, GRAY_PAIR, &t[i].key);
		assert_true(str_eqz(str_mem(id.text, id.n), t[i].id));
	}
	memset(longest, 'x', sizeof(longest));
	gray_id(&id, GRAY_PAIR,
		&(struct gray_key){ str_mem(longest, 2000), str_mem(longest, 2000), str_mem(longest, 2000) });
	assert_true(id.n <= sizeof(id.text));
}

/* ---- the file ---- */

struct place {
	char folder[64], path[128];
};

static int place_make(void **state)
{
	struct place *p = mem_alloc(sizeof(*p));

	strcpy(p->folder, "/tmp/test-graylist-XXXXXX");
	if (mkdtemp(p->folder) == NULL)
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/graylist.db", p->folder);
	*state = p;
	return 0;
}

static int place_remove(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct place *p = *state;
	char name[160];

	for (size_t i = 0; i < COUNT(ends); i++) {
		snprintf(name, sizeof(name), "%s%s", p->path, ends[i]);
		unlink(name);
	}
	rmdir(p->folder);
	free(p);
	return 0;
}

static struct gray_id pair(const char *rcpt, const char *sender)
{
	struct gray_id id;

	gray_id(&id, GRAY_PAIR, &(struct gray_key){ str_of(rcpt), str_of(sender), STR("") });
	return id;
}

static void write_one(const struct place *p, const char *sender, struct gray_row row, size_t most, int64_t now)
{
	struct gray_batch *b = gray_batch_new();
	struct gray_id id = pair("bob@here", sender);
	struct err e;

	gray_batch_add(b, &id, &row);
	if (gray_write(p->path, b, most, now, &e) < 0)
		fail_msg("%s", e.text);
	gray_batch_free(b);
}

/* "first passed until", or "" */
static void expect(const struct place *p, const char *sender, const char *is)
{
	struct gray_id id = pair("bob@here", sender);
	struct gray_row row;
	struct err e;
	struct store *s = gray_open(p->path, 1000, &e);
	char text[80] = "";

	assert_non_null(s);
	if (gray_find(s, &id, &row, &e) == 1)
		snprintf(text, sizeof(text), "%lld %lld %lld", (long long)row.first, (long long)row.passed,
			 (long long)row.until);
	store_close(s);
	assert_string_equal(text, is);
}

static void written_merged_and_forgotten(void **state)
{
	struct place *p = *state;

	write_one(p, "a@x", (struct gray_row){ 10, 0, 100, false }, 10, 10);
	expect(p, "a@x", "10 0 100");
	write_one(p, "a@x", (struct gray_row){ 50, 50, 150, false }, 10, 50);
	expect(p, "a@x", "10 50 150");
	write_one(p, "a@x", (struct gray_row){ 60, 0, 160, true }, 10, 60);
	expect(p, "a@x", "60 0 160");
	write_one(p, "b@x", (struct gray_row){ 160, 0, 260, false }, 10, 160);
	expect(p, "a@x", "");
	expect(p, "b@x", "160 0 260");
}

static void no_more_than_so_many_and_who_passed_stays_longest(void **state)
{
	struct place *p = *state;

	write_one(p, "passed@x", (struct gray_row){ 1, 2, 100, false }, 3, 1);
	for (int i = 0; i < 6; i++) {
		char sender[] = "0@x";

		sender[0] = (char)('0' + i);
		write_one(p, sender, (struct gray_row){ 10 + i, 0, 1000 + i, false }, 3, 10);
	}
	expect(p, "passed@x", "1 2 100");
	expect(p, "3@x", "");
	expect(p, "4@x", "14 0 1004");
	expect(p, "5@x", "15 0 1005");
	/* All the same who passed go too when there is nobody else. */
	write_one(p, "6@x", (struct gray_row){ 20, 20, 2000, false }, 1, 20);
	expect(p, "passed@x", "");
	expect(p, "5@x", "");
	expect(p, "6@x", "20 20 2000");
}

static void imports(void **state)
{
	static const struct {
		struct str domains, entries;
		int status;
	} t[] = {
		{ STR_INIT(""), STR_INIT(""), 0 },
		{ STR_INIT("here\nthere\n"), STR_INIT("bob@here\ta@x\t10\t0\t99999999999999\n"), 0 },
		{ STR_INIT(""), STR_INIT("bob@here\tb@x\t10\t20\t99999999999999"), 0 },
		{ STR_INIT(""), STR_INIT("bob@here\t\t10\t20\t99999999999999\n"), 0 },
		{ STR_INIT(""), STR_INIT("\ta@x\t10\t20\t30\n"), 1 },
		{ STR_INIT(""), STR_INIT("bob@here\ta@x\t10\t20\n"), 1 },
		{ STR_INIT(""), STR_INIT("bob@here\ta@x\t10\t20\t30\t40\n"), 1 },
		{ STR_INIT(""), STR_INIT("bob@here\ta@x\t0\t20\t30\n"), 1 },
		{ STR_INIT(""), STR_INIT("bob@here\ta@x\t10\t-1\t30\n"), 1 },
		{ STR_INIT(""), STR_INIT("bob@here\ta@x\t10\t9223372036854775808\t30\n"), 1 },
		{ STR_INIT(""), STR_INIT("nonsense\n"), 1 },
		{ STR_INIT(""), STR_INIT("\n"), 1 },
	};
	struct place *p = *state;
	struct store_done done;
	BUF(many);

	for (size_t i = 0; i < COUNT(t); i++) {
		gray_import(p->path, t[i].domains, t[i].entries, &done);
		if (done.status != t[i].status || (done.status != 0) != (done.message.n > 0))
			fail_msg("row %zu: %d %s", i, done.status, buf_z(&done.message));
		store_done_clear(&done);
	}
	expect(p, "a@x", "10 0 99999999999999");
	expect(p, "b@x", "10 20 99999999999999");
	expect(p, "", "10 20 99999999999999");
	for (int i = 0; i <= GRAY_IMPORT_MAX; i++)
		buf_fmt(&many, "bob%d@here\ta@x\t1\t1\t99999999999999\n", i);
	gray_import(p->path, STR(""), buf_str(&many), &done);
	assert_int_equal(done.status, 1);
	store_done_clear(&done);
	gray_import("/proc/nowhere/graylist.db", STR(""), STR("bob@here\ta@x\t10\t20\t30\n"), &done);
	assert_int_equal(done.status, 1);
	assert_non_null(strstr(buf_z(&done.message), "cannot be written"));
	store_done_clear(&done);
}

/* ---- the loop's side ---- */

static void note(struct graylist *g, enum gray_note what, const char *sender, int64_t time)
{
	graylist_note(g,
		      &(struct gray_event){ .what = what,
					    .key = { STR("bob@here"), str_of(sender), STR("") },
					    .time = time,
					    .until = time + 1000000000 },
		      0);
}

static void is_known(struct graylist *g, const char *sender, int64_t first, int64_t passed, int64_t wrote)
{
	struct gray_known k;
	struct err e;

	if (graylist_ask(g, &(struct gray_key){ STR("bob@here"), str_of(sender), STR("") }, &k, &e) < 0)
		fail_msg("%s", e.text);
	graylist_rest(g);
	assert_int_equal(k.first, first);
	assert_int_equal(k.passed, passed);
	assert_int_equal(k.wrote, wrote);
}

static void what_is_told_counts_before_while_and_after_it_is_written(void **state)
{
	struct place *p = *state;
	struct graylist *g = graylist_new(p->path);
	int64_t now = clock_wall();
	const struct gray_batch *b;
	struct err e;

	is_known(g, "a@x", 0, 0, 0);
	assert_int_equal(access(p->path, F_OK), -1);
	assert_int_equal(graylist_due(g), INT64_MAX);
	note(g, GRAY_NEW, "a@x", now);
	note(g, GRAY_WROTE, "c@x", now);
	is_known(g, "a@x", now, 0, 0);
	is_known(g, "c@x", 0, 0, now);
	assert_int_equal(graylist_due(g), GRAY_WAIT_MS);
	assert_null(graylist_give(g, GRAY_WAIT_MS - 1));
	b = graylist_give(g, GRAY_WAIT_MS);
	assert_int_equal(b->n, 2);
	/* While it is written others come. */
	note(g, GRAY_PASSED, "a@x", now + 5);
	note(g, GRAY_NEW, "b@x", now + 6);
	assert_null(graylist_give(g, GRAY_WAIT_MS * 9));
	is_known(g, "a@x", now, now + 5, 0);
	assert_int_equal(gray_write(p->path, b, 100, now, &e), 0);
	graylist_written(g, NULL, 5000);
	is_known(g, "a@x", now, now + 5, 0);
	is_known(g, "b@x", now + 6, 0, 0);
	is_known(g, "c@x", 0, 0, now);
	assert_int_equal(graylist_due(g), 5000 + GRAY_WAIT_MS);
	/* The rest is written at the end, and the next one finds it. */
	graylist_free(g);
	g = graylist_new(p->path);
	is_known(g, "a@x", now, now + 5, 0);
	is_known(g, "b@x", now + 6, 0, 0);
	graylist_free(g);
}

static void what_cannot_be_written_goes_on_counting(void **state)
{
	struct place *p = *state;
	struct graylist *g = graylist_new(p->path);
	struct err e = { 0 };

	note(g, GRAY_NEW, "a@x", 77);
	assert_int_equal(graylist_give(g, GRAY_WAIT_MS)->n, 1);
	err_set(&e, "no room");
	graylist_written(g, &e, 2000);
	is_known(g, "a@x", 77, 0, 0);
	note(g, GRAY_NEW, "b@x", 78);
	assert_int_equal(graylist_due(g), 2000 + GRAY_WAIT_MS);
	assert_int_equal(graylist_give(g, 9000)->n, 1);
	graylist_written(g, NULL, 9001);
	assert_int_equal(graylist_give(g, 19000)->n, 1);
	graylist_written(g, NULL, 19001);
	graylist_free(g);
}

static void it_keeps_no_more_than_fits_into_memory(void **state)
{
	struct place *p = *state;
	struct graylist *g = graylist_new(p->path);
	char sender[32];

	for (int i = 0; i < GRAY_PENDING_MAX + 100; i++) {
		snprintf(sender, sizeof(sender), "%d@x", i);
		note(g, GRAY_NEW, sender, 1);
	}
	assert_int_equal(graylist_give(g, GRAY_WAIT_MS)->n, GRAY_PENDING_MAX);
	graylist_written(g, NULL, 0);
	graylist_free(g);
}

static void a_file_that_is_something_else_is_said_and_asked_in_vain(void **state)
{
	struct place *p = *state;
	struct gray_known k;
	struct graylist *g;
	struct err e = { 0 };
	FILE *f = fopen(p->path, "w");

	for (int i = 0; i < 4096; i++)
		fputc('x', f);
	fclose(f);
	g = graylist_new(p->path);
	assert_int_equal(graylist_ask(g, &(struct gray_key){ STR("bob@here"), STR(""), STR("") }, &k, &e), -1);
	assert_non_null(strstr(e.text, "graylist.db"));
	graylist_free(g);
}

int main(void)
{
#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, place_make, place_remove)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_follows_what),
		cmocka_unit_test(keys_as_spamdyke_names_its_folders),
		IN_PLACE(written_merged_and_forgotten),
		IN_PLACE(no_more_than_so_many_and_who_passed_stays_longest),
		IN_PLACE(imports),
		IN_PLACE(what_is_told_counts_before_while_and_after_it_is_written),
		IN_PLACE(what_cannot_be_written_goes_on_counting),
		IN_PLACE(it_keeps_no_more_than_fits_into_memory),
		IN_PLACE(a_file_that_is_something_else_is_said_and_asked_in_vain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
