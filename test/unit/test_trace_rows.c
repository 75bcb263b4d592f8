/* Recipients as rows: what a story becomes, and rows as bytes. */
#include "logs_world.h"

#include <stdlib.h>
#include <string.h>

#include "trace/select.h"
#include "trace/stats.h"

#define ME "recipient@example.com"
#define A "a@b.example"
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

static void put_also(struct rows *r)
{
	r->also = mem_alloc(2 * sizeof(*r->also));
	r->nalso = r->also_cap = 2;
	r->also[0] = (struct row_also){ 1, 3, ALSO_TO };
	r->also[1] = (struct row_also){ 4, rows_text(&r->logins, STR("ann")), ALSO_HOP_LOGIN };
}

static void rows_are_put_behind_others(void **state)
{
	struct rows a = { 0 }, b = { 0 };

	(void)state;
	put_rows(&a, "1 z@z u@p 198.51.100.1 0\n");
	put_rows(&b, some);
	b.to[4] = 77; /* no such name */
	put_also(&b);
	rows_append(&a, &b, 10);
	assert_true(a.nalso == 2 && a.also[0].row == 2 && str_eqz(a.names.text[a.also[0].text], "b@x"));
	assert_int_equal(a.n, 6);
	assert_true(str_eqz(a.names.text[a.from[1]], "a@x") && str_eqz(a.domains.text[a.names.of[a.from[1]]], "x"));
	assert_int_equal(a.to[1], a.to[0]);
	assert_true(str_eqz(a.nets.text[a.ips.of[a.ip[4]]], "2001:db8::/48"));
	assert_true(a.story[1] == 11 && a.to[5] == UINT32_MAX);
	rows_clear(&a);
	rows_clear(&b);
}

/* The dictionaries of whoever keeps the rows: names by domain, and some that are in no row. */
static const struct str names[] = { STR_INIT("nobody"), STR_INIT("u@p"), STR_INIT("v@p"), STR_INIT("u@q"),
				    STR_INIT("w@q"),    STR_INIT("a@x"), STR_INIT("b@x"), STR_INIT("c@y") };
static const struct str ips[] = { STR_INIT("192.0.2.1"),       STR_INIT("192.0.2.300"), STR_INIT("192.0.2.9"),
				  STR_INIT("2001:db8:0:9::2"), STR_INIT("2001:db8::1"), STR_INIT("evil.0/24"),
				  STR_INIT("evil.7") };
static const struct rows_texts texts = { names, ips, COUNT(names), COUNT(ips), false };
static const uint32_t names_at[] = { 5, 1, 2, 6, 3, 7, 4 }, ips_at[] = { 0, 2, 4, 3 };
static const struct rows_places places = { names_at, ips_at };

static void same_rows(const struct rows *a, const struct rows *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_true(a->story[i] == b->story[i] && a->time[i] == b->time[i] && a->bytes[i] == b->bytes[i]);
		assert_true(a->verdict[i] == b->verdict[i] && a->port[i] == b->port[i]);
		assert_true(str_eq(a->names.text[a->from[i]], b->names.text[b->from[i]]));
		assert_true(a->to[i] == UINT32_MAX ? b->to[i] == UINT32_MAX
						   : str_eq(a->names.text[a->to[i]], b->names.text[b->to[i]]));
		assert_true(str_eq(a->ips.text[a->ip[i]], b->ips.text[b->ip[i]]));
	}
}

static void rows_come_back_from_their_bytes(void **state)
{
	struct rows a = { 0 }, b;
	BUF(packed);

	(void)state;
	put_rows(&a, some);
	put_also(&a);
	rows_pack(&packed, &a, &places);
	assert_true(rows_unpack(&b, buf_str(&packed), &texts));
	same_rows(&a, &b);
	assert_true(b.nalso == 2 && b.also[0].row == 1 && b.also[0].kind == ALSO_TO && b.also[1].row == 4);
	assert_true(b.also[0].text == names_at[3] && b.also[1].kind == ALSO_HOP_LOGIN && b.also[1].text == 0);
	assert_int_equal(rows_name(&b, STR("v@p")), names_at[a.to[1]]);
	rows_clear(&b);
	for (size_t n = 0; n < packed.n; n++) { /* in a block of its own, so that a byte read behind it is seen */
		char *cut = mem_alloc(n + 1);

		memcpy(cut, packed.p, n);
		assert_false(rows_unpack(&b, str_mem(cut, n), &texts));
		free(cut);
	}
	for (size_t i = 0; i < packed.n; i++) {
		packed.p[i] = (char)~packed.p[i];
		if (rows_unpack(&b, buf_str(&packed), &texts))
			rows_clear(&b);
		packed.p[i] = (char)~packed.p[i];
	}
	rows_choose(&a, &(struct question){ .n = 0 }, (struct span){ 1000000 - 3, 1000000 - 1 }); /* stories 2 and 3 */
	assert_true(a.n == 2 && a.story[0] == 2 && a.story[1] == 3);
	rows_clear(&a);
}

/* An index may be damaged: what its dictionaries do not hold is unknown. */
static void what_cannot_be_is_unknown(void **state)
{
	static const struct rows_texts fewer = { names, ips, COUNT(names) - 1, 3, false };
	struct rows a = { 0 }, b;
	BUF(packed);

	(void)state;
	put_rows(&a, some);
	a.to[4] = 77;
	a.verdict[3] = 99;
	a.port[0] = 3;
	rows_pack(&packed, &a, &places);
	assert_true(rows_unpack(&b, buf_str(&packed), &fewer));
	assert_true(b.to[4] == UINT32_MAX && b.verdict[3] == VERDICT_UNKNOWN && b.port[0] == UINT8_MAX);
	assert_true(b.from[4] == UINT32_MAX && b.ip[3] == UINT32_MAX && b.ip[2] == 2);
	rows_clear(&a);
	rows_clear(&b);
}

/* Domains and networks are those that rows have when they are made. */
static void texts_know_what_they_belong_to(void **state)
{
	static const struct str odd_names[] = { STR_INIT(""),
						STR_INIT("bare"),
						STR_INIT("x@"),
						STR_INIT("a@b.example"),
						STR_INIT("c@d@b.example"),
						STR_INIT("e@c.example") };
	static const struct str odd_ips[] = { STR_INIT("1.2.3.0/24"), STR_INIT("1.2.3.4"),     STR_INIT("1.2.3.5"),
					      STR_INIT("1.2.3.256"),  STR_INIT("1.2.3.07"),    STR_INIT("1.2.3.6"),
					      STR_INIT("1.2.3.7.8"),  STR_INIT("1.2.33.4"),    STR_INIT("::1.2.3.4"),
					      STR_INIT("::1.2.3.5"),  STR_INIT("2001:db8::1"), STR_INIT("evil.0/24"),
					      STR_INIT("evil.7"),     STR_INIT("10.0.0.1"),    STR_INIT("") };
	struct rows empty = { 0 }, fresh = { 0 }, taken;
	BUF(packed);

	(void)state;
	rows_pack(&packed, &empty, &places);
	assert_true(rows_unpack(&taken, buf_str(&packed),
				&(struct rows_texts){ odd_names, odd_ips, COUNT(odd_names), COUNT(odd_ips), false }));
	for (size_t i = 0; i < COUNT(odd_names); i++) {
		uint32_t id = rows_name(&fresh, odd_names[i]);

		assert_true(str_eq(taken.domains.text[taken.names.of[i]], fresh.domains.text[fresh.names.of[id]]));
	}
	for (size_t i = 0; i < COUNT(odd_ips); i++) {
		uint32_t id = rows_ip(&fresh, odd_ips[i]);

		if (!str_eq(taken.nets.text[taken.ips.of[i]], fresh.nets.text[fresh.ips.of[id]]))
			fail_msg("%.*s is put into %.*s", STR_ARG(odd_ips[i]),
				 STR_ARG(taken.nets.text[taken.ips.of[i]]));
	}
	assert_int_equal(taken.domains.n, fresh.domains.n);
	assert_int_equal(taken.nets.n, fresh.nets.n);
	rows_clear(&taken);
	rows_clear(&fresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recipient_becomes_a_row),           cmocka_unit_test(a_length_is_kept_in_two_bytes),
		cmocka_unit_test(a_reason_is_a_row_of_the_vocabulary), cmocka_unit_test(rows_are_put_behind_others),
		cmocka_unit_test(rows_come_back_from_their_bytes),     cmocka_unit_test(what_cannot_be_is_unknown),
		cmocka_unit_test(texts_know_what_they_belong_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
