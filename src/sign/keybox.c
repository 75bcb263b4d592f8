#include "sign/keybox.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/map.h"
#include "base/say.h"

enum { PEM_MAX = 16 * 1024 };

struct keybox_domain {
	struct stat seen; /* of its file `keys` */
	struct keybox_key keys[KEYRING_KEYS_MAX];
	size_t n;
};

struct keybox {
	char *folder;
	struct map domains; /* of their names, for which there is a file */
	int told;           /* the latest errno of the folder that was said; 0: none */
};

struct keybox *keybox_new(const char *folder)
{
	struct keybox *b = mem_alloc(sizeof(*b));

	b->folder = mem_dupz(folder);
	return b;
}

static void forget(struct keybox_domain *d)
{
	for (size_t i = 0; i < d->n; i++)
		EVP_PKEY_free(d->keys[i].key);
	d->n = 0;
}

void keybox_free(struct keybox *b)
{
	struct keybox_domain *d;
	struct str name;
	size_t i = 0;

	while ((d = map_next(&b->domains, &i, &name)) != NULL) {
		forget(d);
		free(d);
	}
	map_clear(&b->domains);
	free(b->folder);
	free(b);
}

static EVP_PKEY *read_key(const char *path, enum key_type type, struct err *e)
{
	BUF(pem);
	EVP_PKEY *key = NULL;

	if (io_slurp(AT_FDCWD, path, PEM_MAX, &pem, e) == 0)
		key = keyring_private(buf_str(&pem), type, e);
	if (pem.n > 0)
		explicit_bzero(pem.p, pem.n);
	return key;
}

static void take_keys(struct keybox_domain *d, const struct keyring *r, const char *folder)
{
	struct err e = { 0 };
	ARENA(a);

	for (size_t i = 0; i < r->n; i++) {
		struct keybox_key *k = &d->keys[d->n];
		const char *path = arena_fmt(&a, "%s/%s.pem", folder, r->at[i].selector).p;

		if (r->at[i].state != KEYRING_ACTIVE)
			continue;
		strcpy(k->selector, r->at[i].selector);
		k->key = read_key(path, r->at[i].type, &e);
		if (k->key != NULL)
			d->n++;
		else
			say(SAY_ERROR, "nothing is signed with %s: %s", path, e.text);
	}
}

static void read_domain(struct keybox_domain *d, const char *folder)
{
	struct keyring r;
	struct err e = { 0 };
	ARENA(a);
	BUF(text);

	forget(d);
	if (io_slurp(AT_FDCWD, arena_fmt(&a, "%s/keys", folder).p, KEYRING_BYTES_MAX, &text, &e) < 0 ||
	    keyring_parse(buf_str(&text), &r, &e) < 0)
		say(SAY_ERROR, "nothing is signed for %s: %s", folder, e.text);
	else
		take_keys(d, &r, folder);
}

static bool differs(const struct stat *a, const struct stat *b)
{
	return a->st_dev != b->st_dev || a->st_ino != b->st_ino || a->st_size != b->st_size ||
	       a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

/* It has no keys, or none any more. */
static void drop(struct keybox *b, struct str domain)
{
	struct keybox_domain *d = map_del(&b->domains, domain);

	if (d == NULL)
		return;
	forget(d);
	free(d);
}

const struct keybox_key *keybox_look(struct keybox *b, struct str domain, size_t *n)
{
	ARENA(a);
	const char *folder = arena_fmt(&a, "%s/%.*s", b->folder, STR_ARG(domain)).p;
	struct keybox_domain *d;
	struct stat now;

	*n = 0;
	if (stat(arena_fmt(&a, "%s/keys", folder).p, &now) < 0) {
		if (errno != ENOENT && errno != ENOTDIR && errno != b->told) {
			b->told = errno;
			say(SAY_ERROR, "nothing is signed for %s: %s", folder, strerror(errno));
		}
		drop(b, domain);
		return NULL;
	}
	b->told = 0;
	d = map_get(&b->domains, domain);
	if (d == NULL) {
		d = mem_alloc(sizeof(*d));
		map_put(&b->domains, domain, d);
	}
	if (differs(&d->seen, &now)) {
		d->seen = now; /* taken first: a file that changes under our eyes is read once more */
		read_domain(d, folder);
	}
	*n = d->n;
	return d->keys;
}
