/* Graylisting as spamdyke does it (LOG-FORMATS 1.8): the first try of a sender and a recipient is put off; a retry
 * that comes late enough passes, and from then on the pair passes for as long as it is in use. */
#include "base/clock.h"
#include "gate/filter.h"

static bool excepted(const struct facts *f)
{
	struct hit h;

	return policy_lists(f->policy, graylist_exception_ip, f->ip, &h) ||
	       policy_lists(f->policy, graylist_exception_rdns, f->rdns, &h) ||
	       policy_lists(f->policy, graylist_exception_sender, f->sender, &h);
}

/* "always" and "always-create-dir" put off who is no exception, "only" and "only-create-dir" who is one. */
static const char *off(const struct facts *f)
{
	struct str level = f->policy->set.graylist_level;
	bool only = str_starts(level, STR("only"));

	if (level.n == 0 || str_eqz(level, "none"))
		return GATE_OFF;
	if (facts_known(f, NEEDS(FACT_RECIPIENT)) && f->recipient > RESOLVED_CATCHALL)
		return "no-recipient";
	if (str_chr(f->rcpt, '@') < 0)
		return "postmaster";
	if (excepted(f) != only)
		return only ? "no-exception" : "exception";
	return NULL;
}

/* "12:01:05", with its date when that is another day than the day of `now` (both ms since 1970). */
static struct str moment(const struct facts *f, int64_t at, int64_t now, struct arena *a)
{
	int64_t here = at / 1000 + (f->policy->utc ? 0 : zone_offset(at / 1000));
	int64_t there = now / 1000 + (f->policy->utc ? 0 : zone_offset(now / 1000));
	struct civil c = civil_of_seconds(here), today = civil_of_seconds(there);
	BUF(b);

	if (c.year == today.year && c.month == today.month && c.day == today.day)
		stamp_put_time(&b, c);
	else
		stamp_put(&b, c);
	return arena_str(a, buf_str(&b));
}

static enum vote put_off(const struct facts *f, struct verdict *v, int64_t first)
{
	int64_t now = f->gray_asked, from = first + f->policy->set.graylist_min_secs * 1000;

	return gate_refuse(v, REASON_GRAYLISTED,
			   arena_fmt(v->mem, "first seen %.*s, passes from %.*s",
				     STR_ARG(moment(f, first, now, v->mem)), STR_ARG(moment(f, from, now, v->mem))));
}

static bool corresponds(const struct facts *f)
{
	return f->policy->set.graylist_correspondents && f->gray.wrote > 0 &&
	       f->gray_asked - f->gray.wrote < GRAY_CORRESPOND_MS;
}

static enum vote pass(const struct facts *f, struct verdict *v)
{
	if (f->gray.passed > 0)
		v->seen = arena_fmt(v->mem, "known, passed last %.*s",
				    STR_ARG(moment(f, f->gray.passed, f->gray_asked, v->mem)));
	else
		v->seen = arena_fmt(v->mem, "came again, first seen %.*s",
				    STR_ARG(moment(f, f->gray.first, f->gray_asked, v->mem)));
	v->noted = true;
	gate_effect(v, EFFECT_GRAYLIST, STR("passed"));
	return PASS;
}

static enum vote decide(const struct facts *f, struct verdict *v)
{
	const struct conf_gate *set = &f->policy->set;
	const struct gray_known *g = &f->gray;
	/* In whole seconds, as the logs tell them. */
	int64_t age = f->gray_asked / 1000 - (g->passed > 0 ? g->passed : g->first) / 1000;

	if (!str_ends(set->graylist_level, STR("-create-dir")) && !f->policy->graylist_here && !g->domain) {
		v->seen = STR("it is not turned on for the recipient's domain");
		return PASS;
	}
	if (corresponds(f)) {
		v->noted = true;
		v->seen = arena_fmt(v->mem, "the recipient wrote to the sender, last %.*s",
				    STR_ARG(moment(f, g->wrote, f->gray_asked, v->mem)));
		return PASS;
	}
	if (g->first == 0) {
		gate_effect(v, EFFECT_GRAYLIST, STR("new"));
		return put_off(f, v, f->gray_asked);
	}
	if (age < 0 || age > set->graylist_max_secs) {
		gate_effect(v, EFFECT_GRAYLIST, STR("again"));
		return put_off(f, v, f->gray_asked);
	}
	if (g->passed == 0 && age < set->graylist_min_secs)
		return put_off(f, v, g->first);
	return pass(f, v);
}

const struct filter filter_graylist = {
	.name = "graylisted",
	.at = AT_RECIPIENT,
	.needs = NEEDS(FACT_RECIPIENT) | NEEDS(FACT_GRAYLIST),
	.last = true,
	.off = off,
	.decide = decide,
	.doc = "Put off the first try of a sender and a recipient.",
};
