/* Who may send to domains that are not ours without a login: two lists, and a level.  No whitelist is one of them. */
#include "gate/gate.h"

bool gate_relay(struct facts *f, struct hit *out, bool *by_name)
{
	*out = (struct hit){ 0 };
	*by_name = false;
	if (policy_lists(f->policy, ip_relay, f->ip, out))
		return true;
	if (policy_no_list(f->policy, rdns_relay))
		return false;
	facts_gather(f, NEEDS(FACT_RDNS_CONFIRMED));
	*by_name = f->at[FACT_RDNS_CONFIRMED].status == FACT_KNOWN && f->rdns_confirmed &&
		   policy_lists(f->policy, rdns_relay, f->rdns, out);
	return *by_name;
}

bool gate_may_relay(const struct facts *f)
{
	struct str level = f->policy->set.relay_level;

	return !str_eqz(level, "block-all") && (f->may_relay || str_eqz(level, "allow-all"));
}
