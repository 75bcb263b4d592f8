/* A request as bytes: what goes in comes out, and nothing that is cut or too large is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "web/packed.h"

static struct web_request a_request(struct arena *mem)
{
	struct web_request q = { .method = WEB_POST,
				 .path = STR("/api/trace"),
				 .params = { { STR("q"), STR("from:a@b") }, { STR("empty"), STR("") } },
				 .nparams = 2,
				 .ip = STR("192.0.2.1"),
				 .host = STR("a:1"),
				 .language = STR("de"),
				 .secure = true,
				 .mem = mem };

	q.who = (struct web_who){ .role = WEB_DOMAIN, .mailbox = STR("a@b.example"), .ndomains = 2 };
	q.who.domains[0] = STR("b.example");
	q.who.domains[1] = STR("c.example");
	q.cookie = q.token = q.who.token = STR("secret");
	return q;
}

static void round_trip(void **state)
{
	ARENA(mem);
	struct web_request q = a_request(&mem), back = { .mem = &mem };
	struct err e = { 0 };
	BUF(b);

	(void)state;
	request_pack(&b, &q);
	assert_int_equal(request_unpack(buf_str(&b), &back, &e), 0);
	assert_int_equal(back.method, WEB_POST);
	assert_true(str_eq(back.path, q.path) && str_eq(back.ip, q.ip) && str_eq(back.host, q.host));
	assert_true(str_eqz(web_param(&back, "q"), "from:a@b") && web_has_param(&back, "empty"));
	assert_true(back.secure && !back.loopback && str_eqz(back.language, "de"));
	assert_true(back.who.role == WEB_DOMAIN && str_eqz(back.who.mailbox, "a@b.example"));
	assert_true(back.who.ndomains == 2 && str_eqz(back.who.domains[1], "c.example"));
	assert_true(str_find(buf_str(&b), STR("secret")) < 0); /* who reads logs needs none */
}

static void whatever_is_cut_is_refused(void **state)
{
	ARENA(mem);
	struct web_request q = a_request(&mem);
	BUF(b);

	(void)state;
	request_pack(&b, &q);
	for (size_t n = 0; n < b.n; n++) {
		struct web_request back = { .mem = &mem };
		struct err e = { 0 };

		assert_int_equal(request_unpack(str_take(buf_str(&b), n), &back, &e), -1);
	}
	buf_addc(&b, 'x');
	assert_int_equal(request_unpack(buf_str(&b), &(struct web_request){ .mem = &mem }, &(struct err){ 0 }), -1);
}

/* 700 KB go in three pieces. */
static void long_bytes_go_in_pieces(void **state)
{
	int fds[2];
	struct ipc_conn from, to;
	struct search_ask ask = { 5 }, got;
	struct ipc_frame f;
	struct err e = { 0 };
	BUF(in);
	BUF(out);

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ipc_conn_init(&from, fds[0]);
	ipc_conn_init(&to, fds[1]);
	for (size_t i = 0; in.n < 700 * 1024; i++)
		buf_fmt(&in, "%zu ", i);
	pieces_queue(&from, buf_str(&in));
	ipc_queue(&from, &search_ask_type, 1, &ask, -1);
	for (int rc = 1; rc > 0;) {
		rc = ipc_flush(&from, &e);
		while (rc > 0 && ipc_fill(&to, &e) > 0)
			continue;
	}
	assert_int_equal(pieces_gather(&to, &out, PACKED_MAX, &f, deadline_in(5000), &e), 0);
	assert_int_equal(f.type, search_ask_number);
	assert_int_equal(ipc_unpack(f.body, &search_ask_type, &got, &e), 0);
	assert_true(got.ms == 5 && str_eq(buf_str(&in), buf_str(&out)));
	pieces_queue(&from, str_take(buf_str(&in), 1000));
	assert_int_equal(ipc_flush(&from, &e), 0);
	buf_reset(&out);
	assert_int_equal(pieces_gather(&to, &out, 999, &f, deadline_in(5000), &e), -1);
	ipc_conn_clear(&from);
	ipc_conn_clear(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(whatever_is_cut_is_refused),
		cmocka_unit_test(long_bytes_go_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
