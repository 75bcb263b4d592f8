/* The two byte streams with TLS in between, and a client of OpenSSL's at the other end, in a thread. */
#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fiber.h"
#include "wire/conn.h"

static struct tls *tls;

/* What the client does: a handshake, say `says`, hear `hears` bytes, then end with or without a goodbye. */
struct client {
	int fd;
	const char *says;
	size_t hears;
	bool rude;
	char heard[256];
	pthread_t thread;
};

static void *live(void *arg)
{
	struct client *c = arg;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, c->fd);
	if (SSL_connect(ssl) == 1) {
		SSL_write(ssl, c->says, (int)strlen(c->says));
		for (size_t n = 0; n < c->hears;) {
			int got = SSL_read(ssl, c->heard + n, (int)(sizeof(c->heard) - n));

			if (got <= 0)
				break;
			n += (size_t)got;
		}
		if (!c->rude)
			SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	shutdown(c->fd, SHUT_WR);
	return NULL;
}

static void pair_of(struct wire *w, struct client *c)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	io_nonblock(fd[0]);
	wire_init(w, fd[0]);
	c->fd = fd[1];
}

static void start(struct client *c)
{
	assert_int_equal(pthread_create(&c->thread, NULL, live, c), 0);
}

static void end(struct wire *w, struct client *c)
{
	pthread_join(c->thread, NULL);
	wire_clear(w);
	fd_clear(&c->fd);
}

static int secure(struct wire *w, int64_t ms, struct err *e)
{
	return wire_start_tls(w, tls, STR("465"), deadline_in(ms), e);
}

static void both_ways(void **state)
{
	for (int rude = 0; rude < 2; rude++) {
		struct client c = { .says = "NOOP\r\n", .hears = 8, .rude = rude };
		struct err e = { 0 };
		struct wire w;

		(void)state;
		pair_of(&w, &c);
		assert_int_equal(wire_encryption(&w).n, 0);
		start(&c);
		if (secure(&w, 10000, &e) < 0)
			fail_msg("%s", e.text);
		assert_true(str_starts(wire_encryption(&w), STR("TLSv1.3 ")));
		assert_int_equal(wire_fill(&w, deadline_in(10000)), 1);
		assert_true(str_eqz(wire_input(&w), "NOOP\r\n"));
		wire_used(&w, 6);
		buf_adds(&w.out, "250 ok\r\n");
		assert_int_equal(wire_flush(&w, deadline_in(10000)), 0);
		/* The end, said or not, is an end; and stays one. */
		assert_int_equal(wire_fill(&w, deadline_in(10000)), 0);
		assert_int_equal(wire_fill(&w, deadline_in(10000)), 0);
		assert_string_equal(c.heard, "250 ok\r\n");
		end(&w, &c);
	}
}

static void handshakes_that_fail(void **state)
{
	static const struct {
		struct str says; /* in the clear */
		bool closes;
		int code;
		const char *why;
	} t[] = {
		{ STR_INIT(""), false, ETIMEDOUT, "" },
		{ STR_INIT(""), true, ECONNRESET, "" },
		{ STR_INIT("\026\003\001"), false, ETIMEDOUT, "" }, /* half a header */
		{ STR_INIT("\026\003\001\002\000\001"), true, ECONNRESET, "" },
		{ STR_INIT("EHLO evil.test\r\n"), false, EPROTO, "" },
		{ STR_INIT("GET / HTTP/1.1\r\n\r\n"), false, EPROTO, "http request" },
		{ STR_INIT("\025\003\001\000\002\002\050"), false, EPROTO, "" }, /* an alert */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct client c = { .fd = -1 };
		struct err e = { 0 };
		struct wire w;

		pair_of(&w, &c);
		assert_int_equal(io_write_all(c.fd, t[i].says.p, t[i].says.n), 0);
		if (t[i].closes)
			shutdown(c.fd, SHUT_WR);
		if (secure(&w, 100, &e) == 0 || e.code != t[i].code || strstr(e.text, t[i].why) == NULL)
			fail_msg("row %zu: code %d, %s", i, e.code, e.text);
		/* Nothing passes any more, neither way. */
		(void)io_write_all(c.fd, "NOOP\r\n", t[i].closes ? 0 : 6);
		assert_int_equal(wire_fill(&w, deadline_in(1000)), 0);
		buf_adds(&w.out, "250 ok\r\n");
		assert_int_equal(wire_flush(&w, deadline_in(1000)), -1);
		wire_clear(&w);
		fd_clear(&c.fd);
	}
}

static void a_wire_that_waits_for_a_handshake_passes_nothing_in_the_clear(void **state)
{
	struct client c = { .fd = -1 };
	struct wire w;

	(void)state;
	pair_of(&w, &c);
	w.shut = true;
	assert_int_equal(io_write_all(c.fd, "NOOP\r\n", 6), 0);
	assert_int_equal(wire_fill(&w, deadline_in(1000)), 0);
	buf_adds(&w.out, "421 no\r\n");
	assert_int_equal(wire_flush(&w, deadline_in(1000)), -1);
	wire_clear(&w);
	fd_clear(&c.fd);
}

static void a_peer_that_does_not_read_meets_the_deadline(void **state)
{
	struct client c = { .says = "", .hears = 1 };
	struct err e = { 0 };
	struct wire w;
	BUF(much);

	(void)state;
	pair_of(&w, &c);
	start(&c);
	assert_int_equal(secure(&w, 10000, &e), 0);
	while (much.n < 8 << 20)
		buf_adds(&much, "many bytes, more than any socket holds\r\n");
	buf_addstr(&w.out, buf_str(&much));
	assert_int_equal(wire_flush(&w, deadline_in(200)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	shutdown(w.fd, SHUT_RDWR);
	end(&w, &c);
}

/* Sessions have small stacks. */
struct small {
	struct wire *w;
	int rc;
};

static void *shake_on_a_small_stack(void *arg)
{
	struct small *s = arg;
	struct err e;

	s->rc = secure(s->w, 10000, &e);
	return NULL;
}

static void a_handshake_fits_a_stack_of_128_kib(void **state)
{
	struct client c = { .says = "", .hears = 0 };
	struct wire w;
	struct small s = { &w, -1 };
	pthread_attr_t attr;
	pthread_t t;

	(void)state;
	pair_of(&w, &c);
	start(&c);
	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstacksize(&attr, 128 * 1024), 0);
	assert_int_equal(pthread_create(&t, &attr, shake_on_a_small_stack, &s), 0);
	pthread_attr_destroy(&attr);
	pthread_join(t, NULL);
	assert_int_equal(s.rc, 0);
	end(&w, &c);
}

static int setup(void **state)
{
	char folder[] = "/tmp/tt-wire-XXXXXX";
	char cert[64], key[64];
	struct err e = { 0 };
	BUF(certificate);
	BUF(secret);

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(cert, sizeof(cert), "%s/cert.pem", folder);
	snprintf(key, sizeof(key), "%s/key.pem", folder);
	if (tls_make_self_signed("mx.example.com", cert, key, &e) == 0 &&
	    io_slurp(AT_FDCWD, cert, TLS_PEM_MAX, &certificate, &e) == 0 &&
	    io_slurp(AT_FDCWD, key, TLS_PEM_MAX, &secret, &e) == 0)
		tls = tls_open(buf_str(&certificate), buf_str(&secret), &e);
	unlink(cert);
	unlink(key);
	rmdir(folder);
	return tls == NULL;
}

static int teardown(void **state)
{
	(void)state;
	tls_free(tls);
	return 0;
}

static bool lingered;

static void lingers(void *wire)
{
	wire_linger(wire, deadline_in(10000));
	lingered = true;
}

/* How often another fiber has its turn while a client that says much is heard out. */
static void counts_turns(void *turns)
{
	char much[64 * 1024] = { 0 };
	struct client c = { 0 };
	struct wire w;
	struct err e;

	pair_of(&w, &c);
	assert_int_equal(write(c.fd, much, sizeof(much)), sizeof(much));
	fd_clear(&c.fd);
	assert_int_equal(fiber_start(lingers, &w, &e), 0);
	for (; !lingered; (*(int *)turns)++)
		fiber_yield();
	wire_clear(&w);
}

static void who_is_heard_out_takes_nobodys_turn(void **state)
{
	int turns = 0;
	struct err e;

	(void)state;
	assert_int_equal(fiber_run(counts_turns, &turns, &e), 0);
	assert_true(turns >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(handshakes_that_fail),
		cmocka_unit_test(a_wire_that_waits_for_a_handshake_passes_nothing_in_the_clear),
		cmocka_unit_test(a_peer_that_does_not_read_meets_the_deadline),
		cmocka_unit_test(a_handshake_fits_a_stack_of_128_kib),
		cmocka_unit_test(who_is_heard_out_takes_nobodys_turn),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup, teardown);
}
