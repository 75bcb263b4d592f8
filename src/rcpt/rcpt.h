/* rcpt/rcpt.h - does this address exist here, and may this client have it?
 *
 * rcpt_ask() finds out, rcpt_judge() decides: a pure function of what was
 * found and of what this session did so far, in chkuser's words (words/checks.def).
 * Between the two stands the gate, for which the finding is a fact.
 */
#ifndef RCPT_RCPT_H
#define RCPT_RCPT_H

#include "base/conf.h"
#include "lookup/suppressed.h"
#include "mail/addr.h"
#include "mail/reply.h"
#include "words/words.h"

struct rcpt_set {
	struct ipc_client *lookup;
	size_t per_message;         /* recipients of one message */
	size_t invalid_per_session; /* unknown ones that a session may name; 0: no limit */
	struct str hostname;        /* <postmaster> is the postmaster of this name's domain */
	bool srs_all;               /* the senders of forwards get mail that has a sender too */
};

/* As the configuration has it. */
struct rcpt_set rcpt_set_of(const struct conf *c, struct ipc_client *lookup);

/* What a session did so far; the session zeroes accepted and over with each message. */
struct rcpt_state {
	bool may_relay;  /* this client may send to other servers' domains */
	size_t accepted; /* recipients of this message */
	bool over;       /* this message has met its limit */
	size_t invalid;  /* unknown and impossible recipients of this session */
};

struct rcpt_found {
	enum resolved known;
	bool barred;               /* it is a list that the sender may not write to */
	enum srs_word srs;         /* what it is as the rewritten sender of a forward */
	bool unqualified;          /* it had no domain and was no postmaster */
	bool impossible;           /* the domain is ours, and no mailbox here can have such a name */
	struct recipient *targets; /* where it goes: one delivery each */
	size_t n;
	struct str settings; /* of its domain and mailbox, for the gate (lookup/settings.h) */
	struct err why;      /* RESOLVED_TEMPORARY: what failed */
};

struct rcpt_outcome {
	bool accepted;
	const struct check_row *check; /* the `check` line; NULL: none */
	const struct check_row *extra; /* a second line that says that a limit was met, or NULL */
	struct reply reply;
};

/* Is it settled before asking that this RCPT is refused?  Then nothing needs to be found for rcpt_judge(). */
bool rcpt_beyond_limits(const struct rcpt_set *set, const struct rcpt_state *state);
/* Look the address up, for mail of that sender: not every list takes it, and who a forward came from takes bounces.
 * For a domain that is not ours the one target is the address itself. */
void rcpt_ask(const struct rcpt_set *set, struct str sender, const struct addr *to, struct arena *a,
	      struct rcpt_found *out, int64_t deadline);
/* It was accepted, and is on the list of who has logged in: it is not. */
void rcpt_suppress(struct rcpt_state *state, const struct suppressed *x, struct arena *a, struct rcpt_outcome *out);
/* Decide, and count what was decided in *state. */
void rcpt_judge(const struct rcpt_set *set, struct rcpt_state *state, const struct rcpt_found *found,
		struct rcpt_outcome *out);

#endif
