/* bench/trace_logs_mail.h - a message of the provider's world (or of ours), from its acceptance on. */
#ifndef BENCH_TRACE_LOGS_MAIL_H
#define BENCH_TRACE_LOGS_MAIL_H

#include "trace_logs.h"

enum { MAIL_TO_MOST = 40 };

struct mail {
	struct who from, to[MAIL_TO_MOST];
	unsigned n, bytes, qp;
	unsigned open; /* recipients that are not settled */
	bool login, failed;
	int64_t born;
};

extern bool ours; /* the logs are written as telltale writes them */

unsigned number_next(int64_t at);
void mail_open(struct log *delivery);
struct mail *mail_new(struct who from);
/* It is delivered, tried again, sent back, and freed at the end. */
void mail_taken(struct mail *m, int64_t at);

#endif
