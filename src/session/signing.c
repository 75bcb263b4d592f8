#include "session/signing.h"

#include "base/clock.h"
#include "session/sealing.h"
#include "session/session.h"
#include "sign/keyring.h"
#include "sign/sign.h"
#include "vouch/body.h"

/* Longest wait for telltale-signer, ms: then the message goes unsigned. */
enum { PATIENCE = 3000 };

struct signing {
	struct body body;
	int want;
	bool seals; /* it is no mail of ours: it is only sealed */
};

void signing_clear(struct signing *x)
{
	if (x != NULL)
		body_clear(&x->body);
}

void signing_begin(struct session *s, const struct intake *in)
{
	bool ours = s->facts.authenticated || s->facts.may_relay;
	struct signing *x;

	if (s->server->signer == NULL || in->walk.malformed || in->body == NULL)
		return;
	if (ours ? str_eqz(s->server->conf->dkim.sign, "none") : !sealing_wanted(s))
		return;
	x = arena_alloc(&s->t.mem, sizeof(*x));
	x->seals = !ours;
	body_init(&x->body);
	x->want = body_want(&x->body, CANON_RELAXED, BODY_ALL);
	s->t.signing = x;
}

void signing_body(struct session *s, struct str piece)
{
	if (s->t.signing != NULL)
		body_add(&s->t.signing->body, piece);
}

size_t signing_most(const struct session *s)
{
	if (s->t.signing == NULL)
		return 0;
	return SIGN_ANSWER_MAX + (s->t.signing->seals ? SIGN_RESULTS_MAX : 0);
}

static struct str domain_of(struct str address, struct arena *a)
{
	ptrdiff_t at = str_rchr(address, '@');

	return at < 0 ? str_of(NULL) : arena_lower(a, str_skip(address, (size_t)at + 1));
}

/* May we vouch with that domain's key for what this client sends? */
static bool may_sign(struct session *s, struct str domain)
{
	if (!keyring_domain_ok(domain))
		return false;
	if (!s->facts.authenticated || str_eqz(s->server->conf->dkim.sign, "any"))
		return true;
	return str_eq(domain, domain_of(s->facts.user, &s->scratch));
}

/* The domains that may sign, in the order of their preference; empty: none. */
static struct str domains(struct session *s, const struct canon_head *h)
{
	struct str author = sign_author(h, &s->scratch), sender = domain_of(s->t.sender, &s->scratch);

	if (!may_sign(s, sender) || str_eq(author, sender))
		sender = str_of(NULL);
	if (!may_sign(s, author))
		return sender;
	return sender.n == 0 ? author : arena_fmt(&s->scratch, "%.*s\n%.*s", STR_ARG(author), STR_ARG(sender));
}

static void ask(struct session *s, struct canon_head *h, struct buf *head)
{
	struct signing *x = s->t.signing;
	struct sign_ask q = { .domains = domains(s, h) };
	struct str fields = str_of(NULL);
	struct err e = { 0 };
	BUF(names);
	BUF(bytes);

	if (q.domains.n == 0 || !sign_names(h, &s->server->conf->dkim.headers, &names) ||
	    !sign_fields(h, buf_str(&names), &bytes))
		return;
	q.names = buf_str(&names);
	q.fields = buf_str(&bytes);
	q.body = str_mem(body_digest(&x->body, x->want), SHA256_SIZE);
	if (sign_message(s->server->signer, &q, &s->scratch, &fields, deadline_in(PATIENCE), &e) == SIGN_FAILED)
		server_trouble(s->server, TROUBLE_SIGNING, e.text);
	buf_addstr(head, fields);
}

void signing_put(struct session *s, const struct intake *in, struct str below, struct buf *head)
{
	struct signing *x = s->t.signing;
	struct canon_head h;
	BUF(all);

	if (x == NULL)
		return;
	buf_addstr(&all, buf_str(head));
	buf_addstr(&all, below);
	if (in->sent) /* it lies in the body */
		buf_addstr(&all, intake_fields(in));
	canon_head_read(&h, &s->scratch, buf_str(&all));
	body_end(&x->body);
	if (x->seals)
		sealing_put(s, &h, body_digest(&x->body, x->want), head);
	else
		ask(s, &h, head);
	canon_head_clear(&h);
}
