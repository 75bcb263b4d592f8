/* The index: nothing is forgotten, answers are the same with it, and what is damaged is never believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "index/chapter.h"
#include "index/index.h"

/* ---- the table of members ---- */

static const struct {
	const char *of, *name;
} rows[] = {
#define STRUCT(s)
#define FIELD(s, T, f) { #s, #f },
#define END(s)
#include "index/fields.def"
#undef STRUCT
#undef FIELD
#undef END
};

static struct str root_file(struct arena *a, const char *path)
{
	const char *root = getenv("TELLTALE_SOURCE");
	struct err e = { 0 };
	BUF(text);

	if (io_slurp(AT_FDCWD, arena_fmt(a, "%s/%s", root != NULL ? root : ".", path).p, 1 << 20, &text, &e) < 0)
		fail_msg("%s", e.text);
	return arena_str(a, buf_str(&text));
}

static bool in_table(const char *of, struct str member)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(rows[i].of, of) == 0 && str_eqz(member, rows[i].name))
			return true;
	return false;
}

/* "const struct name *from, *to : 4; // words" -> from, to */
static size_t look_at_line(const char *of, struct str line)
{
	struct str head, rest, one;
	size_t n = 0;

	str_cut(line, STR("/*"), &head, &rest);
	if (!str_cut(head, STR(";"), &rest, &one))
		return 0;
	while (rest.n > 0) {
		str_cut(rest, STR(","), &one, &rest);
		str_cut(one, STR(":"), &one, &head);
		one = str_trim(one);
		for (size_t i = one.n; i-- > 0;)
			if (one.p[i] == ' ' || one.p[i] == '*') {
				one = str_skip(one, i + 1);
				break;
			}
		if (!in_table(of, one))
			fail_msg("index/fields.def has no row for %.*s of struct %s", STR_ARG(one), of);
		n++;
	}
	return n;
}

static size_t look_at_struct(struct arena *a, struct str header, const char *name)
{
	struct str body, rest, line;
	size_t n = 0;

	if (!str_cut(header, arena_fmt(a, "\nstruct %s {\n", name), &rest, &body))
		return 0;
	str_cut(body, STR("\n};"), &body, &rest);
	while (body.n > 0) {
		str_cut(body, STR("\n"), &line, &body);
		n += look_at_line(name, line);
	}
	return n;
}

static void every_member_has_a_row(void **state)
{
	static const char *const names[] = { "repeat", "foreign", "gate",   "peer",  "filed", "attempt",
					     "party",  "visit",   "bounce", "order", "ties",  "story" };
	ARENA(a);
	struct str record = root_file(&a, "src/trace/record.h"), story = root_file(&a, "src/trace/story.h");
	size_t all = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		size_t n = look_at_struct(&a, record, names[i]) + look_at_struct(&a, story, names[i]);

		if (n == 0)
			fail_msg("struct %s was not found", names[i]);
		all += n;
	}
	assert_int_equal(all, COUNT(rows));
}

static const struct index_how one_thread = { .threads = 1 };

/* ---- answers ---- */

static void remove_folder(const char *dir)
{
	struct err e = { 0 };
	bool some;

	assert_int_equal(index_remove(dir, &some, &e), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void put_answer(const struct trace_ask *ask, struct buf *out)
{
	struct answer r;
	struct err e = { 0 };

	if (trace_answer(&r, ask, &e) < 0)
		fail_msg("%.*s: %s", STR_ARG(ask->question), e.text);
	answer_text(out, &r, false, 0);
	answer_json(out, &r);
	buf_fmt(out, "%d", answer_exit(&r));
	answer_clear(&r);
}

static void by_reading(const struct survey_paths *p, struct trace_ask ask, struct buf *out)
{
	struct source s;
	struct err e = { 0 };

	source_init(&s);
	for (size_t i = 0; i < p->n; i++)
		assert_int_equal(source_add(&s, p->at[i], &e), 0);
	ask.source = &s;
	put_answer(&ask, out);
	source_clear(&s);
}

/* False: it is not believed. */
static bool by_index(const char *dir, const struct survey_paths *p, struct trace_ask ask, struct buf *out)
{
	struct index *x = index_open(dir, p, NULL);
	struct source s;
	bool sound;

	if (x == NULL)
		return false;
	source_init(&s);
	index_attach(x, &s, &ask);
	put_answer(&ask, out);
	sound = index_sound(x);
	source_clear(&s);
	index_close(x);
	return sound;
}

static const char *const worlds[] = { "provider", "foreign", "foreign/hops" };

static const char *const questions[] = { "any:*",
					 "from:*@*",
					 "to:recipient@example.com",
					 "to:recipint@example.com",
					 "from:<>",
					 "any:example",
					 "id:15309",
					 "id:qp 15309",
					 "id:delivery 114878",
					 "verdict:refused",
					 "verdict:mixed",
					 "text:example.net",
					 "text:\"of such\"",
					 "reason:refused",
					 "reason:client",
					 "ip:192.0.2.0/8",
					 "port:25",
					 "on:tuesday",
					 "from:x@example.net",
					 "before:2021-03-10",
					 "15309",
					 "id:nowhere",
					 "from:a@b to:c@d on:monday" };

static void world_of(struct arena *a, const char *name, const char **path, struct survey_paths *p)
{
	*path = arena_fmt(a, "%s/test/golden/%s", getenv("TELLTALE_SOURCE"), name).p;
	*p = (struct survey_paths){ path, 1, SOURCE_UNPACKED_MAX };
}

static void compare(const char *dir, const struct survey_paths *p, const struct trace_ask *ask)
{
	BUF(read);
	BUF(indexed);

	by_reading(p, *ask, &read);
	if (!by_index(dir, p, *ask, &indexed))
		fail_msg("%s: the index is not believed", p->at[0]);
	if (!str_eq(buf_str(&read), buf_str(&indexed)))
		fail_msg("%s %.*s %.*s:\n%s\nand with the index\n%s", p->at[0], STR_ARG(ask->question),
			 STR_ARG(ask->domain), buf_z(&read), buf_z(&indexed));
}

static void answers_are_the_same(void **state)
{
	static const char *const domains[] = { "", "example.com", "example.net" };
	char dir[] = "/tmp/test-index-XXXXXX";
	struct index_built built;
	struct err e = { 0 };
	ARENA(a);

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t w = 0; w < COUNT(worlds); w++) {
		struct survey_paths p;
		const char *path;

		world_of(&a, worlds[w], &path, &p);
		if (index_build(dir, &p, &one_thread, &built, &e) < 0)
			fail_msg("%s", e.text);
		assert_true(built.stories > 0 && !built.fresh);
		assert_int_equal(index_build(dir, &p, &one_thread, &built, &e), 0);
		assert_true(built.fresh);
		for (size_t i = 0; i < COUNT(questions) * COUNT(domains); i++) {
			struct trace_ask ask = { .question = str_of(questions[i / COUNT(domains)]),
						 .domain = str_of(domains[i % COUNT(domains)]),
						 .limit = 100,
						 .now = 1615300000 };

			compare(dir, &p, &ask);
		}
	}
	remove_folder(dir);
}

/* ---- damage ---- */

static void write_chapter(const char *dir, struct str bytes)
{
	char path[64];
	FD(fd) = -1;

	snprintf(path, sizeof(path), "%s/" CHAPTER_NAME, dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0 && io_write_all(fd, bytes.p, bytes.n) == 0);
}

static void look_at_damage(const char *dir, const struct survey_paths *p, struct str bytes, struct str want, size_t at)
{
	struct trace_ask ask = { .question = STR("any:*"), .limit = 100, .now = 1615300000 };
	BUF(got);

	write_chapter(dir, bytes);
	if (by_index(dir, p, ask, &got) && !str_eq(buf_str(&got), want))
		fail_msg("a chapter that is damaged at byte %zu is believed:\n%s", at, buf_z(&got));
}

static void damage_is_never_believed(void **state)
{
	struct trace_ask ask = { .question = STR("any:*"), .limit = 100, .now = 1615300000 };
	char dir[] = "/tmp/test-index-XXXXXX", path[64];
	struct index_built built;
	struct survey_paths p;
	struct err e = { 0 };
	const char *logs;
	BUF(whole);
	BUF(want);
	ARENA(a);

	(void)state;
	assert_non_null(mkdtemp(dir));
	world_of(&a, "provider", &logs, &p);
	assert_int_equal(index_build(dir, &p, &one_thread, &built, &e), 0);
	snprintf(path, sizeof(path), "%s/" CHAPTER_NAME, dir);
	assert_int_equal(io_slurp(AT_FDCWD, path, 1 << 20, &whole, &e), 0);
	by_reading(&p, ask, &want);
	for (size_t i = 0; i < whole.n; i += 3) {
		whole.p[i] ^= 0x10;
		look_at_damage(dir, &p, buf_str(&whole), buf_str(&want), i);
		whole.p[i] ^= 0x10;
		if (i % 2 == 0)
			look_at_damage(dir, &p, str_take(buf_str(&whole), i), buf_str(&want), i);
	}
	remove_folder(dir);
}

/* ---- whose it is ---- */

static void another_users_is_believed_only_when_it_is_said(void **state)
{
	static const struct {
		uid_t owner, maker;
		mode_t mode;
		bool believed;
	} t[] = {
		{ 0, 0, 0640, true },        { 0, 0, 0646, false },      { 4711, 0, 0640, false },
		{ 4711, 4712, 0640, false }, { 4711, 4711, 0640, true }, { 4711, 4711, 0666, false },
	};
	char dir[] = "/tmp/test-index-XXXXXX", path[64];
	struct index_built built;
	struct survey_paths p;
	struct err e = { 0 };
	const char *logs;
	ARENA(a);

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(dir));
	world_of(&a, "provider", &logs, &p);
	assert_int_equal(index_build(dir, &p, &one_thread, &built, &e), 0);
	snprintf(path, sizeof(path), "%s/" CHAPTER_NAME, dir);
	for (size_t i = 0; i < COUNT(t); i++) {
		struct index *x;

		assert_int_equal(chown(path, t[i].owner, 0), 0);
		assert_int_equal(chmod(path, t[i].mode), 0);
		index_believe(t[i].maker);
		x = index_open(dir, &p, NULL);
		assert_int_equal(x != NULL, t[i].believed);
		index_close(x);
	}
	index_believe(0);
	remove_folder(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_has_a_row),
		cmocka_unit_test(answers_are_the_same),
		cmocka_unit_test(damage_is_never_believed),
		cmocka_unit_test(another_users_is_believed_only_when_it_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
