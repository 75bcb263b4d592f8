/* What is counted over rows, and how it is put. */
#include "logs_world.h"

#include <stdlib.h>
#include <string.h>

#include "trace/stats.h"

/* Rows as in a table: story, from, to, ip, verdict. */
static void put_rows(struct rows *r, const char *text)
{
	struct str rest = str_of(text), line;

	while (rest.n > 0) {
		size_t i = rows_new(r);
		uint64_t n;

		str_cut(rest, STR("\n"), &line, &rest);
		assert_true(str_u64(str_word(&line), 1000, &n));
		r->story[i] = (uint32_t)n;
		r->time[i] = (uint32_t)(1000000 - n);
		r->from[i] = rows_name(r, str_word(&line));
		r->to[i] = rows_name(r, str_word(&line));
		r->ip[i] = rows_ip(r, str_word(&line));
		assert_true(str_u64(str_word(&line), VERDICT_COUNT, &n));
		r->verdict[i] = (uint8_t)n;
		r->bytes[i] = 100;
	}
}

static const char some[] =
    "1 a@x u@p 192.0.2.1 0\n1 a@x v@p 192.0.2.1 4\n2 b@x u@p 192.0.2.9 0\n3 b@x u@q 2001:db8::1 4\n"
    "4 c@y w@q 2001:db8:0:9::2 5\n";

static void groups_are_counted_and_ordered(void **state)
{
	struct rows r = { 0 };
	struct groups g;
	uint32_t *domains;
	ARENA(mem);

	(void)state;
	put_rows(&r, some);
	stats_group(&g, &r, r.from, r.names.n, 2, BY_MESSAGES_AND_VISITS, &mem);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.more, 1);
	assert_true(str_eqz(r.names.text[g.at[0].key], "b@x") && g.at[0].tally.messages == 2);
	assert_true(str_eqz(r.names.text[g.at[1].key], "a@x") && g.at[1].tally.recipients == 2);
	assert_int_equal(g.at[1].tally.bytes, 100);
	assert_int_equal(g.at[1].tally.refused, 1);
	domains = stats_key_of(r.to, r.n, &r.names);
	stats_group(&g, &r, domains, r.domains.n, 9, BY_RECIPIENTS, &mem);
	free(domains);
	assert_int_equal(g.n, 2);
	assert_true(str_eqz(r.domains.text[g.at[0].key], "p") && g.at[0].tally.recipients == 3);
	assert_int_equal(g.at[0].tally.messages, 2);
	assert_int_equal(r.nets.n, 2);
	assert_true(str_eqz(r.nets.text[0], "192.0.2.0/24") && str_eqz(r.nets.text[1], "2001:db8::/48"));
	stats_group(&g, &r, r.from, r.names.n, 0, BY_MESSAGES_AND_VISITS, &mem);
	assert_true(g.n == 0 && g.more == 3);
	rows_clear(&r);
}

static void percentiles_are_of_what_is_known(void **state)
{
	struct lengths x[LENGTHS_PORTS + 1], *all = &x[LENGTHS_PORTS];
	struct rows r = { 0 };

	(void)state;
	for (int i = 1; i <= 100; i++) {
		size_t at = rows_new(&r);

		r.story[at] = (uint32_t)(i / 2);
		r.port[at] = (uint8_t)rows_text(&r.ports, i > 10 || i == 1 ? STR("25") : STR("587"));
		r.gate[at] = row_length(i * 10);
	}
	rows_new(&r);
	stats_lengths(x, &r, r.gate, false);
	assert_true(all->n == 100 && all->p50 == 500 && all->p90 == 900 && all->p99 == 990 && all->max == 1000);
	assert_true(x[1].n == 9 && x[1].p50 == 60 && x[1].max == 100);
	stats_lengths(x, &r, r.gate, true);
	assert_int_equal(all->n, 51);
	stats_lengths(x, &r, r.queue, false);
	assert_int_equal(all->n, 0);
	rows_clear(&r);
}

static void numbers_are_put_as_people_read_them(void **state)
{
	static const struct {
		int64_t n;
		const char *count, *bytes, *length;
	} t[] = { { 0, "0", "0 B", "<1 s" },
		  { 7, "7", "7 B", "7 ms" },
		  { 999, "999", "999 B", "999 ms" },
		  { 1000, "1,000", "1.0 kB", "1 s" },
		  { 1440, "1,440", "1.4 kB", "1.4 s" },
		  { 23533, "23,533", "23.5 kB", "24 s" },
		  { 200000, "200,000", "200 kB", "3 min 20 s" },
		  { 7500000, "7,500,000", "7.5 MB", "2 h 5 min" },
		  { 200000000, "200,000,000", "200 MB", "2 d 7 h" } };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(count);
		BUF(bytes);
		BUF(length);

		put_count(&count, t[i].n);
		put_bytes(&bytes, t[i].n);
		put_length(&length, t[i].n);
		assert_string_equal(buf_z(&count), t[i].count);
		assert_string_equal(buf_z(&bytes), t[i].bytes);
		assert_string_equal(buf_z(&length), t[i].length);
	}
}

static void hostile_texts_are_no_markup_and_no_formula(void **state)
{
	static const struct sheet_column columns[] = { { CELL_TEXT, "who", "WHO", false },
						       { CELL_COUNT, "n", "N", false } };
	static const struct sheet_form form = {
		.name = "hostile", .title = "Hostile", .columns = columns, .ncolumns = 2, .bar = 1
	};
	struct world w;
	struct report r = { .title = "<i>" };
	struct cell *c;
	ARENA(mem);
	BUF(csv);
	BUF(html);
	BUF(text);

	(void)state;
	open_world(&w, ZONE, "", ZONE, "");
	r.mem = &mem;
	r.answer = &w.answer;
	c = sheet_row(&r, report_sheet(&r, &form));
	c[0].text = STR("=cmd|\"<script>alert('&')\033[31m@x");
	c[1].n = 3;
	sheet_csv(&csv, &r, r.sheets);
	assert_string_equal(buf_z(&csv), "who,n\r\n\"'=cmd|\"\"<script>alert('&')\\x1b[31m@x\",3\r\n");
	report_put_html(&html, &r);
	assert_true(str_find(buf_str(&html), STR("=cmd|&quot;&lt;script&gt;alert(&#39;&amp;&#39;)\\x1b[31m@x")) > 0);
	assert_true(str_find(buf_str(&html), STR("<script")) < 0 && str_find(buf_str(&html), STR("<i>")) < 0);
	assert_true(str_find(buf_str(&html), STR("http:")) < 0 && str_find(buf_str(&html), STR("https:")) < 0);
	report_put_text(&text, &r, &(struct sheet_look){ .width = 60 });
	assert_true(str_find(buf_str(&text), STR("\\x1b[31m@x")) > 0 && str_chr(buf_str(&text), '\033') < 0);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_counted_and_ordered),
		cmocka_unit_test(percentiles_are_of_what_is_known),
		cmocka_unit_test(numbers_are_put_as_people_read_them),
		cmocka_unit_test(hostile_texts_are_no_markup_and_no_formula),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
