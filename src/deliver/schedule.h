/* deliver/schedule.h - which recipient is tried when, and what an attempt's outcome does.
 *
 * A due recipient gets a delivery number and its lines in the delivery log, then
 * the agent gets the message.  An outcome is logged, then told to the depot.
 * Nothing is sent from here: answers wait in the agent's connection until the
 * loop has flushed the log and synced the depot ("do, sync, tell").
 *
 * What fails for good stays in the queue as failed (rcpt_failed()), visible with its reason, until no recipient of
 * its message is busy or still to be tried for the first time: then one bounce
 * goes to the sender and settles them all.  Who the sender is here (a mailbox,
 * an alias, a stranger) is asked of telltale-lookup, without waiting for it.
 * What has no sender, and what the postmaster deletes, is not returned.
 */
#ifndef DELIVER_SCHEDULE_H
#define DELIVER_SCHEDULE_H

#include "deliver/dlog.h"
#include "deliver/retry.h"
#include "lookup/lookup.h"
#include "queue/depot.h"

/* The way to telltale-lookup; none of it waits. */
struct schedule_lookup {
	/* Ask who `address` is; the answer comes by schedule_answer() with the same id.  False: not now. */
	bool (*ask)(void *asker, uint64_t id, struct str address);
	/* The same: a page of the members of a list. */
	bool (*ask_list)(void *asker, uint64_t id, struct str list, struct str after);
	/* The same: may that mailbox answer that sender by itself? */
	bool (*ask_reply)(void *asker, uint64_t id, struct str address, struct str sender);
	/* The same for the sender of what an alias sends on; the answer comes by schedule_leaves(). */
	bool (*ask_leaves)(void *asker, uint64_t id, struct str sender, struct str alias);
	/* Mail of that mailbox failed at this address for good, because of it; NULL: nobody is told. */
	void (*suppress)(void *asker, struct str mailbox, struct str address, struct str reason);
	void *asker;
};

struct schedule_set {
	/* For the life of the schedule: */
	struct depot *depot;
	struct dlog *log;
	struct schedule_lookup lookup;
	/* What the configuration says, also later (schedule_settings()): */
	struct retry retry;
	int64_t delay_notice;    /* ms after which a sender is told that his message waits; 0: he is not */
	size_t most;             /* local attempts at one time */
	uint64_t memory;         /* none of a channel is begun while the copies of its messages take so many bytes */
	bool remote;             /* mail leaves for other servers; else it waits */
	size_t remote_most;      /* remote attempts at one time */
	const struct conf *conf; /* by which way, how many and how fast (way.h); of remote mail only */
	uint64_t ways;           /* its ways_print() */
	struct str hostname, contact; /* named in bounces */
	bool srs;                     /* forwards leave under a sender of ours (store/srs.h); else under their own */
};

/* telltale-local has the local channel, telltale-remote the remote one; telltale-pipe gets of the latter what is for
 * programs. */
enum agent_kind { AGENT_LOCAL = CHANNEL_LOCAL, AGENT_REMOTE = CHANNEL_REMOTE, AGENT_PIPE, AGENT_KINDS };

struct schedule;

struct schedule *schedule_new(const struct schedule_set *set);
void schedule_free(struct schedule *s);

/* A telltale-local or telltale-remote is here; of several of a channel the newest who has not said that it leaves gets
 * the attempts: it has the newest settings. */
struct agent;
struct agent *schedule_agent(struct schedule *s, enum agent_kind kind, struct ipc_conn *conn);
/* Its channel is gone, and its attempts with it. */
void schedule_agent_gone(struct schedule *s, struct agent *a);
/* What it says.  -1: it broke the protocol; close its channel. */
int schedule_hear(struct schedule *s, struct agent *a, const struct ipc_frame *f, struct err *e);
/* Start what is due now, a bounded number of attempts. */
void schedule_start(struct schedule *s);
/* Start nothing more. */
void schedule_stop(struct schedule *s);

/* Something happened to the message: perhaps a bounce can be made now. */
void schedule_look(struct schedule *s, struct item *it);
/* One of its recipients was put off: perhaps its sender is to be told. */
void schedule_late(struct schedule *s, struct item *it);
/* Ask whose answer is needed for a bounce, a bounded number of questions. */
void schedule_bounces(struct schedule *s);
/* Whose question to telltale-lookup is it?  Each one's number says so. */
enum asker { ASKER_BOUNCE, ASKER_AUTOREPLY, ASKER_LIST, ASKER_LEAVES, ASKER_COMMAND };
enum asker schedule_asker(uint64_t id);
/* A command asks: who is that address?  The answer comes with the number that is returned; 0: it cannot be asked
 * now. */
uint64_t schedule_ask(struct schedule *s, struct str address);
/* To all others: who that is. */
void schedule_answer(struct schedule *s, uint64_t id, const struct lookup_answer *answer);
/* Under which sender a forward leaves: it is put into the queue now, or waits. */
void schedule_leaves(struct schedule *s, uint64_t id, const struct leaves_answer *answer);
/* A mail of telltale-policy's into the queue: durable with the next depot_sync(), and only then the answer in conn may
 * go out.  -1: it broke the protocol. */
int schedule_hear_report(struct schedule *s, struct ipc_conn *conn, const struct ipc_frame *f, struct err *e);
/* The same of a letter of telltale-digest's. */
int schedule_hear_digest(struct schedule *s, struct ipc_conn *conn, const struct ipc_frame *f, struct err *e);
/* When schedule_bounces() has something to do, monotonic ms; INT64_MAX: not by time alone. */
int64_t schedule_bounces_next(const struct schedule *s);
/* Another configuration; what a schedule has for its life stays, whatever `set` says of it. */
void schedule_settings(struct schedule *s, const struct schedule_set *set);

size_t schedule_busy(const struct schedule *s);
/* When schedule_start() has something to do, wall ms; INT64_MAX: not by time alone. */
int64_t schedule_next(const struct schedule *s);
/* The agent takes no more and has nothing left: its channel can be closed. */
bool schedule_parted(const struct agent *a);
/* An attempt of the agent is older than any delivery may take; looked at once a second. */
bool schedule_stuck(struct schedule *s, struct agent *a);
/* The postmaster wants something tried now: no destination is left alone any longer. */
void schedule_revive(struct schedule *s);

#endif
