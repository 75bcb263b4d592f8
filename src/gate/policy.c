#include "gate/policy.h"

void policy_of(const struct conf *c, const struct conf_port *port, const struct lists *lists, struct policy *out)
{
	*out = (struct policy){
		.on = !port->set.submission,
		.reject_empty_rdns = c->gate.reject_empty_rdns,
		.rejection_code_empty_rdns = (int)c->gate.rejection_code_empty_rdns,
		.reject_unresolvable_rdns = c->gate.reject_unresolvable_rdns,
		.greeting_delay = c->gate.greeting_delay_secs * 1000,
		.max_recipients = (size_t)c->gate.max_recipients,
		.reject_same_as_sender = str_eqz(c->gate.reject_recipient, "same-as-sender"),
		.lists = *lists,
		.policy_url = c->gate.policy_url,
		.contact = c->top.contact,
		.dns_deadline = c->dns.deadline,
	};
}

bool policy_lists(const struct list *l, struct str value, struct hit *out)
{
	return l != NULL && list_find(l, value, out);
}
