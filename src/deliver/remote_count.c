#include "deliver/remote_count.h"

#include "base/clock.h"
#include "base/io.h"

enum { COUNT_MS = 1000, RECORDS_MOST = 8, DATA_MOST = 64 };

static enum tally_kind kind_of(const struct remote_policy *p)
{
	if (p->dane.result != DANE_NONE)
		return TALLY_TLSA;
	return p->sts != NULL && (p->sts->id.n > 0 || p->sts->fault != STS_SUCCESS) ? TALLY_STS : TALLY_NO_POLICY;
}

static enum sts_result result_of(enum tls_fault fault)
{
	static const enum sts_result results[] = {
		[TLS_FAULT_NONE] = STS_SUCCESS,       [TLS_FAULT_EXPIRED] = STS_EXPIRED,
		[TLS_FAULT_NAME] = STS_HOST_MISMATCH, [TLS_FAULT_UNTRUSTED] = STS_NOT_TRUSTED,
		[TLS_FAULT_OTHER] = STS_INVALID,
	};

	return results[fault];
}

/* The handshake has been: is the certificate what the policy wants? */
static void judge_encrypted(const struct remote_policy *p, struct remote_counted *out)
{
	if (out->kind != TALLY_STS || p->sts->mode == STS_NONE)
		return;
	out->result = result_of(p->fault);
	if (out->result == STS_SUCCESS && p->tested && !p->tested_name) {
		out->result = STS_INVALID;
		out->reason = STR("the policy does not name this host");
	}
}

bool remote_session(const struct remote_policy *p, const struct client *c, enum client_end end,
		    struct remote_counted *out)
{
	*out = (struct remote_counted){ kind_of(p), STS_SUCCESS, STR("") };
	if (p->dane.result == DANE_UNUSABLE)
		out->result = STS_TLSA_INVALID;
	else if (out->kind == TALLY_STS && p->sts->fault != STS_SUCCESS && p->sts->id.n == 0) {
		out->result = p->sts->fault;
		out->reason = p->sts->why;
	} else if (end == CLIENT_BAD_TLS) {
		out->result =
		    p->fault == TLS_FAULT_NONE || (!p->peer.verify && !p->tested) ? STS_INVALID : result_of(p->fault);
		out->reason = str_of(c->why.text);
	} else if (c->wire.tls != NULL)
		judge_encrypted(p, out);
	else if (end == CLIENT_YES || end == CLIENT_NO_TLS)
		out->result = STS_NO_STARTTLS;
	else
		return false;
	return p->tls != CLIENT_TLS_NEVER;
}

void remote_refused(const struct remote_policy *p, struct remote_counted *out)
{
	*out = (struct remote_counted){ kind_of(p), STS_INVALID, p->refusal };
	if (p->dane.result == DANE_FAILED)
		out->result = STS_DNSSEC_INVALID;
	else if (out->kind != TALLY_STS)
		*out = (struct remote_counted){ TALLY_TLSA, STS_DANE_REQUIRED, p->refusal };
}

/* "3 1 1 0A1B..." */
static struct str records(const struct dane *d, struct arena *a)
{
	BUF(text);

	for (size_t i = 0; i < d->npins && i < RECORDS_MOST; i++) {
		const struct tls_pin *pin = &d->pins[i];

		buf_fmt(&text, "%s%d %d %d ", i > 0 ? "\n" : "", (int)pin->usage, (int)pin->selector, (int)pin->match);
		for (size_t k = 0; k < pin->data.n && k < DATA_MOST; k++)
			buf_fmt(&text, "%02x", (unsigned)(unsigned char)pin->data.p[k]);
	}
	return arena_str(a, buf_str(&text));
}

static void tell(const struct remote_case *c, const struct route_stop *stop, const struct remote_policy *p,
		 const struct remote_counted *x)
{
	struct sts_session m = { .domain = arena_lower(c->mem, c->domain),
				 .kind = x->kind,
				 .result = x->result,
				 .policy = records(&p->dane, c->mem),
				 .mx = stop->host,
				 .ip = stop->ip,
				 .reason = x->reason };
	struct ipc_frame f = { .fd = -1 };
	struct err e = { 0 };

	/* That it was not counted is no harm. */
	if (ipc_call(c->desk->sts, &sts_session_type, &m, c->mem, &f, deadline_in(COUNT_MS), &e) == 0)
		fd_clear(&f.fd);
}

static bool counts(const struct remote_case *one)
{
	return one->desk->counts && one->desk->sts != NULL && !one->smart;
}

void remote_count(const struct remote_case *one, const struct route_stop *stop, const struct remote_policy *p,
		  const struct client *c, enum client_end end)
{
	struct remote_counted x;

	if (counts(one) && remote_session(p, c, end, &x))
		tell(one, stop, p, &x);
}

void remote_count_refused(const struct remote_case *one, const struct route_stop *stop, const struct remote_policy *p)
{
	struct remote_counted x;

	if (!counts(one) || p->refused != OUTCOME_DEFERRAL || (p->sts != NULL && p->sts->unheard))
		return; /* what the sender demands, or fails here, is no affair of the domain's */
	remote_refused(p, &x);
	tell(one, stop, p, &x);
}
