/* deliver/schedule_inside.h - struct schedule, for the files that make it up; nobody else includes this. */
#ifndef DELIVER_SCHEDULE_INSIDE_H
#define DELIVER_SCHEDULE_INSIDE_H

#include "base/map.h"
#include "deliver/destination.h"
#include "deliver/schedule.h"
#include "mail/dsn.h"

/* A telltale-local or telltale-remote. */
struct agent {
	struct ipc_conn *conn;
	enum agent_kind kind;
	bool leaving;       /* it takes no more */
	size_t busy;        /* attempts in its hands */
	int64_t look_again; /* monotonic ms: when schedule_stuck() looks through them again */
	struct agent *next;
};

struct attempt {
	uint64_t delivery;
	struct agent *agent;
	struct item *it;
	size_t rcpt;
	enum agent_kind kind; /* who makes it */
	enum channel channel;
	uint32_t destination; /* of a remote one */
	bool auth;            /* its sender had logged in */
	uint64_t notify;      /* what its sender wants to hear: enum notify */
	bool nobody;          /* it has no sender: a failure is not returned */
	enum led led;         /* what led there */
	bool replies;         /* its mailbox may answer by itself */
	bool deleted;         /* by the postmaster: not returned either */
	bool finishing;       /* told to finish */
	int64_t started;      /* monotonic ms */
	uint64_t copy;        /* bytes that the agent was given in memory; a big message stays in its file */
};

struct schedule {
	struct schedule_set set;
	struct map attempts; /* of the agents, by delivery number */
	struct {
		size_t busy;
		uint64_t copies; /* bytes in memory */
	} of[AGENT_KINDS];       /* of them */
	struct agent *agents;    /* the newest first */
	struct destinations destinations;
	bool stopped;
	bool clock_known;
	int64_t ahead;        /* wall minus monotonic clock, the most that was seen since it was set back */
	uint64_t copied;      /* bytes of forwarded messages in this turn */
	struct map wants;     /* of bounces, by the number of the message that failed */
	struct map lists;     /* those whose members are asked for, by the question's own number */
	struct map replies;   /* automatic answers that are to be asked for or made, by their own numbers */
	int64_t replies_lost; /* monotonic ms: when it was said last that one is not made */
	struct map leaving;   /* forwards whose sender is asked for, by the question's own number */
	uint64_t questions;   /* so many were asked that bear no message's number */
	int64_t bounce_due;   /* monotonic ms: when one of them has something to do */
};

/* A question to telltale-lookup: who asks, above a number of his own (of a message, or of the question).  What he gets
 * as the answer's number is his own. */
uint64_t question_of(enum asker who, uint64_t own);
uint64_t question_own(uint64_t id);

/* The pause that holds for the recipient; NULL: none. */
const struct pause *schedule_paused(struct schedule *s, struct item *it, size_t rcpt, int64_t now);
/* And the one of a destination. */
const struct pause *schedule_pause_of(struct schedule *s, struct str domain, enum channel channel, int64_t now);
/* Was he paused?  Then he is put back. */
bool start_paused(struct schedule *s, struct item *it, size_t rcpt, int64_t now);
/* It failed for good, with this report: is the address bad?  Then its sender's list may get it (suppress.c). */
void suppress_look(struct schedule *s, const struct attempt *a, struct str report);
bool suppress_is_bad(struct str report);
/* Who gets the next attempt of that channel; NULL: nobody is there. */
struct agent *start_agent(const struct schedule *s, enum agent_kind kind);
/* A delivery ended: who waits for such a place is due. */
void start_from_line(struct schedule *s, uint32_t destination, int64_t now);
/* An attempt that he makes. */
void start_with_agent(struct schedule *s, enum agent_kind kind, struct item *it, size_t rcpt);
/* One for another server.  False: its destination has no place now, and it waits. */
bool start_remote(struct schedule *s, struct item *it, size_t rcpt, int64_t now);
struct destination_rule schedule_rule(const struct schedule *s, uint32_t destination);
/* How a destination stands; false: nothing is known of it. */
bool schedule_destination(const struct schedule *s, uint32_t number, struct destination_look *out);

/* Whom it is for, as the depot knows him. */
const struct item_rcpt *attempt_rcpt(const struct attempt *a);
/* A number for a try at a->it, a->rcpt; its envelope into *v.  -1: the attempt cannot begin, and *e says why. */
int attempt_begin(struct schedule *s, struct attempt *a, struct arena *mem, struct envelope *v, struct err *e);
/* The same, with the message's bytes, which are the caller's then. */
int attempt_begin_loaded(struct schedule *s, struct attempt *a, struct arena *mem, struct loaded *out, struct err *e);
/* init, info, [alias,] try. */
void attempt_log(struct schedule *s, const struct attempt *a, const struct envelope *v);
/* The one door through which every attempt leaves: its result in the log, then in the depot. */
void attempt_end(struct schedule *s, const struct attempt *a, struct dlog_result r);
/* An attempt that is not made, for this reason, and fails.  -1: it could not even be logged. */
int attempt_refuse(struct schedule *s, struct item *it, size_t rcpt, const char *report, bool deleted, struct err *e);
/* One that is made here begins, and the log has it; false: it cannot, and he is put back. */
bool attempt_open(struct schedule *s, struct attempt *a, struct arena *mem, struct envelope *v);
/* What was taken and cannot be tried is put back. */
void attempt_put_back(struct schedule *s, struct item *it, size_t rcpt, const struct err *e);

/* A message of our own, v->qp set, into the queue (depot_put()): what is logged so far stands in the log first, since
 * what was recorded so far may be synced. */
int schedule_put(struct schedule *s, const struct envelope *v, struct str head, struct str body, struct err *e);

/* An alias of ours that leads elsewhere: the copy is put into the queue, and the attempt has its result. */
struct dlog_result forward(struct schedule *s, const struct attempt *a, const struct envelope *v, struct arena *mem);
bool forward_due(const struct attempt *a, const struct envelope *v);
/* A forward begins: if it must be known first under which sender it leaves, that is asked, and the recipient stays busy
 * until the answer comes.  False: too many are asked about, and it is due again in a moment. */
bool leaves_start(struct schedule *s, struct item *it, size_t rcpt);
void leaves_clear(struct schedule *s);
/* What is said of who is not tried because his destination did not answer others. */
#define LEFT_ALONE "No server of its destination answered lately. (#4.4.1)"

/* An attempt that is made here: the copy that an alias asks for; or nothing leaves this server.  leaves: under which
 * sender the copy does; NULL: under that of the message. */
void start_here(struct schedule *s, struct item *it, size_t rcpt, const struct leaves_answer *leaves);
/* When to try again what failed for a reason of our own: soon, but later each time. */
int64_t schedule_soon(const struct schedule *s, const struct attempt *a);

/* The notice about a message of which recipients failed, were delivered or wait: to whom telltale-lookup says.  Those
 * that it tells of are settled by it; nothing is put where there is nobody to be told. */
int notice_put(struct schedule *s, struct item *it, enum dsn_kind kind, const struct lookup_answer *answer,
	       struct err *e);
/* Was it put off, or its destination left alone, and is it to be tried again? */
bool notice_late(const struct item_rcpt *r);
/* Is there a recipient of whom it may be told that it takes long (RFC 3461)? */
bool notice_any_late(const struct envelope *v);

/* The beginning of the message, at most `most` bytes. */
int notice_original(struct schedule *s, struct item *it, size_t most, struct buf *out, struct err *e);
/* When senders are told of a delay was set anew. */
void bounce_ask_anew(struct schedule *s);
void bounce_answer(struct schedule *s, uint64_t qp, const struct lookup_answer *answer);
void bounce_clear(struct schedule *s);

/* Mail for a list of ours begins: who its members are is asked, and the recipient stays busy meanwhile.  False: not
 * now. */
bool list_start(struct schedule *s, struct item *it, size_t rcpt);
void list_answer(struct schedule *s, uint64_t question, const struct lookup_answer *answer);
void list_clear(struct schedule *s);

/* What a forward and a list share: the message as it lies there; was it at that address before?  Its new line for
 * that. */
struct mapped {
	void *at;
	size_t length;
	struct str whole;
};
int forward_map(struct schedule *s, struct item *it, struct mapped *out, struct err *e);
void forward_unmap(const struct mapped *m);
bool forward_was_here(struct str message, struct str address);
void forward_put_line(struct buf *b, struct str address);
/* The copy's envelope, with all that its sender said: only `qp` is missing. */
struct envelope forward_envelope(const struct attempt *a, const struct envelope *v, const struct recipient *to,
				 size_t n);
/* How the attempt ended that was to make the copy: rc 0: it is there as qp; 1: it would loop; -1: not now. */
struct dlog_result forward_result(int rc, uint64_t qp, const struct err *e, struct arena *mem);
/* The copy's `orcpt`. */
struct str forward_known_as(const struct recipient *r, struct arena *mem);

/* It was delivered to a mailbox that may answer by itself. */
void autoreply_want(struct schedule *s, const struct attempt *a);
/* Ask for those that were not asked for; *due: when to come again (monotonic ms). */
void autoreply_ask_all(struct schedule *s, int64_t now);
void autoreply_answer(struct schedule *s, uint64_t qp, const struct lookup_answer *answer);
void autoreply_clear(struct schedule *s);

#endif
