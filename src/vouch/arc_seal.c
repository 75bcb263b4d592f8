#include "vouch/arc_seal.h"

#include "vouch/sign_field.h"

bool arc_next(const struct arc *c, struct arc_next *out)
{
	if (c->temporary || c->n >= ARC_SETS_MAX || (c->result == ARC_FAIL && c->n == 0))
		return false;
	if (c->n > 0 && c->sets[c->n - 1].seal_field != NULL && c->sets[c->n - 1].seal.seal == SEAL_FAIL)
		return false;
	*out = (struct arc_next){ c->n + 1, c->result };
	return true;
}

bool arc_results(unsigned instance, struct str results, struct buf *out)
{
	static const struct str name = STR_INIT("Authentication-Results: ");

	if (!str_starts(results, name) || !str_ends(results, STR("\r\n")))
		return false;
	buf_fmt(out, "ARC-Authentication-Results: i=%u; ", instance);
	buf_addstr(out, str_skip(results, name.n));
	return true;
}

static bool add(struct canon_head *h, struct canon_field *f, struct buf *out)
{
	h->hashed += f->raw.n;
	if (h->hashed > CANON_HASH_MAX)
		return false;
	buf_addstr(out, canon_form(h, f, CANON_RELAXED));
	return true;
}

bool arc_older(const struct arc *c, struct canon_head *h, struct buf *out)
{
	for (unsigned i = 0; c->result == ARC_PASS && i < c->n; i++) {
		const struct arc_set *s = &c->sets[i];

		if (!add(h, s->aar, out) || !add(h, s->message_field, out) || !add(h, s->seal_field, out))
			return false;
	}
	return true;
}

/* All but what is in b=. */
static void put_unsigned(struct field_text *t, const struct arc_seal *s)
{
	BUF(begin);

	buf_fmt(&begin, "ARC-Seal: i=%u;", s->signer.instance);
	sign_open(t, buf_str(&begin));
	sign_tag(t, "a", sign_algorithm(s->signer.key));
	sign_moment(t, "t", s->signer.time);
	sign_tag(t, "cv", str_of(arc_word(s->before)));
	sign_tag(t, "d", s->signer.domain);
	sign_tag(t, "s", s->signer.selector);
	sign_fold(t);
	sign_put(t, STR("b="));
}

/* RFC 8617 5.1.1: the sets in their order, ours last, its own seal without a signature and without a CRLF. */
static void digest_of(const struct arc_seal *s, struct str message, struct str own, unsigned char out[SHA256_SIZE])
{
	struct sha256 *sum = sha256_new();
	ARENA(a);

	own = canon_relaxed(&a, own);
	own.n -= 2;
	sha256_add(sum, s->older);
	sha256_add(sum, canon_relaxed(&a, s->results));
	sha256_add(sum, canon_relaxed(&a, message));
	sha256_add(sum, own);
	sha256_get(sum, out);
	sha256_free(sum);
}

int arc_seal_over(const struct arc_seal *s, struct buf *out, struct err *e)
{
	unsigned char digest[SHA256_SIZE];
	struct field_text t = { .out = out };
	size_t before = out->n;
	BUF(message);

	if (dkim_sign_over(&s->signer, s->fields, s->body, &message, e) < 0)
		return -1;
	put_unsigned(&t, s);
	digest_of(s, buf_str(&message), str_skip(buf_str(out), before), digest);
	if (!sign_digest(&t, s->signer.key, digest)) {
		buf_trunc(out, before);
		return err_set(e, "the key of %.*s cannot sign", STR_ARG(s->signer.selector));
	}
	buf_addstr(out, buf_str(&message));
	return 0;
}
