/* web/follow.h - telltale-search as the one who follows: worker 0 of them, on run/live.sock.
 *
 * Each connection is one question, with one follower (trace/follow.h), until one side hangs up.  All of them take
 * turns in one loop.  Who does not read what he asked for is dropped.
 */
#ifndef WEB_FOLLOW_H
#define WEB_FOLLOW_H

#include "base/conf.h"
#include "base/err.h"

struct follow_set {
	struct conf *conf;
	int live, signals;
};

/* Serve until a signal; 0, or -1 when it could not begin. */
int follow_serve(const struct follow_set *set, struct err *e);

#endif
