/* What the gate says to what is recorded. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/replay_inside.h"

enum { ASK_MS = 5000 };

static int read_rules(const struct conf *c, struct rules *out, struct err *e)
{
	BUF(packed);

	return policy_check(c, e) < 0 || rules_pack(c, &packed, e) < 0 ? -1 : rules_read(c, &packed, out, e);
}

struct replay_gate *replay_gate_new(const struct conf *conf, const struct conf *was, struct ipc_client *lookup,
				    struct err *e)
{
	static const struct conf_port none;
	struct replay_gate *g = mem_alloc(sizeof(*g));

	g->conf = conf;
	g->lookup = lookup;
	if (read_rules(conf, &g->rules, e) < 0 || (was != NULL && read_rules(was, &g->was_rules, e) < 0)) {
		replay_gate_free(g);
		return NULL;
	}
	g->was = was;
	if (was != NULL)
		policy_of(was, &none, &g->was_rules.lists, &g->was_policy);
	g->policies = mem_alloc((conf->nports + 1) * sizeof(*g->policies));
	for (size_t i = 0; i <= conf->nports; i++)
		policy_of(conf, i < conf->nports ? &conf->ports[i] : &none, &g->rules.lists, &g->policies[i]);
	return g;
}

void replay_gate_free(struct replay_gate *g)
{
	facts_clear(&g->facts);
	rules_clear(&g->rules);
	rules_clear(&g->was_rules);
	free(g->policies);
	free(g);
}

/* What the check of that name lacks, in words. */
static const char *missing(const char *filter)
{
	static const struct {
		const char *filter, *fact;
	} rows[] = {
		{ "rbl-match", "whether the address is on a blacklist in DNS" },
		{ "dns-whitelist", "whether the address is on a whitelist in DNS" },
		{ "rhsbl-match", "whether a domain is on a blacklist in DNS" },
		{ "rhs-whitelist", "whether a domain is on a whitelist in DNS" },
		{ "rdns-resolve", "whether the reverse name leads to an address" },
		{ "sender-no-mx", "whether mail can be sent to the sender's domain" },
		{ "sender-not-local", "whether the sender's domain is hosted here" },
		{ "rdns-missing", "the client's reverse name" },
		{ "rdns-whitelist", "the client's reverse name" },
		{ "rdns-blacklist", "the client's reverse name" },
		{ "ip-in-cc-rdns", "the client's reverse name" },
		{ "ip-in-rdns", "the client's reverse name" },
		{ "ip-in-rdns-whitelist", "the client's reverse name" },
		{ "spf", "what SPF says" },
		{ "dmarc", "what DMARC says" },
		{ "relaying", "whether the recipient is hosted here" },
		{ "invalid-recipient", "whether the recipient exists" },
		{ "unavailable-recipient", "whether the mailbox takes mail" },
		{ "graylisted", "whether sender and recipient had met before" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(filter, rows[i].filter) == 0)
			return rows[i].fact;
	return "something that no log tells";
}

/* ---- judging ---- */

/* Would that check's answer have counted?  One that only marks refuses nobody. */
static bool may_refuse(const struct facts *f, const struct filter *x)
{
	const struct conf_gate *set = &f->policy->set;

	if (x == &filter_spf)
		return str_eqz(set->spf, "reject");
	return x != &filter_dmarc || str_eqz(set->dmarc, "reject");
}

/* The first check whose missing answer could turn the outcome, of one stage; NULL: none. */
static const struct filter *hole(const struct replay_gate *g, const struct ruling *at, const struct standing *end)
{
	for (size_t i = 0; i < at->n; i++) {
		const struct finding *x = &at->findings[i];

		if (x->found != FOUND_ERROR)
			continue;
		/* Of a refusal only a whitelist could make something else; of the rest only a check that refuses. */
		if (end->refused ? x->filter->allows && !end->by.filter->always
				 : !x->filter->allows && may_refuse(&g->facts, x->filter))
			return x->filter;
	}
	return NULL;
}

static void unsaid(struct outcome_of *out, const char *fact)
{
	*out = (struct outcome_of){ .end = REPLAY_UNSAID, .why = fact };
}

static void refused(struct replay_gate *g, const struct policy *p, const struct finding *by, struct outcome_of *out,
		    struct str *seen)
{
	struct reply reply;

	gate_reply(p, &(struct refusal_words){ .why = by->reason, .more = by->more }, g->mem, &reply);
	*out = (struct outcome_of){ .end = replay_end(reply.code), .why = reason_row(by->reason)->code };
	*seen = by->seen;
}

/* The end of the message, which only one that was taken before had. */
static void judge_message(struct replay_gate *g, struct view *w, const struct ruling *at, const struct outcome_of *was,
			  struct outcome_of *out, struct str *seen)
{
	struct share one = { .view = w, .standing = at->standing };
	struct shares all = { .at = &one, .n = 1 };
	const struct filter *x;

	memset(w->data, 0, sizeof(w->data));
	g->facts.header = g->m->header.n > 0 ? arena_fmt(g->mem, "%.*s\r\n", STR_ARG(g->m->header)) : str_of(NULL);
	visit_data(&g->visit, &all, g->mem);
	facts_under(&g->facts, w->policy);
	x = hole(g, one.ruling, &one.ruling->standing);
	if (all.refused)
		refused(g, all.policy, &all.by, out, seen);
	else if (was->end != REPLAY_TAKEN && strcmp(was->why, "DENIED_HEADER_BLACKLISTED") != 0 &&
		 strcmp(was->why, "DENIED_DMARC") != 0)
		out->end = REPLAY_LET_THROUGH;
	else if (!at->standing.allowed && !g->facts.authenticated && !policy_no_list(w->policy, header_blacklist))
		unsaid(out, "the header of the message");
	else if (x != NULL)
		unsaid(out, missing(x->name));
}

/* Behind the gate stands what stood there then. */
static void behind(const struct replay_gate *g, const struct outcome_of *was, struct outcome_of *out)
{
	if (out->end == REPLAY_UNSAID || out->end == REPLAY_REFUSED || out->end == REPLAY_PUT_OFF)
		return;
	if (strcmp(was->why, "DENIED_OTHER") == 0)
		*out = *was;
	else if (g->facts.recipient == RESOLVED_NO_MAILBOX && was->end != REPLAY_TAKEN)
		*out = (struct outcome_of){ .end = REPLAY_REFUSED, .why = "DENIED_OTHER" };
	else if (was->end != REPLAY_TAKEN)
		out->end = REPLAY_LET_THROUGH;
}

/* Behind a gate that does not know the client's manners. */
static bool may_be_early(const struct replay_gate *g, const struct view *w, const struct ruling *at)
{
	return g->m->facts[RECALL_EARLY] == RECALLED_NOT && !at->standing.allowed && !g->facts.authenticated &&
	       w->policy->set.greeting_delay_secs > 0;
}

/* As far as it is known; of a domain that takes mail here any address may exist; who may send everywhere is asked no
 * more than that. */
static void set_recipient(struct replay_gate *g, const struct recorded_rcpt *x, struct str *settings)
{
	struct lookup_answer answer = { 0 };
	enum resolved found = RESOLVED_TEMPORARY;
	struct err e = { 0 };

	if (g->lookup != NULL)
		found = lookup_ask(g->lookup, x->address, g->mem, &answer, deadline_in(ASK_MS), &e);
	else if (x->known)
		found = x->found;
	else if (x->ours)
		found = RESOLVED_MAILBOX;
	else if (gate_may_relay(&g->facts))
		found = RESOLVED_NOT_OURS;
	*settings = answer.settings;
	g->facts.rcpt = x->address;
	facts_forget_recipient(&g->facts);
	facts_set_recipient(&g->facts, found, 0);
}

/* What was known of the pair then: by the gate's own line, else by mail of theirs that was taken before. */
static void set_graylist(struct replay_gate *g, const struct recorded_rcpt *x, const int64_t *met)
{
	struct facts *f = &g->facts;

	f->gray_asked = x->when * 1000;
	f->gray = (struct gray_known){ .first = x->gray_first, .passed = x->gray_passed };
	replay_know(f, FACT_GRAYLIST);
	if (x->gray_known)
		return;
	if (met != NULL && *met <= x->when)
		f->gray.first = f->gray.passed = *met * 1000;
	else
		replay_lack(f, FACT_GRAYLIST);
}

static const struct filter *any_hole(const struct replay_gate *g, const struct view *w, const struct ruling *at)
{
	const struct filter *x = hole(g, &w->connect, &at->standing);

	x = x != NULL ? x : hole(g, &w->sender, &at->standing);
	return x != NULL ? x : hole(g, at, &at->standing);
}

static void judge(struct replay_gate *g, const struct recorded_rcpt *x, const int64_t *met, struct outcome_of *out,
		  struct str *seen)
{
	const struct filter *lacking;
	struct str settings;
	struct view *w = NULL;
	struct ruling at;
	struct err e;

	*out = (struct outcome_of){ .end = REPLAY_TAKEN, .why = "" };
	set_recipient(g, x, &settings);
	set_graylist(g, x, met);
	if (visit_recipient(&g->visit, settings, &w, &e) < 0 || w == NULL) {
		unsaid(out, "settings of the recipient that cannot be used");
		return;
	}
	visit_judge(&g->visit, w, &at, g->mem);
	if (at.standing.refused)
		refused(g, w->policy, &at.standing.by, out, seen);
	lacking = any_hole(g, w, &at);
	if (lacking != NULL)
		unsaid(out, missing(lacking->name));
	else if (!at.standing.refused && may_be_early(g, w, &at))
		unsaid(out, "whether the client waits for the greeting");
	else if (!at.standing.refused)
		judge_message(g, w, &at, &x->was, out, seen);
	behind(g, &x->was, out);
	if (out->end == REPLAY_TAKEN)
		g->facts.accepted++;
}

/* ---- one message ---- */

static const struct policy *policy_for(const struct replay_gate *g, struct str label)
{
	for (size_t i = 0; i < g->conf->nports; i++)
		if (str_eq(g->conf->ports[i].label, label))
			return &g->policies[i];
	return &g->policies[g->conf->nports];
}

bool replay_gate_on(const struct replay_gate *g, struct str label)
{
	return policy_for(g, label)->on;
}

static void begin(struct replay_gate *g, const struct recorded *m, struct arena *mem)
{
	struct facts *f = &g->facts;

	g->m = m;
	g->mem = mem;
	facts_clear(f);
	*f = (struct facts){
		.ip = m->ip,
		.rdns = m->rdns,
		.helo = m->helo,
		.user = m->user,
		.authenticated = m->user.n > 0,
		.may_relay = m->user.n > 0,
		.host = g->conf->top.hostname,
		.mem = mem,
		.recall = replay_answer,
		.recalled = g,
	};
	replay_know(f, FACT_RDNS);
	if (!m->rdns_told)
		replay_lack(f, FACT_RDNS);
	visit_begin(&g->visit, &g->rules, policy_for(g, m->label), f, mem);
	facts_set_sender(f, m->sender);
	vouched_begin(&g->vouched, f, mem);
	replay_facts(g);
	visit_sender(&g->visit, mem);
}

void replay_judge(struct replay *r, const struct recorded *m)
{
	struct replay_gate *g = r->gate;

	begin(g, m, &r->message);
	for (size_t i = 0; i < m->n; i++) {
		const struct recorded_rcpt *x = &m->rcpts[i];
		struct str seen = STR("");
		struct outcome_of would;

		judge(g, x, map_getn(&r->met, x->pair), &would, &seen);
		replay_add(r, m, x, would, seen);
	}
	vouched_clear(&g->vouched);
	visit_end(&g->visit);
}
