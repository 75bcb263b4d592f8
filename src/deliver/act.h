/* deliver/act.h - what the postmaster does to one recipient: hold, release, retry, delete, reroute.
 *
 * Each act is an entry in the journal and a line `postmaster` in the delivery log: the trace tells who did it.
 */
#ifndef DELIVER_ACT_H
#define DELIVER_ACT_H

#include "deliver/pick.h"
#include "deliver/schedule.h"

/* How many recipients were meant: changed, as they were wanted already, busy with an attempt; of how many messages. */
struct tally {
	uint64_t changed, same, busy, messages;
};

struct deed {
	struct schedule *schedule;
	const struct pick *pick;
	struct picked *at;               /* the message that is acted on, with its envelope when that was asked for */
	const struct recipient *targets; /* of reroute --to-address: who that is, and how many */
	size_t ntargets;
	struct tally n;
};

struct act {
	const char *name;
	const char *changed, *would; /* "12 recipients ..." */
	void (*act)(struct deed *d, struct item *it, size_t rcpt);
};

const struct act *act_of(struct str verb); /* NULL: none */
/* Its line in the delivery log. */
void act_log(struct deed *d, const struct item *it, size_t rcpt, const char *action);
/* What held for the recipient so far, as a new word of the postmaster's: he changes in it what he means. */
struct order act_order(const struct deed *d, const struct item *it, size_t rcpt, struct arena *mem);
/* reroute.c: by another host, or to another address. */
struct shown;
void act_reroute(struct deed *d, struct item *it, size_t rcpt);
/* Can it be done at all?  -1: *out says why not. */
int act_reroute_check(struct schedule *s, struct pick *p, struct shown *out);
/* The message with that number is copied out: its bytes as a descriptor. */
void act_export(struct schedule *s, const struct pick *p, struct shown *out);

#endif
