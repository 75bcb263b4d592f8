#include "gate/facts.h"

#include "base/clock.h"

/* One costly fact: the question that it is, and how the answer becomes the fact. */
struct source {
	enum fact fact;
	struct dns_question (*ask)(const struct facts *f);
	void (*take)(struct facts *f, const struct dns_question *q);
};

static struct dns_question ask_rdns(const struct facts *f)
{
	return (struct dns_question){ .name = dns_reverse_name(f->ip, f->mem), .type = DNS_PTR };
}

/* An address may have several names: the first that is one at all. */
static void take_rdns(struct facts *f, const struct dns_question *q)
{
	for (size_t i = 0; i < q->n && f->rdns.n == 0; i++)
		f->rdns = dns_name_of(q->rdata[i], f->mem);
}

static const struct source sources[] = {
	{ FACT_RDNS, ask_rdns, take_rdns },
};

bool facts_known(const struct facts *f, unsigned needs)
{
	for (int i = 0; i < FACTS; i++)
		if ((needs & NEEDS(i)) && f->at[i].status == FACT_UNKNOWN)
			return false;
	return true;
}

static void take(struct facts *f, const struct source *s, const struct dns_question *q, int64_t ms)
{
	struct fact_state *at = &f->at[s->fact];

	at->ms = ms;
	if (q->status == DNS_FAILED) {
		at->status = FACT_FAILED;
		at->why = arena_str(f->mem, q->why.n > 0 ? q->why : STR("DNS gave no answer"));
		return;
	}
	at->status = FACT_KNOWN;
	s->take(f, q);
}

void facts_gather(struct facts *f, unsigned needs)
{
	struct dns_question q[COUNT(sources)];
	const struct source *whose[COUNT(sources)];
	int64_t began = clock_mono(), left = f->policy->dns_deadline - f->waited;
	size_t n = 0;

	for (size_t i = 0; i < COUNT(sources); i++) {
		const struct source *s = &sources[i];

		if (!(needs & NEEDS(s->fact)) || f->at[s->fact].status != FACT_UNKNOWN)
			continue;
		q[n] = s->ask(f);
		whose[n++] = s;
	}
	if (n == 0)
		return;
	dns_ask_all(f->dns, q, n, f->mem, deadline_in(left > 0 ? left : 0));
	f->waited += clock_mono() - began;
	for (size_t i = 0; i < n; i++)
		take(f, whose[i], &q[i], clock_mono() - began);
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
	f->at[FACT_RECIPIENT] = (struct fact_state){ .status = FACT_UNKNOWN };
}
