/* Received fields as many servers write them, and the times in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "mail/date.h"
#include "mail/hop.h"

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t seconds;
		int offset;
	} t[] = {
		{ "Tue, 09 Mar 2021 12:43:51 +0200", true, 1615286631, 7200 },
		{ " 9 Mar 2021 10:43:51 -0000", true, 1615286631, 0 },
		{ "Tue, 9 Mar 21 05:43 EST", true, 1615286580, -18000 },
		{ "Tue,  9 Mar 2021 10:43:60 GMT (comment)", true, 1615286639, 0 },
		{ "Thu,29 Apr 2010 23:34:45 +0900", true, 1272551685, 32400 },
		{ "9 Mar 2021 10:43:51", true, 1615286631, 0 },
		{ "9 Mar 2021 10:43:51 XYZ", true, 1615286631, 0 },
		{ "31 Feb 2021 10:43:51 +0000", false, 0, 0 },
		{ "9 Foo 2021 10:43:51 +0000", false, 0, 0 },
		{ "9 Mar 2021 24:43:51 +0000", false, 0, 0 },
		{ "9 Mar 2021", false, 0, 0 },
		{ "", false, 0, 0 },
		{ "yesterday", false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		int64_t seconds = 0;
		int offset = 0;
		bool ok = date_parse(str_of(t[i].text), &seconds, &offset);

		if (ok != t[i].ok || (ok && (seconds != t[i].seconds || offset != t[i].offset)))
			fail_msg("%s: %d %lld %d", t[i].text, ok, (long long)seconds, offset);
	}
}

static void hops_are_read(void **state)
{
	static const struct {
		const char *value;
		const char *from, *name, *ip, *by, *with, *id, *to, *qp;
		bool encrypted, login, dated;
	} t[] = {
		{ "from mail.x.example (mail.x.example [192.0.2.7])\n\tby mx.example.com with ESMTPS\n"
		  "\t(TLSv1.3, TLS_AES_256_GCM_SHA384) id 15309\n\tfor <bob@example.com>; Tue, 09 Mar 2021 12:43:51 "
		  "+0200",
		  "mail.x.example", "mail.x.example", "192.0.2.7", "mx.example.com", "ESMTPS", "15309",
		  "bob@example.com", "", true, false, true },
		{ "(qmail 15309 invoked from network); 9 Mar 2021 10:43:51 -0000", "", "", "", "", "", "", "", "15309",
		  false, false, true },
		{ "from unknown (HELO laptop) (198.51.100.4)\n  by 0 with SMTP; 9 Mar 2021 10:43:51 -0000", "laptop",
		  "", "198.51.100.4", "0", "SMTP", "", "", "", false, false, true },
		{ "from mx.x.example (EHLO laptop) ([2001:db8::1]) by a.example with ESMTPA; bad date", "laptop",
		  "mx.x.example", "2001:db8::1", "a.example", "ESMTPA", "", "", "", false, true, false },
		{ "from x ([IPv6:2001:db8::2]) (using TLSv1.2 with cipher X (256/256 bits)) by b (Postfix) with ESMTP "
		  "id "
		  "A1; Tue, 9 Mar 2021 10:43:51 +0000",
		  "x", "", "2001:db8::2", "b", "ESMTP", "A1", "", "", true, false, true },
		{ "by 10.1.2.3 with HTTP", "", "", "", "10.1.2.3", "HTTP", "", "", "", false, false, false },
		{ "from ((((", "", "", "", "", "", "", "", "", false, false, false },
		{ "", "", "", "", "", "", "", "", "", false, false, false },
		{ "from", "", "", "", "", "", "", "", "", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		ARENA(a);
		struct hop h;

		hop_parse(&a, str_of(t[i].value), &h);
		if (!str_eqz(h.from, t[i].from) || !str_eqz(h.name, t[i].name) || !str_eqz(h.ip, t[i].ip))
			fail_msg("%s: from %.*s, %.*s, %.*s", t[i].value, STR_ARG(h.from), STR_ARG(h.name),
				 STR_ARG(h.ip));
		if (!str_eqz(h.by, t[i].by) || !str_eqz(h.with, t[i].with) || !str_eqz(h.id, t[i].id))
			fail_msg("%s: by %.*s, %.*s, %.*s", t[i].value, STR_ARG(h.by), STR_ARG(h.with), STR_ARG(h.id));
		if (!str_eqz(h.to, t[i].to) || !str_eqz(h.qp, t[i].qp))
			fail_msg("%s: %.*s, %.*s", t[i].value, STR_ARG(h.to), STR_ARG(h.qp));
		if (h.encrypted != t[i].encrypted || h.login != t[i].login || h.dated != t[i].dated)
			fail_msg("%s: %d %d %d", t[i].value, h.encrypted, h.login, h.dated);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(hops_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
