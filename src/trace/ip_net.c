#include <string.h>

#include "base/inet.h"
#include "trace/question.h"

static bool address(struct str s, struct ip_net *out)
{
	out->family = str_chr(s, ':') >= 0 ? AF_INET6 : AF_INET;
	out->bits = out->family == AF_INET6 ? 128 : 32;
	return inet_bytes(out->family, s, out->bytes);
}

bool ip_net_parse(struct str s, struct ip_net *out)
{
	struct ip_net net = { 0 };
	struct str head, bits;
	uint64_t n;
	bool cidr = str_cut(s, STR("/"), &head, &bits);

	if (!address(head, &net) || (cidr && !str_u64(bits, (uint64_t)net.bits, &n)))
		return false;
	if (cidr)
		net.bits = (int)n;
	*out = net;
	return true;
}

bool ip_net_has(const struct ip_net *net, struct str ip)
{
	struct ip_net x = { 0 };
	int whole = net->bits / 8, rest = net->bits % 8;
	unsigned mask = (0xff00u >> rest) & 0xff;

	if (!address(ip, &x) || x.family != net->family)
		return false;
	if (memcmp(x.bytes, net->bytes, (size_t)whole) != 0)
		return false;
	return rest == 0 || (x.bytes[whole] & mask) == (net->bytes[whole] & mask);
}
