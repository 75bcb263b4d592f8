/* trace/reach.h - how far in time the joins look, in seconds.
 *
 * Whoever joins some lines anew (the index) must have all others beside them
 * that may be meant as well.  Numbers of our own logs lead to each other however
 * late; what is known by sender and recipient is no further apart than this.
 */
#ifndef TRACE_REACH_H
#define TRACE_REACH_H

enum {
	/* join_retry.c: what was refused for now, and came again */
	REACH_AGAIN = 86400,     /* between the refusal and the acceptance that ends it */
	REACH_RIVAL = 86400 / 2, /* behind that acceptance: another one, which makes it doubtful */
	REACH_FIRST = 2 * 3600,  /* between two refusals of one message: the usual ones wait no longer at first, ... */
	REACH_NEXT = 6 * 3600,   /* ... longer the older it is, and never more than this */
	/* join_gate.c */
	REACH_GATE = 60, /* lines of one connection further apart are not one message */
	/* join_attempt.c, join_wait.c: old delivery logs */
	REACH_FIRST_TRY = 3600,         /* a first attempt may start this late, at a guess */
	REACH_RETRY = 7 * 86400 + 3600, /* qmail's default lifetime; the longest wait for a retry */
	/* join_foreign.c */
	REACH_COPY = 3600,       /* of qmail, between a line that names a message's number and that message */
	REACH_REPLY = 60,        /* between the gate's line and qmail's `info msg` of one message */
	REACH_HANDED = 60,       /* between our delivery and their acceptance, where clocks are right */
	REACH_CLOCKS = 15 * 3600 /* clocks of two hosts, with their zones, are no further apart */
};

#endif
