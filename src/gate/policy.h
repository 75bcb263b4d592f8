/* gate/policy.h - what the gate is told to do: the settings of all filters as one value.
 *
 * Filters read it and nothing else of the configuration, so that it can come
 * from the file, a listener, config-dir, a domain or a mailbox without their knowing (gate/settings.h).
 */
#ifndef GATE_POLICY_H
#define GATE_POLICY_H

#include <stddef.h>
#include "base/conf.h"
#include "gate/lists.h"

struct policy {
	bool on;              /* does the gate run on this listener at all? */
	struct conf_gate set; /* the options, all of them */
	struct lists lists;   /* borrowed; NULL is an empty list */
	bool graylist_here;   /* graylist-level was set for the recipient's own domain or mailbox */
	bool utc;             /* moments are told as in the logs */
	struct str contact;   /* named in refusals */
	int64_t dns_deadline; /* ms that one message may wait for DNS, all questions together */
};

/* lists must outlive the policy. */
void policy_of(const struct conf *c, const struct conf_port *port, const struct lists *lists, struct policy *out);

/* Is the value on that list of the policy?  `list` is the name of a row of lists.def. */
#define policy_lists(p, list, value, out) policy_find(p, offsetof(struct lists, list), value, out)
bool policy_find(const struct policy *p, size_t list, struct str value, struct hit *out);
/* Is that list empty? */
#define policy_no_list(p, list) policy_none(p, offsetof(struct lists, list))
bool policy_none(const struct policy *p, size_t list);

/* A walk over the lists in DNS of such a list. */
struct policy_zones {
	const struct policy *p;
	size_t list, i;
};
struct policy_zones policy_zones_of(const struct policy *p, size_t list);
const struct list_zone *policy_next_zone(struct policy_zones *z); /* NULL: there is no more */

/* Is what it says more than a whole server may be told?  -1: it would be an open relay. */
int policy_check(const struct conf *c, struct err *e);

#endif
