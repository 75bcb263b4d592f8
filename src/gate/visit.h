/* gate/visit.h - the gate over one client's visit: whose settings count, what each stage made of it.
 *
 * At MAIL the client and the sender are judged under the listener's policy.
 * At RCPT the recipient's own settings are looked for: config-dir's files for
 * this client, sender and recipient, then what the accounts hold for the
 * domain and the mailbox.  Where there are none, what MAIL found counts, at no
 * further cost.  Else the client and the sender are judged anew under that
 * policy, once for all recipients of the message whose settings are the same;
 * facts are not asked twice.  Nothing here knows a session or writes a log.
 */
#ifndef GATE_VISIT_H
#define GATE_VISIT_H

#include "gate/gate.h"
#include "gate/rules.h"

/* The client and the sender of one message, as one policy sees them. */
struct view {
	struct view *next;
	const struct policy *policy;
	struct ruling connect, sender;
	bool told; /* for the caller: its findings are in the log */
	/* Of the data stage, once judged, and whether they are in the log; [1]: for whom a whitelist spoke. */
	const struct ruling *data[2];
	bool data_told[2];
	/* What the policy is made of; nothing: it is the listener's own. */
	const struct config_file **files;
	size_t nfiles;
	struct str settings;
	struct policy own;
};

enum { VISIT_VIEWS_MAX = 256 }; /* of one message */

struct visit {
	const struct filter *const *filters; /* gate_filters */
	struct rules *rules;
	const struct policy *base;
	struct facts *facts;
	struct arena *mem;     /* of the visit */
	struct ruling connect; /* of the client under base, once judged */
	bool judged;
	struct hit relay;      /* what lets this client relay without a login; no entry: nothing does */
	bool relay_by_name;    /* it is its reverse name */
	struct arena *message; /* of the message on its way in */
	struct view plain;     /* under base */
	struct view *views;    /* under other policies */
	size_t nviews;
};

/* Everything is borrowed for as long as the visit lasts. */
void visit_begin(struct visit *v, struct rules *rules, const struct policy *base, struct facts *f, struct arena *a);
/* What was thought of the client is thought anew, at the next MAIL. */
void visit_anew(struct visit *v);
/* MAIL: the sender is set.  The client is judged, unless that was done, and the sender: v->plain.  true: the client
 * was judged now. */
bool visit_sender(struct visit *v, struct arena *message);
/* RCPT: facts.rcpt is set; settings: the recipient's own, from the accounts.  Under which policy it counts, client and
 * sender judged; NULL: these would be too many different ones for one message.  -1: the settings could not be used
 * (*e); *out is without them. */
int visit_recipient(struct visit *v, struct str settings, struct view **out, struct err *e);
/* The recipient stage of that view; the caller has set what the gate is to know of the recipient. */
void visit_judge(struct visit *v, const struct view *w, struct ruling *at, struct arena *a);
/* The message is over: its views are gone. */
void visit_end(struct visit *v);

/* ---- the message: it is one, its recipients are many ---- */

/* It comes in, and facts about it are gathered as the listener's policy wants them; or, where that does not ask who
 * vouches for it, as the first one does that asks. */
void visit_message(struct visit *v);

/* One recipient that was accepted. */
struct share {
	struct view *view;
	struct standing standing;    /* what its stages added up to */
	const struct ruling *ruling; /* out: of the data stage */
	bool junk;                   /* out: the message is taken, and goes into this one's Junk folder */
};

struct shares {
	struct share *at;
	size_t n;
	bool refused;                /* out: for all of them */
	const struct policy *policy; /* whose words the refusal has */
	struct finding by;
};

/* Judged once under each policy.  A header that is on a blacklist of the postmaster's refuses the message for all, as
 * spamdyke has it; anything else, and one of a domain's or mailbox's own settings, only if all would refuse it: else it
 * is taken, and goes into the Junk folder of those, and of whom a filter wants it there (EFFECT_JUNK). */
void visit_data(struct visit *v, struct shares *s, struct arena *a);

#endif
