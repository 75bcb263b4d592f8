/* By what lines belong together, as they stand in the log and as stories have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "index/terms.h"
#include "index/touch.h"
#include "trace/group.h"

#define AT "2022-01-03 10:00:00, "
#define MINUTE "2022-01-03 10:01:00, "
#define GATE(verdict, reason) \
	"Jan  3 10:00:00 mx spamdyke[101]: " verdict " from: a@b.example to: r@x.example origin_ip: 192.0.2.1 " \
	"origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: " reason "\n"

/* A group of the SMTP log, until its last recipient is answered so. */
#define CALL(code) \
	AT "session, 101, 192.0.2.1, 1234, 1641204000.000\n" AT "from, a@b.example\n" AT "resp, 250 ok\n" AT \
	   "to, <r@x.example>\n" AT "resp, " code "\n"

enum { CALLED = 1641204000 };

static const char *const letters[KEY_KINDS] = { [KEY_QP] = "q", [KEY_CONNECTION] = "c", [KEY_DELIVERY] = "d" };

/* "c101 q201 d301 a@b.example>r@x.example", an exclamation mark behind those of whom all calls count that day. */
static void say(const struct touch *k, struct buf *out)
{
	static const enum key_kind order[] = { KEY_CONNECTION, KEY_QP, KEY_DELIVERY };

	for (size_t i = 0; i < COUNT(order); i++)
		for (size_t n = 0; n < k->of[order[i]].n; n++)
			buf_fmt(out, "%s%llu ", letters[order[i]], (unsigned long long)k->of[order[i]].at[n]);
	for (size_t i = 0; i < k->npairs; i++) {
		const struct key_pair *p = &k->pairs[i];
		bool all = false;

		for (size_t n = 0; n < p->n; n++) {
			all = all || p->at[n].all;
			assert_true(p->at[n].from <= CALLED && CALLED <= p->at[n].to);
		}
		buf_fmt(out, "%.*s>%.*s%s ", STR_ARG(p->from->text), STR_ARG(p->to->text), all ? "!" : "");
	}
}

struct row {
	const char *name;
	enum log_family family;
	const char *text, *keys;
};

static const struct row lines[] = {
	{ "a session is its connection", LOG_SMTP, AT "session, 101, 192.0.2.1, 1234, 1641204000.000\n", "c101 " },
	{ "a recipient belongs to the sender before it", LOG_SMTP, CALL("250 ok"), "c101 a@b.example>r@x.example " },
	{ "of one who was refused for now all calls count", LOG_SMTP, CALL("450 later"),
	  "c101 a@b.example>r@x.example! " },
	{ "one who was refused for good does not come again", LOG_SMTP, CALL("550 no"),
	  "c101 a@b.example>r@x.example " },
	{ "another sender's recipients are not the former's", LOG_SMTP,
	  CALL("250 ok") AT "from, c@d.example\n" AT "resp, 450 later\n", "c101 a@b.example>r@x.example " },
	{ "the reply says the message", LOG_SMTP, AT "resp, 250 ok 1641204000 qp 201\n", "q201 " },
	{ "an attempt is its message's", LOG_DELIVERY, AT "info, 301, qp 201, attempt 1, bytes 900, 1641204000.100\n",
	  "q201 d301 " },
	{ "a result is its delivery's", LOG_DELIVERY, AT "result, 301, success, did_1+0+0/\n", "d301 " },
	{ "what was forwarded is another message", LOG_DELIVERY, AT "result, 301, success, did_0+1+0/qp_202/\n",
	  "q202 d301 " },
	{ "a bounce is one of its own and of another", LOG_DELIVERY, AT "bounce, 201, qp 203\n", "q203 q201 " },
	{ "a line of the gate is its connection's", LOG_SPAMDYKE, GATE("DENIED_OTHER", "550_no"), "c101 " },
	{ "and the message's that was accepted", LOG_SPAMDYKE, GATE("ALLOWED", "250_ok_1641204000_qp_201"),
	  "c101 q201 " },
	{ "a number is kept once", LOG_DELIVERY, AT "result, 301, success, did_1+0+0/\n" MINUTE "done, 301, 40\n",
	  "d301 " },
	{ "a line that nobody knows is nobody's", LOG_DELIVERY, AT "something else\n", "" },
};

static void touch_text(struct touch *k, enum log_family family, struct str text)
{
	struct log_line l = { 0 };
	struct str line;

	while (text.n > 0) {
		str_cut(text, STR("\n"), &line, &text);
		log_parse_next(family, line, &l);
		touch_line(k, &l);
	}
}

static void lines_have_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct source s;
		struct book b;
		struct touch k;
		BUF(keys);

		source_init(&s);
		book_init(&b, &s);
		zone_say(&b.zone, CALLED, 0);
		zone_settle(&b.zone);
		touch_init(&k, &b);
		touch_text(&k, lines[i].family, str_of(lines[i].text));
		say(&k, &keys);
		if (!str_eqz(buf_str(&keys), lines[i].keys))
			fail_msg("%s: %s", lines[i].name, buf_z(&keys));
		assert_false(k.again);
		touch_clear(&k);
		book_clear(&b);
		source_clear(&s);
	}
}

#define POSTFIX(program, text) "Jan  3 10:00:00 mx1 postfix/" program "[77]: " text

/* Of other servers' logs: the ids that a line names, in this order. */
static const struct {
	const char *name, *line, *ids[2];
} others[] = {
	{ "a line is its message's", POSTFIX("qmgr", "4F00000001: removed"), { "4F00000001" } },
	{ "a delivery is of the message that it led to, too",
	  POSTFIX("smtp", "4F00000001: to=<a@b.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=1/0/0/0, "
			  "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F00000002)"),
	  { "4F00000001", "4F00000002" } },
	{ "so is a forward",
	  POSTFIX("local", "4F00000001: to=<a@b.example>, relay=local, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent "
			   "(forwarded as 4F00000003)"),
	  { "4F00000001", "4F00000003" } },
	{ "a bounce is the message's and its own",
	  POSTFIX("bounce", "4F00000001: sender non-delivery notification: 4F00000004"),
	  { "4F00000001", "4F00000004" } },
	{ "a connection has no id", POSTFIX("smtpd", "connect from mail.b.example[192.0.2.1]"), { NULL } },
};

static void lines_of_others_have_ids(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct foreign_line l = { 0 };
		struct touch k;
		size_t n = 0;

		touch_init(&k, NULL);
		assert_true(foreign_read_next(str_of(others[i].line), &l));
		touch_foreign(&k, &l);
		for (; n < COUNT(others[i].ids) && others[i].ids[n] != NULL; n++)
			if (n >= k.of[KEY_ID].n ||
			    k.of[KEY_ID].at[n] != ((uint64_t)1 << 32 | terms_hash(str_of(others[i].ids[n]))))
				fail_msg("%s: not %s", others[i].name, others[i].ids[n]);
		assert_int_equal(k.of[KEY_ID].n, n);
		touch_clear(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_keys),
		cmocka_unit_test(lines_of_others_have_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
