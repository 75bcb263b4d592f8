#include "vouch/dkim.h"

static const char *const words[] = {
	[DKIM_NONE] = "none",           [DKIM_PASS] = "pass",       [DKIM_FAIL] = "fail",
	[DKIM_POLICY] = "policy",       [DKIM_NEUTRAL] = "neutral", [DKIM_TEMPERROR] = "temperror",
	[DKIM_PERMERROR] = "permerror",
};

const char *dkim_word(enum dkim_result r)
{
	return words[r];
}

static void settle(struct dkim_signature *d, enum dkim_result result, const char *why)
{
	d->result = result;
	d->why = str_of(why);
}

static void judge(struct dkim_signature *d, const struct signature_word *f)
{
	d->result = f->result;
	d->why = f->why;
}

/* A From that is not signed could be the one that people see (RFC 6376 8.15). */
static void check_from(struct dkim_signature *d, const struct canon_head *h)
{
	struct str rest = d->s.signed_names, name;
	size_t covered = 0;

	while (tags_item(&rest, &name))
		covered += str_ieq(name, STR("From"));
	if (covered == 0)
		settle(d, DKIM_PERMERROR, "From is not signed");
	else if (covered < canon_head_count(h, STR("from")))
		settle(d, DKIM_POLICY, "there is a From that is not signed");
}

static void check_time(struct dkim_signature *d, int64_t now)
{
	if (d->s.expiry != SIGNATURE_NO_TIME && d->s.expiry < now)
		settle(d, DKIM_POLICY, "the signature has expired");
	else if (d->s.time != SIGNATURE_NO_TIME && d->s.time - DKIM_AHEAD > now)
		settle(d, DKIM_POLICY, "the signature is from the future");
}

/* What can be said without key and body. */
static void read_one(struct dkim_signature *d, const struct canon_field *field, struct canon_head *h, int64_t now)
{
	struct signature_word f;

	signature_read(h->arena, SIGNATURE_DKIM, field, &d->s, &f);
	judge(d, &f);
	d->domain = d->s.domain;
	d->selector = d->s.selector;
	d->algorithm = d->s.algorithm;
	d->identity = d->s.identity;
	d->b = str_take(d->s.b, DKIM_B_SHOWN);
	if (d->result == DKIM_PASS)
		check_from(d, h);
	if (d->result == DKIM_PASS)
		check_time(d, now);
}

static void want(struct dkim_signature *d, struct body *b, struct keyset *k)
{
	if (d->result != DKIM_PASS)
		return;
	d->key = keyset_want(k, d->selector, d->domain);
	d->body = body_want(b, d->s.body, d->s.length);
	if (d->key == NULL || d->body < 0)
		settle(d, DKIM_POLICY, "too many signatures");
}

void dkim_begin(struct dkim *d, struct canon_head *h, struct body *b, struct keyset *k, int64_t now)
{
	size_t most;

	*d = (struct dkim){ .total = h->too_many ? 1 : canon_head_count(h, STR("dkim-signature")) };
	most = d->total < DKIM_LISTED_MAX ? d->total : DKIM_LISTED_MAX;
	d->list = arena_alloc(h->arena, (most + 1) * sizeof(*d->list));
	if (h->too_many)
		settle(&d->list[d->n++], DKIM_POLICY, "the header has too many fields");
	for (size_t i = 0; i < h->n && d->n < most; i++) {
		struct dkim_signature *one = &d->list[d->n];

		if (!str_ieq(h->fields[i].name, STR("DKIM-Signature")))
			continue;
		read_one(one, &h->fields[i], h, now);
		if (d->n++ >= DKIM_VERIFIED_MAX)
			settle(one, DKIM_POLICY, "too many signatures");
		want(one, b, k);
	}
}

/* First the key, as in RFC 6376 6.1; with another body the signature itself is not looked at any more. */
static void verify(struct dkim_signature *d, struct canon_head *h, const struct body *b)
{
	unsigned char digest[SHA256_SIZE];
	const struct key *key;
	struct signature_word body, f;
	bool same;

	signature_body(&d->s, b, d->body, &body);
	same = body.result == DKIM_PASS;
	if (same && !signature_digest(h, &d->s, digest)) {
		settle(d, DKIM_POLICY, "the header is too large to be hashed once more");
		return;
	}
	signature_verify(&d->s, d->key, same ? digest : NULL, h->arena, &f, &key);
	judge(d, f.result == DKIM_PASS ? &body : &f);
	d->bits = key != NULL ? key->bits : 0;
	d->testing = key != NULL && key->testing;
	if (d->s.length < body_length(b, d->s.body))
		d->body_unsigned = body_length(b, d->s.body) - d->s.length;
}

void dkim_end(struct dkim *d, struct canon_head *h, const struct body *b)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->list[i].result == DKIM_PASS)
			verify(&d->list[i], h, b);
}
