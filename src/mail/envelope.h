/* mail/envelope.h - who sent a message, to whom, and how it came in.
 *
 * Written into the spool as typed, length-prefixed fields and read back after
 * a crash: envelope_unpack() accepts exactly what envelope_pack() writes and
 * skips fields of unknown types, so that a newer writer can add some.
 * Aliases were expanded when the message was accepted: one recipient here is
 * one delivery, and its index is its name for the life of the message.
 */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define ENVELOPE_RECIPIENTS_MAX 100000
#define ENVELOPE_ENVID_MAX 100     /* RFC 3461 5.4: of ENVID, as it is written in xtext */
#define ENVELOPE_ORCPT_MAX 500     /* of ORCPT, likewise */
#define ENVELOPE_NOBODY UINT64_MAX /* parent_rcpt of a message that settles nobody, even when its envelope is lost */

enum channel { CHANNEL_LOCAL, CHANNEL_REMOTE };
enum ret { RET_NONE, RET_FULL, RET_HDRS }; /* what a bounce returns: RFC 3461 4.3 */
/* RFC 3461 4.1.  EXPANDED: SUCCESS asks for the word that an alias or list was reached, not each mailbox behind
 * it. */
enum notify { NOTIFY_NEVER = 1, NOTIFY_SUCCESS = 2, NOTIFY_FAILURE = 4, NOTIFY_DELAY = 8, NOTIFY_EXPANDED = 16 };

/* What led from the address that was named to where it goes.  The numbers are on disk. */
enum led {
	LED_PLAIN,    /* it is that mailbox, or another server's */
	LED_ALIAS,    /* an alias */
	LED_CATCHALL, /* nobody has the name: the domain's catch-all */
	LED_FORWARD,  /* its mailbox's owner has it sent on */
	LED_LIST,     /* final is a mailing list of ours: whom it goes to is asked when it is its turn */
	LED_PROGRAM,  /* final is "|NAME", a program of the configuration */
	LED_MEMBER,   /* a list has it as a member */
	LED_COUNT
};

struct recipient {
	struct str final;    /* where it goes: `user@domain`, lower case for local mailboxes */
	struct str original; /* as the client named it; equal to final when no alias was expanded */
	enum channel channel;
	uint64_t notify;  /* bits of enum notify; 0: not said: FAILURE, and DELAY where it is our habit */
	struct str orcpt; /* `type;address`, decoded, as the client gave it; empty if it did not */
	enum led led;
	bool replies; /* its mailbox answers by itself */
};

struct envelope {
	uint64_t connection;                    /* N of spamdyke[N] */
	uint64_t qp;                            /* message number */
	int64_t time;                           /* ms since 1970: when it was accepted */
	struct str sender;                      /* `local@domain`, empty for the null path */
	struct str ip, helo, rdns, auth, label; /* label: the listener's */
	uint64_t parent_qp;                     /* 0, or the message this bounce or forward comes from */
	uint64_t parent_rcpt;                   /* the parent's recipient that this message settles ... */
	struct str parent_rcpts;                /* ... or, when not empty, all of them: u32 little-endian each */
	uint64_t forward;    /* 1: it carries its parent's recipient on; 0: it says that they failed */
	uint64_t tells;      /* of a forward, 1: its parent's sender is to be told, and only then they are settled */
	uint64_t success;    /* 1: it says that they were delivered */
	uint64_t delay;      /* 1: it only says that its parent is late, and settles nobody */
	uint64_t autoreply;  /* 1: its parent's recipient answers by himself; it settles nobody */
	struct str junk;     /* the recipients whose Junk folder it goes to: u32 little-endian each, ascending */
	struct str envid;    /* the client's name for this mail, decoded: bytes of any kind but controls */
	uint64_t ret;        /* enum ret */
	uint64_t requiretls; /* 1: RFC 8689: only over verified TLS, or back to its sender */
	const struct recipient *rcpts;
	size_t nrcpts;
};

/* How many recipients of its parent the message settles, and the i-th of them. */
size_t envelope_settles(const struct envelope *v);
uint64_t envelope_settled(const struct envelope *v, size_t i);
/* Is this recipient's copy junk? */
bool envelope_junk(const struct envelope *v, size_t rcpt);
/* One more for `parent_rcpts` or `junk`. */
void envelope_add_index(struct buf *list, size_t rcpt);

void envelope_pack(struct buf *b, const struct envelope *v);
/* The strs borrow from `packed`; rcpts is allocated in `a`. */
int envelope_unpack(struct str packed, struct arena *a, struct envelope *v, struct err *e);

#endif
