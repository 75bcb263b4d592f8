#include "gate/vouched.h"

#include "base/clock.h"
#include "mail/field.h"
#include "vouch/results.h"

/* ms of one step, where nothing is refused by what it finds */
enum { MARK_PATIENCE = 2000 };

static bool wanted(const struct str *option)
{
	return !str_eqz(*option, "off");
}

static bool may_be_asked(const struct facts *f)
{
	return f->vouched != NULL && !f->authenticated;
}

static void through_facts(void *with, struct dns_question *q, size_t n, struct arena *a, int64_t deadline)
{
	facts_ask(with, q, n, a, deadline);
}

void vouched_begin(struct vouched *v, struct facts *f, struct arena *a)
{
	*v = (struct vouched){ .mem = a, .ask = { through_facts, f } };
	f->vouched = v;
	f->at[FACT_SPF] = f->at[FACT_SIGNATURES] = f->at[FACT_DMARC] = (struct fact_state){ FACT_UNKNOWN };
}

void vouched_clear(struct vouched *v)
{
	if (v->begun)
		signatures_clear(&v->signatures);
	v->begun = false;
}

void vouched_header(struct facts *f, struct str header, int64_t now)
{
	const struct conf_gate *set = &f->policy->set;
	struct vouched *v = f->vouched;

	if (!may_be_asked(f) || v->begun || (!wanted(&set->dkim) && !wanted(&set->arc) && !wanted(&set->dmarc)))
		return;
	signatures_begin(&v->signatures, v->mem, header, now);
	v->header = header;
	v->begun = true;
}

void vouched_body(struct facts *f, struct str piece)
{
	if (f->vouched != NULL && f->vouched->begun)
		signatures_body(&f->vouched->signatures, piece);
}

/* What is waited is counted by `spent`.  A mark in the header is not worth a long wait. */
static int64_t until(const struct facts *f, enum dns_share of)
{
	const struct conf_gate *set = &f->policy->set;
	bool marks =
	    !str_eqz(set->spf, "reject") && !str_eqz(set->dmarc, "reject") && !str_eqz(set->dmarc, "quarantine");
	int64_t left = facts_left(f, of);

	return deadline_in(marks && left > MARK_PATIENCE ? MARK_PATIENCE : left);
}

static void spent(struct facts *f, enum fact fact, enum dns_share of, int64_t began)
{
	f->at[fact].ms = clock_mono() - began;
	f->at[fact].status = FACT_KNOWN;
	facts_spend(f, of, f->at[fact].ms);
}

static void ask_spf(struct facts *f)
{
	struct vouched *v = f->vouched;
	int64_t began = clock_mono();

	v->spf_question = (struct spf_question){ f->ip, f->helo, f->sender, f->host, until(f, SHARE_SPF) };
	spf_check(&v->ask, &v->spf_question, v->mem, &v->spf);
	spent(f, FACT_SPF, SHARE_SPF, began);
	if (v->spf.result == SPF_TEMPERROR) {
		f->at[FACT_SPF].status = FACT_FAILED;
		f->at[FACT_SPF].why = v->spf.why;
	}
}

/* The values of all From fields, of however many fields. */
static struct str *authors(const struct vouched *v, size_t *n)
{
	struct str rest = v->header, name, value, *list = NULL;
	size_t room = 0;

	*n = 0;
	while (rest.n > 0) {
		if (!str_cut(field_raw(&rest), STR(":"), &name, &value) || !str_ieq(str_trim(name), STR("From")))
			continue;
		if (*n == room) {
			room = 2 * room + 4;
			list = arena_grow(v->mem, list, *n, room, sizeof(*list));
		}
		list[(*n)++] = value;
	}
	return list;
}

static void ask_dmarc(struct facts *f)
{
	struct vouched *v = f->vouched;
	const struct dkim *d = &v->signatures.dkim;
	struct dmarc_signature *signatures = arena_alloc(v->mem, (d->n + 1) * sizeof(*signatures));
	struct dmarc_question q = { .dkim = signatures, .dkim_n = d->n };
	int64_t began = clock_mono();

	for (size_t i = 0; i < d->n; i++)
		/* A key in testing vouches for nothing (RFC 6376 3.6.1). */
		signatures[i] =
		    (struct dmarc_signature){ d->list[i].domain, d->list[i].result == DKIM_PASS && !d->list[i].testing,
					      d->list[i].result == DKIM_TEMPERROR };
	q.from = authors(v, &q.from_n);
	if (f->at[FACT_SPF].status == FACT_KNOWN) {
		q.spf_pass = v->spf.result == SPF_PASS;
		q.spf_domain = v->spf.domain;
	}
	q.spf_temperror = f->at[FACT_SPF].status == FACT_FAILED;
	q.deadline = until(f, SHARE_DMARC);
	dmarc_check(&v->ask, &q, v->mem, &v->dmarc);
	spent(f, FACT_DMARC, SHARE_DMARC, began);
	if (v->dmarc.result == DMARC_TEMPERROR) {
		f->at[FACT_DMARC].status = FACT_FAILED;
		f->at[FACT_DMARC].why = v->dmarc.why;
	}
}

void vouched_gather(struct facts *f, unsigned needs)
{
	if (!may_be_asked(f))
		return;
	if (needs & NEEDS(FACT_DMARC))
		needs |= NEEDS(FACT_SPF);
	if (needs & NEEDS(FACT_SPF) && f->at[FACT_SPF].status == FACT_UNKNOWN)
		ask_spf(f);
	if (needs & NEEDS(FACT_DMARC) && f->at[FACT_DMARC].status == FACT_UNKNOWN &&
	    f->at[FACT_SIGNATURES].status == FACT_KNOWN)
		ask_dmarc(f);
}

void vouched_end(struct facts *f)
{
	int64_t began = clock_mono();

	if (f->vouched == NULL || !f->vouched->begun || f->at[FACT_SIGNATURES].status != FACT_UNKNOWN)
		return;
	signatures_end(&f->vouched->signatures, &f->vouched->ask, until(f, SHARE_KEYS));
	spent(f, FACT_SIGNATURES, SHARE_KEYS, began);
}

void vouched_complete(struct facts *f)
{
	const struct conf_gate *set = &f->policy->set;

	vouched_gather(f, (wanted(&set->spf) ? NEEDS(FACT_SPF) : 0) | (wanted(&set->dmarc) ? NEEDS(FACT_DMARC) : 0));
}

/* ---- the header field ---- */

static void put_signatures(struct results *r, const struct facts *f)
{
	const struct signatures *s = &f->vouched->signatures;

	for (size_t i = 0; i < s->dkim.n; i++) {
		const struct dkim_signature *d = &s->dkim.list[i];

		results_signature(r, &(struct results_signature){ dkim_word(d->result), d->why, d->domain, d->selector,
								  d->identity, d->b });
	}
	if (s->dkim.total == 0)
		results_method(r, "dkim", "none");
}

static void put_arc(struct results *r, const struct facts *f)
{
	const struct arc *arc = &f->vouched->signatures.arc;

	if (arc->result == ARC_NONE)
		return;
	results_method(r, "arc", arc_word(arc->result));
	results_reason(r, arc->why);
	if (arc->result == ARC_PASS) {
		struct str oldest = arena_fmt(f->vouched->mem, "%u", arc->oldest_pass);

		results_property(r, "header.oldest-pass", oldest);
	}
	results_property(r, "smtp.remote-ip", f->ip);
}

static bool asked(const struct facts *f, enum fact fact)
{
	return f->at[fact].status != FACT_UNKNOWN;
}

/* Who logged in is told to the recipients only where the sender's address tells it anyway. */
static void put_login(struct results *r, const struct facts *f)
{
	if (str_ieq(f->user, f->sender))
		results_login(r, f->user);
	else
		results_method(r, "auth", "pass");
}

void vouched_put(const struct facts *f, struct str host, struct buf *out)
{
	const struct conf_gate *set = &f->policy->set;
	struct results r;

	if (!f->authenticated && f->vouched == NULL)
		return;
	r = results_begin(out, host);
	if (f->authenticated) {
		put_login(&r, f);
	} else {
		if (wanted(&set->spf) && asked(f, FACT_SPF))
			results_spf(&r, &f->vouched->spf_question, &f->vouched->spf);
		if (wanted(&set->dkim) && asked(f, FACT_SIGNATURES))
			put_signatures(&r, f);
		if (wanted(&set->arc) && asked(f, FACT_SIGNATURES))
			put_arc(&r, f);
		if (wanted(&set->dmarc) && asked(f, FACT_DMARC))
			results_dmarc(&r, &f->vouched->dmarc);
	}
	results_end(&r);
}

static bool disowned(struct str field, struct str host)
{
	struct str name, value;
	enum results_claim c;

	if (!str_cut(field, STR(":"), &name, &value))
		return false;
	c = results_claims(str_trim(name), value, host);
	return c == RESULTS_OURS || c == RESULTS_MALFORMED;
}

bool vouched_disown(struct str header, struct str host, struct buf *out)
{
	struct str rest = header;
	bool found = false;

	/* Hardly any message has one: it is looked for before anything is copied. */
	while (rest.n > 0 && !found)
		found = disowned(field_raw(&rest), host);
	while (header.n > 0 && found) {
		struct str field = field_raw(&header);

		if (!disowned(field, host))
			buf_addstr(out, field);
	}
	return found;
}
