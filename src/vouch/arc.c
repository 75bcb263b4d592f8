#include "vouch/arc.h"

#include "base/cur.h"
#include "mail/field.h"

static const char *const words[] = { [ARC_NONE] = "none", [ARC_PASS] = "pass", [ARC_FAIL] = "fail" };

const char *arc_word(enum arc_result r)
{
	return words[r];
}

/* The first reason counts. */
static void fail(struct arc *c, unsigned set, struct str why)
{
	if (c->result == ARC_FAIL)
		return;
	c->result = ARC_FAIL;
	c->failed = set;
	c->why = why;
}

static struct arc_set *set_of(struct arc *c, unsigned instance)
{
	if (instance > c->n)
		c->n = instance;
	return &c->sets[instance - 1];
}

static void keep(struct arc *c, struct canon_field **place, struct canon_field *f, unsigned instance, const char *twice)
{
	if (*place != NULL)
		fail(c, instance, str_of(twice));
	*place = f;
}

/* "i=" [CFWS] 1*2DIGIT [CFWS] ";" before all else (RFC 8617 4.1.1): 0 if it is not there. */
static unsigned aar_instance(struct str value, struct str *rest)
{
	struct cur c = cur_of(value);
	uint64_t n;

	cur_span(&c, tags_is_blank, NULL);
	cur_want(&c, 'i', "no i=");
	cur_span(&c, tags_is_blank, NULL);
	cur_want(&c, '=', "no i=");
	cur_span(&c, tags_is_blank, NULL);
	n = cur_num(&c, ARC_SETS_MAX, "no number");
	cur_span(&c, tags_is_blank, NULL);
	cur_want(&c, ';', "no ;");
	*rest = cur_rest(&c);
	return c.why == NULL ? (unsigned)n : 0;
}

static void add_aar(struct arc *c, struct canon_field *f)
{
	struct str rest;
	unsigned i = aar_instance(f->value, &rest);

	if (i == 0)
		fail(c, 0, STR("an ARC-Authentication-Results does not begin with i="));
	else
		keep(c, &set_of(c, i)->aar, f, i, "two ARC-Authentication-Results in a set");
}

static void add_signature(struct arc *c, struct arena *a, enum signature_kind kind, struct canon_field *f)
{
	struct signature s;
	struct signature_word found;

	signature_read(a, kind, f, &s, &found);
	if (found.result != DKIM_PASS)
		fail(c, s.instance, found.why);
	if (s.instance == 0)
		return;
	if (kind == SEAL_ARC) {
		keep(c, &set_of(c, s.instance)->seal_field, f, s.instance, "two ARC-Seals in a set");
		set_of(c, s.instance)->seal = s;
	} else {
		keep(c, &set_of(c, s.instance)->message_field, f, s.instance, "two ARC-Message-Signatures in a set");
		set_of(c, s.instance)->message = s;
	}
}

static void collect(struct arc *c, struct canon_head *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct canon_field *f = &h->fields[i];

		if (!str_istarts(f->name, STR("ARC-")))
			continue;
		if (str_ieq(f->name, STR("ARC-Authentication-Results")))
			add_aar(c, f);
		else if (str_ieq(f->name, STR("ARC-Message-Signature")))
			add_signature(c, h->arena, SIGNATURE_ARC, f);
		else if (str_ieq(f->name, STR("ARC-Seal")))
			add_signature(c, h->arena, SEAL_ARC, f);
	}
}

/* Whole sets from 1 on; the first one says "none", the others "pass" (RFC 8617 5.2 step 3). */
static void check_sets(struct arc *c)
{
	for (unsigned i = 1; i <= c->n; i++) {
		const struct arc_set *s = &c->sets[i - 1];

		if (s->seal_field == NULL)
			fail(c, i, STR("a set has no ARC-Seal"));
		else if (s->message_field == NULL)
			fail(c, i, STR("a set has no ARC-Message-Signature"));
		else if (s->aar == NULL)
			fail(c, i, STR("a set has no ARC-Authentication-Results"));
		else if (s->seal.seal == SEAL_FAIL)
			fail(c, i, STR("a hop found the chain broken"));
		else if (i == 1 && s->seal.seal != SEAL_NONE)
			fail(c, i, STR("the first set does not say cv=none"));
		else if (i > 1 && s->seal.seal != SEAL_PASS)
			fail(c, i, STR("a later set does not say cv=pass"));
	}
}

/* The newest first: of the older ones' messages we only want to know how far back they are this one. */
static void want(struct arc *c, struct body *b, struct keyset *k)
{
	for (unsigned i = c->n; i > 0; i--) {
		struct arc_set *s = &c->sets[i - 1];

		s->seal_key = keyset_want(k, s->seal.selector, s->seal.domain);
		s->message_key = keyset_want(k, s->message.selector, s->message.domain);
		s->body = body_want(b, s->message.body, s->message.length);
		if (s->seal_key == NULL || s->message_key == NULL || (i == c->n && s->body < 0))
			fail(c, i, STR("too many keys or body hashes"));
	}
}

void arc_begin(struct arc *c, struct canon_head *h, struct body *b, struct keyset *k)
{
	size_t aars = canon_head_count(h, STR("arc-authentication-results")),
	       seals = canon_head_count(h, STR("arc-seal"));
	size_t messages = canon_head_count(h, STR("arc-message-signature"));
	struct str rest;

	*c = (struct arc){ .result = ARC_NONE };
	if (h->too_many)
		fail(c, 0, STR("the header has too many fields"));
	else if (aars > ARC_SETS_MAX || seals > ARC_SETS_MAX || messages > ARC_SETS_MAX)
		fail(c, 0, STR("more than 50 sets"));
	if (c->result != ARC_NONE || aars + seals + messages == 0)
		return;
	c->sets = arena_alloc(h->arena, ARC_SETS_MAX * sizeof(*c->sets));
	collect(c, h);
	check_sets(c);
	if (c->result == ARC_NONE)
		want(c, b, k);
	if (c->n == 0 || c->sets[c->n - 1].aar == NULL)
		return;
	aar_instance(c->sets[c->n - 1].aar->value, &rest);
	c->saw = field_plain(h->arena, rest);
}

static bool take_finding(struct arc *c, struct canon_head *h, unsigned set, const char *what,
			 const struct signature_word *f)
{
	if (f->result == DKIM_PASS)
		return true;
	fail(c, set, arena_fmt(h->arena, "%s: %.*s", what, STR_ARG(f->why)));
	c->temporary = f->result == DKIM_TEMPERROR;
	return false;
}

static struct signature_word verify_message(const struct arc_set *s, struct canon_head *h, const struct body *b)
{
	unsigned char digest[SHA256_SIZE];
	struct signature_word f = { DKIM_POLICY, STR("too many body hashes") };
	const struct key *key;

	if (s->body >= 0)
		signature_body(&s->message, b, s->body, &f);
	if (f.result != DKIM_PASS)
		return f;
	if (signature_digest(h, &s->message, digest))
		signature_verify(&s->message, s->message_key, digest, h->arena, &f, &key);
	else
		f = (struct signature_word){ DKIM_POLICY, STR("the header is too large to be hashed once more") };
	return f;
}

/* A seal is over all sets so far in relaxed form, its own field last and without what is in b= (RFC 8617 5.1.1). */
static void verify_seals(struct arc *c, struct canon_head *h)
{
	struct sha256 *sum = sha256_new();

	for (unsigned i = 1; i <= c->n; i++) {
		struct arc_set *s = &c->sets[i - 1];
		unsigned char digest[SHA256_SIZE];
		const struct key *key;
		struct signature_word f;

		sha256_add(sum, canon_form(h, s->aar, CANON_RELAXED));
		sha256_add(sum, canon_form(h, s->message_field, CANON_RELAXED));
		sha256_get_with(sum, canon_form_without(h, s->seal_field, s->seal.hole, CANON_RELAXED), digest);
		sha256_add(sum, canon_form(h, s->seal_field, CANON_RELAXED));
		signature_verify(&s->seal, s->seal_key, digest, h->arena, &f, &key);
		if (!take_finding(c, h, i, "ARC-Seal", &f))
			break;
	}
	sha256_free(sum);
}

static void find_oldest_pass(struct arc *c, struct canon_head *h, const struct body *b)
{
	unsigned i = c->n - 1;

	while (i > 0 && verify_message(&c->sets[i - 1], h, b).result == DKIM_PASS)
		i--;
	c->oldest_pass = i > 0 ? i + 1 : 0;
}

void arc_end(struct arc *c, struct canon_head *h, const struct body *b)
{
	struct signature_word f;

	if (c->result != ARC_NONE || c->n == 0)
		return;
	f = verify_message(&c->sets[c->n - 1], h, b);
	if (take_finding(c, h, c->n, "ARC-Message-Signature", &f))
		verify_seals(c, h);
	if (c->result == ARC_FAIL)
		return;
	c->result = ARC_PASS;
	find_oldest_pass(c, h, b);
}
