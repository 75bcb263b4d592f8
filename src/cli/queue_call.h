/* cli/queue_call.h - questions to telltale-queue over run/queue.ctl. */
#ifndef CLI_QUEUE_CALL_H
#define CLI_QUEUE_CALL_H

#include <jansson.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/ipc.h"
#include "cli/args.h"
#include "queue/spool.h"

struct queue_call {
	struct conf *conf;
	const struct args *args;
	struct ipc_conn conn;
	struct arena mem;
	struct queue_done done; /* the last answer; its strs live in mem */
	int fd;                 /* came with it, or -1 */
	bool yes;               /* --yes */
	bool brief;             /* --no-history */
	bool summary;           /* list --by destination */
	long long limit;        /* --limit, or -1 */
};

/* 0, or an exit code after a message on stderr; so it is for all of these. */
int queue_connect(struct queue_call *q);
/* One question ('\0' between its words); its answer in q->done.  How far it is goes to a terminal on stderr. */
int queue_ask(struct queue_call *q, struct str words);
/* The answer as JSON into *j, to be given up by the caller. */
int queue_json(const struct queue_call *q, json_t **j);
void queue_hang_up(struct queue_call *q);

/* The words of the command line, as telltale-queue takes them: who asks is added. */
void queue_words(const struct queue_call *q, struct buf *b);
void queue_word(struct buf *b, const char *z);

/* cli/queue_list.c */
int queue_list(struct queue_call *q);
int queue_summary(struct queue_call *q);
int queue_show(struct queue_call *q);
int queue_paused(struct queue_call *q);

#endif
