#include "deliver/remote_dane.h"

void dane_judge(const struct dns_question *q, struct arena *a, struct dane *out)
{
	*out = (struct dane){ .result = DANE_NONE };
	if (q->status == DNS_FAILED) {
		out->result = DANE_FAILED;
		out->why = q->why;
	}
	if (q->status != DNS_FOUND || !q->secure)
		return;
	out->result = DANE_UNUSABLE;
	out->pins = arena_alloc(a, DANE_PINS_MOST * sizeof(*out->pins));
	for (size_t i = 0; i < q->n && out->npins < DANE_PINS_MOST; i++)
		if (tls_pin_read(q->rdata[i], &out->pins[out->npins]))
			out->npins++;
	if (out->npins > 0)
		out->result = DANE_USABLE;
}

/* The records of one name.  DANE_NONE: the next name may be asked. */
static void ask_name(struct ipc_client *dns, struct str host, uint16_t port, struct arena *a, int64_t deadline,
		     struct dane *out)
{
	struct dns_question q = { .type = DNS_TLSA };

	q.name = arena_fmt(a, "_%u._tcp.%.*s", (unsigned)port, STR_ARG(host));
	dns_ask_all(dns, &q, 1, a, deadline);
	dane_judge(&q, a, out);
	out->base = host;
}

/* Is at least the first step of the alias validated? */
static void ask_first_step(struct ipc_client *dns, const struct route_stop *stop, struct arena *a, int64_t deadline,
			   struct dane *out)
{
	struct dns_question q = { .name = stop->host, .type = DNS_CNAME };

	dns_ask_all(dns, &q, 1, a, deadline);
	if (q.status == DNS_FAILED)
		*out = (struct dane){ .result = DANE_FAILED, .why = q.why };
	else if (q.status == DNS_FOUND && q.secure)
		ask_name(dns, stop->host, stop->port, a, deadline, out);
}

void dane_ask(struct ipc_client *dns, const struct route_stop *stop, struct arena *a, int64_t deadline,
	      struct dane *out)
{
	bool alias = stop->canonical.n > 0 && !str_ieq(stop->canonical, stop->host);

	*out = (struct dane){ .result = DANE_NONE };
	if (!stop->vouched)
		return;
	if (!stop->secure) {
		if (alias)
			ask_first_step(dns, stop, a, deadline, out);
		return;
	}
	if (alias)
		ask_name(dns, stop->canonical, stop->port, a, deadline, out);
	if (out->result == DANE_NONE)
		ask_name(dns, stop->host, stop->port, a, deadline, out);
}
