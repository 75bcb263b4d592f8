/* What the tests of src/vouch share: DNS from a table, and signatures with any tags by the key of RFC 8463 A.2. */
#ifndef TEST_VOUCH_DESK_H
#define TEST_VOUCH_DESK_H

#include <openssl/evp.h>
#include <string.h>
#include "base/err.h"
#include "vouch/signatures.h"

#define ED_PUBLIC "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define ED_KEY "k=ed25519; p=" ED_PUBLIC
enum { NOW = 1700000000 };

struct record {
	const char *name, *text; /* text NULL: that server is silent */
};

/* DNS of a test: its records (up to name NULL), and what was asked. */
struct desk {
	const struct record *records;
	size_t calls, questions;
};

static inline struct str as_rdata(struct arena *a, const char *text)
{
	struct str rest = str_of(text);
	char *out = arena_alloc(a, rest.n + rest.n / 255 + 2);
	size_t n = 0;

	do {
		struct str piece = str_take(rest, 255);

		out[n++] = (char)piece.n;
		if (piece.n > 0)
			memcpy(out + n, piece.p, piece.n);
		n += piece.n;
		rest = str_skip(rest, 255);
	} while (rest.n > 0);
	return str_mem(out, n);
}

static inline void desk_answers(void *with, struct dns_question *q, size_t n, struct arena *a, int64_t deadline)
{
	struct desk *d = with;

	(void)deadline;
	d->calls++;
	d->questions += n;
	for (size_t i = 0; i < n; i++) {
		q[i].rdata = arena_alloc(a, 16 * sizeof(*q[i].rdata));
		q[i].status = DNS_NONE;
		for (const struct record *r = d->records; r->name != NULL; r++) {
			if (!str_eqz(q[i].name, r->name))
				continue;
			q[i].status = r->text != NULL ? DNS_FOUND : DNS_FAILED;
			q[i].why = STR("no answer in time");
			if (r->text != NULL)
				q[i].rdata[q[i].n++] = as_rdata(a, r->text);
		}
	}
}

/* All steps; cut 0: the body in one piece.  signatures_clear() is the caller's. */
static inline void desk_verify(struct desk *d, struct arena *a, struct str header, struct str body, size_t cut,
			       struct signatures *s)
{
	struct vouch_ask ask = { desk_answers, d };

	signatures_begin(s, a, header, NOW);
	while (body.n > 0) {
		struct str piece = cut > 0 ? str_take(body, cut) : body;

		signatures_body(s, piece);
		body = str_skip(body, piece.n);
	}
	signatures_end(s, &ask, 0);
}

static inline struct str in_base64(struct arena *a, const unsigned char *p, size_t n)
{
	unsigned char *out = arena_alloc(a, n * 2 + 8);

	return str_mem(out, (size_t)EVP_EncodeBlock(out, p, (int)n));
}

static inline void sign_digest(const unsigned char digest[SHA256_SIZE], unsigned char out[64])
{
	static const unsigned char seed[] = "\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4"
					    "\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t n = 64;

	MUST(EVP_DigestSignInit(c, NULL, NULL, NULL, key) == 1);
	MUST(EVP_DigestSign(c, out, &n, digest, SHA256_SIZE) == 1);
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(key);
}

/* What bh= says of a body whose canonical form is `hashed`. */
static inline struct str body_hash(struct arena *a, const char *hashed)
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 *s = sha256_new();

	sha256_add(s, str_of(hashed));
	sha256_get(s, digest);
	sha256_free(s);
	return in_base64(a, digest, sizeof(digest));
}

/* NAME: tags; b=...  on top of the header, truly signed whatever the tags are. */
static inline struct str signed_field(struct arena *a, const char *name, enum signature_kind kind, const char *tags,
				      const char *header)
{
	struct str all = arena_fmt(a, "%s: %s; b=\r\n%s", name, tags, header);
	unsigned char digest[SHA256_SIZE], bytes[64];
	struct canon_head h;
	struct signature s;
	struct signature_word f;
	struct str b;

	canon_head_read(&h, a, all);
	signature_read(a, kind, &h.fields[0], &s, &f);
	signature_digest(&h, &s, digest);
	canon_head_clear(&h);
	sign_digest(digest, bytes);
	b = in_base64(a, bytes, sizeof(bytes));
	return arena_fmt(a, "%s: %s; b=%.*s\r\n%s", name, tags, STR_ARG(b), header);
}

#endif
