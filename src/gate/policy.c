#include "gate/policy.h"

void policy_of(const struct conf *c, const struct conf_port *port, const struct lists *lists, struct policy *out)
{
	*out = (struct policy){
		.on = !port->set.submission,
		.set = c->gate,
		.lists = *lists,
		.utc = str_eqz(c->logs.time, "utc"),
		.contact = c->top.contact,
		.dns_deadline = c->dns.deadline,
	};
}

static const struct list *list_of(const struct policy *p, size_t list)
{
	return *(struct list *const *)((const char *)&p->lists + list);
}

bool policy_find(const struct policy *p, size_t list, struct str value, struct hit *out)
{
	for (; p != NULL; p = p->under)
		if (list_of(p, list) != NULL && list_find(list_of(p, list), value, out))
			return true;
	return false;
}

bool policy_none(const struct policy *p, size_t list)
{
	for (; p != NULL; p = p->under)
		if (list_of(p, list) != NULL && !list_empty(list_of(p, list)))
			return false;
	return true;
}
