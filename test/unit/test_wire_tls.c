/* Certificates and keys: which pairs a server can work with, and the pair that we make. */
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/io.h"
#include "wire/tls.h"

struct pair {
	struct buf cert, key;
};

static char folder[64];

static const char *at(const char *name)
{
	static char path[2][128];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static void make(const char *hostname, struct pair *out)
{
	struct err e = { 0 };

	*out = (struct pair){ BUF_INIT, BUF_INIT };
	if (tls_make_self_signed(hostname, at("tls/deep/cert.pem"), at("tls/deep/key.pem"), &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(io_slurp(AT_FDCWD, at("tls/deep/cert.pem"), TLS_PEM_MAX, &out->cert, &e), 0);
	assert_int_equal(io_slurp(AT_FDCWD, at("tls/deep/key.pem"), TLS_PEM_MAX, &out->key, &e), 0);
}

static void clear(struct pair *p)
{
	buf_clear(&p->cert);
	buf_clear(&p->key);
}

static void what_belongs_together(void **state)
{
	struct pair a, b;
	BUF(chain);
	BUF(half);
	BUF(locked);

	(void)state;
	make("mx.example.com", &a);
	make("mx.example.com", &b);
	buf_addstr(&chain, buf_str(&a.cert));
	buf_addstr(&chain, buf_str(&b.cert));
	buf_addstr(&half, str_take(buf_str(&a.cert), a.cert.n / 2));
	buf_adds(&locked, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n");

	const struct {
		struct str cert, key;
		int rc;
		const char *why;
	} t[] = {
		{ buf_str(&a.cert), buf_str(&a.key), 0, "" },
		{ buf_str(&chain), buf_str(&a.key), 0, "" },
		{ buf_str(&chain), buf_str(&b.key), -1, "key" },
		{ buf_str(&a.cert), buf_str(&b.key), -1, "key" },
		{ buf_str(&half), buf_str(&a.key), -1, "certificate" },
		{ buf_str(&a.key), buf_str(&a.key), -1, "certificate" },
		{ buf_str(&a.cert), buf_str(&a.cert), -1, "key" },
		{ buf_str(&a.cert), buf_str(&locked), -1, "password" },
		{ STR(""), buf_str(&a.key), -1, "certificate" },
		{ buf_str(&a.cert), STR(""), -1, "key" },
		{ STR("no PEM at all\n"), buf_str(&a.key), -1, "certificate" },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct err e = { 0 };

		if (tls_check(t[i].cert, t[i].key, &e) != t[i].rc || strstr(e.text, t[i].why) == NULL)
			fail_msg("row %zu: %s", i, e.text);
	}
	clear(&a);
	clear(&b);
}

/* Longer than a common name may be, shorter than a host name may be. */
#define LONG_LABEL "a23456789-123456789-123456789-12345"

static void what_it_vouches_for(void **state)
{
	static const char *const hostnames[] = { "mx.example.com", LONG_LABEL "." LONG_LABEL ".example",
						 "odd,DNS:evil.example" };

	(void)state;
	for (size_t i = 0; i < COUNT(hostnames); i++) {
		struct pair p;
		struct stat st;
		BIO *in;
		X509 *x;

		make(hostnames[i], &p);
		in = BIO_new_mem_buf(p.cert.p, (int)p.cert.n);
		x = PEM_read_bio_X509(in, NULL, NULL, NULL);
		assert_non_null(x);
		assert_int_equal(X509_check_host(x, "localhost", 0, 0, NULL), 1);
		assert_int_equal(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
		assert_int_equal(X509_check_host(x, "evil.example", 0, 0, NULL), 0);
		if (i < 2)
			assert_int_equal(X509_check_host(x, hostnames[i], 0, 0, NULL), 1);
		assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
		assert_true(X509_cmp_current_time(X509_get0_notBefore(x)) < 0);
		assert_true(X509_cmp_current_time(X509_get0_notAfter(x)) > 0);
		X509_free(x);
		BIO_free(in);
		assert_int_equal(stat(at("tls/deep/key.pem"), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		assert_int_equal(stat(at("tls/deep/cert.pem"), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		clear(&p);
	}
}

static void a_folder_that_cannot_be_made(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(tls_make_self_signed("mx.example.com", "/proc/none/cert.pem", "/proc/none/key.pem", &e), -1);
	assert_non_null(strstr(e.text, "/proc/none"));
}

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/tt-tls-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
	(void)state;
	unlink(at("tls/deep/cert.pem"));
	unlink(at("tls/deep/key.pem"));
	rmdir(at("tls/deep"));
	rmdir(at("tls"));
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_belongs_together),
		cmocka_unit_test(what_it_vouches_for),
		cmocka_unit_test(a_folder_that_cannot_be_made),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
