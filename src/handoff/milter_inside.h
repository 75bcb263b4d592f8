/* handoff/milter_inside.h - one filter's channel, and where the visit stands (for milter*.c alone). */
#ifndef HANDOFF_MILTER_INSIDE_H
#define HANDOFF_MILTER_INSIDE_H

#include "handoff/milter.h"
#include "handoff/milter_wire.h"

/* Commands without an answer are collected up to this many bytes before they are sent. */
enum { MILTER_FLUSH = 16 * 1024 };

struct milter {
	struct milter_set set;
	const struct milter_facts *facts;
	int fd;
	struct buf in, out; /* what came and is not used; what is to go out */
	size_t used;        /* of in: the packet that the last answer borrows from */
	struct milter_deal deal;
	struct arena kept;             /* the deal's strings */
	struct arena said;             /* the strings of the last word */
	struct milter_path mail, rcpt; /* for macros: without parameters, in mail_mem and rcpt_mem */
	struct arena mail_mem, rcpt_mem;

	struct milter_word visit;   /* what holds for the visit: MILTER_CONTINUE, nothing yet */
	struct milter_word message; /* what holds for this message */
	struct arena visit_mem, message_mem;
	bool helo_only;  /* the visit's word is about a HELO: the next one is asked about again */
	bool in_message; /* the filter has heard of a message that has not ended */
	bool skip_body, skip_rcpt, skip_header;
	struct buf chunk; /* of the body */
	int64_t left;     /* microseconds that this message may still be waited for; -1: its header has not begun */
};

/* Words for a failure at that step; the channel is closed, the visit's word is MILTER_FAILED, which is returned. */
struct milter_word milter_fails(struct milter *m, enum milter_step s, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Does it want this step; will it answer? */
bool milter_wants(const struct milter *m, enum milter_step s);
bool milter_answers(const struct milter *m, enum milter_step s);

/* Connect and negotiate. */
struct milter_word milter_begin(struct milter *m);
/* Send what is collected.  False: it failed (m->visit). */
bool milter_flush(struct milter *m, enum milter_step s, int64_t deadline);
/* The next packet, until the deadline.  False: it failed. */
bool milter_hear(struct milter *m, enum milter_step s, int64_t deadline, struct milter_reply *r);
/* The deadline of one answer at that step, within what is left for the message. */
int64_t milter_deadline(const struct milter *m, enum milter_step s);
/* Is all heard that it said?  An answer too many would be taken for the next one. False: it failed. */
bool milter_quiet(struct milter *m, enum milter_step s);
/* Send what is collected, and hear the answer to that step. */
struct milter_word milter_ask(struct milter *m, enum milter_step s);
/* What a final answer means at that step.  Strings from m->said. */
struct milter_word milter_mean(struct milter *m, enum milter_step s, const struct milter_reply *r);

/* What holds for the visit, else for the message; MILTER_CONTINUE: nothing. */
struct milter_word milter_holds(const struct milter *m);
/* Remember what holds from here on; returns w. */
struct milter_word milter_settle(struct milter *m, enum milter_step s, struct milter_word w);
/* A packet of that step was appended: hear the answer if there will be one, and settle it. */
struct milter_word milter_say(struct milter *m, enum milter_step s);

/* The client's name as filters are told it: "[ip]" when it has none; mem may hold it. */
struct str milter_client_name(const struct milter_facts *f, struct buf *mem);
/* The macros of that step, as a packet in front of it. */
void milter_macros(struct milter *m, enum milter_step s);

#endif
