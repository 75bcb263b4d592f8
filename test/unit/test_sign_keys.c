/* Which keys there are, and which of them sign: the file that names them, and the signer's box of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "sign/serve.h"
#include "vouch_desk.h"

static void names(void **state)
{
	static const struct {
		const char *name;
		bool domain, selector;
	} t[] = {
		{ "example", true, true }, { "a-1", true, true },  { "a.b", true, false },
		{ "_a.b", true, false },   { "", false, false },   { ".", false, false },
		{ "..", false, false },    { ".a", false, false }, { "a.", false, false },
		{ "a..b", false, false },  { "A", false, false },  { "a/b", false, false },
		{ "a\nb", false, false },  { "-a", true, false },  { "\303\244", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++)
		if (keyring_domain_ok(str_of(t[i].name)) != t[i].domain ||
		    keyring_selector_ok(str_of(t[i].name)) != t[i].selector)
			fail_msg("%s", t[i].name);
}

static void files(void **state)
{
	static const struct {
		const char *text;
		int n; /* -1: refused */
	} t[] = {
		{ "", 0 },
		{ "# nothing\n\n", 0 },
		{ "s rsa active 1\n", 1 },
		{ "s rsa active 1\n s2  ed25519\tnext 0 \n", 2 },
		{ "s rsa active 1", -1 },
		{ "s rsa active\n", -1 },
		{ "s rsa active 1 2\n", -1 },
		{ "s dsa active 1\n", -1 },
		{ "s rsa old 1\n", -1 },
		{ "s rsa active -1\n", -1 },
		{ "s rsa active 99999999999999999999\n", -1 },
		{ "../s rsa active 1\n", -1 },
		{ "s rsa active 1\ns rsa next 1\n", -1 },
	};
	struct keyring r, back;
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		int rc = keyring_parse(str_of(t[i].text), &r, &e);
		BUF(out);

		if (rc != (t[i].n < 0 ? -1 : 0) || (rc == 0 && r.n != (size_t)t[i].n))
			fail_msg("row %zu", i);
		if (rc < 0)
			continue;
		keyring_put(&r, &out);
		assert_int_equal(keyring_parse(buf_str(&out), &back, &e), 0);
		assert_memory_equal(&r, &back, r.n * sizeof(r.at[0]));
	}
}

static void keys_as_they_are_written_down(void **state)
{
	static const enum key_type types[] = { KEY_RSA, KEY_ED25519 };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct err e = { 0 };
		EVP_PKEY *key = keyring_make(types[i], 1024, &e), *back;
		struct key read;
		ARENA(a);
		BUF(pem);
		BUF(record);

		assert_int_equal(keyring_pem(key, &pem, &e), 0);
		back = keyring_private(buf_str(&pem), types[i], &e);
		assert_int_equal(EVP_PKEY_eq(key, back), 1);
		assert_null(keyring_private(buf_str(&pem), types[1 - i], &e));
		assert_null(keyring_private(str_take(buf_str(&pem), pem.n / 2), types[i], &e));
		keyring_record(key, &record);
		assert_null(key_read(buf_str(&record), &a, &read));
		assert_int_equal(EVP_PKEY_eq(key, read.pkey), 1);
		key_clear(&read);
		EVP_PKEY_free(back);
		EVP_PKEY_free(key);
	}
}

/* ---- the box ---- */

struct folder {
	char path[32];
	struct record records[8];
	size_t n;
	struct arena mem;
};

static void write_file(struct folder *f, const char *name, struct str text)
{
	FD(dir) = -1;
	struct err e;

	assert_int_equal(
	    io_mkdirs(arena_fmt(&f->mem, "%s/%.*s", f->path, STR_ARG(str_take(str_of(name), 9))).p, 0700, &e), 0);
	dir = io_opendir(AT_FDCWD, f->path, &e);
	assert_int_equal(io_replace(dir, name, text, 0600, &e), 0);
}

/* domain: nine bytes long. */
static void make_key(struct folder *f, const char *domain, const char *selector, enum key_type type)
{
	struct err e;
	EVP_PKEY *key = keyring_make(type, 1024, &e);
	BUF(pem);
	BUF(record);

	assert_int_equal(keyring_pem(key, &pem, &e), 0);
	write_file(f, arena_fmt(&f->mem, "%s/%s.pem", domain, selector).p, buf_str(&pem));
	keyring_record(key, &record);
	f->records[f->n++] = (struct record){ arena_fmt(&f->mem, "%s._domainkey.%s", selector, domain).p,
					      arena_z(&f->mem, buf_str(&record)) };
	EVP_PKEY_free(key);
}

/* How many signatures these domains get, all of them good and by `by`; -1: no key. */
static int signatures_of(struct keybox *box, struct folder *f, const char *domains, const char *by)
{
	static const char fields[] = "from:a@here\r\n", header[] = "From: a@here\r\n";
	struct desk d = { .records = f->records };
	struct body b;
	struct sign_ask q = { str_of(domains), STR("From"), STR(fields), str_of(NULL) };
	struct sign_told told;
	struct signatures s;
	ARENA(a);
	BUF(all);
	int n;

	body_init(&b);
	n = body_want(&b, CANON_RELAXED, BODY_ALL);
	body_add(&b, STR("hello\r\n"));
	body_end(&b);
	q.body = str_mem(body_digest(&b, n), SHA256_SIZE);
	sign_answer(box, &q, NOW, &a, &told);
	body_clear(&b);
	if (told.result != SIGN_DONE)
		return told.result == SIGN_NO_KEY ? -1 : -2;
	buf_addstr(&all, told.fields);
	buf_adds(&all, header);
	desk_verify(&d, &a, buf_str(&all), STR("hello\r\n"), 0, &s);
	for (size_t i = 0; i < s.dkim.n; i++) {
		assert_int_equal(s.dkim.list[i].result, DKIM_PASS);
		assert_true(str_eqz(s.dkim.list[i].domain, by));
		assert_int_equal(s.dkim.list[i].s.time, NOW);
	}
	n = (int)s.dkim.n;
	signatures_clear(&s);
	return n;
}

static void which_keys_sign(void **state)
{
	struct folder f = { .path = "/tmp/test-sign-XXXXXX" };
	struct keybox *box;

	(void)state;
	assert_non_null(mkdtemp(f.path));
	box = keybox_new(f.path);
	make_key(&f, "a.example", "one", KEY_RSA);
	make_key(&f, "a.example", "two", KEY_ED25519);
	make_key(&f, "b.example", "one", KEY_ED25519);
	assert_int_equal(signatures_of(box, &f, "a.example", ""), -1); /* a key that no file names is none */
	write_file(&f, "a.example/keys", STR("one rsa active 1\ntwo ed25519 active 1\n"));
	write_file(&f, "b.example/keys", STR("one ed25519 active 1\n"));
	assert_int_equal(signatures_of(box, &f, "a.example", "a.example"), 2);
	assert_int_equal(signatures_of(box, &f, "b.example\na.example", "b.example"), 1);
	assert_int_equal(signatures_of(box, &f, "c.example\nb.example", "b.example"), 1);
	assert_int_equal(signatures_of(box, &f, "c.example", ""), -1);
	write_file(&f, "a.example/keys", STR("one rsa retired 1\ntwo ed25519 active 1\n"));
	assert_int_equal(signatures_of(box, &f, "a.example", "a.example"), 1);
	write_file(&f, "a.example/keys", STR("one rsa next 1\ntwo ed25519 retired 1\n"));
	assert_int_equal(signatures_of(box, &f, "a.example\nb.example", "b.example"), 1);
	write_file(&f, "a.example/keys", STR("one ed25519 active 1\ntwo ed25519 active 1\nthree rsa active 1\n"));
	assert_int_equal(signatures_of(box, &f, "a.example", "a.example"), 1); /* a wrong kind, a missing file */
	write_file(&f, "a.example/keys", STR("nonsense\n"));
	assert_int_equal(signatures_of(box, &f, "a.example", ""), -1);
	assert_int_equal(signatures_of(box, &f, "../a.example", ""), -2);
	assert_int_equal(unlink(arena_fmt(&f.mem, "%s/b.example/keys", f.path).p), 0);
	assert_int_equal(signatures_of(box, &f, "b.example", ""), -1);
	keybox_free(box);
	for (size_t i = 0; i < f.n; i++) {
		struct str selector, domain;

		str_cut(str_of(f.records[i].name), STR("._domainkey."), &selector, &domain);
		unlink(arena_fmt(&f.mem, "%s/%.*s/%.*s.pem", f.path, STR_ARG(domain), STR_ARG(selector)).p);
	}
	unlink(arena_fmt(&f.mem, "%s/a.example/keys", f.path).p);
	assert_int_equal(rmdir(arena_fmt(&f.mem, "%s/a.example", f.path).p), 0);
	assert_int_equal(rmdir(arena_fmt(&f.mem, "%s/b.example", f.path).p), 0);
	assert_int_equal(rmdir(f.path), 0);
	arena_clear(&f.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(files),
		cmocka_unit_test(keys_as_they_are_written_down),
		cmocka_unit_test(which_keys_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
