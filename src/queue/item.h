/* queue/item.h - one accepted message that still has work to do, as it stands in memory.
 *
 * Small on purpose: what was said in the envelope and the message itself stay
 * on disk (depot_envelope(), depot_read()).  Items belong to the depot; others
 * read them and change them through depot_*() only.  A recipient is named by
 * its index in the envelope for the life of the message.
 */
#ifndef QUEUE_ITEM_H
#define QUEUE_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rcpt_state {
	RCPT_WAITING, /* to be tried at `next` */
	RCPT_BUSY,    /* handed out by depot_due(); back to waiting after a restart */
	RCPT_DONE,    /* delivered: final */
	RCPT_FAILED   /* returned or given up: final */
};

/* A next try that never comes (behind the end of the year 9999): the attempts are over, and the sender is to be told.
 * next = NEXT_OVER + 2 * when they ended (ms since 1970; 0: not known) + 1 if it was delivered. */
#define NEXT_OVER (INT64_C(253402300799) * 1000)

/* A million of these are in memory: what many of them have in common is kept once (base/intern.h). */
struct item_rcpt {
	int64_t next;       /* next try, ms since 1970; see NEXT_OVER */
	const char *report; /* of the last deferral, '\n' between lines; NULL before the first */
	const char *domain; /* of its address, lower case; NULL while nobody has asked (depot_domain()) */
	uint32_t place;     /* in the heap of its channel, plus 1; 0: not there */
	uint32_t attempts;  /* attempts that ended in a deferral */
	uint32_t
	    destination;   /* of a remote one: the schedule's note (deliver/destination.h), 0 before the first look */
	uint8_t state;     /* enum rcpt_state */
	uint8_t channel;   /* enum channel */
	bool staged : 1;   /* the journal says so: the agent must only finish it (deliver_local.staged) */
	bool held : 1;     /* the postmaster said so: not tried until released */
	bool rerouted : 1; /* he named another host (queue/order.h) */
	bool paused : 1;   /* it was due, and waits because its destination is paused */
	bool alone : 1;    /* it was due, and waits because its destination did not answer lately */
};

static inline int64_t next_over(int64_t when, bool delivered)
{
	return NEXT_OVER + 2 * when + delivered;
}

/* It is not tried any more, and is settled by the notice that its sender gets. */
static inline bool rcpt_over(const struct item_rcpt *r)
{
	return r->state == RCPT_WAITING && r->next >= NEXT_OVER;
}

static inline bool rcpt_failed(const struct item_rcpt *r)
{
	return rcpt_over(r) && (r->next - NEXT_OVER) % 2 == 0;
}

static inline bool rcpt_delivered(const struct item_rcpt *r)
{
	return rcpt_over(r) && (r->next - NEXT_OVER) % 2 == 1;
}

/* When its attempts ended; 0: not known. */
static inline int64_t rcpt_ended(const struct item_rcpt *r)
{
	return rcpt_over(r) ? (r->next - NEXT_OVER) / 2 : 0;
}

/* Nothing can happen to it any more. */
static inline bool rcpt_settled(const struct item_rcpt *r)
{
	return r->state == RCPT_DONE || r->state == RCPT_FAILED;
}

struct item {
	uint64_t qp;
	uint64_t segment;        /* where its record is, */
	uint32_t offset, length; /* in there */
	uint64_t big;            /* its file in big/, or 0 */
	uint64_t size;           /* bytes of the message, head included */
	int64_t born;            /* when it was accepted, ms since 1970 */
	uint64_t parent_qp;      /* of a bounce or forward, else 0 */
	struct item *next;       /* in the list of news, or of finished ones */
	uint32_t parent_rcpt;    /* which it settles; ITEM_NOBODY: none */
	uint32_t nrcpts, left;   /* left: not yet final */
	/* Of these: rcpt_failed(), rcpt_delivered(); busy, or to be tried for the first time and
	 * neither held, paused nor left alone: no notice waits for who waits on others. */
	uint32_t failed, delivered, open;
	uint16_t
	    notice_after; /* minutes until its sender is told that it waits; 0: nobody has asked him; all ones: never */
	bool recovered : 1; /* found by scanning a segment after a crash: the logs may lack its lines */
	bool held : 1;      /* its record or file is damaged: kept, never tried */
	bool verified : 1;  /* its big file's checksum was right in this run */
	bool noticed : 1;   /* its sender was told that it is late, or cannot be */
	bool fresh : 1;     /* in the list of news */
	bool ordered : 1;   /* the postmaster said something about it */
	bool finished : 1;  /* in the list of those that the next sync frees */
	struct item_rcpt rcpts[];
};

#define ITEM_NOBODY UINT32_MAX

#endif
