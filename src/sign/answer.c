#include "sign/serve.h"

#include <openssl/evp.h>

#include "base/say.h"
#include "sign/told.h"
#include "vouch/arc_seal.h"

/* One field for each key; a key that cannot sign is told of, and the others sign. */
static void sign_with(const struct keybox_key *keys, size_t n, const struct sign_ask *ask, struct dkim_signer *s,
		      struct buf *out)
{
	struct err e;

	for (size_t i = 0; i < n; i++) {
		s->key = keys[i].key;
		s->selector = str_of(keys[i].selector);
		if (dkim_sign_over(s, ask->fields, (const unsigned char *)ask->body.p, out, &e) < 0)
			say(SAY_ERROR, "a message is not signed for %.*s: %s", STR_ARG(s->domain), e.text);
	}
}

/* The first RSA key of the first of the domains that has one; NULL: none. */
static const struct keybox_key *rsa_key(struct keybox *box, struct str rest, struct str *domain)
{
	const struct keybox_key *keys;
	size_t n = 0;

	do {
		str_cut(rest, STR("\n"), domain, &rest);
		keys = keybox_look(box, *domain, &n);
		for (size_t i = 0; i < n; i++)
			if (EVP_PKEY_is_a(keys[i].key, "RSA"))
				return &keys[i];
	} while (rest.n > 0);
	return NULL;
}

void sign_answer_seal(struct keybox *box, const struct sign_seal *q, int64_t now, struct arena *a,
		      struct sign_told *told)
{
	struct arc_seal s = { .before = (enum arc_result)q->before,
			      .fields = q->fields,
			      .results = q->results,
			      .older = q->older,
			      .body = (const unsigned char *)q->body.p };
	const struct keybox_key *key;
	struct err e;
	BUF(out);

	*told = (struct sign_told){ .result = SIGN_FAILED, .why = STR("this is no question") };
	if (!sign_seal_ok(q))
		return;
	s.signer = (struct dkim_signer){ .names = q->names,
					 .head = CANON_RELAXED,
					 .body = CANON_RELAXED,
					 .time = now,
					 .instance = (unsigned)q->instance };
	key = rsa_key(box, q->domains, &s.signer.domain);
	*told = (struct sign_told){ .result = SIGN_NO_KEY };
	if (key == NULL)
		return;
	s.signer.key = key->key;
	s.signer.selector = str_of(key->selector);
	*told = (struct sign_told){ .result = SIGN_FAILED, .why = STR("the key could not sign") };
	if (arc_seal_over(&s, &out, &e) < 0)
		say(SAY_ERROR, "a forward is not sealed for %.*s: %s", STR_ARG(s.signer.domain), e.text);
	else
		*told = (struct sign_told){ .result = SIGN_DONE, .fields = arena_str(a, buf_str(&out)) };
}

void sign_answer(struct keybox *box, const struct sign_ask *ask, int64_t now, struct arena *a, struct sign_told *told)
{
	struct dkim_signer s = { .names = ask->names, .head = CANON_RELAXED, .body = CANON_RELAXED, .time = now };
	struct str rest = ask->domains;
	const struct keybox_key *keys;
	BUF(out);
	size_t n = 0;

	*told = (struct sign_told){ .result = SIGN_FAILED, .why = STR("this is no question") };
	if (!sign_asked_ok(ask))
		return;
	do {
		str_cut(rest, STR("\n"), &s.domain, &rest);
		keys = keybox_look(box, s.domain, &n);
	} while (n == 0 && rest.n > 0);
	*told = (struct sign_told){ .result = SIGN_NO_KEY };
	if (n == 0)
		return;
	sign_with(keys, n, ask, &s, &out);
	*told = (struct sign_told){ .result = SIGN_DONE, .fields = arena_str(a, buf_str(&out)) };
	if (out.n == 0)
		*told = (struct sign_told){ .result = SIGN_FAILED, .why = STR("no key could sign") };
}
