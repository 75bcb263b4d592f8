#include "cli/house.h"

#include "dns/zone.h"
#include "wire/tls.h"

static int usable(struct conf *c, struct err *e)
{
	return c->dns.zone.n > 0 ? zone_check_file(conf_z(c->dns.zone), e) : 0;
}

const struct house house = {
	.usable = usable,
	.keys_fit = tls_check,
	.keys_make = tls_make_self_signed,
};
