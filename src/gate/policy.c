#include "gate/policy.h"

void policy_of(const struct conf *c, const struct conf_port *port, struct policy *out)
{
	*out = (struct policy){
		.on = !port->set.submission,
		.reject_empty_rdns = c->gate.reject_empty_rdns,
		.rejection_code_empty_rdns = (int)c->gate.rejection_code_empty_rdns,
		.policy_url = c->gate.policy_url,
		.contact = c->top.contact,
		.dns_deadline = c->dns.deadline,
	};
}
