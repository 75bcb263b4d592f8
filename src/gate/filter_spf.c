#include "gate/filter.h"
#include "gate/vouched.h"

static const char *off(const struct facts *f)
{
	return str_eqz(f->policy->set.spf, "off") || f->vouched == NULL ? GATE_OFF : NULL;
}

/* "fail for a.example, -all" */
static struct str seen(const struct spf *spf, struct arena *a)
{
	struct str more = spf->term.n > 0 ? spf->term : spf->why;

	return arena_fmt(a, "%s for %.*s%s%.*s", spf_word(spf->result),
			 STR_ARG(spf->domain.n > 0 ? spf->domain : STR("no domain")), more.n > 0 ? ", " : "",
			 STR_ARG(more));
}

static enum vote decide(const struct facts *f, struct verdict *v)
{
	const struct spf *spf = &f->vouched->spf;
	struct str words = seen(spf, v->mem);

	if (spf->result == SPF_FAIL && str_eqz(f->policy->set.spf, "reject"))
		return gate_refuse(v, REASON_SPF_FAIL, words);
	v->seen = words;
	v->noted = spf->result != SPF_NONE;
	return PASS;
}

const struct filter filter_spf = {
	.name = "spf",
	.at = AT_SENDER,
	.needs = NEEDS(FACT_SPF),
	.off = off,
	.decide = decide,
	.doc = "Refuse a client that may not send for the domain of the sender (SPF fail).",
};
