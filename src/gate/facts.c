#include "gate/facts.h"

#include "base/clock.h"

enum { QUESTIONS = 2 }; /* of one fact, at most */

/* One costly fact: the questions that it is, and how the answers become the fact. */
struct source {
	enum fact fact;
	unsigned after; /* facts that must be known before it can be asked */
	/* How many questions; 0: it follows from what is known. */
	size_t (*ask)(const struct facts *f, struct dns_question q[QUESTIONS]);
	/* Every question has an answer, or one of them found something; n is 0 when none was needed. */
	void (*take)(struct facts *f, const struct dns_question *q, size_t n);
};

static size_t ask_rdns(const struct facts *f, struct dns_question q[QUESTIONS])
{
	q[0] = (struct dns_question){ .name = dns_reverse_name(f->ip, f->mem), .type = DNS_PTR };
	return 1;
}

/* An address may have several names: the first that is one at all. */
static void take_rdns(struct facts *f, const struct dns_question *q, size_t n)
{
	(void)n;
	for (size_t i = 0; i < q->n && f->rdns.n == 0; i++)
		f->rdns = dns_name_of(q->rdata[i], f->mem);
}

static bool is_localhost(const struct facts *f)
{
	return str_eqz(f->rdns, "localhost");
}

static size_t ask_resolves(const struct facts *f, struct dns_question q[QUESTIONS])
{
	if (f->rdns.n == 0 || is_localhost(f))
		return 0;
	q[0] = (struct dns_question){ .name = f->rdns, .type = DNS_A };
	q[1] = (struct dns_question){ .name = f->rdns, .type = DNS_AAAA };
	return 2;
}

static void take_resolves(struct facts *f, const struct dns_question *q, size_t n)
{
	f->rdns_resolves = is_localhost(f) && (str_eqz(f->ip, "127.0.0.1") || str_eqz(f->ip, "::1"));
	for (size_t i = 0; i < n; i++)
		f->rdns_resolves = f->rdns_resolves || q[i].status == DNS_FOUND;
}

/* What is asked after something stands behind it. */
static const struct source sources[] = {
	{ FACT_RDNS, 0, ask_rdns, take_rdns },
	{ FACT_RDNS_RESOLVES, NEEDS(FACT_RDNS), ask_resolves, take_resolves },
};

/* One source in a wave of questions. */
struct asked {
	const struct source *source;
	size_t at, n; /* its questions */
};

bool facts_known(const struct facts *f, unsigned needs)
{
	for (int i = 0; i < FACTS; i++)
		if ((needs & NEEDS(i)) && f->at[i].status == FACT_UNKNOWN)
			return false;
	return true;
}

static void fail(struct facts *f, enum fact fact, struct str why)
{
	f->at[fact].status = FACT_FAILED;
	f->at[fact].why = arena_str(f->mem, why.n > 0 ? why : STR("DNS gave no answer"));
}

/* One answer that found something is enough; else a question without an answer leaves it unknown. */
static void take(struct facts *f, const struct asked *x, const struct dns_question *q, int64_t ms)
{
	const struct dns_question *failed = NULL;
	bool found = false;

	for (size_t i = 0; i < x->n; i++) {
		found = found || q[i].status == DNS_FOUND;
		if (q[i].status == DNS_FAILED)
			failed = &q[i];
	}
	f->at[x->source->fact].ms = ms;
	if (failed != NULL && !found) {
		fail(f, x->source->fact, failed->why);
		return;
	}
	f->at[x->source->fact].status = FACT_KNOWN;
	x->source->take(f, q, x->n);
}

/* The first fact that s is asked after and that could not be had, or NULL. */
static const struct fact_state *lost(const struct facts *f, const struct source *s)
{
	for (int i = 0; i < FACTS; i++)
		if ((s->after & NEEDS(i)) && f->at[i].status == FACT_FAILED)
			return &f->at[i];
	return NULL;
}

/* All that can be asked now, at once: how many facts are settled by it. */
static size_t wave(struct facts *f, unsigned needs)
{
	struct dns_question q[QUESTIONS * COUNT(sources)];
	struct asked asked[COUNT(sources)];
	int64_t began = clock_mono(), left = f->policy->dns_deadline - f->waited, ms;
	size_t n = 0, nq = 0, settled = 0;

	for (size_t i = 0; i < COUNT(sources); i++) {
		const struct source *s = &sources[i];

		if (!(needs & NEEDS(s->fact)) || f->at[s->fact].status != FACT_UNKNOWN || !facts_known(f, s->after))
			continue;
		settled++;
		if (lost(f, s) != NULL) {
			fail(f, s->fact, lost(f, s)->why);
			continue;
		}
		asked[n] = (struct asked){ s, nq, s->ask(f, &q[nq]) };
		nq += asked[n++].n;
	}
	if (nq > 0)
		dns_ask_all(f->dns, q, nq, f->mem, deadline_in(left > 0 ? left : 0));
	ms = clock_mono() - began;
	f->waited += ms;
	for (size_t i = 0; i < n; i++)
		take(f, &asked[i], &q[asked[i].at], ms);
	return settled;
}

void facts_gather(struct facts *f, unsigned needs)
{
	for (size_t i = COUNT(sources); i-- > 0;)
		if (needs & NEEDS(sources[i].fact))
			needs |= sources[i].after;
	while (wave(f, needs) > 0)
		continue;
	if (needs & NEEDS(FACT_GRAYLIST))
		facts_ask_graylist(f);
}

void facts_set_recipient(struct facts *f, enum resolved found, int64_t ms)
{
	f->recipient = found;
	f->at[FACT_RECIPIENT] = (struct fact_state){ .status = FACT_KNOWN, .ms = ms };
	if (found == RESOLVED_TEMPORARY) {
		f->at[FACT_RECIPIENT].status = FACT_FAILED;
		f->at[FACT_RECIPIENT].why = STR("the accounts could not be asked");
	}
}

void facts_forget_recipient(struct facts *f)
{
	f->at[FACT_RECIPIENT] = f->at[FACT_GRAYLIST] = (struct fact_state){ .status = FACT_UNKNOWN };
}
