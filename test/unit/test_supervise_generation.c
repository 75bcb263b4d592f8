#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/io.h"
#include "supervise/generation.h"
#include "supervise/users.h"

#define BASE "hostname = \"mx.example.com\"\ndata-dir = \"/srv/tt\"\n"

/* What a reload may change, and what it may not. */
static void fixed_options(void **state)
{
	static const struct {
		const char *more, *fixed;
	} t[] = {
		{ "", NULL },
		{ "limits { sessions = 7 }\n", NULL },
		{ "hostname = \"mx2.example.com\"\n", NULL },
		{ "listener \"25\" { bind = {\"127.0.0.1:25\"} }\n", NULL },
		{ "tls { key = \"/etc/key.pem\" }\n", NULL },
		{ "log-dir = \"/srv/tt/logs\"\n", NULL }, /* said aloud, but the same */
		{ "data-dir = \"/srv/other\"\n", "data-dir" },
		{ "log-dir = \"/var/log/tt\"\n", "log-dir" },
		{ "spool-dir = \"/srv/spool\"\n", "spool-dir" },
		{ "mail-dir = \"/srv/mail\"\n", "mail-dir" },
		{ "accounts { sqlite = \"/srv/a.db\" }\n", "accounts { sqlite }" },
		{ "users { smtpd = \"mail\" }\n", "users { smtpd }" },
		{ "users { local = \"mail\" }\n", "users { local }" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct conf now, next;
		struct err e;
		BUF(text);
		const char *found;

		buf_adds(&text, BASE);
		buf_adds(&text, t[i].more);
		assert_int_equal(conf_parse(&now, STR(BASE), "now", &e), 0);
		assert_int_equal(conf_parse(&next, buf_str(&text), "next", &e), 0);
		found = generation_fixed_option(&now, &next);
		assert_int_equal(found == NULL, t[i].fixed == NULL);
		if (found != NULL)
			assert_string_equal(found, t[i].fixed);
		conf_clear(&now);
		conf_clear(&next);
	}
}

static int fit(struct str certificate, struct str key, struct err *e)
{
	return str_eq(certificate, key) ? 0 : err_set(e, "they do not fit");
}

static int make(const char *hostname, const char *certificate, const char *key, struct err *e)
{
	(void)e;
	for (int i = 0; i < 2; i++) {
		FD(fd) = open(i == 0 ? certificate : key, O_WRONLY | O_CREAT | O_EXCL, 0600);

		assert_true(fd >= 0);
		assert_int_equal(io_write_all(fd, hostname, strlen(hostname)), 0);
	}
	return 0;
}

static void put(const char *folder, const char *name, const char *content)
{
	BUF(path);

	buf_fmt(&path, "%s/%s", folder, name);
	(void)unlink(buf_z(&path));
	if (content != NULL) {
		FD(fd) = open(buf_z(&path), O_WRONLY | O_CREAT | O_EXCL, 0600);

		assert_int_equal(io_write_all(fd, content, strlen(content)), 0);
	}
}

/* Both, none, one, or two that do not fit; with and without a listener that wants them; in and outside of data-dir. */
static void keys(void **state)
{
	static const struct {
		const char *tls, *cert, *key, *data; /* data: below the folder of the files */
		int rc;
		bool handed, made;
	} t[] = {
		{ "starttls", "a", "a", "", 0, true, false },
		{ "implicit", "a", "a", "", 0, true, false },
		{ "none", "a", "b", "", 0, false, false },
		{ "none", NULL, NULL, "", 0, false, false },
		{ "starttls", "a", "b", "", -1, false, false },
		{ "starttls", "a", NULL, "", -1, false, false },
		{ "starttls", NULL, "a", "", -1, false, false },
		{ "starttls", NULL, NULL, "", 0, true, true },
		{ "starttls", NULL, NULL, "/data", -1, false, false },
	};
	const struct house h = { .keys_fit = fit, .keys_make = make };
	char folder[] = "/tmp/tt-keys-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < COUNT(t); i++) {
		struct conf c;
		struct keys k;
		struct err e;
		BUF(text);

		put(folder, "cert.pem", t[i].cert);
		put(folder, "key.pem", t[i].key);
		buf_fmt(&text,
			"hostname = \"mx.example.com\"\ndata-dir = \"%s%s\"\n"
			"tls { certificate = \"%s/cert.pem\" key = \"%s/key.pem\" }\n"
			"listener \"25\" { bind = {\"127.0.0.1:25\"} tls = \"%s\" }\n",
			folder, t[i].data, folder, folder, t[i].tls);
		assert_int_equal(conf_parse(&c, buf_str(&text), "t", &e), 0);
		assert_int_equal(keys_read(&k, KEYS_OF_LISTENERS, &c, &h, &e), t[i].rc);
		assert_int_equal(k.certificate >= 0 && k.key >= 0, t[i].handed);
		if (t[i].rc == 0) {
			assert_int_equal(k.made, t[i].made);
			assert_false(keys_changed(&k, &c));
			put(folder, "cert.pem", "another one");
			assert_int_equal(keys_changed(&k, &c), strcmp(t[i].tls, "none") != 0);
			keys_look(&k, &c);
			assert_false(keys_changed(&k, &c));
		}
		keys_clear(&k);
		conf_clear(&c);
	}
	put(folder, "cert.pem", NULL);
	put(folder, "key.pem", NULL);
	assert_int_equal(rmdir(folder), 0);
}

static void peers(void **state)
{
	struct users u = { .apart = true };
	BUF(out);

	(void)state;
	u.of[ROLE_SMTPD].named = true;
	u.of[ROLE_SMTPD].as.uid = 101;
	u.of[ROLE_LOCAL].as.uid = 105;
	users_put_peers(&u, &out);
	assert_string_equal(
	    buf_z(&out), "smtpd=101,dns=0,lookup=0,queue=0,local=105,remote=0,signer=0,policy=0,pipe=0,web=0,search=0");
	assert_ptr_equal(users_of(&u, "telltale-smtpd"), &u.of[ROLE_SMTPD].as);
	assert_null(users_of(&u, "telltale-dns"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(fixed_options), cmocka_unit_test(keys),
					    cmocka_unit_test(peers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
