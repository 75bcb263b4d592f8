/* mail/addr.h - an address of the envelope: text in, parts out.
 *
 * Pure text.  local is kept as sent, but unquoted: the bytes that the quoted
 * form stands for ("a b"@x has local `a b`); domain is as sent.  Comparing and
 * looking up use the lower-case form (addr_key); we treat local parts without
 * regard to case, as chkuser and vpopmail do.
 */
#ifndef MAIL_ADDR_H
#define MAIL_ADDR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/str.h"

#define ADDR_LOCAL_MAX 255  /* RFC 5321 4.5.3.1.1 asks for at least 64; VERP senders are longer */
#define ADDR_DOMAIN_MAX 255 /* RFC 5321 4.5.3.1.2 */
#define ADDR_MAX (ADDR_LOCAL_MAX + 1 + ADDR_DOMAIN_MAX)

struct addr {
	struct str local, domain; /* both empty: the null path <> */
	bool quoted;              /* local needs quotes when written */
};

/* Path of MAIL or RCPT with its angle brackets (RFC 5321 4.1.2).  A source
 * route is skipped.  RCPT may lack a domain (`<postmaster>`): domain is then
 * empty and the caller decides.  Unquoting may need memory: from `a`. */
int addr_parse_path(struct cur *c, struct arena *a, struct addr *out);
/* A bare `local@domain` without brackets (configuration, command line, logs); a domain is required. */
int addr_parse(struct str s, struct arena *a, struct addr *out);
bool addr_null(const struct addr *x);
/* Is the sender one to whom nothing is returned?  The null path's text is a bounce's; "#@[]", as qmail writes it, a
 * bounce's of a bounce. */
bool addr_is_nobody(struct str sender);
/* `local@domain`, quoted where needed; empty for the null path. */
void addr_put(struct buf *b, const struct addr *x);
struct str addr_text(struct arena *a, const struct addr *x);
/* The same without quotes: cut it at the last @. */
struct str addr_named(struct arena *a, const struct addr *x);
/* Lower-case `local@domain` for look-ups and comparison; the local part stands unquoted, so cut it at the last @. */
struct str addr_key(struct arena *a, const struct addr *x);
/* A domain name as mail accepts it: LDH labels or an address literal; lengths checked. */
bool addr_domain_ok(struct str domain);
/* Can the local part be written without quotes? */
bool addr_local_plain(struct str local);

#endif
