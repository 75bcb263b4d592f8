/* gate/policy.h - what the gate is told to do: the settings of all filters as one value.
 *
 * Filters read it and nothing else of the configuration, so that it can come
 * from the file, a listener, a domain or a mailbox without their knowing.
 */
#ifndef GATE_POLICY_H
#define GATE_POLICY_H

#include "base/conf.h"

struct policy {
	bool on; /* does the gate run on this listener at all? */
	bool reject_empty_rdns;
	int rejection_code_empty_rdns;
	struct str policy_url; /* "" or a link put behind refusals */
	struct str contact;    /* named in refusals */
	int64_t dns_deadline;  /* ms that one session may wait for DNS, all questions together */
};

void policy_of(const struct conf *c, const struct conf_port *port, struct policy *out);

#endif
