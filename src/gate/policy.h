/* gate/policy.h - what the gate is told to do: the settings of all filters as one value.
 *
 * Filters read it and nothing else of the configuration, so that it can come
 * from the file, a listener, a domain or a mailbox without their knowing.
 */
#ifndef GATE_POLICY_H
#define GATE_POLICY_H

#include <stddef.h>
#include "base/conf.h"
#include "gate/lists.h"

struct policy {
	bool on;                    /* does the gate run on this listener at all? */
	struct conf_gate set;       /* the options; of lists only what this policy adds to those beneath it */
	struct lists lists;         /* borrowed; NULL is an empty list */
	const struct policy *under; /* whose lists count too, or NULL */
	bool graylist_here;         /* graylist-level was set for the recipient's own domain or mailbox */
	bool utc;                   /* moments are told as in the logs */
	struct str contact;         /* named in refusals */
	int64_t dns_deadline;       /* ms that one session may wait for DNS, all questions together */
};

/* lists must outlive the policy. */
void policy_of(const struct conf *c, const struct conf_port *port, const struct lists *lists, struct policy *out);

/* Is the value on that list of the policy, or of one beneath it?  `list` is the name of a row of lists.def. */
#define policy_lists(p, list, value, out) policy_find(p, offsetof(struct lists, list), value, out)
bool policy_find(const struct policy *p, size_t list, struct str value, struct hit *out);
/* Is that list empty, and those beneath it? */
#define policy_no_list(p, list) policy_none(p, offsetof(struct lists, list))
bool policy_none(const struct policy *p, size_t list);

#endif
