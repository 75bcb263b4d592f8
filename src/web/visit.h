/* web/visit.h - one connection, from its first byte to its last. */
#ifndef WEB_VISIT_H
#define WEB_VISIT_H

#include "web/http.h"
#include "web/web.h"
#include "wire/conn.h"

struct visit {
	struct web *web;
	struct visit *next, **link; /* of web->visits */
	struct wire wire;
	struct buf in;    /* what came and is not used yet */
	int64_t deadline; /* of the request that comes */
	size_t body;      /* its part of web->bodies */
	char ip[WEB_ADDRESS_MAX], local[WEB_ADDRESS_MAX];
	bool idle;  /* between two requests: nobody is harmed by its end */
	bool fresh; /* it has not asked yet */
};

/* Serve it to its end; the visit stays the caller's. */
void visit_run(struct visit *v);
void visit_clear(struct visit *v);

/* visit_write.c: the reply as bytes on the wire, all of it before the deadline: 0, or -1. */
struct visit_reply {
	const struct web_reply *reply;
	bool head; /* no body */
	bool keep; /* the connection stays open */
};
/* What each reply bears for browsers. */
void visit_put_guards(struct buf *b);
int visit_write(struct visit *v, const struct visit_reply *x, int64_t deadline);

#endif
