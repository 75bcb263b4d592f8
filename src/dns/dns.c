#include "dns/dns.h"

#include "base/clock.h"
#include "base/io.h"

#include "dns/name.h"
#include "dns/told.h"

#define IPC_PROTO "dns/proto.def"
#define IPC_ALL dns_messages
#include "base/ipc_define.h"

/* A name that cannot be a domain name does not exist: nobody is asked. */
static bool answer_without_asking(struct dns_question *q)
{
	q->rdata = NULL;
	q->n = 0;
	q->secure = false;
	q->nowhere = true;
	q->status = DNS_NONE;
	q->canonical = STR("");
	q->why = STR("not a domain name");
	return !dns_name_ok(q->name);
}

static void take_answer(struct dns_question *q, const struct ipc_ask *ask, struct arena *a)
{
	struct dns_told told;
	struct err e;

	if (ask->reply.type != dns_told_number || ipc_unpack(ask->reply.body, &dns_told_type, &told, &e) < 0)
		told = (struct dns_told){ .status = DNS_FAILED, .why = STR("telltale-dns sent something else") };
	dns_told_read(&told, q, a);
}

/* The words go into the mail logs: they name no file of ours. */
static void leave_unanswered(struct dns_question *q, int64_t deadline)
{
	q->status = DNS_FAILED;
	q->why = clock_mono() >= deadline ? STR("no answer in time") : STR("telltale-dns is away");
}

void dns_ask_all(struct ipc_client *c, struct dns_question *q, size_t n, struct arena *a, int64_t deadline)
{
	struct ipc_ask *asks = arena_alloc(a, (n + 1) * sizeof(*asks));
	struct dns_ask *messages = arena_alloc(a, (n + 1) * sizeof(*messages));
	size_t *whose = arena_alloc(a, (n + 1) * sizeof(*whose)), m = 0;
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (answer_without_asking(&q[i]))
			continue;
		messages[m] = (struct dns_ask){ .name = q[i].name, .rrtype = (uint64_t)q[i].type };
		asks[m] = (struct ipc_ask){ .type = &dns_ask_type, .message = &messages[m], .reply.fd = -1 };
		whose[m++] = i;
	}
	if (m > 0)
		ipc_call_all(c, asks, m, a, deadline, &e);
	for (size_t i = 0; i < m; i++) {
		if (asks[i].answered)
			take_answer(&q[whose[i]], &asks[i], a);
		else
			leave_unanswered(&q[whose[i]], deadline);
		fd_clear(&asks[i].reply.fd);
	}
}

enum dns_status dns_reverse(struct ipc_client *c, struct str ip, struct arena *a, int64_t deadline, struct str *name,
			    struct str *why)
{
	struct dns_question q = { .name = dns_reverse_name(ip, a), .type = DNS_PTR };

	dns_ask_all(c, &q, 1, a, deadline);
	*name = q.status == DNS_FOUND ? dns_name_of(q.rdata[0], a) : STR("");
	*why = q.why;
	return q.status;
}
