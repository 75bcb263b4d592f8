/* base/inet.h - an IP address as text. */
#ifndef BASE_INET_H
#define BASE_INET_H

#include <arpa/inet.h>
#include "base/str.h"

enum { INET_BYTES_MAX = 16 };

/* The whole of s is an address of that family (AF_INET, AF_INET6): its 4 or 16 bytes.  On false *bytes is undefined. */
bool inet_bytes(int family, struct str s, unsigned char bytes[INET_BYTES_MAX]);
/* ... of either. */
bool inet_is(struct str s);

#endif
