#include "vouch/dmarc_record.h"

#include <string.h>
#include "base/cur.h"

enum tag { TAG_ADKIM, TAG_ASPF, TAG_NP, TAG_P, TAG_PCT, TAG_PSD, TAG_RUA, TAG_SP, TAG_T, TAGS };

static const struct str tag_names[TAGS] = {
	[TAG_ADKIM] = STR_INIT("adkim"), [TAG_ASPF] = STR_INIT("aspf"), [TAG_NP] = STR_INIT("np"),
	[TAG_P] = STR_INIT("p"),         [TAG_PCT] = STR_INIT("pct"),   [TAG_PSD] = STR_INIT("psd"),
	[TAG_RUA] = STR_INIT("rua"),     [TAG_SP] = STR_INIT("sp"),     [TAG_T] = STR_INIT("t"),
};

struct tags {
	struct str value[TAGS];
	bool has[TAGS];
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* dmarc-version = "v" equals %s"DMARC1" */
static void take_version(struct cur *c)
{
	cur_span(c, is_space, NULL);
	if (!cur_itryz(c, "v"))
		cur_fail(c, "no version");
	cur_span(c, is_space, NULL);
	cur_want(c, '=', "no version");
	cur_span(c, is_space, NULL);
	cur_wantz(c, "DMARC1", "another version");
	cur_span(c, is_space, NULL);
	if (!cur_end(c))
		cur_want(c, ';', "another version");
}

bool dmarc_record_is(struct str txt)
{
	struct cur c = cur_of(txt);

	take_version(&c);
	return cur_ok(&c);
}

static void take_tag(struct str tag, struct tags *t)
{
	struct str name, value;

	if (!str_cut(tag, STR("="), &name, &value))
		return;
	name = str_trim(name);
	for (size_t i = 0; i < TAGS; i++)
		if (!t->has[i] && str_ieq(name, tag_names[i])) {
			t->has[i] = true;
			t->value[i] = str_trim(value);
		}
}

static bool take_policy(const struct tags *t, enum tag tag, enum dmarc_policy *out)
{
	for (int i = DMARC_POLICY_NONE; i <= DMARC_POLICY_REJECT; i++)
		if (str_ieq(t->value[tag], str_of(dmarc_policy_word((enum dmarc_policy)i)))) {
			*out = (enum dmarc_policy)i;
			return true;
		}
	return false;
}

static bool is_scheme(char c)
{
	return ascii_isalnum(c) || c == '+' || c == '-' || c == '.';
}

static bool is_visible(char c)
{
	return c > ' ' && c < 0x7f;
}

/* Is one of the comma-separated URIs well-formed: scheme ":" something? */
static bool has_uri(struct str list)
{
	while (list.n > 0) {
		struct str uri;
		struct cur c;

		str_cut(list, STR(","), &uri, &list);
		c = cur_of(str_trim(uri));
		cur_span(&c, is_scheme, "no scheme");
		cur_want(&c, ':', "no scheme");
		cur_span(&c, is_visible, "nothing");
		if (cur_ok(&c) && cur_end(&c))
			return true;
	}
	return false;
}

/* 4.10.1: a policy that is not valid */
static const char *check_policies(const struct tags *t, struct dmarc_record *r)
{
	if (t->has[TAG_P] && !take_policy(t, TAG_P, &r->p))
		return "its p is not valid";
	r->sp = r->p;
	if (t->has[TAG_SP] && !take_policy(t, TAG_SP, &r->sp))
		return "its sp is not valid";
	r->np = r->sp;
	if (t->has[TAG_NP] && !take_policy(t, TAG_NP, &r->np))
		return "its np is not valid";
	return NULL;
}

static char one_of(const struct tags *t, enum tag tag, const char *letters, char otherwise)
{
	struct str v = t->value[tag];
	char c = v.n == 1 ? ascii_lower(v.p[0]) : '\0';

	return c != '\0' && strchr(letters, c) != NULL ? c : otherwise;
}

struct dmarc_record dmarc_record_read(struct str txt)
{
	struct dmarc_record r = { .pct = -1 };
	struct tags t = { 0 };
	struct str tag;
	uint64_t pct;

	while (txt.n > 0) {
		str_cut(txt, STR(";"), &tag, &txt);
		take_tag(tag, &t);
	}
	r.adkim_strict = one_of(&t, TAG_ADKIM, "rs", 'r') == 's';
	r.aspf_strict = one_of(&t, TAG_ASPF, "rs", 'r') == 's';
	r.psd = one_of(&t, TAG_PSD, "ynu", 'u');
	if (str_u64(t.value[TAG_PCT], 100, &pct))
		r.pct = (int)pct;
	r.test = one_of(&t, TAG_T, "yn", r.pct == 0 ? 'y' : 'n') == 'y';
	r.has_np = t.has[TAG_NP];
	r.unusable = check_policies(&t, &r);
	if (r.unusable == NULL)
		return r;
	r.p = r.sp = r.np = DMARC_POLICY_NONE;
	r.has_np = false;
	if (has_uri(t.value[TAG_RUA]))
		r.unusable = NULL;
	return r;
}
