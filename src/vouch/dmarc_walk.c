#include "vouch/dmarc_walk.h"

#include <libpsl.h>
#include "dns/name.h"
#include "vouch/text.h"

static size_t count_labels(struct str domain)
{
	size_t n = 1;

	for (size_t i = 0; i < domain.n; i++)
		n += domain.p[i] == '.';
	return n;
}

/* The last n labels. */
static struct str last_labels(struct str domain, size_t n)
{
	struct str label;

	for (size_t labels = count_labels(domain); labels > n; labels--)
		str_cut(domain, STR("."), &label, &domain);
	return domain;
}

/* The domain's parents as the walk visits them: step 4 leaves seven labels of a longer name. */
static size_t steps_of(struct str domain, struct str names[DMARC_STEPS_MAX])
{
	size_t labels = count_labels(domain), n = 0;

	names[n++] = domain;
	while (labels > 1) {
		labels = labels < DMARC_STEPS_MAX ? labels - 1 : DMARC_STEPS_MAX - 1;
		names[n++] = last_labels(domain, labels);
	}
	return n;
}

static struct dns_question *find(struct dmarc_run *r, struct str name)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_ieq(r->asked[i].name, name))
			return &r->asked[i];
	return NULL;
}

static struct str record_name(struct dmarc_run *r, struct str domain)
{
	return arena_fmt(r->a, "_dmarc.%.*s", STR_ARG(domain));
}

static void add_question(struct dmarc_run *r, struct str name)
{
	if (find(r, name) != NULL)
		return;
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 4 * DMARC_STEPS_MAX : 2 * r->cap;
		r->asked = arena_grow(r->a, r->asked, r->n, r->cap, sizeof(*r->asked));
	}
	r->asked[r->n++] = (struct dns_question){ .name = name, .type = DNS_TXT, .status = DNS_NONE };
}

void dmarc_walk_ask(struct dmarc_run *r, const struct str *domains, size_t n)
{
	struct str names[DMARC_STEPS_MAX];
	size_t before = r->n;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0, steps = steps_of(domains[i], names); k < steps; k++)
			if (dns_name_ok(names[k]) && names[k].n + 7 <= DNS_NAME_TEXT_MAX)
				add_question(r, record_name(r, names[k]));
	if (r->n > before)
		r->ask->all(r->ask->with, r->asked + before, r->n - before, r->a, r->deadline);
}

/* 4.10 step 2: of several records none counts. */
static struct dmarc_step read_step(struct dmarc_run *r, struct str domain)
{
	struct dmarc_step s = { .domain = domain };
	struct dns_question *q = find(r, record_name(r, domain));
	size_t found = 0;

	if (q == NULL)
		return s;
	s.failed = q->status == DNS_FAILED;
	s.why = q->why;
	for (size_t i = 0; q->status == DNS_FOUND && i < q->n; i++) {
		struct str txt = vouch_txt(q->rdata[i], r->a);

		if (dmarc_record_is(txt) && found++ == 0)
			s.record = dmarc_record_read(txt);
	}
	s.has = found == 1;
	return s;
}

static bool is_top(struct str domain)
{
	return str_chr(domain, '.') < 0;
}

static void take_step(struct dmarc_walk *w, struct dmarc_step s)
{
	if (is_top(s.domain) && s.record.psd != 'y' && s.record.psd != 'n')
		s.has = false;
	if (is_top(s.domain) && w->n > 0)
		s.failed = false;
	w->failed = w->failed || s.failed;
	w->found = w->found || s.has;
	w->psd = w->psd || (s.has && s.record.psd != 'u');
	w->step[w->n++] = s;
}

/* 4.10.2 */
static struct str organization_of(const struct dmarc_walk *w)
{
	struct str domain = w->step[0].domain, last = domain;

	for (size_t i = 0; i < w->n; i++) {
		const struct dmarc_step *s = &w->step[i];

		if (!s->has)
			continue;
		if (s->record.psd == 'n')
			return s->domain;
		if (s->record.psd == 'y' && i > 0)
			return last_labels(domain, count_labels(s->domain) + 1);
		last = s->domain;
	}
	return last;
}

/* 4.10.1: of the domain itself, else of its organization, else of the public suffix above that */
static const struct dmarc_step *policy_of(const struct dmarc_walk *w)
{
	const struct dmarc_step *end = &w->step[w->n - 1];

	if (w->step[0].has)
		return &w->step[0];
	for (size_t i = 1; i < w->n; i++)
		if (w->step[i].has && str_ieq(w->step[i].domain, w->organization))
			return &w->step[i];
	return end->has && end->record.psd == 'y' ? end : NULL;
}

void dmarc_walk_from(struct dmarc_run *r, struct str domain, struct dmarc_walk *out)
{
	struct str names[DMARC_STEPS_MAX];
	size_t n = steps_of(domain, names);

	*out = (struct dmarc_walk){ 0 };
	for (size_t i = 0; i < n; i++) {
		take_step(out, read_step(r, names[i]));
		if (out->psd)
			break;
	}
	out->organization = organization_of(out);
	out->policy = policy_of(out);
}

struct str dmarc_listed(struct str domain, struct arena *a)
{
	return str_of(psl_registrable_domain(psl_builtin(), arena_z(a, domain)));
}
