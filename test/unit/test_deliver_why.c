/* What another server answered, as a sentence that reads well whatever it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "deliver/why.h"

#define NO "192.0.2.1 does not like recipient.\nRemote host said: "
#define NOT "192.0.2.1 did not take the recipient's address"
#define FIFTY "0123456789 0123456789 0123456789 0123456789 01234 "
#define WHOLE "0123456789012345678901234567890123456789012345678901234567890123456789"

static void every_reply_becomes_a_sentence(void **state)
{
	static const struct {
		const char *report, *want;
	} t[] = {
		{ NO "452 4.2.2 full\nGiving up on 192.0.2.1.", NOT ": 452 4.2.2 full" },
		/* nothing was said, or next to nothing */
		{ "192.0.2.1 does not like recipient.\nGiving up on 192.0.2.1.", NOT },
		{ NO "\nGiving up on 192.0.2.1.", NOT },
		{ NO ";\nGiving up on 192.0.2.1.", NOT },
		{ NO "450\nGiving up on 192.0.2.1.", NOT ": 450" },
		{ NO "450 ", NOT ": 450" },
		{ "", "put off, and nothing was said why" },
		{ "\n;\n", "put off, and nothing was said why" },
		/* ends of lines */
		{ NO "450 try later.;", NOT ": 450 try later" },
		{ NO "450 try later;;; ", NOT ": 450 try later" },
		{ NO "450 why not?", NOT ": 450 why not?" },
		/* several lines */
		{ NO
		  "450-4.7.1 Greylisted.\n450-4.7.1 See https://bl.test/?ip=192.0.2.1\n450 4.7.1 Bye.\nGiving up on x.",
		  NOT ": 450 4.7.1 Greylisted. See https://bl.test/?ip=192.0.2.1 Bye" },
		{ NO "450-\n450-\n450 later", NOT ": 450 later" },
		{ NO "450-first\n450 4.7.1", NOT ": 450 first" },
		{ NO "450-a\nfolded by hand\n450 b", NOT ": 450 a folded by hand b" },
		/* every stage, and what was no reply */
		{ "Connected to 192.0.2.1 but greeting failed.\nRemote host said: 421 busy.\nAsked server mx.far.test.",
		  "192.0.2.1 did not want to talk at all: 421 busy" },
		{ "Connected to 192.0.2.1 but sender was rejected.\nRemote host said: 451 x",
		  "192.0.2.1 did not take the sender's address: 451 x" },
		{ "192.0.2.1 failed after I sent the message.\nRemote host said: 451 x",
		  "192.0.2.1 did not take the message when it had seen it: 451 x" },
		{ "Connected to 192.0.2.1 but connection died. (#4.4.2)\nAsked server mx.far.test.",
		  "Connected to 192.0.2.1 but connection died. (#4.4.2)" },
		{ "user is over quota (#4.2.2)", "user is over quota (#4.2.2)" },
		{ "one.\ntwo.", "one; two" },
		{ "STARTTLS proto=TLSv1.3; cipher=X;\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1)",
		  "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)" },
		/* too long for a sentence: cut between words, and at the worst between characters */
		{ FIFTY FIFTY FIFTY FIFTY "end", FIFTY FIFTY FIFTY "0123456789 0123456789 0123456789 0123456789 ..." },
		{ WHOLE WHOLE "0123456789012345678901234567890123456789012345678901234\xc3\xbcrgen",
		  WHOLE WHOLE "0123456789012345678901234567890123456789012345678901234 ..." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		BUF(b);

		why_put_report(&b, str_of(t[i].report));
		assert_string_equal(buf_z(&b), t[i].want);
		assert_true(b.n <= 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reply_becomes_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
