/* sts/post.h - reports go out: to a mailbox by telltale-queue, to a web server by HTTPS (RFC 8460, 5). */
#ifndef STS_POST_H
#define STS_POST_H

#include "sts/fetch.h"
#include "sts/report.h"

struct post {
	struct report_from from;
	const char *queue; /* run/queue.sock */
	const struct sts_fetch_set *web;
	bool enabled;   /* relay { tls-report } */
	int64_t jitter; /* seconds into the new day before the first one goes */
};

/* Send what is due of the days before `today`, one domain at a call; true: there was one.  In a fiber. */
bool post_one(struct post *p, struct tally *t, int64_t now_s);

#endif
