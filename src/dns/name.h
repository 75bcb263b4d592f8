/* dns/name.h - domain names, as text and as bytes of the wire.
 *
 * Text that we ask about may hold any printable ASCII but the backslash and the
 * quote (SPF macros make such names, with `%_` even a space); text that comes back is
 * limited to letters, digits, '-', '_' and '.', so that it can stand in a log line.
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "base/buf.h"
#include "base/str.h"

enum { DNS_NAME_TEXT_MAX = 253, DNS_NAME_WIRE_MAX = 255, DNS_LABEL_MAX = 63 };

/* Can this be asked?  One final dot is allowed; the root alone is not. */
bool dns_name_ok(struct str name);

/* The uncompressed name at the start of wire, lower case, appended to out ("." for the root).
 * Returns the bytes it takes there, or 0 (out is then unchanged) when it is malformed or has other characters. */
size_t dns_name_put(struct buf *out, struct str wire);

#endif
