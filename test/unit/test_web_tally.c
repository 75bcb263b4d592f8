/* What a monitoring system is told: each recipient counts once for each end, in whatever order the logs tell of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "follow_house.h"
#include "web/tally.h"

#define REFUSED \
	"Nov 23 10:00:00 mx spamdyke[1]: DENIED_RDNS_MISSING from: a@b.example to: nobody@example.com origin_ip: " \
	"192.0.2.12 " \
	"origin_rdns: out.b.example auth: (unknown) encryption: (none) reason: (empty)\n"
#define TO_NOBODY AT "to, <nobody@example.com>\n" AT "resp, 550 no\n"

static void expect(struct follow_tally *t, const char *line)
{
	BUF(out);

	for (int i = 0; i < 100; i++) {
		follow_tally_look(t);
		buf_reset(&out);
		follow_tally_put(&out, t);
		if (strstr(buf_z(&out), line) != NULL)
			return;
		usleep(20000);
	}
	fail_msg("no %s in\n%s", line, buf_z(&out));
}

/* The gate tells of the refused one before the SMTP log has the group, in which another one was let in. */
static void one_that_was_refused_counts_once_however_it_is_told(void **state)
{
	struct house *h = *state;
	struct conf c = { .top.log_dir = str_of(h->logs) };
	struct err e = { 0 };
	struct follow_tally *t = follow_tally_new(&c, &e);

	assert_non_null(t);
	append(h, "spamdyke.log", REFUSED);
	expect(t, "telltale_recipients_total{verdict=\"refused\"} 1\n");
	append(h, "smtp-25.log",
	       SESSION("1") RCPT AT "resp, 250 ok\n" TO_NOBODY AT "size, 1234\n" AT
				    "resp, 250 ok 1795424400 qp 11\n\n");
	expect(t, "telltale_recipients_total{verdict=\"waiting\"} 1\n");
	append(h, "delivery.log", TRY("5", "11") DONE("5"));
	expect(t, "telltale_recipients_total{verdict=\"delivered\"} 1\n");
	expect(t, "telltale_recipients_total{verdict=\"refused\"} 1\n");
	expect(t, "telltale_recipients_total{verdict=\"waiting\"} 1\n");
	expect(t, "telltale_refusals_total{reason=\"DENIED_RDNS_MISSING\"} 1\n");
	follow_tally_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_that_was_refused_counts_once_however_it_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
