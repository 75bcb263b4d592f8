#include "gate/policy.h"

/* What the gate asks of those who have logged in too: for that it runs where only they are heard. */
static bool concerns_logins(const struct conf_gate *g)
{
	return conf_has(&g->reject_sender, "authentication-mismatch") ||
	       conf_has(&g->reject_sender, "authentication-domain-mismatch") ||
	       str_eqz(g->filter_level, "reject-all") || str_eqz(g->relay_level, "block-all");
}

void policy_of(const struct conf *c, const struct conf_port *port, const struct lists *lists, struct policy *out)
{
	*out = (struct policy){
		.on = !port->set.submission || concerns_logins(&c->gate),
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
	const struct list *l = list_of(p, list);

	return l != NULL && list_find(l, value, out);
}

bool policy_none(const struct policy *p, size_t list)
{
	const struct list *l = list_of(p, list);

	return l == NULL || list_empty(l);
}

struct policy_zones policy_zones_of(const struct policy *p, size_t list)
{
	return (struct policy_zones){ p, list, 0 };
}

const struct list_zone *policy_next_zone(struct policy_zones *z)
{
	const struct list *l = list_of(z->p, z->list);
	size_t n = 0;
	const struct list_zone *zones = l != NULL ? list_zones(l, &n) : NULL;

	return z->i < n ? &zones[z->i++] : NULL;
}

int policy_check(const struct conf *c, struct err *e)
{
	if (!str_eqz(c->gate.relay_level, "allow-all"))
		return 0;
	return err_set(e,
		       "%s: relay-level = allow-all would let everybody relay: it is for single addresses, below "
		       "_ip_ of config-dir",
		       conf_z(c->file));
}
