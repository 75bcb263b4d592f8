#include "vouch/spf_record.h"

#include <string.h>

enum arg { NO_ARG, MAY_DOMAIN, MUST_DOMAIN, MUST_IP4, MUST_IP6 };

static const struct mechanism {
	struct str name;
	enum spf_mechanism mechanism;
	enum arg arg;
	bool prefixes; /* dual-cidr-length */
} mechanisms[] = {
	/* clang-format off */
	{ STR_INIT("all"),     SPF_ALL,     NO_ARG,      false },
	{ STR_INIT("include"), SPF_INCLUDE, MUST_DOMAIN, false },
	{ STR_INIT("a"),       SPF_A,       MAY_DOMAIN,  true  },
	{ STR_INIT("mx"),      SPF_MX,      MAY_DOMAIN,  true  },
	{ STR_INIT("ptr"),     SPF_PTR,     MAY_DOMAIN,  false },
	{ STR_INIT("exists"),  SPF_EXISTS,  MUST_DOMAIN, false },
	{ STR_INIT("ip4"),     SPF_IP4,     MUST_IP4,    false },
	{ STR_INIT("ip6"),     SPF_IP6,     MUST_IP6,    false },
	/* clang-format on */
};

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ) */
static bool is_name(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
}

static bool is_alnum_dash(char c)
{
	return ascii_isalnum(c) || c == '-';
}

/* toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum ) */
static bool is_toplabel(struct str s)
{
	struct cur c = cur_of(s);
	bool other = false;

	cur_span(&c, is_alnum_dash, "");
	for (size_t i = 0; i < s.n; i++)
		other = other || !ascii_isdigit(s.p[i]);
	return cur_ok(&c) && cur_end(&c) && other && s.p[0] != '-' && s.p[s.n - 1] != '-';
}

/* domain-spec = macro-string ( "." toplabel [ "." ] / macro-expand ); c and r and t are not for it */
static const char *check_spec(struct str spec)
{
	struct cur c = cur_of(spec);
	struct spf_piece p, last = { 0 };
	ptrdiff_t dot;

	if (spec.n == 0)
		return "no domain";
	if (spec.n > SPF_SPEC_MAX)
		return "too long";
	for (; spf_piece_next(&c, false, &p); last = p)
		if (p.letter != '\0' && strchr("crt", p.letter) != NULL)
			return "a macro that is for explanations only";
	if (!cur_ok(&c))
		return c.why;
	if (last.expand)
		return NULL;
	if (last.literal.p[last.literal.n - 1] == '.')
		last.literal.n--;
	dot = str_rchr(last.literal, '.');
	if (dot < 0 || !is_toplabel(str_skip(last.literal, (size_t)dot + 1)))
		return "not a full domain name";
	return NULL;
}

/* Take "/" and a number without leading zeros off the end of *s: true if there was one, *why if it is a bad one. */
static bool cut_prefix(struct str *s, unsigned max, unsigned *out, const char **why)
{
	struct str digits;
	size_t n = s->n;
	uint64_t v;

	while (n > 0 && ascii_isdigit(s->p[n - 1]))
		n--;
	if (n == s->n || n == 0 || s->p[n - 1] != '/')
		return false;
	digits = str_skip(*s, n);
	if ((digits.n > 1 && digits.p[0] == '0') || !str_u64(digits, max, &v))
		*why = "bad length of a network";
	else
		*out = (unsigned)v;
	s->n = n - 1;
	return true;
}

/* dual-cidr-length = [ "/" ip4 ] [ "//" ip6 ], taken off the end of *s */
static void cut_prefixes(struct str *s, struct spf_term *t, const char **why)
{
	const char *why4 = NULL, *why6 = NULL;
	struct str whole = *s;

	if (!cut_prefix(s, 128, &t->prefix6, &why6))
		return;
	if (s->n > 0 && s->p[s->n - 1] == '/') {
		s->n--;
		cut_prefix(s, 32, &t->prefix4, &why4);
	} else {
		*s = whole;
		t->prefix6 = 128;
		why6 = NULL;
		cut_prefix(s, 32, &t->prefix4, &why4);
	}
	if (why4 != NULL || why6 != NULL)
		*why = "bad length of a network";
}

/* ":" ip-network [ "/" length ] */
static void take_network(struct str arg, bool six, struct spf_term *t, const char **why)
{
	if (arg.n == 0 || arg.p[0] != ':') {
		*why = "no address";
		return;
	}
	arg = str_skip(arg, 1);
	cut_prefix(&arg, six ? 128 : 32, six ? &t->prefix6 : &t->prefix4, why);
	if (*why == NULL && !inet_bytes(six ? AF_INET6 : AF_INET, arg, t->ip))
		*why = "bad address";
}

static void take_domain(struct str arg, const struct mechanism *m, struct spf_term *t, const char **why)
{
	if (m->prefixes)
		cut_prefixes(&arg, t, why);
	if (*why != NULL || (arg.n == 0 && m->arg == MAY_DOMAIN))
		return;
	if (arg.n == 0 || arg.p[0] != ':') {
		*why = arg.n == 0 ? "no domain" : "malformed mechanism";
		return;
	}
	t->spec = str_skip(arg, 1);
	*why = check_spec(t->spec);
}

static const struct mechanism *find_mechanism(struct str name)
{
	for (size_t i = 0; i < COUNT(mechanisms); i++)
		if (str_ieq(mechanisms[i].name, name))
			return &mechanisms[i];
	return NULL;
}

/* directive = [ qualifier ] mechanism */
static const char *take_directive(struct str text, struct spf_term *t)
{
	static const char signs[] = "+-~?";
	static const enum spf_result results[] = { SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_NEUTRAL };
	struct cur c = cur_of(text);
	const struct mechanism *m;
	const char *why = NULL;

	t->qualifier = SPF_PASS;
	for (size_t i = 0; i < COUNT(results); i++)
		if (cur_pos(&c) == 0 && cur_try(&c, signs[i]))
			t->qualifier = results[i];
	m = find_mechanism(cur_span(&c, is_name, NULL));
	if (m == NULL)
		return "unknown mechanism";
	t->mechanism = m->mechanism;
	t->prefix4 = 32;
	t->prefix6 = 128;
	if (m->arg == NO_ARG)
		return cur_end(&c) ? NULL : "this mechanism takes no argument";
	if (m->arg == MUST_IP4 || m->arg == MUST_IP6)
		take_network(cur_rest(&c), m->arg == MUST_IP6, t, &why);
	else
		take_domain(cur_rest(&c), m, t, &why);
	return why;
}

static bool is_domain_modifier(struct str name)
{
	return str_ieq(name, STR("redirect")) || str_ieq(name, STR("exp"));
}

/* modifier = name "=" macro-string; redirect and exp have a domain-spec */
static const char *take_term(struct str text, struct spf_term *t)
{
	struct cur c = cur_of(text);
	struct str name = cur_span(&c, is_name, NULL);

	if (name.n == 0 || !ascii_isalpha(name.p[0]) || !cur_try(&c, '='))
		return take_directive(text, t);
	t->modifier = name;
	t->spec = cur_rest(&c);
	if (is_domain_modifier(name))
		return check_spec(t->spec);
	return spf_macros_ok(t->spec, false) ? NULL : "malformed macro";
}

bool spf_term_next(struct str *terms, struct spf_term *t, const char **why)
{
	while (terms->n > 0 && terms->p[0] == ' ')
		*terms = str_skip(*terms, 1);
	if (terms->n == 0)
		return false;
	*t = (struct spf_term){ .text = { 0 } };
	str_cut(*terms, STR(" "), &t->text, terms);
	*why = take_term(t->text, t);
	return true;
}

bool spf_record_is(struct str txt)
{
	return str_istarts(txt, STR("v=spf1")) && (txt.n == 6 || txt.p[6] == ' ');
}

/* redirect and exp may stand once each (6) */
static const char *take_once(const struct spf_term *t, struct spf_record *r)
{
	bool redirect = str_ieq(t->modifier, STR("redirect"));
	struct str *slot = redirect ? &r->redirect : &r->exp;

	if (slot->n > 0)
		return "a modifier stands twice";
	*slot = t->spec;
	if (redirect)
		r->redirect_text = t->text;
	return NULL;
}

bool spf_record_read(struct str txt, struct spf_record *out)
{
	struct spf_record r = { .terms = str_skip(txt, 6) };
	struct str rest = r.terms;
	struct spf_term t;

	while (r.why == NULL && spf_term_next(&rest, &t, &r.why)) {
		if (r.why == NULL && is_domain_modifier(t.modifier))
			r.why = take_once(&t, &r);
		if (r.why != NULL)
			r.wrong = t.text;
	}
	*out = r;
	return r.why == NULL;
}
