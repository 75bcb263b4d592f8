#include "supervise/keys.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

enum { PEM_MOST = 1 << 20 };

static struct str certificate_of(const struct keys *k, const struct conf *c)
{
	return k->whose == KEYS_OF_PAGE ? c->web.certificate : c->tls.certificate;
}

static struct str key_of(const struct keys *k, const struct conf *c)
{
	return k->whose == KEYS_OF_PAGE ? c->web.key : c->tls.key;
}

static const char *section_of(const struct keys *k)
{
	return k->whose == KEYS_OF_PAGE ? "web" : "tls";
}

static bool wanted(const struct keys *k, const struct conf *c)
{
	if (k->whose == KEYS_OF_PAGE)
		return c->web.bind.n > 0 && c->web.certificate.n + c->web.key.n > 0;
	for (size_t i = 0; i < c->nports; i++)
		if (c->ports[i].tls != CONF_TLS_NONE)
			return true;
	return false;
}

static bool missing(struct str path)
{
	return access(conf_z(path), F_OK) < 0 && errno == ENOENT;
}

static bool below(struct str path, struct str folder)
{
	return path.n > folder.n + 1 && memcmp(path.p, folder.p, folder.n) == 0 && path.p[folder.n] == '/';
}

/* A house without a certificate of its own gets one, in its own folder only. */
static int make_missing(struct keys *k, struct conf *c, const struct house *h, struct err *e)
{
	struct str cert = certificate_of(k, c), key = key_of(k, c);

	if (k->whose == KEYS_OF_PAGE || !missing(cert) || !missing(key) || !below(cert, c->top.data_dir) ||
	    !below(key, c->top.data_dir))
		return 0;
	k->made = true;
	return h->keys_make(conf_z(c->top.hostname), conf_z(cert), conf_z(key), e);
}

/* The stamp is taken first: a file that changes under our eyes counts as changed at the next look. */
static int read_one(struct str path, struct stat *seen, struct buf *out, struct err *e)
{
	if (stat(conf_z(path), seen) < 0)
		return err_sys(e, "%s", conf_z(path));
	return io_slurp(AT_FDCWD, conf_z(path), PEM_MOST, out, e);
}

static int read_both(struct keys *k, const struct conf *c, const struct house *h, struct err *e)
{
	BUF(cert);
	BUF(key);
	struct err why = { 0 };
	int rc = -1;

	if (read_one(certificate_of(k, c), &k->seen[0], &cert, &why) < 0)
		err_set(e, "%s: certificate: %s", section_of(k), why.text);
	else if (read_one(key_of(k, c), &k->seen[1], &key, &why) < 0)
		err_set(e, "%s: key: %s", section_of(k), why.text);
	else if (h->keys_fit(buf_str(&cert), buf_str(&key), &why) < 0)
		err_set(e, "%s: %s and %s: %s", section_of(k), conf_z(certificate_of(k, c)), conf_z(key_of(k, c)),
			why.text);
	else
		rc = 0;
	if (rc == 0) {
		k->certificate = io_memfd("tls-certificate", buf_str(&cert), e);
		k->key = io_memfd("tls-key", buf_str(&key), e);
		rc = k->certificate < 0 || k->key < 0 ? -1 : 0;
	}
	if (key.n > 0)
		explicit_bzero(key.p, key.n);
	return rc;
}

int keys_read(struct keys *k, enum keys_whose whose, struct conf *c, const struct house *h, struct err *e)
{
	*k = (struct keys)KEYS_NONE;
	k->whose = whose;
	if (!wanted(k, c))
		return 0;
	if (make_missing(k, c, h, e) == 0 && read_both(k, c, h, e) == 0)
		return 0;
	keys_clear(k);
	return -1;
}

static bool differs(struct str path, const struct stat *seen)
{
	struct stat now = { 0 };

	(void)stat(conf_z(path), &now);
	return now.st_dev != seen->st_dev || now.st_ino != seen->st_ino || now.st_size != seen->st_size ||
	       now.st_mtim.tv_sec != seen->st_mtim.tv_sec || now.st_mtim.tv_nsec != seen->st_mtim.tv_nsec;
}

void keys_look(struct keys *k, const struct conf *c)
{
	memset(k->seen, 0, sizeof(k->seen)); /* of a file that is not there */
	(void)stat(conf_z(certificate_of(k, c)), &k->seen[0]);
	(void)stat(conf_z(key_of(k, c)), &k->seen[1]);
}

bool keys_changed(const struct keys *k, const struct conf *c)
{
	return wanted(k, c) && (differs(certificate_of(k, c), &k->seen[0]) || differs(key_of(k, c), &k->seen[1]));
}

void keys_clear(struct keys *k)
{
	fd_clear(&k->certificate);
	fd_clear(&k->key);
}
