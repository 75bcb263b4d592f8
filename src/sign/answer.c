#include "sign/serve.h"

#include "base/say.h"
#include "sign/told.h"
#include "vouch/dkim_sign.h"

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
