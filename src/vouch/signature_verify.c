/* From what was read of a signature to what it is worth. */
#include "base/err.h"
#include "vouch/signature.h"

static bool hash_field(struct canon_head *h, struct sha256 *sum, struct str form)
{
	h->hashed += form.n;
	if (h->hashed > CANON_HASH_MAX)
		return false;
	sha256_add(sum, form);
	return true;
}

static bool hash_fields(struct canon_head *h, const struct signature *s, struct sha256 *sum)
{
	struct str rest = s->signed_names, name;

	canon_head_rewind(h);
	while (tags_item(&rest, &name)) {
		struct canon_field *f = canon_head_take(h, name);

		if (f == s->field) /* it never signs itself (RFC 6376 3.5, h=) */
			f = canon_head_take(h, name);
		if (f != NULL && !hash_field(h, sum, canon_form(h, f, s->head)))
			return false;
	}
	return hash_field(h, sum, canon_form_without(h, s->field, s->hole, s->head));
}

bool signature_digest(struct canon_head *h, const struct signature *s, unsigned char out[SHA256_SIZE])
{
	struct sha256 *sum = sha256_new();
	bool good = hash_fields(h, s, sum);

	sha256_get(sum, out);
	sha256_free(sum);
	return good;
}

void signature_body(const struct signature *s, const struct body *b, int want, struct signature_word *f)
{
	const unsigned char *digest = body_digest(b, want);

	*f = (struct signature_word){ DKIM_FAIL, STR("") };
	if (digest == NULL)
		f->why = STR("the body is shorter than l=");
	else if (!str_eq(str_mem(digest, SHA256_SIZE), str_mem(s->bh, SHA256_SIZE)))
		f->why = STR("the body is not the one that was signed");
	else
		f->result = DKIM_PASS;
}

static struct signature_word found(enum dkim_result result, const char *why)
{
	return (struct signature_word){ result, str_of(why) };
}

/* Is this record for signatures like this one? */
static struct signature_word key_fits(const struct signature *s, const struct key *k)
{
	struct str at = str_skip(s->identity, (size_t)(str_rchr(s->identity, '@') + 1));

	if (k->revoked)
		return found(DKIM_PERMERROR, "the key is revoked");
	if (k->type != s->type)
		return found(DKIM_PERMERROR, "the key is of another kind than a=");
	if (k->no_sha256)
		return found(DKIM_PERMERROR, "the key is not for SHA-256");
	if (k->no_email)
		return found(DKIM_PERMERROR, "the key is not for mail");
	if (k->strict && s->kind == SIGNATURE_DKIM && !str_ieq(at, s->domain))
		return found(DKIM_PERMERROR, "the key is for addresses at d= itself only");
	if (k->weak)
		return found(DKIM_POLICY, "the RSA key has less than 1024 bits");
	if (k->vast)
		return found(DKIM_POLICY, "the RSA key is larger than 4096 bits");
	return found(DKIM_PASS, "");
}

static struct signature_word without_key(const struct keyset_place *p, struct arena *a)
{
	struct signature_word f = { DKIM_PERMERROR, STR("") };

	if (p->status == DNS_FAILED) {
		f.result = DKIM_TEMPERROR;
		f.why = arena_fmt(a, "the key could not be fetched: %.*s", STR_ARG(p->said));
	} else if (p->wrong != NULL) {
		f.why = arena_fmt(a, "the key record is wrong: %s", p->wrong);
	} else {
		f.why = STR("there is no key");
	}
	return f;
}

/* Of several records any may vouch: whether the signature passes does not hang on their order in the answer. */
void signature_verify(const struct signature *s, const struct keyset_place *place, const unsigned char *digest,
		      struct arena *a, struct signature_word *f, const struct key **used)
{
	*used = NULL;
	*f = without_key(place, a);
	for (size_t i = 0; i < place->n; i++) {
		const struct key *k = &place->key[i];
		struct signature_word one = key_fits(s, k);

		if (one.result == DKIM_PASS && digest != NULL && !key_verify(k, s->bytes, digest))
			one = found(DKIM_FAIL, "the signature does not match");
		if (*used == NULL || one.result == DKIM_PASS) {
			*used = k;
			*f = one;
		}
		if (one.result == DKIM_PASS)
			return;
	}
}
