#include "base/inet.h"

#include <string.h>

bool inet_bytes(int family, struct str s, unsigned char bytes[INET_BYTES_MAX])
{
	char z[INET6_ADDRSTRLEN];

	if (s.n == 0 || s.n >= sizeof(z) || memchr(s.p, '\0', s.n) != NULL)
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	return inet_pton(family, z, bytes) == 1;
}

bool inet_is(struct str s)
{
	unsigned char bytes[INET_BYTES_MAX];

	return inet_bytes(AF_INET, s, bytes) || inet_bytes(AF_INET6, s, bytes);
}
