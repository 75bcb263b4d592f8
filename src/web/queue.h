/* web/queue.h - telltale-queue, asked in the words of `telltale queue` (run/queue.sock, role 'w'). */
#ifndef WEB_QUEUE_H
#define WEB_QUEUE_H

#include "base/ipc.h"
#include "queue/spool.h"
#include "web/web.h"

struct queue_call {
	struct ipc_conn conn;
	struct arena *mem;
	struct queue_done done; /* the last answer; its texts live in mem */
	int64_t deadline;
};

/* 0, or the code of a refusal that is in r; then there is nothing to close. */
int queue_call_open(struct queue_call *k, const struct web *w, struct arena *mem, struct web_reply *r);
/* Words with '\0' between them.  An answer with another status than 0 is a refusal too. */
int queue_call_ask(struct queue_call *k, struct str words, struct web_reply *r);
void queue_call_close(struct queue_call *k);
void queue_call_word(struct buf *words, struct str word);

#endif
