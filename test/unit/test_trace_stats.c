/* Rows of recipients, and what is counted over them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "trace/select.h"
#include "trace/stats.h"

#define ME "recipient@example.com"
#define A "a@b.example"
#define T(t) "2021-03-09 12:" t ", "
#define ZONE T("00:00") "zone, +02:00, 1615284000\n"
#define SESSION(t, n, epoch) T(t) "session, " n ", 192.0.2.12, 4242, " epoch ".900\n" T(t) "helo, out.b.example\n"
#define MAIL(t) T(t) "from, " A "\n" T(t) "resp, 250 ok\n"
#define RCPT(t, to) T(t) "to, <" to ">\n" T(t) "resp, 250 ok\n"
#define NOBODY(t, to) \
	T(t) \
	"to, <" to \
	">\n" T(t) "check, rejected rcpt, x:192.0.2.12, " to \
		   ", not existing recipient\n" T(t) "resp, 550 5.1.1 sorry, no mailbox here by that name (chkuser)\n"
#define REFUSED(t, to, reply) T(t) "to, <" to ">\n" T(t) "resp, " reply "\n"
#define QUEUED(t, epoch, qp) T(t) "size, 620\n" T(t) "resp, 250 ok " epoch " qp " qp "\n\n"
#define TRY(t, d, qp, epoch, channel, to) \
	T(t) \
	"init, <" A ">\n" T(t) "info, " d ", qp " qp ", attempt 1, bytes 700, " epoch \
			       ".000\n" T(t) "try, " d ", " channel ", " to "\n"
#define RESULT(t, d, result, ms) T(t) "result, " d ", " result "\n" T(t) "done, " d ", " ms "\n"
#define GRAY "421 Your address has been graylisted. Try again later."

/* clang-format off */
static const struct {
	const char *name, *smtp, *gate, *delivery, *question, *rows;
} made[] = {
	{ "delivered, with all its times",
	  ZONE SESSION("43:51", "7", "1615286630") T("43:51") "tls, TLSv1.3 X\n" MAIL("43:52") RCPT("43:53", ME) QUEUED("43:55", "1615286635", "11"),
	  "", ZONE TRY("43:58", "21", "11", "1615286638", "local", ME) RESULT("43:59", "21", "success, did_1+0+0/", "350"), "",
	  "a@b.example recipient@example.com delivered port 25 net 192.0.2.0/24 client 1 bytes 620 gate 3000 accept 3000 queue 3000 "
	  "delivery 350 whole 7000\n" },
	{ "of three people two are asked for",
	  ZONE SESSION("43:51", "7", "1615286630") MAIL("43:51") RCPT("43:51", ME) NOBODY("43:51", "no@example.com") NOBODY("43:52", "x@other.example")
	  QUEUED("43:52", "1615286632", "11"), "", ZONE, "to:*@example.com",
	  "a@b.example recipient@example.com waiting port 25 net 192.0.2.0/24 client 6 bytes 620 gate 1000 accept 1000\n"
	  "a@b.example no@example.com refused [recipient check: not existing recipient] port 25 net 192.0.2.0/24 client 6 bytes 620 gate 1000 accept 1000\n" },
	{ "refused by the gate, which says that there is no name",
	  ZONE SESSION("43:51", "7", "1615286630") MAIL("43:51") REFUSED("43:51", ME, "554 Refused. You have no reverse DNS entry.") "\n",
	  "Mar  9 12:43:51 mx spamdyke[7]: DENIED_RDNS_MISSING from: " A " to: " ME " origin_ip: 192.0.2.12 origin_rdns: (unknown) auth: (unknown) "
	  "encryption: (none) reason: (empty)\n", ZONE, "",
	  "a@b.example recipient@example.com refused [gate: DENIED_RDNS_MISSING] port 25 net 192.0.2.0/24 client 10 gate 1000\n" },
	{ "refused for now and taken later is one row",
	  ZONE SESSION("43:51", "7", "1615286631") MAIL("43:51") REFUSED("43:51", ME, GRAY) "\n"
	  SESSION("53:52", "8", "1615287232") MAIL("53:52") RCPT("53:52", ME) QUEUED("53:52", "1615287232", "11"), "", ZONE, "",
	  "a@b.example recipient@example.com waiting port 25 net 192.0.2.0/24 client 2 bytes 620 gate 0 accept 0 put_off 600832\n" },
	{ "another server's no, and its own words",
	  ZONE SESSION("43:51", "7", "1615286631") MAIL("43:51") RCPT("43:51", "f@far.example") QUEUED("43:51", "1615286631", "11"), "",
	  ZONE TRY("43:51", "21", "11", "1615286631", "remote", "f@far.example")
	  RESULT("43:53", "21", "deferral, 203.0.113.25_does_not_like_recipient./Remote_host_said:_452_4.2.2_Mailbox_full/", "1500"), "",
	  "a@b.example f@far.example waiting [cause: mailbox-full] port 25 net 192.0.2.0/24 client 2 bytes 620 gate 0 accept 0 queue 0 "
	  "delivery 1500 whole 2000\n" },
	{ "who named nobody has a row too",
	  ZONE SESSION("43:51", "7", "1615286631") T("43:59") "end, timeout\n\n", "", ZONE, "",
	  "- - abandoned [client: timeout] port 25 net 192.0.2.0/24 client 2\n" },
};
/* clang-format on */

struct world {
	struct source source;
	struct answer answer;
};

static void open_world(struct world *w, const char *smtp, const char *gate, const char *delivery, const char *question)
{
	struct trace_ask what = { .question = str_of(question),
				  .source = &w->source,
				  .limit = SIZE_MAX,
				  .everything = true,
				  .now = 1615300000 };
	struct err e = { 0 };

	source_init(&w->source);
	source_add_text(&w->source, "smtp-25.log", str_of(smtp));
	source_add_text(&w->source, "spamdyke.log", str_of(gate));
	source_add_text(&w->source, "delivery.log", str_of(delivery));
	if (trace_answer(&w->answer, &what, &e) < 0)
		fail_msg("%s: %s", question, e.text);
}

static void close_world(struct world *w)
{
	answer_clear(&w->answer);
	source_clear(&w->source);
}

static void put_length_of(struct buf *b, const char *name, uint16_t length)
{
	if (length != ROW_LENGTH_UNKNOWN)
		buf_fmt(b, " %s %llu", name, (unsigned long long)row_ms(length));
}

static struct str text_of(const struct row_dict *d, uint32_t id)
{
	return id < d->n ? d->text[id] : STR("-");
}

static void dump(struct buf *b, const struct rows *r, size_t i)
{
	ARENA(mem);
	struct str why = row_reason_words(&mem, r->reason[i]);

	buf_fmt(b, "%.*s %.*s %s", STR_ARG(text_of(&r->names, r->from[i])), STR_ARG(text_of(&r->names, r->to[i])),
		verdict_words[r->verdict[i]]);
	if (why.n > 0)
		buf_fmt(b, " [%.*s]", STR_ARG(why));
	buf_fmt(b, " port %.*s net %.*s client %u", STR_ARG(text_of(&r->ports, r->port[i])),
		STR_ARG(text_of(&r->nets, r->ips.of[r->ip[i]])), r->client[i]);
	if (r->bytes[i] != UINT32_MAX)
		buf_fmt(b, " bytes %u", r->bytes[i]);
	put_length_of(b, "gate", r->gate[i]);
	put_length_of(b, "accept", r->accept[i]);
	put_length_of(b, "queue", r->queue[i]);
	put_length_of(b, "delivery", r->delivery[i]);
	put_length_of(b, "whole", r->whole[i]);
	put_length_of(b, "put_off", r->put_off[i]);
	buf_addc(b, '\n');
}

static void a_recipient_becomes_a_row(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(made); k++) {
		struct world w;
		struct report r = { 0 };
		struct stats s;
		ARENA(mem);
		BUF(b);

		open_world(&w, made[k].smtp, made[k].gate, made[k].delivery, made[k].question);
		r.mem = &mem;
		stats_begin(&s, &r, &(struct stats_ask){ .answer = &w.answer, .top = 10 });
		for (size_t i = 0; i < s.rows.n; i++)
			dump(&b, &s.rows, i);
		if (!str_eqz(buf_str(&b), made[k].rows))
			fail_msg("%s:\n%s", made[k].name, buf_z(&b));
		stats_end(&s);
		close_world(&w);
	}
}

static void a_length_is_kept_in_two_bytes(void **state)
{
	static const struct {
		int64_t ms;
		uint64_t back;
	} t[] = { { -5, 0 },
		  { 0, 0 },
		  { 1, 1 },
		  { 4095, 4095 },
		  { 4096, 4096 },
		  { 4097, 4096 },
		  { 86400000, 86376448 },
		  { INT64_MAX, 0xffeull << 30 } };
	uint16_t before = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		uint16_t x = row_length(t[i].ms);

		if (row_ms(x) != t[i].back)
			fail_msg("%lld: %llu", (long long)t[i].ms, (unsigned long long)row_ms(x));
		assert_true(x >= before && x != ROW_LENGTH_UNKNOWN);
		before = x;
	}
	for (unsigned x = 0; x < ROW_LENGTH_UNKNOWN; x++)
		assert_int_equal(row_length((int64_t)row_ms((uint16_t)x)), x);
}

static void a_reason_is_a_row_of_the_vocabulary(void **state)
{
	static const struct {
		uint16_t reason;
		const char *words;
	} t[] = { { 0, "" },
		  { UINT16_MAX, "" },
		  { REASON_OF_GATE << 12 | REASON_GRAYLISTED, "gate: DENIED_GRAYLISTED" },
		  { REASON_OF_CHECK << 12 | CHECK_NO_MAILBOX, "recipient check: not existing recipient" },
		  { REASON_OF_CAUSE << 12 | CAUSE_FULL, "cause: mailbox-full" },
		  { REASON_OF_END << 12 | END_TIMEOUT, "client: timeout" },
		  { REASON_OF_END << 12 | 4095, "" },
		  { 9 << 12, "" } };
	ARENA(mem);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_true(str_eqz(row_reason_words(&mem, t[i].reason), t[i].words));
		assert_int_equal(row_reason_word(t[i].reason) != NULL, t[i].words[0] != '\0');
	}
	assert_true(row_vocabulary() != 0 && row_vocabulary() == row_vocabulary());
}

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
	stats_group(&g, &r, r.from, r.names.n, 2, false, &mem);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.more, 1);
	assert_true(str_eqz(r.names.text[g.at[0].key], "b@x") && g.at[0].tally.messages == 2);
	assert_true(str_eqz(r.names.text[g.at[1].key], "a@x") && g.at[1].tally.recipients == 2);
	assert_int_equal(g.at[1].tally.bytes, 100);
	assert_int_equal(g.at[1].tally.refused, 1);
	domains = stats_key_of(r.to, r.n, &r.names);
	stats_group(&g, &r, domains, r.domains.n, 9, true, &mem);
	free(domains);
	assert_int_equal(g.n, 2);
	assert_true(str_eqz(r.domains.text[g.at[0].key], "p") && g.at[0].tally.recipients == 3);
	assert_int_equal(g.at[0].tally.messages, 2);
	assert_int_equal(r.nets.n, 2);
	assert_true(str_eqz(r.nets.text[0], "192.0.2.0/24") && str_eqz(r.nets.text[1], "2001:db8::/48"));
	stats_group(&g, &r, r.from, r.names.n, 0, false, &mem);
	assert_true(g.n == 0 && g.more == 3);
	rows_clear(&r);
}

static void rows_are_put_behind_others(void **state)
{
	struct rows a = { 0 }, b = { 0 };

	(void)state;
	put_rows(&a, "1 z@z u@p 198.51.100.1 0\n");
	put_rows(&b, some);
	b.to[4] = 77; /* no such name: an index may be damaged */
	b.verdict[4] = 99;
	rows_append(&a, &b, 10);
	assert_int_equal(a.n, 6);
	assert_true(str_eqz(a.names.text[a.from[1]], "a@x") && str_eqz(a.domains.text[a.names.of[a.from[1]]], "x"));
	assert_int_equal(a.to[1], a.to[0]);
	assert_true(str_eqz(a.nets.text[a.ips.of[a.ip[4]]], "2001:db8::/48"));
	assert_true(a.story[1] == 11 && a.to[5] == UINT32_MAX && a.verdict[5] == VERDICT_UNKNOWN);
	rows_clear(&a);
	rows_clear(&b);
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
	report_html(&html, &r);
	assert_true(str_find(buf_str(&html), STR("=cmd|&quot;&lt;script&gt;alert(&#39;&amp;&#39;)\\x1b[31m@x")) > 0);
	assert_true(str_find(buf_str(&html), STR("<script")) < 0 && str_find(buf_str(&html), STR("<i>")) < 0);
	assert_true(str_find(buf_str(&html), STR("http:")) < 0 && str_find(buf_str(&html), STR("https:")) < 0);
	report_text(&text, &r, &(struct sheet_look){ .width = 60 });
	assert_true(str_find(buf_str(&text), STR("\\x1b[31m@x")) > 0 && str_chr(buf_str(&text), '\033') < 0);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recipient_becomes_a_row),
		cmocka_unit_test(a_length_is_kept_in_two_bytes),
		cmocka_unit_test(a_reason_is_a_row_of_the_vocabulary),
		cmocka_unit_test(groups_are_counted_and_ordered),
		cmocka_unit_test(rows_are_put_behind_others),
		cmocka_unit_test(percentiles_are_of_what_is_known),
		cmocka_unit_test(numbers_are_put_as_people_read_them),
		cmocka_unit_test(hostile_texts_are_no_markup_and_no_formula),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
