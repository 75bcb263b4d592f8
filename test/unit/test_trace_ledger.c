/* The gate's ledger, read back from its lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "trace/ledger.h"

static void put(struct buf *b, const struct ledger_check *x)
{
	buf_fmt(b, "%s%s %.*s", b->n > 0 ? "; " : "", ledger_word(x->outcome), STR_ARG(x->name));
	if (x->ms >= 0)
		buf_fmt(b, " %lld", (long long)x->ms);
	if (x->said.n > 0)
		buf_fmt(b, " (%.*s)", STR_ARG(x->said));
}

static void a_summary_is_its_checks(void **state)
{
	static const struct {
		const char *summary, *checks;
	} t[] = {
		{ "passed a 3 b 12, refused c 0, skipped d authenticated",
		  "passed a 3; passed b 12; refused c 0; skipped d (authenticated)" },
		{ "skipped a already_refused_by_b c whitelisted_by_ip-whitelist_192.0.2.7",
		  "skipped a (already_refused_by_b); skipped c (whitelisted_by_ip-whitelist_192.0.2.7)" },
		{ "allowed a 1, error b 5000", "allowed a 1; error b 5000" },
		{ "", "" },
		{ "passed", "" },
		{ "passed a", "" },
		{ "nonsense a 3, passed b 4", "passed b 4" },
		{ "passed a x b 99999999999999999999", "passed a; passed b" },
		{ ", , ,", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct ledger walk = { .rest = str_of(t[i].summary) };
		struct ledger_check x;
		BUF(b);

		while (ledger_next(&walk, &x))
			put(&b, &x);
		if (!str_eqz(buf_str(&b), t[i].checks))
			fail_msg("%s: %s", t[i].summary, buf_z(&b));
	}
}

static void a_line_is_one_check(void **state)
{
	static const struct {
		const char *line, *check;
	} t[] = {
		{ "gate, refused rbl-match, b.example:192.0.2.7, a@b.example, 192.0.2.7 is listed at zen (127.0.0.2), "
		  "12 ms",
		  "refused rbl-match 12 (192.0.2.7 is listed at zen (127.0.0.2))" },
		{ "gate, passed ip-blacklist, b.example:192.0.2.7, a@b.example, 0 ms", "passed ip-blacklist 0" },
		{ "gate, passed spf, b.example:192.0.2.7, a@b.example, fail for x.example, -all, 3 ms",
		  "passed spf 3 (fail for x.example, -all)" },
		{ "gate, error rdns-missing, unknown:192.0.2.7, a@b.example, no answer in time, 5000 ms",
		  "error rdns-missing 5000 (no answer in time)" },
		{ "gate, skipped spf, unknown:192.0.2.7, a@b.example, authenticated", "skipped spf (authenticated)" },
		{ "gate, allowed ip-whitelist, unknown:192.0.2.7, a@b.example, two ms",
		  "allowed ip-whitelist (two ms)" },
		{ "gate, connect, passed a 3", "" },
		{ "resp, 250 ok", "" },
	};
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct ledger_check x;
		struct log_line l;
		BUF(b);

		log_parse(LOG_SMTP, arena_fmt(&a, "2021-03-09 12:43:51, %s", t[i].line), &l);
		if (ledger_line(&l, &x))
			put(&b, &x);
		if (!str_eqz(buf_str(&b), t[i].check))
			fail_msg("%s: %s", t[i].line, buf_z(&b));
	}
	arena_clear(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_summary_is_its_checks),
		cmocka_unit_test(a_line_is_one_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
