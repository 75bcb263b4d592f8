/* gate/ip_spelling.h - does a name hold an address?
 *
 * Providers name the machines of their customers after their addresses:
 * 11-22-33-44.dsl.example.com.  The spellings are spamdyke's of IPv4 and ours of IPv6;
 * each is a row of a table in ip_spelling.c.
 */
#ifndef GATE_IP_SPELLING_H
#define GATE_IP_SPELLING_H

#include "base/str.h"

/* name is lower case. */
bool ip_in_name(struct str ip, struct str name);

#endif
