#include "vouch/dkim_sign.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include "vouch/signature.h"

enum { LINE_MAX_SHOWN = 76, TAB_WIDTH = 8, SIGNATURE_BYTES_MAX = 1024 };

/* A field that grows; lines are folded between pieces. */
struct field_text {
	struct buf *out;
	size_t column;
};

static void fold(struct field_text *t)
{
	buf_adds(t->out, "\r\n\t");
	t->column = TAB_WIDTH;
}

static void put(struct field_text *t, struct str s)
{
	if (t->column + s.n > LINE_MAX_SHOWN && t->column > TAB_WIDTH)
		fold(t);
	buf_addstr(t->out, s);
	t->column += s.n;
}

static void put_tag(struct field_text *t, const char *name, struct str value)
{
	size_t n = str_of(name).n + 1 + value.n + 1;

	if (t->column + 1 + n > LINE_MAX_SHOWN)
		fold(t);
	else
		buf_addc(t->out, ' ');
	buf_fmt(t->out, "%s=%.*s;", name, STR_ARG(value));
	t->column += n + 1;
}

static void put_moment(struct field_text *t, const char *name, int64_t when)
{
	BUF(b);

	if (when == 0)
		return;
	buf_fmt(&b, "%" PRId64, when);
	put_tag(t, name, buf_str(&b));
}

static void put_names(struct field_text *t, struct str names)
{
	struct str rest = names, name;

	fold(t);
	put(t, STR("h="));
	while (tags_item(&rest, &name)) {
		put(t, name);
		put(t, rest.p != NULL ? STR(":") : STR(";"));
	}
}

static void put_base64(struct field_text *t, const unsigned char *p, size_t n)
{
	unsigned char text[SIGNATURE_BYTES_MAX * 4 / 3 + 8];
	struct str rest = str_mem(text, (size_t)EVP_EncodeBlock(text, p, (int)n));

	while (rest.n > 0) {
		size_t room = LINE_MAX_SHOWN > t->column ? LINE_MAX_SHOWN - t->column : 1;

		put(t, str_take(rest, room));
		rest = str_skip(rest, room);
	}
}

static bool is_ed25519(const struct dkim_signer *s)
{
	return EVP_PKEY_is_a(s->key, "ED25519");
}

/* All but what is in b=, which stands last and empty, as it is hashed. */
static void put_unsigned(struct field_text *t, const struct dkim_signer *s, const unsigned char *body)
{
	static const char *const canon[] = { [CANON_SIMPLE] = "simple", [CANON_RELAXED] = "relaxed" };
	BUF(c);

	buf_fmt(&c, "%s/%s", canon[s->head], canon[s->body]);
	buf_adds(t->out, "DKIM-Signature: v=1;");
	t->column = sizeof("DKIM-Signature: v=1;") - 1;
	put_tag(t, "a", is_ed25519(s) ? STR("ed25519-sha256") : STR("rsa-sha256"));
	put_tag(t, "c", buf_str(&c));
	put_tag(t, "d", s->domain);
	put_tag(t, "s", s->selector);
	if (s->identity.n > 0)
		put_tag(t, "i", s->identity);
	put_moment(t, "t", s->time);
	put_moment(t, "x", s->expiry);
	put_names(t, s->names);
	fold(t);
	put(t, STR("bh="));
	put_base64(t, body, SHA256_SIZE);
	buf_addc(t->out, ';');
	fold(t);
	put(t, STR("b="));
}

bool dkim_sign_names_from(struct str names)
{
	struct str name;

	while (tags_item(&names, &name))
		if (str_ieq(name, STR("From")))
			return true;
	return false;
}

bool dkim_sign_gather(struct canon_head *h, struct str names, enum canon form, struct buf *out)
{
	struct str name;

	canon_head_rewind(h);
	while (tags_item(&names, &name)) {
		struct canon_field *f = canon_head_take(h, name);

		if (f == NULL)
			continue;
		h->hashed += f->raw.n;
		if (h->hashed > CANON_HASH_MAX)
			return false;
		buf_addstr(out, canon_form(h, f, form));
	}
	return true;
}

/* Over the fields, and over our own as it is so far, which has no CRLF yet. */
static void digest_of(const struct dkim_signer *s, struct str fields, struct str own, unsigned char out[SHA256_SIZE])
{
	struct sha256 *sum = sha256_new();
	ARENA(a);

	if (s->head == CANON_RELAXED) {
		own = canon_relaxed(&a, own);
		own.n -= 2;
	}
	sha256_add(sum, fields);
	sha256_add(sum, own);
	sha256_get(sum, out);
	sha256_free(sum);
}

static bool sign_rsa(EVP_PKEY *key, const unsigned char *digest, unsigned char *out, size_t *n)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	bool good =
	    c != NULL && EVP_PKEY_sign_init(c) == 1 && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1 && EVP_PKEY_sign(c, out, n, digest, SHA256_SIZE) == 1;

	EVP_PKEY_CTX_free(c);
	return good;
}

static bool sign_ed25519(EVP_PKEY *key, const unsigned char *digest, unsigned char *out, size_t *n)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool good = c != NULL && EVP_DigestSignInit(c, NULL, NULL, NULL, key) == 1 &&
		    EVP_DigestSign(c, out, n, digest, SHA256_SIZE) == 1;

	EVP_MD_CTX_free(c);
	return good;
}

int dkim_sign_over(const struct dkim_signer *s, struct str fields, const unsigned char body[SHA256_SIZE],
		   struct buf *out, struct err *e)
{
	unsigned char digest[SHA256_SIZE], bytes[SIGNATURE_BYTES_MAX];
	size_t before = out->n, n = sizeof(bytes);
	struct field_text t = { .out = out };
	bool good;

	if (!dkim_sign_names_from(s->names))
		return err_set(e, "a signature must name From");
	put_unsigned(&t, s, body);
	digest_of(s, fields, str_skip(buf_str(out), before), digest);
	good = is_ed25519(s) ? sign_ed25519(s->key, digest, bytes, &n) : sign_rsa(s->key, digest, bytes, &n);
	ERR_clear_error();
	if (!good) {
		buf_trunc(out, before);
		return err_set(e, "the key of %.*s cannot sign", STR_ARG(s->selector));
	}
	put_base64(&t, bytes, n);
	buf_adds(out, "\r\n");
	return 0;
}

int dkim_sign(const struct dkim_signer *s, struct str header, const unsigned char body[SHA256_SIZE], struct buf *out,
	      struct err *e)
{
	struct canon_head h;
	BUF(fields);
	ARENA(a);
	bool good;

	canon_head_read(&h, &a, header);
	good = dkim_sign_gather(&h, s->names, s->head, &fields);
	canon_head_clear(&h);
	return good ? dkim_sign_over(s, buf_str(&fields), body, out, e) : err_set(e, "the header is too large");
}
