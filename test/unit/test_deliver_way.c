/* By which way mail leaves: the rows of the configuration, what they inherit, and where it leaves from. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "deliver/way.h"

static const char rows[] =
    "queue { destination-concurrency = 7 }\n"
    "relay { host = smart.example user = us password-file = '/p' tls = required rate = 1/s port = 26\n"
    "        source = { '192.0.2.1', '192.0.2.2', '2001:db8::1' } }\n"
    "route bounces { from = { '<>' } host = mx }\n"
    "route one { to = { 'bob@far.example' } host = 'box.example:2525' user = me password-file = '/q' }\n"
    "route below { to = { '*.far.example', 'Other.Example' } tls = off rate = off concurrency = 2 source = '192.0.2.9' "
    "}\n"
    "route ours { from = { 'ours.example', 'ann@x.example' } to = { 'far.example' } user = ann password-file = '/r' }\n"
    "route secret { to = { 'late.example' } host = tls.example implicit-tls = true rate = 90/h }\n";

static struct conf c;

static int setup(void **state)
{
	struct err e;

	(void)state;
	return conf_parse(&c, str_of(rows), "f", &e);
}

static int teardown(void **state)
{
	(void)state;
	conf_clear(&c);
	return 0;
}

static void the_first_row_that_fits(void **state)
{
	static const struct {
		const char *sender, *rcpt, *name;
	} t[] = {
		{ "a@b.example", "x@y.example", "" },
		{ "", "x@y.example", "bounces" },
		{ "", "bob@far.example", "bounces" },
		{ "a@b.example", "BOB@Far.example", "one" },
		{ "a@b.example", "bobby@far.example", "" },
		{ "a@b.example", "x@far.example", "" },
		{ "a@b.example", "x@a.far.example", "below" },
		{ "a@b.example", "x@a.b.FAR.example", "below" },
		{ "a@b.example", "x@notfar.example", "" },
		{ "a@b.example", "x@other.example", "below" },
		{ "a@b.example", "x@sub.other.example", "" },
		{ "a@ours.example", "x@far.example", "ours" },
		{ "a@sub.ours.example", "x@far.example", "" },
		{ "Ann@x.example", "x@far.example", "ours" },
		{ "ben@x.example", "x@far.example", "" },
		{ "a@ours.example", "x@elsewhere.example", "" },
		{ "a@ours.example", "nobody", "" },
		{ "nobody", "far.example", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct way w;

		way_of(&c, way_find(&c, str_of(t[i].sender), str_of(t[i].rcpt)), &w);
		if (!str_eqz(w.name, t[i].name))
			fail_msg("%s to %s: %.*s", t[i].sender, t[i].rcpt, STR_ARG(w.name));
	}
}

static void what_a_row_does_not_say(void **state)
{
	static const struct {
		unsigned number;
		const char *host, *user, *password, *tls, *source;
		int64_t port, count, each, concurrency;
		bool implicit;
	} t[] = {
		{ 0, "smart.example", "us", "/p", "required", "192.0.2.1", 26, 1, 1000, 7, false },
		{ 1, "", "", "", "required", "192.0.2.1", 25, 1, 1000, 7, false },
		{ 2, "box.example:2525", "me", "/q", "required", "192.0.2.1", 26, 1, 1000, 7, false },
		{ 3, "smart.example", "us", "/p", "off", "192.0.2.9", 26, 0, 1000, 2, false },
		{ 4, "smart.example", "ann", "/r", "required", "192.0.2.1", 26, 1, 1000, 7, false },
		{ 5, "tls.example", "", "", "required", "192.0.2.1", 26, 90, 3600000, 7, true },
	};

	(void)state;
	assert_int_equal(c.nways + 1, COUNT(t));
	for (size_t i = 0; i < COUNT(t); i++) {
		struct way w;

		way_of(&c, t[i].number, &w);
		assert_int_equal(w.number, i);
		assert_true(str_eqz(w.host, t[i].host) && str_eqz(w.user, t[i].user));
		assert_true(str_eqz(w.password_file, t[i].password) && str_eqz(w.tls, t[i].tls));
		assert_true(str_eqz(w.source.at[0], t[i].source));
		assert_int_equal(w.port, t[i].port);
		assert_int_equal(w.rate.count, t[i].count);
		assert_int_equal(w.rate.each, t[i].each);
		assert_int_equal(w.concurrency, t[i].concurrency);
		assert_int_equal(w.implicit, t[i].implicit);
	}
}

static void what_is_counted_together(void **state)
{
	struct arena a = ARENA_INIT;
	struct way mx, smart;

	(void)state;
	way_of(&c, 1, &mx);
	way_of(&c, 0, &smart);
	assert_true(str_eqz(way_destination(mx.host, STR("Bob@Far.Example"), &a), "far.example"));
	assert_true(str_eqz(way_destination(smart.host, STR("Bob@Far.Example"), &a), ""));
	arena_clear(&a);
}

/* Each domain keeps its address, whoever writes; all of the pool are used. */
static void a_pool_is_shared_out(void **state)
{
	size_t first = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		char one[64], two[64];
		struct str got, again;

		snprintf(one, sizeof(one), "ann@d%d.example", i);
		snprintf(two, sizeof(two), "ben@D%d.Example", i);
		got = way_source(&c.relay.source, str_of(one), AF_INET);
		again = way_source(&c.relay.source, str_of(two), AF_INET);
		assert_true(str_eq(got, again));
		first += str_eqz(got, "192.0.2.1");
		assert_true(str_eqz(way_source(&c.relay.source, str_of(one), AF_INET6), "2001:db8::1"));
	}
	assert_in_range(first, 60, 140);
	assert_int_equal(way_source(&c.ways[2].set.source, STR("a@b.example"), AF_INET6).n, 0);
	assert_true(way_source(&c.relay.source, STR(""), AF_INET).n > 0);
}

/* A connection that left from one address serves no sender of another. */
static void whose_connections_are_shared(void **state)
{
	static const struct {
		const char *kind, *sender, *destination;
		bool requiretls, same;
	} t[] = {
		{ "host", "ann@d0.example", "h.example", false, true },
		{ "host", "ben@D0.example", "h.example", false, true },
		{ "host", "ann@d0.example", "h.example", true, false },
		{ "host", "ann@d0.example", "i.example", false, false },
		{ "0", "ann@d0.example", "h.example", false, false },
	};
	struct arena a = ARENA_INIT;
	const struct conf_list *from = &c.relay.source;
	struct str first = way_key("host", false, from, STR("ann@d0.example"), STR("h.example"), &a);

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (str_eq(first, way_key(t[i].kind, t[i].requiretls, from, str_of(t[i].sender),
					  str_of(t[i].destination), &a)) != t[i].same)
			fail_msg("row %zu", i);
	for (int i = 1; i < 20; i++) {
		struct str sender = arena_fmt(&a, "ann@d%d.example", i);
		bool alike =
		    str_eq(way_source(from, STR("ann@d0.example"), AF_INET), way_source(from, sender, AF_INET));

		assert_int_equal(str_eq(first, way_key("host", false, from, sender, STR("h.example"), &a)), alike);
	}
	arena_clear(&a);
}

static void what_is_no_pattern(void **state)
{
	static const struct {
		const char *text, *why;
	} t[] = {
		{ "route a { to = { 'x.example', '*.y.example', 'u@z.example', '[192.0.2.1]' } from = '<>' }\n", NULL },
		{ "\nroute a { to = '*' }\n", "f:2: route \"a\": * is not DOMAIN, *.DOMAIN or USER@DOMAIN" },
		{ "route a { to = '<>' }\n", "f:1: route \"a\": <> is not DOMAIN, *.DOMAIN or USER@DOMAIN" },
		{ "route a { to = 'a.example'\n from = '@b.example' }\n",
		  "f:2: route \"a\": @b.example is not DOMAIN, *.DOMAIN, USER@DOMAIN or <>" },
		{ "route a { to = { 'a.example',\n 'x*.example' } }\n",
		  "f:2: route \"a\": x*.example is not DOMAIN, *.DOMAIN or USER@DOMAIN" },
		{ "route a { to = 'a@*.example' }\n",
		  "f:1: route \"a\": a@*.example is not DOMAIN, *.DOMAIN or USER@DOMAIN" },
		{ "route a { to = '.example' }\n",
		  "f:1: route \"a\": .example is not DOMAIN, *.DOMAIN or USER@DOMAIN" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct conf x;
		struct err e = { 0 };

		assert_int_equal(conf_parse(&x, str_of(t[i].text), "f", &e), 0);
		assert_int_equal(ways_check(&x, &e), t[i].why == NULL ? 0 : -1);
		if (t[i].why != NULL)
			assert_string_equal(e.text, t[i].why);
		conf_clear(&x);
	}
}

static void what_the_file_may_say(void **state)
{
	static const struct {
		const char *text, *why;
	} t[] = {
		{ "relay { source = { \"192.0.2.1\", \"2001:db8::1\" } rate = 30/m implicit-tls = true }\n", NULL },
		{ "relay { source = \"mx.example\" }\n", "f:1: source must be an IP address" },
		{ "relay { rate = 30 }\n",
		  "f:1: rate must be so many in a time, like 30/m, 1/s, 500/h or 9000/d, or off" },
		{ "relay { rate = 0/m }\n",
		  "f:1: rate must be so many in a time, like 30/m, 1/s, 500/h or 9000/d, or off" },
		{ "relay { rate = 1001/s }\n",
		  "f:1: rate must be so many in a time, like 30/m, 1/s, 500/h or 9000/d, or off" },
		{ "relay { rate = inherit }\n",
		  "f:1: rate must be so many in a time, like 30/m, 1/s, 500/h or 9000/d, or off" },
		{ "route \"a\" { to = \"x.example\" rate = inherit tls = inherit }\n", NULL },
		{ "route \"a\" { from = { \"<>\" } rate = off tls = off }\nroute b { to = { \"*.x.example\" } }\n",
		  NULL },
		{ "\nroute \"a\" { host = \"x.example\" }\n",
		  "f:2: route \"a\" names neither to nor from: what is for all belongs into relay { }" },
		{ "route \"a b\" { to = \"x.example\" }\n", "f:1: a route's name is 1 to 32 letters, digits, - or _" },
		{ "route \"a\" { to = \"x.example\" tls = maybe }\n",
		  "f:1: tls must be one of: inherit opportunistic required verified dane-only off" },
		{ "route \"a\" { to = \"x.example\" }\n\nroute \"a\" { to = \"y.example\" }\n",
		  "f:3: found duplicate title 'a'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct conf x;
		struct err e = { 0 };
		int rc = conf_parse(&x, str_of(t[i].text), "f", &e);

		if ((rc == 0) != (t[i].why == NULL) || (rc < 0 && strcmp(e.text, t[i].why) != 0))
			fail_msg("%s: %s", t[i].text, e.text);
		conf_clear(&x);
	}
}

static void a_change_is_seen(void **state)
{
	static const char *const others[] = { "route a { to = 'x.example' }\n",
					      "route a { from = 'x.example' }\n",
					      "route b { to = 'x.example' }\n",
					      "route a { to = 'y.example' }\n",
					      "route a { to = 'x.example' host = y.example }\n",
					      "relay { host = y.example }\nroute a { to = 'x.example' }\n",
					      "relay { enabled = false }\nroute a { to = 'x.example' }\n" };
	uint64_t seen[COUNT(others)];

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct conf x;
		struct err e;

		assert_int_equal(conf_parse(&x, str_of(others[i]), "f", &e), 0);
		seen[i] = ways_print(&x);
		assert_true(seen[i] == ways_print(&x));
		for (size_t k = 0; k < i; k++)
			assert_true(seen[k] != seen[i]);
		conf_clear(&x);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_row_that_fits, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_row_does_not_say, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_counted_together, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pool_is_shared_out, setup, teardown),
		cmocka_unit_test_setup_teardown(whose_connections_are_shared, setup, teardown),
		cmocka_unit_test(what_is_no_pattern),
		cmocka_unit_test(what_the_file_may_say),
		cmocka_unit_test(a_change_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
