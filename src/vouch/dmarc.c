#include "vouch/dmarc.h"

#include "base/buf.h"
#include "vouch/author.h"
#include "vouch/dmarc_walk.h"
#include "vouch/text.h"

enum { SHOWN_MAX = 255 };

static const char *const results[] = { "none", "pass", "fail", "temperror", "permerror" };
static const char *const policies[] = { "none", "quarantine", "reject" };

const char *dmarc_word(enum dmarc_result result)
{
	return results[result];
}

const char *dmarc_policy_word(enum dmarc_policy policy)
{
	return policies[policy];
}

/* A domain that SPF or DKIM vouches for, or might. */
struct identifier {
	struct str domain;
	bool pass, temperror;
	bool asked; /* its walk's records are known */
};

struct check {
	struct dmarc_run run;
	const struct dmarc_question *q;
	struct identifier spf, *dkim;
	struct dmarc_walk author;
};

enum aligned { ALIGNED_NO, ALIGNED_YES, ALIGNED_UNKNOWN };

static bool within(struct str name, struct str domain)
{
	return domain.n > 0 && str_iends(name, domain) && (name.n == domain.n || name.p[name.n - domain.n - 1] == '.');
}

/* Could it be relaxed-aligned at all?  Then it lies within the author's organization, by the walk or by the list. */
static bool may_align(struct check *c, const struct identifier *id)
{
	struct str author = c->author.step[0].domain;

	if ((!id->pass && !id->temperror) || id->domain.n == 0 || str_ieq(id->domain, author))
		return false;
	return within(id->domain, c->author.organization) || within(id->domain, dmarc_listed(author, c->run.a));
}

/* The walks of all that may be aligned, at once. */
static void ask_identifiers(struct check *c)
{
	struct str domains[DMARC_DOMAINS_MAX];
	size_t n = 0;

	for (size_t i = 0; i <= c->q->dkim_n && n < DMARC_DOMAINS_MAX; i++) {
		struct identifier *id = i == 0 ? &c->spf : &c->dkim[i - 1];

		id->asked = may_align(c, id);
		if (id->asked)
			domains[n++] = id->domain;
	}
	dmarc_walk_ask(&c->run, domains, n);
}

/* 3.2.10, 4.10.2 */
static enum aligned align(struct check *c, const struct identifier *id, bool strict)
{
	struct str author = c->author.step[0].domain, listed;
	struct dmarc_walk walk;

	if ((!id->pass && !id->temperror) || id->domain.n == 0)
		return ALIGNED_NO;
	if (str_ieq(id->domain, author))
		return ALIGNED_YES;
	if (strict || !id->asked)
		return ALIGNED_NO;
	dmarc_walk_from(&c->run, id->domain, &walk);
	if (walk.failed || c->author.failed)
		return ALIGNED_UNKNOWN;
	if (str_ieq(walk.organization, c->author.organization))
		return ALIGNED_YES;
	if (walk.found || c->author.psd)
		return ALIGNED_NO;
	listed = dmarc_listed(author, c->run.a);
	return listed.n > 0 && str_ieq(listed, dmarc_listed(id->domain, c->run.a)) ? ALIGNED_YES : ALIGNED_NO;
}

/* What is aligned and passed makes pass; what might have makes temperror. */
static enum dmarc_result weigh(enum dmarc_result so_far, const struct identifier *id, enum aligned aligned, bool *out)
{
	*out = aligned == ALIGNED_YES && id->pass;
	if (*out || so_far == DMARC_PASS)
		return DMARC_PASS;
	return aligned == ALIGNED_NO ? so_far : DMARC_TEMPERROR;
}

/* 3.2.13 */
static bool exists(struct check *c, struct str domain)
{
	struct dns_question q = { .name = domain, .type = DNS_A };

	c->run.ask->all(c->run.ask->with, &q, 1, c->run.a, c->run.deadline);
	return q.status != DNS_NONE || !q.nowhere;
}

/* 4.10.1: p of its own record, else sp or np */
static enum dmarc_policy asked_policy(struct check *c)
{
	const struct dmarc_step *s = c->author.policy;
	struct str author = c->author.step[0].domain;

	if (str_ieq(s->domain, author))
		return s->record.p;
	if (s->record.has_np && s->record.np != s->record.sp && !exists(c, author))
		return s->record.np;
	return s->record.sp;
}

static enum dmarc_policy milder(enum dmarc_policy p)
{
	return p == DMARC_POLICY_REJECT ? DMARC_POLICY_QUARANTINE : DMARC_POLICY_NONE;
}

/* False: nothing passed. */
static bool name_domains(struct check *c, struct buf *b)
{
	const char *sep = "";

	if (c->spf.pass) {
		buf_fmt(b, "SPF of %.*s", STR_ARG(c->spf.domain));
		sep = ", ";
	}
	for (size_t i = 0, named = 0; i < c->q->dkim_n && named < 3; i++)
		if (c->dkim[i].pass) {
			buf_fmt(b, "%sDKIM of %.*s", sep, STR_ARG(c->dkim[i].domain));
			sep = ", ";
			named++;
		}
	return *sep != '\0';
}

static struct str say_pass(struct check *c, const struct dmarc *d)
{
	struct str by = c->spf.domain;
	bool spf = d->spf_aligned;

	for (size_t i = 0; !spf && i < c->q->dkim_n; i++)
		if (d->dkim_aligned[i]) {
			by = c->dkim[i].domain;
			break;
		}
	return arena_fmt(c->run.a, "%s of %.*s passed and is aligned with %.*s", spf ? "SPF" : "DKIM", STR_ARG(by),
			 STR_ARG(d->author));
}

static struct str say_fail(struct check *c, const struct dmarc *d)
{
	BUF(passed);
	BUF(b);

	if (name_domains(c, &passed))
		buf_fmt(&b, "nothing that passed (%s) is aligned with %.*s", buf_z(&passed), STR_ARG(d->author));
	else
		buf_adds(&b, "neither SPF nor DKIM passed");
	buf_fmt(&b, ", and %.*s asks for %s%s", STR_ARG(d->record), dmarc_policy_word(d->asked),
		d->test && d->asked != DMARC_POLICY_NONE ? ", but only tests it" : "");
	return arena_str(c->run.a, buf_str(&b));
}

static struct str say_unknown(struct check *c, const struct dmarc *d)
{
	for (size_t i = 0; i < c->author.n; i++)
		if (c->author.step[i].failed)
			return arena_fmt(c->run.a, "_dmarc.%.*s could not be asked: %.*s",
					 STR_ARG(c->author.step[i].domain), STR_ARG(c->author.step[i].why));
	return arena_fmt(c->run.a, "what may be aligned with %.*s could not be checked", STR_ARG(d->author));
}

static enum dmarc_result align_all(struct check *c, struct dmarc *d)
{
	const struct dmarc_record *r = &c->author.policy->record;
	enum dmarc_result result;

	ask_identifiers(c);
	result = weigh(DMARC_FAIL, &c->spf, align(c, &c->spf, r->aspf_strict), &d->spf_aligned);
	for (size_t i = 0; i < c->q->dkim_n; i++)
		result = weigh(result, &c->dkim[i], align(c, &c->dkim[i], r->adkim_strict), &d->dkim_aligned[i]);
	return result;
}

static void apply(struct check *c, struct dmarc *d)
{
	const struct dmarc_step *s = c->author.policy;

	d->record = s->domain;
	d->test = s->record.test;
	d->pct = s->record.pct;
	if (s->record.unusable != NULL) {
		d->result = DMARC_PERMERROR;
		d->why =
		    arena_fmt(c->run.a, "the record of %.*s is no policy: %s", STR_ARG(s->domain), s->record.unusable);
		return;
	}
	d->result = align_all(c, d);
	if (d->result == DMARC_FAIL) {
		d->asked = asked_policy(c);
		d->policy = d->test ? milder(d->asked) : d->asked;
	}
	d->why = d->result == DMARC_PASS   ? say_pass(c, d)
		 : d->result == DMARC_FAIL ? say_fail(c, d)
					   : say_unknown(c, d);
}

/* For one author domain, whose walk's names are asked. */
static void judge(struct check *c, struct str author, struct dmarc *d)
{
	*d = (struct dmarc){ .author = author, .pct = -1 };
	d->dkim_aligned = arena_alloc(c->run.a, (c->q->dkim_n + 1) * sizeof(*d->dkim_aligned));
	dmarc_walk_from(&c->run, author, &c->author);
	d->organization = c->author.organization;
	if (c->author.step[0].failed || (c->author.failed && !c->author.step[0].has)) {
		d->result = DMARC_TEMPERROR;
		d->why = say_unknown(c, d);
	} else if (c->author.policy == NULL) {
		d->why = arena_fmt(c->run.a, "%.*s has no DMARC record", STR_ARG(author));
	} else {
		apply(c, d);
	}
}

/* Of several authors: a failure decides, the strictest of them; then what is not known; then anything else. */
static bool is_worse(const struct dmarc *a, const struct dmarc *b)
{
	static const int weight[] = {
		[DMARC_NONE] = 1, [DMARC_PASS] = 0, [DMARC_FAIL] = 4, [DMARC_TEMPERROR] = 3, [DMARC_PERMERROR] = 2
	};

	return weight[a->result] != weight[b->result] ? weight[a->result] > weight[b->result] : a->policy > b->policy;
}

static struct identifier identifier(struct check *c, struct str domain, bool pass, bool temperror)
{
	struct str shown = arena_lower(c->run.a, vouch_shown(domain, SHOWN_MAX, c->run.a));

	return (struct identifier){ .domain = shown, .pass = pass, .temperror = temperror && !pass };
}

static void take_identifiers(struct check *c)
{
	const struct dmarc_question *q = c->q;

	c->spf = identifier(c, q->spf_domain, q->spf_pass, q->spf_temperror);
	c->dkim = arena_alloc(c->run.a, (q->dkim_n + 1) * sizeof(*c->dkim));
	for (size_t i = 0; i < q->dkim_n; i++)
		c->dkim[i] = identifier(c, q->dkim[i].domain, q->dkim[i].pass, q->dkim[i].temperror);
}

/* 11.5: a message of several authors, or with a From that nobody can be sure of, does not pass. */
static void doubt(struct dmarc *d, const struct authors *authors, struct arena *a)
{
	d->from = authors->why;
	if (authors->why == NULL || (authors->n == 1 && !authors->more))
		return;
	if (d->result == DMARC_PASS || d->result == DMARC_NONE) {
		d->result = DMARC_PERMERROR;
		d->why = str_of(authors->why);
	} else {
		d->why = arena_fmt(a, "%s; %.*s", authors->why, STR_ARG(d->why));
	}
}

void dmarc_check(const struct vouch_ask *ask, const struct dmarc_question *q, struct arena *a, struct dmarc *out)
{
	struct check c = { .run = { .ask = ask, .a = a, .deadline = q->deadline }, .q = q };
	struct authors authors;
	struct dmarc one;

	*out = (struct dmarc){ .result = DMARC_PASS, .pct = -1 };
	authors_read(q->from, q->from_n, a, &authors);
	take_identifiers(&c);
	dmarc_walk_ask(&c.run, authors.domain, authors.n);
	for (size_t i = 0; i < authors.n; i++) {
		judge(&c, authors.domain[i], &one);
		if (i == 0 || is_worse(&one, out))
			*out = one;
	}
	if (authors.n == 0)
		out->dkim_aligned = arena_alloc(a, (q->dkim_n + 1) * sizeof(*out->dkim_aligned));
	doubt(out, &authors, a);
}
