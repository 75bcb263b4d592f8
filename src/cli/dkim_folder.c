#include "cli/dkim.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

enum { PEM_MAX = 16 * 1024, SAME_MINUTE_MAX = 99 };

/* To telltale-signer's user, where it has one of its own. */
static int give(int dirfd, const char *name, const struct conf *c, struct err *e)
{
	const struct passwd *p;

	if (geteuid() != 0 || c->users.signer.n == 0)
		return 0;
	p = getpwnam(conf_z(c->users.signer));
	if (p == NULL)
		return err_set(e, "there is no user \"%s\" (users { signer })", conf_z(c->users.signer));
	if (fchownat(dirfd, name, p->pw_uid, p->pw_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "give %s to %s", name, p->pw_name);
	return 0;
}

static int make_folder(struct dkim_folder *f, struct conf *c, struct err *e)
{
	FD(all) = -1;
	const char *name = arena_z(&c->mem, f->domain);

	f->first = access(conf_z(c->dkim.dir), F_OK) < 0;
	if (io_mkdirs(conf_z(c->dkim.dir), 0700, e) < 0 || (all = io_opendir(AT_FDCWD, conf_z(c->dkim.dir), e)) < 0)
		return -1;
	if (f->first && give(AT_FDCWD, conf_z(c->dkim.dir), c, e) < 0)
		return -1;
	if (mkdirat(all, name, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make folder %s/%s", conf_z(c->dkim.dir), name);
	return fsync(all) < 0 ? err_sys(e, "sync %s", conf_z(c->dkim.dir)) : give(all, name, c, e);
}

static int read_keys(struct dkim_folder *f, struct err *e)
{
	BUF(text);

	if (faccessat(f->fd, "keys", F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	if (io_slurp(f->fd, "keys", KEYRING_BYTES_MAX, &text, e) < 0)
		return -1;
	return keyring_parse(buf_str(&text), &f->keys, e) < 0 ? err_wrap(e, "keys of %.*s", STR_ARG(f->domain)) : 0;
}

int dkim_open(struct dkim_folder *f, struct conf *c, struct str domain, bool make, struct err *e)
{
	const char *path = arena_fmt(&c->mem, "%s/%.*s", conf_z(c->dkim.dir), STR_ARG(domain)).p;

	*f = (struct dkim_folder){ .domain = domain, .fd = -1 };
	if (make && make_folder(f, c, e) < 0)
		return -1;
	f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd < 0)
		return errno == ENOENT ? err_set(e, "%.*s has no keys", STR_ARG(domain)) : err_sys(e, "open %s", path);
	if (flock(f->fd, LOCK_EX | LOCK_NB) < 0)
		err_sys(e, "%s: another command is at work there", path);
	else if (read_keys(f, e) == 0)
		return 0;
	dkim_close(f);
	return -1;
}

void dkim_close(struct dkim_folder *f)
{
	fd_clear(&f->fd);
}

/* It holds no secret; the folder is telltale-signer's alone. */
int dkim_store(const struct dkim_folder *f, struct conf *c, struct err *e)
{
	mode_t mask = umask(022);
	BUF(text);
	int rc;

	keyring_put(&f->keys, &text);
	rc = io_replace(f->fd, "keys", buf_str(&text), 0644, e);
	umask(mask);
	return rc < 0 ? -1 : give(f->fd, "keys", c, e);
}

static const char *file_of(const char *selector, char *out, size_t n)
{
	snprintf(out, n, "%s.pem", selector);
	return out;
}

static bool taken(const struct dkim_folder *f, const char *selector)
{
	char name[KEYRING_SELECTOR_MAX + 8];

	for (size_t i = 0; i < f->keys.n; i++)
		if (strcmp(f->keys.at[i].selector, selector) == 0)
			return true;
	return faccessat(f->fd, file_of(selector, name, sizeof(name)), F_OK, 0) == 0;
}

/* "t20261128-1902r": never one that was used before, whose record somebody may still have in his cache. */
static int name_it(const struct dkim_folder *f, struct keyring_key *k, struct err *e)
{
	struct civil t = civil_of_seconds(k->since);
	char kind = k->type == KEY_RSA ? 'r' : 'e';

	for (int i = 1; i <= SAME_MINUTE_MAX; i++) {
		int n = snprintf(k->selector, sizeof(k->selector), "t%04d%02d%02d-%02d%02d%c", t.year, t.month, t.day,
				 t.hour, t.minute, kind);

		if (i > 1)
			snprintf(k->selector + n, sizeof(k->selector) - (size_t)n, "%d", i);
		if (!taken(f, k->selector))
			return 0;
	}
	return err_set(e, "too many keys are made in this minute");
}

static int write_key(const struct dkim_folder *f, struct conf *c, const struct keyring_key *k, EVP_PKEY *key,
		     struct err *e)
{
	char name[KEYRING_SELECTOR_MAX + 8];
	BUF(pem);
	int rc = keyring_pem(key, &pem, e);

	if (rc == 0)
		rc = io_replace(f->fd, file_of(k->selector, name, sizeof(name)), buf_str(&pem), 0600, e);
	if (pem.n > 0)
		explicit_bzero(pem.p, pem.n);
	return rc < 0 ? -1 : give(f->fd, name, c, e);
}

int dkim_make(struct dkim_folder *f, struct conf *c, enum key_type type, int bits, struct err *e)
{
	struct keyring_key *k = &f->keys.at[f->keys.n];
	EVP_PKEY *key;
	int rc;

	if (f->keys.n == KEYRING_KEYS_MAX)
		return err_set(e, "%.*s has %d keys; remove retired ones", STR_ARG(f->domain), KEYRING_KEYS_MAX);
	*k = (struct keyring_key){ .type = type, .state = KEYRING_NEXT, .since = clock_wall() / 1000 };
	if (name_it(f, k, e) < 0)
		return -1;
	key = keyring_make(type, (unsigned)bits, e);
	if (key == NULL)
		return -1;
	rc = write_key(f, c, k, key, e);
	EVP_PKEY_free(key);
	f->keys.n += rc == 0;
	return rc;
}

EVP_PKEY *dkim_key(const struct dkim_folder *f, const struct keyring_key *k, struct err *e)
{
	char name[KEYRING_SELECTOR_MAX + 8];
	EVP_PKEY *key;
	BUF(pem);

	if (io_slurp(f->fd, file_of(k->selector, name, sizeof(name)), PEM_MAX, &pem, e) < 0)
		return NULL;
	key = keyring_private(buf_str(&pem), k->type, e);
	if (pem.n > 0)
		explicit_bzero(pem.p, pem.n);
	if (key == NULL)
		err_wrap(e, "%s", name);
	return key;
}

void dkim_erase(const struct dkim_folder *f, const char *selector)
{
	char name[KEYRING_SELECTOR_MAX + 8];

	(void)unlinkat(f->fd, file_of(selector, name, sizeof(name)), 0);
	(void)fsync(f->fd);
}
