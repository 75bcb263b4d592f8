/* web/whois.h - who an account is now (lookup/who.h), remembered for a moment.
 *
 * Every request of a session asks; telltale-lookup hears of it at most every
 * WHOIS_FRESH.  While it does not answer, what was known counts on for
 * WHOIS_STALE: so long may a session outlive its password, at most.  Not in the
 * loop: it waits.  For any threads.
 */
#ifndef WEB_WHOIS_H
#define WEB_WHOIS_H

#include "lookup/who.h"

enum { WHOIS_FRESH = 2000, WHOIS_STALE = 50000, WHOIS_MAX = 1024, WHOIS_WAIT = 2000 };

struct whois;

/* ask: as lookup_who(), with `with` for its client; tests have one of their own. */
typedef enum account_known whois_asker(void *with, struct str account, struct arena *a, struct account_now *out,
				       struct err *e);
struct whois *whois_new(whois_asker *ask, void *with);
void whois_free(struct whois *w);

/* now: monotonic ms.  The answer lives in `a`.  ACCOUNT_LATER: it cannot be known now, the reason in *e. */
enum account_known whois_ask(struct whois *w, struct str account, int64_t now, struct arena *a, struct account_now *out,
			     struct err *e);
/* The same, and nothing remembered counts: for who just comes in. */
enum account_known whois_ask_anew(struct whois *w, struct str account, int64_t now, struct arena *a,
				  struct account_now *out, struct err *e);

/* The asker of the program: with is a struct ipc_client of run/lookup.sock. */
whois_asker whois_lookup;

#endif
