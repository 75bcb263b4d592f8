#include "session/sealing.h"

#include "base/clock.h"
#include "session/session.h"
#include "sign/keyring.h"
#include "sign/sign.h"
#include "vouch/arc_seal.h"

/* Longest wait for telltale-signer, ms: then the message goes unsealed. */
enum { PATIENCE = 3000 };

/* Does it become a message to another server, or to many? */
static bool leads_away(const struct recipient *r)
{
	return r->led == LED_LIST || (r->channel == CHANNEL_REMOTE && !str_ieq(r->final, r->original));
}

static const struct recipient *first_away(const struct session *s)
{
	for (size_t i = 0; i < s->t.nrcpts; i++)
		if (leads_away(&s->t.rcpts[i]))
			return &s->t.rcpts[i];
	return NULL;
}

bool sealing_wanted(const struct session *s)
{
	return s->server->conf->forward.arc && s->port->policy.on && s->facts.vouched != NULL &&
	       s->facts.vouched->begun && first_away(s) != NULL;
}

static void add_domain(struct session *s, struct str domain, struct buf *out)
{
	domain = arena_lower(&s->scratch, domain);
	if (!keyring_domain_ok(domain) || str_find(buf_str(out), domain) == 0)
		return;
	if (out->n > 0)
		buf_addc(out, '\n');
	buf_addstr(out, domain);
}

/* The alias's, hostname, and the domain that hostname is in. */
static void domains(struct session *s, struct buf *out)
{
	struct str alias = first_away(s)->original, host = s->server->conf->top.hostname, label, above;

	add_domain(s, str_skip(alias, (size_t)(str_rchr(alias, '@') + 1)), out);
	add_domain(s, host, out);
	if (str_cut(host, STR("."), &label, &above) && str_chr(above, '.') > 0)
		add_domain(s, above, out);
}

/* As for a signature, and the signatures that it came with. */
static bool names(struct session *s, const struct canon_head *h, struct buf *out)
{
	if (!sign_names(h, &s->server->conf->dkim.headers, out))
		return false;
	for (size_t n = canon_head_count(h, STR("dkim-signature")); n > 0 && out->n <= SIGN_NAMES_MAX; n--)
		buf_adds(out, ":DKIM-Signature");
	return out->n <= SIGN_NAMES_MAX;
}

/* What is asked of telltale-signer; false: it cannot be sealed. */
struct sealing {
	struct buf domains, names, fields, results, older;
};

static bool gather(struct session *s, struct canon_head *h, const struct arc_next *next, struct sealing *x)
{
	struct signatures *v = &s->facts.vouched->signatures;
	BUF(ours);

	vouched_put(&s->facts, s->server->conf->top.hostname, &ours);
	domains(s, &x->domains);
	return x->domains.n > 0 && arc_results(next->instance, buf_str(&ours), &x->results) &&
	       x->results.n <= SIGN_RESULTS_MAX && names(s, h, &x->names) &&
	       sign_fields(h, buf_str(&x->names), &x->fields) && arc_older(&v->arc, &v->head, &x->older) &&
	       x->older.n <= SIGN_FIELDS_MAX;
}

static void ask(struct session *s, const struct arc_next *next, const struct sealing *x, const unsigned char *body,
		struct buf *head)
{
	struct sign_seal q = { .domains = buf_str(&x->domains),
			       .instance = next->instance,
			       .before = (uint64_t)next->before,
			       .names = buf_str(&x->names),
			       .fields = buf_str(&x->fields),
			       .body = str_mem(body, SHA256_SIZE),
			       .results = buf_str(&x->results),
			       .older = buf_str(&x->older) };
	struct str fields;
	struct err e = { 0 };

	switch (sign_chain(s->server->signer, &q, &s->scratch, &fields, deadline_in(PATIENCE), &e)) {
	case SIGN_DONE:
		buf_addstr(head, fields);
		buf_addstr(head, buf_str(&x->results));
		break;
	case SIGN_FAILED:
		server_trouble(s->server, TROUBLE_SIGNING, e.text);
		break;
	case SIGN_NO_KEY:
		break;
	}
}

void sealing_put(struct session *s, struct canon_head *h, const unsigned char *body, struct buf *head)
{
	struct sealing x = { BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT };
	struct arc_next next;

	if (s->facts.at[FACT_SIGNATURES].status == FACT_KNOWN && arc_next(&s->facts.vouched->signatures.arc, &next) &&
	    gather(s, h, &next, &x))
		ask(s, &next, &x, body, head);
	buf_clear(&x.domains);
	buf_clear(&x.names);
	buf_clear(&x.fields);
	buf_clear(&x.results);
	buf_clear(&x.older);
}
