#include "store/srs.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { DAY = 86400, SHA1_SIZE = 20 };

/* ---- the hash ---- */

static void add_lower(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(b, ascii_lower(s.p[i]));
}

void srs_hash(struct str secret, const struct srs *x, char out[SRS_HASH])
{
	unsigned char sum[SHA1_SIZE], text[SHA1_SIZE * 2];
	size_t n = 0;
	BUF(b);

	add_lower(&b, x->stamp);
	add_lower(&b, x->domain);
	add_lower(&b, x->rest);
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
	if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, secret.p, secret.n, (const unsigned char *)b.p, b.n, sum,
		      sizeof(sum), &n) == NULL)
		BUG("libcrypto has no HMAC-SHA1");
	EVP_EncodeBlock(text, sum, SHA1_SIZE);
	memcpy(out, text, SRS_HASH);
}

/* Without regard to case, which mail servers do not always keep; and in constant time. */
static bool same_hash(struct str told, const char made[SRS_HASH])
{
	unsigned char a[SRS_HASH], b[SRS_HASH];

	if (told.n != SRS_HASH)
		return false;
	for (size_t i = 0; i < SRS_HASH; i++) {
		a[i] = (unsigned char)ascii_lower(told.p[i]);
		b[i] = (unsigned char)ascii_lower(made[i]);
	}
	return CRYPTO_memcmp(a, b, SRS_HASH) == 0;
}

/* ---- the secrets ---- */

static int begin(struct store *s, struct err *e)
{
	return db_begin(s, SQL_SRS_LIST, NULL, 0, e);
}

int srs_due(struct store *s, int64_t now, struct err *e)
{
	int rc = begin(s, e);

	if (rc == 0)
		rc = db_row(s, SQL_SRS_LIST, e);
	if (rc >= 0)
		rc = rc == 0 || now - db_num(s, SQL_SRS_LIST, 2) >= (int64_t)SRS_ROTATE_DAYS * DAY;
	db_end(s, SQL_SRS_LIST);
	return rc;
}

/* ---- what an address is ---- */

/* May a secret have signed that address, whose successor was made then (0: it has none)?  Whoever learned it later can
 * make nothing that is believed for long: an SRS0 address says on which day it was made. */
static bool in_time(const struct srs *x, int64_t over, int64_t now)
{
	int64_t day = now / DAY - srs_age(x->stamp, now);

	if (over == 0)
		return true;
	return x->level == 0 ? day <= over / DAY : now - over < (int64_t)(SRS_DAYS + 1) * DAY;
}

/* Did one of them sign it?  *known: there is one.  All are tried, from the newest on. */
static int find_signer(struct store *s, const struct srs *x, int64_t now, bool *known, bool *good, struct err *e)
{
	int64_t over = 0;
	int rc = begin(s, e);

	*known = *good = false;
	while (rc == 0 && (rc = db_row(s, SQL_SRS_LIST, e)) == 1) {
		char hash[SRS_HASH];

		srs_hash(db_text(s, SQL_SRS_LIST, 1), x, hash);
		*known = true;
		*good |= same_hash(x->hash, hash) & in_time(x, over, now);
		over = db_num(s, SQL_SRS_LIST, 2);
		rc = 0;
	}
	db_end(s, SQL_SRS_LIST);
	return rc < 0 ? -1 : 0;
}

int srs_check(struct store *s, struct str local, int64_t now, struct arena *a, enum srs_word *word, struct addr *sender,
	      struct err *e)
{
	struct srs x = { 0 };
	bool whole = srs_parse(local, &x) && srs_sender(&x, a, sender), known, good;
	int age = x.level == 0 ? srs_age(x.stamp, now) : 0;

	*word = SRS_NONE;
	if (!srs_tagged(local))
		return 0;
	if (find_signer(s, &x, now, &known, &good, e) < 0)
		return -1;
	if (known)
		*word = !whole || !good || age < 0 ? SRS_FORGED : age > SRS_DAYS ? SRS_EXPIRED : SRS_GOOD;
	return 0;
}

/* ---- a sender is rewritten ---- */

/* Is that domain of ours?  1, 0, -1. */
static int is_ours(struct store *s, struct str domain, struct arena *a, struct err *e)
{
	struct db_value v = DB_TEXT(arena_lower(a, domain));
	int64_t id;

	return db_find(s, SQL_DOMAIN_FIND, &v, 1, &id, e);
}

static struct str domain_of(struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');

	return at < 0 ? str_of(NULL) : str_skip(address, (size_t)at + 1);
}

/* The domain that the address is to have: 1; 0: neither is ours; -1. */
static int find_domain(struct store *s, struct str alias, struct str via, struct arena *a, struct str *out,
		       struct err *e)
{
	int rc = via.n > 0 ? is_ours(s, via, a, e) : 0;

	*out = arena_lower(a, via);
	if (rc != 0)
		return rc;
	*out = arena_lower(a, domain_of(alias));
	return is_ours(s, *out, a, e);
}

static int newest(struct store *s, struct arena *a, struct str *secret, struct err *e)
{
	int rc = begin(s, e);

	if (rc == 0)
		rc = db_row(s, SQL_SRS_LIST, e);
	if (rc == 1)
		*secret = arena_str(a, db_text(s, SQL_SRS_LIST, 1));
	db_end(s, SQL_SRS_LIST);
	return rc;
}

static enum srs_signed rewrite(struct str secret, const struct addr *from, struct str domain, int64_t now,
			       struct arena *a, struct str *out, struct err *e)
{
	struct srs x = { .domain = from->domain, .rest = from->local };
	char stamp[SRS_STAMP], hash[SRS_HASH];
	struct addr to = { .domain = domain };
	BUF(local);

	if (!srs_again(from, &x)) {
		srs_stamp(now, stamp);
		x.stamp = str_mem(stamp, SRS_STAMP);
	}
	srs_hash(secret, &x, hash);
	x.hash = str_mem(hash, SRS_HASH);
	srs_put(&local, &x);
	if (local.n > ADDR_LOCAL_MAX) {
		err_set(e, "the sender's address is too long to be rewritten");
		return SRS_IMPOSSIBLE;
	}
	to.local = buf_str(&local);
	to.quoted = !addr_local_plain(to.local);
	*out = addr_text(a, &to);
	return SRS_SIGNED;
}

enum srs_signed srs_sign(struct store *s, struct str sender, struct str alias, struct str via, int64_t now,
			 struct arena *a, struct str *out, struct err *e)
{
	struct str secret, domain;
	struct addr from;
	int rc;

	*out = sender;
	if (addr_is_nobody(sender))
		return SRS_SIGNED;
	if (addr_parse(sender, a, &from) < 0) {
		err_set(e, "the sender is no address");
		return SRS_IMPOSSIBLE;
	}
	rc = is_ours(s, from.domain, a, e);
	if (rc != 0)
		return rc < 0 ? SRS_FAILED : SRS_SIGNED;
	rc = find_domain(s, alias, via, a, &domain, e);
	if (rc == 0)
		err_set(e, "the domain of %.*s is not here any more", STR_ARG(str_take(alias, 200)));
	if (rc <= 0)
		return rc < 0 ? SRS_FAILED : SRS_IMPOSSIBLE;
	rc = newest(s, a, &secret, e);
	if (rc <= 0)
		return rc < 0 ? SRS_FAILED : SRS_UNSIGNED;
	return rewrite(secret, &from, domain, now, a, out, e);
}
