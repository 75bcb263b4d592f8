#include "gate/facts_inside.h"

#include <string.h>
#include "base/clock.h"
#include "gate/vouched.h"

/* Answers, bytes of them, ms since the first; when there are more, all are forgotten and asked for again. */
enum { KEPT_MAX = 512, KEPT_BYTES_MAX = 1 << 20, KEPT_FOR = 60 * 1000 };

/* What may be another under another policy, and of another sender. */
static const unsigned of_policy = NEEDS(FACT_DNSWL) | NEEDS(FACT_DNSBL) | NEEDS(FACT_RHSWL_RDNS) |
				  NEEDS(FACT_RHSBL_RDNS) | NEEDS(FACT_RHSWL_SENDER) | NEEDS(FACT_RHSBL_SENDER) |
				  NEEDS(FACT_DNSBL_TEXT) | NEEDS(FACT_RHSBL_RDNS_TEXT) | NEEDS(FACT_RHSBL_SENDER_TEXT);
static const unsigned of_sender = NEEDS(FACT_SENDER_LOCAL) | NEEDS(FACT_SENDER_MX) | NEEDS(FACT_RHSWL_SENDER) |
				  NEEDS(FACT_RHSBL_SENDER) | NEEDS(FACT_RHSBL_SENDER_TEXT);

static void forget(struct facts *f, unsigned which)
{
	for (int i = 0; i < FACTS; i++)
		if (which & NEEDS(i))
			f->at[i] = (struct fact_state){ .status = FACT_UNKNOWN };
}

void facts_clear(struct facts *f)
{
	arena_clear(&f->kept);
	f->answers = NULL;
	f->nanswers = f->room = 0;
}

bool facts_known(const struct facts *f, unsigned needs)
{
	for (int i = 0; i < FACTS; i++)
		if ((needs & NEEDS(i)) && f->at[i].status == FACT_UNKNOWN)
			return false;
	return true;
}

void facts_know(struct facts *f, enum fact fact)
{
	f->at[fact].status = FACT_KNOWN;
}

void facts_fail(struct facts *f, enum fact fact, struct str why)
{
	struct arena *a = (of_policy | of_sender) & NEEDS(fact) ? &f->kept : f->mem;

	f->at[fact].status = FACT_FAILED;
	f->at[fact].why = arena_str(a, why.n > 0 ? why : STR("DNS gave no answer"));
}

/* ---- questions and answers ---- */

static const struct dns_question *among(const struct dns_question *q, size_t n, struct str name, int type)
{
	for (size_t i = 0; i < n; i++)
		if (q[i].type == type && str_eq(q[i].name, name))
			return &q[i];
	return NULL;
}

const struct dns_question *facts_answer(const struct facts *f, struct str name, int type)
{
	const struct dns_question *found = among(f->answers, f->nanswers, name, type);

	MUST(found != NULL);
	return found;
}

static void put(struct dns_question **q, size_t *n, size_t *room, struct dns_question one, struct arena *a)
{
	if (*n == *room) {
		*room = *n > 0 ? 2 * *n : 16;
		*q = arena_grow(a, *q, *n, *room, sizeof(**q));
	}
	(*q)[(*n)++] = one;
}

static void keep(struct facts *f, struct dns_question q)
{
	if (f->nanswers == 0)
		f->since = clock_mono();
	put(&f->answers, &f->nanswers, &f->room, q, &f->kept);
}

void wave_want(struct wave *w, struct str name, int type)
{
	struct facts *f = w->f;
	struct dns_question q = { .name = name, .type = type };

	if (among(f->answers, f->nanswers, name, type) != NULL || among(w->q, w->n, name, type) != NULL)
		return;
	q.name = arena_str(&f->kept, name);
	put(&w->q, &w->n, &w->room, q, &f->kept);
}

int64_t facts_left(const struct facts *f, enum dns_share of)
{
	static const int64_t eighths[SHARES] = {
		[SHARE_NAMES] = 4, [SHARE_SPF] = 2, [SHARE_KEYS] = 1, [SHARE_DMARC] = 1
	};
	int64_t left = f->policy->dns_deadline * eighths[of] / 8 - f->waited[of];

	return left > 0 ? left : 0;
}

void facts_spend(struct facts *f, enum dns_share of, int64_t ms)
{
	f->waited[of] += ms;
}

/* Ask the wave, for half of the time that is left: who is silent takes only its own facts along.  How long it took. */
static int64_t ask(struct wave *w)
{
	struct facts *f = w->f;
	int64_t began = clock_mono(), ms;

	for (size_t i = 0; f->recall != NULL && i < w->n; i++)
		f->recall(f, &w->q[i]);
	if (w->n > 0 && f->recall == NULL)
		dns_ask_all(f->dns, w->q, w->n, &f->kept, deadline_in(facts_left(f, SHARE_NAMES) / 2));
	ms = clock_mono() - began;
	facts_spend(f, SHARE_NAMES, ms);
	for (size_t i = 0; i < w->n; i++)
		keep(f, w->q[i]);
	return ms;
}

static bool full(const struct facts *f)
{
	return f->nanswers > KEPT_MAX || f->kept.total > KEPT_BYTES_MAX;
}

static void copy_answer(struct dns_question *to, const struct dns_question *from, struct arena *a)
{
	*to = (struct dns_question){ .name = to->name,
				     .type = to->type,
				     .status = from->status,
				     .secure = from->secure,
				     .nowhere = from->nowhere,
				     .rdata = arena_alloc(a, (from->n + 1) * sizeof(*to->rdata)),
				     .n = from->n,
				     .canonical = arena_str(a, from->canonical),
				     .why = arena_str(a, from->why) };
	for (size_t i = 0; i < from->n; i++)
		to->rdata[i] = arena_str(a, from->rdata[i]);
}

static void keep_copy(struct facts *f, const struct dns_question *q)
{
	struct dns_question own = { .name = arena_str(&f->kept, q->name), .type = q->type };

	copy_answer(&own, q, &f->kept);
	keep(f, own);
}

void facts_ask(struct facts *f, struct dns_question *q, size_t n, struct arena *a, int64_t deadline)
{
	struct dns_question *open = arena_alloc(a, (n + 1) * sizeof(*open));
	size_t *whose = arena_alloc(a, (n + 1) * sizeof(*whose)), m = 0;

	for (size_t i = 0; i < n; i++) {
		const struct dns_question *known = among(f->answers, f->nanswers, q[i].name, q[i].type);

		if (known != NULL && known->status != DNS_FAILED) {
			copy_answer(&q[i], known, a);
			continue;
		}
		whose[m] = i;
		open[m++] = q[i];
	}
	dns_ask_all(f->dns, open, m, a, deadline);
	for (size_t i = 0; i < m; i++) {
		q[whose[i]] = open[i];
		if (open[i].status != DNS_FAILED && !full(f))
			keep_copy(f, &open[i]);
	}
}

/* ---- waves ---- */

/* The first fact that s is asked after and that could not be had, or NULL. */
static const struct fact_state *lost(const struct facts *f, const struct source *s)
{
	for (int i = 0; i < FACTS; i++)
		if ((s->after & NEEDS(i)) && f->at[i].status == FACT_FAILED)
			return &f->at[i];
	return NULL;
}

/* Put what s needs into the wave: 1; 0 when it is not its turn, -1 when it is settled without. */
static int join(const struct source *s, unsigned needs, struct wave *w)
{
	struct facts *f = w->f;

	if (!(needs & NEEDS(s->fact)) || f->at[s->fact].status != FACT_UNKNOWN || !facts_known(f, s->after))
		return 0;
	if (lost(f, s) != NULL) {
		facts_fail(f, s->fact, lost(f, s)->why);
		return -1;
	}
	s->ask(s, w);
	return 1;
}

/* All that can be asked now, at once: true when something was settled. */
static bool wave(struct facts *f, unsigned needs)
{
	const struct source *asked[FACTS];
	struct wave w = { .f = f };
	int64_t ms;
	size_t n = 0;
	bool settled = false;

	for (size_t i = 0; i < facts_nsources; i++) {
		int turn = join(&facts_sources[i], needs, &w);

		settled = settled || turn != 0;
		if (turn > 0)
			asked[n++] = &facts_sources[i];
	}
	ms = ask(&w);
	for (size_t i = 0; i < n; i++) {
		f->at[asked[i]->fact].ms = ms;
		asked[i]->take(asked[i], f);
		MUST(f->at[asked[i]->fact].status != FACT_UNKNOWN);
	}
	return settled;
}

void facts_settle(struct facts *f)
{
	if (f->found_under == f->policy)
		return;
	forget(f, of_policy);
	f->found_under = f->policy;
}

void facts_under(struct facts *f, const struct policy *p)
{
	f->policy = p;
	facts_settle(f);
}

/* Those of them, and what they are asked after, that have a source and are not known. */
static unsigned open_among(const struct facts *f, unsigned needs)
{
	unsigned open = 0;

	for (size_t i = facts_nsources; i-- > 0;)
		if (needs & NEEDS(facts_sources[i].fact)) {
			needs |= facts_sources[i].after;
			if (f->at[facts_sources[i].fact].status == FACT_UNKNOWN)
				open |= NEEDS(facts_sources[i].fact);
		}
	return open;
}

void facts_gather(struct facts *f, unsigned needs)
{
	unsigned open;

	facts_settle(f);
	if (full(f) || (f->nanswers > 0 && clock_mono() - f->since > KEPT_FOR)) {
		forget(f, of_policy | of_sender);
		facts_clear(f);
	}
	open = open_among(f, needs);
	/* The accounts answer at once: what is asked because of it can then go out with all the rest. */
	if (open & NEEDS(FACT_SENDER_LOCAL))
		wave(f, NEEDS(FACT_SENDER_LOCAL));
	while (open != 0 && wave(f, open))
		continue;
	vouched_gather(f, needs);
	if (needs & NEEDS(FACT_GRAYLIST))
		facts_ask_graylist(f);
}

/* ---- what the session puts in ---- */

void facts_set_sender(struct facts *f, struct str key)
{
	f->sender = key;
	forget(f, of_sender);
}

struct str facts_sender_domain(const struct facts *f)
{
	return str_skip(f->sender, (size_t)(str_rchr(f->sender, '@') + 1));
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

const struct listed *facts_listed(const struct facts *f, enum fact list)
{
	MUST(list >= FACT_DNSWL && list <= FACT_RHSBL_SENDER);
	return &f->listed[list - FACT_DNSWL];
}
