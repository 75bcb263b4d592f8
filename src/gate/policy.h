/* gate/policy.h - what the gate is told to do: the settings of all filters as one value.
 *
 * Filters read it and nothing else of the configuration, so that it can come
 * from the file, a listener, a domain or a mailbox without their knowing.
 */
#ifndef GATE_POLICY_H
#define GATE_POLICY_H

#include "base/conf.h"
#include "gate/lists.h"

struct policy {
	bool on; /* does the gate run on this listener at all? */
	bool reject_empty_rdns;
	int rejection_code_empty_rdns;
	bool reject_unresolvable_rdns;
	int64_t greeting_delay; /* ms */
	size_t max_recipients;  /* 0: no limit */
	bool reject_same_as_sender;
	struct lists lists;    /* borrowed; NULL is an empty list */
	struct str policy_url; /* "" or a link put behind refusals */
	struct str contact;    /* named in refusals */
	int64_t dns_deadline;  /* ms that one session may wait for DNS, all questions together */
};

/* lists must outlive the policy. */
void policy_of(const struct conf *c, const struct conf_port *port, const struct lists *lists, struct policy *out);

/* Is the value on that list of the policy?  NULL and an empty list are nobody. */
bool policy_lists(const struct list *l, struct str value, struct hit *out);

#endif
