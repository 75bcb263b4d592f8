/* lookup/lookup.h - client of telltale-lookup: what the accounts say.
 *
 * Blocking, thread-safe, under the caller's deadline; a lookup that cannot be
 * answered in time is RESOLVED_TEMPORARY with the sentence in *e, never a no.
 */
#ifndef LOOKUP_LOOKUP_H
#define LOOKUP_LOOKUP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ipc.h"
#include "mail/envelope.h"
#include "mail/recipient.h"
#include "mail/srs.h"

#define IPC_PROTO "lookup/proto.def"
#include "base/ipc_declare.h"
extern const struct ipc_type *const lookup_messages[];

struct lookup_answer {
	enum resolved result;
	struct recipient *targets; /* final and channel are set, original is the address asked about */
	size_t n;
	/* What the domain of the address has set for the gate, then what its mailbox has (lookup/settings.h). */
	struct str settings;
	/* Of an automatic answer to the address: what to say; text empty: nothing.  Of a list: text is where to go
	 * on. */
	struct str subject, text;
	int64_t delay_notice; /* ms after which it is told, as a sender, that its mail waits; 0: not set; -1: never */
	enum srs_word srs;    /* SRS_GOOD: its one target is who a forward came from (store/srs.h) */
};

/* Under which sender a forward leaves. */
enum leaves { LEAVES_AS, LEAVES_LATER /* it cannot be known now */, LEAVES_NEVER };
struct leaves_answer {
	enum leaves result;
	struct str sender; /* LEAVES_AS */
	struct str why;    /* LEAVES_NEVER */
};

enum resolved lookup_ask(struct ipc_client *c, struct str address, struct arena *a, struct lookup_answer *out,
			 int64_t deadline, struct err *e);

enum login { LOGIN_YES, LOGIN_NO, LOGIN_TEMPORARY };

struct login_answer {
	enum login result;
	struct str account; /* the account's own name if it exists (also when the password was wrong), else empty */
	int64_t wait;       /* ms that the client is to wait for its answer, at most LOGIN_WAIT_MAX */
};
enum { LOGIN_WAIT_MAX = 30000, LOGIN_USER_MAX = 255, LOGIN_PASSWORD_MAX = 4096 };

/* May this user come in?  user is a whole address; an unknown one costs the same time and gets the same answer
 * as a wrong password.  LOGIN_TEMPORARY (with the sentence in *e) when it cannot be known now: too many at once,
 * too many failures from this address, the accounts cannot be asked.  After 10 s no answer comes any more. */
enum login lookup_login(struct ipc_client *c, struct str user, struct str password, struct str ip, struct arena *a,
			struct login_answer *out, int64_t deadline, struct err *e);

/* May this sender write to that list?  0 with *may; -1: it cannot be known now. */
int lookup_post(struct ipc_client *c, struct str list, struct str sender, bool *may, int64_t deadline, struct err *e);

/* How much may that mailbox hold?  0 with the bytes in *limit (0: no limit); -1: it cannot be known now. */
int lookup_quota(struct ipc_client *c, struct str address, uint64_t *limit, int64_t deadline, struct err *e);

#endif
