/* What came of DKIM and ARC, as findings: they decide nothing by themselves, and the ledger tells them all the same. */
#include "gate/gate.h"
#include "gate/vouched.h"

enum { TOLD_MAX = 4 }; /* signatures in words; the others are counted */

const struct filter vouched_dkim = { .name = "dkim", .at = AT_DATA, .doc = "Verify the signatures of DKIM." };
const struct filter vouched_arc = { .name = "arc", .at = AT_DATA, .doc = "Verify the chain of ARC." };

/* "pass for a.example (s1)", "fail for b.example (s2): the body has changed" */
static void put_signature(struct buf *b, const struct dkim_signature *d)
{
	buf_fmt(b, "%s for %.*s", dkim_word(d->result), STR_ARG(d->domain.n > 0 ? d->domain : STR("no domain")));
	if (d->selector.n > 0)
		buf_fmt(b, " (%.*s)", STR_ARG(d->selector));
	if (d->testing)
		buf_adds(b, ", a key in testing");
	if (d->why.n > 0)
		buf_fmt(b, ": %.*s", STR_ARG(d->why));
}

static struct str dkim_told(const struct dkim *d, struct arena *a)
{
	size_t n = d->n < TOLD_MAX ? d->n : TOLD_MAX;
	BUF(b);

	for (size_t i = 0; i < n; i++) {
		buf_adds(&b, i > 0 ? "; " : "");
		put_signature(&b, &d->list[i]);
	}
	if (d->total > n)
		buf_fmt(&b, "; and %zu more", d->total - n);
	return arena_str(a, buf_str(&b));
}

static struct str arc_told(const struct arc *c, struct arena *a)
{
	if (c->why.n == 0)
		return arena_fmt(a, "%s, %u sets", arc_word(c->result), c->n);
	return arena_fmt(a, "%s, %u sets: %.*s", arc_word(c->result), c->n, STR_ARG(c->why));
}

size_t vouched_findings(const struct facts *f, struct arena *a, struct finding out[VOUCHED_FINDINGS])
{
	const struct conf_gate *set = &f->policy->set;
	const struct vouched *v = f->vouched;
	struct finding told = { .found = FOUND_PASSED, .ms = f->at[FACT_SIGNATURES].ms, .noted = true };
	size_t n = 0;

	if (v == NULL || f->at[FACT_SIGNATURES].status != FACT_KNOWN)
		return 0;
	if (!str_eqz(set->dkim, "off") && v->signatures.dkim.total > 0) {
		told.filter = &vouched_dkim;
		told.seen = dkim_told(&v->signatures.dkim, a);
		out[n++] = told;
	}
	if (!str_eqz(set->arc, "off") && v->signatures.arc.result != ARC_NONE) {
		told.filter = &vouched_arc;
		told.seen = arc_told(&v->signatures.arc, a);
		out[n++] = told;
	}
	return n;
}
