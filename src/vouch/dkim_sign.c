#include "vouch/dkim_sign.h"

#include "vouch/sign_field.h"
#include "vouch/tags.h"

/* All but what is in b=, which stands last and empty, as it is hashed. */
static void put_unsigned(struct field_text *t, const struct dkim_signer *s, const unsigned char *body)
{
	static const char *const canon[] = { [CANON_SIMPLE] = "simple", [CANON_RELAXED] = "relaxed" };
	BUF(begin);
	BUF(c);

	buf_fmt(&c, "%s/%s", canon[s->head], canon[s->body]);
	if (s->instance > 0)
		buf_fmt(&begin, "ARC-Message-Signature: i=%u;", s->instance);
	else
		buf_adds(&begin, "DKIM-Signature: v=1;");
	sign_open(t, buf_str(&begin));
	sign_tag(t, "a", sign_algorithm(s->key));
	sign_tag(t, "c", buf_str(&c));
	sign_tag(t, "d", s->domain);
	sign_tag(t, "s", s->selector);
	if (s->identity.n > 0)
		sign_tag(t, "i", s->identity);
	sign_moment(t, "t", s->time);
	sign_moment(t, "x", s->expiry);
	sign_put_names(t, s->names);
	sign_fold(t);
	sign_put(t, STR("bh="));
	sign_base64(t, body, SHA256_SIZE);
	buf_addc(t->out, ';');
	sign_fold(t);
	sign_put(t, STR("b="));
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

int dkim_sign_over(const struct dkim_signer *s, struct str fields, const unsigned char body[SHA256_SIZE],
		   struct buf *out, struct err *e)
{
	unsigned char digest[SHA256_SIZE];
	size_t before = out->n;
	struct field_text t = { .out = out };

	if (!dkim_sign_names_from(s->names))
		return err_set(e, "a signature must name From");
	put_unsigned(&t, s, body);
	digest_of(s, fields, str_skip(buf_str(out), before), digest);
	if (sign_digest(&t, s->key, digest))
		return 0;
	buf_trunc(out, before);
	return err_set(e, "the key of %.*s cannot sign", STR_ARG(s->selector));
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
