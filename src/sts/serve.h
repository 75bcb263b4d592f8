/* sts/serve.h - telltale-policy at work: what telltale-remote asks about policies, and what the command asks. */
#ifndef STS_SERVE_H
#define STS_SERVE_H

#include "base/conf.h"
#include "base/err.h"
#include "sts/desk.h"
#include "sts/post.h"

struct sts_serve_set {
	int service, control, signals;
	const char *folder; /* of the book */
	struct sts_fetch_set fetch;
	struct post post; /* without its web */
};

/* As the first fiber of its thread, until a signal says that it is over. */
int sts_serve(const struct sts_serve_set *set, struct err *e);

#endif
