/* Whose mail a request may see: every role with every kind of scope. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "web/scope.h"

static const struct web_who nobody = { .role = WEB_NOBODY };
static const struct web_who ann = { .role = WEB_MAILBOX, .mailbox = STR_INIT("ann@a.example") };
static const struct web_who bob = { .role = WEB_DOMAIN,
				    .mailbox = STR_INIT("bob@b.example"),
				    .domains = { STR_INIT("a.example"), STR_INIT("c.example") },
				    .ndomains = 2 };
static const struct web_who lost = { .role = WEB_DOMAIN, .mailbox = STR_INIT("bob@b.example") };
static const struct web_who odd = { .role = WEB_MAILBOX, .mailbox = STR_INIT("a*,?b@a.example") };
static const struct web_who root = { .role = WEB_ADMIN };

static const struct {
	const struct web_who *who;
	struct str scope;
	int code; /* 0: let through */
	const char *domain, *mailbox;
} rows[] = {
	{ &nobody, STR_INIT(""), 403, "", "" },
	{ &nobody, STR_INIT("mailbox"), 403, "", "" },
	{ &nobody, STR_INIT("a.example"), 403, "", "" },
	{ &nobody, STR_INIT("ann@a.example"), 403, "", "" },
	{ &ann, STR_INIT(""), 0, "", "ann@a.example" },
	{ &ann, STR_INIT("mailbox"), 0, "", "ann@a.example" },
	{ &ann, STR_INIT("Ann@A.example"), 0, "", "ann@a.example" },
	{ &ann, STR_INIT("a.example"), 403, "", "" },
	{ &ann, STR_INIT("bob@a.example"), 403, "", "" },
	{ &ann, STR_INIT("ann@b.example"), 403, "", "" },
	{ &ann, STR_INIT("nn@a.example"), 403, "", "" },
	{ &ann, STR_INIT("ann@a.example.b.example"), 403, "", "" },
	{ &ann, STR_INIT("@a.example"), 403, "", "" },
	{ &ann, STR_INIT("ann"), 403, "", "" },
	{ &ann, STR_INIT("*"), 400, "", "" },
	{ &ann, STR_INIT("ann@a.example bob@a.example"), 400, "", "" },
	{ &ann, STR_INIT("ann@a.example,bob@a.example"), 403, "", "" },
	{ &ann, STR_INIT("ann@a.example,b.example"), 400, "", "" },
	{ &ann, STR_INIT("a*@a.example"), 403, "", "" },
	{ &ann, STR_INIT("ann@a.example\nx"), 400, "", "" },
	{ &ann, STR_INIT("ann@a.example\0x"), 400, "", "" },
	{ &ann, STR_INIT("\0"), 400, "", "" },
	{ &bob, STR_INIT(""), 0, "a.example", "" },
	{ &bob, STR_INIT("c.EXAMPLE"), 0, "c.example", "" },
	{ &bob, STR_INIT("b.example"), 403, "", "" },
	{ &bob, STR_INIT("a.example."), 403, "", "" },
	{ &bob, STR_INIT("x.a.example"), 403, "", "" },
	{ &bob, STR_INIT("ample"), 403, "", "" },
	{ &bob, STR_INIT("mailbox"), 0, "", "bob@b.example" },
	{ &bob, STR_INIT("bob@b.example"), 0, "", "bob@b.example" },
	{ &bob, STR_INIT("ann@a.example"), 0, "", "ann@a.example" },
	{ &bob, STR_INIT("ann@b.example"), 403, "", "" },
	{ &bob, STR_INIT("ann@b.example@a.example"), 0, "", "ann@b.example@a.example" },
	{ &bob, STR_INIT("ann@a.example@b.example"), 403, "", "" },
	{ &bob, STR_INIT("*.example"), 400, "", "" },
	{ &bob, STR_INIT("ann@*.example"), 400, "", "" },
	{ &odd, STR_INIT(""), 0, "", "a*,?b@a.example" },
	{ &odd, STR_INIT("A*,?b@a.example"), 0, "", "a*,?b@a.example" },
	{ &odd, STR_INIT("axx,?b@a.example"), 403, "", "" },
	{ &lost, STR_INIT(""), 0, "", "bob@b.example" },
	{ &lost, STR_INIT("a.example"), 403, "", "" },
	{ &root, STR_INIT(""), 0, "", "" },
	{ &root, STR_INIT("mailbox"), 0, "", "" },
	{ &root, STR_INIT("A.example"), 0, "a.example", "" },
	{ &root, STR_INIT("Ann@a.example"), 0, "", "ann@a.example" },
	{ &root, STR_INIT("*"), 400, "", "" },
};

static void every_scope(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ARENA(mem);
		struct web_request q = { .who = *rows[i].who, .mem = &mem };
		struct web_reply r = { 0 };
		struct str domain, mailbox;

		q.params[q.nparams++] = (struct web_param){ STR("scope"), rows[i].scope };
		if (web_scope(&q, &domain, &mailbox, &r) != rows[i].code || !str_eqz(domain, rows[i].domain) ||
		    !str_eqz(mailbox, rows[i].mailbox))
			fail_msg("row %zu: %d, \"%.*s\", \"%.*s\"", i, r.code, STR_ARG(domain), STR_ARG(mailbox));
		web_reply_clear(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_scope) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
