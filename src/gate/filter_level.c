/* filter-level: nobody is asked anything, only those who logged in are heard, or nobody is.  What it refuses no
 * whitelist lets past: it is looked at once more when all others have spoken. */
#include "gate/filter.h"

static bool level_is(const struct facts *f, const char *level)
{
	return str_eqz(f->policy->set.filter_level, level);
}

static const char *off_allow(const struct facts *f)
{
	return level_is(f, "allow-all") ? NULL : GATE_OFF;
}

static enum vote allow(const struct facts *f, struct verdict *v)
{
	(void)f;
	return gate_allow(v, STR("filter-level allow-all"));
}

static const char *off_require(const struct facts *f)
{
	if (!level_is(f, "require-auth"))
		return GATE_OFF;
	return f->authenticated ? "authenticated" : NULL;
}

static enum vote require(const struct facts *f, struct verdict *v)
{
	(void)f;
	return gate_refuse(v, REASON_AUTH_REQUIRED, STR("nobody logged in"));
}

static const char *off_reject(const struct facts *f)
{
	return level_is(f, "reject-all") ? NULL : GATE_OFF;
}

static enum vote reject(const struct facts *f, struct verdict *v)
{
	(void)f;
	return gate_refuse(v, REASON_REJECT_ALL, STR("filter-level reject-all"));
}

const struct filter filter_allow_all = {
	.name = "allow-all",
	.at = AT_CONNECT,
	.allows = true,
	.off = off_allow,
	.decide = allow,
	.doc = "With filter-level allow-all everybody is let past the other checks.",
};

#define REQUIRE(stage) \
	{ \
		.name = "auth-required", .at = (stage), .always = true, .off = off_require, .decide = require, \
		.doc = "With filter-level require-auth refuse who has not logged in, whitelisted or not.", \
	}
#define REJECT(stage) \
	{ \
		.name = "reject-all", .at = (stage), .always = true, .off = off_reject, .decide = reject, \
		.doc = "With filter-level reject-all refuse everybody.", \
	}

const struct filter filter_auth_required = REQUIRE(AT_CONNECT), filter_auth_required_again = REQUIRE(AT_RECIPIENT);
const struct filter filter_reject_all = REJECT(AT_CONNECT), filter_reject_all_again = REJECT(AT_RECIPIENT);
