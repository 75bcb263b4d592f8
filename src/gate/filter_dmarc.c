#include "gate/filter.h"
#include "gate/vouched.h"

static const char *off(const struct facts *f)
{
	return str_eqz(f->policy->set.dmarc, "off") || f->vouched == NULL ? GATE_OFF : NULL;
}

/* "fail for a.example, policy reject: ..." */
static struct str seen(const struct dmarc *d, struct arena *a)
{
	struct str author = d->author.n > 0 ? d->author : STR("no domain");

	if (d->result != DMARC_FAIL)
		return arena_fmt(a, "%s for %.*s", dmarc_word(d->result), STR_ARG(author));
	return arena_fmt(a, "fail for %.*s, policy %s: %.*s", STR_ARG(author), dmarc_policy_word(d->policy),
			 STR_ARG(d->why));
}

/* The domain asks, our option says how far we go along. */
static enum vote decide(const struct facts *f, struct verdict *v)
{
	const struct dmarc *d = &f->vouched->dmarc;
	struct str words = seen(d, v->mem), option = f->policy->set.dmarc;

	if (d->result == DMARC_FAIL && d->policy == DMARC_POLICY_REJECT && str_eqz(option, "reject"))
		return gate_refuse(v, REASON_DMARC_FAIL, words);
	if (d->result == DMARC_FAIL && d->policy != DMARC_POLICY_NONE && !str_eqz(option, "mark"))
		gate_effect(v, EFFECT_JUNK, words);
	v->noted = d->result != DMARC_NONE && d->author.n > 0;
	v->seen = v->effects == NULL ? words : arena_fmt(v->mem, "into Junk: %.*s", STR_ARG(words));
	return PASS;
}

const struct filter filter_dmarc = {
	.name = "dmarc",
	.at = AT_DATA,
	.needs = NEEDS(FACT_DMARC),
	.off = off,
	.decide = decide,
	.doc = "Do what the author's domain asks for with mail that nobody it trusts vouches for (DMARC).",
};
